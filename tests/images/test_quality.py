"""Sharpness and brightness of crops."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from agestat.images.quality import brightness, flags, sharpness


def test_a_flat_crop_has_no_sharpness():
    crop = np.full((32, 32, 3), 100, np.uint8)
    assert sharpness(crop) == pytest.approx(0, abs=1e-6)
    assert brightness(crop) == pytest.approx(100, abs=1e-3)


def test_blur_lowers_sharpness_and_keeps_brightness():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    blurred = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2)))
    assert sharpness(blurred) < sharpness(noise) / 100
    assert brightness(blurred) == pytest.approx(brightness(noise), abs=1.5)


def test_one_bright_pixel():
    crop = np.zeros((5, 5, 3), np.uint8)
    crop[2, 2] = 100
    # The Laplacian of the inner 3 x 3: -400 in the middle, 100 at its four sides, 0 at its corners.
    assert sharpness(crop) == pytest.approx((400**2 + 4 * 100**2) / 9, rel=1e-4)
    assert brightness(crop) == pytest.approx(4, rel=1e-4)


def test_flags_name_what_is_beyond_nearly_all_calibration_pictures():
    known = {name: np.arange(1001.0) for name in ("sharpness", "brightness", "novelty")}
    faces = {
        "width": np.array([40, 39, 90, 90, 90, 20]),
        "height": np.array([90, 90, 40, 90, 90, 20]),
        "sharpness": np.array([500.0, 10, 9, 500, 500, 0]),
        "brightness": np.array([10.0, 500, 990, 9, 991, 0]),
        "novelty": np.array([0.0, 990, 991, 0, np.nan, 9999]),
    }
    assert flags(faces, known).tolist() == [
        "", "small", "blurred unusual", "dark", "bright", "small blurred dark unusual",
    ]  # fmt: skip
    assert flags(faces, {}).tolist() == ["", "small", "", "", "", "small"]
    assert flags({name: values[:0] for name, values in faces.items()}, known).tolist() == []

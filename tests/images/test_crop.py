"""The geometry of crops, at borders above all."""

import numpy as np
import pytest

from agestat.images.crop import crop_square
from agestat.images.detectors import Box


def ramp(width=100, height=80):
    """Red is the column, green the row."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.arange(width)
    pixels[..., 1] = np.arange(height)[:, None]
    return pixels


def test_an_exact_square_is_copied():
    crop = crop_square(ramp(), Box(10, 20, 32, 32, 1), 32)
    assert np.array_equal(crop, ramp()[20:52, 10:42])
    assert crop.dtype == np.uint8


def test_the_longer_side_counts_and_the_centre_stays():
    assert np.array_equal(crop_square(ramp(), Box(20, 20, 16, 32, 1), 32), ramp()[20:52, 12:44])
    assert np.array_equal(crop_square(ramp(), Box(20, 20, 32, 16, 1), 32), ramp()[12:44, 20:52])


def test_margin_enlarges_around_the_centre():
    assert np.array_equal(crop_square(ramp(), Box(30, 30, 20, 20, 1), 40, margin=2.0), ramp()[20:60, 20:60])


def test_beyond_the_border_the_edge_repeats():
    crop = crop_square(ramp(), Box(-8, -8, 16, 16, 1), 16)
    assert crop[:, :, 0].tolist() == [[0] * 9 + [1, 2, 3, 4, 5, 6, 7]] * 16
    crop = crop_square(ramp(), Box(92, 72, 16, 16, 1), 16)
    assert crop[0, :, 0].tolist() == [92, 93, 94, 95, 96, 97, 98] + [99] * 9
    assert crop[:, 0, 1].tolist() == [72, 73, 74, 75, 76, 77, 78] + [79] * 9


def test_a_box_wholly_outside_repeats_the_nearest_edge():
    crop = crop_square(ramp(), Box(500, 10, 8, 8, 1), 8)
    assert set(crop[:, :, 0].ravel().tolist()) == {99}


def test_no_box_squeezes_the_whole_picture_into_the_square():
    squeezed = crop_square(ramp(100, 80), None, 50)[..., :2].astype(int)
    assert np.abs(squeezed[25, :, 0] - (np.arange(50) * 2 + 0.5)).max() <= 1
    assert np.abs(squeezed[:, 25, 1] - (np.arange(50) * 1.6 + 0.3)).max() <= 1
    assert np.array_equal(crop_square(ramp(60, 60), None, 60), ramp(60, 60))


def test_shrinking_averages():
    checks = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    crop = crop_square(checks, Box(8, 8, 48, 48, 1), 8)
    assert crop.min() >= 120
    assert crop.max() <= 135


@pytest.mark.parametrize("box", [Box(3.4, 5.6, 0, 0, 1), Box(0, 0, 0.2, 0.1, 1), None])
def test_degenerate_boxes_still_give_a_crop(box):
    assert crop_square(np.full((1, 1, 3), 7, np.uint8), box, 16).tolist() == [[[7, 7, 7]] * 16] * 16


def test_the_source_is_not_changed():
    pixels = ramp()
    crop_square(pixels, Box(-5, 5, 40, 40, 1), 16)
    assert np.array_equal(pixels, ramp())

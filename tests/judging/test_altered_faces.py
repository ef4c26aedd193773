"""Negatives, false colours and drawings of faces are strangers to the shipped model, poor photos are not. The
alterations are this test's own: the model learned from others."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image, ImageFilter, ImageOps
from scipy import ndimage

import agestat
from agestat.judging.cutting import Cutter
from agestat.model.predict import Model
from agestat.report.language import open_language
from agestat.report.warnings import warnings

PEOPLE = sorted((Path(__file__).parents[2] / "sample_images" / "people").rglob("*.jpg"))


def grey(crop):
    return ImageOps.grayscale(Image.fromarray(crop))


def film(crop):
    return np.uint8((255 - crop) * np.array([1, 0.65, 0.45]))


def in_colours(crop, name):
    return np.uint8(255 * colormaps[name](np.asarray(grey(crop)))[..., :3])


def sketch(crop):
    light = ndimage.gaussian_filter(np.asarray(grey(crop), dtype=float), 1)
    lines = np.hypot(ndimage.sobel(light, 0), ndimage.sobel(light, 1))
    return np.repeat(np.uint8(np.clip(255 - 2 * lines, 0, 255))[..., None], 3, axis=2)


def emboss(crop):
    return np.asarray(grey(crop).filter(ImageFilter.EMBOSS).convert("RGB"))


ALTERED = {
    "negative": lambda crop: 255 - crop,
    "grey negative": lambda crop: 255 - np.asarray(grey(crop).convert("RGB")),
    "film": film,
    "rainbow": lambda crop: in_colours(crop, "gist_rainbow"),
    "magma, hot is dark": lambda crop: in_colours(crop, "magma_r"),
    "sketch": sketch,
    "emboss": emboss,
}
NATURAL = {
    "as it is": lambda crop: crop,
    "grey": lambda crop: np.asarray(grey(crop).convert("RGB")),
    "dark": lambda crop: crop // 3,
    "blurred": lambda crop: ndimage.gaussian_filter(crop, (1.5, 1.5, 0)),
    "noisy": lambda crop: np.uint8(
        np.clip(crop + np.random.default_rng(0).normal(0, 10, crop.shape), 0, 255)
    ),
    "sepia": lambda crop: np.uint8(np.clip(np.asarray(grey(crop))[..., None] * [1.08, 0.9, 0.7], 0, 255)),
}


@pytest.fixture(scope="module")
def model():
    return agestat.load_model(device="cpu")


@pytest.fixture(scope="module")
def crops(model):
    cutter = Cutter(model, "detect")
    found = [cutter.cut(str(path)).pixels for path in PEOPLE]
    return np.stack(found + [crop[:, ::-1] for crop in found])


def position(model, crops) -> float:
    """Part of the calibration pictures that are more familiar than the average crop."""
    known = np.concatenate([model.calibration["novelty"], model.calibration["degraded_novelty"]])
    return float(np.mean([(known < novelty).mean() for novelty in model.predict(crops).novelty]))


@pytest.mark.parametrize("kind", ALTERED)
def test_altered_faces_are_strangers(model, crops, kind):
    assert position(model, np.stack([ALTERED[kind](crop) for crop in crops])) > 0.9


@pytest.mark.parametrize("kind", NATURAL)
def test_photos_however_poor_are_not_taken_for_altered(model, crops, kind):
    seen = np.stack([NATURAL[kind](crop) for crop in crops])
    known = {key: values for key, values in model.calibration.items() if key != "feature_altered"}
    unaware = Model(model.runtime, model.info, known)
    assert model.predict(seen).novelty == pytest.approx(unaware.predict(seen).novelty, abs=0.5)


def test_a_collection_of_negatives_is_told(tmp_path):
    for path in PEOPLE:
        photo = Image.open(path).convert("RGB")
        for name, seen in (("as-taken", photo), ("turned", ImageOps.mirror(photo))):
            for kind, picture in (("photos", seen), ("negatives", ImageOps.invert(seen))):
                (tmp_path / kind).mkdir(exist_ok=True)
                picture.save(tmp_path / kind / f"{path.stem}-{name}.png")
    said = {}
    for kind in ("photos", "negatives"):
        with agestat.scan(tmp_path / kind, db=tmp_path / f"{kind}.sqlite", device="cpu") as scan:
            assert len(scan.faces) >= 8
            said[kind] = " ".join(warnings(scan.estimate(), open_language("en")))
    assert "Negatives, false colours and drawings" in said["negatives"]
    assert "Negatives" not in said["photos"]

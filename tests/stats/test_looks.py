"""Weights of calibration pictures by looks, against ratios of known densities."""

import numpy as np
import pytest

from agestat.errors import AgestatError
from agestat.model.label_space import YEARS
from agestat.stats.bands import parse_bands
from agestat.stats.calibration import Calibration
from agestat.stats.estimate import estimate_checked
from agestat.stats.looks import KEPT, kish, looks_weights, tempered, together


def looks(n, seed, bright=100.0, spread=20.0):
    return {"brightness": np.random.default_rng(seed).normal(bright, spread, n)}


def test_weights_are_the_ratio_of_two_normal_densities():
    pictures, faces = looks(8000, 1), looks(4000, 2, 80.0, 10.0)
    found = np.log(looks_weights(faces, pictures, np.ones(8000)))
    z = pictures["brightness"]
    literal = ((z - 100) / 20) ** 2 / 2 - ((z - 80) / 10) ** 2 / 2
    usual = (z > 60) & (z < 120)
    off = (found - literal)[usual]
    assert np.abs(off - off.mean()).max() < 0.25


def test_weighted_pictures_look_like_the_faces_whatever_their_cells_share():
    """Where dark pictures are worth more beforehand, weights undo no more than what is left."""
    pictures, faces = looks(8000, 1), looks(4000, 2, 80.0, 10.0)
    usual = np.exp(-pictures["brightness"] / 40)
    weights = usual * looks_weights(faces, pictures, usual)
    mean = np.average(pictures["brightness"], weights=weights)
    spread = np.sqrt(np.average((pictures["brightness"] - mean) ** 2, weights=weights))
    assert (mean, spread) == (pytest.approx(80, abs=1), pytest.approx(10, abs=1))


def test_few_photos_say_little():
    pictures = looks(8000, 1)
    faces = looks(400, 2, 80.0, 10.0)

    def left(photo):
        return kish(looks_weights({**faces, "photo": photo}, pictures, np.ones(8000)), np.arange(8000)) / 8000

    assert left(np.arange(400)) < 0.55 < 0.65 < left(np.repeat([0, 1], 200))


@pytest.mark.parametrize("faces", [{}, {"novelty": np.ones(9)}, {"brightness": np.full(9, np.nan)}])
def test_nothing_to_go_by(faces, calibration):
    assert looks_weights(faces, looks(50, 0), np.ones(50)) is None
    assert calibration.like(faces, np.full(16, 1 / 16)) is calibration


def test_copies_of_a_picture_are_one_person():
    assert kish(np.ones(12), np.repeat(np.arange(4), 3)) == pytest.approx(4)
    assert kish(np.array([1.0, 1.0, 2.0]), np.array([0, 0, 1])) == pytest.approx(2)
    assert kish(np.array([3.0, 1.0]), np.array([0, 1])) == pytest.approx(1.6)


def test_no_more_than_a_stated_part_of_the_people_is_lost():
    rng, picture = np.random.default_rng(0), np.arange(1000)
    mild, wild = np.exp(rng.normal(0, 0.3, 1000)), np.exp(rng.normal(0, 4, 1000))
    kept, left = tempered(mild, picture, np.ones(1000))
    assert np.array_equal(kept, mild) and left == pytest.approx(np.exp(-0.09), abs=0.03)
    kept, left = tempered(wild, picture, np.ones(1000))
    assert left == pytest.approx(KEPT, abs=0.01)
    power = np.log(kept) / np.log(wild)
    assert np.ptp(power) < 1e-9 and 0 < power[0] < 1


def test_photos_of_two_collections_stay_apart():
    found = together([{"a": np.ones(2), "photo": np.array([7, 8]), "b": np.ones(2)},
                      {"a": np.zeros(3), "photo": np.array([7, 7, 9])}])  # fmt: skip
    assert set(found) == {"a", "photo"} and found["a"].tolist() == [1, 1, 0, 0, 0]
    assert len(np.unique(found["photo"])) == 4


@pytest.fixture(scope="module")
def degraded(world):
    """Calibration arrays of 2,000 faces with a copy of each, judged 20 years too young and unsurely, and
    2,000 other faces as these copies are."""
    known, faces = world.simulate(world.even, 2000, 0), world.simulate(world.even, 2000, 1)

    def blurred(these):
        cells = these.probabilities[:, 2:]
        away = (np.arange(101) - (cells @ np.arange(101) * 0.5)[:, None]) / 9
        return np.concatenate([np.log(these.probabilities[:, :2] + 1e-9), -(away**2) / 2], axis=1)

    starts = np.array([0, 10, 20, 30, 40, 50, 60, 70])
    ends = np.array([9, 19, 29, 39, 49, 59, 69, 100])
    rng = np.random.default_rng(0)
    arrays = {
        "logits": np.log(known.probabilities + 1e-9), "gender": known.cell // 8,
        "age_min": starts[known.cell % 8], "age_max": ends[known.cell % 8],
        "sharpness": rng.lognormal(5, 0.5, 2000), "degraded_logits": blurred(known),
        "degraded_sharpness": rng.lognormal(3, 0.5, 2000), "degraded_of": np.arange(2000),
    }  # fmt: skip
    return arrays, YEARS.softmax(blurred(faces).astype(np.float32)), faces


def test_blurred_faces_are_judged_by_blurred_copies(degraded):
    arrays, probabilities, faces = degraded
    sample = {"sharpness": np.random.default_rng(1).lognormal(3, 0.5, 2000)}
    calibration = Calibration.from_arrays(YEARS, arrays)

    def off(known):
        found = estimate_checked(
            lambda: [(probabilities, None, np.arange(2000))], sample, known,
            bands=parse_bands("0,10,20,30,40,50,60,70"), replicates=200,
        )  # fmt: skip
        return np.abs(found.table["share"] - faces.shares).mean()

    without = Calibration.from_arrays(YEARS, {k: v for k, v in arrays.items() if "degraded" not in k})
    assert calibration.n == without.n == 2000
    assert off(calibration) < 0.4 * off(without)


def test_sharp_faces_are_judged_by_the_pictures_as_they_are(degraded):
    arrays, _, _ = degraded
    calibration = Calibration.from_arrays(YEARS, arrays)
    like = calibration.like(
        {"sharpness": np.random.default_rng(1).lognormal(5, 0.5, 2000)}, calibration.prior
    )
    assert like.n == 2000 and len(like.truth) == 4000
    assert like.weights[2000:].sum() < 0.05 * like.weights.sum()
    assert like.weights.sum() > 0.85 * 2000
    assert like.prior == pytest.approx(calibration.prior, abs=1e-4)


@pytest.mark.parametrize("name", ["of", "logits", "sharpness"])
def test_copies_that_do_not_fit_are_told(degraded, name):
    arrays, _, _ = degraded
    with pytest.raises(AgestatError, match="does not fit its model"):
        Calibration.from_arrays(YEARS, {**arrays, f"degraded_{name}": arrays[f"degraded_{name}"][1:] + 1})

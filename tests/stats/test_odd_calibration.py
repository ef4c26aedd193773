"""Calibration sets with holes: no method divides by zero, and shares stay shares."""

import warnings

import numpy as np
import pytest

from agestat.model.label_space import SIX
from agestat.stats.bands import parse_bands
from agestat.stats.calibration import Calibration
from agestat.stats.correct import METHODS
from agestat.stats.estimate import estimate


def calibration_of(world, truth, ages, sure=6.0):
    """Pictures of the cells ``truth`` whose labels are the ranges ``ages (N, 2)``."""
    arrays = {
        "logits": sure * np.eye(6)[truth], "gender": truth // 3, "age_min": ages[:, 0], "age_max": ages[:, 1],
    }  # fmt: skip
    return Calibration.from_arrays(SIX, arrays, "holes")


def ranges_of(truth):
    return np.array([[0, 12], [18, 64], [65, 100]])[truth % 3]


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("sure", [6.0, 200.0])
def test_a_cell_without_calibration_pictures(world, method, sure):
    known = np.repeat([0, 1, 3, 4, 5], 40)  # nobody has labelled an elderly woman
    calibration = calibration_of(world, known, ranges_of(known), sure)
    seen = SIX.softmax(sure * np.eye(6, dtype=np.float32)[np.repeat([1, 2, 4], 30)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = estimate(
            seen, None, np.arange(90), calibration, bands=parse_bands("seed"), method=method, replicates=50
        ).table
    assert table["share"].sum() == pytest.approx(1)
    assert table[["share", "share_low", "share_high"]].notna().all().all()
    assert table["n"].tolist() == [0, 30, 30, 0, 30, 0]


def test_labels_finer_than_the_model_are_merged(world):
    """Labels of 13 to 17 years, whom the model of six cells does not know, count as children."""
    truth = np.repeat(np.arange(6), 40)
    ages = ranges_of(truth)
    ages[truth % 3 == 0] = [13, 17]
    ages[:10] = [0, 12]
    calibration = calibration_of(world, truth, ages)
    assert calibration.size == 6
    assert calibration.counts.tolist() == [40.0] * 6
    assert calibration.to_native.sum(axis=0).tolist() == [1.0] * 6


def test_one_face_and_one_calibration_picture(world):
    calibration = calibration_of(world, np.array([1]), np.array([[18, 64]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = estimate(
            SIX.softmax(np.eye(6)[[4]]), None, np.zeros(1, int), calibration, bands=parse_bands("seed")
        ).table
    assert table["share"].sum() == pytest.approx(1)
    assert table["share_high"].max() > 0.9

"""What errors are learned from, against closed forms: calibrated probabilities, columns, and their spread."""

from dataclasses import replace

import numpy as np
import pytest

from agestat.model.label_space import SIX
from agestat.stats.calibration import TRUST, Calibration
from agestat.stats.correct import TILT, doubt_within
from agestat.stats.errors import errors_of
from agestat.stats.joint import CAUTION, sampling_covariance
from agestat.stats.moves import older
from agestat.stats.shares import BOTH_GENDERS


def six_set(logits, truth):
    return Calibration.from_arrays(
        SIX,
        {
            "logits": logits, "gender": truth // 3, "age_min": np.array([0, 18, 65])[truth % 3],
            "age_max": np.array([12, 64, 100])[truth % 3],
        },
    )  # fmt: skip


def test_probabilities_that_are_too_sure_are_brought_to_what_is_right():
    """Truth is drawn from probabilities whose logarithms the classifier doubles; one cell it favours."""
    rng = np.random.default_rng(0)
    right = rng.normal(0, 1.5, (6000, 6))
    p = np.exp(right) / np.exp(right).sum(axis=1, keepdims=True)
    truth = (p.cumsum(axis=1) > rng.random((6000, 1))).argmax(axis=1)
    bias = np.array([1.0, 0, 0, 0, 0, 0])
    known = six_set(2 * (right + bias), truth)
    assert known.scaling[0] == pytest.approx(0.5, abs=0.03)
    assert known.scaling[1:] - known.scaling[1:].mean() == pytest.approx(-(bias - bias.mean()), abs=0.15)
    assert np.abs(known.own_posterior - p).mean() < 0.01


def test_columns_are_means_of_true_cells_and_a_few_pictures_worth_of_what_the_model_says():
    rng, truth = np.random.default_rng(1), np.repeat(np.arange(6), [200, 3, 200, 200, 200, 200])
    known = six_set(2 * np.eye(6)[truth] + rng.normal(0, 0.5, (len(truth), 6)), truth)
    features = rng.random((len(truth), 2))
    found = known.mean_by_cell(features, np.ones((1, len(truth))))[0]
    soft = known.own_posterior / known.own_posterior.sum(axis=0)
    for k in range(6):
        mine = truth == k
        literal = features[mine].sum(axis=0) + TRUST * soft[:, k] @ features
        assert found[k] == pytest.approx(literal / (mine.sum() + TRUST), abs=1e-6)
    spread = known.covariance(features)
    assert spread[0] == pytest.approx(np.cov(features[truth == 0].T, bias=True), abs=0.01)


def test_one_photo_is_one_observation_and_many_are_their_own_sampling():
    """Of one photo nothing is known but what faces alike would give; of many it is the robust covariance of
    clusters, and that of one of them more cautious by `CAUTION` clusters."""
    rng, one_face = np.random.default_rng(2), np.diag([0.2, 0.1])
    photo = np.array([[6.0, 4.0]])
    assert sampling_covariance(photo, photo.sum(axis=1), one_face) == pytest.approx(one_face)
    values = rng.dirichlet([2, 3], 3000)
    literal = np.cov(values.T) / 3000
    assert sampling_covariance(values, np.ones(3000), one_face) == pytest.approx(literal, rel=0.01, abs=1e-6)
    few = sampling_covariance(values[:20], np.ones(20), one_face)
    expected = (19 * np.cov(values[:20].T) + CAUTION * one_face) / (19 + CAUTION) / 20
    assert few == pytest.approx(expected)


def test_ages_within_a_label_are_tilted_as_much_as_said_and_alike_for_both_genders():
    """Ten even years of women and of men: the logarithm of the ratio of the oldest to the youngest year is
    normal with deviation `TILT` times the places between."""
    ages, of = np.tile(np.arange(20.0, 30), 2), np.repeat([0, 1], 10)
    even = np.full((20_000, 20), 0.05)
    tilted = doubt_within(even, of, np.array([25.0, 25.0]), ages, np.random.default_rng(3))
    women, men = (np.log(tilted[:, last] / tilted[:, first]) / 1.8 for first, last in ((0, 9), (10, 19)))
    assert (women.std(), men.std()) == (pytest.approx(TILT, rel=0.03), pytest.approx(TILT, rel=0.03))
    assert np.corrcoef(women, men)[0, 1] == pytest.approx(BOTH_GENDERS, abs=0.02)
    assert women.mean() == pytest.approx(0, abs=0.02)


def test_the_direction_of_a_shift_is_what_judging_everybody_older_does(calibration, world):
    """Columns of the same pictures, judged a year older: a straight line from those as they are."""
    errors = errors_of(calibration, world.even)
    space = calibration.space
    cells = older(space.cells(calibration.probabilities), space, 1.0)
    shifted = replace(calibration, probabilities=_heads(cells))
    shifted.__dict__["scaling"] = calibration.scaling  # as it was learned
    moved = errors_of(shifted, world.even).columns - errors.columns
    ages = calibration.native_age
    year = np.linalg.lstsq(errors.directions.reshape(len(errors.directions), -1).T, moved.ravel(), rcond=None)
    explained = 1 - year[1].sum() / (moved**2).sum() if len(year[1]) else 1.0
    assert explained > 0.98
    assert (moved @ ages > 0).all()


def _heads(cells):
    """Heads ``(N, 103)`` of ``cells (N, 202)`` whose ages are alike for both genders."""
    female = cells[:, :101].sum(axis=1, keepdims=True)
    return np.concatenate([female, 1 - female, cells[:, :101] + cells[:, 101:]], axis=1)

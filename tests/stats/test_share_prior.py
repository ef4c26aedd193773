"""The prior of shares against closed forms: what it thinks usual, its tail, the slopes that draws need."""

import numpy as np
import pytest

from agestat.stats.errors import errors_of
from agestat.stats.shares import AGE, CELL, EMPTY, GENDER, PART, STEEPEST, SharePrior, _bent, marginal


def test_usual_shares_are_the_calibration_sets_ages_with_as_many_women_as_men(calibration, world):
    prior = SharePrior.usual(calibration)
    shares = prior.shares(np.zeros((1, prior.size)))[0][0] @ calibration.parts.to_native
    ages = (calibration.prior[:8] + calibration.prior[8:]) / 2
    assert shares[:8] == pytest.approx(shares[8:])
    assert shares[:8] == pytest.approx(ages, abs=0.01)


def test_log_shares_deviate_by_gender_age_and_cell_as_said(calibration):
    prior, parts = SharePrior.usual(calibration), calibration.parts
    found = prior.factor @ prior.factor.T
    women = np.flatnonzero(calibration.native_gender[parts.ranges] == 0)
    men = np.flatnonzero(calibration.native_gender[parts.ranges] == 1)
    one, same_age = women[0], men[0]
    assert found[one, one] == pytest.approx(GENDER**2 + AGE**2 + CELL**2, abs=1e-6)
    assert found[one, same_age] == pytest.approx(-(GENDER**2) + AGE**2, abs=1e-2)
    far = women[-1]
    assert found[one, far] == pytest.approx(
        GENDER**2 + AGE**2 * np.exp(-(parts.age[far] - parts.age[one]) / 20), abs=1e-6
    )


def test_parts_of_a_cell_deviate_against_each_other_alone(calibration):
    """Two parts of a cell that deviate by `PART` each, less what both have in common."""
    prior, parts = SharePrior.usual(calibration), calibration.parts
    found = prior.within @ prior.within.T
    young, old = np.flatnonzero(parts.ranges == 2)
    assert found[young, young] == pytest.approx(PART**2 / 2, rel=0.02)
    assert found[young, old] == pytest.approx(-(PART**2) / 2, rel=0.02)
    other = np.flatnonzero(parts.ranges == 3)[0]
    assert found[young, other] == pytest.approx(0, abs=0.01)


def test_the_tail_is_heavy_below_usual_shares_alone():
    """A hyperbolic sine below, as far as `STEEPEST`, a straight line above and beyond."""
    away = np.array([-8.0, -1.0, -0.2, 0.0, 0.5, 3.0])
    bent, slope = _bent(away)
    assert bent[3:] == pytest.approx(away[3:])
    assert bent[1:3] == pytest.approx(EMPTY * np.sinh(away[1:3] / EMPTY))
    edge = EMPTY * STEEPEST
    assert bent[0] == pytest.approx(-EMPTY * np.sinh(STEEPEST) + np.cosh(STEEPEST) * (edge - 8))
    numeric = (_bent(away + 1e-6)[0] - _bent(away - 1e-6)[0]) / 2e-6
    assert slope == pytest.approx(numeric, rel=1e-5)


def test_the_slopes_of_the_whole_posterior_with_parts_scale_and_tail(calibration, world):
    prior, errors = SharePrior.usual(calibration), errors_of(calibration, world.even)
    sampling = 1e-3 * np.eye(16)
    density = prior.density(marginal(world.even, sampling, errors, np.full(16, 0.5)))
    points = 0.7 * np.random.default_rng(1).standard_normal((2, prior.size))
    slopes = density(points)[1]
    for j in range(prior.size):
        step = 1e-5 * np.eye(prior.size)[j]
        numeric = (density(points + step)[0] - density(points - step)[0]) / 2e-5
        assert slopes[:, j] == pytest.approx(numeric, rel=1e-3, abs=1e-3), j

"""The scales of the error model from kinds whose scales are known."""

from dataclasses import replace

import numpy as np
import pytest

from agestat.stats.scales import GUESS, Kind, Scales, between_kinds, estimate_scales, variances

SIZE, MIXTURES = 20, 6


def kind_of(scales, rng, ages, unlikeness=1.0):
    """Mixtures that share what their kind errs by: each scale moves features along directions of its own."""
    squared = variances(scales.times(0.3 + 0.7 * unlikeness))
    off, shapes = np.zeros((MIXTURES, SIZE)), np.empty((MIXTURES, len(GUESS), SIZE, SIZE))
    start = rng.normal(size=(len(GUESS), SIZE, 4))
    luck = rng.standard_normal((len(GUESS), 4))
    for s in range(MIXTURES):
        directions = start + 0.5 * rng.normal(size=start.shape)
        shapes[s] = directions @ directions.swapaxes(1, 2)
        off[s] = np.einsum("t,tfd,td->f", np.sqrt(squared), directions, luck) + rng.normal(0, 0.05, SIZE)
    warps = np.sqrt(squared[:2]) * ages.standard_normal((2, 2)) + ages.normal(0, 0.2, (2, 2))
    warps[:, 1] += (0.3 + 0.7 * unlikeness) * scales.stretch_mean
    sampling = np.tile(0.05**2 * np.eye(SIZE), (MIXTURES, 1, 1))
    return Kind(off, sampling, shapes, unlikeness, warps, np.full((2, 2), 0.04))


def test_known_scales_are_found_from_kinds_like_and_unlike():
    """Each within a quarter, though half of the kinds look like the calibration set; the deviation of the
    stretch is that around zero."""
    truth = replace(
        Scales(), shift=1.4, stretch=0.4, stretch_mean=-0.3, bend=0.7, gender=0.05, gender_bend=0.2,
        gender_sure=0.1, age_sure=0.15, rest=20.0, rest_gender=80.0,
    )  # fmt: skip
    rng, ages = np.random.default_rng(0), np.random.default_rng(1)
    found = estimate_scales([kind_of(truth, rng, ages, unlikeness) for unlikeness in [0.2, 1.0] * 40])
    assert found.stretch_mean == pytest.approx(-0.3, abs=0.1)
    around_zero = variances(replace(truth, stretch=0.5)) ** 0.5
    assert variances(found) ** 0.5 == pytest.approx(around_zero, rel=0.25)


def test_the_slopes_of_the_density_and_the_distance_of_kinds_that_fit():
    rng = np.random.default_rng(1)
    kinds = [kind_of(Scales(), rng, rng) for _ in range(30)]
    squared = variances(Scales())
    value, slopes, _ = kinds[0].density(squared)
    for t in range(len(GUESS)):
        step = 1e-4 * squared[t] * np.eye(len(GUESS))[t]
        found = (kinds[0].density(squared + step)[0] - kinds[0].density(squared - step)[0]) / (2 * step[t])
        assert slopes[t] == pytest.approx(found, rel=1e-3, abs=1e-3)
    assert np.mean([kind.density(squared)[2] for kind in kinds]) == pytest.approx(1, abs=0.15)
    assert value > kinds[0].density(9 * squared)[0]


def test_the_deviation_between_kinds_against_closed_forms():
    """Where all are known alike it is the mean square less the variance, and a weight is so many kinds."""
    values, alike = np.array([3.0, -1.0, 2.0, 0.5]), np.full(4, 0.4)
    assert between_kinds(values, alike, np.ones(4)) ** 2 == pytest.approx((values**2).mean() - 0.4)
    twice = between_kinds(np.r_[values, 3.0], np.r_[alike, 0.4], np.ones(5))
    assert between_kinds(values, alike, np.array([2.0, 1, 1, 1])) == pytest.approx(twice)
    assert between_kinds(values, np.full(4, 5.0), np.ones(4)) == 0


def test_of_nothing_seen_the_guess_is_left():
    assert variances(estimate_scales([])) == pytest.approx(variances(replace(Scales(), **GUESS)))


def test_scales_that_ship_are_larger_where_nothing_is_known_of_the_looks():
    assert Scales().times(0.5).shift == Scales().shift / 2
    assert Scales().times(0.5).rest == 4 * Scales().rest

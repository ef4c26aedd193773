import numpy as np
import pytest
from scipy.stats import binomtest

from agestat.stats.calibration import native_starts
from agestat.stats.intervals import interval, least_doubt, score_interval, share_interval
from agestat.stats.layout import median
from agestat.stats.posterior import sample_simplex


def test_the_interval_of_a_symmetric_distribution_is_central():
    low, high = interval(np.random.default_rng(0).normal(size=20_000), 0.95)
    assert low == pytest.approx(-1.96, abs=0.08)
    assert high == pytest.approx(1.96, abs=0.08)


def test_shares_near_the_border_reach_it():
    low, high = share_interval(np.random.default_rng(0).beta(0.5, 20, 5000), 0.95, 100)
    assert low == 0
    assert 0.07 < high < 0.14


@pytest.mark.parametrize(("seen", "photos"), [(0, 50), (3, 50), (40, 50), (50, 50), (700, 2000)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_no_share_is_surer_than_one_that_was_counted_without_errors(seen, photos, level):
    """Wilson's interval, as scipy has it."""
    literal = binomtest(seen, photos).proportion_ci(level, method="wilson")
    low, high = score_interval(np.array(seen / photos), level, photos)
    assert (low, high) == (pytest.approx(literal.low, abs=1e-9), pytest.approx(literal.high, abs=1e-9))
    surest = np.full(100, seen / photos)
    low, high = share_interval(surest, level, 10 * photos, photos)
    assert low == pytest.approx(literal.low, abs=0.05 / photos)
    assert high == pytest.approx(literal.high, abs=0.05 / photos)


def test_the_median_lies_between_ages():
    ages = np.array([10.0, 20.0, 30.0])
    assert median(np.array([[0.5, 0.0, 0.5], [0.2, 0.6, 0.2]]), ages) == pytest.approx([20, 20])


def test_without_evidence_shares_follow_jeffreys_prior():
    """Dirichlet(1/2) over three cells: mean 1/3, variance (1/3)(2/3) / (3/2 + 1)."""
    draws = sample_simplex(
        1e-6 * np.eye(3), np.zeros(3), np.full((1, 3), 1 / 3), 20_000, np.random.default_rng(0)
    )
    assert draws.sum(axis=1) == pytest.approx(1)
    assert draws.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.02)
    assert draws.var(axis=0) == pytest.approx([0.0889] * 3, abs=0.01)


def test_with_strong_evidence_shares_follow_it():
    precision = np.eye(3) * 1e4
    start = np.full((1, 3), 1 / 3)
    draws = sample_simplex(precision, precision @ [0.5, 0.3, 0.2], start, 2000, np.random.default_rng(0))
    assert draws.mean(axis=0) == pytest.approx([0.5, 0.3, 0.2], abs=0.003)
    assert draws.std(axis=0) == pytest.approx([0.01 * np.sqrt(2 / 3)] * 3, abs=0.001)


def test_labelled_ranges_are_native_cells_as_they_are():
    low = np.array([0, 3, 10, 3, 0])
    assert native_starts(np.array([0, 0, 1, 1, 1]), low, low + 2).tolist() == [0, 3, 10]


def test_exact_ages_are_binned_until_each_cell_holds_enough():
    age = np.concatenate([np.repeat(np.arange(20, 30), 20), np.arange(40, 99)])
    gender = np.arange(len(age)) % 2
    starts = native_starts(gender, age, age)
    assert starts.tolist() == [0, 30]  # of 40 to 98 years there are 29 women
    for first, end in zip(starts, [*starts[1:], 101], strict=True):
        for g in (0, 1):
            assert ((age >= first) & (age < end) & (gender == g)).sum() >= 25


def test_many_exact_ages_are_put_into_the_ranges_that_the_prior_was_judged_with():
    age = np.repeat(np.arange(100), 50)
    starts = native_starts(np.arange(5000) % 2, age, age)
    assert starts.tolist() == [0, 3, 10, 20, 30, 40, 50, 60, 70]


def test_a_cell_that_no_photo_shows_may_still_hold_some():
    """The exact upper limits of Clopper and Pearson for none of one and none of five."""
    assert least_doubt(0.95, 1) == pytest.approx(0.975)
    assert least_doubt(0.95, 5) == pytest.approx(0.5218, abs=1e-4)


def test_evidence_far_beyond_the_border_does_not_lose_the_cell_it_is_for():
    """A likelihood that peaks 200 standard deviations outside the simplex, on the side of the first cell."""
    precision = np.eye(3) * 1e6
    start = np.full((1, 3), 1 / 3)
    draws = sample_simplex(precision, precision @ [1.2, -0.1, -0.1], start, 2000, np.random.default_rng(0))
    assert draws[:, 0].min() > 0.999
    assert draws.sum(axis=1) == pytest.approx(1)

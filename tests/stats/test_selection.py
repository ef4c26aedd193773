"""Between shares that were corrected and mean probabilities as they are."""

import numpy as np
import pytest

from agestat.stats.selection import between

USUAL = np.array([0.4, 0.3, 0.2, 0.1])
LUCK = np.linspace(0, 1, 1001)


def around(shares, seed, spread=0.02):
    draws = np.random.default_rng(seed).normal(shares, spread, (1001, 4)).clip(1e-3)
    return draws / draws.sum(axis=1, keepdims=True)


def moved(shares, plain, unlikeness=1.0, labelled=0.0):
    return between(around(shares, 0), around(plain, 1, 0.001), USUAL, LUCK, unlikeness, labelled)


def test_of_usual_shares_the_estimate_is_between_and_the_draws_hold_both():
    corrected, plain = np.array([0.43, 0.27, 0.2, 0.1]), USUAL
    found = moved(corrected, plain)
    assert found.sum(axis=1) == pytest.approx(1)
    assert found[0] == pytest.approx(0.3 * corrected + 0.7 * plain, abs=0.01)
    low, high = np.quantile(found[1:], [0.025, 0.975], axis=0)
    assert np.all((low < corrected) & (corrected < high))
    assert np.all((low < plain) & (plain < high))


def test_shares_that_were_clearly_selected_stay_as_corrected():
    corrected, plain = np.array([0.05, 0.05, 0.2, 0.7]), np.array([0.2, 0.2, 0.2, 0.4])
    found = moved(corrected, plain)
    assert found[0] == pytest.approx(around(corrected, 0).mean(axis=0), abs=0.01)


def test_looks_and_own_labels_leave_less_to_doubt():
    """What differs by three deviations is selection where faces look alike, error where they do not."""
    corrected, plain = np.array([0.45, 0.25, 0.2, 0.1]), np.array([0.37, 0.33, 0.2, 0.1])
    middle = around(corrected, 0).mean(axis=0)
    ways = [np.abs(moved(corrected, plain, *how)[0] - middle).sum() for how in ((1, 0), (1, 400), (0, 0))]
    assert ways[0] > 3 * ways[1]
    assert ways[0] > 1.5 * ways[2]

"""Moves of probabilities against closed forms: what each is to change, and by how much; all else stays."""

import numpy as np
import pytest

from agestat.model.label_space import SIX, YEARS
from agestat.stats.moves import MOVES, more_female, older, surer_of_age, surer_of_gender

AGES = np.arange(101)


def faces(n=40, seed=0):
    """Cells ``(N, 202)`` of faces of 30 to 60 years, seen with an error of four years, and of any gender."""
    rng = np.random.default_rng(seed)
    female = rng.uniform(0.05, 0.95, (n, 1))
    ages = np.exp(-((AGES - rng.uniform(30, 60, (n, 1))) ** 2) / 32)
    ages /= ages.sum(axis=1, keepdims=True)
    return np.concatenate([female * ages, (1 - female) * ages], axis=1), female[:, 0]


def mean_age(cells):
    return cells @ np.tile(AGES, 2)


def logit(p):
    return np.log(p) - np.log1p(-p)


@pytest.mark.parametrize("years", [1.0, -3.0, 2.4, -0.5])
def test_older_adds_years_and_leaves_gender(years):
    cells, female = faces()
    moved = older(cells, YEARS, years)
    assert mean_age(moved) == pytest.approx(mean_age(cells) + years, abs=1e-6)
    assert moved[:, :101].sum(axis=1) == pytest.approx(female)


def test_nobody_becomes_older_than_the_last_year():
    certain = np.zeros((1, 202))
    certain[0, 101 + 99] = 1
    assert older(certain, YEARS, 5)[0, 101 + 100] == pytest.approx(1)


@pytest.mark.parametrize("by", [0.3, -1.2])
def test_more_female_moves_the_logit_and_leaves_ages(by):
    cells, female = faces()
    moved = more_female(cells, YEARS, by)
    now = moved[:, :101].sum(axis=1)
    assert logit(now) == pytest.approx(logit(female) + by, abs=1e-6)
    assert moved[:, :101] / now[:, None] == pytest.approx(cells[:, :101] / female[:, None])


@pytest.mark.parametrize("by", [0.2, -0.4])
def test_surer_of_gender_stretches_the_logit(by):
    cells, female = faces()
    now = surer_of_gender(cells, YEARS, by)[:, :101].sum(axis=1)
    assert logit(now) == pytest.approx(np.exp(by) * logit(female), abs=1e-6)


@pytest.mark.parametrize("by", [0.2, -0.4])
def test_surer_of_age_narrows_ages_around_where_they_are(by):
    """The variance of a normal density whose logarithm is stretched is that much smaller."""
    cells, female = faces()
    moved = surer_of_age(cells, YEARS, by)
    ages, middle = np.tile(AGES, 2), mean_age(cells)[:, None]
    variance = (moved * (ages - middle) ** 2).sum(axis=1)
    assert variance == pytest.approx(16 * np.exp(-by), rel=2e-3)
    assert mean_age(moved) == pytest.approx(middle[:, 0], abs=1e-3)
    assert moved[:, :101].sum(axis=1) == pytest.approx(female)


@pytest.mark.parametrize("space", [YEARS, SIX], ids=lambda space: space.name)
@pytest.mark.parametrize("name", sorted(MOVES))
def test_a_step_of_nothing_changes_nothing_and_all_stay_probabilities(name, space):
    move, step = MOVES[name]
    cells = np.random.default_rng(0).dirichlet(np.ones(space.size), 5)
    assert move(cells, space, 0.0) == pytest.approx(cells, abs=1e-6)
    moved = move(cells, space, step)
    assert moved.sum(axis=1) == pytest.approx(np.ones(5))
    assert moved.min() >= 0 and np.abs(moved - cells).sum() > 0.01

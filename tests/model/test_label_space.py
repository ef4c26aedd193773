"""Label spaces: cells, margins and the compact blob."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agestat.model.label_space import SIX, YEARS

SPACES = pytest.mark.parametrize("space", [YEARS, SIX], ids=lambda space: space.name)


def random_probabilities(space, seed=0, n=50, spread=4.0):
    return space.softmax(np.random.default_rng(seed).normal(0, spread, (n, space.width)))


def certain(gender: int, age: int) -> np.ndarray:
    row = np.zeros((1, 103), np.float32)
    row[0, gender] = row[0, 2 + age] = 1
    return row


def test_year_cells_are_female_then_male():
    assert YEARS.size == 202 and YEARS.width == 103
    cells = YEARS.cells(certain(1, 30))[0]
    assert cells.argmax() == 101 + 30 and cells.sum() == 1
    assert YEARS.genders[131] == "male" and YEARS.age_min[131] == 30


def test_six_cells_are_their_head():
    row = np.array([[0.1, 0.2, 0.35, 0.05, 0.1, 0.2]], np.float32)
    assert SIX.cells(row) == pytest.approx(row)
    assert SIX.p_female(row) == pytest.approx([0.65])
    assert SIX.age(row) == pytest.approx([82.5])


def test_the_age_is_not_drawn_to_the_middle_by_what_is_left_to_far_ages():
    row = np.concatenate([[0.5, 0.5], np.full(101, 0.1 / 101)]).astype(np.float32)[None]
    row[0, 2 + 5] += 0.9
    assert YEARS.age(row) == pytest.approx([5])  # the expectation is 9.5


def test_age_and_its_interval_of_a_certain_face():
    assert YEARS.age(certain(0, 42)) == pytest.approx([42])
    low, high = YEARS.age_interval(certain(0, 42))
    assert (low[0], high[0]) == (42, 42)


def test_interval_of_a_uniform_distribution_holds_its_level():
    row = np.full((1, 103), 1 / 101, np.float32)
    low, high = YEARS.age_interval(row, level=0.9)
    assert (low[0], high[0]) == (5, 95)


@SPACES
def test_cells_sum_to_one_and_agree_with_the_margins(space):
    probabilities = random_probabilities(space)
    cells = space.cells(probabilities)
    assert cells.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert cells[:, space.is_female].sum(axis=1) == pytest.approx(space.p_female(probabilities), abs=1e-5)
    distribution, ages = space.age_distribution(probabilities)
    assert cells @ space.mid_age == pytest.approx(distribution @ ages, rel=1e-4)


@SPACES
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0.01, 30))
def test_blob_gives_the_probabilities_back(space, seed, spread):
    probabilities = random_probabilities(space, seed, 5, spread)
    blobs = space.pack(probabilities)
    assert {len(blob) for blob in blobs} == {105 if space is YEARS else 12}
    back = space.unpack(blobs)
    assert back == pytest.approx(probabilities, abs=4e-3, rel=0.05)
    expected = [
        distribution @ ages for distribution, ages in map(space.age_distribution, (back, probabilities))
    ]
    assert expected[0] == pytest.approx(expected[1], abs=0.25)


@SPACES
def test_no_faces_is_no_rows(space):
    none = np.empty((0, space.width), np.float32)
    assert space.cells(none).shape == (0, space.size)
    assert space.pack(none) == [] and space.unpack([]).shape == (0, space.width)

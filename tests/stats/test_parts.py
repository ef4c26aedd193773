import numpy as np
import pytest

from agestat.stats.errors import errors_of
from agestat.stats.parts import FOLLOWS, split


def test_ranges_are_split_into_parts_of_about_five_years():
    """Women and men of 0-2, 3-9, 10-19, 20-59 and 60-100 years, the last taken to end at 85."""
    ages = np.tile(np.arange(101), 2)
    native = np.searchsorted([3, 10, 20, 60], ages, side="right") + np.repeat([0, 5], 101)
    parts = split(native, ages, np.ones(202))
    first = [int(ages[parts.of == m].min()) for m in range(parts.size)]
    assert first == 2 * [0, 3, *range(10, 61, 5), 66, 71, 76, 81]
    assert parts.ranges[parts.of].tolist() == native.tolist()
    assert np.bincount(parts.ranges, weights=parts.usual).tolist() == pytest.approx([1.0] * 10)


def test_a_part_is_judged_older_the_older_it_is_and_all_together_as_the_range(calibration):
    parts = calibration.parts
    assert parts.usual * parts.away @ parts.to_native == pytest.approx(0, abs=1e-9)
    young, old = np.flatnonzero(parts.ranges == 2)
    assert parts.away[old] - parts.away[young] == pytest.approx(FOLLOWS * 5, abs=0.3)
    errors = errors_of(calibration, calibration.prior)
    ages = calibration.native_age
    assert errors.moved[old] @ ages > 0 > errors.moved[young] @ ages


def test_cells_without_years_have_one_part(world):
    parts = world.six_calibration(0.9).parts
    assert parts.ranges.tolist() == list(range(6))
    assert parts.away.tolist() == [0.0] * 6

import numpy as np
import pytest

from agestat.stats.bands import parse_bands
from agestat.stats.estimate import estimate
from agestat.stats.surer_bands import SurerBands, surer_bands, whole_ranges

FAIRFACE = ((0, 2), (3, 9), *((start, start + 9) for start in range(10, 70, 10)), (70, 100))


@pytest.mark.parametrize(
    ("bands", "starts"),
    [
        ("marketing", [0, 10, 20, 30, 40, 50, 60, 70]),
        ("0,18,35", [0, 20, 40]),
        ("20,34", [20, 30]),
        ("0,5,10,15", [0, 3, 10, 20]),
        ("0,20,40", []),
        ("seed", []),
        ("0,18,90", []),
        ("un5", []),
    ],
)
def test_first_ages_move_to_those_that_labels_tell_apart(bands, starts):
    assert [band.age_min for band in whole_ranges(parse_bands(bands), FAIRFACE)] == starts


def test_one_range_of_ages_gives_no_bands():
    assert whole_ranges(parse_bands("0,4"), ((0, 100),)) == []


def test_only_a_real_gain_is_told():
    bands = parse_bands("0,20")
    assert surer_bands([(0.2, 0.1), (0.1, 0.08)], bands) == SurerBands((0, 20), 0.09, pytest.approx(0.15))
    assert surer_bands([(0.2, 0.15)], bands) is None
    assert surer_bands([], bands) is None


def test_widths_are_those_of_an_estimate_with_these_bands(world):
    """The model sees ages with an error of two years; labels are decades."""
    faces = world.simulate(world.even, 4000, 11, error=2.0)
    calibration = world.calibration_of(world.simulate(world.even, 4000, 1, error=2.0))
    given = faces.probabilities, None, np.arange(4000), calibration

    def widths(bands: str) -> tuple[float, SurerBands | None]:
        found = estimate(*given, bands=parse_bands(bands), replicates=400)
        return float((found.table["share_high"] - found.table["share_low"]).mean()), found.surer

    now, found = widths("0,15,25,35,45,55,65")
    assert found is not None
    then, none = widths(",".join(map(str, found.starts)))
    assert found == SurerBands((0, 20, 30, 40, 50, 60, 70), pytest.approx(then), pytest.approx(now))
    assert found.width < 0.7 * found.width_now
    assert none is None
    assert estimate(*given, bands=parse_bands("0,15,25"), method="cc").surer is None

import numpy as np
import pytest

from agestat.errors import UsageError
from agestat.model.label_space import SIX, YEARS
from agestat.stats.bands import Band, band_of_cells, parse_bands


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("marketing", ["0-12", "13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]),
        ("un10", ["0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+"]),
        ("seed", ["child", "adult", "old"]),
        ("0,18,35,50,65", ["0-17", "18-34", "35-49", "50-64", "65+"]),
        (" 21 , 65 ", ["21-64", "65+"]),
    ],
)
def test_names(text, names):
    assert [band.name for band in parse_bands(text)] == names


def test_first_ages_may_be_a_list():
    assert parse_bands([0, 18, 65]) == parse_bands("0,18,65")


def test_five_year_bands_reach_one_hundred():
    bands = parse_bands("un5")
    assert len(bands) == 21
    assert bands[0] == Band("0-4", 0, 4)
    assert bands[-1] == Band("100+", 100, 100)


@pytest.mark.parametrize("text", ["", "teen", "10,5", "0,0", "0,200", "-5,10"])
def test_what_cannot_be_bands(text):
    with pytest.raises(UsageError, match="Bands"):
        parse_bands(text)


def test_each_year_in_its_band_and_the_rest_outside():
    of = band_of_cells(YEARS, parse_bands("21,65"))
    assert np.bincount(of).tolist() == [2 * 44, 2 * 36, 2 * 21]
    assert of[20] == 2
    assert of[21] == 0
    assert of[101 + 65] == 1


def test_cells_wider_than_a_band_are_refused():
    with pytest.raises(UsageError, match="0-12, 18-64, 65-100 apart: choose --bands seed"):
        band_of_cells(SIX, parse_bands("marketing"))
    assert band_of_cells(SIX, parse_bands("seed")).tolist() == [0, 1, 2, 0, 1, 2]
    assert band_of_cells(SIX, parse_bands("0,18")).tolist() == [0, 1, 1, 0, 1, 1]

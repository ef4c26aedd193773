"""Rows of an estimate by name."""

import pandas as pd

from agestat.stats.estimate import Estimate

SIDES = ("male", "female")  # left and right of a population pyramid


def group_names(estimate: Estimate) -> list[str]:
    """Groups in the order of the table."""
    return [str(name) for name in estimate.table["group"].unique()]


def band_names(estimate: Estimate) -> list[str]:
    """Bands from the youngest to the oldest, what lies outside them last."""
    return [str(name) for name in estimate.table["band"].unique()]


def cells(estimate: Estimate, group: str, gender: str) -> pd.DataFrame:
    """The rows of one group and gender by band, in the order of `band_names`."""
    table = estimate.table
    mine = table[(table["group"] == group) & (table["gender"] == gender)]
    return mine.set_index("band").reindex(band_names(estimate))


def margin(estimate: Estimate, group: str, *, gender: str = "all", band: str = "all") -> pd.Series:
    """The row of one gender over all bands, or of one band over both genders."""
    rows = estimate.margins
    return rows[(rows["group"] == group) & (rows["gender"] == gender) & (rows["band"] == band)].iloc[0]


def age(estimate: Estimate, group: str, *, gender: str = "all", statistic: str = "mean") -> pd.Series:
    """The row of the mean or median age of a group, years."""
    rows = estimate.ages
    mine = (rows["group"] == group) & (rows["gender"] == gender) & (rows["statistic"] == statistic)
    return rows[mine].iloc[0]


def faces(estimate: Estimate, group: str) -> int:
    """Faces counted in a group."""
    table = estimate.table
    return int(table.loc[table["group"] == group, "n"].sum())

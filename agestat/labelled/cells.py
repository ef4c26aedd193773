"""Which cell of a label space the labels of a picture name."""

import numpy as np
import pandas as pd

from agestat.model.label_space import GENDERS, YEARS, LabelSpace


def cell_index(frame: pd.DataFrame, space: LabelSpace) -> np.ndarray:
    """``(N,)`` index of the cell that holds each row's gender and ages, -1 where none does."""
    index = np.full(len(frame), -1)
    genders = frame["gender"].to_numpy(dtype=object)
    low = frame["age_min"].to_numpy(dtype=float)
    high = frame["age_max"].to_numpy(dtype=float)
    for cell, (gender, first, last) in enumerate(
        zip(space.genders, space.age_min, space.age_max, strict=True)
    ):
        index[(genders == gender) & (low >= first) & ((high <= last) | (np.isnan(high) & (last >= 100)))] = (
            cell
        )
    return index


def complete(frame: pd.DataFrame, space: LabelSpace) -> np.ndarray:
    """``(N,)`` whether a row's labels say which cells of the space it may be in."""
    if space is not YEARS:
        return cell_index(frame, space) >= 0
    return np.asarray(frame["gender"].isin(GENDERS) & frame["age_min"].notna())

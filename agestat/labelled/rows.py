"""The labelled row: what is known of one picture, and what follows from it, computed once."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from agestat.model.label_space import GENDERS, SIX, YEARS, LabelSpace


class LabelledRow(NamedTuple):
    """A picture whose labels make sense: ``file`` absolute; ``gender`` "female", "male" or None; ``age`` in
    exact years or nan; ``age_min`` and ``age_max`` years inclusive, ``age_max`` nan where the range is open;
    ``subject``, whom it shows, and ``domain``, the kind of pictures it is of, or ""; ``table`` and ``line``
    where the labels stand, or "" and 0; ``source`` the folder of the set."""

    file: str
    split: str
    gender: str | None
    age: float
    age_min: float
    age_max: float
    subject: str = ""
    domain: str = ""
    table: str = ""
    line: int = 0
    source: str = ""


def labelled_frame(rows: Iterable[LabelledRow]) -> pd.DataFrame:
    """One row per picture: the fields of `LabelledRow`; ``six``, the class of `SIX` that holds its gender and
    ages, -1 where none does; ``stratum``, its gender and decade of age in a word; ``box``, the face that a
    model is to be shown (see `agestat.labelled.faces`), None as long as nobody looked or for the whole."""
    frame = pd.DataFrame(rows, columns=list(LabelledRow._fields))
    frame["gender"] = frame["gender"].astype(object)
    decade = (frame["age"].fillna(frame["age_min"]) // 10).fillna(-1).astype(int)
    return frame.assign(
        six=_class_of_six(frame),
        stratum=frame["gender"].fillna("") + " " + decade.astype(str),
        box=pd.Series([None] * len(frame), frame.index, dtype=object),
    )


def _class_of_six(frame: pd.DataFrame) -> np.ndarray:
    oldest = SIX.age_max[-1]
    low = frame["age_min"].clip(upper=oldest).to_numpy(dtype=float)[:, None]
    high = frame["age_max"].fillna(oldest).clip(upper=oldest).to_numpy(dtype=float)[:, None]
    gender = frame["gender"].to_numpy(dtype=object)[:, None]
    inside = (gender == np.array(SIX.genders, dtype=object)) & (low >= SIX.age_min) & (high <= SIX.age_max)
    return np.where(inside.any(axis=1), inside.argmax(axis=1), -1)


def known_heads(frame: pd.DataFrame, space: LabelSpace) -> np.ndarray:
    """``(N, H) bool``: of which of the space's heads a row's labels say something."""
    if space is YEARS:
        return np.stack([frame["gender"].isin(GENDERS), frame["age_min"].notna()], axis=1)
    return np.asarray(frame["six"] >= 0)[:, None]


def decades(frame: pd.DataFrame) -> pd.Series:
    """``20-29`` for ages within a decade; other ranges by their own name, such as ``18-64`` or ``70+``."""
    ages = list(zip(frame["age_min"], frame["age_max"].fillna(np.inf), strict=True))
    known = {pair for pair in ages if not np.isnan(pair[0])}  # nan has no place in an order
    names = {(low, high): _decade(low, high) for low, high in sorted(known)}
    labels = [names.get(pair) for pair in ages]
    return pd.Series(pd.Categorical(labels, list(dict.fromkeys(names.values())), ordered=True), frame.index)


def _decade(low: float, high: float) -> str:
    if np.isinf(high):
        return f"{low:.0f}+"
    first = low // 10 * 10
    return f"{first:.0f}-{first + 9:.0f}" if high < first + 10 else f"{low:.0f}-{high:.0f}"

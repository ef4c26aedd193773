"""Kinds of labelled people: gender and age by decade or bucket."""

import numpy as np
import pandas as pd


def stratum(frame: pd.DataFrame) -> pd.Series:
    """Gender and decade of age of each row, as one word: what a split and a balance are stratified by."""
    decade = (frame["age"].fillna(frame["age_min"]) // 10).fillna(-1).astype(int)
    return frame["gender"].fillna("") + " " + decade.astype(str)


def decades(table: pd.DataFrame) -> pd.Series:
    """``20-29`` for ages within a decade; other buckets by their own name, such as ``18-64`` or ``70+``."""
    ages = list(zip(table["age_min"], table["age_max"].fillna(np.inf), strict=True))
    known = {pair for pair in ages if not np.isnan(pair[0])}  # nan has no place in an order
    names = {(low, high): _decade(low, high) for low, high in sorted(known)}
    labels = [names.get(pair) for pair in ages]
    return pd.Series(pd.Categorical(labels, list(dict.fromkeys(names.values())), ordered=True), table.index)


def _decade(low: float, high: float) -> str:
    if np.isinf(high):
        return f"{low:.0f}+"
    first = low // 10 * 10
    return f"{first:.0f}-{first + 9:.0f}" if high < first + 10 else f"{low:.0f}-{high:.0f}"

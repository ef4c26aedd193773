"""Parts of a labelled set that a model may find easier or harder than the rest."""

from itertools import pairwise

import numpy as np
import pandas as pd

from agestat.labelled.rows import decades

QUALITIES = {"sharpness": "", "size": " px", "brightness": ""}  # columns and their units


def slice_labels(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Categories of each row by kind of slice; kinds with fewer than two categories are left out.

    Kinds: ``decade`` of labelled age, ``gender``, and thirds by ``sharpness``, ``size`` and ``brightness``.
    """
    kinds = {"decade": decades(table), "gender": table["gender"].astype("category")}
    kinds |= {name: thirds(table[name], unit) for name, unit in QUALITIES.items()}
    return {kind: labels for kind, labels in kinds.items() if len(labels.cat.categories) > 1}


def thirds(values: pd.Series, unit: str) -> pd.Series:
    """Thirds by value, named with their range; equal values stay together, so there can be fewer."""
    edges = np.unique(values.quantile([0, 1 / 3, 2 / 3, 1]).dropna())
    if len(edges) < 2:
        return pd.Series(pd.Categorical([None] * len(values)), index=values.index)
    labels = [f"{low:.0f}-{high:.0f}{unit}" for low, high in pairwise(edges)]
    return pd.cut(values, edges.tolist(), labels=labels, include_lowest=True, ordered=False)

"""What is in a labelled set and what is wrong with it: `agestat data check` as a function."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from agestat.labelled.dataset import Problem, read_labelled
from agestat.labelled.fingerprints import fingerprints, near_duplicates
from agestat.labelled.rows import decades
from agestat.model.label_space import SIX

DUPLICATE_COLUMNS = ("kind", "file", "split", "other", "other_split", "labels")


@dataclass(frozen=True)
class Check:
    """``frame``: the good rows of the set with ``width``, ``height``, ``sharpness``, ``brightness`` and
    ``ages`` (the decade or bucket). ``duplicates``: pairs of pictures, `DUPLICATE_COLUMNS`: ``kind`` is
    "exact" (equal pixels, any splits) or "near" (across splits), ``labels`` "same" or "different"."""

    frame: pd.DataFrame
    problems: list[Problem]
    layouts: tuple[str, ...]
    duplicates: pd.DataFrame


def check(paths: Sequence[str | Path], *, quiet: bool = False) -> Check:
    """Read labelled sets, bad rows and all, and look at every picture once."""
    labelled = read_labelled(paths, skip_bad=True)
    seen = fingerprints(labelled.frame["file"].tolist(), quiet=quiet)
    frame = labelled.frame.join(seen.table)
    frame["ages"] = decades(frame)
    exact = _exact_pairs(frame)
    first = ~frame.duplicated(["digest", "split"]).to_numpy()  # a picture's copies say nothing more
    index = np.flatnonzero(first)
    near = index[near_duplicates(seen.only(index))]
    across = frame["split"].to_numpy()[near]
    digest = frame["digest"].to_numpy()[near]
    near = near[(across[:, 0] != across[:, 1]) & (digest[:, 0] != digest[:, 1])]
    duplicates = pd.concat([_described(frame, exact, "exact"), _described(frame, near, "near")])
    return Check(frame, labelled.problems, labelled.layouts, duplicates.reset_index(drop=True))


def _exact_pairs(frame: pd.DataFrame) -> np.ndarray:
    """``(P, 2)``: each later copy with the first picture of equal pixels."""
    first = frame.groupby("digest").cumcount() > 0
    position = pd.Series(np.arange(len(frame)), index=frame.index)
    origin = position.groupby(frame["digest"]).transform("first")
    return np.stack([origin[first], position[first]], axis=1)


def _described(frame: pd.DataFrame, pairs: np.ndarray, kind: str) -> pd.DataFrame:
    one, other = (frame.iloc[side].reset_index(drop=True) for side in pairs.T)
    labels = ["gender", "age", "age_min", "age_max"]
    same = (one[labels].fillna(-1) == other[labels].fillna(-1)).all(axis=1)
    return pd.DataFrame({
        "kind": kind, "file": one["file"], "split": one["split"], "other": other["file"],
        "other_split": other["split"], "labels": np.where(same, "same", "different"),
    }, columns=list(DUPLICATE_COLUMNS))  # fmt: skip


def balance(frame: pd.DataFrame) -> pd.DataFrame:
    """Pictures by class (rows) and split (columns): the six classes where the labels are buckets within them,
    else gender and decade or bucket of age."""
    index = frame["six"].to_numpy()
    if (index >= 0).all() and frame["age"].isna().all():
        names = pd.Series(np.array(SIX.cell_names)[index], index=frame.index, name="class")
        return pd.crosstab(names, frame["split"]).reindex(list(SIX.cell_names), fill_value=0)
    rows = [frame["gender"].fillna("unknown"), frame["ages"].cat.add_categories("unknown").fillna("unknown")]
    counts = pd.crosstab(rows, frame["split"])
    return counts.set_axis([" ".join(names) for names in counts.index])

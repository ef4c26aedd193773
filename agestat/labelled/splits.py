"""Splits for sets that come without one: seeded, stratified, whole subjects on one side."""

import numpy as np
import pandas as pd

VAL_SHARE = 0.15  # of each stratum's pictures


def split_by_subject(frame: pd.DataFrame, seed: int = 0, share: float = VAL_SHARE) -> np.ndarray:
    """``(N,)`` of "train" or "val" for a labelled frame; every picture of a subject gets the same.

    Within each stratum subjects go to ``val`` in a seeded order, as long as ``val`` does not grow beyond
    ``share`` of the stratum, or half a picture more. Where none fits, the smallest of several subjects goes:
    a stratum that ``val`` lacks is never judged. A picture without a subject is a subject of its own. A
    subject that spans strata counts where most of its pictures are.
    """
    own = pd.Series(frame["file"].to_numpy(), index=frame.index)
    subject = frame["subject"].where(frame["subject"] != "", own)
    subjects = pd.DataFrame({"subject": subject, "stratum": frame["stratum"]})
    counts = subjects.value_counts().rename("pictures").reset_index()
    counts = counts.sort_values(["subject", "pictures", "stratum"], ascending=[True, False, True])
    sizes = counts.groupby("subject").agg(pictures=("pictures", "sum"), stratum=("stratum", "first"))
    order = np.random.default_rng(seed).permutation(len(sizes))
    chosen: set[str] = set()
    for _, members in sizes.iloc[order].groupby("stratum", sort=True):
        room = share * members["pictures"].sum() + 0.5
        if len(members) > 1 and members["pictures"].min() > room:
            chosen.add(str(members["pictures"].idxmin()))
            continue
        for name, pictures in members["pictures"].items():
            if pictures <= room:
                chosen.add(str(name))
                room -= pictures
    return np.where(subject.isin(chosen), "val", "train")

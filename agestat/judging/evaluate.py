"""Judging a model on labelled pictures: a table of predictions, and what it is worth."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from agestat.errors import AgestatError
from agestat.images.quality import brightness, sharpness
from agestat.judging.cutting import Cutter
from agestat.judging.metrics import report
from agestat.labelled.dataset import read_labelled
from agestat.model.checkpoint import load_model
from agestat.model.label_space import GENDERS, SIX, LabelSpace
from agestat.model.predict import Model

BUCKETS = ((0, 2), (3, 9), (10, 19), (20, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, np.inf))
"""FairFace's age buckets, first and last year: the bands for sets that label ages in years."""


def evaluate(
    model: Model | str | Path,
    data: pd.DataFrame | str | Path | Sequence[str | Path],
    *,
    split: str | None = "val",
    crop: str = "auto",
    seed: int = 0,
    quiet: bool = False,
) -> dict[str, Any]:
    """The figures of ``agestat eval``: ``{"value", "low", "high"}`` with a bootstrap 95 % interval each.

    ``model``: a loaded one, its name or folder. ``data``: a frame of `read_labelled` or folders of labelled
    sets; ``split`` None is all of it. ``crop``: see `predict_table`. Raises `AgestatError` for bad rows and
    where no picture shows a face.
    """
    if not isinstance(model, Model):
        model = load_model(model)
    if isinstance(data, str | Path):
        data = [data]
    if not isinstance(data, pd.DataFrame):
        data = read_labelled(data, split=split, seed=seed).frame
    elif split is not None:
        data = data[data["split"] == split]
    return judge(model, predict_table(model, data, crop=crop, quiet=quiet), seed=seed)


def judge(model: Model, table: pd.DataFrame, *, seed: int = 0) -> dict[str, Any]:
    """The figures of a table of `predict_table`; pictures without a face are only counted."""
    seen = table[table["predicted_gender"].notna()]
    if seen.empty:
        raise AgestatError(
            "No face was found in these pictures: use --crop whole if they are crops of faces."
        )
    figures = report(seen, _classes(seen), seed=seed)
    return {
        "model": model.name,
        "model_digest": model.digest,
        **figures,
        "without_face": len(table) - len(seen),
    }


def _classes(table: pd.DataFrame) -> tuple[str, ...]:
    return SIX.cell_names if table["cell"].isin(SIX.cell_names).any() else GENDERS


def predict_table(
    model: Model, frame: pd.DataFrame, *, crop: str = "auto", quiet: bool = False
) -> pd.DataFrame:
    """A labelled frame with what the model says of each picture.

    ``crop`` says what a model of faces is shown, see `Cutter`.

    Adds ``predicted_gender``, ``p_female``, ``predicted_age`` (years); ``cell``, ``predicted_cell`` and
    ``confidence`` (see `_add_cells`); ``band`` and ``predicted_band`` (see `_add_bands`); ``sharpness`` and
    ``brightness`` of the crop and its ``size`` in pixels of the picture. Missing where no face was found.
    """
    frame = frame.reset_index(drop=True)
    cutter = Cutter(model, crop)
    probabilities, seen, measures = [np.empty((0, model.space.width), np.float32)], [], []
    with tqdm(total=len(frame), desc="judging", unit="picture", disable=quiet or None) as bar:
        for cuts in cutter.chunks(frame["file"].tolist()):
            found = [cut for cut in cuts if cut is not None]
            seen += [cut is not None for cut in cuts]
            measures += [(sharpness(pixels), brightness(pixels), side) for pixels, side, _ in found]
            if found:
                crops = np.stack([cut.pixels for cut in found])
                probabilities.append(model.predict(crops).probabilities)
            bar.update(len(cuts))
    table = frame[seen].copy()
    table[["sharpness", "brightness", "size"]] = np.array(measures, dtype=float).reshape(-1, 3)
    _add_predictions(table, model.space, np.concatenate(probabilities))
    return frame.join(table[table.columns.difference(frame.columns, sort=False)])


def _add_predictions(table: pd.DataFrame, space: LabelSpace, probabilities: np.ndarray) -> None:
    p_female = space.p_female(probabilities)
    table["p_female"] = p_female
    table["predicted_gender"] = np.where(p_female > 0.5, *GENDERS)
    table["predicted_age"] = space.age(probabilities).astype(float)
    _add_cells(table, space, probabilities)
    _add_bands(table, space, probabilities)


def _add_cells(table: pd.DataFrame, space: LabelSpace, probabilities: np.ndarray) -> None:
    """True and predicted class, and the probability of the latter among the classes.

    The classes are the six of `SIX` for pictures whose labelled ages lie within one of them (others, such as
    10-19, have no class); in a set without any such picture they are the two genders.
    """
    six = _indicator(space, SIX.genders, SIX.age_min, SIX.age_max)
    index = table["six"].to_numpy()
    names = np.array([*SIX.cell_names, ""], dtype=object)
    classes = space.cells(probabilities) @ six
    table["cell"] = names[index]
    if (index < 0).all():
        names = np.array(GENDERS, dtype=object)
        p_female = space.p_female(probabilities)
        classes = np.stack([p_female, 1 - p_female], axis=1)
        table["cell"] = table["gender"]
    table["predicted_cell"] = names[classes.argmax(axis=1)]
    table["confidence"] = classes.max(axis=1) / np.maximum(classes.sum(axis=1), 1e-9)


def _indicator(
    space: LabelSpace, genders: Sequence[str], low: Sequence[int], high: Sequence[int]
) -> np.ndarray:
    """``(C, K) float32``: which cells of the space lie in each of ``K`` classes."""
    middle = space.mid_age[:, None]
    same = np.array(space.genders)[:, None] == np.array(genders)[None, :]
    return (same & (middle >= np.array(low)) & (middle <= np.array(high))).astype(np.float32)


def _add_bands(table: pd.DataFrame, space: LabelSpace, probabilities: np.ndarray) -> None:
    """True and predicted age band: the buckets that the set is labelled with, else `BUCKETS`.

    The predicted band is the one with the greatest probability: of FairFace's buckets that named more rightly
    than the bucket of the estimate did.
    """
    bands = label_bands(table)
    distribution, ages = space.age_distribution(probabilities)
    low, high = np.array(bands).T
    inside = (ages[:, None] >= low) & (ages[:, None] < high + 1)  # (A, bands)
    names = np.array(
        [f"{first:.0f}-{last:.0f}" if np.isfinite(last) else f"{first:.0f}+" for first, last in bands]
    )
    truth_low = table["age_min"].to_numpy(dtype=float)[:, None]
    truth_high = table["age_max"].fillna(np.inf).to_numpy(dtype=float)[:, None]
    within = (truth_low >= low) & (truth_high <= high)  # (N, bands)
    table["band"] = np.where(within.any(axis=1), names[within.argmax(axis=1)], "")
    table["predicted_band"] = names[(distribution @ inside).argmax(axis=1)]


def label_bands(table: pd.DataFrame) -> list[tuple[float, float]]:
    """First and last years, inclusive, of the buckets in a set's labels; `BUCKETS` where they overlap, are no
    two, or most ages are known to the year."""
    buckets = table[table["age"].isna() & table["age_min"].notna()]
    pairs = zip(buckets["age_min"], buckets["age_max"].fillna(np.inf), strict=True)
    bands = sorted(set(pairs))
    apart = all(last < first for (_, last), (first, _) in pairwise(bands))
    usual = 2 * len(buckets) > table["age_min"].notna().sum()
    return bands if len(bands) > 1 and apart and usual else list(BUCKETS)

"""Calibration sets: what a model says of pictures whose truth is known, which its errors are learned from."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from agestat.errors import AgestatError
from agestat.files import make_folders
from agestat.images.quality import brightness, sharpness
from agestat.judging.card import write_card
from agestat.judging.cutting import Cutter
from agestat.judging.degrading import degrade
from agestat.labelled.dataset import read_labelled
from agestat.labelled.rows import known_heads
from agestat.model.checkpoint import (
    INFO,
    calibration_file,
    folder_of,
    load_model,
    read_calibration,
    read_info,
    write_info,
)
from agestat.model.label_space import GENDERS
from agestat.model.precision import FLOAT, INT8, Precision
from agestat.model.predict import Model
from agestat.stats.bands import name_ages
from agestat.stats.calibration import native_starts

MOST_CUT = 0.1  # of pictures whose labelled range of ages may lie in several of the others'
SHOWN = 8  # of such ranges
LAST_AGE = 100  # years: where an open range of ages ends in a calibration set
# What a picture that the model came with is worth beside one of the user's: `benchmarks/own_calibration.py`.
KEPT = 0.03
STEP = 1 / 16  # of the logits of degraded copies: half the size of the file, and far below their doubt
FEATURE_SPACE = {"feature_mean", "feature_projection", "feature_altered"}  # which novelty is judged by


def calibrate(
    model: str | Path,
    data: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    split: str | None = "val",
    crop: str = "auto",
    degraded: int = 0,
    keep: bool = False,
    limit: int | None = None,
    skip_bad: bool = False,
    seed: int = 0,
    device: str = "auto",
    quiet: bool = False,
    command: str = "agestat.calibrate(...)",
) -> Path:
    """Learn the errors of a model on labelled pictures that it was not trained on, and write the checkpoint
    folder ``out`` with a calibration set for each of its files; ``out`` may be the model's own folder.

    ``model``: a shipped model's name or a checkpoint folder. ``data``: one or more labelled sets, each of a
    kind of pictures, its *domain*: its name, or what a column ``domain`` of ``labels.csv`` or the table
    ``domains.csv`` (``file,domain``) beside it says. ``split``: names of splits between commas, None is all.
    ``crop``: see `agestat.judging.cutting.Cutter`. ``degraded``: copies of each crop, seen small, blurred,
    dark and compressed too. ``keep`` leaves the pictures that the model came with beside them, each worth
    `KEPT` of one. ``limit``: pictures of each split, drawn by ``seed``. Pictures without both
    gender and age, or without a face, are left out. Raises `AgestatError` where none is left.
    """
    source, out = folder_of(model), Path(out)
    _check_target(source, out)
    data = [data] if isinstance(data, str | Path) else data
    read = read_labelled(data, skip_bad=skip_bad, seed=seed, split=split, limit=limit, quiet=quiet)
    precisions = (FLOAT, INT8) if INT8.name in read_info(source) else (FLOAT,)
    sets = []
    for precision in precisions:
        network = load_model(source, device if precision is FLOAT else "cpu", precision.name)
        network.calibration = space = _feature_space(network, source)
        arrays = observe(network, read.frame, crop=crop, degraded=degraded, seed=seed, quiet=quiet)
        if not len(arrays["logits"]):
            raise AgestatError("No picture shows a face and has both gender and age: nothing can be learned.")
        kept = _known(source, precision) if keep else None
        arrays = arrays if kept is None else _beside(arrays, kept)
        _check_ranges(arrays)
        sets.append({**arrays, **space})
    make_folders(out)
    if out.resolve() != source.resolve():
        for path in source.glob("model.*"):
            shutil.copyfile(path, out / path.name)
    for precision, arrays in zip(precisions, sets, strict=True):
        write_calibration(out, arrays, precision)
    own = len(arrays["logits"]) - (0 if kept is None else len(kept["logits"]))
    names, counts = arrays["domains"].tolist(), np.bincount(arrays["domain"][:own]).tolist()
    about = {
        "name": out.resolve().name, "pictures": own, "kept": len(arrays["logits"]) - own,
        "domains": dict(zip(names, counts, strict=False)),
        "left_out": len(read.frame) - own, "bad_rows": len(read.problems), "split": split,
        "of_other_splits": read.of_other_splits,
        "degraded": degraded, "command": command,
    }  # fmt: skip
    write_info(out, {**read_info(source), "calibration": about})
    write_card(out)
    return out


def _check_target(source: Path, out: Path) -> None:
    """Raise `AgestatError` before anything long is done where ``out`` holds another model."""
    if (out / INFO).is_file() and read_info(out)["sha256"] != read_info(source)["sha256"]:
        raise AgestatError("{out} holds another model: give another --out.", out=out)


def _known(source: Path, precision: Precision) -> dict[str, np.ndarray]:
    """The calibration set that a checkpoint came with."""
    if not calibration_file(source, precision.name).is_file():
        raise AgestatError("{model} came with no calibration pictures: leave --keep out.", model=source)
    return read_calibration(source, precision.name)


def _beside(arrays: dict[str, np.ndarray], kept: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Calibration arrays of pictures and, after them, those that are ``kept``, worth `KEPT` of one each: what
    both sides know of a picture, and the degraded copies of either."""
    own, others = (len(side["logits"]) for side in (arrays, kept))
    found = {
        key: np.concatenate([arrays[key], kept[key]])
        for key in arrays.keys() & kept.keys() - FEATURE_SPACE
        if not key.startswith(("degraded", "domain"))
    }
    found["weight"] = np.r_[np.ones(own), np.full(others, KEPT) * kept.get("weight", 1.0)].astype(np.float32)
    names = [*arrays["domains"].tolist(), *kept.get("domains", np.array(["kept"])).tolist()]
    theirs = kept.get("domain", np.zeros(others, int)).astype(int) + len(arrays["domains"])
    found |= {"domain": np.r_[arrays["domain"], theirs].astype(np.int16), "domains": np.array(names)}
    moved = {**kept, "degraded_of": kept["degraded_of"] + own} if "degraded_of" in kept else kept
    copied = [side for side in (arrays, moved) if "degraded_of" in side]
    for key in copied[0] if copied else ():
        if key.startswith("degraded") and all(key in side for side in copied):
            found[key] = np.concatenate([side[key] for side in copied])
    return found


def _check_ranges(arrays: dict[str, np.ndarray]) -> None:
    """Raise `AgestatError` where labelled ranges of ages cut each other, so that many pictures could be of
    more than one of them."""
    low, high = arrays["age_min"].astype(int), arrays["age_max"].astype(int)
    starts = native_starts(arrays["gender"], low, high)
    first, last = (np.searchsorted(starts, age, side="right") for age in (low, high))
    cut = first != last
    if cut.mean() > MOST_CUT:
        ranges = sorted(set(zip(low[cut].tolist(), high[cut].tolist(), strict=True)))
        raise AgestatError(
            "Ranges of ages in the labels cut each other ({ranges}): calibrate on sets that have the same "
            "ranges or exact ages, and leave --keep out if yours are others than those of the model's own "
            "pictures.",
            ranges=", ".join(name_ages(*one) for one in ranges[:SHOWN]),
        )


def _feature_space(network: Model, source: Path) -> dict[str, np.ndarray]:
    """What is known of the training pictures' features: by the network's own file, else by the float weights,
    of which it is a copy. Empty where neither knows."""
    known = network.calibration
    if "feature_projection" not in known and calibration_file(source, FLOAT.name).is_file():
        known = read_calibration(source, FLOAT.name)
    return {key: known[key] for key in sorted(FEATURE_SPACE & known.keys())}


def observe(
    model: Model,
    frame: pd.DataFrame,
    *,
    crop: str = "auto",
    degraded: int = 0,
    seed: int = 0,
    quiet: bool = True,
) -> dict[str, np.ndarray]:
    """The arrays of ``calibration.npz`` (see `calibration_arrays`) for those of a labelled frame whose gender
    and age are known and which show a face.

    Besides ``domain (N,) int16``, indices into the names ``domains (D,)``. Where the detector found every
    face, ``size``, its side in pixels of the picture, and ``score``, 0 to 1, both ``(N,) float32``. With
    ``degraded`` copies of each crop ``degraded_logits (M, L)``, ``degraded_novelty``,
    ``degraded_sharpness``, ``degraded_brightness``, ``degraded_size``, its side in pixels, and
    ``degraded_of (M,) int32``, the row of its picture.
    """
    frame = frame[np.asarray(known_heads(frame, model.space).all(axis=1))].reset_index(drop=True)
    rng = np.random.default_rng(seed)
    parts, copies = [_nothing(model)], [_nothing(model)]
    shown: list[bool] = []
    with tqdm(total=len(frame), desc="judging", unit="picture", disable=quiet or None) as bar:
        for cuts in Cutter(model, crop).chunks(frame["file"].tolist()):
            found = [cut for cut in cuts if cut is not None]
            if found:
                crops = np.stack([cut.pixels for cut in found])
                copies += _degraded(model, crops, sum(shown), degraded, rng)
                sides, scores = np.array([(side, score) for _, side, score in found], np.float32).T
                parts.append({**predicted(model, crops), "size": sides, "score": scores})
            shown += [cut is not None for cut in cuts]
            bar.update(len(cuts))
    frame = frame[np.array(shown, dtype=bool)]
    arrays = {**_joined(parts), **_truth(frame), **_domains(frame)}
    if np.isnan(arrays.get("score", np.nan)).any():
        arrays = {key: value for key, value in arrays.items() if key not in ("size", "score")}
    if degraded:
        arrays |= {f"degraded_{key}": value for key, value in _joined(copies).items()}
    return arrays


def calibration_arrays(model: Model, frame: pd.DataFrame, crops: np.ndarray) -> dict[str, np.ndarray]:
    """What a calibration set says of pictures that are cut already, ``(N, S, S, 3) uint8``: ``logits (N, L)
    float16``, ``novelty``, ``sharpness``, ``brightness``, ``age`` in years or nan, ``(N,) float32``;
    ``gender`` as an index into `GENDERS`, ``age_min`` and ``age_max`` in years, inclusive, ``(N,) uint8``.
    Rows without gender or age are left out."""
    known = np.asarray(known_heads(frame, model.space).all(axis=1))
    return {**predicted(model, np.array(crops[known])), **_truth(frame[known])}


def predicted(model: Model, crops: np.ndarray) -> dict[str, np.ndarray]:
    """What the model says of crops, and how they look."""
    predictions = model.predict(crops)
    return {
        "logits": predictions.logits.astype(np.float16),
        "novelty": predictions.novelty,
        "sharpness": np.array([sharpness(crop) for crop in crops], dtype=np.float32),
        "brightness": np.array([brightness(crop) for crop in crops], dtype=np.float32),
    }


def _degraded(
    model: Model, crops: np.ndarray, first: int, copies: int, rng: np.random.Generator
) -> list[dict[str, np.ndarray]]:
    """Each of ``copies`` rounds over crops whose first is row ``first`` of the set."""
    rounds = []
    for _ in range(copies):
        pixels, sides = zip(*(degrade(crop, rng) for crop in crops), strict=True)
        of = np.arange(first, first + len(crops), dtype=np.int32)
        seen = predicted(model, np.stack(pixels))
        seen["logits"] = np.round(seen["logits"] / STEP) * np.float16(STEP)
        rounds.append({**seen, "size": np.array(sides, np.uint8), "of": of})
    return rounds


def _nothing(model: Model) -> dict[str, np.ndarray]:
    return predicted(model, np.empty((0, model.input_size, model.input_size, 3), np.uint8))


def _joined(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Each array of the last of ``parts``, of all of them that have it."""
    return {key: np.concatenate([part[key] for part in parts if key in part]) for key in parts[-1]}


def _truth(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    return {
        "gender": frame["gender"].map({name: i for i, name in enumerate(GENDERS)}).to_numpy(dtype=np.uint8),
        "age_min": frame["age_min"].clip(upper=LAST_AGE).to_numpy(dtype=np.uint8),
        "age_max": frame["age_max"].fillna(LAST_AGE).clip(upper=LAST_AGE).to_numpy(dtype=np.uint8),
        "age": frame["age"].to_numpy(dtype=np.float32),
    }


def _domains(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    sets = frame["source"].map(lambda source: Path(source).resolve().name)
    names, index = np.unique(
        frame["domain"].where(frame["domain"] != "", sets).to_numpy("U"), return_inverse=True
    )
    return {"domain": index.astype(np.int16), "domains": names}


def write_calibration(folder: Path, arrays: dict[str, Any], precision: Precision = FLOAT) -> None:
    """Write the calibration set of one of a checkpoint's files in one piece."""
    partial = folder / f"partial-{precision.calibration}"
    np.savez_compressed(partial, **arrays)
    partial.replace(folder / precision.calibration)

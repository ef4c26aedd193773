"""Faces for the user to label, and the user's labels, as a CSV file."""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from agestat.analysis.groups import By
from agestat.analysis.scan import Scan
from agestat.errors import AgestatError
from agestat.stats.prediction_powered import OwnLabels, sample_to_label
from agestat.stats.tally import counted_cells
from agestat.written.csv_files import unescape_formula, write_csv

PLACE = ("root", "path", "x", "y", "width", "height")
COLUMNS = ("weight", *PLACE, "gender", "age")
GENDER_WORDS = {"female": 0, "f": 0, "male": 1, "m": 1}
OLDEST = 122  # years: the oldest person on record


def draw_faces(scan: Scan, count: int, seed: int) -> list[tuple[Any, ...]]:
    """A stratified sample of a scan's faces in random order, as rows of `COLUMNS`."""
    cells = [counted_cells(scan.space, chunk.probabilities) for chunk in scan.chunks()]
    if not sum(map(len, cells)):
        raise AgestatError("This scan holds no faces to label.")
    decade = np.where(scan.space.is_female, 0, 1000) + scan.space.mid_age.astype(int) // 10
    rng = np.random.default_rng(seed)
    chosen, weights = sample_to_label(decade[np.concatenate(cells)], count, rng)
    weight_of = dict(zip(chosen.tolist(), weights.tolist(), strict=True))
    found = {
        index: (f"{weight_of[index]:.6g}", *place, "", "")
        for index, place in enumerate(places(scan)) if index in weight_of
    }  # fmt: skip
    return [found[index] for index in rng.permutation(chosen).tolist()]


def write_faces(rows: Sequence[Sequence[Any]], stream: BinaryIO) -> None:
    """Write rows of `COLUMNS` as CSV."""
    write_csv(pd.DataFrame(rows, columns=list(COLUMNS)), stream)


def places(scan: Scan) -> Iterator[tuple[str, ...]]:
    """Where each face is, in the order of the scan's chunks, as written to the CSV."""
    for frame in scan.face_chunks():
        for root, path, *box in zip(*(frame[name] for name in PLACE), strict=True):
            yield (root, path, *(str(round(value)) for value in box))


def read_labels(path: str | Path, scan: Scan, by: By = (), **groups: Any) -> OwnLabels:
    """The labels in a file from `agestat label`, for faces of ``scan``; groups as for `Scan.chunks`.

    Raises `AgestatError` naming the line of a label that cannot be used.
    """
    index_of = {place: index for index, place in enumerate(places(scan))}
    labels: dict[int, tuple[int, int, int, float]] = {}
    for line, row in _rows(Path(path)):
        place = tuple(row[name] for name in PLACE)
        if place not in index_of:
            raise AgestatError(f"{path}, line {line}: this face of {row['path']} is not in the scan.")
        if index_of[place] in labels:
            raise AgestatError(
                f"{path}, line {line}: this face of {row['path']} is labelled twice; keep one."
            )
        label = _label(row, f"{path}, line {line}")
        if label is not None:
            labels[index_of[place]] = label
    if not labels:
        raise AgestatError(f"{path} holds no labels yet: fill its columns gender and age.")
    chosen = np.array(sorted(labels))
    probabilities, names, clusters, start = [], [], [], 0
    for chunk in scan.chunks(by, **groups):
        end = start + len(chunk.probabilities)
        mine = chosen[(chosen >= start) & (chosen < end)] - start
        probabilities.append(chunk.probabilities[mine])
        clusters.append(chunk.clusters[mine])
        names.append(chunk.groups[mine] if chunk.groups is not None else None)
        start = end
    gender, low, high, weight = (
        np.array(part) for part in zip(*(labels[i] for i in chosen.tolist()), strict=True)
    )
    together = np.concatenate([n for n in names if n is not None]) if by else None
    known = np.concatenate(probabilities)
    return OwnLabels(known, together, gender, low, high, weight, np.concatenate(clusters))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and values of each row."""
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise AgestatError(
                    f"{path} lacks the columns {', '.join(missing)}: take it from `agestat label`."
                )
            for row in reader:
                yield reader.line_num, {name: unescape_formula(row[name] or "") for name in COLUMNS}
    except (OSError, csv.Error) as error:
        raise AgestatError(f"{path} cannot be read as a CSV file ({error}).") from error


def _label(row: dict[str, str], where: str) -> tuple[int, int, int, float] | None:
    """Gender, first and last age in years, and weight; None where nobody could tell."""
    gender, age = row["gender"].strip().lower(), row["age"].strip()
    if not gender and not age:
        return None
    if gender not in GENDER_WORDS:
        raise AgestatError(f"{where}: gender {row['gender']!r} is neither female nor male.")
    years = re.fullmatch(r"(\d{1,3})(?:\.0*|\s*[-–]\s*(\d{1,3}))?", age)  # 34.0 is how pandas writes 34
    if years is None:
        raise AgestatError(f"{where}: age {age!r} is neither years like 34 nor a range like 30-39.")
    low, high = int(years[1]), int(years[2] or years[1])
    if low > high or high > OLDEST:
        raise AgestatError(f"{where}: nobody is {age} years old.")
    try:
        weight = float(row["weight"])
    except ValueError:
        weight = 0.0
    if not 0 < weight < math.inf:
        raise AgestatError(
            f"{where}: the weight {row['weight']!r} was changed; take it from `agestat label`."
        )
    return GENDER_WORDS[gender], min(low, 100), min(high, 100), weight

"""Faces for the user to label, and the labels in a file that the user filled."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agestat.analysis.face_lists import ANSWERS, NOTES, PLACE, FaceFinder
from agestat.analysis.faces import Faces
from agestat.analysis.groups import By
from agestat.errors import AgestatError
from agestat.model.label_space import GENDERS
from agestat.stats.prediction_powered import OwnLabels, sample_to_label
from agestat.stats.tally import counted_cells
from agestat.written.tables import Line, Table
from agestat.written.words import OLDEST, read_ages, read_gender, read_number

WHICH = ("weight", *PLACE)
CHANCE = 1e-4  # how improbable the order of the filled rows must be to be called sorted


def draw_faces(scan: Faces, count: int, seed: int) -> pd.DataFrame:
    """A stratified sample of the faces in random order: rows of `Scan.faces` with the ``weight`` of each,
    how many faces it was drawn for."""
    numbered = list(scan.numbered_chunks())
    cells = [counted_cells(scan.space, chunk.probabilities) for _, chunk in numbered]
    if not sum(map(len, cells)):
        raise AgestatError("This scan holds no faces to label.")
    decade = np.where(scan.space.is_female, 0, 1000) + scan.space.mid_age.astype(int) // 10
    rng = np.random.default_rng(seed)
    strata = decade[np.concatenate(cells)]
    if count < len(np.unique(strata)):  # one of each would be more than was asked for
        strata[:] = 0
    chosen, weights = sample_to_label(strata, count, rng)
    chosen = np.concatenate([numbers for numbers, _ in numbered])[chosen]
    parts, start = [], 0
    for frame in scan.face_chunks():
        frame.index = pd.RangeIndex(start, start + len(frame))
        start += len(frame)
        parts.append(frame.loc[frame.index.isin(chosen)])
    drawn = pd.concat(parts).assign(weight=pd.Series(weights, chosen))
    return drawn.loc[rng.permutation(chosen)].reset_index(drop=True)


class LabelFile:
    """The labels in a file from `agestat label`, for faces of ``scan``: how many labelled ones are
    ``gone``, and whether the filled rows ``are_sorted``, so that they are no sample.

    Faces are found below other roots too: a folder that was moved or renamed keeps its labels. Those of
    pictures that are gone are left out. Raises `AgestatError` naming the line of a label that cannot be used.
    """

    def __init__(self, path: str | Path, scan: Faces) -> None:
        self._scan = scan
        table = Table(path, ("gender", "age"), ("note", *WHICH))
        if missing := [name for name in WHICH if name not in table.columns]:
            raise AgestatError(
                "{path} does not say which faces it labels and how many each stands for: put its columns "
                "{missing} back, or fill a new file of `agestat label`.",
                path=path, missing=", ".join(missing),
            )  # fmt: skip
        rows = list(table)
        labels = [(row, self._read(path, row)) for row in rows]
        find = FaceFinder(scan, table)
        found = [(row, label, find(row.cells)) for row, label in labels if label]
        self._labels: dict[int, tuple[int, int, int, float]] = {}
        for row, label, index in found:
            if index in self._labels:
                raise AgestatError(
                    "{path}, line {line}: this face of {picture} is labelled twice; keep one.",
                    path=path, line=row.number, picture=row.cells["path"],
                )  # fmt: skip
            if index is not None:
                self._labels[index] = label
        if not found:
            raise AgestatError("{path} holds no labels yet: fill its columns gender and age.", path=path)
        if not self._labels:
            raise AgestatError(
                "None of the faces that {path} labels is in this scan: scan the folder that it was made for.",
                path=path,
            )
        self.gone = len(found) - len(self._labels)
        self.are_sorted = _are_sorted(rows)

    def _read(self, path: str | Path, row: Line) -> tuple[int, int, int, float] | None:
        try:
            return _label(row.cells)
        except AgestatError as problem:
            raise AgestatError(
                "{path}, line {line}: {problem}.", path=path, line=row.number, problem=problem
            ) from problem

    def own_labels(self, by: By = (), **groups: Any) -> OwnLabels:
        """The labels with what the model said of their faces; groups as for `Scan.chunks`."""
        labelled = np.array(sorted(self._labels))
        chosen, probabilities, names, clusters = [], [], [], []
        for numbers, chunk in self._scan.numbered_chunks(by, **groups):
            mine = np.isin(numbers, labelled)
            chosen += numbers[mine].tolist()
            probabilities.append(chunk.probabilities[mine])
            clusters.append(chunk.clusters[mine])
            names.append(chunk.groups[mine] if chunk.groups is not None else None)
        values = [self._labels[number] for number in chosen]
        *words, weight = np.array(values, dtype=float).reshape(-1, 4).T
        gender, low, high = (column.astype(int) for column in words)
        together = np.concatenate([n for n in names if n is not None]) if by else None
        known = np.concatenate(probabilities)
        return OwnLabels(known, together, gender, low, high, weight, np.concatenate(clusters))


def _are_sorted(rows: Sequence[Line]) -> bool:
    """Whether the filled rows lie at one end of the order of paths, which the drawn ones do not."""
    from scipy.stats import mannwhitneyu, rankdata  # half a second, which other commands need not take

    order = rankdata([row.cells["path"] for row in rows])
    filled = np.array([any(row.cells.get(name) for name in ANSWERS) for row in rows])
    return not filled.all() and bool(mannwhitneyu(order[filled], order[~filled]).pvalue < CHANCE)


def _label(row: dict[str, str]) -> tuple[int, int, int, float] | None:
    """Gender, first and last age in years, and weight; None where nobody could tell."""
    if row.get("note", "").lower() in NOTES:
        return None
    gender, ages = read_gender(row["gender"]), read_ages(row["age"])
    if gender is None and ages is None:
        return None
    if gender is None:
        raise AgestatError(
            "the age is filled and the gender is not: fill both, or neither if nobody can tell"
        )
    low, high = (0.0, None) if ages is None else ages[:2]  # within a range the model says which
    try:
        weight = read_number(row["weight"])
    except ValueError:
        weight = 0.0
    if not 0 < weight < math.inf:
        raise AgestatError(
            "the weight {weight} is not what was written there: put the column back",
            weight=repr(row["weight"]),
        )
    return GENDERS.index(gender), min(int(low), 100), min(int(OLDEST if high is None else high), 100), weight


def holds_labels(path: str | Path) -> bool:
    """Whether a file is a table of labels in which somebody has filled anything, or could be one: its columns
    are there, and yet it cannot be read to its end."""
    try:
        table = Table(path, ("gender", "age"), ("note",))
    except AgestatError:
        return False
    try:
        return any(row.cells.get(name) for row in table for name in ANSWERS)
    except AgestatError:
        return True

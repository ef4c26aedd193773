"""Lists of a scan's faces as CSV files that people fill: labels, and what is no person who was there."""

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, BinaryIO

import pandas as pd

from agestat.analysis.faces import Faces
from agestat.errors import AgestatError
from agestat.written.csv_files import write_csv
from agestat.written.tables import Table, comparable
from agestat.written.words import read_number

BOX = ("x", "y", "width", "height")
PLACE = ("root", "path", *BOX)
ANSWERS = ("gender", "age", "note")
COLUMNS = ("weight", *PLACE, *ANSWERS)
NOTES = NOT_A_FACE, NOT_A_PERSON, UNSURE = "not a face", "not a person", "unsure"  # others are remarks


def rows_of(faces: pd.DataFrame) -> list[list[str | int]]:
    """The first columns of a list, up to the box, for rows of `Scan.faces` with or without a ``weight``."""
    weights = [f"{weight:.6g}" for weight in faces["weight"]] if "weight" in faces else [""] * len(faces)
    return [[weight, *place] for weight, place in zip(weights, _places(faces), strict=True)]


def _places(faces: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for root, path, *box in zip(*(faces[name] for name in PLACE), strict=True):
        yield (root, path, *map(round, box))


def write_list(faces: pd.DataFrame, stream: BinaryIO) -> None:
    """Write faces as CSV with empty columns to fill."""
    rows = [[*row, *[""] * len(ANSWERS)] for row in rows_of(faces)]
    write_csv(pd.DataFrame(rows, columns=list(COLUMNS)), stream)


def read_left_out(path: str | os.PathLike[str], scan: Faces) -> list[tuple[int, int]]:
    """The faces that a list notes as no face or no person: ids of their files and numbers in them, from 0.

    Rows of faces that the scan has not any more do nothing. Raises `AgestatError` if all are such.
    """
    table = Table(path, (*PLACE, "note"))
    rows = [row.cells for row in table if row.cells["note"].lower() in (NOT_A_FACE, NOT_A_PERSON)]
    find = FaceFinder(scan, table)
    found = sorted({index for index in map(find, rows) if index is not None})
    if rows and not found:
        raise AgestatError(
            "None of the faces that {path} leaves out is in this scan: scan the folder that it was made for.",
            path=path,
        )
    names = names_of_faces(pd.concat([frame[["file_id"]] for frame in scan.face_chunks()]))
    return [names[index] for index in found]


def names_of_faces(faces: pd.DataFrame) -> list[tuple[int, int]]:
    """Of all faces of a scan in its order: the id of the file of each and its number there, from 0."""
    numbers = faces.groupby("file_id").cumcount()
    return list(zip(faces["file_id"].tolist(), numbers.tolist(), strict=True))


class FaceFinder:
    """Finds the face that a row of a list means among those of the scan: by its whole path, else by the path
    below the root, else by the name of its file, if with its box that is one face only."""

    def __init__(self, scan: Faces, table: Table) -> None:
        self._table = table
        self._keys: list[dict[tuple[str | int, ...], int | None]] = [{}, {}, {}]
        every = (place for frame in scan.face_chunks() for place in _places(frame))
        for index, (root, path, *box) in enumerate(every):
            for keys, name in zip(self._keys, self._spellings(root, path), strict=True):
                key = (name, *box)
                keys[key] = index if keys.get(key, index) == index else None

    def _spellings(self, root: str, path: str) -> tuple[str, str, str]:
        below = comparable(path)
        return comparable(f"{root}/{path}"), below, PurePath(below).name

    def __call__(self, row: dict[str, str]) -> int | None:
        """The number of the face in a row, in the order of the scan's chunks; None if it is not there."""
        box = [_whole(row[name]) for name in BOX]
        meant = [self._spellings(*place) for place in self._table.meanings(row["root"], row["path"])]
        for keys, names in zip(self._keys, zip(*meant, strict=True), strict=True):
            found = (keys.get((name, *box)) for name in names)
            index = next((index for index in found if index is not None), None)
            if index is not None:
                return index
        return None


def _whole(text: str) -> int | str:
    """A whole number, of which spreadsheets and pandas make 12.0 or 12,0."""
    try:
        return round(read_number(text))
    except (OverflowError, ValueError):
        return text

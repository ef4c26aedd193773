"""Labelled pictures: every layout as one table, and all that is wrong in it found before the first epoch."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from agestat.errors import AgestatError, UsageError
from agestat.images.decode import DecodeError, decode
from agestat.images.detectors import Box
from agestat.images.faces import FaceDetector
from agestat.labelled.faces import find_face
from agestat.labelled.layouts import SPLITS, Row, read_layout
from agestat.labelled.rows import LabelledRow, labelled_frame
from agestat.labelled.splits import split_by_subject
from agestat.written.words import read_ages, read_gender

SHOWN = 200  # bad rows in one message; `agestat data check` lists them all
CHECK_SIDE = 32  # pixels: all that a picture's check needs of it, so that JPEG decodes at an eighth
ENVIRONMENT = "AGESTAT_DATA"


class Problem(NamedTuple):
    """A labelled picture that cannot be used: ``line`` of its table, if there is one, and the reason."""

    file: str
    line: int | None
    reason: AgestatError


@dataclass(frozen=True)
class LabelledSet:
    """``frame``: one row per good picture, as `labelled_frame` makes it; ``problems``: the others;
    ``layouts``: one name per path read; ``of_other_splits``: pictures of splits that were not asked for."""

    frame: pd.DataFrame
    problems: list[Problem]
    layouts: tuple[str, ...]
    of_other_splits: int = 0


def find_data(arguments: Sequence[str | Path] = (), usual: str | None = None) -> list[Path]:
    """The folders of the labelled sets: ``arguments`` (paths, or names of sets inside ``AGESTAT_DATA``), else
    what ``AGESTAT_DATA`` names, else ``./data``; where that holds several sets, the one named ``usual``.
    Raises `AgestatError` saying what to give instead."""
    home = Path(os.environ.get(ENVIRONMENT) or "data")
    if arguments:
        return [_find(argument, home) for argument in arguments]
    if not home.is_dir():
        raise AgestatError(
            "There is no labelled set to work on: give the folder of one, or set {variable} to it; the "
            "section 'Labelled sets' of README.md explains how to get each public set.",
            variable=ENVIRONMENT,
        )
    sets = sorted(path.parent.name for path in home.glob("*/labels.csv"))
    if usual in sets:
        return [home / usual]
    if sets and not (home / "labels.csv").is_file():
        raise AgestatError(
            "{home} holds several labelled sets: name one or more of {sets}.", home=home, sets=", ".join(sets)
        )
    return [home]


def _find(argument: str | Path, home: Path) -> Path:
    for folder in (Path(argument), home / argument):
        if folder.is_dir():
            return folder
    raise AgestatError(
        "{argument} is neither a folder nor a set in {home}: give the folder of one, or set "
        "{variable} to it; the section 'Labelled sets' of README.md explains how to get each public set.",
        argument=argument,
        home=home,
        variable=ENVIRONMENT,
    )


def read_labelled(
    paths: Sequence[str | Path],
    *,
    skip_bad: bool = False,
    seed: int = 0,
    split: str | None = None,
    limit: int | None = None,
    faces: bool = False,
    quiet: bool = True,
) -> LabelledSet:
    """Read the labelled sets in ``paths``; a set without splits gets a seeded, stratified one by subject, and
    always the same one: what one command trains on another must not judge by.

    ``split`` keeps the splits named between its commas, ``limit`` that many pictures of each, drawn by
    ``seed``; only what is kept is decoded. ``faces`` also finds the face in each (the column ``box``), and a
    picture without one is a bad row too. Every bad row (missing or unreadable picture, impossible age,
    unknown gender) is found at once. Raises `AgestatError` with the list of them unless ``skip_bad``, and
    where no good row is left.
    """
    read = [read_layout(Path(path)) for path in paths]
    checked = [_check_rows(rows, str(path)) for path, (_, rows) in zip(paths, read, strict=True)]
    frame = pd.concat([frame for frame, _ in checked], ignore_index=True)
    problems = [problem for _, bad in checked for problem in bad]
    listed = len(frame)
    if split is not None:
        frame = _only(frame, split)
    of_other_splits = listed - len(frame)
    if limit is not None:
        frame = frame.sample(frac=1, random_state=seed).groupby("split").head(limit).sort_index()
    frame, unusable = _check_pictures(frame, faces, quiet)
    problems += unusable
    if problems and not skip_bad:
        raise describe(problems)
    if frame.empty:
        reasons = (describe(problems),) if problems else ()
        raise AgestatError(
            "{paths}: no labelled picture can be used.\n{reasons}",
            paths=", ".join(map(str, paths)),
            reasons=reasons,
        )
    return LabelledSet(frame, problems, tuple(layout for layout, _ in read), of_other_splits)


def _only(frame: pd.DataFrame, split: str) -> pd.DataFrame:
    wanted, there = [name.strip() for name in split.split(",")], sorted(set(frame["split"]))
    if there and (missing := [name for name in wanted if name not in there]):
        raise UsageError(
            "There is no split {split!r} in this set: choose one of {names}, or all.",
            split=missing[0],
            names=", ".join(there),
        )
    return frame[frame["split"].isin(wanted)]


def describe(problems: Sequence[Problem], shown: int = SHOWN) -> AgestatError:
    """The bad rows for a person, one a line, and what to do about them."""
    rows = [
        AgestatError("  {file}: {reason}", file=file, reason=reason) if line is None
        else AgestatError("  {file}, line {line}: {reason}", file=file, line=line, reason=reason)
        for file, line, reason in problems[:shown]
    ]  # fmt: skip
    if len(problems) > shown:
        more = len(problems) - shown
        rows.append(AgestatError("  and {number} more, which `agestat data check` lists", number=more))
    if len(problems) == 1:
        return AgestatError(
            "1 labelled picture cannot be used: correct it, or go on without it with --skip-bad.\n{rows}",
            rows=tuple(rows),
        )
    return AgestatError(
        "{number} labelled pictures cannot be used: correct them, or go on without them with --skip-bad."
        "\n{rows}",
        number=len(problems), rows=tuple(rows),
    )  # fmt: skip


def _check_rows(rows: list[Row], source: str) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows whose values make sense as a frame with splits, and the others."""
    good: list[LabelledRow] = []
    bad: list[Problem] = []
    seen: dict[Path, LabelledRow] = {}
    for row in rows:
        try:
            values = _values(row, source)
            known = seen.setdefault(row.file, values)
            if known is values:
                good.append(values)
            elif not _say_the_same(known, values):
                raise AgestatError(
                    "the picture is listed twice, with other labels in line {line}: leave one row",
                    line=known.line,
                )
        except AgestatError as reason:
            bad.append(Problem(str(row.table or row.file), row.line, reason))
    frame = labelled_frame(good)
    frame["split"] = _splits(frame)
    return frame, bad


def _say_the_same(one: LabelledRow, other: LabelledRow) -> bool:
    """Whether two rows of one picture differ in nothing but where they stand."""
    return str(one._replace(line=0)) == str(other._replace(line=0))  # as text: nan is nan


def _check_pictures(frame: pd.DataFrame, faces: bool, quiet: bool) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows whose pictures decode as in a scan and show a face if they should, and the others."""
    detector = FaceDetector() if faces else None
    with ThreadPoolExecutor() as pool:
        jobs = pool.map(lambda file: _look(file, detector), frame["file"])
        bar = tqdm(jobs, total=len(frame), desc="looking", unit="picture", disable=quiet or None)
        seen = list(bar)
    frame = frame.assign(box=pd.Series([box for _, box in seen], frame.index, dtype=object))
    places = zip(frame["file"], frame["table"], frame["line"], seen, strict=True)
    bad = [
        Problem(table or file, line or None, reason) for file, table, line, (reason, _) in places if reason
    ]
    good = np.array([reason is None for reason, _ in seen], dtype=bool)
    return frame[good].reset_index(drop=True), bad


def _look(file: str, detector: FaceDetector | None) -> tuple[AgestatError | None, Box | None]:
    """Why a picture cannot be used, if so, and the face in it, if it was looked for."""
    try:
        pixels = decode(file, min_side=None if detector else CHECK_SIDE).pixels
    except DecodeError as error:
        name = Path(file).name
        return AgestatError("{name} cannot be read as a picture ({why})", name=name, why=error), None
    if detector is None:
        return None, None
    shown, box = find_face(pixels, detector)
    return (None if shown else AgestatError("no face was found in {name}", name=Path(file).name)), box


def _values(row: Row, source: str) -> LabelledRow:
    """The row's values; raises `AgestatError` with the reason where they make no sense."""
    if row.problem:
        raise row.problem
    if not os.path.isfile(row.file):  # noqa: PTH113 -- as in `_place` of layouts
        raise AgestatError("there is no file {name}", name=row.file.name)
    gender, (age, low, high) = read_gender(row.gender), _ages(row)
    if gender is None and np.isnan(low):
        raise AgestatError("neither gender nor age is given")
    split = SPLITS.get(row.split.lower(), row.split.lower())
    table, line = str(row.table or ""), row.line or 0
    file = str(row.file.absolute())
    return LabelledRow(file, split, gender, age, low, high, row.subject, row.domain, table, line, source)


def _ages(row: Row) -> tuple[float, float, float]:
    """Exact age and first and last year; what is written as the age fills a missing range."""
    said, (low, high) = read_ages(row.age), (_year(text) for text in (row.age_min, row.age_max))
    age = np.nan if said is None or said.exact is None else said.exact
    if said and np.isnan(low) and np.isnan(high):
        low, high = said.low, np.nan if said.high is None else said.high
    if np.isnan(low) and not np.isnan(high):
        low = 0.0
    if low > high or age < low or age >= high + 1:
        raise AgestatError(
            "ages contradict each other (age {age}, {low} to {high})",
            age=row.age or "-", low=row.age_min or "-", high=row.age_max or "-",
        )  # fmt: skip
    return age, low, high


def _year(text: str) -> float:
    said = read_ages(text)
    if said and said.exact is None:
        raise AgestatError("{text} is a range of ages: write it into the column age", text=text)
    return np.nan if said is None or said.exact is None else said.exact


def _splits(frame: pd.DataFrame) -> np.ndarray:
    """The splits as given; where none is, drawn. The rest of a set with some is for training."""
    given = frame["split"].to_numpy(dtype=object)
    if (given == "").all():
        return split_by_subject(frame)
    return np.where(given == "", "train", given)

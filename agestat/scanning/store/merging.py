"""Several stores made one: what was scanned in shards, on several machines, reads like one scan."""

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from agestat.errors import AgestatError
from agestat.scanning.store.reading import StoredRun
from agestat.scanning.store.schema import FILE_COLUMNS, address, check, connect, in_words, prepare

_COPY = (
    "INSERT OR IGNORE INTO roots (path) SELECT path FROM part.roots WHERE id IN "
    "(SELECT root_id FROM part.files WHERE run_id = :run)",
    """
INSERT INTO files (root_id, path, settings_id, run_id, {columns})
SELECT mine.id, theirs.path, 1, 1, {values} FROM part.files AS theirs
    JOIN part.roots AS root ON root.id = theirs.root_id JOIN main.roots AS mine ON mine.path = root.path
WHERE theirs.run_id = :run
""",
    """
INSERT INTO faces
SELECT files.id, number, x, y, faces.width, faces.height, score, sharpness, brightness, novelty, probabilities
FROM part.faces AS faces JOIN part.files AS theirs ON theirs.id = faces.file_id
    JOIN part.roots AS root ON root.id = theirs.root_id JOIN main.roots AS mine ON mine.path = root.path
    JOIN main.files AS files ON files.root_id = mine.id AND files.path = theirs.path
WHERE theirs.run_id = :run
""",
)
_COPY_OTHERS = (
    "INSERT OR IGNORE INTO roots (path) SELECT path FROM part.roots WHERE id IN "
    "(SELECT root_id FROM part.others WHERE run_id = :run)",
    """
INSERT OR IGNORE INTO others SELECT 1, mine.id, theirs.path, kind FROM part.others AS theirs
    JOIN part.roots AS root ON root.id = theirs.root_id JOIN main.roots AS mine ON mine.path = root.path
WHERE theirs.run_id = :run
""",  # every shard has met all of them
)
# A folder may be a root in one store and lie within a root of another.
_ROOTS = "SELECT path, id FROM main.roots"
_SAME = """
SELECT 1 FROM main.files AS deep CROSS JOIN main.files AS high
ON high.root_id = ?1 AND high.path = CAST(?2 || deep.path AS BLOB) WHERE deep.root_id = ?3
"""


def merge(stores: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> StoredRun:
    """Write the latest scans of ``stores`` into a new store ``out`` as one scan, which is returned.

    Raises `AgestatError` where they are of different models or settings, have a file in common, did not end,
    or ``out`` is there already. ``out`` appears when it is whole.
    """
    target = Path(out).absolute()
    if target.exists():
        raise AgestatError("{store} is there already: give --out another name.", store=out)
    parts = [_opened(Path(store).absolute()) for store in stores]
    _check_equal(parts)
    unfinished = target.with_name(f"{target.name}-part")
    with in_words(unfinished):
        unfinished.unlink(missing_ok=True)
        db = connect(unfinished, "rwc")
        try:
            prepare(db)
            _describe(db, parts)
            for part in parts:
                _copy(db, part)
            db.close()
            unfinished.replace(target)
        finally:
            db.close()
            unfinished.unlink(missing_ok=True)
    return StoredRun.latest(target)


def _opened(path: Path) -> StoredRun:
    if not path.exists():
        raise AgestatError("The store {store} is not there: check its name.", store=path)
    check(path)
    stored = StoredRun.latest(path)
    if stored.about["finished_at"] is None:
        raise AgestatError(
            "The scan in {store} was stopped before its end: repeat its command first.", store=path
        )
    return stored


def _check_equal(parts: Sequence[StoredRun]) -> None:
    first, *others = parts
    for other in others:
        if other.about["model_digest"] != first.about["model_digest"]:
            raise AgestatError(
                "{a} and {b} were scanned with different models: scan one of them again.",
                a=first.path,
                b=other.path,
            )
        if other.settings() != first.settings():
            raise AgestatError(
                "{a} and {b} were scanned with different settings: scan one of them again.",
                a=first.path,
                b=other.path,
            )


def _describe(db: sqlite3.Connection, parts: Sequence[StoredRun]) -> None:
    """Settings, model and run, which are the first of their tables."""
    db.execute("INSERT INTO settings (text) VALUES (?)", [parts[0].settings()])
    db.execute("INSERT INTO models VALUES (?, ?, ?)", parts[0].model_row())
    about = [part.about for part in parts]
    started, finished = (one["started_at"] for one in about), (one["finished_at"] for one in about)
    values = [json.dumps(_together(about), sort_keys=True), min(started), max(finished)]
    db.execute("INSERT INTO runs (settings_id, about, started_at, finished_at) VALUES (1, ?, ?, ?)", values)


def _together(about: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What is known of all the runs: of each option the value of the first, but all paths and roots."""
    options = {key: value for key, value in about[0].get("options", {}).items() if key != "shard"}
    paths = _union(one.get("options", {}).get("paths", ()) for one in about)
    roots = sorted(_union(one.get("roots", ()) for one in about))
    run = {key: value for key, value in about[0].items() if key not in ("started_at", "finished_at")}
    gone = sum((Counter(one.get("gone", {})) for one in about), Counter())
    known = {"gone": gone, "options": {**options, "paths": paths}}
    return {**run, **known} | ({"roots": roots} if "roots" in run else {})


def _union(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(one for many in lists for one in many))


def _copy(db: sqlite3.Connection, part: StoredRun) -> None:
    """The rows of one store. Raises `AgestatError` if one of its files is there already."""
    db.execute("ATTACH ? AS part", [address(part.path, "rw")])
    have = {row[1] for row in db.execute("PRAGMA part.table_info(files)")}
    has_others = bool(db.execute("PRAGMA part.table_info(others)").fetchall())
    values = ", ".join(f"theirs.{name}" if name in have else "NULL" for name in FILE_COLUMNS)
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in (*_COPY, *(_COPY_OTHERS if has_others else ())):
            db.execute(statement.format(columns=", ".join(FILE_COLUMNS), values=values), {"run": part.run})
    except sqlite3.IntegrityError:
        raise _overlap(part) from None
    if any(db.execute(_SAME, pair).fetchone() for pair in _nested(dict(db.execute(_ROOTS).fetchall()))):
        raise _overlap(part)
    db.execute("COMMIT")
    db.execute("DETACH part")


def _nested(roots: dict[bytes, int]) -> Iterator[tuple[int, bytes, int]]:
    """Roots within others: the outer one, the way from there, and the inner one."""
    for path, inner in roots.items():
        above = path
        while above not in (b"", b"/"):
            above = above.rpartition(b"/")[0] or (b"/" if above.startswith(b"/") else b"")
            if above in roots:
                yield roots[above], path[len(above.rstrip(b"/")) + 1 :] + b"/", inner


def _overlap(part: StoredRun) -> AgestatError:
    return AgestatError(
        "{store} holds files that another of the stores holds too: merge scans of different files.",
        store=part.path,
    )

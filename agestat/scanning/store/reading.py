"""Reading a store: the rows of one run, for as long as no later run has taken them over."""

import json
import os
from array import array
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from agestat.errors import AgestatError
from agestat.model.checkpoint import unpack_calibration
from agestat.model.label_space import SPACES, LabelSpace
from agestat.scanning.examine import DOUBTED, EXIF, IN_TILES, LIMITED, NAME
from agestat.scanning.store.queries import (
    COUNTS,
    EMPTIED,
    FACES,
    FAILURES,
    FILES,
    IN_ORDER,
    LATER,
    LATEST,
    OF_RUN,
)
from agestat.scanning.store.schema import (
    FILE_COLUMNS,
    WORDS,
    check,
    connect,
    file_columns,
    has_others,
    in_words,
)

SHOWN = ("status", "reason", "width", "height", "format", "taken_at", "camera", "faces", "faces_left_out",
         "part", "pages", "turn", "notes")  # fmt: skip
"""The columns of `StoredRun.files` after root and path."""
FACE_COLUMNS = ("x", "y", "faces.width", "faces.height", "score", "sharpness", "brightness", "novelty")
MEASURED = ("novelty", "sharpness", "brightness", "size", "score")
SLICE = 10_000  # faces unpacked at once
FETCHED = 500  # rows at once where there are many: more would set off Python's search for cycles every time
ROWS = 100_000  # at once where each becomes a row of a frame

Rows = list[tuple[Any, ...]]


class StoredRun:
    """One run of a store, to be read; any number of readers disturb neither each other nor a scan.

    Inside ``with``, which may be nested, everything is as at one moment, whatever is saved meanwhile;
    outside, each method looks anew. Roots and paths are bytes.
    """

    def __init__(self, path: str | os.PathLike[str], run: int) -> None:
        self.path = Path(path)
        self.run = run
        self._users, self._lock = 0, Lock()
        self._kept, self._left_out = "", 0  # a condition on faces, and how many it leaves out

    @classmethod
    def latest(cls, path: str | os.PathLike[str]) -> "StoredRun":
        """The last run of a store that is worth reading. Raises `AgestatError` where there is none."""
        stored = cls(Path(path).absolute(), 0)
        with stored:
            run = stored._one(LATEST)[0] if stored._columns else None
        if run is None:
            raise AgestatError(
                "The store {path} holds no scan yet: run `agestat scan` with it first.", path=path
            )
        return cls(stored.path, run)

    def leave_out(self, faces: Collection[tuple[int, int]]) -> None:
        """From now on read as if these faces were not there: the ids of their files and their numbers in
        them, from 0."""
        pairs = ", ".join(f"({file}, {number})" for file, number in sorted(set(faces)))
        self._kept = f"AND (file_id, number) NOT IN (VALUES {pairs})" if pairs else ""
        self._left_out = len(set(faces))

    def __enter__(self) -> "StoredRun":
        with self._lock:
            if self._users == 0:
                self._open()
            self._users += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._db.close()

    def _open(self) -> None:
        if not self.path.exists():
            raise AgestatError("The store {path} is not there any more: scan again.", path=self.path)
        check(self.path)
        with in_words(self.path):
            self._db = connect(self.path, "rw")
            try:
                self._db.execute("BEGIN")
                self._columns = file_columns(self._db)
                taken_over = self._columns and self._db.execute(LATER, [self.run] * 2).fetchone()
            except BaseException:
                self._db.close()
                raise
        if taken_over:
            self._db.close()
            raise AgestatError(
                "{path} was scanned into again since: use the result of that scan.", path=self.path
            )

    def _rows(self, query: str, *values: Any, size: int = ROWS) -> Iterator[Rows]:
        """The rows of a query in lists of at most ``size``."""
        with self, in_words(self.path):
            cursor = self._db.execute(query, values)
            while chunk := cursor.fetchmany(size):
                yield chunk

    def _all(self, query: str, *values: Any) -> Rows:
        return [row for chunk in self._rows(query, *values) for row in chunk]

    def _one(self, query: str, *values: Any) -> tuple[Any, ...]:
        (row,) = self._all(query, *values)
        return row

    @cached_property
    def about(self) -> dict[str, Any]:
        """Model, its digest, options, times (UTC), and the version of agestat."""
        query = "SELECT about, started_at, finished_at FROM runs WHERE id = ?"
        with self.understood():
            about, started, finished = self._one(query, self.run)
            known = json.loads(about)
            if not isinstance(known, dict) or not {"model", "model_digest", "agestat"} <= known.keys():
                raise ValueError
            if known.get("space") not in SPACES:
                raise ValueError
            if not all(isinstance(root, str) for root in known.get("roots", [])):
                raise ValueError
        return {**known, "started_at": started, "finished_at": finished}

    @property
    def space(self) -> LabelSpace:
        """What the model's probabilities mean."""
        return SPACES[self.about["space"]]

    def model(self) -> tuple[dict[str, Any], dict[str, np.ndarray] | None]:
        """Description (``model.json``) and calibration arrays of the model that made the rows."""
        query = "SELECT info, calibration FROM models WHERE digest = ?"
        with self.understood():
            ((info, calibration),) = self._all(query, self.about["model_digest"])
            info = json.loads(info)
            known = info.get("calibration", {}) if isinstance(info, dict) else None
            if not isinstance(known, dict) or not isinstance(known.get("name", ""), str):
                raise ValueError
            return info, None if calibration is None else unpack_calibration(calibration)

    def model_row(self) -> tuple[Any, ...]:
        """Digest, description and calibration set of the model, as they are stored."""
        return self._one("SELECT * FROM models WHERE digest = ?", self.about["model_digest"])

    def settings(self) -> str:
        """Network and detector: what must be equal for rows to be used again."""
        query = "SELECT text FROM settings WHERE id = (SELECT settings_id FROM runs WHERE id = ?)"
        return str(self._one(query, self.run)[0])

    def counts(self) -> dict[str, int]:
        """See `agestat.analysis.scan.Scan.counts`."""
        with self:
            found, failed, no_face, small, left_out, reused, faces = self._one(COUNTS, self.run)
            if self._kept:
                no_face += self._one(EMPTIED.format(kept=self._kept), self.run)[0]
        return {
            "found": found,
            "read": found - failed,
            "failed": failed,
            "no_face": no_face,
            "small_faces": small,
            "faces": faces - self._left_out,
            "faces_left_out": left_out,
            "faces_left_out_by_you": self._left_out,
            "reused": reused,
        }

    def remarks(self) -> dict[str, int]:
        """Pictures read in ``part``, ``turned``, looked at in ``tiles``, or with a ``limited`` look;
        ``pages`` beyond the first of their files."""
        with self:
            part, turn, notes, pages = map(self._column, ("part", "turn", "notes", "pages"))
            query = (
                f"SELECT count({part}), count(*) FILTER (WHERE {turn} > 0), "
                f"count(*) FILTER (WHERE instr({notes}, ?) > 0), "
                f"count(*) FILTER (WHERE instr({notes}, ?) > 0), "
                f"total(max({pages} - 1, 0)) FROM files WHERE run_id = ? AND status != 'failed'"
            )
            values = self._one(query, IN_TILES, LIMITED, self.run)
        return dict(zip(("part", "turned", "tiles", "limited", "pages"), map(int, values), strict=True))

    def dates(self) -> dict[str | None, int]:
        """How many pictures have their time from where; `DOUBTED` ones are those that tell a wrong one."""
        with self:
            source, notes = self._column("taken_from"), self._column("notes")
            query = (
                f"SELECT {source}, instr({notes}, ?) > 0, count(*) FROM files "
                "WHERE run_id = ? AND status != 'failed' GROUP BY 1, 2"
            )
            rows = self._all(query, DOUBTED, self.run)
        count: dict[str | None, int] = dict.fromkeys((EXIF, NAME, None, DOUBTED), 0)
        for source, doubted, number in rows:
            count[source] += number
            count[DOUBTED] += number if doubted else 0
        return count

    def failures(self) -> list[tuple[str, int]]:
        """Reasons and how many files failed for each, the most frequent first."""
        return self._all(FAILURES, self.run)

    def others(self) -> pd.DataFrame:
        """One row per file that was met and left out: ``root``, ``path`` and ``kind``."""
        query = (
            "SELECT roots.path, others.path, kind FROM others JOIN roots ON roots.id = root_id "
            "WHERE run_id = ? ORDER BY roots.path, others.path"
        )
        with self:
            rows = self._all(query, self.run) if has_others(self._db) else []
        return pd.DataFrame(rows, columns=["root", "path", "kind"], dtype=object)

    def other_kinds(self) -> dict[str, int]:
        """How many files of each kind were left out."""
        query = "SELECT kind, count(*) FROM others WHERE run_id = ? GROUP BY kind ORDER BY kind"
        with self:
            return dict(self._all(query, self.run)) if has_others(self._db) else {}

    def roots(self) -> list[bytes]:
        """The roots of its files."""
        query = "SELECT path FROM roots WHERE id IN (SELECT root_id FROM files WHERE run_id = ?)"
        return [root for (root,) in self._all(query, self.run)]

    def files(self, *, failed: bool = False) -> pd.DataFrame:
        """One row per file, or per file that failed: ``file_id``, ``root``, ``path`` and `SHOWN`."""
        with self:
            shown = ", ".join(map(self._column, SHOWN))
            which = "AND status = 'failed'" if failed else ""
            rows = self._all(
                f"SELECT files.id, roots.path, files.path, {shown} {FILES} {OF_RUN} {which} {IN_ORDER}",
                self.run,
            )
        with self.understood():
            frame = pd.DataFrame(rows, columns=["file_id", "root", "path", *SHOWN]).set_index("file_id")
            frame["taken_at"] = pd.to_datetime(frame["taken_at"], format="ISO8601")
            return frame.astype(dict.fromkeys(("width", "height", "pages", "turn"), "Int64"))

    def _column(self, name: str) -> str:
        """A column of the files; NULL in a store of a version that had none."""
        if name == "faces":
            return f"(SELECT count(*) FROM faces WHERE file_id = files.id {self._kept})"
        if name not in FILE_COLUMNS:
            raise KeyError(name)
        return f"files.{name}" if name in self._columns else "NULL"

    def facts(self, *columns: str) -> Iterator[Rows]:
        """``file_id``, root, path and columns of every file, in lists of bounded size."""
        with self:
            names = "".join(f", {self._column(name)}" for name in columns)
            query = f"SELECT files.id, roots.path, files.path{names} {FILES} {OF_RUN} {IN_ORDER}"
            yield from self._rows(query, self.run, size=FETCHED)

    def faces(self) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
        """Frames of bounded size, one at least, with a row per face: ``file_id``, ``root``, ``path``, the box
        in pixels and what was measured of it; and ``(n, L)`` probabilities of the model's heads."""
        columns = ", ".join(("files.id", "roots.path", "files.path", *FACE_COLUMNS, "probabilities"))
        query = f"SELECT {columns} {FACES} {OF_RUN} {self._kept} {IN_ORDER}, number"
        empty = True
        for rows in self._rows(query, self.run):
            yield self._face_frame(rows)
            empty = False
        if empty:
            yield self._face_frame([])

    def _face_frame(self, rows: Rows) -> tuple[pd.DataFrame, np.ndarray]:
        names = ["file_id", "root", "path", *(name.removeprefix("faces.") for name in FACE_COLUMNS)]
        columns = list(zip(*rows, strict=True)) or [()] * (len(names) + 1)
        with self.understood():
            frame = pd.DataFrame(dict(zip(names, columns, strict=False)))
            for name in ("sharpness", "brightness", "novelty"):
                frame[name] = np.array(frame[name], dtype=float)
            return frame, self._unpack(columns[-1])

    def _unpack(self, blobs: "list[bytes] | tuple[bytes, ...]") -> np.ndarray:
        return self.space.unpack(blobs) if blobs else np.empty((0, self.space.width), np.float32)

    def probabilities(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """``(n,)`` file ids and ``(n, L)`` probabilities of all faces, about `SLICE` at a time."""
        ids, blobs = array("q"), list[bytes]()
        query = f"SELECT files.id, probabilities {FACES} {OF_RUN} {self._kept} {IN_ORDER}, number"
        for rows in self._rows(query, self.run, size=FETCHED):
            with self.understood():
                more_ids, more_blobs = zip(*rows, strict=True)
                ids.extend(more_ids)
            blobs.extend(more_blobs)
            if len(ids) >= SLICE:
                yield self._slice(ids, blobs)
                ids, blobs = array("q"), []
        if ids:
            yield self._slice(ids, blobs)

    def _slice(self, ids: "array[int]", blobs: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
        with self.understood():
            return np.array(ids, np.int64), self._unpack(blobs)

    def measured(self, every: int = 1) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """``(n,)`` file ids, ``(n, 5) float32`` `MEASURED` and ``(n, L)`` probabilities of about one of
        ``every`` faces."""
        # the low digits of a sharpness are chance, and the same in every scan
        some = "AND CAST(sharpness * 4096 AS INTEGER) % ? = 0"
        columns = "novelty, sharpness, brightness, min(faces.width, faces.height), score, probabilities"
        query = f"SELECT files.id, {columns} {FACES} {OF_RUN} {self._kept} {some} {IN_ORDER}, number"
        for rows in self._rows(query, self.run, every):
            with self.understood():
                ids, *numbers, blobs = zip(*rows, strict=True)
                measured = np.array(numbers, dtype=np.float32).T
                yield np.array(ids, np.int64), measured, self._unpack(blobs)

    def place(self, file_id: int) -> tuple[bytes, bytes, int | None, int | None, int | None]:
        """Root, path, size in bytes, time of change in nanoseconds of a file, and degrees of its turn."""
        root, path, size, mtime_ns, turn = self._one(
            f"SELECT roots.path, files.path, size, mtime_ns, {self._column('turn')} "
            "FROM files JOIN roots ON roots.id = root_id WHERE files.id = ?",
            file_id,
        )
        return root, path, size, mtime_ns, turn

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Rows of other types than ours: somebody changed the store."""
        try:
            yield
        except (OverflowError, RecursionError, TypeError, ValueError) as error:
            raise AgestatError(WORDS["malformed"], path=self.path) from error

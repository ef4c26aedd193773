"""Writing a store: one process at a time, rows as they come, all of a transaction or nothing."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from agestat.images.reasons import LASTING
from agestat.images.walk import Entry, Found, LeftOut, Unwalkable
from agestat.scanning.examine import FAILED, Examined
from agestat.scanning.store.lock import only_writer
from agestat.scanning.store.schema import FILE_COLUMNS, check, connect, in_words, prepare

_KEYS = ("root_id", "path", "settings_id")
_COLUMNS = (*_KEYS, "run_id", *FILE_COLUMNS)
_PUT_FILE = f"""
INSERT INTO files ({", ".join(_COLUMNS)}) VALUES ({", ".join("?" * len(_COLUMNS))})
ON CONFLICT ({", ".join(_KEYS)}) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEYS)}
RETURNING id
"""
_FIND_FILE = """
SELECT files.id, status, size, mtime_ns, reason, ctime_ns FROM files JOIN roots ON roots.id = root_id
WHERE roots.path = ? AND files.path = ? AND settings_id = (SELECT settings_id FROM runs WHERE id = ?)
"""
# What was moved is told by its bytes. Since somebody asked for a fresh look nobody misses older rows. CROSS
# JOIN lets SQLite walk the rows of older runs alone.
_MISSED = """
SELECT roots.path, files.path, size, mtime_ns,
    run_id >= (SELECT max(id) FROM runs WHERE id < ?1 AND settings_id = files.settings_id
        AND finished_at IS NOT NULL)
FROM files CROSS JOIN roots ON roots.id = root_id
WHERE settings_id = (SELECT settings_id FROM runs WHERE id = ?1) AND run_id >= ?2 AND run_id < ?1
    AND roots.path = ?3 AND status != 'failed'
    AND content NOT IN (SELECT content FROM files WHERE run_id = ?1 AND content IS NOT NULL)
"""


class Known(NamedTuple):
    """A stored row that still holds."""

    id: int
    status: str


class Row(NamedTuple):
    """What one file adds to the store: its answer, and per face the packed probabilities and the novelty."""

    file: Found | Unwalkable
    answer: Examined
    probabilities: Sequence[bytes] = ()
    novelty: Sequence[float | None] = ()


class Store:
    """A store to write; inside ``with`` nobody else writes it. Raises `AgestatError` for any trouble."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()

    def __enter__(self) -> "Store":
        if self.path.exists():
            check(self.path)
        with in_words(self.path), ExitStack() as stack:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(only_writer(self.path))
            self._db = connect(self.path, "rwc")
            stack.callback(self._db.close)
            prepare(self._db)
            self._open = stack.pop_all()
        self._roots: dict[str, int] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def begin_run(self, settings: str, about: dict[str, Any]) -> int:
        """A new run with these settings; ``about`` is kept for the record. Returns its id."""
        with self.transaction():
            self._db.execute("INSERT OR IGNORE INTO settings (text) VALUES (?)", [settings])
            added = self._db.execute(
                "INSERT INTO runs (settings_id, about, started_at) "
                "VALUES ((SELECT id FROM settings WHERE text = ?), ?, ?)",
                [settings, json.dumps(about, sort_keys=True), _now()],
            )
            return int(added.lastrowid or 0)

    def keep_model(self, info: dict[str, Any], calibration: bytes | None) -> None:
        """Keep what the rows of a model mean: its description and calibration set (``calibration.npz``). A
        store is then whole by itself, and names no file that would be read later."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO models VALUES (?, ?, ?)",
                [info["sha256"], json.dumps(info), calibration],
            )

    def end_run(self, run: int, **about: Any) -> None:
        """Note that the run has met every file, and more ``about`` it; what earlier ones of its settings left
        out is forgotten."""
        with self.transaction():
            known = json.loads(self._db.execute("SELECT about FROM runs WHERE id = ?", [run]).fetchone()[0])
            text = json.dumps({**known, **about}, sort_keys=True)
            self._db.execute(
                "DELETE FROM others WHERE run_id < ?1 AND run_id IN (SELECT id FROM runs WHERE settings_id = "
                "(SELECT settings_id FROM runs WHERE id = ?1))",
                [run],
            )
            self._db.execute("UPDATE runs SET finished_at = ?, about = ? WHERE id = ?", [_now(), text, run])

    def lookup(self, run: int, file: Entry) -> Known | None:
        """The stored row of a file, if it was made with the run's settings and still holds."""
        if file.size is None:  # it cannot be told
            return None
        found = self._db.execute(_FIND_FILE, [os.fsencode(file.root), os.fsencode(file.path), run]).fetchone()
        if found is None or found[2:4] != (file.size, file.mtime_ns):
            return None
        if found[1] == FAILED and (found[4] not in LASTING or found[5] != file.ctime_ns):
            return None  # its bytes may have come since, behind a size and a time that were set before
        return Known(*found[:2])

    def keep(self, run: int, ids: Sequence[int]) -> None:
        """Take stored rows into a run as they are. Call in a transaction."""
        self._db.executemany("UPDATE files SET run_id = ? WHERE id = ?", [(run, file_id) for file_id in ids])
        self._db.execute("UPDATE runs SET reused = reused + ? WHERE id = ?", [len(ids), run])

    def write(self, run: int, rows: Iterable[Row]) -> None:
        """Put rows, in place of older ones of the same files and settings. Call in a transaction."""
        settings = self._db.execute("SELECT settings_id FROM runs WHERE id = ?", [run]).fetchone()[0]
        for row in rows:
            self._write_one(run, settings, row)

    def _write_one(self, run: int, settings: int, row: Row) -> None:
        file, answer = row.file, row.answer
        known = {**vars(file), **vars(answer)}
        keys = (self._root(file.root), os.fsencode(file.path), settings, run)
        values = [*keys, *(known.get(name) for name in FILE_COLUMNS)]
        (file_id,) = self._db.execute(_PUT_FILE, values).fetchone()
        self._db.execute("DELETE FROM faces WHERE file_id = ?", [file_id])
        self._db.executemany(
            "INSERT INTO faces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (file_id, number, *face, novelty, probabilities)
                for number, (face, novelty, probabilities) in enumerate(
                    zip(answer.faces, row.novelty, row.probabilities, strict=True)
                )
            ],
        )

    def leave_out(self, run: int, files: Iterable[LeftOut]) -> None:
        """Note files that a run met and left out. Call in a transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO others VALUES (?, ?, ?, ?)",
            [(run, self._root(file.root), os.fsencode(file.path), file.kind) for file in files],
        )

    def held_pictures(self, folder: str) -> bool:
        """Whether the last finished scan of a folder met any file in it."""
        runs = self._db.execute("SELECT id, about FROM runs WHERE finished_at IS NOT NULL ORDER BY id DESC")
        run = next((run for run, about in runs if folder in json.loads(about).get("roots", [])), None)
        query = (
            "SELECT 1 FROM files JOIN roots ON roots.id = root_id WHERE roots.path = ? AND run_id = ? LIMIT 1"
        )
        return self._db.execute(query, [os.fsencode(folder), run]).fetchone() is not None

    def missed(self, run: int, roots: Iterable[str]) -> Iterator[tuple[Found, bool]]:
        """Pictures below ``roots`` that runs before this one read, since the last fresh one, and this one did
        not meet anywhere; and whether the last run before it had."""
        runs = self._db.execute("SELECT id, about FROM runs WHERE id < ?", [run])
        since = max((other for other, about in runs if json.loads(about).get("fresh")), default=0)
        for root in roots:
            for where, path, *known, is_news in self._db.execute(_MISSED, [run, since, os.fsencode(root)]):
                yield Found(os.fsdecode(where), os.fsdecode(path), *known), bool(is_news)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept together or not at all."""
        with in_words(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _root(self, root: str) -> int:
        if root not in self._roots:
            path = os.fsencode(root)
            self._db.execute("INSERT OR IGNORE INTO roots (path) VALUES (?)", [path])
            self._roots[root] = self._db.execute("SELECT id FROM roots WHERE path = ?", [path]).fetchone()[0]
        return self._roots[root]


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")

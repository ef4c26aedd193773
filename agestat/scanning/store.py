"""The store: one SQLite file with a row per file and per face, written as the scan goes.

A row belongs to a root, a path and the settings (network, detector) that made it, so that different settings
live side by side; it is used again only while the file's size and time are the same. Paths are kept as bytes.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from agestat.errors import AgestatError
from agestat.images.reasons import LASTING
from agestat.images.walk import Found, Unwalkable
from agestat.scanning.examine import FAILED, Examined

APPLICATION = 0x41676553  # "AgeS", in SQLite's header
SCHEMA = 2
_MAGIC = b"SQLite format 3\0"

_TABLES = """
CREATE TABLE roots (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
CREATE TABLE settings (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE models (digest TEXT PRIMARY KEY, info TEXT NOT NULL, calibration BLOB);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, settings_id INTEGER NOT NULL REFERENCES settings, about TEXT NOT NULL,
    started_at TEXT NOT NULL, finished_at TEXT, reused INTEGER NOT NULL DEFAULT 0);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, root_id INTEGER NOT NULL REFERENCES roots, path BLOB NOT NULL,
    settings_id INTEGER NOT NULL REFERENCES settings, run_id INTEGER NOT NULL REFERENCES runs,
    size INTEGER, mtime_ns INTEGER, status TEXT NOT NULL, reason TEXT, width INTEGER, height INTEGER,
    format TEXT, taken_at TEXT, camera TEXT, faces_left_out INTEGER NOT NULL,
    UNIQUE (root_id, path, settings_id));
CREATE INDEX files_of_run ON files (run_id);
CREATE TABLE faces (
    file_id INTEGER NOT NULL REFERENCES files, number INTEGER NOT NULL,
    x INTEGER NOT NULL, y INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    score REAL NOT NULL, sharpness REAL NOT NULL, brightness REAL NOT NULL, novelty REAL,
    probabilities BLOB NOT NULL,
    PRIMARY KEY (file_id, number)) WITHOUT ROWID;
"""
_PUT_FILE = """
INSERT INTO files (root_id, path, settings_id, run_id, size, mtime_ns, status, reason, width, height, format,
    taken_at, camera, faces_left_out)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (root_id, path, settings_id) DO UPDATE SET run_id = excluded.run_id, size = excluded.size,
    mtime_ns = excluded.mtime_ns, status = excluded.status, reason = excluded.reason, width = excluded.width,
    height = excluded.height, format = excluded.format, taken_at = excluded.taken_at,
    camera = excluded.camera, faces_left_out = excluded.faces_left_out
RETURNING id
"""


_FIND_FILE = """
SELECT files.id, status, size, mtime_ns, reason FROM files JOIN roots ON roots.id = root_id
WHERE roots.path = ? AND files.path = ? AND settings_id = (SELECT settings_id FROM runs WHERE id = ?)
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
    """A store; inside ``with``, which may be nested, it is open and nobody else can use the file. Raises
    `AgestatError` for any trouble."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()
        self._users, self._lock = 0, Lock()

    def __enter__(self) -> "Store":
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
        if self.path.exists():
            _check(self.path)
        with self._in_words():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._connect()
            if not self._is_archived():
                self._prepare()
        self._roots: dict[str, int] = {}

    def _is_archived(self) -> bool:
        """Whether the file, or its folder, may be read only and nothing waits beside it to be written."""
        return (
            self.path.exists()
            and not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK))
            and not self.path.with_name(f"{self.path.name}-wal").exists()
        )

    def _connect(self) -> sqlite3.Connection:
        where = self.path.as_uri() + ("?mode=ro&immutable=1" if self._is_archived() else "")
        return sqlite3.connect(where, timeout=1.0, isolation_level=None, check_same_thread=False, uri=True)

    def _prepare(self) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("BEGIN EXCLUSIVE")
        if self._db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
            self._create()
        self._db.execute("COMMIT")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")

    def _create(self) -> None:
        for statement in _TABLES.split(";\n"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA application_id = {APPLICATION}")
        self._db.execute(f"PRAGMA user_version = {SCHEMA}")

    def begin_run(self, settings: str, about: dict[str, Any]) -> int:
        """A new run with these settings; ``about`` is kept for the record. Returns its id."""
        with self.transaction():
            self._db.execute("INSERT OR IGNORE INTO settings (text) VALUES (?)", [settings])
            return self._insert(
                "INSERT INTO runs (settings_id, about, started_at) "
                "VALUES ((SELECT id FROM settings WHERE text = ?), ?, ?)",
                [settings, json.dumps(about, sort_keys=True), _now()],
            )

    def keep_model(self, info: dict[str, Any], calibration: bytes | None) -> None:
        """Keep what the rows of a model mean: its description and calibration set (``calibration.npz``). A
        store is then whole by itself, and names no file that would be read later."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO models VALUES (?, ?, ?)",
                [info["sha256"], json.dumps(info), calibration],
            )

    def end_run(self, run: int) -> None:
        """Note that the run has met every file."""
        with self.transaction():
            self._db.execute("UPDATE runs SET finished_at = ? WHERE id = ?", [_now(), run])

    def lookup(self, run: int, file: Found) -> Known | None:
        """The stored row of a file, if it was made with the run's settings and still holds."""
        found = self._db.execute(_FIND_FILE, [os.fsencode(file.root), os.fsencode(file.path), run]).fetchone()
        if found is None or found[2:4] != (file.size, file.mtime_ns):
            return None
        if found[1] == FAILED and found[4] not in LASTING:
            return None
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
        size, mtime_ns = (file.size, file.mtime_ns) if isinstance(file, Found) else (None, None)
        (file_id,) = self._db.execute(
            _PUT_FILE,
            [
                self._root(file.root), os.fsencode(file.path), settings, run,
                size, mtime_ns, answer.status, answer.reason, answer.width, answer.height,
                answer.format, answer.taken_at, answer.camera, answer.faces_left_out,
            ],
        ).fetchone()  # fmt: skip
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

    def rows(
        self, query: str, values: Sequence[Any] = (), size: int = 100_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in lists of at most ``size``."""
        with self._in_words():
            cursor = self._db.execute(query, values)
            while chunk := cursor.fetchmany(size):
                yield chunk

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept together or not at all."""
        with self._in_words():
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

    def _insert(self, statement: str, values: Sequence[Any]) -> int:
        return int(self._db.execute(statement, values).lastrowid or 0)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise AgestatError(_sentence(self.path, str(error))) from error
        except OSError as error:
            raise AgestatError(
                f"The store {self.path} cannot be used ({error.strerror}): choose another --db."
            ) from error


def _sentence(path: Path, message: str) -> str:
    for words, sentence in (
        ("locked", "is in use by another run: wait for it to end, or choose another --db"),
        ("full", "has no room left on its disk: free some and repeat the command, what was finished is kept"),
        ("readonly", "may not be written to: choose another --db"),
        ("unable to open", "cannot be opened: check that its folder exists and may be written to"),
        ("malformed", "is damaged: move it away and scan again"),
    ):
        if words in message:
            return f"The store {path} {sentence}."
    return f"The store {path} cannot be used ({message}): move it away or choose another --db."


def _check(path: Path) -> None:
    """Look at the header only, so that a file that is not ours stays as it is."""
    if not path.is_file():
        raise AgestatError(f"The store {path} is not a file: choose another --db.")
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise AgestatError(
            f"The store {path} cannot be read ({error.strerror}): choose another --db."
        ) from error
    if not head:
        return
    version, application = (int.from_bytes(head[at : at + 4], "big") for at in (60, 68))
    if len(head) < 100 or head[:16] != _MAGIC or application != APPLICATION:
        raise AgestatError(f"{path} is not a store of agestat, or a damaged one: choose another --db.")
    if version > SCHEMA:
        raise AgestatError(
            f"The store {path} was made by a newer agestat: update agestat or choose another --db."
        )
    if version < SCHEMA:
        raise AgestatError(
            f"The store {path} was made by an older agestat: move it away or choose another --db."
        )


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")

"""What stands in a store, which versions are understood, and how a connection to one is opened."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePath

from agestat.errors import N_, AgestatError

APPLICATION = 0x41676553  # "AgeS", in SQLite's header
NOTHING, FOREIGN = -1, -2  # in place of it: an empty file, and what is no database
SCHEMA = 3
OLDEST = 2  # the first that is still read, and upgraded when it is written to
WAIT_SECONDS = 5.0  # for another process that opens, saves or closes at this moment

# What is known of a file, beside its keys. A scan writes each column from the field of that name of what the
# walk or the decoder found. To add one, give it a line here, nullable: stores of before have it as NULL.
FILE_COLUMNS = {
    "size": "INTEGER",
    "mtime_ns": "INTEGER",
    "status": "TEXT NOT NULL",
    "reason": "TEXT",
    "width": "INTEGER",
    "height": "INTEGER",
    "format": "TEXT",
    "taken_at": "TEXT",
    "camera": "TEXT",
    "faces_left_out": "INTEGER NOT NULL",
    "ctime_ns": "INTEGER",
    "part": "REAL",  # share of the picture that could be decoded, 0 to 1
    "pages": "INTEGER",  # pictures in the file, of which the first was examined
    "turn": "INTEGER",  # degrees by which it was turned to find its faces
    "content": "BLOB",  # hash of the file's bytes
    "look": "BLOB",  # perceptual hash
    "taken_from": "TEXT",  # where `taken_at` is from: exif or name
    "notes": "TEXT",
}
_TABLES = f"""
CREATE TABLE roots (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
CREATE TABLE settings (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE models (digest TEXT PRIMARY KEY, info TEXT NOT NULL, calibration BLOB);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, settings_id INTEGER NOT NULL REFERENCES settings, about TEXT NOT NULL,
    started_at TEXT NOT NULL, finished_at TEXT, reused INTEGER NOT NULL DEFAULT 0);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, root_id INTEGER NOT NULL REFERENCES roots, path BLOB NOT NULL,
    settings_id INTEGER NOT NULL REFERENCES settings, run_id INTEGER NOT NULL REFERENCES runs,
    {", ".join(f"{name} {kind}" for name, kind in FILE_COLUMNS.items())},
    UNIQUE (root_id, path, settings_id));
CREATE INDEX files_of_run ON files (run_id);
CREATE TABLE faces (
    file_id INTEGER NOT NULL REFERENCES files, number INTEGER NOT NULL,
    x INTEGER NOT NULL, y INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    score REAL NOT NULL, sharpness REAL NOT NULL, brightness REAL NOT NULL, novelty REAL,
    probabilities BLOB NOT NULL,
    PRIMARY KEY (file_id, number)) WITHOUT ROWID;
"""
_OTHERS = """
CREATE TABLE IF NOT EXISTS others (
    run_id INTEGER NOT NULL REFERENCES runs, root_id INTEGER NOT NULL REFERENCES roots, path BLOB NOT NULL,
    kind TEXT NOT NULL, PRIMARY KEY (run_id, root_id, path)) WITHOUT ROWID
"""  # files that a run met and left out


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables of a new store, and the columns that one of an older version lacks."""
    db.execute("BEGIN IMMEDIATE")
    if not file_columns(db):
        for statement in _TABLES.split(";\n"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
    for name in FILE_COLUMNS.keys() - file_columns(db):
        db.execute(f"ALTER TABLE files ADD COLUMN {name} {FILE_COLUMNS[name]}")
    db.execute(_OTHERS)
    db.execute(f"PRAGMA user_version = {SCHEMA}")
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")


def file_columns(db: sqlite3.Connection) -> set[str]:
    """The columns that this store's table of files has; none in a file that is empty yet."""
    return {row[1] for row in db.execute("PRAGMA table_info(files)")}


def has_others(db: sqlite3.Connection) -> bool:
    """Whether this store knows of files that were left out."""
    return bool(list(db.execute("PRAGMA table_info(others)")))


def _uri(path: PurePath) -> str:
    """A file URI as SQLite understands it: a share of Windows' (``\\\\nas\\photos``) is no host to it."""
    uri = path.as_uri()
    return uri.replace("file://", "file:////", 1) if path.drive.startswith("\\\\") else uri


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open a store in a mode of SQLite's: ``rw`` or, to make a new one, ``rwc``."""
    return sqlite3.connect(
        address(path, mode),
        timeout=WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )


def address(path: Path, mode: str) -> str:
    """A store's address. One that may only be read, and beside which nothing waits to be written, is taken as
    an archive that nobody changes."""
    if path.exists() and not _may_write(path):
        waits = path.with_name(f"{path.name}-wal").exists()
        mode = "ro" if waits else "ro&immutable=1"
    return f"{_uri(path)}?mode={mode}"


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def check(path: Path) -> None:
    """Raise `AgestatError` for a file that is no store or of another version. It stays as it is."""
    if not path.is_file():
        raise AgestatError("The store {path} is not a file: choose another --db.", path=path)
    if not os.access(path, os.R_OK):
        raise AgestatError(
            "The store {path} cannot be read (Permission denied): choose another --db.", path=path
        )
    application, version = _header(path)
    if application == NOTHING:
        return
    if application != APPLICATION:
        raise AgestatError(
            "{path} is not a store of agestat, or a damaged one: choose another --db.", path=path
        )
    if version > SCHEMA:
        raise AgestatError(
            "The store {path} was made by a newer agestat: update agestat or choose another --db.", path=path
        )
    if version < OLDEST:
        raise AgestatError(
            "The store {path} was made by an older agestat: move it away or choose another --db.", path=path
        )


def is_database(path: Path) -> bool:
    """Whether a file is one of SQLite's."""
    return _header(path)[0] not in (NOTHING, FOREIGN)


def _header(path: Path) -> tuple[int, int]:
    """Application and version of a database.

    SQLite itself reads them: to open and close the file beside SQLite drops the locks that this process has
    on it. ``immutable`` leaves no trace.
    """
    try:
        with closing(sqlite3.connect(f"{_uri(path.absolute())}?mode=ro&immutable=1", uri=True)) as db:
            queries = "PRAGMA application_id", "PRAGMA user_version"
            application, version = (db.execute(query).fetchone()[0] for query in queries)
            if application == version == 0:  # nobody's, or empty yet
                (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
                return (0 if tables else NOTHING), 0
            return application, version
    except sqlite3.Error as error:
        if "malformed" not in str(error):
            return FOREIGN, 0
    with path.open("rb") as file:  # a disk was full while it was saved: the rest still waits beside it
        head = file.read(100)
    return int.from_bytes(head[68:72], "big"), int.from_bytes(head[60:64], "big")


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Errors of SQLite and of the system as `AgestatError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise AgestatError(_sentence(str(error)), path=path, reason=error) from error
    except OSError as error:
        raise AgestatError(
            "The store {path} cannot be used ({reason}): choose another --db.",
            path=path,
            reason=error.strerror,
        ) from error


IN_USE = N_("The store {path} is in use by another run: wait for it to end, or choose another --db.")
WORDS = {  # what SQLite says, and what we say
    "locked": IN_USE,
    "full": N_(
        "The store {path} has no room left on its disk: free some and repeat the command, "
        "what was finished is kept."
    ),
    "readonly": N_("The store {path} may not be written to: choose another --db."),
    "unable to open": N_(
        "The store {path} cannot be opened: check that its folder exists and may be written to."
    ),
    "malformed": N_("The store {path} is damaged: move it away and scan again."),
}
UNUSABLE = N_("The store {path} cannot be used ({reason}): move it away or choose another --db.")


def _sentence(said: str) -> str:
    return next((sentence for words, sentence in WORDS.items() if words in said), UNUSABLE)

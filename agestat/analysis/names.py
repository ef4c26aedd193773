"""Names of files: as text, as hashes that nobody can undo, and what they lead to."""

import hashlib
import os
from pathlib import Path

import pandas as pd

from agestat.images.decode import sniff
from agestat.images.walk import LATEST
from agestat.scanning.store import is_database


def with_names(frame: pd.DataFrame, salt: bytes | None = None) -> pd.DataFrame:
    """A frame whose columns ``root`` and ``path`` are bytes, with text in their place, or hashes with a
    ``salt``. Not pandas' own strings: those hold no names that are not UTF-8."""
    roots, paths = list(frame["root"]), list(frame["path"])
    if salt is None:
        names = list(map(os.fsdecode, roots)), list(map(os.fsdecode, paths))
    else:
        files = (root + b"/" + path for root, path in zip(roots, paths, strict=True))
        names = [_hash(root, salt) for root in roots], [_hash(file, salt) for file in files]
    for column, values in zip(("root", "path"), names, strict=True):
        frame[column] = pd.Series(values, frame.index, dtype=object)
    return frame


def unchanged_file(place: tuple[bytes, bytes, int | None, int | None, int | None]) -> tuple[str, int] | None:
    """Where a scanned file is, by what `StoredRun.place` knows of it, if what is there still has the size and
    time of what was scanned; and by how many quarter turns clockwise its faces were found."""
    root, path, *known, turn = place
    full = os.path.join(os.fsdecode(root), os.fsdecode(path))  # noqa: PTH118 -- odd names stay
    try:
        status = os.stat(full)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    is_same = [status.st_size, min(status.st_mtime_ns, LATEST)] == known
    return (full, (90, 180, 270).index(turn) + 1 if turn in (90, 180, 270) else 0) if is_same else None


def is_store(file: Path) -> bool:
    """Whether a file that was named is no picture that was scanned."""
    if not file.is_file():
        return False
    if is_database(file):
        return True
    with file.open("rb") as stream:
        return sniff(stream.read(32)) is None


def _hash(name: bytes, salt: bytes) -> str:
    return hashlib.blake2b(name, key=salt, digest_size=16).hexdigest()

"""Stores in the user's cache folder, one per set of scanned paths: where, what is there, how they go."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from agestat.errors import N_, AgestatError
from agestat.files import user_folder
from agestat.scanning.store.lock import only_writer
from agestat.scanning.store.reading import StoredRun
from agestat.scanning.store.schema import check, in_words, is_database

_NO_HOME = N_(
    "This user has no home folder to keep scans in: name a file with --db, and give that file in "
    "place of the folder from then on."
)
BESIDE = ("", "-wal", "-shm")  # what SQLite keeps of a store: endings of file names


class Kept(NamedTuple):
    """A store: its ``file``, the ``paths`` of its latest scan, when that ended or began (ISO 8601, UTC), its
    files, and bytes on disk. One that cannot be read has no scan and says why in ``trouble``."""

    file: Path
    size: int
    paths: tuple[str, ...] = ()
    time: str | None = None
    files: int = 0
    trouble: AgestatError | None = None


def store_of(paths: Iterable[str | os.PathLike[str]], shard: tuple[int, int] | None = None) -> Path:
    """The store's file for these paths, whatever their order, or for a shard of them."""
    key = hashlib.sha256()
    for path in sorted({_whole(os.fsencode(path)) for path in paths}):
        key.update(path + b"\0")
    if shard:
        key.update(b"%d/%d" % shard)
    return _home() / f"{key.hexdigest()[:24]}.sqlite"


def scanned(*paths: str | os.PathLike[str]) -> Path:
    """The store of what was scanned together. Raises `AgestatError` where there is none, naming the scan of a
    folder around it if there is one."""
    file, names = store_of(paths), " ".join(map(str, paths))
    if file.is_file():
        return file
    around = Path(os.path.abspath(paths[0])).parents  # noqa: PTH100 -- odd names
    if whole := next((folder for folder in around if store_of([folder]).is_file()), None):
        raise AgestatError(
            "{names} was scanned as a part of {whole}: give that with --by folder to see its groups, or run "
            "`agestat scan {names}` first.",
            names=names, whole=whole,
        )  # fmt: skip
    raise AgestatError("There is no scan of {names} yet: run `agestat scan {names}` first.", names=names)


def _whole(path: bytes) -> bytes:
    return path if b"://" in path else os.path.abspath(path)  # noqa: PTH100 -- odd names


def kept() -> Iterator[Kept]:
    """All of them, the latest first."""
    files = [file for file in _home().glob("*.sqlite") if file.is_file()]
    yield from sorted(map(_look_into, files), key=lambda one: one.time or "", reverse=True)


def _look_into(file: Path) -> Kept:
    size = sum(path.stat().st_size for path in _parts(file))
    try:
        with StoredRun.latest(file) as stored:
            about = stored.about
            paths = about.get("roots") or about.get("options", {}).get("paths", ())
            time = about["finished_at"] or about["started_at"]
            return Kept(file, size, tuple(map(str, paths)), time, stored.counts()["found"])
    except AgestatError as trouble:
        return Kept(file, size, trouble=trouble)


def remove(path: str | os.PathLike[str]) -> int:
    """Delete a store, given its file or a scanned folder. Returns the bytes freed; raises `AgestatError` for
    one that is not there, not ours, or written at this moment."""
    file = Path(path).absolute()
    if not (file.is_file() and is_database(file)):
        file = store_of([path])
    if not file.is_file():
        raise AgestatError("There is no store of {path}: `agestat stores` lists them.", path=path)
    check(file)
    with in_words(file), only_writer(file):
        parts = _parts(file)
        freed = sum(part.stat().st_size for part in parts)
        for part in parts:
            part.unlink()
    return freed


def _home() -> Path:
    return user_folder(user_cache_path, _NO_HOME) / "scans"


def _parts(file: Path) -> list[Path]:
    return [part for ending in BESIDE if (part := file.with_name(file.name + ending)).exists()]

"""``--by``: which group a file belongs to."""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from agestat.errors import AgestatError, UsageError
from agestat.written.paths import composed
from agestat.written.tables import Table, comparable

UNKNOWN = "unknown"
FEWEST = 10  # faces without which no shares are estimated, unless it is asked for otherwise
CLUSTERS = ("photo", "folder")  # what is taken as one observation
BETWEEN = " | "  # between the parts of a group of several --by
_DAYS = ("1 Monday", "2 Tuesday", "3 Wednesday", "4 Thursday", "5 Friday", "6 Saturday", "7 Sunday")
# The part of an ISO 8601 text that names a group, and what it must match.
_TIMES: dict[str, tuple[str, Callable[[str], str]]] = {
    "year": (r"\d{4}", lambda time: time),
    "month": (r"\d{4}-\d\d", lambda time: time),
    "weekday": (r"\d{4}-\d\d-\d\d", lambda time: _DAYS[date.fromisoformat(time).weekday()]),
    "hour": (r"\d{4}-\d\d-\d\dT\d\d", lambda time: time[-2:]),
}


class Facts(NamedTuple):
    """What is known of a file: ``taken_at`` ISO 8601 as far as EXIF or its name tells, ``mtime_ns`` by the
    file system."""

    root: str
    path: str
    taken_at: str | None
    mtime_ns: int | None
    camera: str | None


Key = Callable[[Facts], str]
By = str | Sequence[str] | None  # one key as on the command line, several to cross, or none


def parse_by(
    specs: By,
    *,
    roots: Sequence[str] = (),
    folders: Collection[str] | None = None,
    metadata: str | os.PathLike[str] | None = None,
    trust_mtime: bool = False,
    paths: Callable[[], Iterable[str]] = tuple,
) -> Key | None:
    """The function from a file's facts to the name of its group; None without ``specs``.

    Each spec is ``folder``, ``folder:DEPTH``, ``year``, ``month``, ``weekday``, ``hour``, ``camera``,
    ``column:NAME`` of the CSV file ``metadata``, or a regular expression with named groups, which is searched
    in the path below its root, and then in the whole path if its root is none of the ``folders`` that were
    scanned. With several ``roots``, folders begin with their root's name. What a table names without a folder
    is the one file of that name among all ``paths``. Raises `UsageError` for anything else.
    """
    specs = [specs] if isinstance(specs, str) else specs or []
    if metadata is not None and not any(spec.startswith("column:") for spec in specs):
        raise UsageError("--metadata {path} is of no use without --by column:NAME: add it.", path=metadata)
    keys = [_key(spec, roots, folders, metadata, trust_mtime, paths) for spec in specs]
    if not keys:
        return None
    if len(keys) == 1:
        return lambda facts: _spelled(keys[0](facts))
    return lambda facts: _spelled(BETWEEN.join(key(facts) for key in keys))


def notes_of_unknown(specs: Sequence[str], names: Iterable[str]) -> list[AgestatError]:
    """Sentences on those of ``specs`` that know nothing of any file, by the ``names`` of all groups: else a
    typing error looks like a finding."""
    split = [name.split(BETWEEN) for name in names]
    fits = all(len(parts) == len(specs) for parts in split)  # a regular expression can give several
    columns = list(zip(*split, strict=True)) if fits else [[part for parts in split for part in parts]]
    return [
        AgestatError(
            "Every picture is of the group 'unknown' for --by {spec!r}: {why}.",
            spec=spec,
            why=_why_unknown(spec),
        )
        for spec, parts in zip(specs, columns, strict=False)
        if set(parts) == {UNKNOWN} and not spec.startswith("folder")
    ]


def _why_unknown(spec: str) -> AgestatError:
    if spec in _TIMES:
        return AgestatError("neither EXIF nor names tell a time, and --trust-mtime would take the files'")
    if spec == "camera":
        return AgestatError("EXIF names none")
    if spec.startswith("column:"):
        return AgestatError("the table has no value for any path, and --faces shows what paths there are")
    return AgestatError("it is searched in paths below what was scanned, and --faces shows them")


def _spelled(name: str) -> str:
    """In the composition in which names are compared, so that no two groups look alike; bytes of a path that
    are not UTF-8 as escapes: tables hold Unicode only."""
    return name if name.isascii() else composed(name).encode("utf-8", "backslashreplace").decode()


def _key(
    spec: str, roots: Sequence[str], folders: Collection[str] | None,
    metadata: str | os.PathLike[str] | None, trust_mtime: bool, paths: Callable[[], Iterable[str]],
) -> Key:  # fmt: skip
    kind, _, argument = spec.partition(":")
    if kind == "folder" and (not argument or (argument.isdecimal() and int(argument) > 0)):
        return _by_folder(int(argument) if argument else None, _root_names(roots))
    if spec in _TIMES:
        return _by_time(*_TIMES[spec], trust_mtime)
    if spec == "camera":
        return lambda facts: facts.camera or UNKNOWN
    if kind == "column" and argument:
        if metadata is None:
            raise UsageError(
                "--by {key} needs --metadata FILE.csv, the table that has this column.", key=spec
            )
        return _by_column(argument, Path(metadata), paths)
    return _by_pattern(spec, folders)


def _root_names(roots: Sequence[str]) -> dict[str, str]:
    """Nothing for a single root; else the last folder of each, or the whole path where those are equal."""
    if len(roots) < 2:
        return {}
    last = [PurePosixPath(root).name for root in roots]
    count = Counter(last)
    return {root: name if count[name] == 1 else root for root, name in zip(roots, last, strict=True)}


def _by_folder(depth: int | None, names: dict[str, str]) -> Key:
    def key(facts: Facts) -> str:
        parts = facts.path.split("/")[:-1]
        if facts.root in names:
            parts.insert(0, names[facts.root])
        return "/".join(parts[:depth]) or "."

    return key


def _by_time(pattern: str, name: Callable[[str], str], trust_mtime: bool) -> Key:
    begins = re.compile(pattern)

    def key(facts: Facts) -> str:
        time = facts.taken_at
        if not time and trust_mtime and facts.mtime_ns is not None:
            time = datetime.fromtimestamp(facts.mtime_ns / 1e9).isoformat()
        found = begins.match(time) if time else None
        return name(found[0]) if found else UNKNOWN

    return key


def _by_pattern(spec: str, folders: Collection[str] | None) -> Key:
    try:
        pattern = re.compile(composed(spec))
    except re.error as error:
        raise UsageError(
            "--by {key!r} is not a regular expression ({reason}).", key=spec, reason=error
        ) from error
    if not pattern.groupindex:
        raise UsageError(
            "--by {key!r} is none of folder[:DEPTH], {times}, camera, column:NAME, "
            "and no regular expression with named groups like '(?P<name>...)'.",
            key=spec,
            times=", ".join(_TIMES),
        )

    def key(facts: Facts) -> str:
        match = pattern.search(composed(facts.path))
        if not match and folders is not None and facts.root not in folders:
            match = pattern.search(composed(f"{facts.root}/{facts.path}"))
        return BETWEEN.join(value or UNKNOWN for value in match.groupdict().values()) if match else UNKNOWN

    return key


def _by_column(column: str, path: Path, paths: Callable[[], Iterable[str]]) -> Key:
    values = _read_column(column, path)
    try:
        absolute = {os.path.abspath(name): value for name, value in values.items()}  # noqa: PTH100
    except FileNotFoundError:  # the current folder is gone
        absolute = values

    @cache
    def by_name() -> dict[str, str]:
        names = (comparable(one).rpartition("/")[2] for one in paths())
        count = Counter(name for name in names if name in values)
        return {name: values[name] for name, files in count.items() if files == 1}

    def key(facts: Facts) -> str:
        full, below = (comparable(one) for one in (os.path.join(facts.root, facts.path), facts.path))  # noqa: PTH118
        return absolute.get(full) or values.get(below) or by_name().get(below.rpartition("/")[2]) or UNKNOWN

    return key


def _read_column(column: str, path: Path) -> dict[str, str]:
    """Path to value; the path's column is called path or file, and holds paths within what was scanned,
    absolute ones, or ones from the current folder."""
    table = Table(path, ["path", column])
    values: dict[str, str] = {}
    for line, cells in table:
        value = cells[column]
        for (name,) in table.meanings(cells["path"]) if cells["path"] else ():
            if values.setdefault(name, value) != value:
                raise UsageError(
                    "{path}, line {line}: {name} has {former} further up and {value} here: leave one row for "
                    "each picture.",
                    path=path, line=line, name=repr(name), former=repr(values[name]), value=repr(value),
                )  # fmt: skip
    return values

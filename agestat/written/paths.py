"""Paths as people write them: lists of them, and names that are spelled in one of two ways."""

import codecs
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from agestat.errors import UsageError
from agestat.written.encodings import marked_encoding, readings, unmarked_utf16

_UNSEEN = " \t\r\n\x0b\x0c\x1a\u00a0\u200b\u200e\u200f\ufeff"
_DECORATED = re.compile(
    r"^[\s\"'“„«<`#\ufeff]|^~/|^file:|^(?:[-*•]|\d+[.)])\s|[\s\"'”“»>`,;\x1a\u200b-\u200f\ufeff]$"
    r"|[\\\udc80-\udcff]"
)
_QUOTES = ("''", '""', "“”", "„“", "«»", "<>", "``")
TRIED = 1000  # entries of a list that are looked for before it is believed


def composed(text: str) -> str:
    """``text`` in Unicode's composed form (NFC), in which names are compared: macOS writes the other one."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def read_list(data: bytes, name: str) -> list[str]:
    """The paths of a list, one a line, or between NUL bytes as ``find -print0`` writes them.

    Blanks and quotes around a path, ``file:`` addresses and remarks after ``#`` are read as they are meant,
    unless a file is called so. A byte-order mark says the encoding; UTF-16 without one is told by its line
    ends. Any other list is taken byte by byte, as the file system does. Raises `UsageError` naming the list
    where it does not hold what its mark says, and where most of its entries are not there: such a list was
    misread, and what it seems to name could be a whole disk.
    """
    text = _utf16(data, name)
    if text is None:
        text = os.fsdecode(data.removeprefix(codecs.BOM_UTF8))
    between_nul = "\0" in text
    lines = (
        [part for part in text.split("\0") if part.strip("\r\n\x1a")] if between_nul
        else re.split("\r\n|\r|\n", text)
    )  # fmt: skip
    meant = (as_on_disk(line) if between_nul else _meant(line) for line in lines)
    entries = [entry for entry in meant if entry]
    _check_entries(entries, name)
    return entries


def _meant(line: str) -> str:
    """The path that a line of a list names: the line, or where nothing is called so what it is without what
    people and programs write around it; nothing for a remark or a blank."""
    if line and not _DECORATED.search(line):  # a look at the disk for each of a million lines takes long
        return as_on_disk(line)
    bare = line.strip(_UNSEEN)
    meanings = dict.fromkeys((line, *_meanings(bare)))
    found = next((path for path in map(as_on_disk, meanings) if path and _is_there(path)), None)
    if found is not None:
        return found
    return "" if not bare or bare.startswith("#") else line


def _meanings(bare: str) -> Iterator[str]:
    """What a line without blanks around it may mean."""
    yield bare
    bare = re.sub(r"^(?:[-*•]|\d+[.)])\s+", "", bare).rstrip(",;")
    if bare[:1] + bare[-1:] in _QUOTES:
        bare = bare[1:-1]
    if bare.startswith("file:"):
        bare = unquote(urlsplit(bare).path, errors="surrogateescape")
    if bare.startswith("~/"):
        bare = os.path.expanduser(bare)  # noqa: PTH111 -- without a home it stays as it is
    yield bare
    yield re.sub(r"\\(.)", r"\1", bare)  # as a shell has it
    yield bare.replace("\\", "/")
    if not bare.isprintable():  # bytes that are no UTF-8
        yield from (path for (path,) in readings(os.fsencode(bare)))


def _utf16(data: bytes, name: str) -> str | None:
    """The text of a list whose characters are of more than one byte each; None if it is none."""
    marked = marked_encoding(data)
    if marked and marked != "utf-8-sig":
        try:
            return data.decode(marked)
        except UnicodeDecodeError as error:
            raise UsageError(
                "The list {name} is not the {encoding} that it says: save it as UTF-8.",
                name=name, encoding=marked.upper(),
            ) from error  # fmt: skip
    unmarked = unmarked_utf16(data)
    return data.decode(unmarked) if unmarked else None


def _check_entries(entries: Sequence[str], name: str) -> None:
    if any(os.path.abspath(entry) == "/" for entry in entries if not entry.strip("./")):  # noqa: PTH100
        raise UsageError(
            "The list {name} names the whole file system (/), as a list that was misread does: name folders "
            "below it, or give / itself as PATH.",
            name=name,
        )
    some = entries[:: -(-len(entries) // TRIED) or 1]
    missing = [entry for entry in some if not _is_there(entry)]
    if 2 * len(missing) > len(some):
        raise UsageError(
            "Most paths in the list {name} do not exist, such as {path}: write one path per line, as seen "
            "from this folder, in UTF-8.",
            name=name, path=ascii(missing[0]),
        )  # fmt: skip


def _is_there(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # a NUL byte
        return False


def as_on_disk(path: str) -> str:
    """``path``, or where nothing has this name what differs from it only in how letters are composed."""
    if path.isascii() or _is_there(path):
        return path
    found = "/" if path.startswith("/") else ""
    for part in filter(None, path.split("/")):
        here = os.path.join(found, part)  # noqa: PTH118 -- odd names stay
        found = here if _is_there(here) else os.path.join(found, _same_name(found, part))  # noqa: PTH118
    return found if _is_there(found) else path


def _same_name(folder: str, name: str) -> str:
    """The entry of ``folder`` that is called ``name`` but for the composition of its letters."""
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208
    except (OSError, ValueError):  # a NUL byte
        return name
    return next((other for other in names if composed(other) == composed(name)), name)

"""What stands beside the pictures and was not read, counted by kind."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from agestat.images import kinds
from agestat.report.language import Language
from agestat.report.text import printable
from agestat.report.warnings import some_names

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan

_NAMES: dict[str, Callable[[Language, int], str]] = {
    kinds.THUMBNAIL: lambda t, n: t.ngettext("{number} thumbnail", "{number} thumbnails", n),
    kinds.TRASH: lambda t, n: t.ngettext("{number} file in the trash", "{number} files in the trash", n),
    kinds.OLDER: lambda t, n: t.ngettext("{number} older version", "{number} older versions", n),
    kinds.SYSTEM: lambda t, n: t.ngettext("{number} system file", "{number} system files", n),
    kinds.HIDDEN: lambda t, n: t.ngettext(
        "{number} file in a hidden folder", "{number} files in hidden folders", n
    ),
    kinds.RAW_TWIN: lambda t, n: t.ngettext(
        "{number} raw file beside its picture", "{number} raw files beside their pictures", n
    ),
    kinds.EDITED: lambda t, n: t.ngettext(
        "{number} edited copy beside its picture", "{number} edited copies beside their pictures", n
    ),
    kinds.BACKUP: lambda t, n: t.ngettext(
        "{number} backup of an edited file", "{number} backups of edited files", n
    ),
    "video": lambda t, n: t.ngettext("{number} video", "{number} videos", n),
    "audio file": lambda t, n: t.ngettext("{number} audio file", "{number} audio files", n),
    "PDF": lambda t, n: t.ngettext("{number} PDF", "{number} PDFs", n),
    "archive": lambda t, n: t.ngettext("{number} archive", "{number} archives", n),
    "sidecar file": lambda t, n: t.ngettext("{number} sidecar file", "{number} sidecar files", n),
    "text": lambda t, n: t.ngettext("{number} text", "{number} texts", n),
    "document": lambda t, n: t.ngettext("{number} document", "{number} documents", n),
    "drawing": lambda t, n: t.ngettext("{number} drawing", "{number} drawings", n),
    "database": lambda t, n: t.ngettext("{number} database", "{number} databases", n),
    kinds.LINK: lambda t, n: t.ngettext("{number} other name of a file", "{number} other names of files", n),
    kinds.OTHER: lambda t, n: t.ngettext("{number} other file", "{number} other files", n),
}


def kind_of_files(kind: str, count: int, t: Language) -> str:
    """So many files of a kind, in words."""
    return _NAMES[kind](t, count)


def why_not_read(reason: str, t: Language) -> str:
    """Of one file: its kind, or what is wrong with it."""
    return _NAMES[reason](t, 1).partition(" ")[2] if reason in _NAMES else t.term(reason)


def files_left_out(scan: "Scan", t: Language) -> Iterator[str]:
    """One sentence on what machines keep beside pictures, and one on files of other kinds."""
    count = scan.other_kinds
    machines = [kind_of_files(kind, count[kind], t) for kind in kinds.MACHINES if kind in count]
    others = [
        kind_of_files(kind, count[kind], t) for kind in _NAMES if kind in count and kind not in kinds.MACHINES
    ]
    if machines:
        yield t.gettext("{kinds}: left out (--all-files reads them)", kinds=", ".join(machines))
    if others:
        yield t.gettext("{kinds}: not read", kinds=", ".join(others))


def files_not_met(scan: "Scan", t: Language) -> Iterator[str]:
    """What the user did not ask for, and what was there at an earlier scan."""
    options = scan.run.get("options", {})
    if globs := options.get("include"):
        yield t.gettext("only what matches --include {globs}", globs=some_names(globs, t))
    if globs := options.get("exclude"):
        yield t.gettext("without what matches --exclude {globs}", globs=some_names(globs, t))
    if number := sum(scan.run.get("gone", {}).values()):
        yield t.gettext("{number} of earlier scans not there any more", number=t.number(number))


def empty_folders(scan: "Scan", t: Language) -> Iterator[str]:
    """A sentence on folders in which pictures were at an earlier scan, and none are now."""
    count = {folder: number for folder, number in scan.run.get("gone", {}).items() if folder}
    if count:
        yield t.gettext(
            "No picture is left in {folders}, where earlier scans read {number}: is a drive missing? Connect "
            "it and scan again, what is known of them is kept; --exclude says that they are gone on purpose.",
            folders=some_names([*map(printable, sorted(count))], t), number=t.number(sum(count.values())),
        )  # fmt: skip

"""Which files: folders, files and lists of them, in a stable order, each real file once."""
# Strings and os, not pathlib: they keep odd names as they are and cost a tenth of it.
# ruff: noqa: PTH100, PTH112, PTH116, PTH117, PTH118, PTH119, PTH123, PTH208

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from itertools import accumulate

from agestat.images.formats import sniff
from agestat.images.kinds import (
    LINK,
    OTHER,
    SMALLER,
    THUMBNAIL,
    Beside,
    is_picture_name,
    is_placeholder,
    kind_of_folder,
    kind_of_other,
)
from agestat.images.reasons import ELSEWHERE, NOT_REGULAR, os_reason
from agestat.images.remote import list_remote
from agestat.written.paths import composed

LATEST = 2**63 - 1  # nanoseconds: the year 2262, what the store can hold; file systems can hold later ones


@dataclass(frozen=True)
class Found:
    """A candidate: ``path`` is relative to ``root``, forward slashes; odd bytes are escaped (PEP 383)."""

    root: str
    path: str
    size: int  # bytes
    mtime_ns: int
    ctime_ns: int | None = field(default=None, compare=False)  # of the last change, also of its names

    @property
    def full(self) -> str:
        """The path to open."""
        return os.path.join(self.root, self.path)


@dataclass(frozen=True)
class Unwalkable:
    """Something that cannot be scanned, with a reason in words: no permission, a broken link, a pipe.

    Of a picture that is not downloaded size and times are known: it may have been scanned when it was.
    """

    root: str
    path: str
    reason: str
    size: int | None = None
    mtime_ns: int | None = None
    ctime_ns: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class LeftOut:
    """A file that is not read: ``kind`` is one of `agestat.images.kinds.KINDS`."""

    root: str
    path: str
    kind: str


Entry = Found | Unwalkable


def walk(
    paths: Iterable[str | os.PathLike[str]],
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    all_files: bool = False,
    leave_out: Callable[[LeftOut], None] = lambda _: None,
) -> Iterator[Entry]:
    """Yield the pictures at ``paths`` as they are met: files as given, folders depth first, sorted by name.

    ``include`` and ``exclude`` are globs (``*`` also matches slashes; case and the composition of letters do
    not matter) against the relative path or the name of files, also of those among ``paths``; an excluded
    folder is not entered. Links are followed; a file reached again, by a link, a loop or an overlap of
    ``paths``, is not yielded again. ``leave_out`` is told of every other file met in a folder: those that
    are no pictures, other names of files and, unless ``all_files``, thumbnails, trash and the like, which
    machines keep.
    """
    walker = _Walker(_matcher(include), _matcher(exclude), all_files, leave_out)
    for path in paths:
        yield from walker.start(os.fsdecode(path))
    yield from walker.linked()


def asked_for(include: Iterable[str], exclude: Iterable[str]) -> Callable[[str], bool]:
    """Whether a walk with these globs would meet a file, given its path below the root."""
    walker = _Walker(_matcher(include), _matcher(exclude), True, lambda _: None)

    def is_asked_for(path: str) -> bool:
        folders = accumulate(path.split("/")[:-1], "{}/{}".format)
        return all(map(walker.enters, folders)) and walker.is_wanted(path)

    return is_asked_for


def folders_of(paths: Iterable[str | os.PathLike[str]], *, gone: bool = False) -> set[str]:
    """The folders among paths that the user gave: the roots of what is found in them; with ``gone`` also what
    is not there."""
    names = map(os.fsdecode, paths)
    return {_absolute(name) for name in names if os.path.isdir(name) or (gone and not os.path.lexists(name))}


def _matcher(globs: Iterable[str]) -> re.Pattern[str] | None:
    plain = [glob.removeprefix("./").rstrip("/") for glob in globs]
    plain += [glob.removeprefix("**/") for glob in plain if glob.startswith("**/")]  # there or further down
    return re.compile("|".join(translate(composed(glob)) for glob in plain), re.IGNORECASE) if plain else None


def _matches(pattern: re.Pattern[str], path: str) -> bool:
    path = composed(path)
    return bool(pattern.match(path) or pattern.match(path.rpartition("/")[2]))


@dataclass
class _Walker:
    include: re.Pattern[str] | None
    exclude: re.Pattern[str] | None
    all_files: bool
    leave_out: Callable[[LeftOut], None]
    folders: dict[int, tuple[str, str]] = field(default_factory=dict)  # identity to root and relative path
    seen: set[int] = field(default_factory=set)  # only files that could be met again
    folder_links: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    def start(self, path: str) -> Iterator[Entry]:
        """Everything below a path that the user gave."""
        if "://" in path:
            yield from (Found(*file) for file in list_remote(path) if self.is_wanted(file[1]))
            return
        root, relative = _place(path)
        try:
            status = os.stat(path)
        except OSError as error:
            if self.is_wanted(relative):
                yield Unwalkable(root, relative, os_reason(error))
            return
        except ValueError:
            yield Unwalkable(root, relative, "no file's name")
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._folder(_absolute(path))
        elif self.is_wanted(relative) and self._is_new(status, path):
            yield _entry(root, relative, status)

    def linked(self) -> Iterator[Entry]:
        """Links, last: by now it is known which of their targets were met under their own name."""
        for root, path in self.folder_links:  # which grow while they are walked
            yield from self._folder(root, path)
        for root, path in self.links:
            full = os.path.join(root, path)
            try:
                status = os.stat(full)
            except OSError as error:
                reason = "broken link" if isinstance(error, FileNotFoundError) else os_reason(error)
                yield Unwalkable(root, path, reason)
                continue
            if self._is_new(status, full):
                yield from self._candidate(root, path, status)
            else:
                self.leave_out(LeftOut(root, path, LINK))

    def _folder(self, root: str, start: str = "") -> Iterator[Entry]:
        """Depth first without recursion: folders can be thousands deep."""
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            full = os.path.join(root, folder)
            try:
                identity = _identity(os.stat(full))
                if identity in self.folders:
                    continue
                names = sorted(os.listdir(full), key=os.fsencode)
            except OSError as error:
                yield Unwalkable(root, folder, os_reason(error))
                continue
            self.folders[identity] = root, folder
            below: list[str] = []
            beside = Beside(names)
            for name in names:
                yield from self._one(root, f"{folder}/{name}" if folder else name, beside, below)
            waiting.extend(reversed(below))

    def _one(self, root: str, path: str, beside: Beside, below: list[str]) -> Iterator[Entry]:
        full = os.path.join(root, path)
        name = path.rpartition("/")[2]
        try:
            status = os.lstat(full)
        except OSError as error:
            yield Unwalkable(root, path, os_reason(error))
            return
        is_link = stat.S_ISLNK(status.st_mode)
        if stat.S_ISDIR(status.st_mode) or (is_link and os.path.isdir(full)):
            if not self.enters(path):
                return
            parent = os.path.basename(path.rpartition("/")[0] or root)
            if not self.all_files and (kind := kind_of_folder(parent, name) or _smaller(full, beside)):
                self._leave_out_folder(root, path, kind)
            elif is_link:
                self.folder_links.append((root, path))
            else:
                below.append(path)
        elif not self.is_wanted(path):
            return
        elif not self.all_files and (kind := beside.kind(name)):
            self.leave_out(LeftOut(root, path, kind))
        elif is_link:
            self.links.append((root, path))
        elif _identity(status) in self.seen:
            self.leave_out(LeftOut(root, path, LINK))
        else:
            if status.st_nlink > 1:
                self.seen.add(_identity(status))
            yield from self._candidate(root, path, status)

    def _candidate(self, root: str, path: str, status: os.stat_result) -> Iterator[Entry]:
        """A file of a folder, if it may be a picture."""
        if is_placeholder(os.path.basename(path)):
            yield Unwalkable(root, path, ELSEWHERE)
        elif _is_elsewhere(path, status):
            times = (min(t, LATEST) for t in (status.st_mtime_ns, status.st_ctime_ns))
            yield Unwalkable(root, path, ELSEWHERE, status.st_size, *times)
        elif _is_candidate(os.path.join(root, path), status):
            yield _entry(root, path, status)
        else:
            self.leave_out(LeftOut(root, path, kind_of_other(os.path.basename(path))))

    def _leave_out_folder(self, root: str, folder: str, kind: str) -> None:
        """Count the files below without looking at any of them."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            with contextlib.suppress(OSError), os.scandir(os.path.join(root, here)) as entries:
                for entry in sorted(entries, key=lambda entry: os.fsencode(entry.name)):
                    path = f"{here}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(path)
                    elif self.is_wanted(path):
                        self.leave_out(LeftOut(root, path, kind))

    def enters(self, folder: str) -> bool:
        """Whether the globs let a folder in."""
        return not (self.exclude and _matches(self.exclude, folder))

    def is_wanted(self, path: str) -> bool:
        """Whether the globs let a file in."""
        return self.enters(path) and (not self.include or _matches(self.include, path))

    def _is_new(self, status: os.stat_result, full: str) -> bool:
        """For files not met in their own folder: remember them; False if they were met already."""
        try:
            parent, name = os.path.split(os.path.realpath(full))
            root, folder = self.folders.get(_identity(os.stat(parent)), (None, ""))
        except OSError:  # a deleted working folder, a path too long when written out
            root, folder, parent, name = None, "", "", full
        was_met = (
            root is not None
            and self.is_wanted(f"{folder}/{name}" if folder else name)
            and _is_candidate(os.path.join(parent, name), status)
        )
        if was_met or _identity(status) in self.seen:
            return False
        self.seen.add(_identity(status))
        return True


def _smaller(folder: str, beside: Beside) -> str | None:
    """The kind of a folder of smaller copies of the pictures that lie beside it."""
    if SMALLER.fullmatch(os.path.basename(folder)):
        with contextlib.suppress(OSError):
            return THUMBNAIL if beside.hold_all(os.listdir(folder)) else None
    return None


def _identity(status: os.stat_result) -> int:
    return status.st_dev << 64 | status.st_ino


def _place(path: str) -> tuple[str, str]:
    """Root and relative path of a single file: the working folder if it was given relative to that."""
    relative = os.path.normpath(path)
    if os.path.isabs(relative) or f"{relative}{os.sep}".startswith(f"..{os.sep}"):
        return os.path.split(_absolute(path))
    return _absolute("."), relative.replace(os.sep, "/")


def _absolute(path: str) -> str:
    """The absolute path, or the path as it is in a working folder that is gone."""
    try:
        return os.path.abspath(path)
    except OSError:
        return path


def _entry(root: str, path: str, status: os.stat_result) -> Entry:
    if not stat.S_ISREG(status.st_mode):
        return Unwalkable(root, path, NOT_REGULAR)
    return Found(
        root, path, status.st_size, *(min(t, LATEST) for t in (status.st_mtime_ns, status.st_ctime_ns))
    )


def _is_elsewhere(path: str, status: os.stat_result) -> bool:
    """Whether a picture would have to be fetched: by iCloud, OneDrive or the like."""
    recalled = getattr(status, "st_file_attributes", 0) & 0x400000  # Windows: RECALL_ON_DATA_ACCESS
    dataless = getattr(status, "st_flags", 0) & 0x40000000  # macOS: SF_DATALESS
    return bool(recalled or dataless) and is_picture_name(os.path.basename(path))


def _is_candidate(full: str, status: os.stat_result) -> bool:
    """Whether a file in a folder was meant as a picture, by its ending or else by its first bytes; if these
    cannot be read, whoever opens it next finds out why."""
    name = os.path.basename(full)
    if not stat.S_ISREG(status.st_mode) or is_picture_name(name):
        return True
    try:
        descriptor = os.open(full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            return sniff(file.read(32)) is not None
    except OSError:
        return kind_of_other(name) == OTHER

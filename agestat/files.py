"""Output files that are either whole or not there."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from agestat.errors import N_, AgestatError, UsageError

_OPEN_ALREADY = re.compile(r"-|/dev/(std(out|err)|fd/\d+)|/proc/\w+/fd/\d+")


def is_stream(target: str | Path) -> bool:
    """Whether it is standard output (``-``), a pipe, a device or a file that somebody holds open for us, as
    the shell does: what is written goes there, and nothing takes its place."""
    if _OPEN_ALREADY.fullmatch(str(target)):
        return True
    there = os.path.exists(target)  # noqa: PTH110 -- names may be too long for pathlib
    return there and not os.path.isfile(target) and not os.path.isdir(target)  # noqa: PTH112, PTH113


def resolved(target: str | Path) -> Path:
    """The file behind all links; pathlib's own way raises on loops of them."""
    return Path(os.path.realpath(target))


UNKNOWN_FORMAT = N_("Cannot tell the format of {target}: end its name with one of {endings}.")


def format_of(target: str | Path, formats: Iterable[str], refusal: str = UNKNOWN_FORMAT) -> str:
    """Which of ``formats`` the extension names; for standard output and streams without one the first.

    Raises `UsageError` with the message ``refusal`` for any other.
    """
    known = list(formats)
    kind = Path(target).suffix.lower().removeprefix(".") or (known[0] if is_stream(target) else "")
    if kind not in known:
        endings = ", ".join(f".{name}" for name in known)
        raise UsageError(refusal, target=target, endings=endings)
    return kind


def drop_stdout() -> None:
    """Let what is still printed go nowhere: who read it, as ``head``, has seen enough."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def output_file(target: str | Path) -> Iterator[BinaryIO]:
    """A binary stream whose bytes take the place of ``target`` at the end, or leave it as it was on an error.

    ``-`` is standard output, which may be closed early by who reads it; pipes and devices are written
    directly. Raises `AgestatError` if the file cannot be written.
    """
    if str(target) == "-":
        if sys.stdout is None:
            raise AgestatError("Standard output is closed: give the name of a file.")
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            drop_stdout()
        except OSError as error:
            raise AgestatError(
                "Cannot write to standard output ({reason}).", reason=error.strerror or error
            ) from error
        return
    in_place = is_stream(target)
    path = Path(target) if in_place else resolved(target)  # /dev/fd/63 resolves to no file's name
    short = os.fsdecode(os.fsencode(path.name)[:200])  # a name has at most 255 bytes
    part = path if in_place else path.with_name(f".{short}.{os.getpid()}.part")
    try:
        with part.open("ab" if in_place else "wb") as stream:
            yield stream
        if not in_place:
            part.replace(path)
    except BaseException as error:
        if not in_place:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise AgestatError(
                "Cannot write {target} ({reason}): name a file that you may write.",
                target=target,
                reason=reason,
            ) from error
        raise


def user_folder(where: Callable[..., Path], refusal: str) -> Path:
    """A folder of this user, found by ``where`` of platformdirs. Raises `UsageError` with the message
    ``refusal`` where there is none: containers and cron run users without a home."""
    try:
        folder = where("agestat", appauthor=False)
    except (KeyError, OSError, RuntimeError):
        folder = Path("~")
    if not folder.is_absolute():
        raise UsageError(refusal)
    return folder


def make_folders(*folders: Path) -> None:
    """Make them where they are not there; raises `AgestatError` if one cannot be made."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AgestatError(
                "{folder} cannot be made ({reason}): give another folder.",
                folder=folder,
                reason=error.strerror,
            ) from error

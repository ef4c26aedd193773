"""Output files that are either whole or not there."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from agestat.errors import AgestatError


def is_stream(path: Path) -> bool:
    """Whether there is a pipe or a device, which takes what is written and is not replaced."""
    return os.path.exists(path) and not os.path.isfile(path)  # noqa: PTH110, PTH113 -- names may be too long


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
            raise AgestatError(f"Cannot write to standard output ({error.strerror or error}).") from error
        return
    path = Path(target).resolve()
    in_place = is_stream(path)
    short = os.fsdecode(os.fsencode(path.name)[:200])  # a name has at most 255 bytes
    part = path if in_place else path.with_name(f".{short}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
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
                f"Cannot write {target} ({reason}): name a file that you may write."
            ) from error
        raise

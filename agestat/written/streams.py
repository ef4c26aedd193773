"""Text on streams that may not have its letters: nothing that is printed ends a command."""

import codecs
import io
import os
import sys
from typing import TextIO

_SIMPLER = {"–": "-", "—": "-", "−": "-", "×": "x", "·": "|", "…": "...", "\u00a0": " ", "\u202f": " "}


def _simpler(error: UnicodeError) -> tuple[str, int]:
    """Typography as ASCII has it; any other letter, and bytes of a path that are no text, as escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    simpler = _SIMPLER.get(letter) or letter.encode("ascii", "backslashreplace").decode()
    return simpler, error.start + 1


codecs.register_error("simpler", _simpler)


def accept_all_text(*streams: TextIO | None) -> None:
    """Let ``streams`` write whatever text comes in what their encoding has."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="simpler")


def drop_stdout() -> None:
    """Let what is still printed go nowhere: who read it, as ``head``, has seen enough."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def stdout_fails() -> bool:
    """Whether standard output takes no more: what was printed last is still waiting there."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        return True
    return False

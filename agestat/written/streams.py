"""Text on streams that may not have its letters: nothing that is printed ends a command."""

import codecs
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SIMPLER = {"–": "-", "—": "-", "−": "-", "×": "x", "·": "|", "…": "...", "\u00a0": " ", "\u202f": " "}


def _simpler(error: UnicodeError) -> tuple[str, int]:
    """Typography as ASCII has it; any other letter, and bytes of a path that are no text, as escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    simpler = _SIMPLER.get(letter) or letter.encode("ascii", "backslashreplace").decode()
    return simpler, error.start + 1


codecs.register_error("simpler", _simpler)


class _Output(io.TextIOWrapper):
    """Text whose failures say that they are those of standard output, and no other file's."""

    def write(self, text: str, /) -> int:
        with _named():
            return super().write(text)

    def flush(self) -> None:
        with _named():
            super().flush()


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        error.filename = error.filename or STDOUT
        raise


STDOUT = "Standard output"


def accept_all_text() -> None:
    """Let standard output and standard error take whatever text comes, in what their encodings have."""
    if type(sys.stdout) is io.TextIOWrapper:  # the interpreter's own, not one that somebody put there
        as_before = sys.stdout.encoding, "simpler", None, sys.stdout.line_buffering, sys.stdout.write_through
        sys.stdout = _Output(sys.stdout.detach(), *as_before)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="simpler")

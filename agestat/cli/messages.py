"""What a command says on standard error, in the user's language."""

import sys
from typing import TYPE_CHECKING

import click

from agestat.errors import AgestatError

if TYPE_CHECKING:
    from agestat.report.language import Language


def tell(message: str, /, **values: object) -> None:
    """Say ``message`` with its ``{name}`` places filled by ``values``."""
    click.echo(_spoken(AgestatError(message, **values)), err=True)


def tell_error(error: AgestatError) -> None:
    """Say what ended the command."""
    click.echo(_spoken(AgestatError("Error: {sentence}", sentence=_spoken(error))), err=True)


def spoken_language() -> "Language":
    """The user's, if standard error has its letters, else English."""
    from agestat.report.language import open_language

    t = open_language()
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    return t if t.term("female").encode(encoding, "ignore") else open_language("en")


def _spoken(sentence: AgestatError) -> str:
    return spoken_language().error(sentence)

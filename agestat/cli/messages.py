"""What a command says on standard error, in the user's language."""

import sys

import click

from agestat.errors import AgestatError


def tell(message: str, /, **values: object) -> None:
    """Say ``message`` with its ``{name}`` places filled by ``values``."""
    click.echo(_spoken(AgestatError(message, **values)), err=True)


def tell_error(error: AgestatError) -> None:
    """Say what ended the command."""
    click.echo(_spoken(AgestatError("Error: {sentence}", sentence=_spoken(error))), err=True)


def _spoken(sentence: AgestatError) -> str:
    """In the user's language if standard error has its letters, else in English."""
    from agestat.report.language import default_language, open_language

    if default_language() == "en":
        return str(sentence)
    spoken = open_language().error(sentence)
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    return spoken if spoken.encode(encoding, "ignore").decode(encoding) == spoken else str(sentence)

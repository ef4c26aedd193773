"""What a command says on standard error, in the user's language."""

import re
import sys

import click

from agestat.errors import N_, AgestatError

WRONG = (
    (r"\w+ (?P<value>'.*') does not exist\.", N_("{name}: there is no {value}.")),
    (r"(?P<value>.*) is not in the range (?P<range>.*)\.", N_("{name}: {value} is not within {range}.")),
    (r"(?P<value>.*) is not one of (?P<choices>.*)\.", N_("{name}: {value} is none of {choices}.")),
    (r"(?P<value>.*) is not a valid \w+( range)?\.", N_("{name}: {value} is no number.")),
)
"""What click says of a value, in English alone, and what is said in its place."""


def tell(message: str, /, **values: object) -> None:
    """Say ``message`` with its ``{name}`` places filled by ``values``."""
    click.echo(_spoken(AgestatError(message, **values)), err=True)


def tell_error(error: AgestatError) -> None:
    """Say what ended the command."""
    click.echo(_spoken(AgestatError("Error: {sentence}", sentence=_spoken(error))), err=True)


def tell_usage(error: click.ClickException) -> None:
    """Say what was typed wrong: as click does, or in the user's language."""
    from agestat.report.language import default_language

    sentence = _of_click(error) if isinstance(error, click.UsageError) else None
    if default_language() == "en" or sentence is None:
        error.show()
    else:
        tell_error(sentence)


def _of_click(error: click.UsageError) -> AgestatError | None:
    """The sentence of an error of click's as one of ours, if it is known."""
    command = error.ctx.command_path if error.ctx else "agestat"
    if isinstance(error, click.NoSuchOption):
        return AgestatError("There is no option {option}: see {command} --help.",
                            option=error.option_name, command=command)  # fmt: skip
    if not isinstance(error, click.BadParameter) or error.param is None:
        return None
    hint = error.param.get_error_hint(error.ctx) if error.ctx else str(error.param.name)
    name = str(hint).strip("'").removesuffix("...")
    if isinstance(error, click.MissingParameter):
        return AgestatError("{name} is missing: see {command} --help.", name=name, command=command)
    for pattern, message in WRONG:
        if found := re.fullmatch(pattern, error.message):
            return AgestatError(message, name=name, **found.groupdict())
    return None


def _spoken(sentence: AgestatError) -> str:
    """In the user's language if standard error has its letters, else in English."""
    from agestat.report.language import default_language, open_language

    if default_language() == "en":
        return str(sentence)
    spoken = open_language().error(sentence)
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    return spoken if spoken.encode(encoding, "ignore").decode(encoding) == spoken else str(sentence)

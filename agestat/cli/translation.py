"""The command line in the user's language: click's own sentences, and the help of every command.

click takes its sentences from the global domain of gettext, which reads compiled files of a folder; our
catalogues are compiled in memory. So click's modules are given our gettext in place of that one.
"""

from collections.abc import Sequence
from copy import copy
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click import core, decorators, exceptions, formatting, parser, types

from agestat.cli.messages import spoken_language
from agestat.errors import N_

if TYPE_CHECKING:
    from agestat.report.language import Language

OF_CLICK = (
    N_("Usage:"), N_("[OPTIONS]"), N_("COMMAND [ARGS]..."), N_("Options"), N_("Commands"),
    N_("required"), N_("default: {default}"),
    N_("Show this message and exit."), N_("Show the version and exit."), N_("%(prog)s, version %(version)s"),
    N_("Error: {message}"), N_("Try '{command} {option}' for help."),
    N_("Invalid value for {param_hint}: {message}"), N_("Missing argument"), N_("Missing option"),
    N_("Missing command."), N_("No such option {name!r}."), N_("No such command {name!r}."),
    N_("Did you mean {possibility}?"), N_("(Did you mean one of: {possibilities}?)"),
    N_("Got unexpected extra argument ({args})"), N_("Got unexpected extra arguments ({args})"),
    N_("Option {name!r} does not take a value."), N_("Option {name!r} requires an argument."),
    N_("Option {name!r} requires {nargs} arguments."), N_("{value!r} is not one of {choices}."),
    N_("{value!r} is not a valid {number_type}."), N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."), N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."), N_("{name} {filename!r} is not readable."),
)  # fmt: skip
"""Sentences of click that a user can meet here."""
EXAMPLES = N_("Examples:")

C = TypeVar("C", bound=click.Command)


def teach_click() -> None:
    """Let click speak the user's language."""
    for module in (core, decorators, exceptions, formatting, parser, types):
        for name, function in (("_", _gettext), ("ngettext", _ngettext)):
            if hasattr(module, name):
                setattr(module, name, function)


def in_language(command: C) -> C:
    """``command``, or a copy of it whose help is in the user's language."""
    t = spoken_language()
    if t.code == "en":
        return command
    spoken = copy(command)
    spoken.help = t.term(help_of(command))
    spoken.epilog = _translated(t, command.epilog and command.epilog.replace(EXAMPLES, t.term(EXAMPLES)))
    spoken.options_metavar = _translated(t, command.options_metavar)
    spoken.params = [_with_help(param, t) for param in command.params]
    spoken._help_option = None  # it is made when asked for
    if isinstance(spoken, click.Group):
        spoken.subcommand_metavar = t.term(spoken.subcommand_metavar)
        spoken.commands = {name: in_language(part) for name, part in spoken.commands.items()}
    return spoken


def help_of(command: click.Command) -> str:
    """The help of a command, a line for each paragraph."""
    paragraphs = cleandoc(str(command.help)).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def named_language(words: Sequence[str]) -> str | None:
    """What --lang says, wherever it stands: what is wrong before it is told in this language too."""
    for number, word in enumerate(words):
        option, _, value = word.partition("=")
        if option == "--lang":
            return value or next(iter(words[number + 1 :]), None)
    return None


def _with_help(param: click.Parameter, t: "Language") -> click.Parameter:
    spoken: Any = copy(param)
    if isinstance(spoken, click.Option):
        spoken.help = _translated(t, spoken.help)
    return spoken


def _translated(t: "Language", text: str | None) -> str | None:
    return t.term(text) if text else text


def _gettext(message: str) -> str:
    return spoken_language().term(message)


def _ngettext(one: str, many: str, number: int) -> str:
    return _gettext(one if number == 1 else many)

"""The command group: commands load on first use, and one place turns errors into messages."""

import logging
import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click
from click.exceptions import NoSuchCommand

from agestat import __version__
from agestat.cli.messages import tell, tell_error
from agestat.cli.options import message_lang_option
from agestat.cli.translation import in_language, named_language, teach_click
from agestat.errors import AgestatError, UsageError
from agestat.files import drop_stdout
from agestat.report.language import choose_language
from agestat.written.streams import STDOUT, accept_all_text

COMMANDS = {
    "scan": "agestat.cli.scan",
    "report": "agestat.cli.report",
    "compare": "agestat.cli.compare",
    "label": "agestat.cli.label",
    "stores": "agestat.cli.stores",
    "merge": "agestat.cli.merge",
    "models": "agestat.cli.models",
    "train": "agestat.cli.train",
    "eval": "agestat.cli.evaluate",
    "calibrate": "agestat.cli.calibrate",
    "data": "agestat.cli.data",
    "bot": "agestat.cli.bot",
}
EXAMPLES = """\b
Examples:
  agestat scan photos
  agestat report photos --by folder --html report.html
  agestat compare summer winter
"""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return in_language(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            raise NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from error

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        teach_click()
        choose_language(named_language(args))
        return super(LazyGroup, in_language(self)).make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            drop_stdout()
            return 0


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXAMPLES,
)
@click.version_option(__version__, prog_name="agestat")
@message_lang_option
def cli() -> None:
    """Statistics of the perceived age and gender of the people in folders of photos.

    Every share is corrected for the model's errors and has an interval. `agestat COMMAND --help` says more.
    """


def main() -> None:
    """Console entry point: errors become one sentence on stderr and an exit code."""
    if sys.stderr is None:  # closed: messages are for nobody
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    accept_all_text()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells where it keeps its cache
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what Pillow thinks of strangers' pictures
    try:
        code = cli.main(prog_name="agestat", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        tell("Stopped.")
        code = 130
    except AgestatError as error:
        tell_error(error)
        code = 2 if isinstance(error, UsageError) else 1
    except OSError as error:
        tell_error(_blame(error))
        code = 1
    except (ImportError, MemoryError) as error:
        reason = str(error) or "out of memory"
        tell_error(
            AgestatError(
                "A part of agestat cannot be loaded ({reason}): allow more memory, or install it anew.",
                reason=reason,
            )
        )
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _has_folder() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 -- it is asked whether there is one
    except OSError:
        return False
    return True


def _blame(error: OSError) -> AgestatError:
    """The sentence for a failure of the system that nothing nearer has put in words."""
    file, reason = error.filename, error.strerror or str(error)
    if file == STDOUT:
        drop_stdout()
        return AgestatError("Standard output cannot be used ({reason}).", reason=reason)
    if file is not None:
        return AgestatError("{file} cannot be used ({reason}).", file=file, reason=reason)
    if not _has_folder():
        return AgestatError("The folder in which this command was started is gone: go to another one.")
    return AgestatError(
        "The system refused what was asked of it ({reason}): repeat the command, what was done is kept.",
        reason=reason,
    )

"""`agestat stores`: what was scanned and is kept, and how it is deleted."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from agestat.cli.messages import tell
from agestat.cli.options import lang_option
from agestat.errors import UsageError

if TYPE_CHECKING:
    from agestat.report.language import Language
    from agestat.scanning.store import Kept

EXAMPLES = """\b
Examples:
  agestat stores
  agestat stores rm ~/photos
  agestat stores rm --training
"""
MEGABYTE = 1_000_000


@click.group("stores", epilog=EXAMPLES, invoke_without_command=True)
@lang_option
@click.pass_context
def command(ctx: click.Context, lang: str | None) -> None:
    """List what scans have kept; `agestat stores rm` deletes it.

    A store, in the user's cache folder, holds paths, sizes, boxes of faces and what the model said of them,
    and no pixels.
    """
    if ctx.invoked_subcommand:
        return
    from rich.table import Column, Table

    from agestat.cli.terminal import Terminal
    from agestat.report.console import Screen
    from agestat.scanning.store import kept

    screen = Screen(Terminal(), lang)
    t = screen.t
    heads = (t.gettext("scanned"), t.gettext("last scan"), t.gettext("files"), t.gettext("MB"),
             t.gettext("store"))  # fmt: skip
    table = Table(*(Column(screen.spell(head), overflow="fold") for head in heads), show_lines=True)
    found = list(kept())
    for one in found:
        table.add_row(*map(screen.spell, _row(one, t)))
    if found:
        screen.console.print(table)
    else:
        tell("Nothing is kept: no folder was scanned without --db.")


def _row(one: "Kept", t: "Language") -> tuple[str, ...]:
    size = f"{one.size / MEGABYTE:.1f}"
    if one.trouble:
        return t.error(one.trouble), "", "", size, str(one.file)
    time = datetime.fromisoformat(str(one.time)).astimezone()
    return "\n".join(one.paths), f"{time:%Y-%m-%d %H:%M}", t.number(one.files), size, str(one.file)


@command.command("rm", epilog=EXAMPLES)
@click.argument("stores", metavar="STORE...", nargs=-1, type=click.Path())
@click.option("--training", is_flag=True, help="The faces that a stopped training run has kept.")
@lang_option
def rm_command(stores: tuple[str, ...], training: bool, lang: str | None) -> None:
    """Delete what scans have kept.

    STORE are scanned folders, or files as `agestat stores` lists them. What is deleted cannot be reported any
    more; the pictures stay, and can be scanned again.
    """
    if not stores and not training:
        raise UsageError("Nothing was named: give scanned folders or stores, or --training.")
    from agestat.scanning.store import remove

    for store in stores:
        freed = remove(store)
        tell("{store}: deleted, {size} MB.", store=store, size=f"{freed / MEGABYTE:.1f}")
    if training:
        from agestat.training.crops import remove_cache

        tell("Faces kept for training: deleted, {size} MB.", size=f"{remove_cache() / MEGABYTE:.1f}")

"""`agestat stores`: what was scanned and is kept, and how it is deleted."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from agestat.cli.messages import spoken_language, tell
from agestat.cli.options import Found, lang_option
from agestat.errors import UsageError
from agestat.report.text import printable

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
    from agestat.report.language import open_language
    from agestat.scanning.store import kept

    t, found = open_language(lang), list(kept())
    for one in found:
        click.echo("\n".join(_told(one, t)))
    if not found:
        tell("Nothing is kept: no folder was scanned without --db.")


def _told(one: "Kept", t: "Language") -> Iterator[str]:
    """What was scanned, and below it when and how much; paths whole, to be copied."""
    size = t.gettext("{size} MB", size=t.number(one.size / MEGABYTE, 1))
    if one.trouble:
        yield printable(t.error(one.trouble))
        yield f"  {size}"
        return
    yield from map(printable, one.paths)
    time = datetime.fromisoformat(str(one.time)).astimezone()
    files = t.ngettext("{number} file", "{number} files", one.files)
    yield f"  {time:%Y-%m-%d %H:%M} · {files} · {size} · {printable(one.file)}"


@command.command("rm", epilog=EXAMPLES)
@click.argument("stores", metavar="STORE...", nargs=-1, type=Found())
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
        tell("{store}: deleted, {size} MB.", store=store, size=_megabytes(freed))
    if training:
        from agestat.training.crops import remove_cache

        tell("Faces kept for training: deleted, {size} MB.", size=_megabytes(remove_cache()))


def _megabytes(size: int) -> str:
    return spoken_language().number(size / MEGABYTE, 1)

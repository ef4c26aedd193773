"""`agestat merge`: one scan of what was scanned in shards."""

import click

from agestat.cli.messages import tell
from agestat.cli.options import Found, lang_option

EXAMPLES = """\b
Examples:
  agestat scan photos --shard 1/2 --db 1.sqlite -q
  agestat scan photos --shard 2/2 --db 2.sqlite -q
  agestat merge 1.sqlite 2.sqlite --out photos.sqlite
  agestat report photos.sqlite --html report.html
"""


@click.command("merge", epilog=EXAMPLES)
@click.argument("stores", metavar="STORE...", nargs=-1, required=True, type=Found(dir_okay=False))
@click.option("--out", metavar="STORE", required=True, type=click.Path(dir_okay=False), help="The new store.")
@lang_option
def command(stores: tuple[str, ...], out: str, lang: str | None) -> None:
    """Make one store of several scans.

    STORE are files that `agestat scan --shard I/N --db STORE` wrote, with the same model and options, each of
    other pictures. They stay as they are.
    """
    from agestat.api import merge

    found = merge(stores, out)
    tell("{store} holds {files} files now.", store=out, files=found.counts["found"])

"""`agestat compare`: do two scans, or two groups of one scan, differ?"""

from typing import Any

import click

from agestat.cli.options import (
    Target,
    cluster_option,
    copies_options,
    group_options,
    lang_option,
    level_option,
    theme_option,
)
from agestat.errors import UsageError

EXAMPLES = """\b
Examples:
  agestat compare summer winter
  agestat compare photos --by year --groups 2019 2024 --png difference.png
  agestat compare a.csv b.csv --stores a.sqlite b.sqlite --csv -
"""


@click.command("compare", epilog=EXAMPLES)
@click.argument("a", type=click.Path(exists=True))
@click.argument("b", required=False, type=click.Path(exists=True))
@click.option(
    "--stores",
    nargs=2,
    type=click.Path(exists=True),
    metavar="FILE FILE",
    help="Where A and B are result tables: the stores that they were made from.",
)
@group_options
@click.option("--groups", nargs=2, metavar="NAME NAME", help="With --by: the group of A, and that of B or A.")
@click.option(
    "--bands",
    help="Age bands: marketing (default), un5, un10, seed (default of simpsons), or first "
    "ages like 0,18,35,50,65; result tables bring their own.",
)
@level_option
@cluster_option
@copies_options
@click.option("--csv", type=Target(), help="All differences as CSV; - is standard output.")
@click.option("--png", type=Target(), help="Draw the differences with their intervals: .png, .svg or .pdf.")
@theme_option
@lang_option
def command(a: str, b: str | None, **options: Any) -> None:
    """Compare the perceived gender and age of the faces in A and B.

    A and B are scanned folders, stores, or result tables (CSV) with --stores, made with the same model; or A
    alone with --by and --groups. It says which shares differ, and whether the faces of each look like those
    that the model's errors are known of.
    """
    from agestat.analysis.comparison import compare
    from agestat.analysis.scan import Scan
    from agestat.cli.check import check_outputs
    from agestat.cli.deliver import save_picture, warn_of_missing
    from agestat.report.export import read_table

    _check(a, b, options)
    stores = options["stores"] or (a, b or a)
    read = filter(None, [a, b, *(options["stores"] or ()), options["metadata"]])
    check_outputs([options["csv"], options["png"]], list(read), options["png"])
    scans = {store: Scan.open(store) for store in stores}
    for scan in scans.values():
        warn_of_missing(scan)
        scan.keep_copies, scan.once = options["keep_copies"], options["once"]
    chosen = {key: options[key] for key in ("by", "groups", "metadata", "trust_mtime", "cluster", "level")}
    found = compare(
        *map(scans.__getitem__, stores),
        bands=options["bands"],
        tables=(read_table(a), read_table(str(b))) if options["stores"] else None,
        names=_names(a, b, options["groups"]),
        **chosen,
    )
    if options["csv"]:
        import pandas as pd

        from agestat.report.export import write_table

        both = pd.concat([found.table, found.margins], ignore_index=True)
        write_table(both.assign(global_p=found.global_p), options["csv"], "csv")
    if options["png"]:
        from agestat.report.figure_style import THEMES
        from agestat.report.plots import forest

        save_picture(forest(found.table, names=found.names, theme=THEMES[options["theme"]]), options["png"])
    from agestat.cli.terminal import Terminal
    from agestat.report.comparison import sentences
    from agestat.report.console import Screen

    screen = Screen(Terminal(stderr="-" in (options["csv"], options["png"])), options["lang"])
    for sentence in sentences(found, screen.t):
        screen.line(sentence)


def _check(a: str, b: str | None, options: dict[str, Any]) -> None:
    """Raise `UsageError` for arguments that do not go together."""
    tables = [name.lower().endswith(".csv") for name in (a, b) if name]
    if b is None and not options["groups"]:
        raise UsageError("Give two scans to compare, or one scan with --by KEY and --groups NAME NAME.")
    if options["groups"] and not options["by"]:
        raise UsageError("--groups needs --by, which says what the groups are.")
    if options["by"] and not options["groups"]:
        raise UsageError("--by needs --groups NAME NAME: which two of the groups to compare.")
    if any(tables) != all(tables) or (any(tables) and b is None):
        raise UsageError(
            "Give two result tables with --stores, or two scans: one of each cannot be compared."
        )
    if any(tables) != bool(options["stores"]):
        raise UsageError("Result tables need --stores FILE FILE, and only they do: the stores they are from.")
    if any(tables) and options["bands"]:
        raise UsageError("Result tables bring their own age bands: leave --bands out.")


def _names(a: str, b: str | None, groups: tuple[str, str] | None) -> tuple[str, str]:
    """What the words call the two sides."""
    if b is None or not groups:
        return groups or (a, str(b))
    return f"{a} {groups[0]}", f"{b} {groups[1]}"

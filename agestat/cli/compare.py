"""`agestat compare`: do two scans, or two groups of one scan, differ?"""

from typing import TYPE_CHECKING, Any

import click

from agestat.cli.headings import HeadedCommand
from agestat.cli.options import (
    Found,
    Scanned,
    Target,
    cluster_option,
    copies_options,
    csv_dialect_option,
    group_options,
    lang_option,
    level_option,
    min_n_option,
    theme_option,
)
from agestat.errors import UsageError

if TYPE_CHECKING:
    from agestat.analysis.comparison import GroupComparison
    from agestat.analysis.scan import Scan
    from agestat.stats.compare import Comparison

OUTPUTS = ("csv", "html", "png")
READ = ("metadata", "labels", "labels_b")
EXAMPLES = """\b
Examples:
  agestat compare summer winter
  agestat compare photos --by folder --html groups.html
  agestat compare photos --by year --groups 2019 2024 --png difference.png
  agestat compare summer winter --labels summer_labels.csv --labels-b winter_labels.csv
  agestat compare a.csv b.csv --stores a.sqlite b.sqlite --csv -
"""


@click.command("compare", cls=HeadedCommand, epilog=EXAMPLES)
@click.argument("a", type=Scanned())
@click.argument("b", required=False, type=Scanned())
@click.option(
    "--stores",
    nargs=2,
    type=Found(exists=True),
    metavar="FILE FILE",
    help="Where A and B are result tables: the stores that they were made from.",
)
@group_options
@click.option("--groups", nargs=2, metavar="NAME NAME", help="With --by: the group of A, and that of B or A.")
@click.option("--reference", metavar="NAME", help="With --by: compare every group of A with this one, "
                                                  "not with all other faces.")  # fmt: skip
@min_n_option
@click.option(
    "--bands",
    metavar="BANDS",
    help="Age bands: marketing (default), un5, un10, seed (default of simpsons), or first "
    "ages like 0,18,35,50,65; result tables bring their own.",
)
@level_option
@click.option("--labels", metavar="FILE.csv",
              help="Own labels of faces of A, from agestat label; without B, of all its groups.")  # fmt: skip
@click.option("--labels-b", metavar="FILE.csv", help="Own labels of faces of B.")
@cluster_option
@copies_options
@click.option("--csv", type=Target(), help="All differences as CSV; - is standard output.")
@csv_dialect_option
@click.option("--html", type=Target(), help="Write the comparison as one HTML file.")
@click.option("--png", type=Target(), help="Draw the differences with their intervals: .png, .svg or .pdf.")
@theme_option
@lang_option
def command(a: str, b: str | None, **options: Any) -> None:
    """Tell in what two scans, or the groups of one, differ.

    A and B are scanned folders, stores, or result tables (CSV) with --stores, made with the same model. With
    --by, A alone compares each of its groups with all other faces, with --reference NAME with one group, and
    with --groups two of them. Gender alone comes first, then the mean age, age bands and all cells.
    """
    from agestat.analysis.scan import Scan
    from agestat.cli.check import check_labels, check_outputs, check_pages, check_tables
    from agestat.cli.deliver import warn_of_gone, warn_of_missing

    _check(a, b, options)
    stores = options["stores"] or (a, b or a)
    read = filter(None, [a, b, *(options["stores"] or ()), *(options[key] for key in READ)])
    check_outputs([options[key] for key in OUTPUTS], list(read), options["png"])
    check_pages(options["html"])
    check_tables(csv=options["csv"])
    check_labels(options["labels"])
    check_labels(options["labels_b"])
    scans = {store: Scan.open(store) for store in stores}
    for scan in scans.values():
        warn_of_missing(scan)
        warn_of_gone(scan)
        scan.keep_copies, scan.once = options["keep_copies"], options["once"]
    if b is None and not options["groups"]:
        found: Any = _compare_groups(scans[a], options)
    else:
        found = _compare_two(a, b, list(map(scans.__getitem__, stores)), options)
    run = scans[stores[0]].run
    _write(found, run, options)
    _print(found, run, options)


def _compare_two(a: str, b: str | None, scans: "list[Scan]", options: dict[str, Any]) -> "Comparison":
    from agestat.analysis.comparison import compare
    from agestat.report.export import read_table

    chosen = {
        key: options[key] for key in ("by", "groups", "metadata", "trust_mtime", "cluster", "level", "min_n")
    }
    return compare(
        *scans,
        bands=options["bands"],
        tables=(read_table(a), read_table(str(b))) if options["stores"] else None,
        names=_names(a, b, options["groups"]),
        labels=options["labels"] if b is None else (options["labels"], options["labels_b"]),
        **chosen,
    )


def _compare_groups(scan: "Scan", options: dict[str, Any]) -> "GroupComparison":
    from agestat.analysis.comparison import compare_groups

    keys = ("by", "reference", "min_n", "labels", "metadata", "trust_mtime", "cluster", "level")
    return compare_groups(scan, **{key: options[key] for key in keys})


def _write(found: "Comparison | GroupComparison", run: dict[str, Any], options: dict[str, Any]) -> None:
    """The table, the page and the picture."""
    import pandas as pd

    from agestat.cli.deliver import command_line, save_picture
    from agestat.report.comparison import shown
    from agestat.report.comparison_page import render_comparison
    from agestat.report.export import write_table
    from agestat.report.figure_style import THEMES
    from agestat.report.language import open_language
    from agestat.report.page import write_page
    from agestat.report.plots import forest, group_forest
    from agestat.stats.compare import Comparison

    t = open_language(options["lang"])
    if options["csv"]:
        table = found.table
        if isinstance(found, Comparison):
            both = pd.concat([found.table, found.margins], ignore_index=True)
            table = both.assign(global_p=found.global_p)
        write_table(table, options["csv"], "csv", dialect=options["csv_dialect"])
    if options["html"]:
        page = render_comparison(found, run, lang=options["lang"], command=command_line())
        write_page(page, options["html"])
    if options["png"]:
        theme = THEMES[options["theme"]]
        if isinstance(found, Comparison):
            figure = forest(shown(found), names=found.names, t=t, theme=theme)
        else:
            figure = group_forest(found, t=t, theme=theme)
        save_picture(figure, options["png"])


def _print(found: "Comparison | GroupComparison", run: dict[str, Any], options: dict[str, Any]) -> None:
    """Sentences and table; on standard error when a file goes to standard output."""
    from agestat.cli.terminal import Terminal
    from agestat.report.comparison import citation, said, tables
    from agestat.report.console import Screen, print_table

    screen = Screen(Terminal(stderr="-" in [options[key] for key in OUTPUTS]), options["lang"])
    told, known = said(found, screen.t)
    for sentence in told:
        screen.line(sentence)
    for heads, rows in tables(found, screen.t):
        if rows:
            print_table(screen, heads, rows)
    screen.line()
    for sentence in known:
        screen.line(sentence)
    if cited := citation(found, run, screen.t):
        screen.line((screen.t.gettext("To cite:"), "bold"), f" {cited}")


def _check(a: str, b: str | None, options: dict[str, Any]) -> None:
    """Raise `UsageError` for arguments that do not go together."""
    tables = [name.lower().endswith(".csv") for name in (a, b) if name]
    if b is None and not options["by"] and not options["groups"]:
        raise UsageError("Give two scans to compare, or one scan with --by KEY.")
    if options["groups"] and not options["by"]:
        raise UsageError("--groups needs --by, which says what the groups are.")
    if b is None and options["groups"] and options["reference"]:
        raise UsageError("--groups and --reference exclude each other: --groups names both sides.")
    if options["by"] and not options["groups"] and b is not None:
        raise UsageError("--by needs --groups NAME NAME: which two of the groups to compare.")
    if b is None and not options["groups"] and options["bands"]:
        raise UsageError("--bands is for two sides: all groups at once are compared in gender and mean age.")
    if any(tables) != all(tables) or (any(tables) and b is None):
        raise UsageError(
            "Give two result tables with --stores, or two scans: one of each cannot be compared."
        )
    if any(tables) != bool(options["stores"]):
        raise UsageError("Result tables need --stores FILE FILE, and only they do: the stores they are from.")
    if b is None and options["labels_b"]:
        raise UsageError("--labels-b is for the faces of B: of groups of one scan, --labels has all.")
    if any(tables) and options["bands"]:
        raise UsageError("Result tables bring their own age bands: leave --bands out.")


def _names(a: str, b: str | None, groups: tuple[str, str] | None) -> tuple[str, str]:
    """What the words call the two sides."""
    if b is None or not groups:
        return groups or (a, str(b))
    return f"{a} {groups[0]}", f"{b} {groups[1]}"

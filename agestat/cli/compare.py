"""`agestat compare`: do two scans, or two groups of one scan, differ?"""

from typing import Any

import click

from agestat.cli.options import Target, cluster_option, group_options, lang_option, level_option, theme_option

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
    from agestat.cli.check import check_outputs
    from agestat.cli.deliver import save_picture
    from agestat.cli.sides import Sides, check_arguments

    check_arguments(a, b, options)
    read = filter(None, [a, b, *(options["stores"] or ()), options["metadata"]])
    check_outputs([options["csv"], options["png"]], list(read), options["png"])
    with Sides(a, b, options) as sides:
        found = sides.compare(options["level"])
    if options["csv"]:
        import pandas as pd

        from agestat.report.export import write_table

        both = pd.concat([found.table, found.margins], ignore_index=True)
        write_table(both.assign(global_p=found.global_p), options["csv"], "csv")
    if options["png"]:
        from agestat.report.figure_style import THEMES
        from agestat.report.plots import forest

        save_picture(forest(found.table, names=sides.names, theme=THEMES[options["theme"]]), options["png"])
    from agestat.cli.terminal import Terminal
    from agestat.report.comparison import sentences
    from agestat.report.console import Screen

    screen = Screen(Terminal(stderr="-" in (options["csv"], options["png"])), options["lang"])
    for sentence in sentences(found, screen.t):
        screen.line(sentence)

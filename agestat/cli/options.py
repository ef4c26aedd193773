"""Options that more than one command has, as decorators."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _all(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


group_options = _all(
    click.option("--by", multiple=True, metavar="KEY",
                 help="Groups: folder[:DEPTH], year, month, weekday, hour, camera, column:NAME, or a regular "
                      "expression with (?P<names>) for the path. Several cross."),
    click.option("--metadata", metavar="FILE.csv", help="Table with a column path, for --by column:NAME."),
    click.option("--trust-mtime", is_flag=True, help="Where EXIF has no time, take the file's."),
)  # fmt: skip

estimate_options = _all(
    click.option("--bands", help="Age bands: marketing (default), un5, un10, seed (default of simpsons), or "
                                 "first ages like 0,18,35,50,65."),
    click.option("--method", help="How shares are corrected; see docs/statistics.md."),
    click.option("--raw", is_flag=True, help="Counts alone, not corrected for the model's errors."),
    click.option("--level", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True,
                 help="Level of the intervals."),
    click.option("--labels", metavar="FILE.csv", help="Own labels of some faces, from agestat label."),
    click.option("--cluster", type=click.Choice(["photo", "folder"]), default="photo", show_default=True,
                 help="Faces of one of these are not taken as independent."),
)  # fmt: skip

theme_option = click.option(
    "--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True,
    help="Colours of --png; an HTML page follows its reader's settings.",
)  # fmt: skip

output_options = _all(
    click.option("--csv", metavar="FILE|-", help="Write the table as CSV; - is standard output."),
    click.option("--json", metavar="FILE|-", help="Write the table as JSON."),
    click.option("--parquet", metavar="FILE|-", help="Write the table as Parquet."),
    click.option("--xlsx", metavar="FILE|-", help="Write the table for Excel (needs agestat[xlsx])."),
    click.option("--faces", metavar="FILE|-", help="Write one row per face: .csv, .parquet or .jsonl."),
    click.option("--anonymous", is_flag=True, help="Salted hashes in place of paths in every output."),
    click.option("--html", "--report", "html", metavar="FILE|-", help="Write the report as one HTML file."),
    click.option("--png", metavar="FILE|-", help="Draw the population pyramid: .png, .svg or .pdf."),
    theme_option,
    click.option("--thumbnails", is_flag=True, help="Show faces in the report, which can identify people."),
    click.option("--lang", type=click.Choice(["en", "ru"]),
                 help="Language of summary and report; default: the locale's."),
)  # fmt: skip

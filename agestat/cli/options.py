"""Options that more than one command has, as decorators."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from agestat.analysis.groups import CLUSTERS, FEWEST
from agestat.report.language import LANGUAGES
from agestat.written.paths import as_on_disk

F = TypeVar("F", bound=Callable[..., Any])


class Target(click.Path):
    """The name of a file to write; ``-`` is standard output, by whatever name it was called."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, readable=False, allow_dash=True)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What the help says."""
        return "FILE|-"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name, if it can be a file's."""
        if not value:
            self.fail("An empty name is no file's: name one, or - for standard output.", param, ctx)
        target = super().convert(value, param, ctx)
        return "-" if target in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1") else target


class Found(click.Path):
    """A path to something that is there, also if its letters are composed in another way than on the disk."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path by which it can be opened."""
        return super().convert(as_on_disk(os.fsdecode(value)), param, ctx)


class Source(Found):
    """What to scan: a file or folder that exists, or the URL of a storage that fsspec knows."""

    def __init__(self) -> None:
        super().__init__(exists=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path or URL."""
        return value if "://" in str(value) else super().convert(value, param, ctx)


class Scanned(Source):
    """What was scanned, or the store: a drive that is not connected has its result all the same."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path or URL."""
        from agestat.scanning.store import store_of

        is_kept = not os.path.lexists(value) and store_of([value]).is_file()
        return value if is_kept else super().convert(value, param, ctx)


def offer(*words: str) -> Callable[..., list[str]]:
    """What a shell completes an option with that takes other words too."""
    return lambda context, parameter, begun: [word for word in words if word.startswith(begun)]


def _all(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


group_options = _all(
    click.option("--by", multiple=True, metavar="KEY",
                 shell_complete=offer("folder", "year", "month", "weekday", "hour", "camera", "column:"),
                 help="Groups: folder[:DEPTH], year, month (2024-05), weekday, hour, camera, column:NAME, or "
                      "a regular expression with (?P<names>), searched in paths below PATH, for single files "
                      "also above. Several cross."),
    click.option("--metadata", metavar="FILE.csv", help="Table with a column path, for --by column:NAME."),
    click.option("--trust-mtime", is_flag=True, help="Where EXIF has no time, take the file's."),
)  # fmt: skip

level_option = click.option(
    "--level", metavar="LEVEL", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True,
    help="Level of the intervals.",
)  # fmt: skip

min_n_option = click.option(
    "--min-n", type=click.IntRange(1), default=FEWEST, show_default=True, metavar="N",
    help="Of fewer faces no shares are estimated: such groups are listed, and count in the totals.",
)  # fmt: skip

copies_options = _all(
    click.option("--keep-copies", is_flag=True, help="Count every copy of a file, not each picture once."),
    click.option("--once", is_flag=True, help="Count one picture of each burst, series and edit."),
)

cluster_option = click.option(
    "--cluster", type=click.Choice(CLUSTERS), default="photo", show_default=True,
    help="Faces of one of these are not taken as independent.",
)  # fmt: skip

estimate_options = _all(
    click.option("--bands", metavar="BANDS", shell_complete=offer("marketing", "un5", "un10", "seed"),
                 help="Age bands: marketing (default), un5, un10, seed (default of simpsons: child 0-12, "
                      "adult 18-64, old 65+), or first ages like 0,18,35,50,65."),
    click.option("--method", metavar="NAME", shell_complete=offer("bayes", "emq", "pacc", "acc", "pcc", "cc"),
                 help="How shares are corrected: bayes (default); emq, pacc or acc, which leave out that "
                      "errors differ between kinds of pictures; pcc or cc, which leave all errors out."),
    click.option("--raw", is_flag=True, help="Counts alone, not corrected for the model's errors."),
    level_option,
    min_n_option,
    click.option("--labels", metavar="FILE.csv", help="Own labels of some faces, from agestat label."),
    cluster_option,
    click.option("--exclude-faces", metavar="FILE.csv",
                 help="Leave out what this list, of --review or agestat label, calls no face or person."),
    copies_options,
)  # fmt: skip


def _language(says: str, **options: Any) -> Callable[[F], F]:
    """What is chosen here is known before anything is parsed; see `agestat.cli.translation`."""
    return click.option("--lang", type=click.Choice(LANGUAGES), help=says, **options)


lang_option = _language("Language of what is printed and drawn; default: the locale's.")
message_lang_option = _language("Language of help, messages and errors; default: the locale's.",
                                expose_value=False)  # fmt: skip

engine_options = _all(
    click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
                 help="ray scans on a cluster, with the same rows (needs agestat[ray]); see docs/scale.md."),
    click.option("--address", metavar="auto|ADDRESS",
                 help="The Ray cluster; auto: the one this machine belongs to; default: this machine alone."),
    click.option("--actors", metavar="N", type=click.IntRange(1), default=1, show_default=True,
                 help="How many processes of the cluster hold the model."),
    click.option("--gpus-per-actor", metavar="N", type=click.FloatRange(0), default=0.0, show_default=True,
                 help="GPUs that each of them has; parts of one too."),
    click.option("--parts", metavar="FOLDER|URL",
                 help="Where the cluster's machines leave parts of the work; default: beside the store."),
)  # fmt: skip

device_option = click.option(
    "--device", metavar="NAME", default="auto", show_default=True,
    shell_complete=offer("auto", "cpu", "cuda", "mps"), help="auto, cpu, cuda or mps.",
)  # fmt: skip

theme_option = click.option(
    "--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True,
    help="Colours of --png; an HTML page follows its reader's settings.",
)  # fmt: skip

csv_dialect_option = click.option(
    "--csv-dialect", type=click.Choice(["plain", "excel"]), default="plain", show_default=True,
    help="excel: semicolons and decimal commas, for a spreadsheet.",
)  # fmt: skip

output_options = _all(
    click.option("--csv", type=Target(), help="Write the table as CSV; - is standard output."),
    csv_dialect_option,
    click.option("--json", type=Target(), help="Write the table as JSON."),
    click.option("--parquet", type=Target(), help="Write the table as Parquet."),
    click.option("--xlsx", type=Target(), help="Write all tables as a workbook (needs agestat[xlsx])."),
    click.option("--margins", type=Target(), help="Write shares of gender alone and of age alone: .csv, "
                                                  ".json, .parquet or .xlsx."),
    click.option("--ages", type=Target(), help="Write mean and median ages, in the same formats."),
    click.option("--faces", type=Target(), help="Write one row per face: .csv, .parquet or .jsonl."),
    click.option("--files", type=Target(), help="Write one row per file, read or not, in the same formats."),
    click.option("--anonymous", is_flag=True, help="Salted hashes in place of paths in every output."),
    click.option("--html", "--report", "html", type=Target(), help="Write the report as one HTML file."),
    click.option("--png", type=Target(), help="Draw the population pyramid: .png, .svg or .pdf."),
    theme_option,
    click.option("--review", type=Target(), help="Write a page of the faces and what the model says of "
                                                 "them, to tick what is no person."),
    click.option("--thumbnails", is_flag=True, help="Show faces in the report, which can identify people."),
    lang_option,
)  # fmt: skip

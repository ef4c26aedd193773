"""``agestat data``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agestat.cli.options import Found, message_lang_option
from agestat.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from agestat.cli.terminal import Terminal
    from agestat.labelled.check import Check

EXAMPLES = """\b
Examples:
  agestat data check utkface
  agestat data check ./my_labels --out my_labels_check --examples my_labels_check/examples.png
"""
SHOWN = 10  # pairs of duplicates on the terminal; all of them are in duplicates.csv


@click.group("data", epilog=EXAMPLES)
@message_lang_option
def command() -> None:
    """Check labelled pictures before they train or judge a model."""


@command.command("check", epilog=EXAMPLES)
@click.argument("data", nargs=-1, type=Found(path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="data-check",
              show_default=True, help="Folder for the plots (PNG) and duplicates.csv.")  # fmt: skip
@click.option("--examples", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.png",
              help="Draw the youngest, oldest, sharpest and least sharp pictures, which can identify "
                   "people; nothing else keeps them.")  # fmt: skip
@message_lang_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_context
def check_command(
    ctx: click.Context, data: tuple[Path, ...], out: Path, examples: Path | None, quiet: bool
) -> None:
    """Count, plot and compare labelled pictures.

    DATA are folders, or names of sets under AGESTAT_DATA. Prints the counts by split, class balance, picture
    sizes, every row that cannot be used, and exact and near duplicates. Ends with exit code 3 where rows
    cannot be used.
    """
    from agestat.cli.messages import tell
    from agestat.cli.terminal import Terminal
    from agestat.files import format_of, make_folders, output_file
    from agestat.labelled.check import balance, check
    from agestat.labelled.dataset import describe, find_data
    from agestat.labelled.examples import draw_examples
    from agestat.labelled.layouts import OWN_PLOTS
    from agestat.labelled.plots import plot_set
    from agestat.written.csv_files import write_csv

    console = Terminal()
    paths = find_data(data)
    walked = [path.resolve() for path in paths if not (path / "labels.csv").is_file()]
    if out.name != OWN_PLOTS and {out.resolve(), *out.resolve().parents} & set(walked):
        raise UsageError(
            "{out} lies in the set, where its plots would be taken for pictures: name a folder outside it.",
            out=out,
        )
    if examples is not None:
        format_of(examples, ["png"])
        if set(examples.resolve().parents) & {path.resolve() for path in paths}:
            raise UsageError(
                "{target} would lie in the set and be taken for a picture of it: name a place outside it.",
                target=examples,
            )
    make_folders(out)
    found = check(paths, quiet=quiet)
    counts = balance(found.frame)
    plots = plot_set(found.frame, counts, out)
    with output_file(out / "duplicates.csv") as stream:
        write_csv(found.duplicates, stream)
    _show_counts(found, counts, console)
    _show_duplicates(found)
    if examples is not None:
        draw_examples(found.frame, examples)
        tell("{target} shows faces, which can identify people: delete it when you have looked at it.",
             target=examples)  # fmt: skip
    click.echo(f"written: {', '.join(map(str, plots))}, {out / 'duplicates.csv'}")
    if found.problems:
        click.echo(describe(found.problems, shown=len(found.problems)))
        ctx.exit(3)


def _show_counts(found: "Check", counts: "pd.DataFrame", console: "Terminal") -> None:
    from rich.table import Table

    frame = found.frame
    table = Table("class", *counts.columns, "all", title="Perceived age and gender")
    for name, row in counts.iterrows():
        table.add_row(str(name), *(f"{count:,}" for count in (*row, row.sum())))
    table.add_section()
    table.add_row("all", *(f"{count:,}" for count in (*counts.sum(), len(frame))))
    console.print(table)
    click.echo(f"pictures: {len(frame):,} ({', '.join(found.layouts)})")
    for side in ("width", "height"):
        least, middle, most = frame[side].quantile([0, 0.5, 1]).astype(int)
        click.echo(f"{side}: {least:,} to {most:,} pixels, median {middle:,}")
    subjects = frame["subject"][frame["subject"] != ""].nunique()
    click.echo(f"subjects: {subjects:,}" if subjects else "subjects: not labelled")


def _show_duplicates(found: "Check") -> None:
    pairs = found.duplicates
    across = pairs[pairs["split"] != pairs["other_split"]]
    for kind in ("exact", "near"):
        click.echo(f"{kind} duplicates across splits: {(across['kind'] == kind).sum():,} pairs")
    click.echo(f"exact duplicates within a split: {len(pairs) - len(across):,} pairs")
    click.echo(f"duplicates with different labels: {(pairs['labels'] == 'different').sum():,} pairs")
    for row in across.head(SHOWN).itertuples():
        click.echo(f"  {row.kind}: {row.file} ({row.split}) and {row.other} ({row.other_split})")

"""``agestat data``."""

from collections.abc import Sequence
from pathlib import Path

import click

from agestat.cli.options import Found, message_lang_option
from agestat.errors import UsageError

EXAMPLES = """\b
Examples:
  agestat data check utkface
  agestat data check ./my_labels --out my_labels_check --examples my_labels_check/examples.png
"""


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
    from agestat.cli.messages import spoken_language, tell
    from agestat.cli.terminal import Terminal
    from agestat.files import make_folders, output_file
    from agestat.labelled.check import balance, check
    from agestat.labelled.dataset import describe, find_data
    from agestat.report.labelled_sets import about_set, class_table, duplicates
    from agestat.report.set_examples import draw_examples
    from agestat.report.set_plots import plot_set
    from agestat.written.csv_files import write_csv

    paths = find_data(data)
    _check_places(paths, out, examples)
    make_folders(out)
    found = check(paths, quiet=quiet)
    counts = balance(found.frame)
    t, console = spoken_language(), Terminal()
    plots = plot_set(found.frame, counts, out, t)
    with output_file(out / "duplicates.csv") as stream:
        write_csv(found.duplicates, stream)
    console.show(class_table(counts, t))
    for line in (*about_set(found, t), *duplicates(found, t)):
        click.echo(line)
    if examples is not None:
        draw_examples(found.frame, examples, t)
        tell("{target} shows faces, which can identify people: delete it when you have looked at it.",
             target=examples)  # fmt: skip
    files = ", ".join(map(str, [*plots, out / "duplicates.csv"]))
    click.echo(t.gettext("written: {files}", files=files))
    if found.problems:
        click.echo(t.error(describe(found.problems, shown=len(found.problems))))
        ctx.exit(3)


def _check_places(paths: Sequence[Path], out: Path, examples: Path | None) -> None:
    """Raise `UsageError` for outputs that would be pictures of a set at the next look."""
    from agestat.files import format_of
    from agestat.labelled.layouts import OWN_PLOTS

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

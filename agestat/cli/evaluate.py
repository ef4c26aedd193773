"""``agestat eval``."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agestat.cli.messages import tell
from agestat.cli.options import Found, device_option, message_lang_option

if TYPE_CHECKING:
    from agestat.cli.terminal import Terminal

EXAMPLES = """\b
Examples:
  agestat eval utkface
  agestat eval simpsons --model simpsons --split val_unseen
  agestat eval ./my_labels --split all --json - | jq .gender_accuracy
  agestat eval portraits --crop detect --predictions portraits.csv
"""


@click.command("eval", epilog=EXAMPLES)
@click.argument("data", nargs=-1, type=Found(path_type=Path))
@click.option(
    "--model",
    "model_name",
    metavar="MODEL",
    default="faces",
    show_default=True,
    help="A shipped model or a folder.",
)
@click.option("--split", metavar="NAME", default="val", show_default=True, help="A split's name, or all.")
@click.option("--crop", type=click.Choice(["auto", "whole", "detect"]), default="auto", show_default=True,
              help="What a model of faces sees: the picture, its largest face, or by its shape.")  # fmt: skip
@click.option("--json", "json_path", type=click.Path(allow_dash=True, path_type=Path),
              help="Write the figures as JSON; - is standard output.")  # fmt: skip
@click.option(
    "--predictions", type=click.Path(dir_okay=False, path_type=Path), help="Write one row per picture as CSV."
)
@click.option("--record", is_flag=True, help="Put the figures into the model's description and card.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(1), help="A seeded sample of that many pictures of a split."
)
@click.option("--skip-bad", is_flag=True, help="Leave unusable rows out instead of stopping.")
@click.option("--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
              help="Of --limit and of the intervals.")  # fmt: skip
@device_option
@message_lang_option
@click.option("-q", "--quiet", is_flag=True, help="No progress and no tables.")
def command(data: tuple[Path, ...], model_name: str, split: str, **given: Any) -> None:
    """Judge a model on labelled pictures.

    DATA are folders, or names of sets under AGESTAT_DATA; default: the set that the model was made for. Age
    and gender are perceived ones, as the labels are. F1, accuracy and calibration error are over the six
    classes child 0-12, adult 18-64 and old 65-100 of each gender, on the pictures whose labels lie within
    one, or over the two genders where no ages are labelled. Every figure has a bootstrap interval.
    """
    from agestat.cli.check import check_tables
    from agestat.cli.terminal import Terminal
    from agestat.files import output_file
    from agestat.judging.evaluate import judge, predict_table
    from agestat.labelled.dataset import find_data, read_labelled
    from agestat.model.checkpoint import load_model
    from agestat.written.csv_files import write_csv

    check_tables(csv=given["predictions"], json=given["json_path"])
    model = load_model(model_name, given["device"])
    only = None if split == "all" else split
    labelled = read_labelled(
        find_data(data, _trained_on(model.info)),
        skip_bad=given["skip_bad"],
        seed=given["seed"],
        split=only,
        limit=given["limit"],
    )
    if labelled.problems:
        tell("Went on without {number} pictures that cannot be used.", number=len(labelled.problems))
    table = predict_table(model, labelled.frame, crop=given["crop"], quiet=given["quiet"])
    if given["predictions"]:
        with output_file(given["predictions"]) as stream:
            write_csv(table.drop(columns=["six", "stratum", "box"]), stream)
    figures = {
        **judge(model, table, seed=given["seed"]),
        "data": sorted(set(labelled.frame["source"])),
        "split": split,
        "crop": given["crop"],
        "bad_rows": len(labelled.problems),
    }
    if given["record"]:
        _record(model_name, figures)
    if given["json_path"]:
        with output_file(given["json_path"]) as stream:
            stream.write(f"{json.dumps(figures, indent=2)}\n".encode())
    if not given["quiet"]:
        _show(figures, Terminal(stderr=given["json_path"] == Path("-")))


def _trained_on(info: dict[str, Any]) -> str | None:
    """The first set that a model was trained on: what it is judged on where nothing else is said."""
    return next((part["name"] for part in info.get("data", ())), None)


def _record(model_name: str, figures: dict[str, Any]) -> None:
    from agestat.model.checkpoint import folder_of
    from agestat.training.export import record_metrics

    name = f"{', '.join(Path(one).name for one in figures['data'])} {figures['split']}"
    about = {key: value for key, value in figures.items() if key not in ("model", "data")}
    record_metrics(folder_of(model_name), name, about, shlex.join(["agestat", *sys.argv[1:]]))


def _show(figures: dict[str, Any], console: "Terminal") -> None:
    """The figures as tables for the terminal."""
    from agestat.cli.messages import spoken_language
    from agestat.report.labelled_sets import judged_tables

    t = spoken_language()
    where = f"{', '.join(Path(one).name for one in figures['data'])}, {figures['split']}"
    console.print(t.gettext(
        "{model} on {where}: perceived age and gender, pictures: {number}",
        model=figures["model"], where=where, number=t.number(figures["n"]),
    ))  # fmt: skip
    for _, table in judged_tables(figures, t):
        console.show(table)
    if figures["without_face"]:
        number = t.number(figures["without_face"])
        console.print(t.gettext("More pictures, in which no face was found: {number}.", number=number))

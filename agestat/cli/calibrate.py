"""``agestat calibrate``."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from agestat.cli.messages import tell
from agestat.cli.options import Found, device_option, message_lang_option

FEW = 1000  # pictures; with 300 shares were further off than with the shipped set: docs/statistics.md
EXAMPLES = """\b
Examples:
  agestat calibrate faces ./my_labels --split all --keep --out my-faces
  agestat scan ./photos --model my-faces
  agestat calibrate faces fairface fairface_more --split val,calibration --out calibrated
  agestat calibrate faces ./shop ./street --split all --degraded 1 --out my-faces
"""


@click.command("calibrate", epilog=EXAMPLES)
@click.argument("model")
@click.argument("data", nargs=-1, required=True, type=Found(path_type=Path))
@click.option("--out", required=True, metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False),
              help="Folder of the calibrated model; it may be MODEL's own.")  # fmt: skip
@click.option(
    "--split",
    metavar="NAMES",
    default="val",
    show_default=True,
    help="Splits between commas, or all: give all for a set of yours that names none.",
)
@click.option("--crop", type=click.Choice(["auto", "whole", "detect"]), default="auto", show_default=True,
              help="What a model of faces sees: the picture, its largest face, or by its shape.")  # fmt: skip
@click.option("--degraded", type=click.IntRange(0, 20), default=0, show_default=True, metavar="COPIES",
              help="See each crop so often more, small, blurred, dark and compressed.")  # fmt: skip
@click.option("--keep", is_flag=True,
              help="Keep the pictures that MODEL came with beside yours, each worth a little: better with "
                   "less than some thousands of yours.")  # fmt: skip
@click.option(
    "--limit", metavar="N", type=click.IntRange(1), help="A seeded sample of that many pictures of a split."
)
@click.option("--skip-bad", is_flag=True, help="Leave unusable rows out instead of stopping.")
@click.option("--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
              help="Of --limit and --degraded.")  # fmt: skip
@device_option
@message_lang_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(model: str, data: tuple[Path, ...], split: str, **given: Any) -> None:
    """Learn a model's errors on labelled pictures.

    DATA are folders, or names of sets under AGESTAT_DATA.
    Corrected shares and their intervals rest on these errors: the more the pictures are like those that
    you will scan, the better they hold. Take pictures that the model was not trained on, some hundreds at
    least, with gender and age as people perceive them. Each set of DATA is a kind of pictures of its own,
    or a column domain of its labels.csv tells the kinds apart.
    """
    from agestat.judging.calibration import KEPT, calibrate
    from agestat.labelled.dataset import find_data
    from agestat.model.checkpoint import read_info

    words = shlex.join(["agestat", *sys.argv[1:]])
    only = None if split == "all" else split
    folder = calibrate(model, find_data(data), split=only, command=words, **given)
    about = read_info(folder)["calibration"]
    domains = ", ".join(f"{name} {count:,}" for name, count in about["domains"].items())
    if about["left_out"] or about["bad_rows"]:
        tell(
            "Left out: {left_out} pictures without gender, age or a face, {bad} that cannot be used.",
            left_out=f"{about['left_out']:,}", bad=f"{about['bad_rows']:,}",
        )  # fmt: skip
    if about["of_other_splits"]:
        tell(
            "Not looked at: {number} pictures of other splits; --split all takes them too, if the model was "
            "not trained on them.",
            number=f"{about['of_other_splits']:,}",
        )  # fmt: skip
    if about["kept"]:
        tell(
            "Kept beside them: {number} pictures that the model came with, each worth {worth} % of one of "
            "yours.",
            number=f"{about['kept']:,}", worth=f"{100 * KEPT:.0f}",
        )  # fmt: skip
    elif about["pictures"] < FEW:
        tell(
            "These are few: with less than {few} pictures shares may be further off than with the "
            "calibration pictures that the model came with: keep these too, with --keep.",
            few=f"{FEW:,}",
        )  # fmt: skip
    tell(
        "The model in {folder} knows its errors on {pictures} pictures ({domains}); use it with: "
        "agestat scan PATHS --model {folder}",
        folder=folder, pictures=f"{about['pictures']:,}", domains=domains,
    )  # fmt: skip

"""``agestat train``."""

import math
import shlex
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from agestat.cli.messages import tell
from agestat.cli.options import Found, device_option, message_lang_option
from agestat.errors import UsageError

EXAMPLES = """\b
Examples:
  agestat train fairface --recipe faces --teachers --out my-faces
  agestat train simpsons --recipe simpsons --init resnet18_imagenet.safetensors --out my-simpsons
  agestat train utkface --recipe faces-transfer --init resnet18_imagenet.safetensors --out my-utk
  agestat train ./my_labels --recipe faces --limit 500 --epochs 2 --out smoke
"""
OF_THE_RECIPE = ("freeze", "epochs", "stages", "batch_size", "lr", "weight_decay", "balance", "age_loss")


@click.command("train", epilog=EXAMPLES)
@click.argument("data", nargs=-1, type=Found(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Checkpoint folder."
)
@click.option("--recipe", "recipe_name", metavar="NAME", default="faces", show_default=True,
              help="faces, faces-tuned, faces-transfer, faces-seed, simpsons or simpsons-seed.")  # fmt: skip
@click.option("--name", metavar="NAME", help="The model's name; default: the folder's.")
@click.option("--terms", metavar="TEXT", help="Terms of the weights, for the model card.")
@click.option(
    "--init", metavar="FILE", default="scratch", show_default=True, help="scratch, or a safetensors file."
)
@click.option("--teachers/--no-teachers", default=False,
              help="Learn from CC0 teachers as well (needs agestat[teachers]).")  # fmt: skip
@click.option("--distil", metavar="MODEL", multiple=True,
              help="Half of every target is what these trained models say of the picture.")  # fmt: skip
@click.option("--int8/--no-int8", default=False,
              help="Write 8-bit weights too, which judge on processors (needs agestat[int8]).")  # fmt: skip
@click.option("--freeze", metavar="STAGES", help="Stages kept as they are: stem,layer1,... or none.")
@click.option(
    "--epochs", metavar="N", type=click.IntRange(1), help="All epochs at the recipe's last picture size."
)
@click.option("--stages", metavar="SIZExEPOCHS,...", help="Picture sizes and their epochs, as 64x10,128x6.")
@click.option("--batch-size", metavar="N", type=click.IntRange(2), help="Pictures at once.")
@click.option("--lr", metavar="RATE", type=click.FloatRange(0, min_open=True), help="Learning rate.")
@click.option("--weight-decay", metavar="RATE", type=click.FloatRange(0), help="Weight decay.")
@click.option("--balance", metavar="POWER", type=click.FloatRange(0, 1),
              help="Loss weight of a class: its inverse frequency to this power.")  # fmt: skip
@click.option("--age-loss", type=click.Choice(["distribution", "l1", "mse"]), help="Loss of the ages.")
@device_option
@click.option("--amp/--no-amp", default=True, show_default=True, help="bfloat16 where the processor has it.")
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Threads that augment.",
)
@click.option("--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True,
              help="Another seed, another run.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Continue the run in --out after its last finished epoch.")
@click.option("--limit", metavar="N", type=click.IntRange(8), help="Pictures per split, for a smoke run.")
@click.option("--skip-bad", is_flag=True, help="Leave unusable rows out instead of stopping.")
@click.option(
    "--cache", type=click.Path(path_type=Path, file_okay=False), help="Private folder for the cut pictures."
)
@click.option("--keep-cache", is_flag=True,
              help="Keep them for another run; else they are deleted when this one is done.")  # fmt: skip
@message_lang_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(data: tuple[Path, ...], recipe_name: str, **given: Any) -> int:
    """Train a model on labelled pictures.

    DATA are folders, or names of sets under AGESTAT_DATA; default: the set that the recipe was made for.
    """
    from agestat.labelled.dataset import find_data
    from agestat.training.recipes import find_recipe, parse_stages
    from agestat.training.run import StoppedTrainingError, train

    recipe = find_recipe(recipe_name)
    changes = {key: given[key] for key in ("batch_size", "lr", "weight_decay", "balance", "age_loss")}
    for key in ("lr", "weight_decay", "balance"):
        if given[key] is not None and not math.isfinite(given[key]):
            raise UsageError(
                "--{option} {value} is no number to work with.",
                option=key.replace("_", "-"),
                value=given[key],
            )
    if given["age_loss"] and recipe.space_name != "years":
        raise UsageError(
            "--age-loss is for recipes that learn ages in years: {recipe} does not.",
            recipe=recipe_name,
        )
    if given["stages"]:
        changes["stages"] = parse_stages(given["stages"])
    if given["epochs"]:
        changes["stages"] = ((recipe.input_size, given["epochs"]),)
        changes["head_epochs"] = min(recipe.head_epochs, given["epochs"] - 1)
    if given["freeze"]:
        changes["freeze"] = _stages(given["freeze"])
    elif given["init"] == "scratch":
        changes["freeze"] = ()  # stages that know nothing are not worth keeping
    recipe = replace(recipe, **{key: value for key, value in changes.items() if value is not None})
    run = {key: value for key, value in given.items() if key not in OF_THE_RECIPE and value is not None}
    if run["init"] == "scratch":
        del run["init"]
    try:
        folder = train(
            find_data(data, recipe.usual_set),
            recipe,
            **run,
            command=shlex.join(["agestat", *sys.argv[1:]]),
        )
    except StoppedTrainingError as stopped:
        tell(stopped.message, **stopped.values)
        return 128 + signal.SIGINT
    tell("The model is in {folder}; judge it with: agestat eval DATA --model {folder}", folder=folder)
    return 0


def _stages(text: str) -> tuple[str, ...]:
    """The value of --freeze."""
    from agestat.model.network import STAGES

    if text == "none":
        return ()
    names = tuple(part.strip() for part in text.split(","))
    if wrong := [name for name in names if name not in STAGES]:
        raise UsageError(
            "There is no stage {stage!r} to freeze: give {stages}, or none.",
            stage=wrong[0],
            stages=",".join(STAGES),
        )
    return names

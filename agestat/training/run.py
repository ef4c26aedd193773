"""`agestat train` as a function: labelled pictures in, a checkpoint folder out."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from agestat.errors import AgestatError
from agestat.labelled.dataset import read_labelled
from agestat.labelled.folders import make_folders
from agestat.model.checkpoint import INFO
from agestat.model.label_space import SIX
from agestat.training.export import export, learning_curve
from agestat.training.fit import STATE, Options, Trainer
from agestat.training.recipes import Recipe

CURVE = "learning_curve.png"


def described(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Which sets a labelled frame comes from, with the terms their README states."""
    train = frame[frame["split"] == "train"]
    sets = []
    for source, rows in train.groupby("source"):
        readme = Path(str(source)) / "README.md"
        text = readme.read_text("utf-8", "replace").splitlines() if readme.is_file() else []
        terms = next((line for line in text if "terms" in line.lower() or "CC BY" in line), "")
        sets.append({"name": Path(str(source)).name, "pictures": len(rows), "terms": terms.strip()})
    return sets


def _usable(
    data: Sequence[Path], recipe: Recipe, options: Options, *, skip_bad: bool, limit: int | None
) -> pd.DataFrame:
    """The rows to train on; pictures in which a recipe of faces finds none are bad rows too."""
    labelled = read_labelled(
        data,
        skip_bad=skip_bad,
        seed=options.seed,
        limit=limit,
        faces=recipe.crop == "faces",
        quiet=options.quiet,
    )
    frame, bad = labelled.frame, len(labelled.problems)
    if bad:
        count = "1 picture" if bad == 1 else f"{bad} pictures"
        tqdm.write(f"Going on without {count} that cannot be used.", file=sys.stderr)
    if recipe.space is SIX:
        _warn_of_classes(frame)
    return frame


def _warn_of_classes(frame: pd.DataFrame) -> None:
    """Say which classes are learned but neither judged nor calibrated."""
    learned, judged = (set(frame["six"][frame["split"] == split]) - {-1} for split in ("train", "val"))
    if missing := [SIX.cell_names[index] for index in sorted(learned - judged)]:
        tqdm.write(f"The split val holds no {', no '.join(missing)}: nobody judges that.", file=sys.stderr)


class StoppedTrainingError(AgestatError):
    """Ctrl-C ended the run; the checkpoint of its last whole epoch is written."""


def _prepare(out: Path, options: Options) -> None:
    """Raise `AgestatError` before anything long is done if the run could not be written."""
    if not options.resume and ((out / STATE).exists() or (out / INFO).exists()):
        raise AgestatError(f"{out} holds an earlier run: add --resume to go on, or give another --out.")
    make_folders(out, options.cache)


def train(
    data: Sequence[Path],
    out: Path,
    recipe: Recipe,
    options: Options,
    *,
    name: str | None = None,
    skip_bad: bool = False,
    limit: int | None = None,
    terms: str = "those of the data and the initial weights above",
    command: str = "agestat.train(...)",
) -> Path:
    """Train a recipe on labelled sets and write the checkpoint folder ``out``.

    Ctrl-C ends the run early with a usable checkpoint of the last finished epoch and raises
    `StoppedTrainingError`. Raises `AgestatError` for unusable data, naming every bad row.
    """
    _prepare(out, options)
    frame = _usable(data, recipe, options, skip_bad=skip_bad, limit=limit)
    sets = described(frame)
    trainer = Trainer(frame, recipe, options)
    if options.resume:
        trainer.restore()
        if trainer.epoch == recipe.epochs and (out / INFO).exists():
            return out  # what was recorded in it stays
    try:
        trainer.fit()
    except KeyboardInterrupt:
        if not trainer.history:
            raise
        trainer.restore()  # to the end of the last whole epoch
    export(trainer, out, name=name or out.name, data=sets, terms=terms, command=command)
    learning_curve(pd.DataFrame(trainer.history), out / CURVE)
    if trainer.epoch < recipe.epochs:
        raise StoppedTrainingError(
            f"Stopped: {out} holds the model after {trainer.epoch} of {recipe.epochs} epochs; the same "
            "command with --resume goes on."
        )
    return out

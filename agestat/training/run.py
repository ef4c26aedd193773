"""`agestat train` as a function: labelled pictures in, a checkpoint folder out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from agestat.errors import AgestatError
from agestat.training.data import read_labelled
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
        text = readme.read_text(encoding="utf-8").splitlines() if readme.is_file() else []
        terms = next((line for line in text if "terms" in line.lower() or "CC BY" in line), "")
        sets.append({"name": Path(str(source)).name, "pictures": len(rows), "terms": terms.strip()})
    return sets


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

    Ctrl-C ends the run early with a usable checkpoint of the last finished epoch. Raises `AgestatError` for
    unusable data, naming every bad row.
    """
    if (out / STATE).exists() and not options.resume:
        raise AgestatError(f"{out} holds an unfinished run: add --resume or give another --out.")
    frame = read_labelled(data, skip_bad=skip_bad, seed=options.seed).frame
    if limit is not None:
        frame = frame.groupby("split", group_keys=False).sample(frac=1, random_state=options.seed)
        frame = frame.groupby("split").head(limit)
    trainer = Trainer(frame, recipe, options)
    if options.resume:
        trainer.restore()
    try:
        trainer.fit()
    except KeyboardInterrupt:
        if not trainer.history:
            raise
        trainer.restore()  # to the end of the last whole epoch
    export(trainer, out, name=name or out.name, data=described(frame), terms=terms, command=command)
    learning_curve(pd.DataFrame(trainer.history), out / CURVE)
    return out

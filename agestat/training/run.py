"""`agestat train` as a function: labelled pictures in, a checkpoint folder out."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from agestat.errors import AgestatError
from agestat.files import make_folders
from agestat.labelled.dataset import read_labelled
from agestat.model.checkpoint import INFO, folder_of
from agestat.model.label_space import SIX
from agestat.training.crops import crops_key, make_private, remove_cache, usual_cache
from agestat.training.export import export, learning_curve
from agestat.training.fit import STATE, Options, Trainer
from agestat.training.recipes import Recipe, find_recipe

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
    data: Sequence[str | Path], recipe: Recipe, options: Options, *, skip_bad: bool, limit: int | None
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


def train(
    data: str | Path | Sequence[str | Path],
    recipe: str | Recipe = "faces",
    *,
    out: str | Path,
    name: str | None = None,
    init: str | Path | None = None,
    teachers: bool = False,
    distil: str | Path | Sequence[str | Path] = (),
    int8: bool = False,
    limit: int | None = None,
    skip_bad: bool = False,
    device: str = "auto",
    amp: bool = True,
    workers: int = 1,
    seed: int = 0,
    resume: bool = False,
    cache: str | Path | None = None,
    keep_cache: bool = False,
    quiet: bool = False,
    terms: str = "those of the data and the initial weights above",
    command: str = "agestat.train(...)",
) -> Path:
    """Train a model on labelled pictures and write the checkpoint folder ``out``, which is returned.

    ``data``: one or more folders of labelled sets. ``recipe``: a name of `agestat.training.recipes`, or a
    `Recipe`. ``name`` of the model: the folder's if None. ``init``: safetensors to start from, None is from
    scratch. ``teachers``: learn from the CC0 teachers too (`agestat[teachers]`). ``distil``: trained models,
    by name or folder: the mean of their answers is half of every target. ``int8``: write a copy of the
    weights in 8-bit integers too, which judges on processors (`agestat[int8]`). ``limit``: pictures of each
    split. ``skip_bad``: go on without rows that cannot be used. ``device``: "auto", "cpu", "cuda" or "mps";
    ``amp``: bfloat16 where the processor has it; ``workers``: threads that augment. ``resume``: go on after
    the last whole epoch in ``out``. ``cache``: private folder of the cut pictures while the run lasts, the
    user's cache folder if None; ``keep_cache``: for another run on the same pictures. ``terms`` of the
    weights and ``command``, how to repeat it, stand on the model card.

    Ctrl-C ends the run early with a usable checkpoint of the last whole epoch and raises
    `StoppedTrainingError`. Raises `AgestatError` for unusable data, naming every bad row.
    """
    recipe = recipe if isinstance(recipe, Recipe) else find_recipe(recipe)
    data = [data] if isinstance(data, str | Path) else data
    distil = [distil] if isinstance(distil, str | Path) else distil
    options = Options(
        out=Path(out), init=Path(init) if init else None, teachers=teachers,
        distil=tuple(folder_of(model) for model in distil), int8=int8, device=device, amp=amp,
        workers=workers, seed=seed, resume=resume, quiet=quiet,
        cache=Path(cache) if cache else usual_cache(),
    )  # fmt: skip
    _prepare(options)
    frame = _usable(data, recipe, options, skip_bad=skip_bad, limit=limit)
    trainer = Trainer(frame, recipe, options)
    if resume:
        trainer.restore()
        if trainer.epoch == recipe.epochs and (options.out / INFO).exists():
            return options.out  # what was recorded in it stays
    try:
        trainer.fit()
    except KeyboardInterrupt:
        if not trainer.history:
            raise
        trainer.restore()  # to the end of the last whole epoch
    sets = described(frame)
    export(trainer, options.out, name=name or options.out.name, data=sets, terms=terms, command=command)
    learning_curve(pd.DataFrame(trainer.history), options.out / CURVE)
    if trainer.epoch < recipe.epochs:
        raise StoppedTrainingError(
            "Stopped: {out} holds the model after {epoch} of {epochs} epochs; the same "
            "command with --resume goes on.",
            out=out,
            epoch=trainer.epoch,
            epochs=recipe.epochs,
        )
    if not keep_cache:
        for part in (trainer.train, trainer.val):
            remove_cache(options.cache, crops_key(part))
    return options.out


def _prepare(options: Options) -> None:
    """Raise `AgestatError` before anything long is done if the run could not be written, and say where it
    keeps pictures."""
    out = options.out
    if not options.resume and ((out / STATE).exists() or (out / INFO).exists()):
        raise AgestatError(
            "{out} holds an earlier run: add --resume to go on, or give another --out.", out=out
        )
    make_folders(out)
    make_private(options.cache)
    if not options.quiet:
        tqdm.write(f"The cut pictures lie in {options.cache} while the run lasts.", file=sys.stderr)

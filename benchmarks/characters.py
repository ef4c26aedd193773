"""The cartoon model on characters that it has not seen: k folds over characters.

    AGESTAT_DATA=~/data python benchmarks/characters.py --init resnet18_imagenet.safetensors --cache CACHE

A recipe is trained once for each fold on the pictures of the other folds' characters, at most ``--most`` of
each, and judged on this fold's. Only classes of two characters or more are judged: the single character of a
class is always trained on. Finished folds are kept in the cache and not run again.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from cutmix import CutMix
from sklearn.metrics import f1_score

from agestat.judging.bootstrap import bootstrap_weights, interval
from agestat.labelled.dataset import find_data, read_labelled
from agestat.model.label_space import SIX
from agestat.training.augment import Augmentation
from agestat.training.crops import load_crops
from agestat.training.fit import Options, Trainer
from agestat.training.recipes import Recipe, find_recipe
from agestat.training.validate import predict_logits

FOLDS = 4
STAGES = ((96, 6),)  # pixels and epochs: a trial, not the run that ships
STRONG = Augmentation(
    degrees=45, scale=0.35, aspect=0.15, shift=0.1, brightness=0.5, contrast=0.5, saturation=0.9,
    noise=0.1, erase=0.35, tint=0.2, downscale=0.2,
)  # fmt: skip
BASE = replace(find_recipe("simpsons"), stages=STAGES)


class CutMixWithin(CutMix):
    """Parts of two characters of one class: more different men than the set has."""

    within_class = True


# Trainer, recipe, and whether pictures weigh by character and not by class alone.
TRIALS: dict[str, tuple[type[Trainer], Recipe, bool]] = {
    "as shipped": (Trainer, BASE, False),
    "stronger augmentation and mixup": (Trainer, replace(BASE, augmentation=STRONG, mixup=0.4), False),
    "that, by character": (Trainer, replace(BASE, augmentation=STRONG, mixup=0.4, balance=0.5), True),
    "last two stages, half the rate": (
        Trainer, replace(BASE, freeze=("stem", "layer1", "layer2"), backbone_lr=0.25), False,
    ),
    "cutmix of characters of one class": (CutMixWithin, BASE, False),
    "cutmix of any characters": (CutMix, BASE, False),
    "as shipped, fourteen epochs": (Trainer, replace(BASE, stages=((96, 14),)), False),
}  # fmt: skip


def folds_of(frame: pd.DataFrame) -> np.ndarray:
    """``(N,)`` fold of each picture: the characters of each class in turn, the most frequent first; -1 for
    the only one of its class."""
    of: dict[str, int] = {}
    for _, members in frame.groupby("six"):
        names = members["subject"].value_counts().index
        of |= {name: -1 if len(names) == 1 else place % FOLDS for place, name in enumerate(names)}
    return frame["subject"].map(of).to_numpy()


def read(most: int) -> pd.DataFrame:
    """At most so many pictures of each character, with its ``fold``."""
    whole = read_labelled(find_data(["simpsons"]), skip_bad=True).frame
    frame = whole[whole["six"] >= 0].sample(frac=1, random_state=0).groupby("subject").head(most)
    frame = frame.sort_values("file").reset_index(drop=True)
    return frame.assign(fold=folds_of(frame))


def judge(name: str, fold: int, frame: pd.DataFrame, init: Path, cache: Path) -> np.ndarray:
    """``(M,)`` classes that a network trained without the fold's characters sees in their pictures."""
    kept = cache / f"{name}, fold {fold}.npy"
    if not kept.is_file():
        trainer_class, recipe, by_character = TRIALS[name]
        out, held_out = frame["fold"] == fold, frame[frame["fold"] == fold]
        train = frame[~out].assign(split="train")
        train.loc[train.sample(frac=0.05, random_state=0).index, "split"] = "val"
        if by_character:
            train["stratum"] = train["subject"]
        options = Options(out=cache / "run", init=init, cache=cache, quiet=True)
        trainer = trainer_class(train, recipe, options)
        trainer.fit()
        crops = load_crops(held_out, cache, size=recipe.input_size, quiet=True)
        logits = predict_logits(trainer.kept(), crops, trainer.device, trainer.bf16)
        np.save(kept, logits.argmax(axis=1))
    return np.asarray(np.load(kept))


def figures(frame: pd.DataFrame, predicted: np.ndarray) -> str:
    """Micro and macro F1 over the judged classes, with 95 % intervals that resample characters."""
    truth, classes = frame["six"].to_numpy(), np.unique(frame["six"])
    cells = []
    for average in ("micro", "macro"):
        value = f1_score(truth, predicted, labels=classes, average=average)
        drawn = [
            f1_score(truth, predicted, labels=classes, average=average, sample_weight=weight)
            for weight in bootstrap_weights(frame["subject"].to_numpy())[:300]
        ]
        low, high = interval(np.array(drawn))
        cells.append(f"{value:.2f} ({low:.2f} to {high:.2f})")
    by_class = f1_score(truth, predicted, labels=classes, average=None)
    each = ", ".join(f"{SIX.cell_names[i]} {f1:.2f}" for i, f1 in zip(classes, by_class, strict=True))
    return f"{cells[0]} | {cells[1]} | {each}"


def main() -> None:
    """Print a line for each trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--init", type=Path, required=True, help="torchvision's ResNet-18 as safetensors")
    parser.add_argument("--cache", type=Path, required=True, help="private folder for crops and answers")
    parser.add_argument("--most", type=int, default=200, help="pictures of each character")
    parser.add_argument("--only", default="", help="trials whose names begin so")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    frame = read(options.most)
    judged = frame[frame["fold"] >= 0].sort_values("fold", kind="stable")
    print(f"{len(judged):,} pictures of {judged['subject'].nunique()} characters in {FOLDS} folds")
    print("| trial | micro F1 | macro F1 | F1 by class |\n| --- | --- | --- | --- |")
    for name in TRIALS:
        if name.startswith(options.only):
            parts = [judge(name, fold, frame, options.init, options.cache) for fold in range(FOLDS)]
            print(f"| {name} | {figures(judged, np.concatenate(parts))} |", flush=True)


if __name__ == "__main__":
    main()

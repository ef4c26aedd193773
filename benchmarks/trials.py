"""Short trainings of the face model side by side: what a change of the recipe gains, before a long run.

    AGESTAT_DATA=~/data python benchmarks/trials.py --cache CACHE [--epochs 4] [--pictures 12000]

Each begins from the shipped weights and sees the same FairFace pictures at 64 pixels; judged on FairFace's
val and its pictures for calibration (7,292 in all), without the mirror image. Bias is that of the estimates
to the labelled range, below it negative.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from cutmix import CutMix
from models import buckets_right, gender_accuracy, outside
from torch import Tensor
from torch.nn import functional as F

from agestat.judging.evaluate import BUCKETS
from agestat.labelled.dataset import find_data, read_labelled
from agestat.model.label_space import YEARS
from agestat.training.augment import Blend
from agestat.training.crops import load_crops
from agestat.training.fit import Options, Trainer
from agestat.training.recipes import find_recipe
from agestat.training.targets import age_prior
from agestat.training.validate import predict_logits

WEIGHTS = Path(__file__).parents[1] / "weights" / "faces" / "model.safetensors"
AGES = torch.arange(YEARS.heads[1])


class MeanVariance(Trainer):
    """Beside the distribution's cross-entropy the squared error of its mean and its variance, with the
    weights of Pan et al. (2018)."""

    def loss(self, index: Tensor, pixels: Tensor, blend: Blend) -> Tensor:
        """As `Trainer.loss`; a second pass of the network, which is simple and slow."""
        ages = F.softmax(self.network(pixels)[:, YEARS.slices[1]], dim=1)
        wanted = (blend(self.targets[index])[:, YEARS.slices[1]] * AGES).sum(dim=1)
        mean = (ages * AGES).sum(dim=1)
        variance = (ages * (AGES - mean[:, None]) ** 2).sum(dim=1)
        return super().loss(index, pixels, blend) + (0.2 * (mean - wanted) ** 2 / 2 + 0.05 * variance).mean()


class SmoothedDensity(Trainer):
    """Pictures weigh by the inverse of their age's smoothed density (LDS, Yang et al. 2021)."""

    def _load_targets(self) -> None:
        super()._load_targets()
        ages = self.targets[:, YEARS.slices[1]].numpy()
        density = (ages * age_prior(self.train.assign(gender=None))).sum(axis=1)
        self.weights = torch.from_numpy((density.mean() / density).clip(0.2, 5).astype(np.float32))


BASE = replace(find_recipe("faces-tuned"), init_share=0.0, ema=0.99)
TRIALS = {
    "as shipped": (Trainer, BASE),
    "no mixup": (Trainer, replace(BASE, mixup=0.0)),
    "cutmix in place of mixup": (CutMix, replace(BASE, mixup=0.0)),
    "mean-variance loss": (MeanVariance, BASE),
    "weights by smoothed density, no prior": (SmoothedDensity, replace(BASE, age_prior=0.0)),
}


def figures(table: pd.DataFrame) -> list[float]:
    """Gender and nine buckets right in percent, bias of women and of men of 40 and over in years."""
    off, old = outside(table), table["age_min"] >= 40
    sides = [float(off[old & (table["gender"] == gender)].mean()) for gender in ("female", "male")]
    return [gender_accuracy(table), buckets_right(table), *sides]


def main() -> None:
    """Print a line for each trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="private folder for crops")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--pictures", type=int, default=12_000)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole = read_labelled(find_data(["fairface", "fairface_more"]), skip_bad=True).frame
    train = whole[whole["split"] == "train"].sample(options.pictures, random_state=0)
    judged = whole[whole["split"].isin(["val", "calibration"])].reset_index(drop=True)
    frame = pd.concat([train, whole[whole["split"] == "val"].head(500)])
    inside = np.array([(AGES.numpy() >= low) & (AGES.numpy() <= high) for low, high in BUCKETS], dtype=float)
    print("| trial | gender, % | nine buckets, % | women over 40 | men over 40 |\n" + "| --- " * 5 + "|")
    for name, (trainer_class, recipe) in TRIALS.items():
        run = Options(out=options.cache / name, init=WEIGHTS, cache=options.cache, quiet=True)
        trainer = trainer_class(frame, replace(recipe, stages=((64, options.epochs),)), run)
        trainer.restore()
        trainer.fit()
        crops = load_crops(judged, options.cache, size=64, quiet=True)
        shares = YEARS.softmax(predict_logits(trainer.kept(), crops, trainer.device, trainer.bf16))
        table = judged.assign(
            female=shares[:, 0],
            years=YEARS.age(shares),
            bucket=(shares[:, YEARS.slices[1]] @ inside.T).argmax(1),
        )
        cells = " | ".join(f"{value:.1f}" for value in figures(table))
        print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()

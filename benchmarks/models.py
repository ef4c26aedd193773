"""Models side by side on the sets that none of them was trained on: accuracy, and bias where it matters.

    AGESTAT_DATA=~/data python benchmarks/models.py OLD NEW --cache CACHE [--sets NAME ...]

Each model is a name or a folder, with ``:int8`` or ``:float`` to name the file that judges. Needs the sets
fairface, fairface_more (its pictures for calibration), utkface, appa_real and portraits, or those named.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from agestat.judging.evaluate import BUCKETS
from agestat.labelled.dataset import find_data, read_labelled
from agestat.model.checkpoint import load_model
from agestat.model.label_space import YEARS
from agestat.training.crops import crops_key, load_crops

Rows = Iterator[tuple[str, float]]


def judged(model_name: str, frame: pd.DataFrame, cache: Path) -> pd.DataFrame:
    """The frame with ``female`` (probability), ``years`` (median) and ``bucket`` (index) by a model."""
    folder, _, precision = model_name.partition(":")
    model = load_model(folder, precision=precision or None)
    target = cache / f"judged-{model.digest[:16]}-{crops_key(frame)}.npy"
    if not target.exists():
        crops = load_crops(frame, cache, size=model.input_size, quiet=True)
        np.save(target, model.predict(crops).probabilities)
    probabilities = np.load(target)
    ages = np.arange(YEARS.heads[1])
    inside = np.array([(ages >= low) & (ages <= high) for low, high in BUCKETS], dtype=float)
    shares = probabilities[:, YEARS.slices[1]] @ inside.T
    return frame.assign(female=probabilities[:, 0], years=YEARS.age(probabilities), bucket=shares.argmax(1))


def gender_accuracy(table: pd.DataFrame) -> float:
    """Percent of the rows with a gender."""
    known = table[table["gender"].notna()]
    return 100 * float(((known["female"] > 0.5) == (known["gender"] == "female")).mean())


def buckets_right(table: pd.DataFrame) -> float:
    """Percent in the labelled bucket."""
    starts = np.array([low for low, _ in BUCKETS])
    return 100 * float((starts[table["bucket"]] == table["age_min"]).mean())


def outside(table: pd.DataFrame) -> np.ndarray:
    """Years by which each estimate misses the labelled range: below it negative."""
    low, high = table["age_min"], table["age_max"].fillna(np.inf) + 1
    return np.asarray((table["years"] - high).clip(lower=0) - (low - table["years"]).clip(lower=0))


def fairface(table: pd.DataFrame) -> Rows:
    """The rows of the official held-out pictures."""
    yield "gender, %", gender_accuracy(table)
    yield "nine buckets, %", buckets_right(table)
    yield "gender under 10, %", gender_accuracy(table[table["age_min"] < 10])
    yield from domains(table)


def domains(table: pd.DataFrame) -> Rows:
    """By the data set's race column and gender."""
    cells = dict(list(table.groupby(["domain", "gender"])))
    right = {name: gender_accuracy(part) for name, part in cells.items()}
    worst = min(right, key=lambda name: right[name])
    yield f"worst gender, % ({', '.join(worst)})", right[worst]
    for name, accuracy in right.items():
        yield f"gender, % ({', '.join(name)}: {len(cells[name])})", accuracy
    for name, part in cells.items():
        old = part[part["age_min"] >= 50]
        label = f"50 and over, years outside the label ({', '.join(name)}: {len(old)})"
        yield label, float(outside(old).mean())


def utkface(table: pd.DataFrame) -> Rows:
    """Exact ages: error and bias (estimate minus label)."""
    error = table["years"] - table["age"]
    yield "age error, years", float(error.abs().mean())
    yield "gender, %", gender_accuracy(table)
    for low, high in ((0, 19), (20, 39), (40, 59), (60, 120)):
        for gender in ("female", "male"):
            part = table["age"].between(low, high) & (table["gender"] == gender)
            yield f"bias {low} to {high}, {gender}, years", float(error[part].mean())


def exact(table: pd.DataFrame) -> Rows:
    """Real ages, without gender."""
    error = table["years"] - table["age"]
    yield "age error, years", float(error.abs().mean())
    yield "bias 40 and over, years", float(error[table["age"] >= 40].mean())


def portraits(table: pd.DataFrame) -> Rows:
    """Whole photos, the largest face."""
    yield "gender, %", gender_accuracy(table)


SETS = (
    ("fairface", "val", fairface),
    ("fairface_more", "calibration", domains),
    ("utkface", "val", utkface),
    ("appa_real", "test", exact),
    ("portraits", "val", portraits),
)


def main() -> None:
    """Print a Markdown table, one column a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=[name for name, *_ in SETS])
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    print(f"| set | measure | {' | '.join(given.models)} |\n|{' --- |' * (2 + len(given.models))}")
    for name, split, measure in SETS:
        if given.sets and name not in given.sets:
            continue
        frame = read_labelled(find_data([name]), split=split, faces=True, skip_bad=True).frame
        columns = [dict(measure(judged(model, frame, given.cache))) for model in given.models]
        for row in dict.fromkeys(label for column in columns for label in column):
            cells = (f"{column[row]:.1f}" if row in column else "" for column in columns)
            print(f"| {name} {split} | {row} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

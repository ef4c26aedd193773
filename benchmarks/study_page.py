"""Tables and figures of docs/study.md from the finished rows of `benchmarks/study.py`.

    python benchmarks/study_page.py study appa_real

Everything between the page's marks is written anew; the words around it are people's.
"""

import argparse
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageFilter
from study import AgeNetwork, Row, Set, mae, predict, read

from agestat.images.quality import sharpness
from agestat.judging.bootstrap import bootstrap_weights, interval
from agestat.model.checkpoint import load_model

matplotlib.use("Agg")
from matplotlib import pyplot as plt

PAGE = Path("docs/study.md")
ASKED = {
    "base": "All others differ from", "start": "Where from", "stages": "What is learned",
    "phases": "One phase or two", "output": "How years come out", "augmentation": "Augmentation",
    "balance": "Balance", "size": "Size of the training set", "original": "The original", "best": "The best",
}  # fmt: skip
STEPS = ("original, ResNet-50", "original", "phases 1e-5, imagenet", "start imagenet", "base", "best")
OLD = 60  # years
FIGURE = "![Learning curves by size of the training set, and which step brought the error where](study.svg)"


def between(error: np.ndarray) -> str:
    """Mean of absolute errors ``(N,)`` with its 95 % interval."""
    if not len(error):
        return "–"
    weights = bootstrap_weights(np.arange(len(error)))
    low, high = interval(weights @ error / weights.sum(axis=1))
    return f"{error.mean():.2f} ({low:.2f}–{high:.2f})"


def rows_of(cache: Path) -> list[dict[str, Any]]:
    """The finished rows."""
    return [json.loads(path.read_text()) for path in sorted(cache.glob("*.json"))]


def rows_by_size(cache: Path) -> list[dict[str, Any]]:
    """Those that ask for the size of the training set, and the one with all of it."""
    asked = [row for row in rows_of(cache) if row["asks"] in ("size", "base")]
    return sorted(asked, key=lambda row: int(row["size"]))


def estimates(cache: Path, name: str) -> np.ndarray:
    """``(N, 2)`` ages of the test pictures by a row's network: expectation and median."""
    return np.asarray(np.load(cache / f"{name}.npy"))


def table_of_rows(cache: Path, test: Set) -> str:
    """A line for each finished row, by what it asks."""
    lines = [
        "| question | row | pixels | epochs | test MAE, years (95 %) | MAE from 60 | minutes |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    asked = list(ASKED)
    for row in sorted(rows_of(cache), key=lambda row: (asked.index(row["asks"]), row["name"])):
        errors = estimates(cache, row["name"]) - test.age[:, None]
        names = [f"`{row['name']}`"]
        if row["asks"] == "base":
            names += ["`base`, median for expectation"]
        epochs = round(row["steps"] * 64 / row["size"], 1)
        for name, error in zip(names, np.abs(errors).T, strict=False):
            lines.append(
                f"| {ASKED[row['asks']]} | {name} | {row['side']} | {epochs:g} | "
                f"{between(error)} | {between(error[test.age >= OLD])} | {row['seconds'] / 60:.1f} |"
            )
    return "\n".join(lines)


def table_of_sizes(cache: Path) -> str:
    """Errors on seen and on unseen pictures by the size of the training set."""
    lines = ["| pictures | MAE on them, years | MAE on 500 of `val` | gap |", "| --- | --- | --- | --- |"]
    for row in rows_by_size(cache):
        last = row["curve"][-1]
        gap = last["val"] - last["train"]
        lines.append(f"| {row['size']:,} | {last['train']:.2f} | {last['val']:.2f} | {gap:.2f} |")
    return "\n".join(lines)


def shipped(model: Path, crops: np.ndarray) -> np.ndarray:
    """``(N,)`` ages by the shipped model, years."""
    network = load_model(model, "cpu")
    return np.asarray(network.space.age(network.predict(crops).probabilities), dtype=float)


def blurred(crops: np.ndarray, radius: float) -> np.ndarray:
    """Crops after a Gaussian blur of so many pixels."""
    return np.stack(
        [np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(radius))) for crop in crops]
    )


def shrunk(crops: np.ndarray, side: int) -> np.ndarray:
    """Crops as faces of ``side`` pixels would be cut."""
    size = crops.shape[1:3]
    return np.stack([np.asarray(Image.fromarray(crop).resize((side, side)).resize(size)) for crop in crops])


def table_of_quality(judges: dict[str, Any], test: Set) -> str:
    """MAE by quartile of sharpness, added blur and face size, for each judge."""
    lines = [
        "| pictures | " + " | ".join(f"{name}, MAE in years" for name in judges) + " |",
        "| --- |" + " --- |" * len(judges),
    ]
    sharp = np.array([sharpness(crop) for crop in test.crops])
    edges = np.quantile(sharp, [0, 0.25, 0.5, 0.75, 1])
    plain = {name: np.abs(judge(test.crops) - test.age) for name, judge in judges.items()}
    for number, (low, high) in enumerate(pairwise(edges), 1):
        inside = (sharp >= low) & (sharp <= high)
        lines.append(
            f"| quarter {number} of sharpness ({low:.0f} to {high:.0f}) | "
            + " | ".join(between(plain[name][inside]) for name in judges)
            + " |"
        )
    changed = {f"blurred by {radius} pixels": blurred(test.crops, radius) for radius in (1, 2, 4)}
    changed |= {f"faces of {side} pixels": shrunk(test.crops, side) for side in (64, 32, 16)}
    for words, crops in changed.items():
        lines.append(
            f"| {words} | "
            + " | ".join(between(np.abs(judge(crops) - test.age)) for judge in judges.values())
            + " |"
        )
    return "\n".join(lines)


def table_of_correction(estimate: np.ndarray, test: Set, repeats: int = 200) -> str:
    """The shipped model as it is, and after a straight line through 100 and 300 labels of the test pictures:
    single ages judged on the others, and the mean age of all."""
    lines = [
        "| labels | MAE, years | bias from 60, years | error of the mean age, years |",
        "| --- | --- | --- | --- |",
    ]
    rng, age, old = np.random.default_rng(0), test.age, test.age >= OLD
    for labels in (0, 100, 300):
        errors, biases, means = [], [], []
        for _ in range(repeats if labels else 1):
            known = np.zeros(len(age), bool)
            known[rng.permutation(len(age))[:labels]] = True
            line = np.polyfit(estimate[known], age[known], 1) if labels else (1.0, 0.0)
            corrected = np.polyval(line, estimate)
            errors.append(mae(corrected[~known], age[~known]))
            biases.append(float((corrected - age)[~known & old].mean()))
            means.append(abs(float(corrected.mean() - age.mean())))
        lines.append(f"| {labels} | {np.mean(errors):.2f} | {np.mean(biases):+.1f} | {np.mean(means):.2f} |")
    return "\n".join(lines)


def draw(cache: Path, test: Set) -> None:
    """The learning curves by size, and which step brought the error where."""
    found = {row["name"]: row for row in rows_of(cache)}
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    for row in rows_by_size(cache):
        steps = [point["step"] for point in row["curve"]]
        (line,) = left.plot(steps, [point["val"] for point in row["curve"]], label=f"{row['size']:,}")
        left.plot(steps, [point["train"] for point in row["curve"]], color=line.get_color(), linestyle=":")
    left.set(xlabel="steps of 64 pictures", ylabel="MAE, years", title="held out (lines), trained on (dots)")
    left.legend(title="pictures", frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    names = [name for name in STEPS if name in found]
    errors = [mae(estimates(cache, name)[:, 0], test.age) for name in names]
    right.barh(names[::-1], errors[::-1], color="#4477aa")
    for place, value in enumerate(errors[::-1]):
        right.text(value, place, f" {value:.1f}", va="center", fontsize=8)
    right.set(xlabel="test MAE, years", title="which step brought it where")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(PAGE.with_name("study.svg"), metadata={"Date": None})


def write(parts: dict[str, str]) -> None:
    """Put each part between its marks."""
    text = PAGE.read_text()
    for name, part in parts.items():
        text, count = re.subn(
            rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", lambda m, p=part: m[1] + p + m[2], text, flags=re.S
        )
        assert count == 1, name
    PAGE.write_text(text)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, default="weights/faces")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sets = read(options.data, options.cache)
    test = sets["test"]
    estimate = shipped(options.model, test.crops)
    judges: dict[str, Any] = {"shipped `faces`": lambda crops: shipped(options.model, crops)}
    best = options.cache / "best.json"
    if best.is_file():
        row = Row(
            **{
                key: value
                for key, value in json.loads(best.read_text()).items()
                if key in Row.__annotations__
            }
        )
        network = AgeNetwork(row)
        network.load_state_dict(torch.load(options.cache / "best.pt", weights_only=True))
        judges["best of this study"] = lambda crops: predict(network, crops, row.side)[:, 0]
    missing = ", ".join(
        f"{split} {len(part.faceless)} of {len(part.faceless) + len(part.frame):,}"
        for split, part in sets.items()
    )
    guess = float(np.median(sets["train"].age))
    with_all = np.concatenate(
        [np.abs(estimate - test.age), np.abs(guess - test.faceless["age"].to_numpy(dtype=float))]
    )
    write({
        "faces": f"Pictures in which the detector finds no face: {missing}; they are left out of the tables. "
        f"Answered by the median age of the training pictures they change the shipped model's test error "
        f"from {np.abs(estimate - test.age).mean():.2f} to {with_all.mean():.2f} years.",
        "rows": table_of_rows(options.cache, test),
        "sizes": f"{table_of_sizes(options.cache)}\n\n{FIGURE}",
        "quality": table_of_quality(judges, test),
        "correction": table_of_correction(estimate, test),
    })  # fmt: skip
    draw(options.cache, test)


if __name__ == "__main__":
    main()

"""What a table of predictions is worth: scikit-learn's figures, each with a bootstrap interval, and slices.

A table has one row per picture with the columns that `agestat.judging.evaluate.predict_table` writes. A
figure is ``{"value", "low", "high"}``, or None where no picture has the label that it needs.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    mean_absolute_error,
    median_absolute_error,
)

from agestat.judging.bootstrap import LEVEL, REPLICATES, bootstrap_weights, interval
from agestat.judging.slices import slice_labels
from agestat.model.label_space import GENDERS
from agestat.stats.intervals import least_doubt

ECE_BINS = 15  # equal widths (Guo et al. 2017)

Figure = dict[str, float]


def nearest_age(table: pd.DataFrame, age: np.ndarray) -> np.ndarray:
    """``(N,)`` the labelled age, or the year of the labelled bucket nearest to the estimate ``age (N,)``.

    The bucket 20-29 lasts until the thirtieth birthday; nan where no age is labelled.
    """
    exact = table["age"].to_numpy(dtype=float)
    low = table["age_min"].to_numpy(dtype=float)
    high = table["age_max"].fillna(np.inf).to_numpy(dtype=float) + 1
    return np.where(np.isnan(exact), np.minimum(np.maximum(age, low), high), exact)


def report(
    table: pd.DataFrame, classes: Sequence[str], *, replicates: int = REPLICATES, seed: int = 0
) -> dict[str, Any]:
    """Every figure of ``agestat eval``; ``classes`` are the names in ``cell`` and ``predicted_cell``.

    ``counted`` says how many pictures each kind of figure rests on. The age error ``age_mae`` is over those
    whose age is known in years; ``range_distance`` over those labelled with a range, years from the estimate
    to the range, zero inside it: no error in years, which nobody knows there.
    """
    weights = bootstrap_weights(_subjects(table).to_numpy(dtype=str), replicates, seed)
    figures = {"n": len(table), **_classes(table, weights, classes), **_gender(table, weights)}
    figures |= {**_ages(table, weights), "ece": _on(table, "cell", weights, _ece)}
    figures["counted"] = {
        "classes": int(_known(table, "cell").sum()),
        "gender": int(_known(table, "gender").sum()),
        "age": int(_known(table, "age_min").sum()),
        "exact_age": int(_known(table, "age").sum()),
        "age_range": int(_known(table, "range").sum()),
        "age_band": int(_known(table, "band").sum()),
    }
    figures["slices"] = _slices(table, weights)
    return figures


def _known(table: pd.DataFrame, column: str) -> np.ndarray:
    """``(N,)``: whether a row's ``column`` is labelled; "range" is a range of ages in place of years."""
    if column == "range":
        return np.asarray(table["age_min"].notna() & table["age"].isna())
    return np.asarray(table[column].notna() & (table[column] != ""))


def _on(
    table: pd.DataFrame,
    column: str,
    weights: np.ndarray,
    measure: Callable[[pd.DataFrame, np.ndarray], Any],
) -> Any:
    """A measure of the rows in which ``column`` is known; None without any."""
    known = _known(table, column)
    return measure(table[known], weights[:, known]) if known.any() else None


def _figure(value: float, replicates: np.ndarray) -> Figure:
    """The interval always holds the value: a biased figure such as calibration error may fall outside."""
    low, high = interval(replicates)
    return {"value": float(value), "low": min(low, float(value)), "high": max(high, float(value))}


def _subjects(table: pd.DataFrame) -> pd.Series:
    """Whom each picture shows; one without a subject is its own."""
    return table["subject"].where(table["subject"] != "", table["file"]).astype(str)


def _share(table: pd.DataFrame, column: str, weights: np.ndarray) -> Figure:
    truth, predicted = table[column], table[f"predicted_{column}"]
    right = (truth == predicted).to_numpy(dtype=np.float32)
    figure = _figure(accuracy_score(truth, predicted), weights @ right / _total(weights))
    doubt = least_doubt(LEVEL, _subjects(table).nunique())
    if right.all():
        figure["low"] = 1 - doubt
    elif not right.any():
        figure["high"] = doubt
    return figure


def _total(weights: np.ndarray) -> np.ndarray:
    """``(R,)`` pictures in each replicate; nan where a replicate drew none."""
    total = weights.sum(axis=1)
    return np.where(total > 0, total, np.nan)


def f1_of(confusion: np.ndarray) -> np.ndarray:
    """``(..., C, C)`` counts, true by predicted, to ``(..., C)`` F1; nan for a class that does not occur."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    either = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return np.divide(2 * right, either, out=np.full(right.shape, np.nan), where=either > 0)


def _f1(table: pd.DataFrame, column: str, weights: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Macro (over the classes that occur) and per-class F1 and the confusion matrix."""
    truth, predicted = table[column], table[f"predicted_{column}"]
    confusion = confusion_matrix(truth, predicted, labels=list(classes))
    resampled = f1_of(_resampled_confusion(truth, predicted, weights, classes))  # (R, C)
    occur = [name for name in classes if name in set(truth) | set(predicted)]
    values = f1_score(truth, predicted, labels=occur, average=None, zero_division=0)
    per_class: dict[str, Figure | None] = dict.fromkeys(classes)
    for name, value in zip(occur, values, strict=True):
        figure = _figure(value, resampled[:, list(classes).index(name)])
        doubt = least_doubt(LEVEL, _subjects(table[(truth == name) | (predicted == name)]).nunique())
        if value == 1:
            figure["low"] = _f1_from_share(1 - doubt)
        elif value == 0:
            figure["high"] = _f1_from_share(doubt)
        per_class[name] = figure
    counted = ~np.isnan(resampled)
    macro = np.nansum(resampled, axis=1) / np.where(counted.any(axis=1), counted.sum(axis=1), np.nan)
    return {
        "macro": _figure(f1_score(truth, predicted, labels=occur, average="macro", zero_division=0), macro),
        "per_class": per_class,
        "confusion": {"labels": list(classes), "matrix": confusion.tolist()},
    }


def _resampled_confusion(
    truth: pd.Series, predicted: pd.Series, weights: np.ndarray, classes: Sequence[str]
) -> np.ndarray:
    """``(R, C, C)`` pictures of each replicate by true and predicted class."""
    number = {name: index for index, name in enumerate(classes)}
    pairs = (truth.map(number) * len(classes) + predicted.map(number)).to_numpy()
    sums = [weights[:, pairs == pair].sum(axis=1) for pair in range(len(classes) ** 2)]
    return np.stack(sums, axis=1).reshape(-1, len(classes), len(classes)).astype(float)


def _f1_from_share(share: float) -> float:
    """F1 of a class when ``share`` of the pictures that either side calls the class are right."""
    return 2 * share / (1 + share)


def _classes(table: pd.DataFrame, weights: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    keys = ("f1_macro", "f1_micro", "f1_per_class", "accuracy", "confusion")
    known = _known(table, "cell")
    if not known.any():
        return dict.fromkeys(keys)
    table, weights = table[known], weights[:, known]
    f1, accuracy = _f1(table, "cell", weights, classes), _accuracy(table, weights)
    micro = accuracy | {"value": float(f1_score(table["cell"], table["predicted_cell"], average="micro"))}
    return dict(zip(keys, (f1["macro"], micro, f1["per_class"], accuracy, f1["confusion"]), strict=True))


def _gender(table: pd.DataFrame, weights: np.ndarray) -> dict[str, Figure | None]:
    return {
        "gender_accuracy": _on(table, "gender", weights, _gender_accuracy),
        "gender_f1_macro": _on(table, "gender", weights, _gender_f1),
    }


def _ages(table: pd.DataFrame, weights: np.ndarray) -> dict[str, Figure | None]:
    return {
        "age_mae": _on(table, "age", weights, _mae),
        "age_mae_median": _on(table, "age", weights, _median),
        "range_distance": _on(table, "range", weights, _mae),
        "age_band_accuracy": _on(table, "band", weights, _band_accuracy),
    }


def _accuracy(table: pd.DataFrame, weights: np.ndarray) -> Figure:
    return _share(table, "cell", weights)


def _gender_accuracy(table: pd.DataFrame, weights: np.ndarray) -> Figure:
    return _share(table, "gender", weights)


def _gender_f1(table: pd.DataFrame, weights: np.ndarray) -> Figure:
    macro: Figure = _f1(table, "gender", weights, GENDERS)["macro"]
    return macro


def _band_accuracy(table: pd.DataFrame, weights: np.ndarray) -> Figure:
    return _share(table, "band", weights)


def _mae(table: pd.DataFrame, weights: np.ndarray) -> Figure:
    age = table["predicted_age"].to_numpy(dtype=float)
    truth = nearest_age(table, age)
    return _figure(mean_absolute_error(truth, age), weights @ np.abs(age - truth) / _total(weights))


def _median(table: pd.DataFrame, weights: np.ndarray) -> Figure:
    age = table["predicted_age"].to_numpy(dtype=float)
    truth = nearest_age(table, age)
    errors = np.abs(age - truth)
    order = np.argsort(errors, kind="stable")
    medians = np.full(len(weights), np.nan)
    for number, row in enumerate(weights):
        cumulative = np.cumsum(row[order])
        if cumulative[-1] > 0:
            medians[number] = errors[order[np.searchsorted(cumulative, cumulative[-1] / 2)]]
    return _figure(median_absolute_error(truth, age), medians)


def _ece(table: pd.DataFrame, weights: np.ndarray) -> Figure:
    """Expected calibration error of the probability given to the predicted class."""
    confidence = table["confidence"].to_numpy(dtype=float)
    gap = (table["cell"] == table["predicted_cell"]).to_numpy(dtype=float) - confidence
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = gap[:, None] * (bins[:, None] == np.arange(ECE_BINS))  # (N, bins)
    value = np.abs(gaps.sum(axis=0)).sum() / len(gap)
    return _figure(float(value), np.abs(weights @ gaps).sum(axis=1) / _total(weights))


def _slice(table: pd.DataFrame, weights: np.ndarray) -> dict[str, Any]:
    return {
        "n": len(table),
        "accuracy": _on(table, "cell", weights, _accuracy),
        "gender_accuracy": _on(table, "gender", weights, _gender_accuracy),
        "age_mae": _on(table, "age", weights, _mae),
        "range_distance": _on(table, "range", weights, _mae),
        "age_band_accuracy": _on(table, "band", weights, _band_accuracy),
    }


def _slices(table: pd.DataFrame, weights: np.ndarray) -> dict[str, dict[str, Any]]:
    slices: dict[str, dict[str, Any]] = {}
    for kind, labels in slice_labels(table).items():
        masks = {str(name): (labels == name).to_numpy() for name in labels.cat.categories}
        slices[kind] = {
            name: _slice(table[mask], weights[:, mask]) for name, mask in masks.items() if mask.any()
        }
    return slices

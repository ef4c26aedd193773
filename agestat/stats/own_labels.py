"""A group's estimate from faces that the user labelled, whatever the model gets wrong about them."""

import numpy as np
from scipy.stats import norm

from agestat.model.labels import GENDERS
from agestat.stats.correct import Group, sampling_covariance
from agestat.stats.layout import Layout
from agestat.stats.prediction_powered import OwnLabels, draw_shares, prediction_powered_mean
from agestat.stats.tally import spread

ENOUGH = 50  # labelled photos in a group from which its shares come from them; below, they only recalibrate
POWERED = "ppi"


def labelled_joint(labels: OwnLabels, group: Group, layout: Layout) -> np.ndarray:
    """``(1 + draws, C)`` distributions over the model's cells whose rows are prediction-powered means.

    Within a row, cells are shared as predicted.
    """
    truth = labels.cells(layout.space) @ layout.to_rows
    predicted = _predicted(labels, group) @ layout.to_rows
    mean, covariance = _mean(group.sums, layout.to_rows)
    powered = prediction_powered_mean(truth, predicted, mean, covariance, labels.weights, labels.clusters)
    value = np.maximum(powered.value, 0)
    draws = draw_shares(powered, labels.photos, group.draws, group.rng)
    shares = np.concatenate([value[None] / value.sum(), draws])
    inside = group.sums.sum(axis=0) + 1e-9
    inside = inside / (inside @ layout.to_rows)[layout.row_of]
    return np.asarray(shares[:, layout.row_of] * inside)


def with_labelled_means(
    rows: list[dict[str, object]], labels: OwnLabels, group: Group, level: float
) -> list[dict[str, object]]:
    """The rows of ages with mean ages, and their intervals, replaced by prediction-powered ones."""
    half = norm.ppf((1 + level) / 2)
    out = []
    for row in rows:
        if row["statistic"] == "mean":
            code = None if row["gender"] not in GENDERS else GENDERS.index(str(row["gender"]))
            value, error = labelled_mean_age(labels, group, code)
            row = {**row, "value": value, "low": value - half * error, "high": value + half * error}
        out.append(row)
    return out


def labelled_mean_age(labels: OwnLabels, group: Group, gender: int | None) -> tuple[float, float]:
    """Mean age in years, of one gender or of all, and its standard error: a ratio of two powered means."""
    space = group.calibration.space
    chosen = np.full(space.size, True) if gender is None else space.is_female == (gender == 0)
    quantities = np.stack([chosen * space.mid_age, chosen], axis=1)
    exact = labels.cells(space) @ quantities
    plain = group.sums.sum(axis=0) @ quantities
    rough = float(plain[0] / plain[1])
    centre = np.array([[1.0, 0.0], [-rough, 1.0]])  # ages as differences from a rough mean
    mean, covariance = _mean(group.sums, quantities @ centre)
    powered = prediction_powered_mean(
        exact @ centre,
        _predicted(labels, group) @ quantities @ centre,
        mean,
        covariance,
        labels.weights,
        labels.clusters,
    )
    above, share = powered.value[0], max(powered.value[1], 1 / len(labels))
    gradient = np.array([1, -above / share]) / share
    variance = gradient @ powered.covariance @ gradient
    return rough + float(above / share), float(np.sqrt(max(variance, 0)))


def _predicted(labels: OwnLabels, group: Group) -> np.ndarray:
    return spread(group.method, labels.probabilities, group.calibration, group.pilot)


def _mean(sums: np.ndarray, quantities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over faces of ``quantities (C, R)``, ``(R,)``, and its covariance ``(R, R)``."""
    faces = sums.sum(axis=1).astype(np.float64)
    values = (sums @ quantities).astype(np.float64)
    none = np.zeros((values.shape[1], values.shape[1]))
    return values.sum(axis=0) / faces.sum(), sampling_covariance(values, faces, none)

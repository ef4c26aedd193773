"""A group's estimate from faces that the user labelled, whatever the model gets wrong about them."""

import numpy as np
from scipy.special import ndtri

from agestat.model.label_space import GENDERS
from agestat.stats.calibration import Calibration
from agestat.stats.correct import Group
from agestat.stats.joint import sampling_covariance
from agestat.stats.layout import Layout
from agestat.stats.prediction_powered import OwnLabels, draw_shares, prediction_powered_mean
from agestat.stats.tally import cells_of_faces

ENOUGH = 200  # labelled photos in a group from which its shares come from them; below, they teach its errors,
FEWEST = 50  # unless they contradict what is made of them, and are so many
CONTRADICTION = 3.0  # standard errors between labels and corrected shares of a gender or a range of ages
FEW = 10  # labelled photos of a gender below which its mean age comes from its shares
POWERED = "ppi"


def errors_from(calibration: Calibration, labels: OwnLabels | None) -> str:
    """What the errors were learned from, for the column ``calibration`` of results."""
    return (
        f"{calibration.name} and {len(labels)} own labels"
        if labels is not None and len(labels)
        else calibration.name
    )


def speak_for_themselves(labels: OwnLabels, shares: np.ndarray | None, calibration: Calibration) -> bool:
    """Whether a group is to be estimated from its labels, given draws ``(B, K)`` of its corrected native
    shares, if there are any: where there are enough labels, or they contradict these."""
    if labels.photos >= ENOUGH or labels.photos < FEWEST or shares is None:
        return labels.photos >= (FEWEST if shares is None else ENOUGH)
    margins = np.stack([
        *(calibration.native_gender == code for code in range(len(GENDERS))),
        *(calibration.native_age == age for age in np.unique(calibration.native_age)),
    ], axis=1)  # fmt: skip
    weights = labels.weights / labels.weights.sum()
    told = weights @ labels.cells(calibration.space) @ calibration.to_native @ margins
    made = shares @ margins
    middle = (told + made.mean(axis=0)) / 2
    variance = middle * (1 - middle) * (weights**2).sum() + made.var(axis=0)
    return bool((np.abs(told - made.mean(axis=0)) > CONTRADICTION * np.sqrt(variance) + 1e-9).any())


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
    """The rows of ages with mean ages, and their intervals, replaced by prediction-powered ones where enough
    labels tell them."""
    half = ndtri((1 + level) / 2)

    def replaced(row: dict[str, object]) -> dict[str, object]:
        gender = GENDERS.index(str(row["gender"])) if row["gender"] in GENDERS else None
        told = labelled_mean_age(labels, group, gender) if row["statistic"] == "mean" else None
        if told is None:
            return row
        value, error = told
        return {**row, "value": value, "low": value - half * error, "high": value + half * error}

    return [replaced(row) for row in rows]


def labelled_mean_age(labels: OwnLabels, group: Group, gender: int | None) -> tuple[float, float] | None:
    """Mean age in years, of one gender or of all, and its standard error: a ratio of two powered means. None
    where too few labels tell it.

    One imagined label, as far off as ages spread, keeps labels that are all alike from being certain.
    """
    if len(np.unique(labels.clusters if gender is None else labels.clusters[labels.gender == gender])) < FEW:
        return None
    space = group.calibration.space
    chosen = np.full(space.size, True) if gender is None else space.is_female == (gender == 0)
    quantities = np.stack([chosen * space.mid_age, chosen], axis=1)
    exact = labels.cells(space) @ quantities
    weight = group.sums.sum(axis=0).astype(np.float64) * chosen
    rough = float(weight @ space.mid_age / weight.sum())
    imagined = weight @ (space.mid_age - rough) ** 2 / weight.sum() / labels.photos**2
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
    return rough + float(above / share), float(np.sqrt(max(variance, 0) + imagined))


def _predicted(labels: OwnLabels, group: Group) -> np.ndarray:
    return cells_of_faces(group.method, labels.probabilities, group.calibration, group.pilot)


def _mean(sums: np.ndarray, quantities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over faces of ``quantities (C, R)``, ``(R,)``, and its covariance ``(R, R)``."""
    faces = sums.sum(axis=1).astype(np.float64)
    values = (sums @ quantities).astype(np.float64)
    none = np.zeros((values.shape[1], values.shape[1]))
    return values.sum(axis=0) / faces.sum(), sampling_covariance(values, faces, none)

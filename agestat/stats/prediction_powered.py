"""Own labels: a few faces labelled by the user make the estimate safe whatever the model gets wrong.

Prediction-powered inference (Angelopoulos et al., Science 382, 2023) with power tuning (PPI++, Angelopoulos,
Duchi and Zrnic 2023): the mean prediction over all faces, plus the mean error on the labelled ones. There the
labelled faces lie beside the others, here among them, so the power is that of the regression estimator of
sampling theory (Cochran, Sampling Techniques, 1977, chapter 7).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.sparse import csr_matrix

from agestat.model.label_space import LabelSpace
from agestat.stats.posterior import sample_simplex


@dataclass(frozen=True)
class OwnLabels:
    """Labelled faces of the collection itself: ``probabilities (M, L)``, ``groups (M,)`` names or None, true
    ``gender (M,)`` (index into GENDERS), ``age_min`` and ``age_max (M,)`` in years inclusive, ``weights
    (M,)``, how many faces each was drawn for, and ``clusters (M,)`` integers: faces of a photo share one."""

    probabilities: np.ndarray
    groups: np.ndarray | None
    gender: np.ndarray
    age_min: np.ndarray
    age_max: np.ndarray
    weights: np.ndarray
    clusters: np.ndarray

    def of_group(self, name: str) -> "OwnLabels":
        """Those of one group; without groups, all."""
        return self if self.groups is None else self._some(self.groups.astype(str) == name)

    def without_group(self, name: str) -> "OwnLabels":
        """Those of all groups but one."""
        assert self.groups is not None
        return self._some(self.groups.astype(str) != name)

    def _some(self, mine: np.ndarray) -> "OwnLabels":
        return OwnLabels(*(getattr(self, field.name)[mine] for field in fields(self)))

    @classmethod
    def together(cls, labels: "Mapping[str, OwnLabels]") -> "OwnLabels | None":
        """Those of collections that have nothing in common, each now a group; None where there are none."""
        parts, first = [], 0
        for name, mine in labels.items():
            groups, clusters = np.full(len(mine), name, dtype=object), first + _numbered(mine.clusters)
            parts.append(replace(mine, groups=groups, clusters=clusters))
            first += mine.photos
        if not parts:
            return None
        columns = ([getattr(part, field.name) for part in parts] for field in fields(cls))
        return cls(*map(np.concatenate, columns))

    def __len__(self) -> int:
        return len(self.gender)

    @property
    def photos(self) -> int:
        """Number of clusters that hold a label: what is independent."""
        return len(np.unique(self.clusters))

    def cells(self, space: LabelSpace) -> np.ndarray:
        """``(M, C)`` the true cell; within a range of ages the model says which, as labels cannot."""
        same_gender = (self.gender[:, None] == 0) == space.is_female
        held = (np.array(space.age_min) <= self.age_max[:, None]) & (
            np.array(space.age_max) >= self.age_min[:, None]
        )
        held &= same_gender
        distance = np.abs((self.age_min + self.age_max)[:, None] / 2 - space.mid_age)
        nearest = np.where(same_gender, distance, np.inf).argmin(axis=1)
        held[np.arange(len(held)), nearest] |= ~held.any(axis=1)  # an age that lies in no cell
        inside = held * (space.cells(self.probabilities) + 1e-6)
        return np.asarray(inside / inside.sum(axis=1, keepdims=True))


def _numbered(clusters: np.ndarray) -> np.ndarray:
    """``(M,)`` numbers from 0 without gaps."""
    return np.unique(clusters, return_inverse=True)[1]


@dataclass(frozen=True)
class PoweredMean:
    """``value (R,)`` with ``covariance (R, R)``; ``power`` is the weight given to the predictions."""

    value: np.ndarray
    covariance: np.ndarray
    power: float


def prediction_powered_mean(
    labels: np.ndarray,
    predictions: np.ndarray,
    mean: np.ndarray,
    covariance_of_mean: np.ndarray,
    weights: np.ndarray,
    clusters: np.ndarray,
) -> PoweredMean:
    """Mean of a quantity over a collection, from ``labels (M, R)`` and ``predictions (M, R)`` of a sample.

    ``mean (R,)`` and ``covariance_of_mean (R, R)`` are of the predictions over the whole collection;
    ``weights (M,)`` are the sample's inverse chances of being drawn, and ``clusters (M,)`` are taken as
    independent of each other, whatever their faces have in common (Liang and Zeger, Biometrika 73, 1986).
    """
    share = weights / weights.sum()
    within = csr_matrix((share, (_numbered(clusters), np.arange(len(share)))))
    y, f = within @ (labels - share @ labels), within @ (predictions - share @ predictions)
    power = float(np.clip((y * f).sum() / max((f * f).sum(), 1e-12), 0, 1))
    residual = y - power * f
    value = power * mean + share @ (labels - power * predictions)
    return PoweredMean(value, residual.T @ residual + power**2 * covariance_of_mean, power)


def draw_shares(powered: PoweredMean, labelled: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """``(count, R)`` shares on the simplex compatible with a prediction-powered mean of indicators.

    One imagined label per row in ``labelled`` independent ones keeps a row that no label hit from
    being certain.
    """
    size = len(powered.value)
    likely = np.maximum(powered.value, 0) + 1 / labelled
    likely /= likely.sum()
    imagined = np.eye(size) - likely
    covariance = powered.covariance + imagined.T @ imagined / labelled**2 + 1e-12 * np.eye(size)
    inverse = np.linalg.inv(covariance + np.outer(likely, likely) * 1e-9)
    return sample_simplex(inverse, inverse @ powered.value, likely[None], count, rng)


def sample_to_label(
    strata: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A stratified draw: indices ``(count,)`` into ``strata (N,)`` and weights, the faces each stands for.

    Half of the labels go to strata by their size and half evenly, so that rare cells are seen.
    """
    names, index, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    count = min(count, len(strata))
    wanted = count * (0.5 * sizes / sizes.sum() + 0.5 / len(names))
    number = np.minimum(np.maximum(np.floor(wanted), 1), sizes).astype(int)
    while number.sum() != count:
        step = 1 if number.sum() < count else -1
        room = number < sizes if step > 0 else number > 1
        if not room.any():
            break
        number[np.where(room, step * (wanted - number), -np.inf).argmax()] += step
    chosen = [rng.choice(np.flatnonzero(index == s), number[s], replace=False) for s in range(len(names))]
    weights = np.repeat(sizes / number, number)
    return np.concatenate(chosen), weights

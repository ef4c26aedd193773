"""Does a collection look like the calibration set, apart from who is in it?

Correction assumes that faces of one gender and age look the same in both (prior shift). Whether they do can
be seen without labels: novelty of the network's features, sharpness, brightness, face size and the detector's
score are compared by a two-sample Kolmogorov-Smirnov distance, as far as the calibration set holds them, with
its pictures weighted so that their genders and ages are shared as in the collection. Other shares alone
therefore raise no alarm.

The shipped sets hold no size and no score: their pictures are labelled crops, all cut to one size and not
found by the detector. There small faces show in sharpness and novelty alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import kstwobign

from agestat.stats.calibration import LOOKS, Calibration

DISTANCE = dict.fromkeys(LOOKS, 0.35) | {"novelty": 0.15}  # beyond these intervals may be too narrow
RARE = 0.01  # chance of an alarm that sampling alone may give, over all columns together


@dataclass(frozen=True)
class Shift:
    """The largest distance between the columns and its p-value. ``distances`` by column, of those that both
    sides hold; ``beyond`` the columns whose distance is too large."""

    is_shifted: bool
    statistic: float
    p_value: float
    distances: Mapping[str, float]
    beyond: tuple[str, ...]


def shift(
    sample: Mapping[str, np.ndarray], calibration: Calibration, shares: np.ndarray | None = None
) -> Shift:
    """Compare columns ``(N,)`` of the faces with those of the calibration pictures: novelty, sharpness,
    brightness, ``size`` (shorter side of the box, pixels of the upright picture) and ``score``.

    ``shares (K,)`` are the collection's native cells from `Estimate.native_shares`; without them the
    calibration pictures are taken as they come.
    """
    weights = np.ones(calibration.n)
    if shares is not None:
        weights = (shares / np.maximum(calibration.counts, 1))[calibration.truth]
    distances, chances = {}, {}
    for name in DISTANCE:
        known = np.asarray(sample.get(name, ()), dtype=float)
        known = known[np.isfinite(known)]
        if name in calibration.columns and len(known):
            distances[name], chances[name] = _distance(known, calibration.columns[name], weights)
    beyond = [n for n in distances if distances[n] > DISTANCE[n] and chances[n] < RARE / len(distances)]
    worst = max(distances, key=lambda n: distances[n] / DISTANCE[n], default=None)
    statistic = distances[worst] if worst else 0.0
    p_value = min(1.0, chances[worst] * len(distances)) if worst else 1.0
    return Shift(bool(beyond), statistic, p_value, distances, tuple(beyond))


def _distance(sample: np.ndarray, reference: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Kolmogorov-Smirnov distance of a sample from a weighted reference, and its asymptotic p-value."""
    order = np.argsort(reference)
    cumulative = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    at = np.sort(np.concatenate([sample, reference]))
    ours = np.searchsorted(np.sort(sample), at, side="right") / len(sample)
    theirs = cumulative[np.searchsorted(reference[order], at, side="right")]
    distance = float(np.abs(ours - theirs).max())
    effective = weights.sum() ** 2 / (weights**2).sum()  # Kish
    scale = np.sqrt(effective * len(sample) / (effective + len(sample)))
    return distance, float(kstwobign.sf(distance * scale))

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
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import kolmogorov

from agestat.stats.calibration import LOOKS, TINY, Calibration
from agestat.stats.looks import kish

DISTANCE = dict.fromkeys(LOOKS, 0.35) | {"novelty": 0.15}  # beyond these a manager is told
WORSE = {"novelty": 1, "sharpness": -1, "size": -1, "score": -1, "brightness": 0}  # which side; 0: either
RARE = 0.01  # chance of an alarm that sampling alone may give, over all columns together
CHANCE = 1.25  # deviations of a distance that sampling alone gives, which are no unlikeness
STRANGE = 0.02  # share of faces whose look is further out than every calibration picture's: told
MENDED = (
    0.5  # part of the unlikeness that is left where calibration pictures are weighted to look like the faces
)
UNLIKE = 0.06  # distance beyond these at which the errors are those of any other kind of pictures


@dataclass(frozen=True)
class Shift:
    """The largest distance between the columns, towards what is harder to judge, and its p-value.
    ``distances`` by column, of those that both sides hold; ``beyond`` the columns whose distance is too
    large. ``unlikeness`` is 0 where the faces look like the calibration set's, to 1, and knows no better
    side: it scales the errors that are thought possible. ``strange`` is the share of faces whose look is
    further out than that of every calibration picture."""

    is_shifted: bool
    statistic: float
    p_value: float
    distances: Mapping[str, float]
    beyond: tuple[str, ...]
    unlikeness: float = 1.0
    strange: float = 0.0


def shift(
    sample: Mapping[str, np.ndarray], calibration: Calibration, shares: np.ndarray | None = None
) -> Shift:
    """Compare columns ``(N,)`` of the faces with those of the calibration pictures: novelty, sharpness,
    brightness, ``size`` (shorter side of the box, pixels of the upright picture) and ``score``. Faces of one
    ``photo (N,)``, where that is known, look alike and count as one.

    ``shares (K,)`` are the collection's native cells from `Estimate.native_shares`; without them the
    calibration pictures are taken as they come.
    """
    weights = calibration.weights
    if shares is not None:
        weights = weights * (shares / np.maximum(calibration.counts, TINY))[calibration.truth]
    people = kish(weights, calibration.picture)
    distances, chances, unlike, strange = {}, {}, [], 0.0
    for name in DISTANCE:
        known = np.asarray(sample.get(name, ()), dtype=float)
        finite = np.isfinite(known)
        if name in calibration.columns and finite.any():
            photos = len(np.unique(sample["photo"][finite])) if "photo" in sample else finite.sum()
            noise = float(np.sqrt(1 / people + 1 / photos))
            above, below = _distances(known[finite], calibration.columns[name], weights)
            distances[name] = {1: above, -1: below, 0: max(above, below)}[WORSE[name]]
            chances[name] = float(kolmogorov(distances[name] / noise))
            if name == "novelty":
                strange = float((known[finite] > max(calibration.columns[name])).mean())
            unlike.append((max(above, below) - CHANCE * noise) / UNLIKE)
    beyond = [n for n in distances if distances[n] > DISTANCE[n] and chances[n] < RARE / len(distances)]
    worst = max(distances, key=lambda n: distances[n] / DISTANCE[n], default=None)
    statistic = distances[worst] if worst else 0.0
    p_value = min(1.0, chances[worst] * len(distances)) if worst else 1.0
    unlikeness = float(np.clip(max(unlike, default=1.0), 0, 1))
    return Shift(bool(beyond), statistic, p_value, distances, tuple(beyond), unlikeness, strange)


def shift_from(
    sample: Mapping[str, np.ndarray],
    calibration: Calibration,
    like: Calibration,
    shares: np.ndarray | None = None,
) -> Shift:
    """`shift` from the calibration set whose pictures are weighted to be ``like`` the faces. Looks that
    weights mend still hint at other pictures: part of the unlikeness without weights is left."""
    after, before = (shift(sample, one, shares) for one in (like, calibration))
    return replace(after, unlikeness=max(after.unlikeness, MENDED * before.unlikeness))


def looks_of_groups(
    sample: Mapping[str, np.ndarray],
    calibration: Calibration,
    shares: Mapping[str, np.ndarray],
    whole: float,
) -> dict[str, Shift]:
    """`shift` of each group of those with ``shares (K,)``; ``sample`` tells the ``group (N,)`` of each face
    too. A group of few photos is taken to be as unlike as the ``whole`` collection is."""
    names, of = np.unique(np.asarray(sample["group"]).astype(str), return_inverse=True)
    rows = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of, minlength=len(names)))[:-1])
    found = {}
    for name, mine in zip(map(str, names), rows, strict=True):
        if name in shares:
            part = {key: np.asarray(values)[mine] for key, values in sample.items()}
            verdict = shift(part, calibration, shares[name])
            photos = len(np.unique(part["photo"])) if "photo" in part else len(mine)
            own = photos / (photos + UNLIKE**-2)
            found[name] = replace(verdict, unlikeness=own * verdict.unlikeness + (1 - own) * whole)
    return found


def unlike_groups(verdicts: Mapping[str, Shift]) -> tuple[str, ...]:
    """Which groups look unlike the calibration set; an alarm is as rare for all together as for one."""
    return tuple(
        name for name, one in verdicts.items() if one.is_shifted and one.p_value * len(verdicts) < RARE
    )


def _distances(sample: np.ndarray, reference: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Kolmogorov-Smirnov distances of a sample from a weighted reference: how far its values lie above and
    below."""
    order = np.argsort(reference)
    cumulative = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    at = np.sort(np.concatenate([sample, reference]))
    ours = np.searchsorted(np.sort(sample), at, side="right") / len(sample)
    theirs = cumulative[np.searchsorted(reference[order], at, side="right")]
    return float((theirs - ours).max()), float((ours - theirs).max())

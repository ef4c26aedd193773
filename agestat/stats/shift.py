"""Does a collection look like the calibration set, apart from who is in it?

Correction assumes that faces of one gender and age look the same in both (prior shift). Whether they do can
be seen without labels, in novelty of the network's features, sharpness, brightness, face size and the
detector's score, as far as the calibration set holds them, with its pictures weighted so that their genders
and ages are shared as in the collection. Other shares alone therefore raise no alarm.

How unlike the two are is the largest Kolmogorov-Smirnov distance; it scales the errors that are thought
possible. A collection is taken for another kind of pictures until enough of its faces look like the
calibration set's. A manager is told where faces are *harder* to judge, by the average position of a face
among the calibration pictures (Mann and Whitney): a test of one number has more power than one of a whole
curve, and its error is known where faces of a photo are alike (Liang and Zeger 1986).

The shipped sets hold no size and no score: their pictures are labelled crops, all cut to one size and not
found by the detector. There small faces show in sharpness and novelty alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import bdtrc, stdtr

from agestat.stats.calibration import LOOKS, TINY, Calibration
from agestat.stats.looks import kish

# Position beyond the middle from which a manager is told.
FAR = dict.fromkeys(LOOKS, 0.25) | {"novelty": 0.05}
WORSE = {"novelty": 1, "sharpness": -1, "size": -1, "score": -1, "brightness": 0}  # which side; 0: either
RARE = 0.01  # chance of an alarm that sampling alone may give, over all columns together
OF_RARE = dict.fromkeys(LOOKS, 0.125) | {"novelty": 0.5}  # parts of it: novelty alone tells other kinds
CHANCE = 1.25  # deviations of a distance that sampling alone gives, which are no unlikeness
OUT = 0.001  # of the calibration pictures are so novel that a face beyond them is strange
STRANGE = 0.05  # share of strange faces that is told
UNLIKE = 0.06  # distance beyond these at which the errors are those of any other kind of pictures
# Distance that chance alone gives in a collection of which half is still thought that is expected of any: so
# few faces cannot tell whose pictures they are.
SURE = 0.07


@dataclass(frozen=True)
class Shift:
    """``positions``, by column of those that both sides hold, of an average face among the calibration
    pictures: the share of them that it exceeds. ``beyond`` are the columns by which faces are clearly harder
    to judge. ``strange`` is the share of faces that look like hardly any calibration picture, as negatives
    and drawings do among photos, 0 where it is small or may be chance. ``p_value`` is that of the clearest of
    these. ``unlikeness`` is 0 where the faces look like the calibration set's, to 1, and knows no better
    side: it scales the errors that are thought possible."""

    p_value: float
    positions: Mapping[str, float]
    beyond: tuple[str, ...]
    unlikeness: float = 1.0
    strange: float = 0.0

    @property
    def is_shifted(self) -> bool:
        """Whether a manager is told."""
        return bool(self.beyond or self.strange)


def shift(
    sample: Mapping[str, np.ndarray], calibration: Calibration, shares: np.ndarray | None = None,
    expected: float = 1.0,
) -> Shift:  # fmt: skip
    """Compare columns ``(N,)`` of the faces with those of the calibration pictures: novelty, sharpness,
    brightness, ``size`` (shorter side of the box, pixels of the upright picture) and ``score``. Faces of one
    ``photo (N,)``, where that is known, look alike and count as one.

    ``shares (K,)`` are the collection's native cells from `Estimate.native_shares`; without them the
    calibration pictures are taken as they come. ``expected`` is how unlike the faces are thought to be as
    long as few were seen.
    """
    weights = _shared_as(shares, calibration)
    people = kish(weights, calibration.picture)
    positions, chances, unlike, strange, strange_chance = {}, {}, [], 0.0, 1.0
    for name in FAR:
        known = np.asarray(sample.get(name, ()), dtype=float)
        finite = np.isfinite(known)
        if name in calibration.columns and finite.any():
            known, reference = known[finite], calibration.columns[name]
            photo = np.asarray(sample["photo"])[finite] if "photo" in sample else np.arange(len(known))
            photos = len(np.unique(photo))
            below = _cumulative(reference, weights, known)
            positions[name] = float(below.mean())
            error = np.sqrt(_clustered(below, photo) + 1 / (12 * people))
            tails = 2 if WORSE[name] == 0 else 1
            tail = stdtr(photos - 1, -_harder(name, positions[name]) / error)  # Student's t
            chances[name] = float(tails * tail / OF_RARE[name])
            if name == "novelty":
                strange, strange_chance = _strange(known > np.quantile(reference, 1 - OUT), photo)
            noise = np.sqrt(1 / people + 1 / photos)
            seen = np.clip((_distance(known, reference, weights) - CHANCE * noise) / UNLIKE, 0, 1)
            doubt = noise**2 / (noise**2 + SURE**2)
            unlike.append(float(seen + doubt * (expected - seen)))
    beyond = [
        name for name, at in positions.items()
        if _harder(name, at) > FAR[name] and chances[name] < RARE
    ]  # fmt: skip
    p_value = min([1.0, strange_chance, *(chances[name] for name in beyond)])
    return Shift(p_value, positions, tuple(beyond), max(unlike, default=expected), strange)


def shift_from(
    sample: Mapping[str, np.ndarray], calibration: Calibration, like: Calibration,
    shares: np.ndarray | None = None, expected: float = 1.0,
) -> Shift:  # fmt: skip
    """`shift` from the calibration set whose pictures are weighted to be ``like`` the faces. What weights
    mend is no reason for an alarm, but hints at other pictures as much as before."""
    verdict, weights = shift(sample, calibration, shares, expected), _shared_as(shares, like)
    beyond = []
    for name in verdict.beyond:
        known = np.asarray(sample[name], dtype=float)
        below = _cumulative(like.columns[name], weights, known[np.isfinite(known)])
        if _harder(name, float(below.mean())) > FAR[name]:
            beyond.append(name)
    return replace(verdict, beyond=tuple(beyond))


def looks_of_groups(
    sample: Mapping[str, np.ndarray],
    calibration: Calibration,
    like: Calibration,
    shares: Mapping[str, np.ndarray],
    whole: float,
) -> dict[str, Shift]:
    """`shift_from` of each group of those with ``shares (K,)``; ``sample`` tells the ``group (N,)`` of each
    face too. A group of few photos is taken to be as unlike as the ``whole`` collection is."""
    names, of = np.unique(np.asarray(sample["group"]).astype(str), return_inverse=True)
    rows = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of, minlength=len(names)))[:-1])
    found = {}
    for name, mine in zip(map(str, names), rows, strict=True):
        if name in shares:
            part = {key: np.asarray(values)[mine] for key, values in sample.items()}
            found[name] = shift_from(part, calibration, like, shares[name], whole)
    return found


def unlike_groups(verdicts: Mapping[str, Shift]) -> dict[str, Shift]:
    """Those groups that look unlike the calibration set; an alarm is as rare for all together as for one."""
    few = RARE / max(len(verdicts), 1)
    return {name: one for name, one in verdicts.items() if one.is_shifted and one.p_value < few}


def _shared_as(shares: np.ndarray | None, calibration: Calibration) -> np.ndarray:
    """``(N,)`` weights of the calibration pictures whose native cells are shared as ``shares (K,)``."""
    if shares is None:
        return calibration.weights
    worth = shares / np.maximum(calibration.counts, TINY)
    return np.asarray(calibration.weights * worth[calibration.truth])


def _strange(is_out: np.ndarray, photo: np.ndarray) -> tuple[float, float]:
    """Share of faces ``(N,)`` that are out and the chance of as many photos with one where `OUT` are; 0 and 1
    where that is too few or likely to be told."""
    photos, found = len(np.unique(photo)), len(np.unique(photo[is_out]))
    chance = float(bdtrc(found - 1, photos, OUT * len(photo) / photos))
    share = float(is_out.mean())
    return (share, chance) if share > STRANGE and chance < RARE else (0.0, 1.0)


def _harder(name: str, position: float) -> float:
    """How far beyond the middle a position is on the side that is harder to judge."""
    away = position - 0.5
    return WORSE[name] * away if WORSE[name] else abs(away)


def _clustered(values: np.ndarray, photo: np.ndarray) -> float:
    """Variance of the mean of positions ``values (N,)`` whose photos are independent, at least that of ``N``
    independent ones of a collection like the calibration set; of one photo nothing is known."""
    of = np.unique(photo, return_inverse=True)[1]
    sums = np.bincount(of, weights=values - values.mean())
    photos, least = len(sums), 1 / (12 * len(values))
    if photos == 1:
        return np.inf
    return max(least, float(photos / (photos - 1) * (sums**2).sum() / len(values) ** 2))


def _cumulative(reference: np.ndarray, weights: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Part of the weight of ``reference (M,)`` that is below each of ``at (N,)``, half of what is there."""
    order = np.argsort(reference)
    total = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    sides = [total[np.searchsorted(reference[order], at, side=side)] for side in ("left", "right")]
    return np.asarray(sum(sides) / 2)


def _distance(sample: np.ndarray, reference: np.ndarray, weights: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance of a sample from a weighted reference."""
    order = np.argsort(reference)
    cumulative = np.concatenate([[0.0], np.cumsum(weights[order])]) / weights.sum()
    at = np.sort(np.concatenate([sample, reference]))
    ours = np.searchsorted(np.sort(sample), at, side="right") / len(sample)
    theirs = cumulative[np.searchsorted(reference[order], at, side="right")]
    return float(np.abs(ours - theirs).max())

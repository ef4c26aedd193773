"""Calibration pictures that look like a collection's faces speak more of its errors than others do.

Small, blurred and dark faces are judged worse, and nobody's calibration pictures are shared between such
looks as the faces of a collection are. Each picture, and each degraded copy of it, is weighted by how much
more frequent its look is in the collection than among the calibration pictures of the same genders and ages:
a density ratio, by logistic regression that tells the two apart (Bickel, Brueckner and Scheffer, JMLR 10,
2009; covariate shift within each true cell). It is shrunk as far as few photos ask for, and tempered so that
no more than a stated part of the pictures' worth is lost. Copies of a picture are one person.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit

from agestat.stats.moves import TINY

KEPT = 0.25  # part of the pictures that weights leave, at least: effective number of people (Kish 1965)
MOST_FACES = 5000  # of the collection that are looked at
RIDGE = 1.0  # of standardised looks: what so many faces say is halved
LOGARITHMS = ("sharpness", "size")  # looks that differ by factors
# What faces are weighted by; the spread of a predicted age tells compression and noise, which nothing else
# here does. Novelty is kept: it tells other kinds of pictures, whose errors no weights mend.
WEIGHED = ("sharpness", "brightness", "size", "age_spread")


def looks_weights(
    faces: Mapping[str, np.ndarray], pictures: Mapping[str, np.ndarray], usual: np.ndarray
) -> np.ndarray | None:
    """``(N,)`` how much more frequent the look of each of ``pictures`` is among ``faces``, by the columns of
    `WEIGHED` that both hold; ``usual (N,)`` are weights by which pictures are to be compared. Faces of one
    ``photo (M,)``, where that is known, say as much as one. None where nothing is known."""
    names = [name for name in WEIGHED if name in faces and name in pictures and len(faces[name])]
    if not names:
        return None
    ours, theirs = (_described(side, names) for side in (faces, pictures))
    ours = ours[np.isfinite(ours).all(axis=1)]
    if not len(ours) or not np.isfinite(theirs).all():
        return None
    ours = ours[:: -(-len(ours) // MOST_FACES)]
    usual = usual / usual.sum()
    centre = usual @ theirs
    spread = np.sqrt(usual @ (theirs - centre) ** 2) + 1e-9
    ours, theirs = (_with_squares((side - centre) / spread) for side in (ours, theirs))
    photos = len(np.unique(faces["photo"])) if "photo" in faces else len(ours)
    independent = 1 / (1 / photos + (usual**2).sum())
    share = independent / len(ours)
    design = np.concatenate([ours, theirs])
    sign = np.r_[np.ones(len(ours)), -np.ones(len(theirs))]
    weight = np.r_[np.full(len(ours), share), independent * usual]

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        score = sign * (design @ b)
        gradient = -(weight * sign * expit(-score)) @ design
        pull = np.r_[0.0, RIDGE * b[1:]]
        return weight @ np.logaddexp(0, -score) + 0.5 * pull @ b, gradient + pull

    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B")
    score = theirs @ found.x
    return np.asarray(np.exp(score - score.max()))


def together(looks: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Columns of the faces of several collections in a row, of those that all of them hold."""
    names = set(looks[0]).intersection(*looks)
    columns = {name: np.concatenate([np.asarray(look[name]) for look in looks]) for name in names}
    if "photo" in columns:
        side = np.repeat(np.arange(len(looks)), [len(look["photo"]) for look in looks])
        columns["photo"] = np.unique(np.stack([side, columns["photo"]]), axis=1, return_inverse=True)[1]
    return columns


def tempered(ratio: np.ndarray, picture: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, float]:
    """``ratio (N,)`` to the largest power, at most 1, that leaves `KEPT` of the people, whom the rows of one
    ``picture (N,)`` are of, and the part that it leaves."""

    def left(power: float) -> float:
        return kish(usual * ratio**power, picture) / kish(usual, picture)

    power = 1.0 if left(1.0) >= KEPT else float(brentq(lambda p: left(p) - KEPT, 0, 1, xtol=1e-3))
    return ratio**power, left(power)


def kish(weights: np.ndarray, picture: np.ndarray) -> float:
    """Effective number of people behind weighted rows (Kish 1965)."""
    people = np.bincount(picture, weights=weights)
    return float(people.sum() ** 2 / max((people**2).sum(), TINY))


def _described(columns: Mapping[str, np.ndarray], names: list[str]) -> np.ndarray:
    return np.stack([
        np.log(np.maximum(columns[name], 1e-3)) if name in LOGARITHMS else np.asarray(columns[name])
        for name in names
    ], axis=1).astype(np.float64)  # fmt: skip


def _with_squares(z: np.ndarray) -> np.ndarray:
    """A constant, the columns of ``z (N, D)``, their squares and products."""
    z = np.clip(z, -4, 4)
    first, second = np.triu_indices(z.shape[1])
    return np.concatenate([np.ones((len(z), 1)), z, z[:, first] * z[:, second]], axis=1)

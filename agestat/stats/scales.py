"""By how much a classifier's errors differ between kinds of pictures: standard deviations, estimated.

A kind of pictures with known truth shows by how much the mean features of mixtures of its faces differ from
what a calibration set that holds nothing of it says. Such a difference is normal, its covariance a sum of
known shapes, each times the square of its scale, beside that of the sampling of pictures: a model of variance
components (Searle, Casella and McCulloch 1992). The scales are those of the highest mean log density over
mixtures, kinds alike in weight: a composite likelihood (Varin, Reid and Firth, Statistica Sinica 21, 2011),
since the mixtures of one kind share its errors.

How far all ages are judged off together is asked of the ages themselves, not of mixtures, which tell a shift
of all cells badly from errors of each: a random-effects model of the kinds' shifts and stretches (Paule and
Mandel 1982; DerSimonian and Kacker, Contemporary Clinical Trials 28, 2007). Kinds of one data set weigh as
one kind together, since a user's pictures are another set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import brentq, minimize

LIKE = 0.3  # part of the scales that is left where a collection looks just like the calibration set
# What is thought of the scales before any kind is seen, and the deviation of their logarithms from it.
GUESS = {
    "shift": 0.7, "stretch": 0.4, "bend": 0.5, "gender": 0.1, "gender_bend": 0.1, "gender_sure": 0.06,
    "age_sure": 0.06, "rest": 50.0, "rest_gender": 50.0,
}  # fmt: skip
RESTS = ("rest", "rest_gender")  # counts of pictures: the fewer, the larger the error
DOUBT = 1.0
AGES_TOGETHER = ("shift", "stretch")  # what is asked of the ages themselves
RIDGE = 1e-9
NO_WARPS = np.empty((0, 2))


@dataclass(frozen=True)
class Scales:
    """Standard deviations between kinds of pictures, estimated by `benchmarks/error_scales.py`."""

    shift: float = 1.45  # years, at every age
    stretch: float = 1.24  # years more per 20 years of age
    # The same on average over kinds: pictures of other kinds are judged nearer to the middle of all ages.
    stretch_mean: float = -0.85
    bend: float = 0.432  # years, varying smoothly with age
    reach: float = 15.0  # years of age over which a bend changes: not estimated
    together: float = 0.7  # correlation of the warps of women and men: not estimated
    gender: float = 0.0861  # logits, at every age
    gender_bend: float = 0.0918  # logits, varying smoothly with age
    gender_reach: float = 20.0  # years: not estimated
    gender_sure: float = 0.0596  # of the logarithm of the slope of gender's logit
    age_sure: float = 0.211  # the same of ages
    rest: float = 8.75  # pictures of each cell that the rest is as uncertain as, but for its gender
    rest_gender: float = 40.1  # the same of gender, and of what goes with it

    def times(self, factor: float) -> "Scales":
        """All standard deviations, and the mean, by a factor."""
        scaled = {name: getattr(self, name) * (factor**-2 if name in RESTS else factor) for name in GUESS}
        return replace(self, **scaled, stretch_mean=factor * self.stretch_mean)

    def only(self, *names: str) -> "Scales":
        """These scales at 1 and the others at 0."""
        nothing = {**dict.fromkeys(GUESS, 0.0), "stretch_mean": 0.0, **dict.fromkeys(RESTS, np.inf)}
        return replace(self, **{**nothing, **dict.fromkeys(names, 1.0)})


def scale_of(unlikeness: float) -> float:
    """Part of the scales that is left in a collection that looks so unlike the calibration set, 0 to 1."""
    return LIKE + (1 - LIKE) * unlikeness


@dataclass(frozen=True)
class Kind:
    """What one kind of pictures shows in ``S`` mixtures of its faces: ``off (S, P)``, by how much their mean
    features differ from what the calibration set says, the covariance ``sampling (S, P, P)`` of that if the
    classifier erred as on the calibration set, and ``shapes (S, T, P, P)``, what each scale of `GUESS` at 1
    adds; ``unlikeness`` of its faces, 0 to 1; ``warps (G, 2)``, the shift and the stretch of judged ages of
    women and men, as far as these are known, with variances ``doubts (G, 2)``; ``weight`` beside other kinds.
    """

    off: np.ndarray
    sampling: np.ndarray
    shapes: np.ndarray
    unlikeness: float = 1.0
    warps: np.ndarray = field(default_factory=NO_WARPS.copy)
    doubts: np.ndarray = field(default_factory=NO_WARPS.copy)
    weight: float = 1.0

    def density(self, squared: np.ndarray) -> tuple[float, np.ndarray, float]:
        """Mean log density of the mixtures at ``squared (T,)`` scales, its slopes ``(T,)``, and the mean
        squared distance of the mixtures per feature: 1 where the scales fit."""
        part = scale_of(self.unlikeness) ** 2
        covariance = np.tensordot(part * squared, self.shapes, (0, 1)) + self.sampling
        size = covariance.shape[-1]
        trace = np.trace(covariance, axis1=1, axis2=2)[:, None, None]
        inverse = np.linalg.inv(covariance + RIDGE * trace * np.eye(size))
        told = np.einsum("sfg,sg->sf", inverse, self.off)
        distance = (told * self.off).sum(axis=1)
        value = (np.linalg.slogdet(inverse)[1] - distance) / 2
        slopes = np.einsum("sf,stfg,sg->st", told, self.shapes, told)
        slopes -= np.einsum("sfg,stgf->st", inverse, self.shapes)
        return float(value.mean()), part / 2 * slopes.mean(axis=0), float(distance.mean() / size)


def variances(scales: Scales) -> np.ndarray:
    """``(T,)`` squared scales in the order of `GUESS`."""
    return np.array([getattr(scales, name) ** (-1 if name in RESTS else 2) for name in GUESS])


def between_kinds(values: np.ndarray, doubts: np.ndarray, weights: np.ndarray) -> float:
    """Standard deviation between kinds of effects whose mean is zero, from estimates ``values (N,)`` with
    variances ``doubts (N,)``: the one at which their weighted mean square is as expected, 0 if it is less
    without any (Paule and Mandel 1982)."""

    def excess(squared: float) -> float:
        return float(weights @ (values**2 / (doubts + squared) - 1))

    if not len(values) or excess(0.0) <= 0:
        return 0.0
    return float(np.sqrt(brentq(excess, 0.0, float((values**2).sum() * len(values)) + 1.0)))


def age_scales(kinds: Sequence[Kind]) -> dict[str, float]:
    """``shift``, ``stretch`` and ``stretch_mean`` from the kinds' warps, each at the scale of one that looks
    unlike; their guess where no kind has any. The deviations are those around zero: few kinds tell a mean."""
    known = [kind for kind in kinds if len(kind.warps)]
    if not known:
        return {**{name: GUESS[name] for name in AGES_TOGETHER}, "stretch_mean": 0.0}
    part = np.concatenate([np.full(len(kind.warps), scale_of(kind.unlikeness)) for kind in known])
    values = np.concatenate([kind.warps for kind in known]) / part[:, None]
    doubts = np.concatenate([kind.doubts for kind in known]) / part[:, None] ** 2
    weights = np.concatenate([np.full(len(kind.warps), kind.weight / len(kind.warps)) for kind in known])
    found = {name: between_kinds(values[:, i], doubts[:, i], weights) for i, name in enumerate(AGES_TOGETHER)}
    return {**found, "stretch_mean": float(weights @ values[:, 1] / weights.sum())}


def estimate_scales(kinds: Sequence[Kind]) -> Scales:
    """`age_scales`, and the others of highest composite likelihood given these, with a weak pull to
    `GUESS`."""
    known: Mapping[str, float] = age_scales(kinds)
    free = [name not in known for name in GUESS]
    guess = np.log(variances(replace(Scales(), **{**GUESS, **known})) + RIDGE) / 2

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        away = (logs - guess[free]) / DOUBT
        value, slope = away @ away / 2, away / DOUBT
        squared = np.exp(2 * guess)
        squared[free] = np.exp(2 * logs)
        for kind in kinds:
            density, slopes, _ = kind.density(squared)
            value -= kind.weight * density
            slope = slope - kind.weight * (2 * squared * slopes)[free]
        return float(value), slope

    found = guess.copy()
    found[free] = minimize(loss, guess[free], jac=True, method="L-BFGS-B").x
    found = np.exp(found)
    given = {name: value ** (-2 if name in RESTS else 1) for name, value in zip(GUESS, found, strict=True)}
    return replace(Scales(), **{**known, **{name: float(value) for name, value in given.items()}})

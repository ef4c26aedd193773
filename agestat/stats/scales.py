"""By how much a classifier's errors differ between kinds of pictures: standard deviations, estimated.

A kind of pictures with known truth shows by how much the mean features of mixtures of its faces differ from
what a calibration set that holds nothing of it says. Such a difference is normal, its covariance a sum of
known shapes, each times the square of its scale, beside that of the sampling of pictures: a model of variance
components (Searle, Casella and McCulloch 1992). The scales are those of the highest mean log density over
mixtures, kinds alike in weight: a composite likelihood (Varin, Reid and Firth, Statistica Sinica 21, 2011),
since the mixtures of one kind share its errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

LIKE = 0.3  # part of the scales that is left where a collection looks just like the calibration set
# What is thought of the scales before any kind is seen, and the deviation of their logarithms from it.
GUESS = {
    "shift": 0.7, "stretch": 0.4, "bend": 0.5, "gender": 0.1, "gender_bend": 0.1, "gender_sure": 0.06,
    "age_sure": 0.06, "rest": 50.0, "rest_gender": 50.0,
}  # fmt: skip
RESTS = ("rest", "rest_gender")  # counts of pictures: the fewer, the larger the error
DOUBT = 1.0
RIDGE = 1e-9


@dataclass(frozen=True)
class Scales:
    """Standard deviations between kinds of pictures, estimated by `benchmarks/error_scales.py`."""

    shift: float = 0.38  # years, at every age
    stretch: float = 0.22  # years more per 20 years of age
    bend: float = 0.38  # years, varying smoothly with age
    reach: float = 15.0  # years of age over which a bend changes: not estimated
    together: float = 0.7  # correlation of the warps of women and men: not estimated
    gender: float = 0.075  # logits, at every age
    gender_bend: float = 0.081  # logits, varying smoothly with age
    gender_reach: float = 20.0  # years: not estimated
    gender_sure: float = 0.06  # of the logarithm of the slope of gender's logit
    age_sure: float = 0.21  # the same of ages
    rest: float = 10.0  # pictures of each cell that the rest is as uncertain as, but for its gender
    rest_gender: float = 56.0  # the same of gender, and of what goes with it

    def times(self, factor: float) -> "Scales":
        """All standard deviations by a factor."""
        scaled = {name: getattr(self, name) * (factor**-2 if name in RESTS else factor) for name in GUESS}
        return replace(self, **scaled)

    def only(self, *names: str) -> "Scales":
        """These scales at 1 and the others at 0."""
        nothing = {**dict.fromkeys(GUESS, 0.0), **dict.fromkeys(RESTS, np.inf)}
        return replace(self, **{**nothing, **dict.fromkeys(names, 1.0)})


def scale_of(unlikeness: float) -> float:
    """Part of the scales that is left in a collection that looks so unlike the calibration set, 0 to 1."""
    return LIKE + (1 - LIKE) * unlikeness


@dataclass(frozen=True)
class Kind:
    """What one kind of pictures shows in ``S`` mixtures of its faces: ``off (S, P)``, by how much their mean
    features differ from what the calibration set says, the covariance ``sampling (S, P, P)`` of that if the
    classifier erred as on the calibration set, and ``shapes (S, T, P, P)``, what each scale of `GUESS` at 1
    adds; ``unlikeness`` of its faces, 0 to 1."""

    off: np.ndarray
    sampling: np.ndarray
    shapes: np.ndarray
    unlikeness: float = 1.0

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


def estimate_scales(kinds: Sequence[Kind]) -> Scales:
    """The scales of highest composite likelihood, with a weak pull to `GUESS`."""
    guess = np.log(variances(replace(Scales(), **GUESS))) / 2

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        squared = np.exp(2 * logs)
        away = (logs - guess) / DOUBT
        value, slope = away @ away / 2, away / DOUBT
        for kind in kinds:
            density, slopes, _ = kind.density(squared)
            value, slope = value - density, slope - 2 * squared * slopes
        return float(value), slope

    found = np.exp(minimize(loss, guess, jac=True, method="L-BFGS-B").x)
    given = {name: value ** (-2 if name in RESTS else 1) for name, value in zip(GUESS, found, strict=True)}
    return replace(Scales(), **{name: float(value) for name, value in given.items()})

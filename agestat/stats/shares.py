"""Which shares are compatible with what was seen and what is not known of the model's errors.

Mean features of a collection with shares ``q`` are normal around ``q @ columns``, and what the ages within
each cell move them by (`agestat.stats.parts`); their covariance is that of
the sampling of photos and that of the errors *at these shares* (`Errors`), so shares and errors are judged
together: the errors are integrated out exactly, and what is thought possible does not hang on a first guess
of the shares. The prior is logistic normal (Aitchison and Shen 1980) around usual shares, ages alike with
their neighbours in part; how far this collection is from the usual is learned from itself.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from agestat.stats.calibration import Calibration
from agestat.stats.errors import Errors, factors
from agestat.stats.hamiltonian import Density, sample

CHAINS = 250
GENDER, AGE, CELL = 0.3, 0.5, 0.75  # parts of a logarithm's deviation: of a gender, an age, a cell alone
PART = 0.8  # the same of a part of a cell's range of ages alone, ...
BOTH_GENDERS = 0.7  # ... of whose variance women and men share so much
NEIGHBOURS = 20.0  # years over which ages are alike
# Deviation of log shares from usual ones, learned around this, with this deviation of its logit below the
# most: collections differ widely, as schools and homes for the old do; without a bound, draws of any shares
# at all made the genders of 192 portraits 35 points wide.
USUAL, USUAL_SPREAD, MOST = 2.0, 1.2, 3.0
# Logarithms below usual shares that a cell deviates by before the tail becomes heavy: a collection may hold
# nobody of some age, and a normal tail would still give a few.
EMPTY = 0.8
STEEPEST = 4.0  # of those, beyond which the tail is no heavier
RESCALINGS = 6  # Metropolis steps of the scale after a trajectory
LOWEST = -60.0  # logarithm of a share, beside the largest: none is zero
LEAST_USUAL = 0.01  # share of a range of ages that is thought usual where the calibration set holds none
GROUP_WARM_UP = 24  # trajectories: each chain has errors of its own, and so another mode
TINY = 1e-9
OWN = 0.2  # part of the errors' variance that a group has on its own beside those of the whole collection


@dataclass(frozen=True)
class SharePrior:
    """``log shares = centre (M,) or (S, M) + bent(scale * factor @ e) + within (M, D) @ f + constant``, and
    the logit of ``scale / MOST`` is normal; `_bent` makes the lower tail heavy. How jagged ages are within
    cells is not learned from how unusual the cells' shares are.
    """

    centre: np.ndarray
    factor: np.ndarray
    within: np.ndarray

    @classmethod
    def usual(cls, calibration: Calibration) -> "SharePrior":
        """Around the ages of the calibration set, with as many women as men."""
        parts, native_age = calibration.parts, calibration.native_age
        gender, age = calibration.native_gender[parts.ranges], parts.age
        ranges = np.unique(native_age, return_inverse=True)[1]
        if len(native_age) != 2 * len(np.unique(native_age)):  # the genders have ranges of their own
            ranges = np.arange(len(native_age))
        shares = (np.bincount(ranges, weights=calibration.prior)[ranges] + LEAST_USUAL)[parts.ranges]
        near = np.exp(-np.abs(age[:, None] - age) / NEIGHBOURS)
        alike = gender[:, None] == gender
        same_cell = parts.ranges[:, None] == parts.ranges
        covariance = GENDER**2 * np.where(alike, 1.0, -1.0) + AGE**2 * near + CELL**2 * same_cell
        covariance += TINY * np.eye(parts.size)  # two parts may be of one age
        inside = np.eye(parts.size) - same_cell / same_cell.sum(axis=1)
        same_years = PART**2 * (np.abs(age[:, None] - age) < 1) * np.where(alike, 1, BOTH_GENDERS)
        within = factors(inside @ same_years @ inside).T
        return cls(np.log(shares * parts.usual), np.linalg.cholesky(covariance), within)

    @property
    def size(self) -> int:
        """Numbers of a point: one for each part, those within cells, and one for the scale."""
        return len(self.factor) + self.within.shape[1] + 1

    def shares(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Shares ``(S, M)`` of points ``(S, size)``, the scale of each deviation ``(S, M)`` with the tail's
        slope in it, and the deviations ``(S, M)``."""
        scale, _ = _scale(z[:, -1:])
        count = len(self.factor)
        deviation = z[:, :count] @ self.factor.T
        bent, slope = _bent(scale * deviation)
        logs = self.centre + bent + z[:, count:-1] @ self.within.T
        shares = np.exp(np.maximum(logs - logs.max(axis=1, keepdims=True), LOWEST))
        return shares / shares.sum(axis=1, keepdims=True), scale * slope, deviation

    def rescaled(self, z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Points with other scales and the same shares, as likely a posteriori: Metropolis steps that move
        along the funnel of scale and deviations, in which Hamiltonian trajectories are stuck (interweaving,
        Yu and Meng 2011)."""
        z, count = z.copy(), len(self.factor)
        for _ in range(RESCALINGS):
            step = rng.standard_normal(len(z)) * rng.uniform(0.1, 1.0, len(z))
            log_ratio = np.log(_scale(z[:, -1])[0] / _scale(z[:, -1] + step)[0])
            length = (z[:, :count] ** 2).sum(axis=1)
            gain = count * log_ratio - np.expm1(2 * log_ratio) * length / 2
            gain -= step * (z[:, -1] + step / 2)
            accepted = np.log(rng.random(len(z))) < gain
            z[accepted, -1] += step[accepted]
            z[accepted, :count] *= np.exp(log_ratio[accepted])[:, None]
        return z

    def density(self, likelihood: Density) -> Density:
        """The posterior of points from a likelihood of shares."""

        def posterior(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            shares, scale, deviation = self.shares(z)
            value, by_share = likelihood(shares)
            by_log = shares * (by_share - (shares * by_share).sum(axis=1, keepdims=True))
            gradient = np.empty_like(z)
            gradient[:, : len(self.factor)] = (scale * by_log) @ self.factor
            gradient[:, len(self.factor) : -1] = by_log @ self.within
            gradient[:, -1:] = _scale(z[:, -1:])[1] * (scale * by_log * deviation).sum(axis=1, keepdims=True)
            return value - (z**2).sum(axis=1) / 2, gradient - z

        return posterior


def _scale(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Deviation of log shares at standard normal ``z``, and the slope of its logarithm."""
    part = expit(USUAL_SPREAD * z + logit(USUAL / MOST))
    return MOST * part, USUAL_SPREAD * (1 - part)


def _bent(deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Deviations of logarithms with a heavy lower tail, a hyperbolic sine as far as `STEEPEST`, and their
    slopes."""
    below = np.clip(deviation / EMPTY, -STEEPEST, 0)
    slope = np.cosh(below)
    return EMPTY * (np.sinh(below) - slope * below) + slope * deviation, slope


def marginal(observed: np.ndarray, sampling: np.ndarray, errors: Errors, labelled: np.ndarray) -> Density:
    """Log likelihood of shares ``(S, M)`` of parts and its gradient, the errors integrated out; ``labelled
    (K,)`` are the collection's own labelled faces in each cell."""
    columns, width = errors.columns, len(observed)

    def likelihood(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shares = parts @ errors.parts
        mixed, together = errors.mixed(shares)
        covariance = mixed + sampling
        inverse = np.linalg.inv(covariance)
        residual = observed - shares @ columns - parts @ errors.moved
        told = (inverse @ residual[..., None])[..., 0]
        value = -((residual * told).sum(axis=1) + np.linalg.slogdet(covariance)[1]) / 2
        by_covariance = (told[:, :, None] * told[:, None, :] - inverse) / 2
        gradient = told @ columns.T
        gradient += 2 * (together @ by_covariance).reshape(len(shares), -1) @ errors.flat_directions.T
        gradient += 2 * shares * (by_covariance.reshape(-1, width * width) @ errors.flat_rest.T)
        value, gradient = _with_labels(value, gradient, shares, labelled)
        return value, gradient @ errors.parts.T + told @ errors.moved.T

    return likelihood


def given_columns(
    observed: np.ndarray, precision: np.ndarray, columns: np.ndarray, errors: Errors, labelled: np.ndarray
) -> Density:
    """The same with ``columns (S, K, F)`` known, a set for each chain, or one for all ``(1, K, F)``."""

    def likelihood(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shares = parts @ errors.parts
        residual = observed - (shares[:, None] @ columns)[:, 0] - parts @ errors.moved
        told = residual @ precision
        gradient = (columns @ told[..., None])[..., 0]
        value, gradient = _with_labels(-(residual * told).sum(axis=1) / 2, gradient, shares, labelled)
        return value, gradient @ errors.parts.T + told @ errors.moved.T

    return likelihood


def _with_labels(
    value: np.ndarray, gradient: np.ndarray, shares: np.ndarray, labelled: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if not labelled.any():
        return value, gradient
    kept = np.maximum(shares, 1e-300)
    return value + np.log(kept) @ labelled, gradient + labelled / kept


def draw_shares(
    observed: np.ndarray, sampling: np.ndarray, errors: Errors, labelled: np.ndarray, prior: SharePrior,
    draws: int, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """``(draws, M)`` shares of the parts of a whole collection."""
    density = prior.density(marginal(observed, sampling, errors, labelled))
    chains = min(CHAINS, draws)
    points = sample(density, density, prior.size, chains, -(-draws // chains), rng, prior.rescaled)[:draws]
    return prior.shares(points)[0]


def draw_group(
    observed: np.ndarray, sampling: np.ndarray, columns: np.ndarray, errors: Errors, labelled: np.ndarray,
    whole: np.ndarray, prior: SharePrior, draws: int, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """``(draws, M)`` shares of a group's parts, over and over for each draw of the errors, ``columns (S, K,
    F)``, and of the whole collection's shares ``(S, M)``, around which the group is thought to lie."""
    precision = np.linalg.inv(sampling)
    here = SharePrior(np.log(whole + 1e-4), prior.factor, prior.within)
    middle = SharePrior(here.centre.mean(axis=0), prior.factor, prior.within)
    around = middle.density(given_columns(observed, precision, columns.mean(axis=0)[None], errors, labelled))
    density = here.density(given_columns(observed, precision, columns, errors, labelled))
    keep = -(-draws // len(whole))
    points = sample(
        density, around, prior.size, len(whole), keep, rng, prior.rescaled, GROUP_WARM_UP
    ).reshape(keep, len(whole), -1)
    return np.concatenate([here.shares(part)[0] for part in points])[:draws]

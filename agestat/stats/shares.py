"""Which shares are compatible with what was seen and what is not known of the model's errors.

Mean features of a collection with shares ``q`` are normal around ``q @ columns``; their covariance is that of
the sampling of photos and that of the errors *at these shares* (`Errors`), so shares and errors are judged
together: the errors are integrated out exactly, and what is thought possible does not hang on a first guess
of the shares. The prior is logistic normal (Aitchison and Shen 1980) around usual shares, ages alike with
their neighbours in part; how far this collection is from the usual is learned from itself.
"""

from dataclasses import dataclass

import numpy as np

from agestat.stats.calibration import Calibration
from agestat.stats.errors import Errors
from agestat.stats.hamiltonian import Density, sample

CHAINS = 250
GENDER, AGE, CELL = 0.42, 0.71, 0.71  # parts of a logarithm's deviation: of a gender, an age, a cell alone
NEIGHBOURS = 20.0  # years over which ages are alike
USUAL = 0.8  # deviation of log shares from usual ones, learned around this ...
USUAL_SPREAD = 0.7  # ... with this deviation of its logarithm
LEAST_USUAL = 0.01  # share of a range of ages that is thought usual where the calibration set holds none
GROUP_WARM_UP = 24  # trajectories: each chain has errors of its own, and so another mode
OWN = 0.2  # part of the errors' variance that a group has on its own beside those of the whole collection


@dataclass(frozen=True)
class SharePrior:
    """``log shares = centre (K,) or (S, K) + scale * factor @ e + constant``, ``log scale`` normal."""

    centre: np.ndarray
    factor: np.ndarray

    @classmethod
    def usual(cls, calibration: Calibration) -> "SharePrior":
        """Around the ages of the calibration set, with as many women as men."""
        gender, age = calibration.native_gender, calibration.native_age
        ranges = np.unique(age, return_inverse=True)[1] if _paired(calibration) else np.arange(len(age))
        shares = np.bincount(ranges, weights=calibration.prior)[ranges] + LEAST_USUAL
        near = np.exp(-np.abs(age[:, None] - age) / NEIGHBOURS)
        same = np.where(gender[:, None] == gender, 1.0, -1.0)
        covariance = GENDER**2 * same + AGE**2 * near + CELL**2 * np.eye(len(age))
        return cls(np.log(shares), np.linalg.cholesky(covariance))

    @property
    def size(self) -> int:
        """Numbers of a point: one for each cell and one for the scale."""
        return len(self.factor) + 1

    def shares(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Shares ``(S, K)`` of points ``(S, K + 1)``, the scale ``(S, 1)`` and deviations ``(S, K)``."""
        scale = USUAL * np.exp(USUAL_SPREAD * np.clip(z[:, -1:], -10, 10))
        deviation = z[:, :-1] @ self.factor.T
        logs = self.centre + scale * deviation
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True), scale, deviation

    def density(self, likelihood: Density) -> Density:
        """The posterior of points from a likelihood of shares."""

        def posterior(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            shares, scale, deviation = self.shares(z)
            value, by_share = likelihood(shares)
            by_log = shares * (by_share - (shares * by_share).sum(axis=1, keepdims=True))
            gradient = np.empty_like(z)
            gradient[:, :-1] = scale * (by_log @ self.factor)
            gradient[:, -1:] = USUAL_SPREAD * scale * (by_log * deviation).sum(axis=1, keepdims=True)
            return value - (z**2).sum(axis=1) / 2, gradient - z

        return posterior


def _paired(calibration: Calibration) -> bool:
    """Whether both genders have the same ranges of ages."""
    return len(calibration.native_age) == 2 * len(np.unique(calibration.native_age))


def marginal(observed: np.ndarray, sampling: np.ndarray, errors: Errors, labelled: np.ndarray) -> Density:
    """Log likelihood of shares ``(S, K)`` and its gradient, the errors integrated out; ``labelled (K,)`` are
    the collection's own labelled faces in each cell."""
    columns, width = errors.columns, len(observed)

    def likelihood(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mixed, together = errors.mixed(shares)
        covariance = mixed + sampling
        inverse = np.linalg.inv(covariance)
        residual = observed - shares @ columns
        told = (inverse @ residual[..., None])[..., 0]
        value = -((residual * told).sum(axis=1) + np.linalg.slogdet(covariance)[1]) / 2
        by_covariance = (told[:, :, None] * told[:, None, :] - inverse) / 2
        gradient = told @ columns.T
        gradient += 2 * (together @ by_covariance).reshape(len(shares), -1) @ errors.flat_directions.T
        gradient += 2 * shares * (by_covariance.reshape(-1, width * width) @ errors.flat_rest.T)
        return _with_labels(value, gradient, shares, labelled)

    return likelihood


def given_columns(
    observed: np.ndarray, precision: np.ndarray, columns: np.ndarray, labelled: np.ndarray
) -> Density:
    """The same with ``columns (S, K, F)`` known, a set for each chain, or one for all ``(1, K, F)``."""

    def likelihood(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residual = observed - (shares[:, None] @ columns)[:, 0]
        told = residual @ precision
        gradient = (columns @ told[..., None])[..., 0]
        return _with_labels(-(residual * told).sum(axis=1) / 2, gradient, shares, labelled)

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
    """``(draws, K)`` shares of a whole collection."""
    density = prior.density(marginal(observed, sampling, errors, labelled))
    chains = min(CHAINS, draws)
    points = sample(density, density, prior.size, chains, -(-draws // chains), rng)[:draws]
    return prior.shares(points)[0]


def draw_group(
    observed: np.ndarray, sampling: np.ndarray, columns: np.ndarray, labelled: np.ndarray,
    whole: np.ndarray, prior: SharePrior, draws: int, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """``(draws, K)`` shares of a group, over and over for each draw of the errors, ``columns (S, K, F)``, and
    of the whole collection's shares ``(S, K)``, around which the group is thought to lie."""
    precision = np.linalg.inv(sampling)
    here = SharePrior(np.log(whole + 1e-4), prior.factor)
    middle = SharePrior(here.centre.mean(axis=0), prior.factor)
    around = middle.density(given_columns(observed, precision, columns.mean(axis=0)[None], labelled))
    density = here.density(given_columns(observed, precision, columns, labelled))
    keep = -(-draws // len(whole))
    points = sample(density, around, prior.size, len(whole), keep, rng, GROUP_WARM_UP).reshape(
        keep, len(whole), -1
    )
    return np.concatenate([here.shares(part)[0] for part in points])[:draws]

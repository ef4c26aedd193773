"""From sums over blocks of faces to replicates of a corrected distribution, by any of the methods."""

from dataclasses import dataclass

import numpy as np

from agestat.stats.calibration import TINY, Calibration
from agestat.stats.parts import OLDEST
from agestat.stats.quantify import adjusted_count
from agestat.stats.shares import BOTH_GENDERS
from agestat.stats.tally import native_features

METHODS = ("bayes", "emq", "pacc", "acc", "pcc", "cc")  # named and cited in docs/statistics.md
UNCORRECTED = ("cc", "pcc")
DEFAULT_METHOD = "bayes"
# How far off the ages within a labelled range are: their density is multiplied by exp(t * position), from -1
# to 1 within the range, and t has this standard deviation (0.56 in UTKFace and APPA-REAL).
TILT = 0.56


@dataclass(frozen=True)
class Group:
    """One group of faces as sums ``(blocks, C)`` from `tally`, and how it is to be corrected; ``shares
    (1 + draws, M)`` are the group's shares of parts where the method has a joint posterior."""

    sums: np.ndarray
    method: str
    calibration: Calibration
    pilot: np.ndarray | None
    draws: int
    rng: np.random.Generator
    shares: np.ndarray | None = None

    def joint(self) -> np.ndarray:
        """``(1 + draws, C)`` distributions over the model's cells, the estimate first."""
        joint = resampled(self.sums, self.draws, self.rng)
        if self.method in UNCORRECTED:
            return joint
        if self.shares is None:
            shares = self._adjusted(joint @ self.calibration.to_native)
            of, ages = self.calibration.native_of, self.calibration.native_age
        else:
            shares = self.shares
            of, ages = self.calibration.parts.of, self.calibration.parts.age
        joint[1:] = doubt_within(joint[1:], of, ages, self.calibration.space.mid_age, self.rng)
        return with_shares(joint, shares, of)

    def _adjusted(self, native: np.ndarray) -> np.ndarray:
        """``(1 + draws, K)`` by adjusted counting in resampled calibration sets."""
        calibration = self.calibration
        posterior = calibration.own_posterior
        features = native_features(self.method, posterior, calibration, self.pilot).astype(np.float64)
        weights = np.ones((self.draws + 1, calibration.n))
        weights[1:] = self.rng.standard_exponential((self.draws, calibration.n))
        shares = adjusted_count(native, calibration.mean_by_cell(features, weights[:, calibration.picture]))
        if self.pilot is not None:
            shares[0] = self.pilot
        return shares


def resampled(sums: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """``(1 + draws, C)`` mean distributions of the faces of ``sums (blocks, C)``, the plain one first, then
    with blocks resampled by the Bayesian bootstrap (Rubin 1981)."""
    weights = np.ones((draws + 1, len(sums)), dtype=np.float32)
    weights[1:] = rng.standard_exponential((draws, len(sums)), dtype=np.float32)
    joint = (weights @ sums).astype(np.float64)
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


def doubt_within(
    joint: np.ndarray, of: np.ndarray, usual: np.ndarray, ages: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """``joint (B, C)`` with ages within the cells that it is estimated for, ``of (C,)``, tilted at random to
    the younger or the older ones: no calibration label tells how far off they are. Sets with exact ages say
    how much (`TILT`). ``usual`` are the estimated cells' mean ages and ``ages (C,)`` all, in years."""
    tilt = rng.standard_normal((len(joint), len(usual)))
    ranges = np.unique(np.rint(usual), return_inverse=True)[1]
    both = rng.standard_normal((len(joint), int(ranges.max()) + 1))[:, ranges]
    tilt = TILT * (np.sqrt(BOTH_GENDERS) * both + np.sqrt(1 - BOTH_GENDERS) * tilt)
    position = np.zeros(len(of))
    for k in range(len(usual)):
        mine = of == k
        age = np.minimum(ages[mine], OLDEST)
        position[mine] = 2 * (age - age.mean()) / max(np.ptp(age) + 1, 1)
    return np.asarray((joint + TINY) * np.exp(tilt[:, of] * position))


def with_shares(joint: np.ndarray, shares: np.ndarray, of: np.ndarray) -> np.ndarray:
    """``joint (B, C)`` with ``shares (B, M)`` of what cells are ``of (C,)`` in place of its own."""
    joint = joint + 1e-9
    return np.asarray(joint * (shares / (joint @ np.eye(shares.shape[1])[of]))[:, of])

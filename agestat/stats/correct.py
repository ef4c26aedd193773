"""From sums over blocks of faces to replicates of a corrected distribution, by any of the methods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agestat.stats.calibration import TINY, Calibration
from agestat.stats.posterior import sample_simplex
from agestat.stats.quantify import adjusted_count
from agestat.stats.tally import native_features

METHODS = ("bayes", "emq", "pacc", "acc", "pcc", "cc")  # named and cited in docs/statistics.md
UNCORRECTED = ("cc", "pcc")
DEFAULT_METHOD = "bayes"
DISCOUNT = 1.25  # calibration pictures per picture's worth of knowledge: no collection is quite like them
SHIFTED_DISCOUNT = 10.0  # the same where the collection visibly is unlike them
WITHIN = 2.0  # faces of known age that the model's word on the ages within a native cell is worth
CAUTION = 5.0  # clusters' worth of the model's own idea of the spread among clusters


@dataclass(frozen=True)
class Group:
    """One group of faces as sums ``(blocks, C)`` from `tally`, and how it is to be corrected."""

    sums: np.ndarray
    method: str
    calibration: Calibration
    pilot: np.ndarray | None
    draws: int
    rng: np.random.Generator
    discount: float = DISCOUNT

    def joint(self) -> np.ndarray:
        """``(1 + draws, C)`` distributions over the model's cells, the estimate first."""
        joint = resampled(self.sums, self.draws, self.rng)
        if self.method in UNCORRECTED:
            return joint
        shares = (
            self._bayes() if self.method == "bayes" else self._adjusted(joint @ self.calibration.to_native)
        )
        joint[1:] = doubt_within(joint[1:], self.calibration, self.rng)
        return with_native_shares(joint, shares, self.calibration)

    def _bayes(self) -> np.ndarray:
        assert self.pilot is not None
        native = self.sums @ self.calibration.to_native
        draws = posterior_shares(
            [native], self.calibration, self.pilot, self.draws, self.rng, [self.discount]
        )[:, 0]
        return np.concatenate([draws.mean(axis=0, keepdims=True), draws])

    def _adjusted(self, native: np.ndarray) -> np.ndarray:
        """``(1 + draws, K)`` by adjusted counting in resampled calibration sets."""
        calibration = self.calibration
        posterior = calibration.own_posterior
        features = native_features(self.method, posterior, calibration, self.pilot).astype(np.float64)
        weights = np.ones((self.draws + 1, calibration.n))
        weights[1:] = self.rng.standard_exponential((self.draws, calibration.n))
        shares = adjusted_count(native, calibration.mean_by_cell(features, weights))
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


def doubt_within(joint: np.ndarray, calibration: Calibration, rng: np.random.Generator) -> np.ndarray:
    """``joint (B, C)`` with ages within native cells drawn around its own, by a Dirichlet process (Ferguson
    1973) of concentration `WITHIN`: no calibration label tells how far off they are."""
    inside = joint / (joint @ calibration.to_native + TINY)[:, calibration.native_of]
    return rng.standard_gamma(WITHIN * inside) + TINY


def with_native_shares(joint: np.ndarray, shares: np.ndarray, calibration: Calibration) -> np.ndarray:
    """``joint (B, C)`` with the native cells' ``shares (B, K)`` in place of its own."""
    joint = joint + 1e-9
    return np.asarray(joint * (shares / (joint @ calibration.to_native))[:, calibration.native_of])


def posterior_shares(
    collections: list[np.ndarray], calibration: Calibration, pilot: np.ndarray, count: int,
    rng: np.random.Generator, discounts: Sequence[float],
) -> np.ndarray:  # fmt: skip
    """``(count, P, K)`` draws of the shares of P collections that share one calibration set and its errors.

    Each of ``collections`` is ``(blocks, K)`` sums of probabilities under the same ``pilot`` shares ``(K,)``.
    ``discounts (P,)`` say how uncertain the errors are in each; what exceeds `DISCOUNT` is not shared.
    """
    features = native_features("bayes", calibration.own_posterior, calibration, pilot).astype(np.float64)
    columns = calibration.mean_by_cell(features, np.ones((1, calibration.n)))[0]
    within = calibration.covariance(features)
    uncertain = np.tensordot(pilot**2 / calibration.membership.sum(axis=0), within, 1)
    centred = columns - pilot @ columns
    one_face = np.tensordot(pilot, within, 1) + (pilot[:, None] * centred).T @ centred
    observed = [sums.sum(axis=0) / sums.sum() for sums in collections]
    parts, size = len(collections), calibration.size
    covariance = np.zeros((parts, size, parts, size))
    for p, sums in enumerate(collections):
        for r in range(parts):
            covariance[p, :, r] = (discounts[p] if p == r else DISCOUNT) * uncertain
        covariance[p, :, p] += sampling_covariance(sums.astype(np.float64), sums.sum(axis=1), one_face)
    flat = covariance.reshape(parts * size, -1)
    flat[np.diag_indices(len(flat))] += 1e-6 * np.trace(flat) / len(flat) + 1e-9
    inverse = np.linalg.inv(flat)
    stacked = np.kron(np.eye(parts), columns)
    draws = sample_simplex(
        stacked @ inverse @ stacked.T,
        stacked @ inverse @ np.concatenate(observed),
        np.tile(pilot, (parts, 1)),
        count,
        rng,
    )
    return draws.reshape(count, parts, size)


def sampling_covariance(sums: np.ndarray, faces: np.ndarray, one_face: np.ndarray) -> np.ndarray:
    """``(K, K)`` covariance of the mean over faces, from sums ``(blocks, K)`` over ``faces (blocks,)`` each.

    Pulled to what `one_face` says if all faces of a cluster were alike, so that a single photo counts as a
    single observation however many faces it shows.
    """
    blocks = len(sums)
    residual = sums - faces[:, None] * (sums.sum(axis=0) / faces.sum())
    cautious = residual.T @ residual + CAUTION * np.mean(faces**2) * one_face
    return np.asarray(blocks / faces.sum() ** 2 * cautious / (blocks - 1 + CAUTION))

"""From sums over blocks of faces to replicates of a corrected distribution, by any of the methods."""

import numpy as np

from agestat.stats.calibration import Calibration
from agestat.stats.posterior import sample_simplex
from agestat.stats.quantify import adjusted_count
from agestat.stats.tally import native_features

METHODS = {
    "bayes": "Bayesian adjusted probabilistic counting from an expectation-maximisation pilot",
    "emq": "expectation-maximisation for prior shift (Saerens et al. 2002)",
    "pacc": "adjusted probabilistic counting (Bella et al. 2010)",
    "acc": "adjusted counting (Forman 2008)",
    "pcc": "probabilistic counting (Bella et al. 2010)",
    "cc": "counting",
}
DEFAULT_METHOD = "bayes"
DISCOUNT = 1.5  # calibration pictures per picture's worth of knowledge: no collection is quite like them
CAUTION = 5.0  # clusters' worth of the model's own idea of the spread among clusters


def replicates(
    sums: np.ndarray, method: str, calibration: Calibration, pilot: np.ndarray | None, count: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """``(1 + count, C)`` distributions over the model's cells, the estimate first.

    ``sums (blocks, C)`` from `tally`. Blocks are resampled by the Bayesian bootstrap (Rubin 1981).
    """
    weights = np.ones((count + 1, len(sums)))
    weights[1:] = rng.standard_exponential((count, len(sums)))
    joint = (weights.astype(np.float32) @ sums).astype(np.float64)
    joint /= joint.sum(axis=1, keepdims=True)
    if method in ("cc", "pcc"):
        return joint
    native = joint @ calibration.to_native
    if method == "bayes":
        assert pilot is not None
        draws = posterior_shares([sums @ calibration.to_native], calibration, pilot, count, rng)[:, 0]
        shares = np.concatenate([draws.mean(axis=0, keepdims=True), draws])
    else:
        shares = adjusted_count(native, _resampled_columns(method, calibration, pilot, count, rng))
        if pilot is not None:
            shares[0] = pilot
    inside = joint + 1e-9 / joint.shape[1]
    return np.asarray(inside * (shares / (inside @ calibration.to_native))[:, calibration.native_of])


def _resampled_columns(
    method: str, calibration: Calibration, pilot: np.ndarray | None, count: int, rng: np.random.Generator
) -> np.ndarray:
    """``(1 + count, K, K)`` mean features of each true native cell in resampled calibration sets."""
    features = native_features(method, calibration.own_posterior, calibration, pilot).astype(np.float64)
    weights = np.ones((count + 1, calibration.n))
    weights[1:] = rng.standard_exponential((count, calibration.n))
    return calibration.mean_by_cell(features, weights)


def posterior_shares(
    collections: list[np.ndarray], calibration: Calibration, pilot: np.ndarray, count: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """``(count, P, K)`` draws of the shares of P collections that share one calibration set and its errors.

    Each of ``collections`` is ``(blocks, K)`` sums of probabilities under the same ``pilot`` shares ``(K,)``.
    """
    features = native_features("bayes", calibration.own_posterior, calibration, pilot).astype(np.float64)
    columns = calibration.mean_by_cell(features, np.ones((1, calibration.n)))[0]
    within = calibration.covariance(features)
    uncertain = DISCOUNT * within / calibration.membership.sum(axis=0)[:, None, None]
    centred = columns - pilot @ columns
    one_face = np.tensordot(pilot, within, 1) + (pilot[:, None] * centred).T @ centred
    observed = [sums.sum(axis=0) / sums.sum() for sums in collections]
    parts, size = len(collections), calibration.size
    covariance = np.zeros((parts, size, parts, size))
    for p, sums in enumerate(collections):
        for r in range(parts):
            covariance[p, :, r] = np.tensordot(pilot**2, uncertain, 1)
        covariance[p, :, p] += _sampling_covariance(sums.astype(np.float64), one_face)
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


def _sampling_covariance(sums: np.ndarray, one_face: np.ndarray) -> np.ndarray:
    """``(K, K)`` covariance of the mean over faces, from the spread among blocks ``sums (blocks, K)``.

    Pulled to what `one_face` says if all faces of a cluster were alike, so that a single photo counts as a
    single observation however many faces it shows.
    """
    faces, blocks = sums.sum(axis=1), len(sums)
    residual = sums - faces[:, None] * (sums.sum(axis=0) / faces.sum())
    cautious = residual.T @ residual + CAUTION * np.mean(faces**2) * one_face
    return np.asarray(blocks / faces.sum() ** 2 * cautious / (blocks - 1 + CAUTION))

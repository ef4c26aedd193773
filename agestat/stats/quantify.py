"""Quantification: the shares of true cells in a collection from what a classifier says about its items.

``K`` cells, ``posterior (N, K)`` the classifier's calibrated probabilities at the calibration set's shares
``prior (K,)``, and ``columns (..., K, F)`` the mean features of the calibration pictures of each true cell.
"""

import numpy as np

EM_STEPS = 500
EM_CHANGE = 1e-7  # largest change of a share at which expectation-maximisation stops
LEAST_SQUARES_STEPS = 200
TINY = 1e-12  # keeps an item defined whose every cell is empty


def reweight(posterior: np.ndarray, prior: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """``posterior (N, K)`` as it would be in a collection with ``shares`` in place of ``prior``."""
    weighted = posterior * (shares / prior).astype(posterior.dtype) + posterior.dtype.type(TINY)
    return np.asarray(weighted / weighted.sum(axis=1, keepdims=True))


def expectation_maximisation(posterior: np.ndarray, prior: np.ndarray, pseudo: float = 0.0) -> np.ndarray:
    """EMQ: the shares ``(K,)`` of highest likelihood if only the shares changed (prior shift).

    Saerens, Latinne and Decaestecker, Neural Computation 14 (2002). ``pseudo`` faces in each cell keep every
    share positive and calm small collections.
    """
    likelihood = posterior / prior.astype(posterior.dtype)
    shares = prior.copy()
    for _ in range(EM_STEPS):
        mixture = likelihood @ shares.astype(posterior.dtype)
        old, shares = shares, shares * ((1 / mixture) @ likelihood) + pseudo
        shares = shares / shares.sum()
        if np.abs(shares - old).max() < EM_CHANGE:
            break
    return shares


def adjusted_count(observed: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Shares ``(..., K)`` on the simplex whose mixture of ``columns`` is nearest to ``observed (..., F)``.

    With hard counts this is ACC (Forman, Data Mining and Knowledge Discovery 17, 2008), with probabilities
    PACC (Bella et al., ICDM 2010), least squares constrained to the simplex as in Bunse, LQ 2022.
    Accelerated projected gradient, all leading axes at once.
    """
    gram = columns @ np.swapaxes(columns, -1, -2)
    target = (columns @ observed[..., None])[..., 0]
    step = 1 / np.linalg.eigvalsh(gram)[..., -1:]
    shares = ahead = np.full(target.shape, 1 / target.shape[-1])
    pace = 1.0
    for _ in range(LEAST_SQUARES_STEPS):
        gradient = (gram @ ahead[..., None])[..., 0] - target
        new = project_to_simplex(ahead - step * gradient)
        new_pace = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = new + (pace - 1) / new_pace * (new - shares)
        shares, pace = new, new_pace
    return shares


def project_to_simplex(values: np.ndarray) -> np.ndarray:
    """The nearest point of the simplex to each row of ``values (..., K)``."""
    falling = -np.sort(-values, axis=-1)
    excess = np.cumsum(falling, axis=-1) - 1
    rank = np.arange(1, values.shape[-1] + 1)
    last = (falling - excess / rank > 0).sum(axis=-1, keepdims=True)
    return np.maximum(values - np.take_along_axis(excess, last - 1, -1) / last, 0)

"""Quantification: from mean predictions of a collection to the shares of its true cells."""

import numpy as np

TINY = 1e-12


def solve_simplex(observed: np.ndarray, columns: np.ndarray, steps: int = 300) -> np.ndarray:
    """Shares ``q (..., K)`` on the simplex whose mixture of ``columns`` best explains ``observed``.

    ``observed (..., F)`` are mean features of the collection, ``columns (..., K, F)`` the mean features of
    each true cell, both summing to 1 over F. Minimises the Kullback-Leibler divergence of ``observed`` from
    ``q @ columns`` by expectation-maximisation, so that no share ever leaves [0, 1].
    """
    size = columns.shape[-2]
    q = np.full((*observed.shape[:-1], size), 1 / size)
    across = np.swapaxes(columns, -1, -2)
    for _ in range(steps):
        ratio = observed / (np.matmul(q[..., None, :], columns)[..., 0, :] + TINY)
        q = q * np.matmul(ratio[..., None, :], across)[..., 0, :]
        q /= q.sum(axis=-1, keepdims=True)
    return q


def expectation_maximisation(
    posterior: np.ndarray, prior: np.ndarray, pull: float = 1.0, steps: int = 200
) -> np.ndarray:
    """EMQ: shares ``(K,)`` under pure prior shift, from ``posterior (N, K)`` calibrated at ``prior (K,)``.

    Saerens, Latinne and Decaestecker, Neural Computation 2002. ``pull`` faces spread evenly over the cells
    keep every share positive.
    """
    likelihood = posterior / prior
    q, size = prior.copy(), len(prior)
    for _ in range(steps):
        weighted = likelihood * q
        old, q = q, (weighted / weighted.sum(axis=1, keepdims=True)).sum(axis=0) + pull / size
        q /= q.sum()
        if np.abs(q - old).max() < 1e-6:
            break
    return q


def reweight(posterior: np.ndarray, prior: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """``posterior (N, K)`` calibrated at ``prior`` as it would be in a collection with ``shares``."""
    weighted = posterior * (shares / prior).astype(posterior.dtype)
    return weighted / weighted.sum(axis=1, keepdims=True)

"""Bayesian adjusted counting: which shares are compatible with what was seen and what is not known.

The likelihood is that of mean features ``observed ~ Normal(shares @ columns, covariance)``, where the
covariance holds both the sampling of photos and the finite calibration set; the prior over the simplex is
Jeffreys' Dirichlet(1/2). In the spirit of Ziegler and Czyz, "Bayesian quantification with black-box
estimators" (TMLR 2024), with continuous features, clusters and an uncertain calibration set.
"""

import numpy as np
from scipy.special import ndtr, ndtri

CHAINS = 500
BURN_IN = 3  # sweeps over all pairs of cells; neighbouring states correlate by 0.1, by 0.3 at most
DEEP = -30.0  # standard deviations: beyond, the tail is an exponential and ndtr runs out of digits
LEAST = 1e-12  # the prior is infinite at a share of zero: a cell that reached it would stay there
FLATTEST = 1e-2  # curvature of cells that nothing tells apart: flat over the simplex, and not zero


def sample_simplex(
    precision: np.ndarray, linear: np.ndarray, start: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """``(draws, S)`` samples of density ``exp(linear @ q - q @ precision @ q / 2) * prod(q ** -0.5)``.

    ``start (P, K)`` are starting shares on P simplices, stacked into ``S = P * K`` numbers. Gibbs sampling
    that moves mass between two cells of a simplex: a truncated normal, thinned to Jeffreys' prior.
    """
    parts, size = start.shape
    chains = min(CHAINS, draws)
    state = rng.dirichlet(np.full(size, 0.5), (chains, parts)) * 0.1 + 0.9 * start
    state = np.ascontiguousarray(state.reshape(chains, -1).T)  # (S, chains): a move works on whole rows
    pairs = [(p * size + i, p * size + j) for p in range(parts) for i in range(size) for j in range(i)]
    kept: list[np.ndarray] = []
    for sweep in range(BURN_IN - (-draws // chains)):
        slope = linear[:, None] - precision @ state
        for i, j in rng.permutation(pairs):
            _move(state, slope, precision, i, j, rng)
        if sweep >= BURN_IN:
            kept.append(state.T.copy())
    return np.concatenate(kept)[:draws]


def _move(
    state: np.ndarray, slope: np.ndarray, precision: np.ndarray, i: int, j: int, rng: np.random.Generator
) -> None:
    """Resample how the mass of cells ``i`` and ``j`` is split, in all chains at once, in place."""
    curvature = max(precision[i, i] + precision[j, j] - 2 * precision[i, j], FLATTEST)
    sd = curvature**-0.5
    centre = (slope[i] - slope[j]) / curvature
    low, high = (-state[i] - centre) / sd, (state[j] - centre) / sd
    mirror = low > 0  # the normal distribution function keeps its digits only in the left tail
    left, right = np.where(mirror, -high, low), np.where(mirror, -low, high)
    place, luck = rng.random((2, len(low)))
    floor = ndtr(left)
    z = ndtri(floor + (ndtr(right) - floor) * place)
    deep = right < DEEP
    if deep.any():
        rate, reach = right[deep], right[deep] - left[deep]
        z[deep] = rate - np.log1p(place[deep] * np.expm1(rate * reach)) / rate
    z = np.minimum(np.maximum(np.where(mirror, -z, z), low), high)
    moved = centre + sd * z
    first, second = np.maximum(state[i] + moved, LEAST), np.maximum(state[j] - moved, LEAST)
    accept = luck**2 * (first * second) < state[i] * state[j]
    moved = np.where(accept, first - state[i], 0)
    state[i] += moved
    state[j] = np.where(accept, second, state[j])
    slope -= np.multiply.outer(precision[i] - precision[j], moved)

"""Intervals by resampling: how far a figure would move on other pictures of the same kind."""

import numpy as np

REPLICATES = 1000
LEVEL = 0.95


def bootstrap_weights(subjects: np.ndarray, replicates: int = REPLICATES, seed: int = 0) -> np.ndarray:
    """``(R, N) float32``: how often each picture is drawn in each replicate.

    ``subjects (N,)`` names whom a picture shows. Subjects are drawn with replacement, and then pictures
    within each drawn subject (two-stage bootstrap, Davison and Hinkley 1997, section 3.8): pictures of one
    subject are alike, and a class that a single subject makes up still varies.
    """
    rng = np.random.default_rng(seed)
    _, index, sizes = np.unique(subjects, return_inverse=True, return_counts=True)
    share = np.full(len(sizes), 1 / len(sizes))
    drawn = rng.multinomial(len(sizes), share, size=replicates)  # (R, subjects)
    weights = drawn[:, index].astype(np.float32)
    for subject in np.flatnonzero(sizes > 1):
        size = sizes[subject]
        pictures = np.flatnonzero(index == subject)
        weights[:, pictures] = rng.multinomial(drawn[:, subject] * size, np.full(size, 1 / size))
    return weights


def interval(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Central percentiles of replicates ``(R,)``, leaving out those where the figure is not defined (nan)."""
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

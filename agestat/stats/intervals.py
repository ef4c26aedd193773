"""Intervals from replicates of a share or an age."""

import numpy as np
from scipy.special import ndtri


def interval(replicates: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Low and high ``(...)`` of ``replicates (B, ...)``: the hull of the central and the shortest interval.

    The central interval never holds a share of zero and the shortest one cuts the long tail; together they
    keep their promise both near the border and inside (see ``docs/statistics.md``).
    """
    ordered = np.sort(replicates, axis=0)
    inside = min(int(np.ceil(level * len(ordered))), len(ordered) - 1)
    width = ordered[inside:] - ordered[: len(ordered) - inside]
    first = width.argmin(axis=0)[None]
    low, high = np.quantile(ordered, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return (
        np.minimum(low, np.take_along_axis(ordered, first, 0)[0]),
        np.maximum(high, np.take_along_axis(ordered, first + inside, 0)[0]),
    )


def share_interval(
    replicates: np.ndarray, level: float, n: int, photos: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """`interval` of shares within ``n`` faces: ends within half a face of 0 or 1 are moved onto it. With
    ``photos``, no share is surer than one that was counted in so many without any error."""
    low, high = interval(replicates, level)
    if photos:
        least, most = score_interval(replicates.mean(axis=0), level, photos)
        low, high = np.minimum(low, least), np.maximum(high, most)
    return np.where(low < 0.5 / n, 0.0, low), np.where(high > 1 - 0.5 / n, 1.0, high)


def score_interval(shares: np.ndarray, level: float, photos: int) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of ``shares`` that were counted in ``photos`` (Wilson, Journal of the American Statistical
    Association 22, 1927)."""
    z2 = float(ndtri((1 + level) / 2)) ** 2 / photos
    middle = (shares + z2 / 2) / (1 + z2)
    half = np.sqrt(z2 * shares * (1 - shares) + z2**2 / 4) / (1 + z2)
    return middle - half, middle + half


def least_doubt(level: float, clusters: int) -> float:
    """The share that a cell which none of ``clusters`` independent photos shows may still have: the exact
    limit (Clopper and Pearson, Biometrika 26, 1934). Resampling photos alone would call it zero."""
    return float(1 - ((1 - level) / 2) ** (1 / clusters))

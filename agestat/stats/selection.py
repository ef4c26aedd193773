"""Was a collection selected by gender and age, or do its people just look that way?

If it was *selected* (prior shift), faces of one cell look as everywhere else, and the classifier's errors
have to be undone. If its people *look* that way (covariate shift), the perceived gender and age of a face
hang on its looks as everywhere else, and the mean of the calibrated probabilities is right as it is: undoing
errors would make it wrong (Moreno-Torres et al., Pattern Recognition 45, 2012). Nothing seen without labels
tells the two apart. Kinds of pictures that were left out in turn lie between; a collection whose shares are
very unusual, or clearly not the mean probabilities, was selected. So the estimate goes most of the way that
is left to the mean probabilities; draws stay or go any part of it, since the interval must hold in both
cases.
"""

import numpy as np

UNUSUAL = 0.2  # Hellinger distance from the calibration set's shares at which half of the way is left
# Squared distance from the mean probabilities, in variances of corrected shares, that leaves half of the way
# where faces look like the calibration set's, and where they do not: there errors are as good a reason.
CLEAR = (0.2, 2.0)
LABELS = 100.0  # own labelled faces that leave half of it: they tell the errors themselves
SELECTED = 0.5  # chance that a collection was selected, whatever its shares, that draws allow for
TOWARDS = 0.7  # part of the way that is left that the estimate goes: kinds left out in turn erred least there
LEAST = 1e-9


def between(
    corrected: np.ndarray, plain: np.ndarray, usual: np.ndarray, luck: np.ndarray, unlikeness: float,
    labelled: float,
) -> np.ndarray:  # fmt: skip
    """``(1 + S, K)`` the estimate, and draws ``corrected (S, K)`` of shares, moved towards draws ``plain (S,
    K)`` of mean probabilities, in logarithms. ``usual (K,)`` are the calibration set's shares, ``luck (S,)``
    uniform numbers, ``unlikeness``, 0 to 1, how unlike the faces look."""
    middle = corrected.mean(axis=0)
    unusual = 1 - np.sqrt(middle * usual).sum()  # Hellinger, squared
    clear = ((middle - plain.mean(axis=0)) ** 2).sum() / corrected.var(axis=0).sum()
    half = np.interp(unlikeness, (0, 1), CLEAR)
    most = 1 / (1 + (unusual / UNUSUAL**2) ** 4 + (clear / half) ** 2) / (1 + labelled / LABELS)
    estimate = _moved(corrected, plain.mean(axis=0), most * TOWARDS).mean(axis=0)
    way = most * np.maximum(luck - SELECTED, 0) / (1 - SELECTED)
    return np.concatenate([estimate[None], _moved(corrected, plain, way[:, None])])


def _moved(corrected: np.ndarray, plain: np.ndarray, way: float | np.ndarray) -> np.ndarray:
    moved = np.maximum(corrected, LEAST) ** (1 - way) * np.maximum(plain, LEAST) ** way
    return np.asarray(moved / moved.sum(axis=1, keepdims=True))

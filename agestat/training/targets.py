"""Labels as soft targets: one row of ``L`` probabilities per picture, head beside head."""

from typing import Any

import numpy as np
import pandas as pd

from agestat.model.label_space import AGES, GENDERS, YEARS, LabelSpace

AGE_SIGMA = 2.0  # years: how far neighbouring ages share one label (Gao et al. 2017, label distribution)
EDGE_SIGMA = 1.0  # years: buckets end softly, since perceived age does
OLDEST = 90  # where an open bucket such as "70 and over" ends for the target
PRIOR_FLOOR = 0.01  # of the prior of ages is uniform: ages that no label names are rare, not impossible
DISTILLED_SHARE = 0.5  # of a target is what a trained model says; the rest is the label
TEACHER_SHARE = 0.5  # of the distribution inside a bucket; the rest is uniform


def _gaussian(sigma: float) -> np.ndarray:
    """``(AGES, AGES)`` rows: a normalised Gaussian about each age."""
    ages = np.arange(AGES)
    kernel = np.exp(-0.5 * ((ages[:, None] - ages[None, :]) / sigma) ** 2)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


def age_targets(frame: pd.DataFrame, teacher: np.ndarray | None = None) -> np.ndarray:
    """``(N, 101) float32`` age distributions; rows without any age label are all zero.

    An exact age becomes a Gaussian; a bucket becomes uniform, half of it weighted by the teacher's
    ``(N, 101)`` distribution inside the bucket.
    """
    ages = np.arange(AGES)
    exact = frame["age"].to_numpy(dtype=float)
    low = frame["age_min"].to_numpy(dtype=float)
    high = np.where(np.isnan(frame["age_max"].to_numpy(dtype=float)), OLDEST, frame["age_max"])
    high = np.minimum(np.maximum(high.astype(float), low), AGES - 1)
    inside = ((ages >= low[:, None]) & (ages <= high[:, None])).astype(float)
    bucket = inside / np.maximum(inside.sum(axis=1, keepdims=True), 1)
    if teacher is not None:
        taught = inside * (teacher + 1e-4)
        taught /= np.maximum(taught.sum(axis=1, keepdims=True), 1e-9)
        bucket = (1 - TEACHER_SHARE) * bucket + TEACHER_SHARE * taught
    target = bucket @ _gaussian(EDGE_SIGMA)
    known = ~np.isnan(exact)
    target[known] = _gaussian(AGE_SIGMA)[np.clip(exact[known], 0, AGES - 1).astype(int)]
    return target.astype(np.float32)


def targets(
    frame: pd.DataFrame, space: LabelSpace, *, smoothing: float = 0.0, teacher: np.ndarray | None = None
) -> np.ndarray:
    """``(N, L) float32`` soft targets of a labelled frame; a head without a label is all zero."""
    if space is YEARS:
        gender = np.stack([frame["gender"].to_numpy(dtype=object) == name for name in GENDERS], axis=1)
        heads: list[Any] = [gender.astype(np.float32), age_targets(frame, teacher)]
    else:
        heads = [(frame["six"].to_numpy()[:, None] == np.arange(space.size)).astype(np.float32)]
    if smoothing:
        known = heads[0].sum(axis=1, keepdims=True)
        heads[0] = heads[0] * (1 - smoothing) + known * smoothing / heads[0].shape[1]
    return np.concatenate(heads, axis=1).astype(np.float32)


def distilled(soft: np.ndarray, said: np.ndarray, space: LabelSpace) -> np.ndarray:
    """``(N, L)`` targets of which `DISTILLED_SHARE` is what a trained model said of the picture, ``(N, L)``
    (Hinton et al. 2015); a head without a label stays without."""
    mixed = soft.copy()
    for part in space.slices:
        known = soft[:, part].sum(axis=1, keepdims=True)
        mixed[:, part] = (1 - DISTILLED_SHARE) * soft[:, part] + DISTILLED_SHARE * known * said[:, part]
    return mixed


def age_prior(frame: pd.DataFrame) -> np.ndarray:
    """``(N, 101) float32``: how common each age is among the labels of the row's gender, or of all genders
    where it is not known.

    For logit adjustment (Menon et al. 2021; balanced softmax, Ren et al. 2020): where women over 45 are rare,
    a network that is sure of a woman judges her younger, so the prior is that of ages *given* the gender.
    """
    ages = age_targets(frame)
    gender = frame["gender"].to_numpy(dtype=object)
    priors = np.empty_like(ages)
    for name in (None, *GENDERS):
        rows = np.full(len(frame), name is None) | (gender == name)
        shares = ages[rows].sum(axis=0) @ _gaussian(AGE_SIGMA)
        prior = shares / max(shares.sum(), 1e-9)
        priors[rows] = (1 - PRIOR_FLOOR) * prior + PRIOR_FLOOR / AGES
    return priors


def balance_weights(frame: pd.DataFrame, power: float) -> np.ndarray:
    """``(N,)`` loss weights of mean 1: the inverse frequency of each gender x age decade to a power."""
    stratum = frame["stratum"]
    weights = (1 / stratum.map(stratum.value_counts())).to_numpy(dtype=float) ** power
    return np.asarray(weights / weights.mean(), dtype=np.float32)

"""One posterior for all groups: what is not known of the errors is the same for all of them.

The errors are learned from the collection as a whole; each group's shares are then drawn given the same draws
of the errors, so that differences of groups cancel what they share (a cut posterior, Plummer 2015: groups do
not teach each other more about the errors than the whole does).
"""

from collections.abc import Mapping

import numpy as np

from agestat.stats.calibration import Calibration
from agestat.stats.errors import Errors, errors_of
from agestat.stats.prediction_powered import OwnLabels
from agestat.stats.quantify import reweight
from agestat.stats.scales import Scales, scale_of
from agestat.stats.selection import between
from agestat.stats.shares import OWN, SharePrior, draw_group, draw_shares

CAUTION = 5.0  # clusters' worth of the model's own idea of the spread among clusters
# Faces that an own label is worth: the directions in which errors may differ are only nearly those that they
# differ in, so labels teach less than they would. With 1, the mean age of UTKFace was held too rarely.
LABEL = 0.5
# Draws of the errors that groups share, at least and at most, and times the number of groups; more draws of
# shares repeat them. Where groups are many, each is small, and its own luck is what is not known.
ERRORS = (250, 1000)
ERRORS_OF_ALL = 25_000
# Parts of the draws' deviations beyond luck that are added where faces look quite unlike: to shares of ages
# in `MIDDLE`, and to all others, which models judge least alike. Chosen so that kinds of pictures that were
# left out are held (`benchmarks/coverage.py`), as a prediction interval of random effects is.
OUTER = (0.4, 1.3)
MIDDLE = (20, 60)  # years
LEAST = 1e-12  # share
RIDGE = 1e-6  # of the mean variance: probabilities sum to one


def joint_shares(
    sums: Mapping[str, np.ndarray], plain: Mapping[str, np.ndarray], calibration: Calibration,
    pilot: np.ndarray, draws: int, rng: np.random.Generator, *, unlikeness: float = 1.0,
    of_groups: Mapping[str, float] | None = None, labels: OwnLabels | None = None,
    scales: Scales | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """``(1 + draws, M)`` shares of parts (`Calibration.parts`) of each group, the estimate first; draws of
    one row belong together.

    ``sums (blocks, C)`` are of probabilities under the same ``pilot`` shares ``(K,)``, ``plain (K,)`` the
    mean probabilities of native cells as they are; ``unlikeness`` as in `errors_of`, that of the
    whole, and ``of_groups`` those of groups: errors of one that looks less like the calibration set are the
    same, and larger. Own ``labels`` update the errors of all groups and count as faces of theirs.
    ``scales`` of the errors are the shipped ones, unless others are given.
    """
    native = {name: part @ calibration.to_native for name, part in sums.items()}
    errors = errors_of(calibration, pilot, unlikeness, scales)
    if labels is not None and len(labels):
        errors = errors.learned(*labelled_faces(labels, calibration, pilot))
    prior = SharePrior.usual(calibration)
    observed, sampling, faces = _seen(np.concatenate(list(native.values())), errors, pilot)
    told = _labelled(labels, calibration)
    luck = rng.random(draws)

    unlike = {**dict.fromkeys(sums, unlikeness), **(of_groups or {})}
    age = calibration.parts.age
    outer = np.where((age >= MIDDLE[0]) & (age < MIDDLE[1]), *OUTER)

    def between_shifts(
        name: str, parts: np.ndarray, sampling: np.ndarray, told: np.ndarray, faces: float
    ) -> np.ndarray:
        """See `between` and `spread`; mean probabilities are as uncertain by the sampling of photos as what
        was seen, and say nothing more of ages within cells."""
        corrected = parts @ errors.parts
        noise = rng.standard_normal((draws, len(sampling))) @ np.linalg.cholesky(sampling).T
        moved = between(corrected, plain[name] + noise, calibration.prior, luck, unlike[name], told.sum())
        parts = np.concatenate([parts.mean(axis=0)[None], parts])
        found = np.asarray(parts * ((moved / (parts @ errors.parts)) @ errors.parts.T))
        return np.concatenate([found[:1], spread(found[1:], 1 + outer * unlike[name], faces)])

    if len(native) == 1:
        corrected = draw_shares(observed, sampling, errors, told, prior, draws, rng)
        return {name: between_shifts(name, corrected, sampling, told, faces) for name in native}
    count = min(draws, int(np.clip(ERRORS_OF_ALL / len(native), *ERRORS)))
    whole = draw_shares(observed, sampling, errors, told, prior, count, rng)
    columns = errors.draw(whole, observed, sampling, rng)
    alone = OWN * errors.mixed(pilot[None])[0][0]
    found = {}
    for name, part in native.items():
        observed, sampling, faces = _seen(part, errors, pilot)
        told = _labelled(None if labels is None else labels.of_group(name), calibration)
        larger = scale_of(unlike[name]) / scale_of(unlikeness)
        mine = errors.columns + larger * (columns - errors.columns)
        noise = sampling + larger**2 * alone
        corrected = draw_group(observed, noise, mine, errors, told, whole, prior, draws, rng)
        found[name] = between_shifts(name, corrected, sampling, told, faces)
    return found


def spread(shares: np.ndarray, factor: np.ndarray, faces: float) -> np.ndarray:
    """Draws ``(S, M)`` of shares, each as far from its mean as if what is not the luck of so many ``faces``
    were ``factor (M,)`` times as large: what kinds of pictures that were left out are off by beyond the
    errors that are modelled. Below the mean in logarithms, since no share is negative."""
    mean = shares.mean(axis=0) + LEAST
    luck = np.clip(mean * (1 - mean) / faces / (shares.var(axis=0) + LEAST), 0, 1)
    factor = np.sqrt(luck + (1 - luck) * factor**2)
    far = np.where(shares > mean, mean + factor * (shares - mean), mean * (shares / mean) ** factor)
    return np.asarray(far / far.sum(axis=1, keepdims=True))


def labelled_faces(
    labels: OwnLabels, calibration: Calibration, pilot: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features ``(M, K)``, true native cells ``(M, K)`` and worth ``(M,)`` of own labels: in all as many as
    their weights and photos leave independent (Kish 1965), each worth `LABEL`."""
    posterior = calibration.posterior(calibration.space.cells(labels.probabilities) @ calibration.to_native)
    features = reweight(posterior, calibration.prior, pilot).astype(np.float64)
    weights = labels.weights / labels.weights.sum()
    worth = LABEL * min(1 / (weights**2).sum(), labels.photos)
    return features, labels.cells(calibration.space) @ calibration.to_native, weights * worth


def _labelled(labels: OwnLabels | None, calibration: Calibration) -> np.ndarray:
    """``(K,)`` own labelled faces of each native cell."""
    if labels is None or not len(labels):
        return np.zeros(calibration.size)
    _, cells, weights = labelled_faces(labels, calibration, calibration.prior)
    return weights @ cells


def _seen(native: np.ndarray, errors: Errors, pilot: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean features ``(K,)`` of sums ``(blocks, K)``, the covariance that the sampling of photos gives, and
    how many independent faces would give as much of it."""
    sums = native.astype(np.float64)
    mean = pilot @ errors.columns
    centred = errors.columns - mean
    one_face = (pilot[:, None] * centred).T @ centred + np.tensordot(pilot, errors.within, 1)
    covariance = sampling_covariance(sums, sums.sum(axis=1), one_face)
    covariance += (RIDGE * np.trace(covariance) / len(covariance) + 1e-9) * np.eye(len(covariance))
    faces = max(1.0, float(np.trace(one_face) / np.trace(covariance)))
    return sums.sum(axis=0) / sums.sum(), covariance, faces


def sampling_covariance(sums: np.ndarray, faces: np.ndarray, one_face: np.ndarray) -> np.ndarray:
    """``(K, K)`` covariance of the mean over faces, from sums ``(blocks, K)`` over ``faces (blocks,)`` each.

    Pulled to what `one_face` says if all faces of a cluster were alike, so that a single photo counts as a
    single observation however many faces it shows.
    """
    blocks = len(sums)
    residual = sums - faces[:, None] * (sums.sum(axis=0) / faces.sum())
    cautious = residual.T @ residual + CAUTION * np.mean(faces**2) * one_face
    return np.asarray(blocks / faces.sum() ** 2 * cautious / (blocks - 1 + CAUTION))

"""How a classifier's errors differ from one collection to the next: one hierarchical model.

The mean features of a collection are a mixture of the mean features of its true cells. On pictures like the
calibration set's those are its *columns*; in another collection the classifier errs in ways of its own:

    column_k = calibration column_k + sum over directions j of z_j * directions_jk + rest_k,   z_j ~ N(0, 1)

The directions are smooth: ages warped by a few years (shift, stretch and bends, alike for women and men as
far as domains say), the gender threshold moved (the more alike the nearer two ages are), and faces judged
more or less surely. ``rest`` is each cell's own error, as large as if the collection's columns were known
from a few pictures only. All scales are estimated from kinds of pictures (`agestat.stats.scales`); see
``docs/statistics.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from agestat.stats.calibration import Calibration
from agestat.stats.quantify import reweight
from agestat.stats.scales import Scales, scale_of

TINY = 1e-12
MOST_VARIANCE = 0.999  # of a smooth direction's variance that its factors keep


@dataclass(frozen=True)
class Errors:
    """``columns (K, F)`` mean features of each true cell and ``within (K, F, F)`` their covariance among its
    faces; ``directions (J, K, F)`` by which the columns may differ together, one standard deviation each;
    ``rest (K, F, F)`` the covariance of what each column has alone. True cells have `Parts`: ``moved (M, F)``
    is by how much the mean features of each differ from its cell's, and ``parts (M, K)`` tells its cell."""

    columns: np.ndarray
    within: np.ndarray
    directions: np.ndarray
    rest: np.ndarray
    moved: np.ndarray
    parts: np.ndarray

    @cached_property
    def flat_directions(self) -> np.ndarray:
        """``(K, J * F)``."""
        return np.ascontiguousarray(self.directions.transpose(1, 0, 2).reshape(len(self.columns), -1))

    @cached_property
    def flat_rest(self) -> np.ndarray:
        """``(K, F * F)``."""
        return self.rest.reshape(len(self.rest), -1)

    def mixed(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of collections with ``shares (S, K)``: covariance ``(S, F, F)`` of the mean features that the
        errors give, and the directions' part ``(S, J, F)``."""
        count, width = len(shares), self.columns.shape[1]
        together = (shares @ self.flat_directions).reshape(count, -1, width)
        alone = ((shares * shares) @ self.flat_rest).reshape(count, width, width)
        return together.transpose(0, 2, 1) @ together + alone, together

    def draw(
        self, shares: np.ndarray, observed: np.ndarray, sampling: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """``(S, K, F)`` columns drawn given ``shares (S, M)`` of parts and the ``observed (F,)`` mean
        features, whose ``sampling (F, F)`` covariance is known.

        Matheron's rule: a draw from the prior, corrected by what it leaves unexplained.
        """
        observed, shares = observed - shares @ self.moved, shares @ self.parts
        count, (cells, width) = len(shares), self.columns.shape
        z = rng.standard_normal((count, len(self.directions)))
        alone = np.linalg.cholesky(self.rest + 1e-12 * np.eye(width))
        drawn = (z @ self.directions.reshape(len(self.directions), -1)).reshape(count, cells, width)
        drawn += np.einsum("kfg,skg->skf", alone, rng.standard_normal((count, cells, width)))
        noise = rng.standard_normal((count, width)) @ np.linalg.cholesky(sampling).T
        mixed, together = self.mixed(shares)
        left = observed - noise - np.einsum("sk,skf->sf", shares, self.columns + drawn)
        told = np.linalg.solve(mixed + sampling, left[..., None])[..., 0]
        along = np.einsum("sjf,sf->sj", together, told)
        drawn += (along @ self.directions.reshape(len(self.directions), -1)).reshape(count, cells, width)
        by_cell = told @ self.flat_rest.reshape(-1, width).T
        drawn += shares[:, :, None] * by_cell.reshape(count, cells, width)
        return self.columns + drawn

    def learned(self, features: np.ndarray, cells: np.ndarray, weights: np.ndarray) -> "Errors":
        """What labelled faces of the collection itself leave of the doubt: ``features (M, F)``, true ``cells
        (M, K)`` (each row sums to 1) and ``weights (M,)``, faces that each is worth.

        Exact for the directions; the rest is updated cell by cell given them.
        """
        member = weights[:, None] * cells
        count = member.sum(axis=0)
        seen = np.flatnonzero(count > 0.2)
        if not len(seen):
            return self
        width, used = self.columns.shape[1], self.directions[:, seen]
        gap = (member.T @ features)[seen] / count[seen, None] - self.columns[seen]
        one_face = self._within(features, member)
        doubt = one_face / count[seen, None, None] + self.rest[seen] + 1e-9 * np.eye(width)
        inverse = np.linalg.inv(doubt)
        information = np.eye(len(used)) + np.einsum("jkf,kfg,lkg->jl", used, inverse, used)
        covariance = np.linalg.inv(information)
        z = covariance @ np.einsum("jkf,kfg,kg->j", used, inverse, gap)
        columns = self.columns + np.tensordot(z, self.directions, 1)
        rest = self.rest.copy()
        gain = self.rest[seen] @ inverse
        columns[seen] += np.einsum("kfg,kg->kf", gain, gap - np.einsum("j,jkf->kf", z, used))
        rest[seen] -= gain @ self.rest[seen]
        directions = np.tensordot(np.linalg.cholesky(covariance).T, self.directions, 1)
        directions[:, seen] -= np.einsum("kfg,jkg->jkf", gain, directions[:, seen])
        return replace(self, columns=columns, directions=directions, rest=(rest + rest.swapaxes(1, 2)) / 2)

    def _within(self, features: np.ndarray, member: np.ndarray) -> np.ndarray:
        """``(F, F)`` covariance of one labelled face around its cell's column; a few imagined faces as spread
        as the columns keep few labels from being certain."""
        residual = features - member @ self.columns / member.sum(axis=1, keepdims=True)
        weight = member.sum(axis=1)
        spread = np.cov(self.columns.T, bias=True)
        return np.asarray(((weight[:, None] * residual).T @ residual + 5 * spread) / (weight.sum() + 5))


@dataclass(frozen=True)
class Slopes:
    """What moving all probabilities does at the ``pilot`` shares, whatever the scales: ``columns (K, F)``,
    ``within (K, F, F)`` as in `Errors`, and by move the ``slope (K, F)`` of the columns."""

    calibration: Calibration
    columns: np.ndarray
    within: np.ndarray
    slope: Mapping[str, np.ndarray]

    @classmethod
    def at(cls, calibration: Calibration, pilot: np.ndarray) -> "Slopes":
        """Of probabilities reweighted to ``pilot (K,)``."""

        def columns_of(posterior: np.ndarray) -> np.ndarray:
            features = reweight(posterior, calibration.prior, pilot).astype(np.float64)
            return calibration.mean_by_cell(features, np.ones((1, len(features))))[0]

        slope = {
            name: (columns_of(up) - columns_of(down)) / (2 * step)
            for name, (up, down, step) in calibration.moved.items()
        }
        features = reweight(calibration.own_posterior, calibration.prior, pilot).astype(np.float64)
        return cls(
            calibration, columns_of(calibration.own_posterior), calibration.covariance(features), slope
        )

    def errors(self, scales: Scales) -> Errors:
        """The errors that are thought possible with these scales."""
        female = self.calibration.native_gender == 0
        along = self.within[:, :, female].sum(axis=2)
        gender = along[:, :, None] * along[:, None, :] / (along[:, female].sum(axis=1)[:, None, None] + TINY)
        counted = self.within / self.calibration.membership.sum(axis=0)[:, None, None]
        rest = counted + (self.within - gender) / scales.rest + gender / scales.rest_gender
        directions = [
            _warps(self.calibration, scales)[:, :, None] * self.slope["age"],
            _thresholds(self.calibration, scales)[:, :, None] * self.slope["gender"],
            scales.gender_sure * self.slope["gender sure"][None],
            scales.age_sure * self.slope["age sure"][None],
        ]
        parts = self.calibration.parts
        mean = scales.stretch_mean * _away(self.calibration)
        return Errors(
            self.columns + mean[:, None] * self.slope["age"], self.within, np.concatenate(directions), rest,
            parts.away[:, None] * self.slope["age"][parts.ranges], parts.to_native,
        )  # fmt: skip


def errors_of(
    calibration: Calibration, pilot: np.ndarray, unlikeness: float = 1.0, scales: Scales | None = None
) -> Errors:
    """Errors of probabilities reweighted to the ``pilot`` shares ``(K,)``, in a collection whose
    ``unlikeness`` is 0 (looks like the calibration set) to 1."""
    scales = (scales or Scales()).times(scale_of(unlikeness))
    return Slopes.at(calibration, pilot).errors(scales)


def _warps(calibration: Calibration, scales: Scales) -> np.ndarray:
    """``(J, K)`` factors of the covariance of the years by which each cell's ages are judged off."""
    age, gender = calibration.native_age, calibration.native_gender
    away = _away(calibration)
    smooth = np.exp(-((age[:, None] - age) ** 2) / (2 * scales.reach**2))
    covariance = scales.shift**2 + scales.stretch**2 * np.outer(away, away) + scales.bend**2 * smooth
    return factors(covariance * np.where(gender[:, None] == gender, 1, scales.together))


def _away(calibration: Calibration) -> np.ndarray:
    """``(K,)`` how far each cell's age is from the middle, in units of the stretch."""
    return (calibration.native_age - 35) / 20


def _thresholds(calibration: Calibration, scales: Scales) -> np.ndarray:
    """``(J, K)`` the same of the logits by which the gender threshold is off."""
    age = calibration.native_age
    smooth = np.exp(-((age[:, None] - age) ** 2) / (2 * scales.gender_reach**2))
    return factors(scales.gender**2 + scales.gender_bend**2 * smooth)


def factors(covariance: np.ndarray) -> np.ndarray:
    """``(J, K)`` with ``factors.T @ factors`` the covariance ``(K, K)`` up to `MOST_VARIANCE`."""
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(values) / max(values.sum(), 1e-12), MOST_VARIANCE)) + 1
    return np.asarray((vectors[:, :kept] * np.sqrt(values[:kept])).T)

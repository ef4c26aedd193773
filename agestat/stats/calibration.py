"""The calibration set: held-out pictures whose truth is known, from which the model's errors are learned.

Its labels may be coarser than the model's cells (FairFace knows decades only), so errors are learned for
*native cells*: one gender and one range of ages that the labels can tell apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from agestat.errors import AgestatError
from agestat.model.label_space import GENDERS, LabelSpace
from agestat.stats.looks import looks_weights, tempered
from agestat.stats.moves import MOVES, TINY, Move
from agestat.stats.parts import Parts, split

LOOKS = ("novelty", "sharpness", "brightness", "size", "score")  # numbers that say how a face looks
# Ages at which ranges of exact ages begin, where pictures are enough: the prior of shares and the scales
# of errors were judged with such labels. By five years each, strongly shifted shares were held too rarely.
EXACT_STARTS = (3, *range(10, 80, 10))
EXACT_COUNT = 25  # pictures of each gender in such a range, at least
ELSEWHERE = 0.1  # worth of a shipped picture beside the user's own labelled ones
TRUST = 5.0  # pictures that the model's own probabilities are worth in each native cell


@dataclass(frozen=True)
class Calibration:
    """``probabilities (N, L)`` of the model, the true native cell ``truth (N,)``, and ``native_of (C,)``, the
    native cell of each of the model's cells; ``columns`` are the pictures' other numbers, ``(N,)`` each,
    ``weights (N,)`` what a row is worth, and ``picture (N,)`` tells which rows are of one picture. Degraded
    ``copies`` of the pictures count only in a collection that looks like them (`like`)."""

    space: LabelSpace
    probabilities: np.ndarray
    truth: np.ndarray
    native_of: np.ndarray
    columns: Mapping[str, np.ndarray]
    weights: np.ndarray
    picture: np.ndarray
    name: str = "calibration"
    copies: "Calibration | None" = None

    @classmethod
    def from_arrays(
        cls, space: LabelSpace, arrays: Mapping[str, np.ndarray], name: str = "calibration"
    ) -> "Calibration":
        """From ``logits (N, L)``, ``gender``, ``age_min`` and ``age_max (N,)``, and what is known of degraded
        copies; what a picture is worth is its ``weight (N,)``, or one. See ``calibration.npz``."""
        missing = {"logits", "gender", "age_min", "age_max"} - set(arrays)
        if missing or not arrays["logits"].size:
            raise AgestatError(
                "The calibration set of {name} holds no labelled pictures: calibrate the model.", name=name
            )
        if not _fit(space, arrays):
            raise AgestatError(
                "The calibration set of {name} does not fit its model: calibrate it again.", name=name
            )
        low, high = arrays["age_min"].astype(int), arrays["age_max"].astype(int)
        seen = space.softmax(arrays["logits"].astype(np.float32))
        starts = native_starts(arrays["gender"], low, high)
        starts = starts[np.unique(np.searchsorted(starts, space.mid_age, side="right") - 1)]
        starts[0], ranges = 0, len(starts)  # ages that no cell holds go to the younger range
        cell_range = np.searchsorted(starts, space.mid_age, side="right") - 1
        truth_range = np.searchsorted(starts, (low + high) / 2, side="right") - 1
        pictures = cls(
            space,
            seen,
            arrays["gender"].astype(int) * ranges + truth_range,
            np.where(space.is_female, 0, ranges) + cell_range,
            {**{key: arrays[key] for key in LOOKS if key in arrays}, "age_spread": space.age_spread(seen)},
            arrays.get("weight", np.ones(len(low))).astype(float),
            np.arange(len(low)),
            name,
        )
        copied = len(arrays.get("degraded_of", ())) > 0
        return replace(pictures, copies=pictures._copies(arrays)) if copied else pictures

    def _copies(self, arrays: Mapping[str, np.ndarray]) -> "Calibration":
        """Degraded copies of these pictures."""
        of, seen = arrays["degraded_of"], self.space.softmax(arrays["degraded_logits"].astype(np.float32))
        columns = {key: arrays[f"degraded_{key}"] for key in LOOKS if f"degraded_{key}" in arrays}
        if "size" in columns and "size" in self.columns:
            columns["size"] = np.minimum(columns["size"], self.columns["size"][of])
        columns["age_spread"] = self.space.age_spread(seen)
        return replace(
            self,
            probabilities=seen,
            truth=self.truth[of],
            columns=columns,
            weights=np.ones(len(of)),
            picture=of,
        )

    def like(self, faces: Mapping[str, np.ndarray], shares: np.ndarray) -> "Calibration":
        """The pictures and their copies, weighted in each native cell by how frequent their looks are among
        ``faces``, columns ``(M,)`` each, with native ``shares (K,)``; see `looks_weights`.

        A cell is worth as many pictures as before, less what all weights lose.
        """
        every = self._with_copies()
        worth = every.weights / np.bincount(every.picture)[every.picture]
        expected = (shares / np.maximum(np.bincount(every.truth, worth, self.size), TINY))[every.truth]
        ratio = looks_weights(faces, every.columns, worth * expected)
        if ratio is None:
            return self
        ratio, left = tempered(ratio, every.picture, worth)
        weights = worth * ratio
        weights *= (left * self.counts / np.maximum(np.bincount(every.truth, weights, self.size), TINY))[
            every.truth
        ]
        return replace(every, weights=weights)

    def _with_copies(self) -> "Calibration":
        """Copies as rows like any other."""
        if self.copies is None:
            return self
        return replace(
            self,
            probabilities=np.concatenate([self.probabilities, self.copies.probabilities]),
            truth=np.concatenate([self.truth, self.copies.truth]),
            columns={
                key: np.concatenate([values, self.copies.columns[key]])
                for key, values in self.columns.items()
                if key in self.copies.columns
            },
            weights=np.concatenate([self.weights, self.weights[self.copies.picture]]),
            picture=np.concatenate([self.picture, self.copies.picture]),
            copies=None,
        )

    def with_own(self, probabilities: np.ndarray, cells: np.ndarray, weights: np.ndarray) -> "Calibration":
        """With the user's own labelled faces added: ``probabilities (M, L)``, true ``cells (M, C)`` and the
        ``weights (M,)`` that make up for how they were drawn.

        They are of the collection itself, so a picture of the shipped set is worth only `ELSEWHERE` of one.
        """
        return replace(
            self,
            probabilities=np.concatenate([self.probabilities, probabilities]),
            truth=np.concatenate([self.truth, self.native_of[cells.argmax(axis=1)]]),
            columns={},
            weights=np.concatenate([self.weights * ELSEWHERE, weights / weights.mean()]),
            picture=np.concatenate([self.picture, self.n + np.arange(len(weights))]),
            copies=None,
        )

    @property
    def n(self) -> int:
        """Number of pictures."""
        return int(self.picture.max()) + 1

    @cached_property
    def size(self) -> int:
        """Number ``K`` of native cells."""
        return int(self.native_of.max()) + 1

    @cached_property
    def to_native(self) -> np.ndarray:
        """``(C, K) float32`` indicator: which native cell a cell belongs to."""
        return np.eye(self.size, dtype=np.float32)[self.native_of]

    @cached_property
    def native_gender(self) -> np.ndarray:
        """``(K,)`` index into GENDERS of each native cell."""
        male = ~self.space.is_female
        return np.array([int(male[self.native_of == k][0]) for k in range(self.size)])

    @cached_property
    def native_age(self) -> np.ndarray:
        """``(K,)`` usual age of each range of ages in years, the same for both genders."""
        mass = self.space.cells(self.probabilities).mean(axis=0) + TINY
        first = np.asarray(self.space.age_min)
        starts = np.array([first[self.native_of == k].min() for k in range(self.size)])
        usual = {
            start: np.average(self.space.mid_age[mine], weights=mass[mine])
            for start in np.unique(starts)
            for mine in [np.isin(self.native_of, np.flatnonzero(starts == start))]
        }
        return np.array([usual[start] for start in starts])

    @cached_property
    def parts(self) -> Parts:
        """Parts of the native cells, by what the model says of the calibration pictures."""
        mass = self.space.cells(self.probabilities).mean(axis=0) + TINY
        return split(self.native_of, self.space.mid_age, mass)

    @cached_property
    def age_ranges(self) -> tuple[tuple[int, int], ...]:
        """First and last ages in years of the ranges that the labels tell apart, in rising order."""
        first, last = np.asarray(self.space.age_min), np.asarray(self.space.age_max)
        cells = [self.native_of == k for k in range(self.size)]
        return tuple(sorted({(int(first[mine].min()), int(last[mine].max())) for mine in cells}))

    @cached_property
    def counts(self) -> np.ndarray:
        """``(K,)`` pictures per native cell, by their worth."""
        return np.bincount(self.truth, weights=self.weights, minlength=self.size)

    @cached_property
    def prior(self) -> np.ndarray:
        """``(K,)`` shares of the native cells in the calibration set, none of them zero."""
        return (self.counts + 0.5) / (self.weights.sum() + 0.5 * self.size)

    @cached_property
    def scaling(self) -> np.ndarray:
        """Inverse temperature and ``K`` biases of bias-corrected temperature scaling (Alexandari, Kundaje and
        Shrikumar, ICML 2020), fitted by maximum likelihood with a weak pull to 1 and 0."""
        from scipy.optimize import minimize  # slow to import

        scores = np.log(self.space.cells(self.probabilities) @ self.to_native + TINY).astype(np.float64)
        onehot = np.eye(self.size)[self.truth]

        def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
            z = x[0] * scores + x[1:]
            z -= z.max(axis=1, keepdims=True)
            p = np.exp(z)
            p /= p.sum(axis=1, keepdims=True)
            residual = self.weights[:, None] * (p - onehot)
            pull = np.r_[x[0] - 1, x[1:]]
            value = -self.weights @ np.log((p * onehot).sum(axis=1) + TINY) + 0.5 * pull @ pull
            return value, np.r_[(residual * scores).sum(), residual.sum(axis=0)] + pull

        return np.asarray(minimize(loss, np.r_[1.0, np.zeros(self.size)], jac=True, method="L-BFGS-B").x)

    def posterior(self, native: np.ndarray) -> np.ndarray:
        """The model's probabilities ``(N, K)`` of native cells to calibrated ``float32`` ones."""
        z = self.scaling[0] * np.log(native + TINY) + self.scaling[1:]
        p = np.exp(z - z.max(axis=1, keepdims=True))
        return (p / p.sum(axis=1, keepdims=True)).astype(np.float32)

    @cached_property
    def own_posterior(self) -> np.ndarray:
        """``(N, K)`` calibrated probabilities of the calibration pictures themselves."""
        return self.posterior(self.space.cells(self.probabilities) @ self.to_native)

    @cached_property
    def moved(self) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
        """`own_posterior` of the pictures after each of `MOVES`, one step up and one down, and the step."""
        cells = self.space.cells(self.probabilities)

        def seen(move: Move, by: float) -> np.ndarray:
            return self.posterior(move(cells, self.space, by) @ self.to_native)

        return {name: (seen(move, step), seen(move, -step), step) for name, (move, step) in MOVES.items()}

    @cached_property
    def membership(self) -> np.ndarray:
        """``(N, K)`` weight of each picture in each native cell: its worth in its true one, and `TRUST`
        pictures in all as the model's probabilities say: cells with few pictures need it."""
        soft = self.weights[:, None] * self.own_posterior.astype(np.float64) + TINY
        return self.weights[:, None] * np.eye(self.size)[self.truth] + TRUST * soft / soft.sum(axis=0)

    def mean_by_cell(self, features: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Mean ``features (N, F)`` in each true native cell, ``(B, K, F)``, by picture ``weights (B, N)``."""
        cells = [
            weights @ (self.membership[:, [k]] * features) / (weights @ self.membership[:, [k]])
            for k in range(self.size)
        ]
        return np.stack(cells, axis=1)

    def covariance(self, features: np.ndarray) -> np.ndarray:
        """``(K, F, F)`` covariance of ``features (N, F)`` within each true native cell."""
        out = []
        for k in range(self.size):
            weight = self.membership[:, [k]] / self.membership[:, k].sum()
            centred = features - (weight * features).sum(axis=0)
            out.append((weight * centred).T @ centred)
        return np.array(out)


def native_starts(gender: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """First ages of the ranges that the labels can tell apart, years.

    Labelled ranges stay as they are; exact ages are put into ranges that begin at `EXACT_STARTS`, merged from
    the young end until `EXACT_COUNT` pictures of each gender are in each.
    """
    if np.mean(low == high) < 0.5:
        return np.r_[0, np.unique(low[low < high])[1:]]
    starts = [0]
    for edge in EXACT_STARTS:
        inside = (low >= starts[-1]) & (low < edge)
        ahead = low >= edge
        if all(
            min((inside & (gender == g)).sum(), (ahead & (gender == g)).sum()) >= EXACT_COUNT
            for g in range(len(GENDERS))
        ):
            starts.append(edge)
    return np.array(starts)


def _fit(space: LabelSpace, arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether arrays from a file have the shapes and types that `Calibration.from_arrays` needs."""
    count = arrays["logits"].size // space.width
    labels = ("gender", "age_min", "age_max", *(key for key in (*LOOKS, "weight") if key in arrays))
    fit = (
        arrays["logits"].shape == (count, space.width)
        and all(arrays[key].shape == (count,) for key in labels)
        and all(arrays[key].dtype.kind in "biuf" for key in ("logits", *labels))
    )
    return fit and _copies_fit(space, arrays, count)


def _copies_fit(space: LabelSpace, arrays: Mapping[str, np.ndarray], count: int) -> bool:
    """Whether degraded copies, if there are any, are of these pictures and have their numbers."""
    if "degraded_of" not in arrays:
        return True
    of, logits = arrays["degraded_of"], arrays.get("degraded_logits", np.empty(0))
    looks = [values for key in LOOKS if (values := arrays.get(f"degraded_{key}")) is not None]
    return (
        of.ndim == 1 and of.dtype.kind in "iu" and bool(((of >= 0) & (of < count)).all())
        and logits.shape == (len(of), space.width)
        and all(values.shape == of.shape and values.dtype.kind in "biuf" for values in (*looks, of))
        and logits.dtype.kind == "f"
    )  # fmt: skip

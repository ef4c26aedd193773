"""Do two collections differ, and where?

Both are corrected with one calibration set, whose errors they share, so that what it does not know about both
alike does not blur their difference.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agestat.model.label_space import GENDERS
from agestat.stats.bands import Band
from agestat.stats.calibration import TINY, Calibration
from agestat.stats.correct import Group, doubt_within, with_shares
from agestat.stats.intervals import interval
from agestat.stats.joint import joint_shares
from agestat.stats.layout import Layout
from agestat.stats.looks import together
from agestat.stats.own_labels import (
    POWERED,
    errors_from,
    labelled_joint,
    labelled_mean_age,
    speak_for_themselves,
)
from agestat.stats.prediction_powered import OwnLabels
from agestat.stats.shift import Shift, shift_from
from agestat.stats.tally import EVERYTHING, Chunks, counted_shares, shared_pilot, survey, tally

METHOD = "bayes"
DRAWS = 2000  # at least; the smallest two-sided chance is 2 of these
MOST_DRAWS = 100_000
RIDGE = 1e-3  # of the mean variance: covariances of few blocks are singular
COMPARISON_COLUMNS = [
    "gender", "age_min", "age_max", "band", "share_a", "share_b", "difference", "difference_low",
    "difference_high", "p_value", "p_adjusted", "method", "level", "calibration", "calibration_n",
]  # fmt: skip
AGE_COMPARISON_COLUMNS = [
    "gender", "statistic", "value_a", "value_b", "difference", "difference_low", "difference_high", "p_value",
    "p_adjusted", "method", "level", "calibration", "calibration_n",
]  # fmt: skip
AGE_DRAWS = 20_000


@dataclass(frozen=True)
class Comparison:
    """``table`` and ``margins``: one row per gender x band, and per gender and band; ``ages``: mean and
    median ages in years, together and by gender; differences: B less A.

    ``p_value`` tests each row alone; ``p_adjusted`` the two that are asked first, gender and the mean age,
    together, and all bands and cells together (Holm 1979), so that many details do not hide what matters;
    ``global_p`` is that of no difference at all (permutation over photos). ``faceless`` are those of
    ``names`` that hold no face, so that there is nothing to compare; the tables are empty then. ``shifts``
    say of A and of B whether their faces look like the calibration set, where that could be seen. ``methods``
    are those of A and B, one where both have the same.
    """

    table: pd.DataFrame
    margins: pd.DataFrame
    ages: pd.DataFrame
    global_p: float
    level: float
    names: tuple[str, str] = ("A", "B")
    faces: tuple[int, ...] = ()  # of A and of B
    shifts: tuple[Shift, ...] = ()
    faceless: tuple[str, ...] = ()
    calibration_name: str = ""
    methods: tuple[str, ...] = (METHOD,)
    own_labels: int = 0  # as of `Estimate`, as are these:
    labels_gone: int = 0
    labels_sorted: bool = False
    shared: int = 0  # pictures that are in A and in B


def compare(
    a: Chunks,
    b: Chunks,
    calibration: Calibration,
    *,
    bands: Sequence[Band],
    names: tuple[str, str] = ("A", "B"),
    looks: tuple[Mapping[str, np.ndarray], ...] = (),
    labels: tuple[OwnLabels | None, OwnLabels | None] = (None, None),
    reported: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
    level: float = 0.95,
    permutations: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare the shares of two collections, each given as for `estimate_chunks` without groups.

    ``looks`` are columns of the faces of A and of B, see `shift`: where one of them does not look like the
    calibration set, intervals of differences are wider and the words warn. ``reported`` are the distributions
    ``(C,)`` over the model's cells that reports of A and B give (`Estimate.distributions`): the shares are
    theirs where they are given, and only what differences may be comes from the joint posterior.
    """
    rng = np.random.default_rng(seed)
    layout = Layout(calibration.space, tuple(bands))
    seen = [survey(chunks(), calibration, rng).get(EVERYTHING) for chunks in (a, b)]
    if seen[0] is None or seen[1] is None:
        kinds = (COMPARISON_COLUMNS, COMPARISON_COLUMNS, AGE_COMPARISON_COLUMNS)
        frames = [pd.DataFrame(columns=columns) for columns in kinds]
        faceless = tuple(name for name, found in zip(names, seen, strict=True) if found is None)
        return Comparison(frames[0], frames[1], frames[2], 1.0, level, names, faceless=faceless)
    found = {name: group for name, group in zip("ab", seen, strict=True) if group}
    known = calibration
    if looks:
        calibration = known.like(together(looks), counted_shares(found, known))
    pilots = {name: group.pilot(METHOD, calibration) for name, group in found.items()}
    pilot = shared_pilot(pilots)
    sums = [tally(chunks(), METHOD, calibration, {EVERYTHING: pilot})[EVERYTHING] for chunks in (a, b)]
    tests = 2 + 1.5 * layout.to_rows.shape[1]  # gender, mean age, bands, cells
    count = min(max(DRAWS, math.ceil(4 * tests / (1 - level))), MOST_DRAWS)
    native = [part @ calibration.to_native for part in sums]
    shifts = tuple(
        shift_from(look, known, calibration, own) for look, own in zip(looks, pilots.values(), strict=False)
    )
    unlikeness = max((verdict.unlikeness for verdict in shifts), default=1.0)
    own = OwnLabels.together(
        {name: told for name, told in zip("ab", labels, strict=True) if told is not None}
    )
    plain = {name: group.plain(calibration) for name, group in found.items()}
    shares = joint_shares(
        dict(zip("ab", sums, strict=True)), plain, calibration, pilot, count, rng,
        unlikeness=unlikeness, labels=own,
    )  # fmt: skip
    sides = [
        _Side.of(Group(part, METHOD, calibration, pilot, count, rng, shares[name]), told, given, layout)
        for name, part, told, given in zip("ab", sums, labels, reported, strict=True)
    ]
    rows = np.stack([side.joint @ layout.to_rows for side in sides])
    methods = tuple(dict.fromkeys(side.method for side in sides))
    table, margins, ages = (
        pd.DataFrame(found).assign(
            method=", ".join(methods), level=level, calibration=errors_from(calibration, own),
            calibration_n=calibration.n,
        )
        for found in (
            _differences(layout.rows(), rows, level),
            _differences(layout.margins(), rows, level),
            _age_differences(sides, layout, level),
        )
    )  # fmt: skip
    _adjust(table, margins, ages)
    table, margins = table[COMPARISON_COLUMNS], margins[COMPARISON_COLUMNS]
    ages = ages[AGE_COMPARISON_COLUMNS]
    global_p = permutation_p_value(native[0], native[1], permutations, rng)
    return Comparison(
        table, margins, ages, global_p, level, names, tuple(group.n for group in found.values()), shifts,
        calibration_name=calibration.name,
        methods=methods, own_labels=0 if own is None else len(own),
    )  # fmt: skip


@dataclass(frozen=True)
class _Side:
    """A collection with ``joint (1 + B, C)``, distributions over the model's cells, the estimate first, and
    its ``labels`` where these are from them."""

    group: Group
    joint: np.ndarray
    labels: OwnLabels | None = None

    @classmethod
    def of(
        cls, group: Group, labels: OwnLabels | None, reported: np.ndarray | None, layout: Layout
    ) -> "_Side":
        calibration, shares, parts = group.calibration, group.shares, group.calibration.parts
        assert shares is not None  # of the joint posterior
        if labels is not None and speak_for_themselves(labels, shares[1:] @ parts.to_native, calibration):
            return cls(group, _around(labelled_joint(labels, group, layout), reported), labels)
        joint = np.tile(group.sums.sum(axis=0, dtype=np.float64) + TINY, (len(shares), 1))
        joint[1:] = doubt_within(joint[1:], parts.of, parts.age, layout.space.mid_age, group.rng)
        return cls(group, _around(with_shares(joint, shares, parts.of), reported))

    @property
    def method(self) -> str:
        return self.group.method if self.labels is None else POWERED

    def ages(self, layout: Layout, gender: int | None) -> dict[str, np.ndarray]:
        """The mean and the median age, ``(1 + B,)`` each, the estimate first."""
        found = layout.ages(self.joint[: AGE_DRAWS + 1], gender)
        told = None if self.labels is None else labelled_mean_age(self.labels, self.group, gender)
        if told is None:
            return found
        return {**found, "mean": np.r_[told[0], self.group.rng.normal(*told, len(found["mean"]) - 1)]}


def _around(joint: np.ndarray, told: np.ndarray | None) -> np.ndarray:
    """``joint (1 + B, C)``, the estimate first, or the distribution ``told (C,)`` and draws moved with it."""
    if told is None:
        return joint
    moved = joint[1:] * (told / np.maximum(joint[0], TINY))
    return np.concatenate([told[None], moved / moved.sum(axis=1, keepdims=True)])


def _differences(
    labelled: Iterator[tuple[dict[str, object], np.ndarray]], rows: np.ndarray, level: float
) -> list[dict[str, object]]:
    """One row per label from ``rows (2, 1 + B, R)``, the estimate first."""
    out: list[dict[str, object]] = []
    for labels, inside in labelled:
        share_a, share_b = rows[:, :, inside].sum(axis=2)
        difference = _difference(share_a, share_b, level)
        out.append({**labels, "share_a": share_a[0], "share_b": share_b[0], **difference})
    return out


def _difference(a: np.ndarray, b: np.ndarray, level: float) -> dict[str, float]:
    """Of ``(1 + B,)`` numbers of A and B, the estimate first."""
    difference = b - a
    low, high = interval(difference[1:], level)
    return {
        "difference": difference[0], "difference_low": float(min(low, difference[0])),
        "difference_high": float(max(high, difference[0])), "p_value": _p_value(difference[1:]),
    }  # fmt: skip


def _p_value(difference: np.ndarray) -> float:
    """Two-sided chance of no difference, from draws ``(B,)`` of it."""
    tail = min((difference <= 0).sum(), (difference >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (len(difference) + 1)))


def _age_differences(sides: Sequence[_Side], layout: Layout, level: float) -> list[dict[str, object]]:
    """Mean and median ages in years, together and by gender."""
    out: list[dict[str, object]] = []
    for code, gender in ((None, EVERYTHING), *enumerate(GENDERS)):
        a, b = (side.ages(layout, code) for side in sides)
        for statistic in a:
            out.append({
                "gender": gender, "statistic": statistic, "value_a": a[statistic][0],
                "value_b": b[statistic][0], **_difference(a[statistic], b[statistic], level),
            })  # fmt: skip
    return out


def _adjust(table: pd.DataFrame, margins: pd.DataFrame, ages: pd.DataFrame) -> None:
    """Add ``p_adjusted``, see `Comparison`."""
    is_mean = (ages["gender"] == EVERYTHING) & (ages["statistic"] == "mean")
    is_band = margins["gender"] == EVERYTHING
    is_cell = pd.Series(True, table.index)
    is_female = margins["gender"] == "female"
    for family in (((margins, is_female), (ages, is_mean)), ((margins, is_band), (table, is_cell))):
        adjusted = holm(np.concatenate([frame.loc[mine, "p_value"] for frame, mine in family]))
        for frame, mine in family:
            frame.loc[mine, "p_adjusted"], adjusted = np.split(adjusted, [mine.sum()])
    women = margins.loc[is_female, "p_adjusted"]
    margins.loc[margins["gender"] == "male", "p_adjusted"] = women.to_numpy()  # one less that of women


def holm(p_values: np.ndarray) -> np.ndarray:
    """P-values ``(R,)`` adjusted for testing all of them (Holm, Scandinavian J. Statistics 6, 1979)."""
    order = np.argsort(p_values)
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    out = np.empty(len(p_values))
    out[order] = np.minimum(stepped, 1)
    return out


def permutation_p_value(a: np.ndarray, b: np.ndarray, permutations: int, rng: np.random.Generator) -> float:
    """Chance of means of ``a (blocks, K)`` and ``b`` as different as these if photos were dealt at random.

    The statistic is the squared distance of the means in units of its covariance, estimated anew for each
    deal: blocks of a large collection hold more photos than those of a small one, and only a studentised
    test then keeps its level (Chung and Romano, Annals of Statistics 41, 2013).
    """
    both = np.concatenate([a, b]).astype(np.float64)
    size = both.shape[1]
    deal = np.zeros((permutations + 1, len(both)))
    deal[:, : len(a)] = 1
    deal[1:] = rng.permuted(deal[1:], axis=1)
    (first, spread), (second, other) = _dealt(deal, both), _dealt(1 - deal, both)
    gap, covariance = first - second, spread + other
    ridge = RIDGE * np.trace(covariance, axis1=1, axis2=2) / size + 1e-15
    covariance += ridge[:, None, None] * np.eye(size)
    statistic = (gap * np.linalg.solve(covariance, gap[..., None])[..., 0]).sum(axis=1)
    return float((statistic >= statistic[0] * (1 - 1e-9)).mean())


def _dealt(deal: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over faces ``(P, K)`` and its covariance ``(P, K, K)`` of the ``blocks (B, K)`` of each deal
    ``(P, B)``."""
    size = blocks.shape[1]
    faces = blocks.sum(axis=1)
    mean = deal @ blocks / (deal @ faces)[:, None]
    products = np.einsum("bi,bj->bij", blocks, blocks).reshape(len(blocks), -1)
    squares = (deal @ products).reshape(-1, size, size)
    cross = np.einsum("pi,pj->pij", deal @ (blocks * faces[:, None]), mean)
    outer = np.einsum("pi,pj->pij", mean, mean) * (deal @ faces**2)[:, None, None]
    return mean, (squares - cross - cross.swapaxes(1, 2) + outer) / ((deal @ faces) ** 2)[:, None, None]

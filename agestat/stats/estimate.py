"""Shares of perceived gender and age per group: counted, corrected for the model's errors, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from agestat.errors import UsageError
from agestat.model.label_space import GENDERS
from agestat.stats.bands import Band
from agestat.stats.calibration import Calibration
from agestat.stats.correct import DEFAULT_METHOD, METHODS, UNCORRECTED, Group
from agestat.stats.intervals import interval, least_doubt, share_interval
from agestat.stats.joint import joint_shares
from agestat.stats.layout import Layout
from agestat.stats.own_labels import (
    POWERED,
    errors_from,
    labelled_joint,
    speak_for_themselves,
    with_labelled_means,
)
from agestat.stats.prediction_powered import OwnLabels
from agestat.stats.scales import Scales
from agestat.stats.shift import Shift, looks_of_groups, shift_from, unlike_groups
from agestat.stats.surer_bands import SurerBands, mean_width, surer_bands, whole_ranges
from agestat.stats.tally import (
    EVERYTHING,
    Chunks,
    Survey,
    counted_shares,
    first_shares,
    shared_pilot,
    survey,
    tally,
)  # fmt: skip

MADE_HOW = ["method", "level", "calibration", "calibration_n"]
COLUMNS = [
    "group", "gender", "age_min", "age_max", "band", "n", "share_counted", "share", "share_low", "share_high",
    *MADE_HOW,
]  # fmt: skip
AGE_COLUMNS = ["group", "gender", "statistic", "n", "counted", "value", "low", "high", *MADE_HOW]


@dataclass(frozen=True)
class Estimate:
    """Corrected shares with intervals; see `estimate`. Shares are within the group, 0 to 1; ages in years."""

    table: pd.DataFrame
    margins: pd.DataFrame
    ages: pd.DataFrame
    method: str
    level: float
    calibration_name: str
    calibration_n: int
    native_shares: np.ndarray  # (K,) corrected shares of the calibration set's own cells, all groups together
    shift: Shift | None = None  # the verdict of `estimate_checked`, where the faces look unlike
    unlike: Mapping[str, Shift] = field(default_factory=dict)  # the same of groups
    age_ranges: tuple[tuple[int, int], ...] = ()  # years, inclusive: what the calibration labels tell apart
    surer: SurerBands | None = None  # bands of nearly the same meaning, where these cost much
    own_labels: int = 0  # faces that the user labelled
    distributions: Mapping[str, np.ndarray] = field(default_factory=dict)  # (C,) over the model's cells
    # Known to `Scan.estimate` alone: groups of pictures without any face, own labels of faces that are gone,
    # and whether those that were filled are one end of a sorted table.
    faceless: tuple[str, ...] = ()
    labels_gone: int = 0
    labels_sorted: bool = False
    few: Mapping[str, int] = field(default_factory=dict)  # faces of groups with too few for an estimate

    @property
    def groups(self) -> list[str]:
        """Names of the groups in the order of the table."""
        return [str(name) for name in self.table["group"].unique()]

    @property
    def bands(self) -> list[str]:
        """Names of the bands from the youngest to the oldest, what lies outside them last."""
        return [str(name) for name in self.table["band"].unique()]

    def faces(self, group: str) -> int:
        """Faces counted in a group."""
        return int(self.table.loc[self.table["group"] == group, "n"].sum())

    def cells(self, group: str, gender: str) -> pd.DataFrame:
        """The rows of one group and gender by band, in the order of `bands`."""
        mine = (self.table["group"] == group) & (self.table["gender"] == gender)
        return self.table[mine].set_index("band").reindex(self.bands)

    def margin(self, group: str, *, gender: str = EVERYTHING, band: str = EVERYTHING) -> pd.Series:
        """The row of one gender over all bands, or of one band over both genders."""
        rows = self.margins
        mine = (rows["group"] == group) & (rows["gender"] == gender) & (rows["band"] == band)
        return rows[mine].iloc[0]

    def age(self, group: str, *, gender: str = EVERYTHING, statistic: str = "mean") -> pd.Series:
        """The row of the mean or median age of a group, years."""
        rows = self.ages
        mine = (rows["group"] == group) & (rows["gender"] == gender) & (rows["statistic"] == statistic)
        return rows[mine].iloc[0]


def estimate(
    probabilities: np.ndarray,
    groups: np.ndarray | None,
    clusters: np.ndarray,
    calibration: Calibration,
    **options: Any,
) -> Estimate:
    """Shares of gender x band in each group of faces, each with an interval; options as `read_collection`.

    ``probabilities (N, L)`` of the model's heads, ``groups (N,)`` names or None, ``clusters (N,)`` integers:
    faces of one photo share a cluster and are resampled together. The order of faces changes nothing.
    """
    names = None if groups is None else np.asarray(groups).astype(str)
    order = _order(np.ascontiguousarray(probabilities, dtype=np.float32), names, clusters)
    sorted_names = None if names is None else names[order]
    return estimate_chunks(
        lambda: [(probabilities[order], sorted_names, clusters[order])], calibration, **options
    )


def _order(probabilities: np.ndarray, names: np.ndarray | None, clusters: np.ndarray) -> np.ndarray:
    """``(N,)`` an order that depends on the faces alone: sums in another one differ in their last digits, and
    draws of the posterior then by more."""
    rows = probabilities.view(np.dtype((np.void, probabilities.itemsize * probabilities.shape[1]))).ravel()
    _, rank = np.unique(rows, return_inverse=True)
    return np.lexsort((rank, clusters) if names is None else (rank, names, clusters))


def estimate_chunks(
    chunks: Chunks, calibration: Calibration, *, unlikeness: float = 1.0, **options: Any
) -> Estimate:
    """`estimate` of a collection too large for memory: ``chunks()`` is called twice and yields its parts.

    Options are those of `read_collection`. ``unlikeness`` is 0 where the faces are known to look like the
    calibration set's, to 1 where they do not or nothing is known of it (`shift`): intervals widen with it.
    """
    return read_collection(chunks, calibration, **options).estimate(unlikeness)


def estimate_checked(
    chunks: Chunks, sample: Mapping[str, np.ndarray], calibration: Calibration, **options: Any
) -> Estimate:
    """`estimate_chunks` with a look at whether the faces are like the calibration set.

    ``sample`` holds columns of some or all of the faces, see `shift`, and their ``group`` where there are
    groups. Where they are not, intervals are wider and ``shift`` says so, and ``unlike`` for which groups,
    whose intervals are as wide as their own looks ask for; counts and own labels need no such care.
    """
    collection = read_collection(chunks, calibration, looks=sample, **options)
    verdict = shift_from(sample, calibration, collection.calibration, collection.first_shares)
    looks: dict[str, Shift] = {}
    if "group" in sample:
        shares = {name: collection.counted_shares(name) for name in collection.sums}
        looks = looks_of_groups(sample, calibration, collection.calibration, shares, verdict.unlikeness)
    found = collection.estimate(verdict.unlikeness, {name: one.unlikeness for name, one in looks.items()})
    corrected = set(found.table.loc[found.table["method"] != POWERED, "group"])
    unlike = unlike_groups({name: one for name, one in looks.items() if name in corrected})
    found = replace(found, unlike=unlike)
    if not verdict.is_shifted or set(found.table["method"]) <= {POWERED}:
        return found
    return replace(found, shift=verdict)


@dataclass(frozen=True)
class Collection:
    """What was read of a collection, by group, and how it is to be estimated; see `read_collection`."""

    layout: Layout
    method: str
    level: float
    replicates: int
    seed: int
    calibration: Calibration
    labels: OwnLabels | None
    found: Mapping[str, Survey]
    pilots: Mapping[str, np.ndarray | None]
    first_shares: np.ndarray  # (K,) of native cells, which cost nothing more
    sums: Mapping[str, np.ndarray]
    scales: Scales | None = None

    def estimate(self, unlikeness: float, of_groups: Mapping[str, float] | None = None) -> Estimate:
        """All groups' tables; ``of_groups`` is the `unlikeness` of those that have one of their own."""
        tables: dict[str, list[dict[str, object]]] = {"table": [], "margins": [], "ages": []}
        native = np.zeros(self.calibration.size)
        whole = whole_ranges(self.layout.bands, self.calibration.age_ranges)
        widths: list[tuple[float, float]] = []
        shares = self._joint_shares(unlikeness, of_groups or {})
        distributions: dict[str, np.ndarray] = {}
        for name in self.sums:
            method, joint, rows = self._group(name, shares.get(name))
            made_how = (method, self.level, errors_from(self.calibration, self.labels), self.calibration.n)
            for key, part in rows.items():
                tables[key] += [
                    {"group": name, **row, **dict(zip(MADE_HOW, made_how, strict=True))} for row in part
                ]
            distributions[name] = joint[0] / joint[0].sum()
            native += self.found[name].n * joint[0] @ self.calibration.to_native
            if whole and method not in (*UNCORRECTED, POWERED):
                layouts = (self.layout, replace(self.layout, bands=tuple(whole)))
                now, then = (
                    mean_width(one, joint, self.level, self.found[name].n, len(self.sums[name]))
                    for one in layouts
                )
                widths.append((now, then))
        return Estimate(
            _typed(tables["table"], COLUMNS),
            _typed(tables["margins"], COLUMNS),
            _typed(tables["ages"], AGE_COLUMNS),
            self.method,
            self.level,
            self.calibration.name,
            self.calibration.n,
            native / max(native.sum(), 1),
            age_ranges=self.calibration.age_ranges,
            surer=surer_bands(widths, whole),
            distributions=distributions,
            few={name: seen.n for name, seen in self.found.items() if name not in self.sums},
            own_labels=0 if self.labels is None else len(self.labels),
        )

    def counted_shares(self, name: str) -> np.ndarray:
        """``(K,)`` counted shares of native cells in one group."""
        return self.found[name].counted @ self.calibration.to_native / self.found[name].n

    def _joint_shares(self, unlikeness: float, of_groups: Mapping[str, float]) -> dict[str, np.ndarray]:
        """``(1 + B, M)`` shares of parts in each group, by the method that has a joint posterior."""
        pilot = next(iter(self.pilots.values()), None)
        if self.method != DEFAULT_METHOD or pilot is None:
            return {}
        plain = {name: self.found[name].plain(self.calibration) for name in self.sums}
        return joint_shares(
            self.sums, plain, self.calibration, pilot, self.replicates, np.random.default_rng(self.seed),
            unlikeness=unlikeness, of_groups=of_groups, labels=self.labels, scales=self.scales,
        )  # fmt: skip

    def _group(
        self, name: str, shares: np.ndarray | None
    ) -> tuple[str, np.ndarray, dict[str, list[dict[str, object]]]]:
        """Method, distributions ``(1 + B, C)`` and rows of one group, from own labels where they suffice."""
        rng, counted = np.random.default_rng(self.seed), self.found[name].counted
        pilot = self.pilots[name]
        group = Group(self.sums[name], self.method, self.calibration, pilot, self.replicates, rng, shares)
        own = self.labels.of_group(name) if self.labels is not None else None
        native = None if shares is None else shares[1:] @ self.calibration.parts.to_native
        if own is None or not speak_for_themselves(own, native, self.calibration):
            joint = group.joint()
            photos = len(group.sums)
            few = (0.0, photos) if self.method == "bayes" else (least_doubt(self.level, photos), None)
            return self.method, joint, summarise(self.layout, joint, counted, self.level, *few)
        joint = labelled_joint(own, group, self.layout)
        rows = summarise(self.layout, joint, counted, self.level)
        rows["ages"] = with_labelled_means(rows["ages"], own, group, self.level)
        return POWERED, joint, rows


def read_collection(
    chunks: Chunks,
    calibration: Calibration,
    *,
    bands: Sequence[Band],
    method: str = DEFAULT_METHOD,
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    labels: OwnLabels | None = None,
    min_n: int = 1,
    looks: Mapping[str, np.ndarray] | None = None,
    scales: Scales | None = None,
) -> Collection:
    """Read ``chunks()`` twice and keep what estimates need.

    ``method`` is one of `METHODS`, ``level`` that of the intervals, ``replicates`` the draws behind them.
    With ``labels``, groups that hold enough of them are estimated from them, and the others recalibrated.
    Groups of fewer than ``min_n`` faces are counted and not estimated: nothing could be said of them.
    With ``looks``, as in `estimate_checked`, calibration pictures that look like the faces count more.
    ``scales`` of the default's error model are the shipped ones, unless others are given.
    """
    if method not in METHODS:
        raise UsageError(
            "There is no method {method!r}: choose one of {methods}.",
            method=method,
            methods=", ".join(METHODS),
        )
    if not 0 < level < 1:
        raise UsageError("The level of an interval is between 0 and 1, not {level:g}: try 0.95.", level=level)
    if labels is not None and len(labels) and method != DEFAULT_METHOD:
        calibration = calibration.with_own(
            labels.probabilities, labels.cells(calibration.space), labels.weights
        )
    layout = Layout(calibration.space, tuple(bands))
    found = survey(chunks(), calibration, np.random.default_rng(seed))
    if looks and found:
        calibration = calibration.like(looks, counted_shares(found, calibration))
    pilots = {name: seen.pilot(method, calibration) for name, seen in found.items() if seen.n >= min_n}
    first = first_shares(found, pilots, calibration)
    if method == DEFAULT_METHOD and pilots:
        pilots = dict.fromkeys(pilots, shared_pilot(pilots))
    sums = tally(chunks(), method, calibration, pilots)
    return Collection(
        layout, method, level, replicates, seed, calibration, labels, found, pilots, first, sums, scales
    )


def summarise(
    layout: Layout,
    joint: np.ndarray,
    counted: np.ndarray,
    level: float,
    doubt: float = 0.0,
    photos: int | None = None,
) -> dict[str, list[dict[str, object]]]:
    """Rows of one group's three tables from ``joint (1 + B, C)``, the estimate first, and counts ``(C,)``;
    cells with none or all of them are doubted by so much, all shares as those of so many ``photos``."""
    n, shares, counts = int(counted.sum()), joint @ layout.to_rows, counted @ layout.to_rows

    def share(labels: dict[str, object], inside: np.ndarray) -> dict[str, object]:
        mine, values = int(counts[inside].sum()), np.clip(shares[:, inside].sum(axis=1), 0, 1)
        low, high = map(float, share_interval(values[1:], level, n, photos))
        low, high = min(low, 1 - doubt) if mine == n else low, max(high, doubt) if mine == 0 else high
        return {
            **labels, "n": mine, "share_counted": mine / n, "share": float(values[0]),
            "share_low": min(low, float(values[0])), "share_high": max(high, float(values[0])),
        }  # fmt: skip

    ages: list[dict[str, object]] = []
    for code, gender in ((None, EVERYTHING), *enumerate(GENDERS)):
        mine = counted if code is None else counted * (layout.gender_of == code)
        plain = layout.ages(mine[None], code) if mine.any() else {}
        for statistic, values in layout.ages(joint, code).items():
            low, high = interval(values[1:], level)
            ages.append({
                "gender": gender, "statistic": statistic, "n": int(mine.sum()),
                "counted": float(plain[statistic][0]) if plain else np.nan,
                "value": float(values[0]), "low": float(low), "high": float(high),
            })  # fmt: skip
    return {
        "table": [share(*row) for row in layout.rows()],
        "margins": [share(*row) for row in layout.margins()],
        "ages": ages,
    }


def _typed(rows: list[dict[str, object]], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns)
    kinds = {"age_min": "Int64", "age_max": "Int64", "n": "int64", "calibration_n": "int64"}
    return frame.astype({column: kind for column, kind in kinds.items() if column in columns})

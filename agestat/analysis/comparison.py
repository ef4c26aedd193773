"""Do two scans differ, or two groups of one or of each?"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from agestat.analysis.groups import FEWEST, By
from agestat.analysis.own_labels import LabelFile
from agestat.analysis.scan import DEFAULT_BANDS, Scan
from agestat.errors import AgestatError, UsageError
from agestat.stats.bands import Band, parse_bands
from agestat.stats.compare import Comparison, holm
from agestat.stats.compare import compare as compare_collections
from agestat.stats.estimate import Estimate
from agestat.stats.prediction_powered import OwnLabels
from agestat.stats.tally import EVERYTHING, Chunk, only_group
from agestat.written.paths import composed

Labels = str | os.PathLike[str] | None  # a file of them
IN_TABLE = {"group", "band", "age_min", "age_max", "n"}  # columns that a result table is known by


@dataclass(frozen=True)
class Side:
    """A scan, or one of its groups; ``name`` is what words call it, ``keys`` those of `Scan.chunks`."""

    scan: Scan
    name: str
    by: By = ()
    group: str | None = None
    keys: dict[str, Any] = field(default_factory=dict)

    def chunks(self, cluster: str = "photo") -> Iterator[Chunk]:
        """Its faces, without groups."""
        every = partial(self.scan.chunks, self.by, cluster=cluster, **self.keys)
        return iter(every()) if self.group is None else only_group(every, self.group)

    def count(self) -> int:
        """How many faces it has."""
        if self.group is None:
            return self.scan.counts["faces"]
        return sum(len(probabilities) for probabilities, _, _ in self.chunks())

    def own_labels(self, file: LabelFile | None, cluster: str) -> OwnLabels | None:
        """Those of its faces that a file labels."""
        if file is None:
            return None
        by = () if self.group is None else self.by
        labels = file.own_labels(by, cluster=cluster, **self.keys)
        return labels if self.group is None else labels.of_group(self.group)

    def reported(self, cluster: str, labels: Labels, min_n: int) -> Estimate:
        """The report of its scan."""
        by = () if self.group is None else self.by
        return self.scan.estimate(by, cluster=cluster, min_n=min_n, labels=labels, **self.keys)

    def distribution(self, report: Estimate) -> np.ndarray | None:
        """What a report says of it, see `Estimate.distributions`; None of no faces."""
        name = self.group or EVERYTHING
        if name in report.few:
            raise UsageError(
                "{name} has too few faces to compare: {faces}; --min-n {faces} compares them all the same.",
                name=self.name,
                faces=report.few[name],
            )
        return report.distributions.get(name)

    def looks(self) -> dict[str, Any]:
        """See `Scan.looks`."""
        return self.scan.looks(self.by if self.group is not None else (), self.group, **self.keys)


def compare(
    a: Scan | str | os.PathLike[str],
    b: Scan | str | os.PathLike[str] | None = None,
    *,
    by: By = (),
    groups: tuple[str, str] | None = None,
    bands: str | Sequence[int] | None = None,
    tables: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    names: tuple[str, str] | None = None,
    labels: Labels | tuple[Labels, Labels] = None,
    metadata: str | os.PathLike[str] | None = None,
    trust_mtime: bool = False,
    cluster: str = "photo",
    level: float = 0.95,
    min_n: int = 1,
) -> Comparison:
    """Compare the perceived gender and age of the faces in ``a`` and ``b``, which one model has scanned.

    Each is a result, a store's file or a scanned folder. With ``by`` and two ``groups``, group names as
    `Scan.estimate` has them: the first of ``a`` with the second of ``b``, or of ``a`` too if ``b`` is None.
    ``bands`` as `Scan.estimate`, or those of ``tables``: two results that were made from the scans. ``names``
    are what words call the sides. ``labels``: a file of `agestat label`, filled in, of faces of ``a``, or two
    of them, of ``a`` and of ``b``; either may be None. Faces of one ``cluster`` ("photo" or "folder") are
    taken as dependent; ``level`` is that of the intervals. Raises `AgestatError` for what cannot be compared,
    as a side of fewer than ``min_n`` faces.
    """
    first = _opened(a)
    scans = [first, first if b is None else _opened(b)]
    groups = groups and (composed(groups[0]), composed(groups[1]))
    called = names or groups or ("A", "B")
    keys = {"metadata": metadata, "trust_mtime": trust_mtime}
    sides = [
        Side(scan, name, by, group, keys)
        for scan, name, group in zip(scans, called, groups or (None, None), strict=True)
    ]
    with ExitStack() as stack, threadpool_limits(1, "blas"):  # as `Scan.estimate`
        for scan in scans:
            stack.enter_context(scan)
        if scans[0].run["model_digest"] != scans[1].run["model_digest"]:
            raise AgestatError(
                "{a} and {b} were scanned with different models: scan one of them again.",
                a=sides[0].name,
                b=sides[1].name,
            )
        # One file is of A, and of B too where both are of one scan.
        paths = labels if isinstance(labels, tuple) else (labels, labels if scans[1] is scans[0] else None)
        files = [LabelFile(Path(path), one) if path else None for path, one in zip(paths, scans, strict=True)]
        told = [sides[0].reported(cluster, paths[0], min_n)]
        is_one_report = scans[0] is scans[1] and paths[0] == paths[1] and None not in [s.group for s in sides]
        told.append(told[0] if is_one_report else sides[1].reported(cluster, paths[1], min_n))
        found = compare_collections(
            partial(sides[0].chunks, cluster),
            partial(sides[1].chunks, cluster),
            scans[0].calibration(),
            bands=_bands_of(tables, sides) if tables else _bands(bands, scans[0]),
            names=(sides[0].name, sides[1].name),
            looks=tuple(side.looks() for side in sides),
            labels=(sides[0].own_labels(files[0], cluster), sides[1].own_labels(files[1], cluster)),
            reported=(sides[0].distribution(told[0]), sides[1].distribution(told[1])),
            level=level,
        )
        shared = 0 if groups else len(np.intersect1d(scans[0].contents(), scans[1].contents()))
    return replace(found, shared=shared, **_about_labels(files))


def _opened(scan: Scan | str | os.PathLike[str]) -> Scan:
    return scan if isinstance(scan, Scan) else Scan.open(scan)


def _about_labels(files: Iterable[LabelFile | None]) -> dict[str, Any]:
    """What a result says of the files of its labels."""
    read = {id(file): file for file in files if file}.values()
    return {
        "labels_gone": sum(file.gone for file in read),
        "labels_sorted": any(file.are_sorted for file in read),
    }


@dataclass(frozen=True)
class GroupComparison:
    """Every group against the group ``reference``, or against all other faces if None.

    ``table``: for each group one row of the share of women (``measure`` "female", 0 to 1) and one of the
    "mean age" in years; ``difference`` is the group less the reference, ``p_adjusted`` of all rows together
    (Holm). ``few`` are the faces of groups with too few of them to be compared; ``methods`` and labels as of
    `Comparison`.
    """

    table: pd.DataFrame
    level: float
    reference: str | None
    few: dict[str, int]
    calibration_name: str
    methods: tuple[str, ...]
    own_labels: int = 0
    labels_gone: int = 0
    labels_sorted: bool = False


def compare_groups(
    scan: Scan | str | os.PathLike[str],
    by: By,
    *,
    reference: str | None = None,
    min_n: int = FEWEST,
    labels: Labels = None,
    metadata: str | os.PathLike[str] | None = None,
    trust_mtime: bool = False,
    cluster: str = "photo",
    level: float = 0.95,
) -> GroupComparison:
    """Compare each group of a scan, as `Scan.estimate` names them, with ``reference`` or with all others.

    Groups of fewer than ``min_n`` faces are left out, but count among the others. ``labels`` as for
    `compare`. Raises `UsageError` if there is no such reference, or nothing to compare with.
    """
    scan, reference = _opened(scan), reference and composed(reference)
    keys: dict[str, Any] = {"metadata": metadata, "trust_mtime": trust_mtime}
    with scan, threadpool_limits(1, "blas"):
        every = partial(scan.chunks, by, cluster=cluster, **keys)
        faces = _faces_by_group(every())
        large = [name for name, count in faces.items() if count >= min_n]
        if reference is not None and reference not in large and large:
            raise UsageError(
                "There is no group {reference!r} of {n} faces or more to compare with: choose one of "
                "{groups}.",
                reference=reference,
                n=min_n,
                groups=", ".join(large),
            )
        named = [name for name in large if name != reference]
        if not named or len(faces) < 2:
            raise UsageError(
                "There are not two groups with {n} faces or more to compare: lower --min-n, or choose "
                "another --by.",
                n=min_n,
            )
        bands, calibration = _bands(None, scan), scan.calibration()
        file = LabelFile(Path(labels), scan) if labels else None
        own = file.own_labels(by, cluster=cluster, **keys) if file else None
        told = scan.estimate(by, min_n=min_n, cluster=cluster, labels=labels, **keys).distributions
        other_looks = scan.looks(by if reference else (), reference, **keys)
        rows: list[dict[str, Any]] = []
        methods: dict[str, None] = {}
        for name in named:
            others = partial(only_group, every, reference) if reference else partial(_others, every, name)
            looks = (other_looks, scan.looks(by, name, **keys))
            found = compare_collections(
                others, partial(only_group, every, name), calibration, bands=bands, looks=looks, level=level,
                labels=_against(own, name, reference), permutations=1,
                reported=(_told(told, faces, name, reference), told.get(name)),
            )  # fmt: skip
            rows += _measures(name, faces[name], found)
            methods |= dict.fromkeys(found.methods)
    table = pd.DataFrame(rows)
    table["p_adjusted"] = holm(table["p_value"].to_numpy())
    few = {name: count for name, count in faces.items() if count < min_n}
    return GroupComparison(
        table, level, reference, few, calibration.name, tuple(methods),
        own_labels=0 if own is None else len(own), **_about_labels([file]),
    )  # fmt: skip


def _against(
    labels: OwnLabels | None, name: str, reference: str | None
) -> tuple[OwnLabels | None, OwnLabels | None]:
    """Those of what a group is compared with, and of the group."""
    if labels is None:
        return None, None
    others = labels.without_group(name) if reference is None else labels.of_group(reference)
    return others, labels.of_group(name)


def _faces_by_group(chunks: Iterable[Chunk]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for _, groups, _ in chunks:
        counts.update(map(str, () if groups is None else groups))
    return dict(sorted(counts.items()))


def _others(chunks: Callable[[], Iterable[Chunk]], name: str) -> Iterator[Chunk]:
    """The faces of all groups but one, without groups."""
    for probabilities, groups, clusters in chunks():
        mine = np.asarray(groups).astype(str) != name
        yield probabilities[mine], None, clusters[mine]


def _told(
    told: Mapping[str, np.ndarray], faces: Mapping[str, int], name: str, reference: str | None
) -> np.ndarray | None:
    """The distribution that a report gives for what a group is compared with."""
    if reference is not None:
        return told.get(reference)
    others = [other for other in faces if other != name]
    if not set(others) <= set(told):
        return None  # some have too few faces for a report
    weights = [faces[other] for other in others]
    return np.asarray(np.average([told[other] for other in others], axis=0, weights=weights))


def _measures(group: str, n: int, found: Comparison) -> Iterator[dict[str, Any]]:
    """The share of women and the mean age of a group, and how they differ."""
    female = found.margins[found.margins["gender"] == "female"].iloc[0]
    age = found.ages[(found.ages["gender"] == EVERYTHING) & (found.ages["statistic"] == "mean")].iloc[0]
    for measure, row, value in (("female", female, "share"), ("mean age", age, "value")):
        yield {
            "group": group, "n": n, "measure": measure, "value": row[f"{value}_b"],
            "value_reference": row[f"{value}_a"],
            **{key: row[key] for key in ("difference", "difference_low", "difference_high", "p_value")},
            **{key: row[key] for key in ("method", "level", "calibration", "calibration_n")},
        }  # fmt: skip


def _bands(bands: str | Sequence[int] | None, scan: Scan) -> list[Band]:
    return parse_bands(DEFAULT_BANDS[scan.space.name] if bands is None else bands)


def _bands_of(tables: Sequence[pd.DataFrame], sides: Sequence[Side]) -> list[Band]:
    """The age bands of two result tables, if these were made from the scans, without what lies outside."""
    found = []
    for table, side in zip(tables, sides, strict=True):
        rows = _checked(table, side).dropna(subset=["age_min", "age_max"])
        unique = rows[["band", "age_min", "age_max"]].drop_duplicates()
        found.append(
            [Band(str(name), int(low), int(high)) for name, low, high in unique.itertuples(index=False)]
        )
    if found[0] != found[1]:
        raise AgestatError(
            "{a} and {b} have different age bands: make one of them again.", a=sides[0].name, b=sides[1].name
        )
    return found[0]


def _checked(table: pd.DataFrame, side: Side) -> pd.DataFrame:
    """The rows of a result table that are compared."""
    name, group = side.name, side.group or EVERYTHING
    if missing := IN_TABLE - set(table.columns):
        raise AgestatError(
            "{table} is no result table: it lacks the columns {columns}.",
            table=name,
            columns=", ".join(sorted(missing)),
        )
    rows = table[table["group"] == composed(group)]
    if rows.empty:
        raise AgestatError(
            "{table} has no group {group!r}: choose one with --by and --groups.", table=name, group=group
        )
    counted, faces = int(rows["n"].sum()), side.count()
    if counted != faces:
        raise AgestatError(
            "{table} counts {counted} faces and the store {store} holds {faces}: it was not made from what "
            "is there now.",
            table=name,
            counted=counted,
            store=side.scan.store,
            faces=faces,
        )
    return rows

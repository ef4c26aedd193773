"""The two sides of a comparison: from the arguments of `agestat compare` to what is compared."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from agestat.analysis.scan import DEFAULT_BANDS, Scan
from agestat.cli.deliver import warn_of_missing
from agestat.errors import AgestatError, UsageError
from agestat.report.export import read_table
from agestat.stats.bands import Band, parse_bands
from agestat.stats.compare import Comparison, compare
from agestat.stats.tally import EVERYTHING, Chunks, only_group


def check_arguments(a: str, b: str | None, options: dict[str, Any]) -> None:
    """Raise `UsageError` for arguments that do not go together."""
    tables = [name.lower().endswith(".csv") for name in (a, b) if name]
    if b is None and not options["groups"]:
        raise UsageError("Give two scans to compare, or one scan with --by KEY and --groups NAME NAME.")
    if options["groups"] and not options["by"]:
        raise UsageError("--groups needs --by, which says what the groups are.")
    if options["by"] and not options["groups"]:
        raise UsageError("--by needs --groups NAME NAME: which two of the groups to compare.")
    if any(tables) != all(tables) or (any(tables) and b is None):
        raise UsageError(
            "Give two result tables with --stores, or two scans: one of each cannot be compared."
        )
    if any(tables) != bool(options["stores"]):
        raise UsageError("Result tables need --stores FILE FILE, and only they do: the stores they are from.")
    if any(tables) and options["bands"]:
        raise UsageError("Result tables bring their own age bands: leave --bands out.")


class Sides:
    """Opened scans of A and B, which may be one; ``names`` are what the words call the two sides."""

    def __init__(self, a: str, b: str | None, options: dict[str, Any]) -> None:
        self._paths, self._stores, self._options = (a, b or a), options["stores"], options
        self._groups: tuple[str | None, str | None] = options["groups"] or (None, None)
        self._keys = {key: options[key] for key in ("metadata", "trust_mtime")}
        self._stack = ExitStack()
        self.names = self._names(b)

    def _names(self, b: str | None) -> tuple[str, str]:
        if b is None:
            return (str(self._groups[0]), str(self._groups[1]))
        if not self._options["groups"]:
            return (self._paths[0], b)
        return (f"{self._paths[0]} {self._groups[0]}", f"{b} {self._groups[1]}")

    def __enter__(self) -> "Sides":
        opened: dict[Path, Scan] = {}
        self._scans = []
        with self._stack:
            for path in self._stores or self._paths:
                where = Path(path).resolve()
                if where not in opened:  # a store has one user at a time
                    opened[where] = self._stack.enter_context(Scan.open(path))
                    warn_of_missing(opened[where])
                self._scans.append(opened[where])
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def compare(self, level: float) -> Comparison:
        """Compare them, if both were scanned with one model."""
        first, second = self._scans
        if first.run["model_digest"] != second.run["model_digest"]:
            a, b = self._paths
            raise AgestatError(f"{a} and {b} were scanned with different models: scan one of them again.")
        chunks = [self._chunks(side) for side in (0, 1)]
        looks = tuple(
            scan.looks(self._options["by"], group, **self._keys)
            for scan, group in zip(self._scans, self._groups, strict=True)
        )
        with threadpool_limits(1, "blas"):  # as `Scan.estimate`
            return compare(
                chunks[0], chunks[1], first.calibration(), bands=self._bands(), names=self.names, looks=looks,
                level=level,
            )  # fmt: skip

    def _chunks(self, side: int) -> Chunks:
        options = {**self._keys, "cluster": self._options["cluster"]}
        every = partial(self._scans[side].chunks, self._options["by"], **options)
        group = self._groups[side]
        return every if group is None else partial(only_group, every, group)

    def _bands(self) -> list[Band]:
        if not self._stores:
            return parse_bands(self._options["bands"] or DEFAULT_BANDS[self._scans[0].space.name])
        tables = [self._table(side) for side in (0, 1)]
        bands = [_bands_of(table) for table in tables]
        if bands[0] != bands[1]:
            raise AgestatError(
                f"{self._paths[0]} and {self._paths[1]} have different age bands: make one of them again."
            )
        return bands[0]

    def _table(self, side: int) -> pd.DataFrame:
        """The rows of a result table that are compared, if they were made from its store."""
        path, scan, group = self._paths[side], self._scans[side], self._groups[side]
        table = read_table(path)
        missing = {"group", "band", "age_min", "age_max", "n"} - set(table.columns)
        if missing:
            raise AgestatError(
                f"{path} is no result table: it lacks the columns {', '.join(sorted(missing))}."
            )
        mine = table[table["group"] == (group or EVERYTHING)]
        if mine.empty:
            raise AgestatError(
                f"{path} has no group {group or EVERYTHING!r}: choose one with --by and --groups."
            )
        faces = scan.counts["faces"] if group is None else self._faces_of(side)
        if mine["n"].sum() != faces:
            raise AgestatError(
                f"{path} counts {mine['n'].sum()} faces and the store {self._stores[side]} holds {faces}: "
                "it was not made from what is there now."
            )
        return mine

    def _faces_of(self, side: int) -> int:
        return sum(len(chunk[0]) for chunk in self._chunks(side)())


def _bands_of(table: pd.DataFrame) -> list[Band]:
    """The age bands of a result table, without what lies outside them."""
    rows = table.dropna(subset=["age_min", "age_max"])[["band", "age_min", "age_max"]].drop_duplicates()
    return [
        Band(str(name), int(low), int(high)) for name, low, high in rows.itertuples(index=False, name=None)
    ]

"""Shares of perceived gender and age per group: counted, corrected for the model's errors, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from agestat.errors import UsageError
from agestat.model.labels import GENDERS
from agestat.stats.bands import Band
from agestat.stats.calibration import Calibration
from agestat.stats.layout import Layout
from agestat.stats.quantify import solve_simplex

METHODS = ("pacc", "cc")
DEFAULT_METHOD = "pacc"
EVERYTHING = "all"
COLUMNS = [
    "group", "gender", "age_min", "age_max", "band", "n", "share_counted", "share", "share_low", "share_high",
    "method",
]  # fmt: skip
AGE_COLUMNS = ["group", "gender", "statistic", "n", "counted", "value", "low", "high", "method"]


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
    notes: list[str] = field(default_factory=list)


def estimate(
    probabilities: np.ndarray,
    groups: np.ndarray | None,
    clusters: np.ndarray,
    calibration: Calibration,
    *,
    bands: Sequence[Band],
    method: str = DEFAULT_METHOD,
    level: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Shares of gender x band in each group of faces, each with an interval of the given ``level``.

    ``probabilities (N, L)`` of the model's heads, ``groups (N,)`` names or None, ``clusters (N,)`` integers:
    faces of one photo share a cluster and are resampled together.
    """
    if method not in METHODS:
        raise UsageError(f"There is no method {method!r}: choose one of {', '.join(METHODS)}.")
    layout = Layout(calibration.space, tuple(bands))
    rng = np.random.default_rng(seed)
    faces = len(probabilities)
    cells = calibration.space.cells(probabilities) if faces else np.zeros((0, calibration.space.size))
    age = calibration.space.age(probabilities)
    columns = _calibration_columns(calibration, replicates, rng)
    tables: dict[str, list[dict[str, object]]] = {"table": [], "margins": [], "ages": []}
    for name, mine in _members(groups, len(cells)):
        joint = _replicates(cells[mine], clusters[mine], calibration, columns, method, replicates, rng)
        for key, rows in _rows(layout, joint, cells[mine], age[mine], level).items():
            tables[key] += [{"group": name, **row, "method": method} for row in rows]
    return Estimate(
        _typed(tables["table"], COLUMNS),
        _typed(tables["margins"], COLUMNS),
        _typed(tables["ages"], AGE_COLUMNS),
        method,
        level,
        calibration.name,
        calibration.n,
        [] if len(cells) else ["There are no faces to estimate from."],
    )


def _members(groups: np.ndarray | None, n: int) -> list[tuple[str, np.ndarray]]:
    """Name and ``(n,) bool`` members of each group; everything together first where there are none."""
    if not n:
        return []
    if groups is None:
        return [(EVERYTHING, np.full(n, True))]
    names = np.asarray(groups).astype(str)
    return [(name, names == name) for name in np.unique(names).tolist()]


def _calibration_columns(calibration: Calibration, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """``(1 + B, K, K)`` mean posterior of each true native cell; the first replicate is the estimate."""
    posterior = calibration.own_posterior.astype(np.float64)
    weights = np.concatenate(
        [np.ones((1, calibration.n)), rng.standard_exponential((replicates, calibration.n))]
    )
    out = np.empty((replicates + 1, calibration.size, calibration.size))
    for cell in range(calibration.size):
        inside = np.flatnonzero(calibration.truth == cell)
        implied = weights @ (posterior * posterior[:, [cell]]) / (weights @ posterior[:, [cell]])
        out[:, cell] = weights[:, inside] @ posterior[inside] + 3 * implied
    return np.asarray(out / out.sum(axis=-1, keepdims=True))


def _replicates(
    cells: np.ndarray, clusters: np.ndarray, calibration: Calibration, columns: np.ndarray, method: str,
    replicates: int, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """``(1 + B, C)`` corrected distribution over the model's cells, the point estimate first."""
    _, block = np.unique(clusters, return_inverse=True)
    blocks = int(block.max()) + 1
    weights = np.concatenate([np.ones((1, blocks)), rng.standard_exponential((replicates, blocks))])

    def total(values: np.ndarray) -> np.ndarray:
        sums = np.zeros((blocks, values.shape[1]))
        np.add.at(sums, block, values)
        return weights @ sums

    if method == "cc":
        joint = total(np.eye(cells.shape[1], dtype=np.float32)[cells.argmax(axis=1)])
        return np.asarray(joint / joint.sum(axis=1, keepdims=True))
    observed = total(calibration.posterior(cells))
    pseudo = rng.standard_gamma(0.1, (replicates + 1, calibration.size))
    pseudo[0] = 0.1
    observed = observed + np.matmul(pseudo[:, None, :], columns)[:, 0]
    shares = solve_simplex(observed / observed.sum(axis=1, keepdims=True), columns)
    inside = total(cells) + 1e-9
    native = inside @ calibration.to_native
    return np.asarray(inside / native[:, calibration.native_of] * shares[:, calibration.native_of])


def _rows(
    layout: Layout, joint: np.ndarray, cells: np.ndarray, age: np.ndarray, level: float
) -> dict[str, list[dict[str, object]]]:
    """Rows of one group's three tables from its replicates ``joint (1 + B, C)`` and its faces."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    shares = joint @ layout.to_rows
    chosen = (cells @ layout.to_rows).argmax(axis=1)
    counts = np.bincount(chosen, minlength=shares.shape[1])

    def share(labels: dict[str, object], inside: np.ndarray) -> dict[str, object]:
        n, values = int(counts[inside].sum()), shares[:, inside].sum(axis=1)
        low, high = np.quantile(values[1:], tails)
        return {
            **labels, "n": n, "share_counted": n / len(cells), "share": values[0],
            "share_low": min(low, values[0]), "share_high": max(high, values[0]),
        }  # fmt: skip

    ages: list[dict[str, object]] = []
    counted_gender = chosen // len(layout.names)
    for code, gender in ((None, EVERYTHING), *enumerate(GENDERS)):
        mine = age if code is None else age[counted_gender == code]
        for statistic, values in layout.ages(joint, code).items():
            low, high = np.quantile(values[1:], tails)
            counted = getattr(np, statistic)(mine) if len(mine) else np.nan
            ages.append({"gender": gender, "statistic": statistic, "n": len(mine), "counted": counted,
                         "value": values[0], "low": low, "high": high})  # fmt: skip
    return {
        "table": [share(*row) for row in layout.rows()],
        "margins": [share(*row) for row in layout.margins()],
        "ages": ages,
    }


def _typed(rows: list[dict[str, object]], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns)
    kinds = {"age_min": "Int64", "age_max": "Int64", "n": "int64"}
    return frame.astype({column: kind for column, kind in kinds.items() if column in columns})

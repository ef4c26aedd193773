"""Results with literal numbers, and a generated collection of 20,000 faces in 12 groups."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from agestat.model.labels import YEARS
from agestat.stats.bands import PRESETS
from agestat.stats.calibration import Calibration
from agestat.stats.estimate import AGE_COLUMNS, COLUMNS, Estimate, estimate

BANDS = (("0-17", 0, 17), ("18-64", 18, 64), ("65+", 65, 100))
COUNTED = {"female": (5, 30, 15), "male": (10, 35, 5)}  # faces of 100
SHARES = {"female": (0.04, 0.31, 0.21), "male": (0.06, 0.36, 0.02)}


def literal_estimate(groups: tuple[str, ...] = ("all",)) -> Estimate:
    """The same 100 faces in each group; every interval is the share minus and plus 0.02, within 0 and 1."""
    table, margins, ages = [], [], []

    def row(group: str, gender: str, band: tuple[str, int, int], n: int, share: float) -> tuple:
        return (
            group,
            gender,
            band[1],
            band[2],
            band[0],
            n,
            n / 100,
            share,
            max(0, share - 0.02),
            share + 0.02,
            "pacc",
        )

    for group in groups:
        for gender in ("female", "male"):
            for i, band in enumerate(BANDS):
                table.append(row(group, gender, band, COUNTED[gender][i], SHARES[gender][i]))
            everything = ("all", 0, 100)
            margins.append(row(group, gender, everything, sum(COUNTED[gender]), sum(SHARES[gender])))
        for i, band in enumerate(BANDS):
            n, share = (sum(side[g][i] for g in side) for side in (COUNTED, SHARES))
            margins.append(row(group, "all", band, n, share))
        for gender in ("all", "female", "male"):
            for statistic, value in (("mean", 40.5), ("median", 38.0)):
                ages.append((group, gender, statistic, 100, 39.0, value, value - 1, value + 1, "pacc"))
    return Estimate(
        pd.DataFrame(table, columns=COLUMNS),
        pd.DataFrame(margins, columns=COLUMNS),
        pd.DataFrame(ages, columns=AGE_COLUMNS),
        "pacc",
        0.95,
        "faces",
        2000,
        [],
    )


def literal_scan() -> SimpleNamespace:
    """100 faces in 40 of 50 pictures; 4 without a face, 6 that could not be read."""
    status = ["ok"] * 40 + ["no_face"] * 4 + ["failed"] * 6
    reason = [None] * 44 + ["truncated"] * 4 + ["not a picture"] * 2
    files = pd.DataFrame(
        {
            "root": "/photos",
            "path": [f"<script>alert({i})</script>.jpg" for i in range(50)],
            "status": status,
            "reason": reason,
            "faces_left_out": 0,
        }
    )
    rng = np.random.default_rng(0)
    faces = pd.DataFrame({"p_female": rng.random(100), "age": rng.gamma(4, 9, 100).clip(0, 100)})
    return SimpleNamespace(
        files=files,
        faces=faces,
        run={
            "model": "faces",
            "model_digest": "0123456789abcdef" * 4,
            "options": {"min_face": 24},
            "started_at": "2026-11-22T20:00:00",
            "finished_at": "2026-11-22T20:01:00",
            "agestat": "0.1.0",
        },
        counts={
            "found": 50, "read": 44, "failed": 6, "no_face": 4, "faces": 100, "faces_left_out": 3, "reused": 0,
        },
    )  # fmt: skip


@pytest.fixture
def make_estimate():
    """Makes an `Estimate` with literal numbers for the given groups."""
    return literal_estimate


@pytest.fixture
def scan() -> SimpleNamespace:
    """A scan with literal counts."""
    return literal_scan()

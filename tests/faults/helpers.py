"""What the fault tests compare with, and what some of them need from the system."""

import csv
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

LONG = bool(os.environ.get("AGESTAT_LONG"))
ROWS = """
SELECT roots.path, files.path, size, mtime_ns, status, reason, files.width, files.height, format, taken_at,
    camera, faces_left_out, number, x, y, faces.width, faces.height, score, sharpness, brightness, novelty,
    probabilities
FROM files JOIN roots ON roots.id = root_id LEFT JOIN faces ON file_id = files.id
WHERE run_id = (SELECT max(id) FROM runs) ORDER BY 1, 2, number
"""


def rows(store: Path) -> list[tuple]:
    """Everything that the latest run of a store says about files and faces."""
    with closing(sqlite3.connect(store)) as db:
        return db.execute(ROWS).fetchall()


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


def without_override() -> tuple[str, ...]:
    """What makes permissions hold for root, too; nothing for other users."""
    if os.geteuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("permissions do not bind root, and there is no setpriv")
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")

"""A result with literal numbers, and a real store of 20,000 generated faces in 12 folders."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agestat.analysis.scan import Scan
from agestat.images.walk import Found
from agestat.model.label_space import YEARS
from agestat.scanning.examine import Examined, Face
from agestat.scanning.store import Row, Store
from agestat.stats.estimate import AGE_COLUMNS, COLUMNS, Estimate

BANDS = (("0-17", 0, 17), ("18-64", 18, 64), ("65+", 65, 100))
MADE = ("bayes", 0.95, "faces", 2000)
COUNTED = {"female": (5, 30, 15), "male": (10, 35, 5)}  # faces of 100
SHARES = {"female": (0.04, 0.31, 0.21), "male": (0.06, 0.36, 0.02)}
FOLDERS = ("<script>alert(1)</script>", "=cmd()|A1", *(f"album {number}" for number in range(2009, 2019)))


def literal_estimate(groups: tuple[str, ...] = ("all",)) -> Estimate:
    """The same 100 faces in each group; every interval is the share less and plus 0.02."""
    table, margins, ages = [], [], []

    def row(group: str, gender: str, band: tuple, n: int, share: float) -> tuple:
        name, low, high = band
        return group, gender, low, high, name, n, n / 100, share, share - 0.02, share + 0.02, *MADE

    for group in groups:
        for gender in ("female", "male"):
            for index, band in enumerate(BANDS):
                table.append(row(group, gender, band, COUNTED[gender][index], SHARES[gender][index]))
            everything = ("all", 0, 100)
            margins.append(row(group, gender, everything, sum(COUNTED[gender]), sum(SHARES[gender])))
        for index, band in enumerate(BANDS):
            n, share = (sum(side[gender][index] for gender in side) for side in (COUNTED, SHARES))
            margins.append(row(group, "all", band, n, share))
        for gender in ("all", "female", "male"):
            for statistic, value in (("mean", 40.5), ("median", 38.0)):
                ages.append((group, gender, statistic, 100, 39.0, value, value - 1, value + 1, *MADE))
    frames = pd.DataFrame(table, columns=COLUMNS), pd.DataFrame(margins, columns=COLUMNS)
    return Estimate(
        *frames, pd.DataFrame(ages, columns=AGE_COLUMNS), "bayes", 0.95, "faces", 2000, np.ones(4) / 4
    )


@pytest.fixture(scope="session")
def make_estimate():
    """Makes an `Estimate` with literal numbers for the given groups."""
    return literal_estimate


def probabilities(gender: np.ndarray, age: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``(N, 103)`` what an imperfect model might say of faces of this gender (0 female) and age."""
    doubt = rng.beta(1, 6, len(age))
    female = np.where(gender == 0, 1 - doubt, doubt)
    seen = np.clip(age + rng.normal(0, 6, len(age)), 0, 100)
    ages = np.exp(-0.5 * ((np.arange(101) - seen[:, None]) / 6) ** 2)
    ages /= ages.sum(axis=1, keepdims=True)
    return np.concatenate([female[:, None], 1 - female[:, None], ages], axis=1).astype(np.float32)


def write_model(folder: Path, rng: np.random.Generator) -> dict:
    """A checkpoint without weights, which no report needs; returns its description."""
    folder.mkdir()
    error = {"value": 0.93, "low": 0.92, "high": 0.94}
    known = dict.fromkeys(("gender_accuracy", "age_band_accuracy", "accuracy", "f1_macro"), error)
    known["age_mae"] = {"value": 12.6, "low": 11.5, "high": 15.1}
    decades = [f"{start}-{start + 9}" for start in range(0, 110, 10)]
    slices = {
        "decade": {name: {"n": 1000, **known} for name in decades},
        "gender": {name: {"n": 1000, **known} for name in ("female", "male")},
    }
    info = {
        "name": "drawn", "space": "years", "input_size": 64, "crop": "faces", "sha256": "0123abcd" * 8,
        "terms": "CC0", "metrics": {"drawn": {"n": 2000, **known, "slices": slices}},
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(info), encoding="utf-8")
    gender, age = rng.integers(0, 2, 3000), rng.integers(0, 90, 3000)
    np.savez(
        folder / "calibration.npz",
        logits=np.log(probabilities(gender, age, rng) + 1e-4).astype(np.float16),
        gender=gender.astype(np.uint8),
        age_min=age.astype(np.uint8),
        age_max=age.astype(np.uint8),
        age=age.astype(np.float32),
    )
    return info


def write_store(folder: Path, faces: int, folders: tuple[str, ...] = FOLDERS) -> Path:
    """A store of pictures with two faces each; some without a face, and seven that could not be read."""
    rng = np.random.default_rng(0)
    info = write_model(folder / "model", rng)
    about = {
        "model": info["name"], "model_digest": info["sha256"],
        "space": "years", "agestat": "0.1.0", "options": {"paths": ["photos"], "min_face": 24},
    }  # fmt: skip
    of = rng.integers(0, len(folders), faces // 2)
    age = np.clip(rng.gamma(4, 6 + np.repeat(of, 2) / 2), 0, 100)
    gender = (rng.random(faces) < 0.4 + np.repeat(of, 2) / 60).astype(int)
    blobs = YEARS.pack(probabilities(gender, age, rng))
    face = Face(10, 10, 80, 80, 0.9, 100.0, 120.0)
    target = folder / "scan.sqlite"
    with Store(target) as store:
        store.keep_model(info, (folder / "model" / "calibration.npz").read_bytes())
        run = store.begin_run("drawn", about)
        rows = [
            Row(
                Found("/photos", f"{folders[group]}/{number}.jpg", 1000, number),
                Examined("ok", None, 100, 100, "JPEG", f"{2009 + group}-05-01T12:00:00", faces=[face, face]),
                blobs[2 * number : 2 * number + 2],
                (1.0, 1.0),
            )
            for number, group in enumerate(of)
        ]
        for number in range(50):
            rows.append(
                Row(Found("/photos", f"empty/{number}.jpg", 1000, 1), Examined("no_face", None, 100, 100))
            )
        for number in range(7):
            file = Found("/photos", f"<img src=x onerror=alert({number})>.jpg", 1000, 1)
            rows.append(Row(file, Examined("failed", "truncated")))
        with store.transaction():
            store.write(run, rows)
        store.end_run(run)
    return target


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 20,000 faces in `FOLDERS`."""
    return write_store(tmp_path_factory.mktemp("collection"), 20_000)


@pytest.fixture(scope="session")
def scan(store: Path):
    """The scan in that store."""
    with Scan.open(store) as opened:
        yield opened


@pytest.fixture(scope="session")
def by_folder(scan: Scan) -> Estimate:
    """Its estimate by folder."""
    return scan.estimate(["folder"], method="pacc", replicates=40)


@pytest.fixture(scope="session")
def overall(scan: Scan) -> Estimate:
    """Its estimate as a whole."""
    return scan.estimate(method="pacc", replicates=40)

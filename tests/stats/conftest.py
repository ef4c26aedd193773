"""A simulated world: faces with a true gender and age, and predictions with known errors."""

from dataclasses import dataclass

import numpy as np
import pytest

from agestat.model.label_space import SIX, YEARS
from agestat.stats.bands import Band
from agestat.stats.calibration import Calibration

STARTS = np.array([0, 10, 20, 30, 40, 50, 60, 70])
ENDS = np.array([9, 19, 29, 39, 49, 59, 69, 100])
DECADES = [Band(f"{a}-{b}", int(a), int(b)) for a, b in zip(STARTS, ENDS, strict=True)]


@dataclass(frozen=True)
class Faces:
    """``probabilities (N, 103)``, true ``cell (N,)`` among 16 of gender x decade, and exact ``age (N,)``."""

    probabilities: np.ndarray
    cell: np.ndarray
    age: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        return np.bincount(self.cell, minlength=16) / len(self.cell)


def simulate(shares: np.ndarray, n: int, seed: int, *, error: float = 6.0, gender: float = 1.5) -> Faces:
    """``n`` faces with cell ``shares (16,)``; ages are seen with ``error`` years, gender with logit noise."""
    rng = np.random.default_rng(seed)
    cell = rng.choice(16, n, p=shares)
    age = rng.integers(STARTS[cell % 8], np.minimum(ENDS[cell % 8], 85) + 1)
    logits = np.zeros((n, YEARS.width), dtype=np.float32)
    logits[:, 0] = gender * (rng.normal(size=n) + np.where(cell < 8, gender, -gender)) * 2
    seen = age + rng.normal(0, error, n)
    logits[:, 2:] = -((np.arange(101) - seen[:, None]) ** 2) / (2 * max(error, 0.3) ** 2)
    return Faces(YEARS.softmax(logits), cell, age)


def calibration_of(faces: Faces) -> Calibration:
    """The faces as a calibration set labelled with gender and decade."""
    return Calibration.from_arrays(
        YEARS,
        {
            "logits": np.log(faces.probabilities + 1e-9),
            "gender": faces.cell // 8,
            "age_min": STARTS[faces.cell % 8],
            "age_max": ENDS[faces.cell % 8],
            "novelty": np.random.default_rng(0).gamma(8, 1 / 8, len(faces.cell)),
        },
        "world",
    )


def six_calibration(accuracy: float, n: int = 600) -> Calibration:
    """Six cells, each recognised with probability ``accuracy`` and confused evenly otherwise."""
    rng = np.random.default_rng(1)
    truth = np.arange(n) % 6
    return Calibration.from_arrays(
        SIX,
        {
            "logits": six_logits(truth, accuracy, rng),
            "gender": truth // 3,
            "age_min": np.array([0, 18, 65])[truth % 3],
            "age_max": np.array([12, 64, 100])[truth % 3],
        },
        "six",
    )


def six_logits(truth: np.ndarray, accuracy: float, rng: np.random.Generator) -> np.ndarray:
    """``(N, 6)`` logits of a classifier that says only which cell it takes a face for."""
    wrong = (truth + rng.integers(1, 6, len(truth))) % 6
    said = np.where(rng.random(len(truth)) < accuracy, truth, wrong)
    sure = np.log(max(accuracy, 1e-4) / max((1 - accuracy) / 5, 1e-4)) if accuracy > 1 / 6 else 0.0
    return np.eye(6)[said] * sure


@pytest.fixture(scope="session")
def world():
    """The helpers of this file."""
    return SimpleWorld


class SimpleWorld:
    simulate = staticmethod(simulate)
    calibration_of = staticmethod(calibration_of)
    six_calibration = staticmethod(six_calibration)
    six_logits = staticmethod(six_logits)
    decades = DECADES
    even = np.full(16, 1 / 16)


@pytest.fixture(scope="session")
def calibration():
    """1,600 faces, 100 of each cell or so."""
    return calibration_of(simulate(np.full(16, 1 / 16), 1600, seed=0))

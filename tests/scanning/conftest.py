"""A small checkpoint with random weights: scans are about what goes where, not about who is in it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from agestat.model.checkpoint import save_weights
from agestat.model.label_space import SPACES
from agestat.model.network import AgeGenderResNet


def write_model(folder: Path, *, space: str = "years", crop: str = "faces", seed: int = 0) -> Path:
    """A checkpoint folder with random weights and calibration pictures of every decade."""
    torch.manual_seed(seed)
    network = AgeGenderResNet(SPACES[space])
    info = {"name": folder.name, "architecture": "ResNet-18", "space": space, "input_size": 32, "crop": crop}
    save_weights(folder, network.state_dict(), info)
    rng = np.random.default_rng(seed)
    age = np.tile(np.arange(0, 80), 10)
    np.savez(
        folder / "calibration.npz",
        logits=rng.normal(size=(len(age), SPACES[space].width)).astype(np.float16),
        gender=rng.integers(0, 2, len(age)).astype(np.uint8),
        age_min=age.astype(np.uint8),
        age_max=age.astype(np.uint8),
        age=age.astype(np.float32),
    )
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces, 101 years."""
    return write_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with other weights."""
    return write_model(tmp_path_factory.mktemp("models") / "other", seed=1)


@pytest.fixture(scope="session")
def whole_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whole pictures, six classes."""
    return write_model(tmp_path_factory.mktemp("models") / "whole", space="six", crop="whole")

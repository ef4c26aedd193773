"""Stores of whole pictures in six cells that the tests write themselves: no network is needed."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from agestat.cli.main import main
from agestat.images.walk import Found
from agestat.model.label_space import SIX
from agestat.scanning.examine import Examined, Face
from agestat.scanning.store import Row, Store


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The torch-free parts of a checkpoint of six cells that is right four times of five."""
    folder = tmp_path_factory.mktemp("model") / "cartoons"
    folder.mkdir()
    info = {"name": "cartoons", "space": "six", "input_size": 32, "sha256": "abc", "crop": "whole"}
    (folder / "model.json").write_text(json.dumps(info))
    truth = np.arange(600) % 6
    np.savez(
        folder / "calibration.npz",
        logits=_logits_of(truth, 0),
        gender=(truth // 3).astype(np.uint8),
        age_min=np.array([0, 18, 65], np.uint8)[truth % 3],
        age_max=np.array([12, 64, 100], np.uint8)[truth % 3],
    )
    return folder


def _logits_of(truth, seed):
    rng = np.random.default_rng(seed)
    said = np.where(rng.random(len(truth)) < 0.8, truth, rng.integers(0, 6, len(truth)))
    return (3.0 * np.eye(6)[said]).astype(np.float16)


def write_store(
    path: Path, model: Path, truth: np.ndarray, digest: str = "abc", seed: int | None = None
) -> Path:
    """One photo per face, in the folders 2023 and 2024 by turns; in random order if there is a ``seed``."""
    blobs = SIX.pack(SIX.softmax(_logits_of(truth, 1).astype(np.float32)))
    about = {"model": "cartoons", "model_digest": digest, "space": "six", "agestat": "0.1.0"}
    with Store(path) as store:
        info = json.loads((model / "model.json").read_text())
        store.keep_model({**info, "sha256": digest}, (model / "calibration.npz").read_bytes())
        run = store.begin_run("settings", about)
        rows = []
        for i, blob in enumerate(blobs):
            face = Face(10 + i, 20, 30, 40, 0.9, 100.0, 120.0)
            found = Found("/photos", f"{2023 + i % 2}/{i:04}.jpg", 1, 1)
            rows.append(Row(found, Examined("ok", faces=[face]), [blob], [1.0]))
        if seed is not None:
            np.random.default_rng(seed).shuffle(rows)
        with store.transaction():
            store.write(run, rows)
        store.end_run(run)
    return path


@pytest.fixture
def typed(monkeypatch, capsys):
    """The command as its console entry point runs it, without a process: exit code, output, messages."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["agestat", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        return (stop.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def write(tmp_path, model):
    """Write a store of cells into the test's folder, by its name."""
    return lambda name, truth, digest="abc", seed=None: write_store(
        tmp_path / name, model, np.asarray(truth), digest, seed
    )


@pytest.fixture
def store(write):
    return write("scan.sqlite", np.tile([1, 4, 4, 0, 4, 2], 50))

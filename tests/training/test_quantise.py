"""The int8 copy of a checkpoint: what it predicts, when it judges, and how it can be broken."""

import numpy as np
import pytest
import torch

from agestat.errors import AgestatError, UsageError
from agestat.model import precision
from agestat.model.checkpoint import judging, load_model, read_calibration, save_weights
from agestat.model.label_space import YEARS
from agestat.model.network import AgeGenderResNet
from agestat.training.quantise import quantise

pytest.importorskip("onnxruntime", reason="int8 copies are made with agestat[int8]")

INFO = {"name": "tiny", "architecture": "ResNet-18", "space": "years", "input_size": 32, "crop": "faces"}


def crops(n: int) -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 255, (n, 4, 4, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "mirrored"])
def folder(request, tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model") / "tiny"
    network = AgeGenderResNet(YEARS)
    network(torch.from_numpy(crops(64)).permute(0, 3, 1, 2) / 255)  # batch statistics of these pictures
    save_weights(folder, network.state_dict(), {**INFO, "mirrored": request.param})
    quantise(folder, crops(64))
    for name in ("calibration.npz", "calibration.int8.npz"):
        np.savez(folder / name, made_by=np.array(name))
    return folder


def test_the_copy_says_nearly_what_the_float_weights_say(folder):
    whole, copy = (load_model(folder, "cpu", name).predict(crops(40)) for name in ("float", "int8"))
    spread = whole.logits.std(axis=0).mean()
    assert np.abs(copy.logits - whole.logits).mean() < 0.25 * spread
    assert np.corrcoef(copy.logits[:, 0], whole.logits[:, 0])[0, 1] > 0.9
    assert 11e6 < (folder / "model.int8.onnx").stat().st_size < 12e6


def test_a_batch_and_threads_change_nothing(folder):
    model = load_model(folder, "cpu", "int8")
    together = model.predict(crops(9)).logits
    model.batch_size = 4
    assert model.predict(crops(9)).logits == pytest.approx(together, abs=1e-4)
    assert model.predict(crops(0)).logits.shape == (0, 103)


def test_int8_judges_on_measured_processors_without_a_card(folder, monkeypatch):
    monkeypatch.setattr(precision.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(precision, "_has_graphics_card", lambda: False)
    chosen = judging(folder)
    assert chosen["precision"] == "int8" and chosen["sha256"] == chosen["int8"]["sha256"]
    assert read_calibration(folder)["made_by"] == "calibration.int8.npz"
    assert load_model(folder).digest == chosen["sha256"]
    monkeypatch.setattr(precision, "_has_graphics_card", lambda: True)
    assert judging(folder)["precision"] == judging(folder, "cuda")["precision"] == "float"
    assert judging(folder, "cpu")["precision"] == "int8"
    monkeypatch.setattr(precision.platform, "machine", lambda: "arm64")
    assert judging(folder, "cpu")["precision"] == "float"
    assert read_calibration(folder)["made_by"] == "calibration.npz"


def test_a_changed_copy_fails_its_digest(folder):
    file = folder / "model.int8.onnx"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(AgestatError, match=r"model\.int8\.onnx is not the file that model\.json describes"):
        load_model(folder, "cpu", "int8")
    file.write_bytes(whole)


def test_a_model_without_a_copy_says_so(tmp_path):
    save_weights(tmp_path, AgeGenderResNet(YEARS).state_dict(), INFO)
    assert judging(tmp_path, "cpu")["precision"] == "float"
    with pytest.raises(UsageError, match="The model tiny has no int8 weights"):
        load_model(tmp_path, "cpu", "int8")

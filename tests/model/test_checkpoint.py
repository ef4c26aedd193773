"""Checkpoint folders: round trip, and one clear sentence for each way they can be broken."""

import json
import pickle

import numpy as np
import pytest
import torch

from agestat.errors import AgestatError, UsageError
from agestat.model.checkpoint import list_models, load_model, read_calibration, read_info, save_weights
from agestat.model.label_space import SIX, YEARS
from agestat.model.network import AgeGenderResNet
from agestat.model.torch_runtime import pick_device

INFO = {"name": "tiny", "architecture": "ResNet-18", "space": "years", "input_size": 32, "crop": "faces"}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return AgeGenderResNet(YEARS).eval()


@pytest.fixture
def folder(tmp_path, network):
    save_weights(tmp_path / "tiny", network.state_dict(), INFO)
    return tmp_path / "tiny"


def crops(n, size=32):
    return np.random.default_rng(0).integers(0, 255, (n, size, size, 3), dtype=np.uint8)


def test_saved_model_predicts_what_the_network_predicts(folder, network):
    model = load_model(folder, "cpu")
    pixels = torch.from_numpy(crops(5)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        expected = network(pixels).numpy()
    assert model.predict(crops(5)).logits == pytest.approx(expected, abs=0.1)
    assert (model.name, model.input_size, model.crop, model.space) == ("tiny", 32, "faces", YEARS)
    assert (folder / "model.safetensors").stat().st_size < 25e6


def test_a_batch_predicts_what_single_crops_predict(folder):
    model = load_model(folder, "cpu")
    model.batch_size = 4
    together = model.predict(crops(10)).probabilities
    alone = np.concatenate([model.predict(crop[None]).probabilities for crop in crops(10)])
    assert together == pytest.approx(alone, abs=0.02)
    assert together.shape == (10, 103) and together[:, :2].sum(1) == pytest.approx(np.ones(10), abs=1e-5)


def test_a_mirrored_model_sees_no_difference_between_left_and_right(tmp_path, network):
    pictures, turned = crops(4), crops(4)[:, :, ::-1].copy()
    for mirrored, same in ((True, True), (False, False)):
        save_weights(tmp_path / str(mirrored), network.state_dict(), {**INFO, "mirrored": mirrored})
        predict = load_model(tmp_path / str(mirrored), "cpu").predict
        close = np.allclose(predict(pictures).logits, predict(turned).logits, atol=1e-3)
        assert close == same


def test_no_crops_is_no_predictions(folder):
    predictions = load_model(folder, "cpu").predict(crops(0))
    assert predictions.probabilities.shape == (0, 103) and predictions.novelty.shape == (0,)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_out_of_memory_halves_the_batch_and_goes_on(folder, monkeypatch, error):
    model = load_model(folder, "cpu")
    forward, sizes = model.runtime, []

    def cramped(batch):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise error
        return forward(batch)

    model.batch_size = 8
    whole = model.predict(crops(5)).probabilities
    monkeypatch.setattr(model, "runtime", cramped)
    assert model.predict(crops(5)).probabilities == pytest.approx(whole, abs=0.02)
    assert sizes == [5, 4, 2, 2, 1]


def test_no_memory_for_a_single_crop_is_one_sentence(folder, monkeypatch):
    model = load_model(folder, "cpu")

    def full(batch):
        raise torch.OutOfMemoryError("CUDA out of memory")

    full.device = "cuda"
    monkeypatch.setattr(model, "runtime", full)
    with pytest.raises(AgestatError, match="no memory left for a single face: free some, or use --device"):
        model.predict(crops(5))


def test_regression_network_has_its_estimate_as_the_age():
    network = AgeGenderResNet(YEARS, regression=True)
    network.age_scale.fill_(4.0)
    with torch.no_grad():
        features = torch.randn(6, 512)
        years = network.years(network.head(features)).numpy()
        probabilities = YEARS.softmax(network.logits(features).numpy())
    assert YEARS.age(probabilities) == pytest.approx(years, abs=0.5)


def test_truncated_weights_are_one_sentence(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(AgestatError, match=r"model\.safetensors is not a whole safetensors file"):
        load_model(folder, "cpu")


def test_changed_weights_fail_their_digest(folder):
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(AgestatError, match=r"is not the file that model\.json describes"):
        load_model(folder, "cpu")


def test_a_pickle_is_never_run(folder, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "boom"), "w"))

    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(AgestatError, match="not a whole safetensors file"):
        load_model(folder, "cpu")
    assert not (tmp_path / "boom").exists()


def test_foreign_weights_are_named(tmp_path):
    save_weights(tmp_path / "odd", AgeGenderResNet(SIX).state_dict(), INFO)
    with pytest.raises(AgestatError, match="does not hold the weights of a ResNet-18"):
        load_model(tmp_path / "odd", "cpu")


def test_broken_description_is_named(folder):
    (folder / "model.json").write_text("{")
    with pytest.raises(AgestatError, match=r"model\.json is not the description"):
        read_info(folder)
    (folder / "model.json").write_text(json.dumps({"name": "x"}))
    with pytest.raises(AgestatError, match="keys are missing"):
        read_info(folder)


def test_broken_calibration_is_named(folder):
    (folder / "calibration.npz").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(AgestatError, match=r"calibration\.npz cannot be read"):
        read_calibration(folder)


def test_unknown_names_and_devices_say_what_there_is():
    with pytest.raises(UsageError, match="There is no model 'nobody'"):
        load_model("nobody")
    with pytest.raises(UsageError, match="use --device auto or cpu"):
        pick_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="'cuda' is not there"):
            pick_device("cuda")


def test_every_shipped_model_is_listed_whole():
    for info in list_models():
        assert info["metrics"] and info["terms"] and info["command"].startswith("agestat train")
        assert load_model(info["name"], "cpu").calibration["logits"].shape[1] in (6, 103)

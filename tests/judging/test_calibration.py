"""Calibration sets made from labelled pictures, and what a scan makes of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import agestat
from agestat.cli import calibrate, main, scan
from agestat.errors import AgestatError
from agestat.judging.calibration import observe
from agestat.judging.degrading import degrade
from agestat.labelled.dataset import read_labelled
from agestat.model.checkpoint import load_model, read_calibration, read_info, save_weights
from agestat.model.label_space import YEARS
from agestat.model.network import AgeGenderResNet
from agestat.stats.calibration import Calibration

PORTRAIT = Path(__file__).parents[2] / "sample_images" / "people" / "white_house" / "obama.jpg"
HEAD = "file,split,gender,age,age_min,age_max,domain\n"
ROWS = ("val,female,30,,,street", "calibration,male,,20,29,shop", "train,male,50,,,shop",
        "val,female,,,,street", "val,,40,,,street", "calibration,female,,70,,")  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An untrained checkpoint of ages and genders, with what others keep in its description."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights") / "untrained"
    save_weights(folder, AgeGenderResNet(YEARS).state_dict(), {
        "name": "untrained", "about": "nothing learned", "space": "years", "input_size": 32, "crop": "faces",
        "margin": 1.0, "architecture": "ResNet-18", "error_model": {"warp": 2.5}, "data": [], "teachers": [],
        "init": "scratch", "terms": "CC0", "trained_on": 0, "epochs": 0, "seconds": 0, "seed": 0,
        "commit": "unknown", "command": "none", "metrics": {},
    })  # fmt: skip
    return folder


def labelled(folder, *rows):
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(len(rows)):
        Image.fromarray(rng.integers(0, 255, (48, 48, 3), np.uint8)).save(folder / f"{number}.png")
    lines = [f"{number}.png,{row}\n" for number, row in enumerate(rows)]
    (folder / "labels.csv").write_text(HEAD + "".join(lines))
    return folder


def test_the_arrays_are_the_models_answers_and_the_truth(model, tmp_path):
    folder = labelled(tmp_path / "set", *ROWS)
    out = agestat.calibrate(model, folder, split="val,calibration", out=tmp_path / "out", device="cpu")
    arrays = read_calibration(out)
    assert arrays["gender"].tolist() == [0, 1, 0]
    assert arrays["age_min"].tolist() == [30, 20, 70] and arrays["age_max"].tolist() == [30, 29, 100]
    assert arrays["domains"][arrays["domain"]].tolist() == ["street", "shop", "set"]
    pixels = np.asarray(Image.open(folder / "0.png").resize((32, 32), Image.Resampling.BICUBIC))
    literal = load_model(model, "cpu").predict(pixels[None]).logits[0]
    assert arrays["logits"][0] == pytest.approx(literal, abs=2e-3)
    assert (arrays["logits"].dtype, arrays["logits"].shape) == (np.float16, (3, 103))
    assert "size" not in arrays and "score" not in arrays  # crops: nobody looked for faces
    assert Calibration.from_arrays(YEARS, arrays).n == 3
    info = read_info(out)
    assert info["error_model"] == {"warp": 2.5} and info["sha256"] == read_info(model)["sha256"]
    assert info["calibration"]["domains"] == {"set": 1, "shop": 1, "street": 1}
    assert info["calibration"]["left_out"] == 2
    card = (out / "README.md").read_text()
    assert "Its errors are known from 3 pictures (set 1, shop 1, street 1):" in card


def test_a_table_beside_the_labels_may_name_the_domains(model, tmp_path):
    folder = labelled(tmp_path / "set", "val,female,30,,,", "val,male,40,,,")
    (folder / "domains.csv").write_text("file,domain\n1.png,wedding\n")
    arrays = observe(load_model(model, "cpu"), read_labelled([folder]).frame)
    assert arrays["domains"][arrays["domain"]].tolist() == ["set", "wedding"]


def test_photos_go_through_the_detector_of_a_scan(model, tmp_path):
    folder = labelled(tmp_path / "set", "val,female,30,,,", "val,male,40,,,")
    shutil.copy(PORTRAIT, folder / "0.png")
    Image.new("RGB", (300, 200), "grey").save(folder / "1.png")
    arrays = observe(load_model(model, "cpu"), read_labelled([folder]).frame)
    assert len(arrays["logits"]) == 1 and arrays["age_min"].tolist() == [30]
    assert 0.5 <= arrays["score"][0] <= 1 and 24 <= arrays["size"][0] <= 2000


def test_degraded_copies_know_their_picture(model, tmp_path):
    folder = labelled(tmp_path / "set", "val,female,30,,,", "val,male,40,,,")
    frame, network = read_labelled([folder]).frame, load_model(model, "cpu")
    arrays = observe(network, frame, degraded=3)
    assert arrays["degraded_of"].tolist() == [0, 1] * 3 and len(arrays["logits"]) == 2
    assert ((arrays["degraded_size"] >= 24) & (arrays["degraded_size"] <= 128)).all()
    assert (arrays["degraded_sharpness"] < arrays["sharpness"][arrays["degraded_of"]]).all()
    assert (arrays["degraded_logits"] * 16 % 1 == 0).all() and arrays["degraded_logits"].dtype == np.float16
    again = observe(network, frame, degraded=3)
    assert np.array_equal(again["degraded_logits"], arrays["degraded_logits"])


def test_a_degraded_crop_is_darker_and_softer():
    crop = np.random.default_rng(0).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    seen = [degrade(crop, np.random.default_rng(seed)) for seed in range(20)]
    assert {pixels.shape for pixels, _ in seen} == {(128, 128, 3)}
    assert all(pixels.mean() <= crop.mean() + 1 and pixels.std() < crop.std() for pixels, _ in seen)
    assert min(side for _, side in seen) < 40 < 90 < max(side for _, side in seen)


def test_nothing_is_written_over_another_model_or_from_nothing(model, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(model, other)
    info = json.loads((other / "model.json").read_text())
    (other / "model.json").write_text(json.dumps({**info, "sha256": "0" * 64}))
    folder = labelled(tmp_path / "set", "val,female,,,,")
    with pytest.raises(AgestatError, match="other holds another model: give another --out"):
        agestat.calibrate(model, folder, out=other)
    with pytest.raises(AgestatError, match="No picture shows a face and has both gender and age"):
        agestat.calibrate(model, folder, out=tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


def test_a_scan_counts_with_the_errors_on_own_pictures(model, tmp_path):
    """The user's way: label, calibrate, scan; and again with more labels, on the same store."""
    rows = [f"val,{gender},{age},,,mine" for gender in ("female", "male") for age in range(20, 60, 4)]
    mine, photos = labelled(tmp_path / "mine", *rows), tmp_path / "photos"
    photos.mkdir()
    shutil.copy(PORTRAIT, photos)
    for count in (20, 12):
        words = [str(model), str(mine), "--out", str(tmp_path / "own"), "--device", "cpu", "-q"]
        made = CliRunner().invoke(calibrate.command, [*words, "--limit", str(count)])
        assert made.exit_code == 0, made.output
        assert f"knows its errors on {count} pictures (mine {count})" in made.stderr
        words = [str(photos), "--model", str(tmp_path / "own"), "--db", str(tmp_path / "db"), "-v"]
        done = CliRunner().invoke(scan.command, [*words, "--min-n", "1"])
        assert done.exit_code == 0, done.output
        text = " ".join(done.output.split())
        assert f"{count} calibration pictures (own)" in text
        assert f") calibrated on {count} pictures (own), agestat" in text  # the sentence to cite
        assert "with less than 1,000 pictures" in made.stderr


def test_pictures_that_the_model_came_with_are_kept_beside_own_ones(model, tmp_path):
    theirs = labelled(tmp_path / "theirs", *(f"val,female,{age},,,studio" for age in range(20, 50)))
    mine = labelled(tmp_path / "mine", "val,male,30,,,shop", "val,female,,40,49,shop")
    options = {"split": None, "device": "cpu"}
    came = agestat.calibrate(model, theirs, out=tmp_path / "came", degraded=1, **options)
    arrays = read_calibration(agestat.calibrate(came, mine, out=tmp_path / "own", keep=True, **options))
    known = read_calibration(came)
    assert arrays["gender"].tolist() == [1, 0] + [0] * 30 and arrays["age_min"][:3].tolist() == [30, 40, 20]
    assert arrays["weight"].tolist() == pytest.approx([1, 1] + [0.03] * 30)
    assert arrays["logits"][2:] == pytest.approx(known["logits"])
    assert arrays["domains"][arrays["domain"]].tolist() == ["shop"] * 2 + ["studio"] * 30
    assert arrays["degraded_of"].tolist() == (known["degraded_of"] + 2).tolist()
    calibration = Calibration.from_arrays(YEARS, arrays)
    assert calibration.n == 32 and calibration.counts.sum() == pytest.approx(2.9)
    about = read_info(tmp_path / "own")["calibration"]
    assert (about["pictures"], about["kept"], about["domains"]) == (2, 30, {"shop": 2})
    assert (
        "from 2 pictures (shop 2) and, each worth little, 30 that it came with:"
        in (tmp_path / "own" / "README.md").read_text()
    )
    with pytest.raises(AgestatError, match="came with no calibration pictures"):
        agestat.calibrate(model, mine, out=tmp_path / "none", keep=True, **options)


@pytest.mark.parametrize("theirs", ["10,19", "20,29"])
def test_ranges_of_ages_that_cut_each_other_are_refused(model, tmp_path, theirs):
    """15 to 24 and 10 to 19 years: nobody knows of which a picture of 17 is."""
    one = labelled(tmp_path / "one", *["val,female,,15,24,", "val,male,,25,34,"] * 3)
    other = labelled(tmp_path / "other", *[f"val,female,,{theirs},"] * 3)
    options = {"device": "cpu", "out": tmp_path / "own"}
    with pytest.raises(AgestatError, match=r"cut each other \((10-19|15-24)"):
        agestat.calibrate(model, [one, other], **options)
    agestat.calibrate(model, one, **options)
    with pytest.raises(AgestatError, match="leave --keep out"):
        agestat.calibrate(tmp_path / "own", other, **options, keep=True)


def test_pictures_of_splits_that_were_not_asked_for_are_told(model, tmp_path):
    """A set that names no splits is split as `agestat train` does, unless all of it is asked for."""
    rows = [f",{gender},{age},,,mine" for gender in ("female", "male") for age in range(20, 60)]
    mine = labelled(tmp_path / "mine", *rows)

    def told(*words):
        words = [str(model), str(mine), "--out", str(tmp_path / "own"), "--device", "cpu", "-q", *words]
        return CliRunner().invoke(calibrate.command, words).stderr

    assert "Not looked at: 64 pictures of other splits; --split all takes them too" in told()
    assert "other splits" not in told("--split", "all")


def test_help_needs_no_network(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["agestat", "calibrate", "--help"])
    with pytest.raises(SystemExit):
        main.main()
    assert "agestat scan ./photos --model my-faces" in capsys.readouterr().out

"""Models judged on labelled pictures: what they are shown, which classes count, what comes out."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

import agestat
from agestat.errors import AgestatError, UsageError
from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.quality import brightness
from agestat.judging.evaluate import evaluate, judge, label_bands, predict_table
from agestat.labelled.dataset import read_labelled
from agestat.model.checkpoint import load_model, save_weights
from agestat.model.label_space import SIX, YEARS
from agestat.model.network import AgeGenderResNet

HEAD = "file,split,gender,age,age_min,age_max,subject\n"


@pytest.fixture(scope="module")
def stubborn(tmp_path_factory):
    """Real checkpoints whose heads say the same of every picture: a woman (0.8) of about 30 years."""

    def checkpoint(space, crop, logits):
        network = AgeGenderResNet(space)
        with torch.no_grad():
            network.head.weight.zero_()
            network.head.bias.copy_(torch.as_tensor(logits))
        folder = tmp_path_factory.mktemp("weights") / space.name
        save_weights(folder, network.state_dict(), {
            "name": f"stubborn-{space.name}", "space": space.name, "input_size": 32, "crop": crop,
            "margin": 1.0, "architecture": "ResNet-18",
        })  # fmt: skip
        return load_model(folder, "cpu")

    years = np.concatenate([np.log([0.8, 0.2]), -np.abs(np.arange(101) - 30.0)])
    return {
        "years": checkpoint(YEARS, "faces", years.astype(np.float32)),
        "six": checkpoint(SIX, "whole", np.log([0.05, 0.6, 0.15, 0.05, 0.1, 0.05]).astype(np.float32)),
    }


def labelled(folder, *rows, size=(40, 40)):
    lines = []
    for number, row in enumerate(rows):
        shade = 20 + 30 * number
        image = Image.new("RGB", size, (shade, shade, shade))
        ImageDraw.Draw(image).ellipse([5, 5, 30, 30], fill=(255 - shade, 90, shade))
        image.save(folder / f"{number}.png")
        lines.append(f"{number}.png,{row}\n")
    (folder / "labels.csv").write_text(HEAD + "".join(lines))
    return folder


def test_a_person_model_on_exact_ages(tmp_path, stubborn):
    folder = labelled(
        tmp_path,
        "val,female,30,,,",
        "val,female,26,,,",
        "val,male,45,,,",
        "val,female,15,,,",
        "train,male,1,,,",
    )
    figures = agestat.evaluate(stubborn["years"], folder, quiet=True)
    assert (figures["n"], figures["model"]) == (4, "stubborn-years")
    assert figures["gender_accuracy"]["value"] == 0.75
    assert figures["age_mae"]["value"] == pytest.approx((0 + 4 + 15 + 15) / 4, abs=1e-3)
    assert figures["age_mae_median"]["value"] == pytest.approx(9.5, abs=1e-3)
    # 15 is in none of the six classes; 30-39 is the band with the greatest mass
    assert figures["counted"] == {
        "classes": 3,
        "gender": 4,
        "age": 4,
        "exact_age": 4,
        "age_range": 0,
        "age_band": 4,
    }
    assert figures["accuracy"]["value"] == pytest.approx(2 / 3)
    assert figures["confusion"]["labels"] == list(SIX.cell_names)
    assert figures["confusion"]["matrix"][1] == [0, 2, 0, 0, 0, 0]
    assert figures["confusion"]["matrix"][4] == [0, 1, 0, 0, 0, 0]
    assert figures["f1_per_class"]["girl"] is None
    assert figures["age_band_accuracy"]["value"] == 0.25
    assert figures["without_face"] == 0


def test_a_person_model_on_buckets(tmp_path, stubborn):
    folder = labelled(
        tmp_path, "val,female,,30,39,", "val,female,,20,29,", "val,male,,70,,", "val,female,,10,19,"
    )
    figures = evaluate(stubborn["years"], folder, quiet=True)
    assert figures["age_band_accuracy"]["value"] == 0.25
    assert figures["range_distance"]["value"] == pytest.approx((0 + 0 + 40 + 10) / 4, abs=1e-3)
    assert figures["age_mae"] is None and figures["age_mae_median"] is None
    assert figures["counted"]["classes"] == 3
    assert figures["confusion"]["matrix"][5] == [0, 1, 0, 0, 0, 0]


def test_with_genders_only_the_classes_are_the_genders(tmp_path, stubborn):
    folder = labelled(tmp_path, "val,female,,,,", "val,male,,,,")
    figures = evaluate(stubborn["years"], folder, quiet=True)
    assert figures["confusion"] == {"labels": ["female", "male"], "matrix": [[1, 0], [1, 0]]}
    assert figures["f1_macro"]["value"] == pytest.approx((2 / 3) / 2)
    assert figures["ece"]["value"] == pytest.approx(0.3, abs=1e-3)
    assert figures["age_mae"] is None


def test_a_model_of_six_classes(tmp_path, stubborn):
    folder = labelled(
        tmp_path, "val,female,,18,64,a", "val,female,,65,100,b", "val,male,,18,64,c", "val,female,30,,,d"
    )
    table = predict_table(stubborn["six"], read_labelled([folder]).frame, quiet=True)
    assert table["predicted_cell"].unique().tolist() == ["woman"]
    assert table["cell"].tolist() == ["woman", "elderly woman", "man", "woman"]
    assert table["confidence"].to_numpy() == pytest.approx(0.6, abs=1e-3)
    assert table["p_female"].to_numpy() == pytest.approx(0.8, abs=1e-3)
    assert table["band"].tolist() == ["18-64", "65-100", "18-64", "18-64"]
    assert judge(stubborn["six"], table)["age_band_accuracy"]["value"] == 0.75


def test_ages_above_a_hundred_are_old(tmp_path, stubborn):
    folder = labelled(tmp_path, "val,female,116,,,", "val,male,,101,110,")
    table = predict_table(stubborn["years"], read_labelled([folder]).frame, quiet=True)
    assert table["cell"].tolist() == ["elderly woman", "elderly man"]


def test_what_a_model_of_faces_is_shown(tmp_path, stubborn):
    folder = labelled(tmp_path, "val,female,30,,,", size=(40, 60))
    frame = read_labelled([folder]).frame
    whole = predict_table(stubborn["years"], frame, crop="whole", quiet=True).iloc[0]
    middle = crop_square(decode(frame["file"][0]).pixels, None, 32)
    assert (whole["size"], whole["brightness"]) == (40, brightness(middle))
    hidden = predict_table(stubborn["years"], frame, quiet=True)  # not square: a photo, and it shows no face
    assert hidden["predicted_gender"].isna().all() and hidden["gender"].tolist() == ["female"]
    with pytest.raises(AgestatError, match="No face was found in these pictures: use --crop whole"):
        judge(stubborn["years"], hidden)
    with pytest.raises(UsageError, match="There is no crop 'half': choose one of auto, whole, detect"):
        predict_table(stubborn["years"], frame, crop="half")


def test_faces_in_photos_are_found_and_photos_without_are_counted(agestat_data, stubborn, tmp_path):
    frame = read_labelled([agestat_data / "portraits"], limit=6).frame
    empty = labelled(tmp_path, "val,male,,,,", size=(300, 200))
    frame = read_labelled([empty]).frame.merge(frame, how="outer")
    table = predict_table(stubborn["years"], frame, quiet=True)
    figures = judge(stubborn["years"], table)
    assert (figures["n"], figures["without_face"]) == (6, 1)
    assert (table["size"].dropna() < 900).all()


def test_bands_are_the_labelled_buckets_where_they_are_apart(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    apart = read_labelled([labelled(one, "val,male,,18,64,", "val,male,,0,12,", "val,male,80,,,")]).frame
    assert label_bands(apart) == [(0, 12), (18, 64)]
    overlapping = read_labelled([labelled(two, "val,male,,18,64,", "val,male,,60,80,")]).frame
    assert len(label_bands(overlapping)) == 9


def test_chunks_keep_the_order_of_pictures(tmp_path, stubborn, monkeypatch):
    monkeypatch.setattr("agestat.judging.cutting.CHUNK", 2)
    folder = labelled(tmp_path, *["val,female,30,,,"] * 5)
    table = predict_table(stubborn["years"], read_labelled([folder]).frame, quiet=True)
    assert table["brightness"].is_monotonic_increasing and len(table) == 5

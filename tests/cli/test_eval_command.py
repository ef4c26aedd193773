"""``agestat eval`` as a user runs it."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from click.testing import CliRunner

from agestat.cli.evaluate import command
from agestat.cli.main import cli
from agestat.errors import AgestatError, UsageError
from agestat.model.checkpoint import save_weights
from agestat.model.label_space import SIX
from agestat.model.network import AgeGenderResNet


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An untrained checkpoint of six classes."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights") / "untrained"
    save_weights(folder, AgeGenderResNet(SIX).state_dict(), {
        "name": "untrained", "space": "six", "input_size": 32, "crop": "whole", "margin": 1.0,
        "architecture": "ResNet-18",
    })  # fmt: skip
    return folder


def invoke(*words):
    return CliRunner().invoke(command, [str(word) for word in words])


def test_json_on_standard_output_is_nothing_but_json(figures, model):
    result = invoke(figures, "--model", model, "--json", "-", "--device", "cpu")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert "perceived age and gender" in result.stderr
    assert (found["n"], found["split"], found["crop"], found["bad_rows"]) == (90, "val", "auto", 0)
    for key in ("f1_macro", "f1_micro", "accuracy", "gender_accuracy", "gender_f1_macro", "range_distance",
                "age_band_accuracy", "ece"):  # fmt: skip
        assert found[key]["low"] <= found[key]["value"] <= found[key]["high"]
    assert set(found["f1_per_class"]) == set(SIX.cell_names)
    assert sum(map(sum, found["confusion"]["matrix"])) == 90
    assert set(found["slices"]) == {"decade", "gender", "sharpness", "brightness"}


def test_tables_predictions_and_a_json_file(figures, model, tmp_path):
    result = invoke(figures, "--model", model, "--split", "all", "--limit", 20, "--device", "cpu",
                    "--json", tmp_path / "out.json", "--predictions", tmp_path / "out.csv")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "untrained on set, all: perceived age and gender, pictures: 40" in result.stdout
    assert "true class by judged class" in result.stdout and "by labelled gender" in result.stdout
    assert "age error" not in result.stdout  # labels are ranges: nobody knows an error in years
    table = pd.read_csv(tmp_path / "out.csv")
    assert len(table) == 2 * 20 == json.loads((tmp_path / "out.json").read_text())["n"]
    assert {
        "file",
        "gender",
        "p_female",
        "predicted_gender",
        "predicted_age",
        "cell",
        "predicted_cell",
    } <= set(table)


def test_tables_are_in_the_language_that_was_asked_for(figures, model):
    words = ["eval", figures, "--model", model, "--limit", 20, "--device", "cpu", "--lang", "ru"]
    result = CliRunner().invoke(cli, list(map(str, words)))
    assert result.exit_code == 0, result.output
    assert "untrained на set, val: воспринимаемые возраст и пол, снимков: 20" in result.stdout
    for words in ("в целом", "пол верен, %", "по резкости", "пожилая женщина", "женщины"):
        assert words in result.stdout, result.stdout
    assert not re.search("gender|woman|female|pictures|measure", result.stdout)


def test_bad_rows_stop_it_unless_told_otherwise(figures, model, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    picture = shutil.copy(next((figures / "images").glob("val_man_*")), broken)
    name = Path(picture).name
    (broken / "labels.csv").write_text(
        f"file,split,gender,age\n{name},val,male,30\n{name},val,male,31\nnone.jpg,val,male,30\n"
    )
    with pytest.raises(AgestatError, match=r"labels\.csv, line 4: there is no file none\.jpg"):
        CliRunner().invoke(command, [str(broken), "--model", str(model)], catch_exceptions=False)
    result = invoke(broken, "--model", model, "--skip-bad", "-q", "--json", "-")
    assert "Went on without 2 pictures that cannot be used." in result.stderr
    assert json.loads(result.stdout)["n"] == 1


def test_errors_name_what_to_do(figures, model, tmp_path, monkeypatch):
    monkeypatch.delenv("AGESTAT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert isinstance(invoke("--model", model).exception, AgestatError)
    assert "There is no split 'test'" in str(invoke(figures, "--model", model, "--split", "test").exception)
    assert isinstance(invoke(figures, "--model", "nobody").exception, UsageError)
    unwritable = invoke(figures, "--model", model, "--limit", 3, "-q", "--json", tmp_path / "no" / "out.json")
    assert "out.json (No such file or directory): name a file that you may write." in str(
        unwritable.exception
    )

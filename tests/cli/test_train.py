"""``agestat train`` as a user runs it."""

import pytest
from click.testing import CliRunner

from agestat.cli import evaluate
from agestat.cli.train import command
from agestat.errors import UsageError
from agestat.model.checkpoint import read_info
from agestat.training.fit import Trainer
from agestat.training.recipes import parse_stages


def invoke(*words):
    return CliRunner().invoke(command, [str(word) for word in words])


def smoke(figures, tmp_path, *words):
    return invoke(
        figures, "--recipe", "simpsons", "--out", tmp_path / "run", "--cache", tmp_path / "cache",
        "--device", "cpu", "--batch-size", 8, "--limit", 16, "--quiet", *words,
    )  # fmt: skip


def test_a_smoke_run_writes_a_checkpoint_and_says_where(figures, tmp_path):
    result = smoke(figures, tmp_path, "--epochs", 1, "--freeze", "stem,layer1,layer2", "--name", "tiny")
    assert result.exit_code == 0, result.output
    assert result.stdout == "" and f"The model is in {tmp_path / 'run'}" in result.stderr
    info = read_info(tmp_path / "run")
    assert (info["name"], info["epochs"], info["trained_on"], info["init"]) == ("tiny", 1, 16, "scratch")


def test_ctrl_c_leaves_a_usable_checkpoint_and_resume_goes_on(figures, tmp_path, monkeypatch):
    advance = Trainer.advance

    def interrupted(trainer):
        if trainer.epoch == 1:
            raise KeyboardInterrupt
        advance(trainer)

    monkeypatch.setattr(Trainer, "advance", interrupted)
    assert smoke(figures, tmp_path, "--epochs", 2).exit_code == 0
    assert read_info(tmp_path / "run")["epochs"] == 1
    monkeypatch.setattr(Trainer, "advance", advance)
    assert smoke(figures, tmp_path, "--epochs", 2, "--resume").exit_code == 0
    assert read_info(tmp_path / "run")["epochs"] == 2


def test_another_recipe_does_not_resume_this_one(figures, tmp_path):
    assert smoke(figures, tmp_path, "--epochs", 1).exit_code == 0
    result = smoke(figures, tmp_path, "--epochs", 3, "--resume")
    assert "was made by another recipe" in str(result.exception)


def test_unknown_recipe_names_those_there_are(figures, tmp_path):
    result = invoke(figures, "--recipe", "sipmsons", "--out", tmp_path / "run")
    assert isinstance(result.exception, UsageError)
    assert "choose one of faces, faces-transfer" in str(result.exception)


def test_stages_are_sizes_and_epochs(figures, tmp_path):
    assert parse_stages("64x10,128x6") == ((64, 10), (128, 6))
    for wrong in ("64", "64x", "8x3", "64x0", "64x3,"):
        with pytest.raises(UsageError, match="is not SIZExEPOCHS"):
            parse_stages(wrong)
    assert smoke(figures, tmp_path, "--stages", "32x1,48x1").exit_code == 0
    assert read_info(tmp_path / "run")["input_size"] == 48


def test_a_run_from_an_earlier_run_tells_its_origin(figures, tmp_path):
    assert smoke(figures, tmp_path, "--stages", "32x1").exit_code == 0
    first = tmp_path / "first"
    (tmp_path / "run").rename(first)
    assert smoke(figures, tmp_path, "--stages", "32x1", "--init", first / "model.safetensors").exit_code == 0
    assert read_info(tmp_path / "run")["init"].startswith("an earlier run, `agestat")


def test_eval_records_its_figures_in_the_card(figures, tmp_path):
    assert smoke(figures, tmp_path, "--stages", "32x1").exit_code == 0
    judged = CliRunner().invoke(
        evaluate.command, [str(figures), "--model", str(tmp_path / "run"), "--record", "-q"]
    )
    assert judged.exit_code == 0, judged.output
    metrics = read_info(tmp_path / "run")["metrics"]["set val"]
    assert metrics["n"] == 90 and 0 <= metrics["f1_macro"]["value"] <= 1
    card = (tmp_path / "run" / "README.md").read_text()
    assert "### set val" in card and "| F1 of elderly woman |" in card and "By decade:" in card

"""``agestat train`` as a user runs it."""

import re

import pytest
import torch
from click.testing import CliRunner

from agestat.cli import evaluate
from agestat.cli.train import command
from agestat.errors import AgestatError, UsageError
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
    words = ("--name", "tiny", "--terms", "ours", "--balance", 0.5, "--no-amp")
    result = smoke(figures, tmp_path, "--epochs", 1, "--freeze", "stem,layer1,layer2", *words)
    assert result.exit_code == 0, result.output
    assert result.stdout == "" and f"The model is in {tmp_path / 'run'}" in result.stderr
    info = read_info(tmp_path / "run")
    assert info["terms"] == "ours"
    assert (info["name"], info["epochs"], info["trained_on"], info["init"]) == ("tiny", 1, 16, "scratch")


def test_ctrl_c_leaves_a_usable_checkpoint_and_resume_goes_on(figures, tmp_path, monkeypatch):
    advance = Trainer.advance

    def interrupted(trainer):
        if trainer.epoch == 1:
            raise KeyboardInterrupt
        advance(trainer)

    monkeypatch.setattr(Trainer, "advance", interrupted)
    stopped = smoke(figures, tmp_path, "--epochs", 2)
    assert stopped.stderr.splitlines()[-1] == (
        f"Stopped: {tmp_path / 'run'} holds the model after 1 of 2 epochs; the same command with --resume "
        "goes on."
    )
    assert read_info(tmp_path / "run")["epochs"] == 1
    monkeypatch.setattr(Trainer, "advance", advance)
    assert smoke(figures, tmp_path, "--epochs", 2, "--resume").exit_code == 0
    assert read_info(tmp_path / "run")["epochs"] == 2


def test_another_recipe_does_not_resume_this_one(figures, tmp_path):
    assert smoke(figures, tmp_path, "--epochs", 1).exit_code == 0
    result = smoke(figures, tmp_path, "--epochs", 3, "--resume")
    assert "was made with another recipe" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seed", 1], "another seed"),
        (["--init", "other.safetensors"], r"another start \(--init\)"),
        (["--limit", 8], "another set to train on"),
    ],
)
def test_other_options_do_not_resume_a_run(figures, tmp_path, monkeypatch, words, message):
    assert smoke(figures, tmp_path, "--epochs", 1).exit_code == 0
    monkeypatch.setattr("agestat.training.fit.initialise", lambda *_: None)
    result = smoke(figures, tmp_path, "--epochs", 1, "--resume", *words)
    assert isinstance(result.exception, AgestatError)
    assert re.search(f"was made with {message}: give what", str(result.exception))


def test_a_finished_run_keeps_what_was_recorded(figures, tmp_path):
    assert smoke(figures, tmp_path, "--epochs", 1).exit_code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    assert smoke(figures, tmp_path, "--epochs", 1, "--resume").exit_code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    (tmp_path / "run" / "state.pt").unlink()
    again = smoke(figures, tmp_path, "--epochs", 1)
    assert "holds an earlier run: add --resume to go on, or give another --out" in str(again.exception)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--freeze", "nonsense"], "There is no stage 'nonsense' to freeze: give stem,layer1,"),
        (["--lr", "nan"], "--lr nan is no number"),
        (["--weight-decay", "inf"], "--weight-decay inf is no number"),
        (["--age-loss", "mse"], "--age-loss is for recipes that learn ages in years: simpsons does not"),
        (["--device", "cpu:x"], "The device 'cpu:x' is not there"),
        (["--lr", 1e9], "The loss is no longer a number: give a smaller --lr"),
    ],
)
def test_what_cannot_be_trained_with_is_one_sentence(figures, tmp_path, words, message):
    result = smoke(figures, tmp_path, "--stages", "32x2", *words)
    assert isinstance(result.exception, AgestatError), result.exception
    assert message in str(result.exception)
    assert not (tmp_path / "run" / "model.json").exists()


def test_places_that_cannot_be_written_are_told_before_the_first_epoch(figures, tmp_path):
    (tmp_path / "run").write_text("a file")
    result = smoke(figures, tmp_path, "--epochs", 1)
    assert isinstance(result.exception, SystemExit) and "is a file" in result.stderr
    result = smoke(figures, tmp_path, "--epochs", 1, "--out", tmp_path / "run" / "x")
    assert isinstance(result.exception, AgestatError)
    assert str(result.exception).endswith("cannot be made (Not a directory): give another folder.")


def test_stages_from_scratch_are_not_frozen_by_a_recipe(figures, tmp_path):
    assert smoke(figures, tmp_path, "--stages", "32x1").exit_code == 0
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    assert "'freeze': ()" in state["run"]["recipe"]


def test_unknown_recipe_names_those_there_are(figures, tmp_path):
    result = invoke(figures, "--recipe", "sipmsons", "--out", tmp_path / "run")
    assert isinstance(result.exception, UsageError)
    assert "choose one of faces, faces-tuned, faces-transfer" in str(result.exception)


def test_stages_are_sizes_and_epochs(figures, tmp_path):
    assert parse_stages("64x10,128x6") == ((64, 10), (128, 6))
    for wrong in ("64", "64x", "64x0", "64x3,"):
        with pytest.raises(UsageError, match="is not SIZExEPOCHS"):
            parse_stages(wrong)
    for wrong in ("8x3", "520x1"):
        with pytest.raises(UsageError, match="is not of 32 to 512 pixels"):
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
    assert "### set val: 90 pictures" in card and "By labelled age:" in card
    assert "| distance to the labelled range, years |" in card and "age error" not in card

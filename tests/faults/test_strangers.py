"""Stores, models and outputs that a stranger could name: one sentence each, nothing lost, no waiting."""

import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing

import numpy as np
import pytest
from click.testing import CliRunner
from mutate import valid_pictures

import agestat
from agestat.analysis.scan import Scan
from agestat.cli.compare import command as compare
from agestat.cli.label import command as label
from agestat.cli.report import command as report
from agestat.errors import AgestatError, UsageError
from agestat.files import output_file
from agestat.images.walk import walk
from agestat.model.checkpoint import load_model, read_info
from agestat.scanning.store import Store


def run(command, *arguments):
    """The exception of a command, if it ends with one."""
    return CliRunner().invoke(command, [str(part) for part in arguments], standalone_mode=False).exception


@pytest.fixture(scope="module")
def first_scan(whole_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scanned")
    (folder / "p").mkdir()
    for name in ("rgb.jpg", "rgb.png", "cmyk.jpg"):
        (folder / "p" / name).write_bytes(valid_pictures()[name])
    agestat.scan(folder / "p", db=folder / "s.sqlite", model=whole_model, device="cpu", workers=1)
    return folder / "s.sqlite"


@pytest.fixture
def scanned(first_scan, tmp_path):
    return shutil.copy(first_scan, tmp_path / "s.sqlite")


@pytest.fixture
def fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


def test_no_output_takes_the_place_of_what_is_read(scanned, tmp_path):
    before = scanned.read_bytes()
    other = tmp_path / "other"
    assert isinstance(run(report, scanned, "-q", "--csv", scanned), UsageError)
    assert isinstance(run(report, scanned, "-q", "--csv", other, "--json", other), UsageError)
    assert isinstance(run(label, scanned, "--out", scanned), UsageError)
    assert isinstance(run(compare, scanned, scanned, "--csv", scanned), UsageError)
    assert scanned.read_bytes() == before
    assert not other.exists()


def test_a_pipe_is_written_not_replaced(scanned, fifo):
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    assert run(label, scanned, "--n", 2, "--out", fifo) is None
    assert os.read(reader, 100).startswith(b"weight,root,path")
    os.close(reader)
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_an_output_with_the_longest_name_there_is(tmp_path):
    with output_file(tmp_path / ("ü" * 127)) as stream:
        stream.write(b"text")
    assert (tmp_path / ("ü" * 127)).read_bytes() == b"text"
    with pytest.raises(AgestatError, match="Cannot write"), output_file(tmp_path / ("x" * 256)) as stream:
        stream.write(b"text")


def test_pipes_in_place_of_files_are_not_waited_for(whole_model, fifo, tmp_path):
    with pytest.raises(AgestatError, match="fifo is not a file: choose another --db"), Store(fifo):
        pass
    model = shutil.copytree(whole_model, tmp_path / "model")
    (model / "model.safetensors").unlink()
    os.mkfifo(model / "model.safetensors")
    with pytest.raises(AgestatError, match="is not there or not a file"):
        load_model(model)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"space": "ages"}, "the label space 'ages' is unknown"),
        ({"space": ["six"]}, "must be text"),
        ({"sha256": ["x"]}, "must be text"),
        ({"crop": "ears"}, "its crop 'ears' is none of faces, whole"),
        ({"crop": None}, "must be text"),
        ({"input_size": "x"}, "must be 32 to 512 pixels"),
        ({"input_size": 10**9}, "must be 32 to 512 pixels"),
    ],
)
def test_descriptions_that_cannot_be_used(whole_model, tmp_path, changes, words):
    info = json.loads((whole_model / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**info, **changes}))
    with pytest.raises(AgestatError, match=words):
        read_info(tmp_path)


def test_a_description_nested_beyond_reason(tmp_path):
    (tmp_path / "model.json").write_text("[" * 100_000)
    with pytest.raises(AgestatError, match="is not the description of an agestat model"):
        read_info(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"feature_mean": np.zeros(3), "feature_projection": np.zeros((512, 4))},
        {"feature_mean": np.zeros(512), "feature_projection": np.zeros((3, 4))},
        {
            "feature_mean": np.zeros(512),
            "feature_projection": np.zeros((512, 4)),
            "feature_altered": np.zeros(2),
        },
        {"gender": np.zeros(3)},
        {"age_min": np.array(["x"] * 10)},
        {"logits": np.zeros((10, 2))},
    ],
)
def test_calibration_sets_that_do_not_fit(whole_model, tmp_path, changes):
    model = shutil.copytree(whole_model, tmp_path / "model")
    labels = {name: np.zeros(10) for name in ("gender", "age_min", "age_max")}
    with np.load(model / "calibration.npz") as arrays:
        width = arrays["logits"].shape[1] if "logits" in arrays else 6
    np.savez(model / "calibration.npz", **{"logits": np.zeros((10, width)), **labels, **changes})
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "rgb.jpg").write_bytes(valid_pictures()["rgb.jpg"])
    options = {"model": model, "db": tmp_path / "s.sqlite", "device": "cpu", "workers": 1}
    with pytest.raises(AgestatError, match="does not fit"):
        agestat.scan(tmp_path / "p", **options).estimate()


@pytest.mark.parametrize(
    ("statement", "use"),
    [
        ("UPDATE files SET path = 5 WHERE id = 1", lambda scan: scan.files),
        ("UPDATE faces SET score = 'q'", lambda scan: scan.estimate(method="cc")),
        ("UPDATE models SET info = replace(hex(zeroblob(50000)), '00', '[')", lambda scan: scan.model_info),
    ],
)
def test_a_store_that_somebody_changed(scanned, statement, use):
    with closing(sqlite3.connect(scanned)) as db, db:
        db.execute(statement)
    with Scan.open(scanned) as scan, pytest.raises(AgestatError, match="is damaged: move it away"):
        use(scan)


def test_a_store_that_may_only_be_read_is_reported(scanned, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with Scan.open(scanned) as scan:
        assert scan.counts["found"] == 3
    with pytest.raises(AgestatError, match="may not be written to"), Store(scanned):
        pass


@pytest.mark.parametrize("data", [np.random.default_rng(0).bytes(1000), b"", b'"'])
def test_a_table_of_random_bytes(scanned, tmp_path, data):
    (tmp_path / "t.csv").write_bytes(data)
    tables = [tmp_path / "t.csv", tmp_path / "t.csv", "--stores", scanned, scanned]
    error = run(compare, *tables)
    assert isinstance(error, AgestatError) and "t.csv" in str(error)


def test_a_working_folder_that_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert list(walk(["."])) == []
    assert [entry.reason for entry in walk(["a.jpg"])] == ["vanished"]

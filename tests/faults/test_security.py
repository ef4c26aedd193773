"""No network, no way out of what was scanned, no paths where none are wanted."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner
from helpers import read_csv, rows
from mutate import valid_pictures

import agestat
from agestat.analysis.scan import Scan
from agestat.cli.report import command as report
from agestat.errors import AgestatError
from agestat.labelled.dataset import read_labelled
from agestat.report.thumbnails import thumbnails

NO_SOCKETS = """
import socket
def forbidden(*_, **__):
    raise SystemExit("a socket was opened")
socket.socket.__init__ = socket.create_connection = socket.getaddrinfo = forbidden
"""


def change(store, statement):
    with closing(sqlite3.connect(store)) as db, db:
        db.execute(statement)


@pytest.fixture
def scanned(whole_model, tmp_path):
    """A store of five pictures and one that does not open."""
    (tmp_path / "p").mkdir()
    for number, name in enumerate(("rgb.jpg", "rgb.png", "cmyk.jpg", "rgb.bmp", "raw.tif")):
        (tmp_path / "p" / f"{number}{name}").write_bytes(valid_pictures()[name])
    (tmp_path / "p" / "secret name.jpg").write_text("text")
    options = {"model": whole_model, "device": "cpu", "workers": 1}
    agestat.scan(tmp_path / "p", db=tmp_path / "s.sqlite", **options)
    return tmp_path / "s.sqlite"


def test_a_scan_opens_no_socket(scan, collection, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(NO_SOCKETS)
    done = scan(
        collection / "0", "--csv", tmp_path / "out.csv", "--html", tmp_path / "out.html",
        env={"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "")
    assert read_csv(tmp_path / "out.csv")


def test_openvino_reports_to_nobody(tmp_path):
    pytest.importorskip("openvino")
    program = (
        f"{NO_SOCKETS}\nimport sys\nfrom agestat.images.yunet import detector\nimport numpy\n"
        "detector().look(numpy.zeros((64, 64, 3), numpy.uint8))\n"
        "assert 'openvino_telemetry.main' not in sys.modules"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD")}
    home = {**environment, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=home, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_store_cannot_have_other_pictures_shown(scanned, tmp_path):
    """A stranger's store names a picture that was never scanned."""
    (tmp_path / "private.png").write_bytes(valid_pictures()["rgb.png"])
    with Scan.open(scanned) as scan:
        assert len(list(thumbnails(scan))) == 5
    change(
        scanned,
        "UPDATE files SET path = CAST('../private.png' AS BLOB) WHERE path = CAST('1rgb.png' AS BLOB)",
    )
    with Scan.open(scanned) as scan:
        assert len(list(thumbnails(scan))) == 4


@pytest.mark.parametrize(("asked", "shown"), [((), 0), (("--thumbnails",), 5)])
def test_the_page_shows_faces_only_when_asked(scanned, tmp_path, asked, shown):
    target = tmp_path / "out.html"
    arguments = [str(scanned), "--raw", "--quiet", "--lang", "en", "--html", str(target), *asked]
    assert CliRunner().invoke(report, arguments, standalone_mode=False).exception is None
    page = target.read_text(encoding="utf-8")
    assert page.count("<img") == page.count("data:image/") == shown
    assert ("These pictures can identify people" in page) == bool(asked)


def test_a_store_is_whole_by_itself(whole_model, tmp_path):
    """The model's folder is not looked for again: a stranger's store could name any other."""
    shutil.copytree(whole_model, tmp_path / "model")
    (tmp_path / "p.png").write_bytes(valid_pictures()["rgb.png"])
    options = {"model": tmp_path / "model", "device": "cpu", "workers": 1, "db": tmp_path / "s.sqlite"}
    with agestat.scan(tmp_path / "p.png", **options) as result:
        before = result.table()
    shutil.rmtree(tmp_path / "model")
    with Scan.open(tmp_path / "s.sqlite") as result:
        assert result.table().equals(before)
        assert str(tmp_path / "model") not in json.dumps(result.run)


@pytest.mark.parametrize(
    "nonsense",
    [
        "calibration = x'00'",
        "calibration = 'text'",
        "info = '[]'",
        "info = '{\"calibration\": []}'",
        'info = \'{"calibration": {"name": 5}}\'',
    ],
)
def test_nonsense_instead_of_a_model_is_one_sentence(scanned, nonsense):
    change(scanned, f"UPDATE models SET {nonsense}")
    with Scan.open(scanned) as scan, pytest.raises(AgestatError, match="is damaged: move it away"):
        scan.table()


@pytest.mark.parametrize("name", ["../private.png", "/etc/hostname", "a/../../private.png"])
def test_a_label_file_cannot_have_other_pictures_read(tmp_path, name):
    (tmp_path / "set").mkdir()
    (tmp_path / "private.png").write_bytes(valid_pictures()["rgb.png"])
    (tmp_path / "set/labels.csv").write_text(f"file,gender,age\n{name},female,30\n")
    with pytest.raises(AgestatError, match="lies outside the set"):
        read_labelled([tmp_path / "set"])


def test_anonymous_leaves_no_path_in_any_output(scan, scanned, tmp_path):
    out = {kind: tmp_path / f"out.{kind}" for kind in ("csv", "json", "html")}
    options = [f"--{kind}={path}" for kind, path in out.items()]
    done = scan(tmp_path / "p", "-v", "--anonymous", "--faces", tmp_path / "faces.csv", *options)
    assert done.returncode == 3
    texts = [path.read_text() for path in (*out.values(), tmp_path / "faces.csv")]
    for word in ("rgb.jpg", "secret name", "tmp_path", str(tmp_path)):
        assert not any(word in text for text in (*texts, done.stdout, done.stderr)), word
    faces = read_csv(tmp_path / "faces.csv")
    assert len({face["path"] for face in faces}) == 5
    assert {len(face["path"]) for face in faces} == {32}


def test_hashes_of_paths_differ_from_export_to_export(scanned):
    with Scan.open(scanned) as scan:
        scan.hide_paths()
        first = scan.faces["path"]
        assert scan.faces["path"].tolist() == first.tolist()
        scan.hide_paths()
        assert set(scan.faces["path"]).isdisjoint(first)


def test_the_store_keeps_neither_pixels_nor_features(scanned):
    """Per face: box, score, two qualities, one novelty and the packed probabilities of six classes."""
    columns = {row[-1].__class__ for row in rows(scanned) if row[12] is not None}
    assert columns == {bytes}
    assert {len(row[-1]) for row in rows(scanned) if row[12] is not None} == {12}
    with closing(sqlite3.connect(scanned)) as db:
        names = [row[1] for row in db.execute("PRAGMA table_info(faces)")]
    assert names == [
        "file_id", "number", "x", "y", "width", "height", "score", "sharpness", "brightness", "novelty",
        "probabilities",
    ]  # fmt: skip


def test_times_beyond_what_a_store_can_hold(whole_model, tmp_path):
    """A file of the year 2400 is kept as one of 2262, the last time that a store can hold."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p/late.png").write_bytes(valid_pictures()["palette.png"])
    os.utime(tmp_path / "p/late.png", ns=(0, 13_569_465_600 * 10**9))
    options = {"model": whole_model, "device": "cpu", "workers": 1, "db": tmp_path / "s.sqlite"}
    for reused in (0, 1):
        with agestat.scan(tmp_path / "p", **options) as result:
            assert result.counts["reused"] == reused
            assert result.groups(["year"], trust_mtime=True).isin(["2262", "2261"]).all()


@pytest.mark.parametrize(
    "nonsense",
    [
        "UPDATE faces SET probabilities = 'text'",
        "UPDATE faces SET probabilities = x'00'",
        "UPDATE runs SET about = '[]'",
        "UPDATE runs SET about = '{'",
        """UPDATE runs SET about = '{"space": "years"}'""",
    ],
)
def test_a_store_with_nonsense_in_it_is_one_sentence(scanned, nonsense):
    change(scanned, nonsense)
    with Scan.open(scanned) as scan, pytest.raises(AgestatError, match="is damaged: move it away"):
        _ = scan.faces

"""Hostile files: each exactly one row with its reason, in bounded time and memory, exit code 3."""

import os
import resource
import shutil
import time
from collections import Counter

import pytest
from corpus import OK, make_corpus
from helpers import LONG, read_csv, rows, without_override
from mutate import valid_pictures

import agestat
from agestat.images.walk import walk

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and permissions of POSIX")


def outcome(row):
    return row[1], OK if row[4] == "ok" else row[5]


def _processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_every_hostile_file_is_one_row_with_its_reason(scan, fault_folder, tmp_path):
    expected = make_corpus(fault_folder)
    start, before = _processor_seconds(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    tables = [f"--{kind}={tmp_path}/table.{kind}" for kind in ("csv", "json", "parquet")]
    options = ["--faces", tmp_path / "faces.csv", "--by", "folder", *tables]
    done = scan(fault_folder, *options, wrap=without_override())
    seconds = _processor_seconds() - start
    assert done.returncode == 3, done.stderr
    found = [outcome(row) for row in rows(tmp_path / "s.sqlite")]
    assert dict(found) == expected
    assert len(found) == len(expected)
    assert done.stderr == ""
    assert "Traceback" not in done.stdout
    assert "\x1b[31m" not in done.stdout
    faces = read_csv(tmp_path / "faces.csv")
    assert len(faces) == Counter(expected.values())[OK]
    assert seconds < 60
    # KiB; the system keeps the largest of all children, of earlier tests too.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 3 << 20)
    again = scan(fault_folder, "-q", wrap=without_override())
    assert (again.stderr, again.returncode) == ("", 3)
    assert dict(map(outcome, rows(tmp_path / "s.sqlite"))) == expected


def test_files_that_vanish_or_change_are_rows(collection, whole_model, tmp_path):
    shutil.copytree(collection / "0", tmp_path / "p")
    vanished, changed = tmp_path / "p/text.jpg", tmp_path / "p/rgb.png"

    def interfere(now):
        if now.done == 1:
            vanished.unlink()
            os.truncate(changed, 5000)

    options = {"model": whole_model, "db": tmp_path / "s.sqlite", "workers": 1, "device": "cpu"}
    with agestat.scan(tmp_path / "p", **options, progress=interfere) as result:
        reasons = result.files.set_index("path")["reason"].dropna()
        assert reasons.to_dict() == {"rgb.png": "truncated", "text.jpg": "vanished"}
        assert result.counts["found"] == len(valid_pictures()) + 1


@pytest.mark.skipif(not LONG, reason="200,000 files: AGESTAT_LONG=1")
def test_a_folder_of_200_000_files(tmp_path):
    for number in range(200_000):
        (tmp_path / f"{number:06}.jpg").touch()
    start = time.monotonic()
    assert sum(1 for _ in walk([tmp_path])) == 200_000
    assert time.monotonic() - start < 60

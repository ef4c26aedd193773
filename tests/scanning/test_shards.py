"""What is scanned in shards and merged reads like one scan."""

import shutil
import sqlite3
from contextlib import closing

import pytest

import agestat
from agestat.errors import AgestatError, UsageError
from agestat.images.walk import Found
from agestat.scanning.shards import only_shard, parse_shard

EQUAL = (
    "SELECT roots.path, files.path, size, mtime_ns, status, reason, files.width, files.height, format, "
    "taken_at, camera, faces_left_out, part, pages, number, x, y, faces.width, faces.height, score, "
    "sharpness, brightness, novelty, probabilities, text FROM roots JOIN files ON root_id = roots.id "
    "JOIN settings ON settings_id = settings.id LEFT JOIN faces ON file_id = files.id "
    "ORDER BY roots.path, files.path, number"
)


def rows(store):
    with closing(sqlite3.connect(store)) as db:
        return db.execute(EQUAL).fetchall()


@pytest.fixture
def scan(samples, model, tmp_path):
    """A scan of the samples, or of other paths, into a store of the test's folder; returns its file."""

    def run(name, *paths, **options):
        store = tmp_path / f"{name}.sqlite"
        options = {"model": model, "device": "cpu", "workers": 1, **options}
        agestat.scan(paths or [samples], db=store, **options)
        return store

    return run


def test_every_file_is_in_one_shard_wherever_its_root_lies():
    files = [Found(root, f"{number}.jpg", 1, 1) for root in ("/a", "/b") for number in range(1000)]
    parts = [list(only_shard(files, (number, 4))) for number in (1, 2, 3, 4)]
    assert sorted(file.path for part in parts for file in part) == sorted(file.path for file in files)
    assert all(400 < len(part) < 600 for part in parts)
    for part in parts:
        paths = {root: [file.path for file in part if file.root == root] for root in ("/a", "/b")}
        assert paths["/a"] == paths["/b"]
    assert list(only_shard(files, None)) == files


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "x", "1/", "-1/4", "1/4/2"])
def test_parts_that_there_are_not(text):
    with pytest.raises(UsageError, match=r"is not I/N|There is no part"):
        parse_shard(text)


def test_four_shards_merged_are_one_scan_row_by_row(scan, tmp_path):
    whole = scan("whole")
    shards = [scan(str(number), shard=(number, 4)) for number in (1, 2, 3, 4)]
    merged = agestat.merge(shards, tmp_path / "merged.sqlite")
    assert rows(tmp_path / "merged.sqlite") == rows(whole)
    one = agestat.open(whole)
    assert {**merged.counts, "reused": 0} == {**one.counts, "reused": 0}
    assert merged.run["roots"] == one.run["roots"]
    assert "shard" not in merged.run["options"]
    assert merged.table(replicates=10).equals(one.table(replicates=10))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".sqlite"] * 6


def test_what_cannot_be_merged_is_told_in_a_sentence(scan, samples, other_model, tmp_path):
    first, out = scan("first", samples / "photos"), tmp_path / "out.sqlite"
    strict = scan("strict", samples / "drawn", min_face=100)
    other = scan("other", samples / "drawn", model=other_model)
    (tmp_path / "foreign.sqlite").write_bytes(b"x" * 5000)
    for second, words in (
        (scan("again", samples / "photos"), "holds files that another of the stores holds too"),
        (scan("around", samples), "holds files that another of the stores holds too"),
        (strict, "were scanned with different settings"),
        (other, "were scanned with different models"),
        (tmp_path / "none.sqlite", r"none\.sqlite is not there: check its name"),
        (tmp_path / "foreign.sqlite", "is not a store of agestat"),
    ):
        with pytest.raises(AgestatError, match=words):
            agestat.merge([first, second], out)
    shutil.copy(first, out)
    with pytest.raises(AgestatError, match="is there already: give --out another name"):
        agestat.merge([first], out)
    assert not list(tmp_path.glob("*-part*"))


def test_a_scan_that_was_stopped_is_not_merged(scan, tmp_path):
    store = scan("stopped")
    with closing(sqlite3.connect(store)) as db, db:
        db.execute("UPDATE runs SET finished_at = NULL")
    with pytest.raises(AgestatError, match="was stopped before its end: repeat its command first"):
        agestat.merge([store], tmp_path / "out.sqlite")

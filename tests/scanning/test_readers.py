"""Readers of a store disturb neither each other nor a scan, and stores of older versions are read."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from agestat.errors import AgestatError
from agestat.images.walk import Found
from agestat.model.label_space import SIX
from agestat.scanning.examine import Examined, Face
from agestat.scanning.store import Row, Store, StoredRun
from agestat.scanning.store.schema import FILE_COLUMNS

ABOUT = {"model": "m", "model_digest": "d", "space": "six", "agestat": "0"}
SCHEMA_2 = [name for name in FILE_COLUMNS if name not in (
    "ctime_ns", "part", "pages", "turn", "content", "look", "taken_from", "notes"
)]  # fmt: skip


def row(number):
    face = Face(1, 2, 30, 40, 0.9, 120.5, 99.0)
    blob = SIX.pack(np.full((1, 6), 1 / 6, np.float32))
    answer = Examined("ok", width=64, height=48, format="JPEG", faces=[face])
    return Row(Found("/photos", f"{number}.jpg", 100, 5), answer, blob, [1.0])


def write(store, run, *numbers):
    with store.transaction():
        store.write(run, [row(number) for number in numbers])


@pytest.fixture
def path(tmp_path):
    """A store of one finished run of three files."""
    with Store(tmp_path / "s.sqlite") as store:
        store.keep_model({"sha256": "d"}, None)
        run = store.begin_run("settings", ABOUT)
        write(store, run, 1, 2, 3)
        store.end_run(run)
    return tmp_path / "s.sqlite"


@pytest.fixture
def elsewhere(path):
    """Run statements in another process, which has the name ``path``."""

    def run(code):
        program = f"from agestat.scanning.store import Store, StoredRun; path = {str(path)!r}; {code}"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr.strip().rpartition("\n")[2]

    return run


COUNT = "print(StoredRun.latest(path).counts()['found'])"


def test_two_read_at_the_same_time(path, elsewhere):
    with StoredRun.latest(path) as mine:
        assert mine.counts()["faces"] == 3
        assert elsewhere(COUNT) == "3"
        assert len(mine.files()) == 3
    assert os.listdir(path.parent) == ["s.sqlite"]  # noqa: PTH208


def test_while_a_scan_writes_others_see_what_is_saved(path, elsewhere):
    with Store(path) as store:
        run = store.begin_run("other settings", ABOUT)
        assert elsewhere(COUNT) == "3"
        write(store, run, 1, 2)
        assert elsewhere(COUNT) == "2"
        with store.transaction():
            store.write(run, [row(4)])
            assert elsewhere(COUNT) == "2"
        assert elsewhere(COUNT) == "3"


def test_inside_with_everything_is_as_at_one_moment(path):
    with StoredRun.latest(path) as before, Store(path) as store:
        run = store.begin_run("settings", ABOUT)
        write(store, run, 1, 4)
        assert before.counts()["found"] == len(before.files()) == 3
        assert StoredRun.latest(path).counts()["found"] == 2
    with pytest.raises(AgestatError, match="was scanned into again since"):
        before.counts()


def test_a_second_writer_is_refused_in_one_sentence(path, elsewhere):
    with Store(path):
        said = elsewhere("Store(path).__enter__()")
        assert said.endswith(
            f"The store {path} is in use by another run: wait for it to end, or choose another --db."
        )
    assert elsewhere("Store(path).__enter__(); print('mine')") == "mine"


def test_a_killed_writer_leaves_no_lock(path, elsewhere):
    elsewhere("import os; Store(path).__enter__(); os.kill(os.getpid(), 9)")
    with Store(path) as store:
        write(store, store.begin_run("settings", ABOUT), 5)
    assert elsewhere(COUNT) == "1"


@pytest.fixture
def old(path, tmp_path):
    """The same store as schema 2 had it."""
    old = shutil.copy(path, tmp_path / "old.sqlite")
    with closing(sqlite3.connect(old)) as db, db:
        for name in FILE_COLUMNS.keys() - set(SCHEMA_2):
            db.execute(f"ALTER TABLE files DROP COLUMN {name}")
        db.execute("PRAGMA user_version = 2")
    return old


def test_a_store_of_schema_2_is_read_as_it_is(old):
    before = old.read_bytes()
    stored = StoredRun.latest(old)
    assert stored.counts()["faces"] == 3
    assert stored.files()["format"].tolist() == ["JPEG"] * 3
    assert [rows[0][1:] for rows in stored.facts("taken_at", "part")] == [(b"/photos", b"1.jpg", None, None)]
    assert old.read_bytes() == before


def test_a_store_of_schema_2_is_upgraded_when_it_is_written_to(old):
    with Store(old) as store:
        run = store.begin_run("settings", ABOUT)
        assert store.lookup(run, Found("/photos", "1.jpg", 100, 5)).status == "ok"
        write(store, run, 1)
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
        assert db.execute("SELECT count(*), count(part) FROM files").fetchone() == (3, 0)
    assert StoredRun.latest(old).counts()["found"] == 1


def test_each_column_is_what_the_decoder_found_of_that_name(path):
    changed = row(1)
    changed.answer.part, changed.answer.turn, changed.answer.content = 0.75, 90, b"hash"
    with Store(path) as store, store.transaction():
        store.write(1, [changed])
    ((first, *_),) = StoredRun.latest(path).facts("part", "turn", "content", "notes")
    assert first[1:] == (b"/photos", b"1.jpg", 0.75, 90, b"hash", None)


def test_a_store_without_a_scan_says_so(tmp_path):
    (tmp_path / "s.sqlite").touch()
    with pytest.raises(AgestatError, match="holds no scan yet: run `agestat scan`"):
        StoredRun.latest(tmp_path / "s.sqlite")
    assert (tmp_path / "s.sqlite").read_bytes() == b""


def test_json_that_is_no_description_is_damage(path):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE runs SET about = ?", [json.dumps([1])])
    with pytest.raises(AgestatError, match="is damaged: move it away"):
        StoredRun.latest(path).about  # noqa: B018

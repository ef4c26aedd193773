"""The store: what is used again, what is refused, and that what is refused stays untouched."""

import os
import sqlite3

import pytest

from agestat.errors import AgestatError
from agestat.images.walk import Found, Unwalkable
from agestat.scanning.examine import Examined, Face, failed
from agestat.scanning.store import Row, Store

FILE = Found("/photos", "a/1.jpg", 100, 5)
FACE = Face(1, 2, 30, 40, 0.9, 120.5, 99.0)


def picture(faces=1):
    return Examined("ok" if faces else "no_face", width=640, height=480, faces=[FACE] * faces)


def put(store, file, answer, settings="s", **row):
    run = store.begin_run(settings, {})
    faces = len(answer.faces)
    with store.transaction():
        store.write(run, [Row(file, answer, [b"p"] * faces, [None] * faces)])
    store.end_run(run)
    return run


def rows(path, query):
    with sqlite3.connect(path) as db:
        return db.execute(query).fetchall()


def test_an_unchanged_file_is_known_and_a_changed_one_is_not(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        put(store, FILE, picture())
        run = store.begin_run("s", {})
        assert store.lookup(run, FILE).status == "ok"
        assert store.lookup(run, Found("/photos", "a/1.jpg", 101, 5)) is None
        assert store.lookup(run, Found("/photos", "a/1.jpg", 100, 6)) is None
        assert store.lookup(run, Found("/photos", "b/1.jpg", 100, 5)) is None
        assert store.lookup(run, Found("/other", "a/1.jpg", 100, 5)) is None


def test_other_settings_live_side_by_side(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        put(store, FILE, picture(1), "model A")
        other = store.begin_run("model B", {})
        assert store.lookup(other, FILE) is None
        put(store, FILE, picture(3), "model B")
        again = store.begin_run("model A", {})
        assert store.lookup(again, FILE).status == "ok"
    assert rows(tmp_path / "s.sqlite", "SELECT count(*) FROM faces") == [(4,)]


@pytest.mark.parametrize(
    ("reason", "is_known"),
    [("truncated", True), ("not a picture", True), ("took too long", False), ("no permission", False)],
)
def test_failures_are_tried_again_unless_they_lie_in_the_bytes(tmp_path, reason, is_known):
    with Store(tmp_path / "s.sqlite") as store:
        put(store, FILE, failed(reason))
        assert (store.lookup(store.begin_run("s", {}), FILE) is not None) == is_known


def test_writing_again_replaces(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        put(store, FILE, picture(3))
        put(store, FILE, picture(1))
    assert rows(tmp_path / "s.sqlite", "SELECT count(*) FROM files") == [(1,)]
    assert rows(tmp_path / "s.sqlite", "SELECT count(*) FROM faces") == [(1,)]


def test_any_name_survives(tmp_path):
    name = os.fsdecode(b"\xff\n'\xf0\x9f\x98\x80\x00"[:-1]) + ".jpg"
    with Store(tmp_path / "s.sqlite") as store:
        put(store, Found("/photos", name, 1, 1), picture())
        assert store.lookup(store.begin_run("s", {}), Found("/photos", name, 1, 1)).status == "ok"
    assert rows(tmp_path / "s.sqlite", "SELECT path FROM files") == [(os.fsencode(name),)]


def test_what_cannot_be_walked_is_a_row(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        put(store, Unwalkable("/photos", "pipe", "not a regular file"), failed("not a regular file"))
    assert rows(tmp_path / "s.sqlite", "SELECT status, reason, size FROM files") == [
        ("failed", "not a regular file", None)
    ]


def test_a_failed_transaction_leaves_nothing(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        run = store.begin_run("s", {})
        with pytest.raises(RuntimeError), store.transaction():
            store.write(run, [Row(FILE, picture(0))])
            raise RuntimeError
        assert store.lookup(run, FILE) is None


def test_a_store_in_use_is_refused(tmp_path):
    with (
        Store(tmp_path / "s.sqlite"),
        pytest.raises(AgestatError, match=r"s\.sqlite is in use by another run: wait for it to end"),
        Store(tmp_path / "s.sqlite"),
    ):
        pass


@pytest.mark.parametrize(
    "content", [b"not a database at all", b"x" * 5000, b"SQLite format 3\0" + bytes(200)]
)
def test_a_file_that_is_no_store_stays_untouched(tmp_path, content):
    path = tmp_path / "s.sqlite"
    path.write_bytes(content)
    with (
        pytest.raises(AgestatError, match=r"is not a store of agestat, or a damaged one: choose"),
        Store(path),
    ):
        pass
    assert path.read_bytes() == content


def test_somebody_elses_database_stays_untouched(tmp_path):
    with sqlite3.connect(tmp_path / "s.sqlite") as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    before = (tmp_path / "s.sqlite").read_bytes()
    with pytest.raises(AgestatError, match="is not a store of agestat"), Store(tmp_path / "s.sqlite"):
        pass
    assert (tmp_path / "s.sqlite").read_bytes() == before
    assert os.listdir(tmp_path) == ["s.sqlite"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("version", "words"), [(99, "a newer agestat: update agestat"), (1, "an older agestat: move it away")]
)
def test_a_store_of_another_version_stays_untouched(tmp_path, version, words):
    with Store(tmp_path / "s.sqlite"):
        pass
    with sqlite3.connect(tmp_path / "s.sqlite") as db:
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
    before = (tmp_path / "s.sqlite").read_bytes()
    with pytest.raises(AgestatError, match=f"was made by {words}"), Store(tmp_path / "s.sqlite"):
        pass
    assert (tmp_path / "s.sqlite").read_bytes() == before


def test_damage_inside_a_store_is_one_sentence(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        for number in range(200):
            put(store, Found("/photos", f"{number:0200}.jpg", 1, 1), picture())
    data = bytearray((tmp_path / "s.sqlite").read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    (tmp_path / "s.sqlite").write_bytes(data)
    with (
        pytest.raises(AgestatError, match=r"s\.sqlite .*move it away"),
        Store(tmp_path / "s.sqlite") as store,
    ):
        put(store, FILE, picture())


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AgestatError, match=r"cannot be (used|read)"), Store(tmp_path / "file" / "s.sqlite"):
        pass


def test_an_empty_file_becomes_a_store(tmp_path):
    (tmp_path / "s.sqlite").touch()
    with Store(tmp_path / "s.sqlite") as store:
        put(store, FILE, picture())
    assert rows(tmp_path / "s.sqlite", "SELECT count(*) FROM files") == [(1,)]

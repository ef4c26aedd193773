"""`agestat stores`, `agestat stores rm` and `agestat merge` on stores that the tests write themselves."""

import os

import numpy as np
import pytest
from click.testing import CliRunner

from agestat.cli.merge import command as merge_command
from agestat.cli.stores import command as stores_command
from agestat.errors import AgestatError, UsageError
from agestat.scanning.store import Store, store_of


def run(*arguments, command=stores_command):
    return CliRunner().invoke(
        command, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False
    )


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    if store_of(["x"]).parents[2] != tmp_path / "cache":
        pytest.skip("XDG_CACHE_HOME does not move the cache folder here")


def test_nothing_is_kept_yet(home):
    assert run().output == "Nothing is kept: no folder was scanned without --db.\n"


def test_kept_scans_are_listed_and_deleted(home, write, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    store = store_of([photos])
    store.parent.mkdir(parents=True)
    write("s.sqlite", np.arange(60) % 6).rename(store)
    (store.parent / "damaged.sqlite").write_bytes(b"x" * 5000)
    shown = run().output
    assert "60" in shown and store.name in shown
    assert "is not a store of agestat" in " ".join(shown.split())
    assert run("rm", photos).output.startswith(f"{photos}: deleted, 0.")
    assert os.listdir(store.parent) == ["damaged.sqlite"]  # noqa: PTH208
    with pytest.raises(AgestatError, match=r"There is no store of .*photos: `agestat stores` lists them"):
        run("rm", photos)


def test_a_store_that_is_written_or_that_is_none_stays(home, store, tmp_path):
    with Store(store), pytest.raises(AgestatError, match="is in use by another run"):
        run("rm", store)
    assert store.exists()
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(AgestatError, match="There is no store of"):
        run("rm", tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="Nothing was named"):
        run("rm")
    assert run("rm", store).output.startswith(f"{store}: deleted")
    assert not store.exists()


def test_faces_kept_for_training_are_deleted(home, tmp_path):
    training = store_of(["x"]).parents[1] / "training"
    training.mkdir(parents=True)
    (training / "crops160-ab.npy").write_bytes(bytes(2_000_000))
    assert run("rm", "--training").output == "Faces kept for training: deleted, 2.0 MB.\n"
    assert not list(training.iterdir())


def test_merge_says_what_it_made(write, tmp_path):
    one = write("1.sqlite", np.arange(60) % 6)
    result = run(one, "--out", tmp_path / "out.sqlite", command=merge_command)
    assert result.output == f"{tmp_path / 'out.sqlite'} holds 60 files now.\n"
    with pytest.raises(AgestatError, match="is not there"):
        run(one, tmp_path / "2.sqlite", "--out", tmp_path / "other.sqlite", command=merge_command)

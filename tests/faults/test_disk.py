"""Full disks, folders that may not be written to, stores in use, and who may read what is written."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import rows, without_override

from agestat.scanning.store import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="mounts and permissions of POSIX")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", folder]
    if not shutil.which("mount") or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs is not permitted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_full_disk_under_the_store_ends_in_a_sentence_and_loses_nothing(
    scan, collection, unbroken, small_disk
):
    store = small_disk / "s.sqlite"
    assert "no room left on its disk: free some" in one_sentence(scan(collection, "-q", db=store))
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    assert scan(collection, "-q", db=store).returncode == 3
    assert rows(store) == unbroken


def test_a_full_disk_under_an_output_leaves_the_old_one(scan, collection, small_disk):
    old = small_disk / "faces.csv"
    old.write_text("old")
    (small_disk / "filler").write_bytes(bytes(120_000))
    error = one_sentence(scan(collection, "-q", "--faces", old))
    assert "No space left on device" in error
    assert old.read_text() == "old"
    assert sorted(path.name for path in small_disk.iterdir()) == ["faces.csv", "filler"]


def test_an_output_folder_that_may_not_be_written_to(scan, collection, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    options = ["-q", "--csv", tmp_path / "closed/out.csv"]
    error = one_sentence(scan(collection / "0", *options, wrap=without_override()))
    assert "closed/out.csv" in error
    assert "Permission denied" in error
    assert not list((tmp_path / "closed").iterdir())


def test_a_store_folder_that_may_not_be_written_to(scan, collection, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    done = scan(collection / "0", "-q", db=tmp_path / "closed/s.sqlite", wrap=without_override())
    assert "check that its folder exists and may be written to" in one_sentence(done)


def test_a_store_in_use(scan, collection, tmp_path):
    with Store(tmp_path / "s.sqlite"):
        done = scan(collection / "0", "-q")
    assert "is in use by another run: wait for it to end, or choose another --db" in one_sentence(done)


@pytest.mark.parametrize("damage", ["newer", "noise"])
def test_a_store_that_cannot_be_used_stays_untouched(scan, collection, tmp_path, damage):
    with Store(tmp_path / "s.sqlite"):
        pass
    data = bytearray((tmp_path / "s.sqlite").read_bytes())
    data[60:64] = b"\0\0\0\x63"  # user_version 99
    if damage == "noise":
        data[:100] = os.urandom(100)
    (tmp_path / "s.sqlite").write_bytes(data)
    error = one_sentence(scan(collection / "0", "-q"))
    assert ("made by a newer agestat: update" if damage == "newer" else "is not a store of agestat") in error
    assert (tmp_path / "s.sqlite").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["s.sqlite"]


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o027, 0o640)])
def test_what_is_written_has_the_users_umask(scan, collection, tmp_path, umask, mode):
    out = [tmp_path / "out.csv", tmp_path / "faces.parquet"]
    done = scan(
        collection / "0", "--csv", out[0], "--faces", out[1],
        db=tmp_path / "new/s.sqlite", preexec_fn=lambda: os.umask(umask),
    )  # fmt: skip
    assert done.returncode == 3
    assert [stat.S_IMODE(path.stat().st_mode) for path in (*out, tmp_path / "new/s.sqlite")] == [mode] * 3
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o777 & ~umask

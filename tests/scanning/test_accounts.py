"""Every file of what was scanned is a row: read, failed, left out or not read; nothing known is lost."""

import os
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from PIL import Image

import agestat
from agestat.analysis.scan import Scan
from agestat.errors import AgestatError, UsageError
from agestat.images import walk
from agestat.report.html import render
from agestat.report.language import open_language
from agestat.report.left_out import empty_folders, files_left_out, files_not_met
from agestat.report.words import dates
from agestat.scanning.store import home
from agestat.scanning.store.schema import _uri


@pytest.fixture
def scan(whole_model, tmp_path):
    return lambda *paths, **more: agestat.scan(
        paths, model=whole_model, db=tmp_path / "s.sqlite", device="cpu", workers=1, **more
    )


@pytest.fixture
def album(tmp_path):
    """Two photos, and what machines and people keep beside them."""
    folder = tmp_path / "album"
    for name in ("a.png", "b/b.png", "@eaDir/a.png/SYNO_M.jpg", ".trashed-1-c.png", "b/#recycle/d.png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), tuple(os.urandom(3))).save(path)
    for name in ("film.mp4", "b/text.txt", "b/film.MOV", "b/.IMG_1.HEIC.icloud", "broken.jpg"):
        (folder / name).write_bytes(b"no picture")
    return folder


def test_every_file_is_accounted_for(scan, album):
    found = scan(album)
    table = found.every_file
    assert Counter(zip(table["status"], table["reason"].fillna(""), strict=True)) == {
        ("ok", ""): 2, ("failed", "not a picture"): 1, ("failed", "not downloaded"): 1,
        ("left out", "thumbnail"): 1, ("left out", "file in the trash"): 2, ("not read", "video"): 2,
        ("not read", "text"): 1,
    }  # fmt: skip
    assert sorted(table["path"]) == sorted(
        str(path.relative_to(album)) for path in album.rglob("*") if path.is_file()
    )
    assert list(files_left_out(found, open_language("en"))) == [
        "1 thumbnail, 2 files in the trash: left out (--all-files reads them)", "2 videos, 1 text: not read",
    ]  # fmt: skip
    assert list(files_left_out(found, open_language("ru"))) == [
        "1 миниатюра, 2 файла в корзине: не учтены (--all-files читает и их)",
        "2 видео, 1 текст: не прочитаны"
    ]  # fmt: skip
    page = render(found, found.estimate(), lang="en")
    assert (
        "<summary>2 videos</summary>" in page and "b/film.MOV" in page and "@eaDir/a.png/SYNO_M.jpg" in page
    )
    assert scan(album).other_kinds == {"thumbnail": 1, "file in the trash": 2, "video": 2, "text": 1}
    assert scan(album, all_files=True).counts["read"] == 5


def test_other_names_of_a_file_are_told(scan, album):
    """Albums and backups of links: each picture is read once, under its first name."""
    (album / "z").mkdir()
    (album / "z/hard.png").hardlink_to(album / "a.png")
    (album / "z/soft.png").symlink_to("../a.png")
    found = scan(album)
    assert (found.counts["found"], found.other_kinds["other name of a file"]) == (4, 2)
    assert next(reversed(list(files_left_out(found, open_language("en"))))).endswith(
        "2 other names of files: not read"
    )
    assert "2 вторых имени файлов" in " ".join(files_left_out(found, open_language("ru")))


def test_a_folder_that_is_empty_now_keeps_what_was_known(scan, album, tmp_path):
    before = scan(album).files
    os.rename(album, tmp_path / "unmounted")  # noqa: PTH104
    album.mkdir()
    with pytest.raises(AgestatError, match=r"held pictures when it was scanned last .* repeat with --fresh"):
        scan(album)
    with Scan.open(tmp_path / "s.sqlite") as kept:
        assert kept.files.equals(before)
    assert scan(album, fresh=True).counts["found"] == 0
    assert scan(album).counts["found"] == 0


def test_what_is_gone_below_the_scanned_folder_is_told(scan, album, tmp_path):
    """Until it is back, asked for without it, or looked at afresh; what was moved is not gone."""

    def told(found):
        return list(files_not_met(found, english)), list(empty_folders(found, english))

    english, drive = open_language("en"), album / "b"
    other = album / "c/c.png"
    other.parent.mkdir()
    Image.new("RGB", (32, 32), "red").save(other)
    assert told(scan(album)) == ([], [])
    os.rename(drive, tmp_path / "unmounted")  # noqa: PTH104
    drive.mkdir()
    os.rename(other, album / "moved.png")  # noqa: PTH104
    sentence = (
        f"No picture is left in {drive}, where earlier scans read 1: is a drive missing? Connect it and scan "
        "again, what is known of them is kept; --exclude says that they are gone on purpose."
    )
    for _ in range(2):
        found = scan(album)
        assert told(found) == (["1 of earlier scans not there any more"], [sentence])
    assert f"{drive}" not in render(found, found.estimate(), lang="en")
    found.hide_paths()
    assert told(found) == (["1 of earlier scans not there any more"], [])
    excluded = scan(album, exclude=["b"])
    assert told(excluded) == (["without what matches --exclude b"], [])
    drive.rmdir()
    os.rename(tmp_path / "unmounted", drive)  # noqa: PTH104
    back = scan(album)
    assert (told(back), back.counts["reused"]) == (([], []), 4)
    (drive / "b.png").unlink()
    assert told(scan(album, fresh=True)) == told(scan(album)) == ([], [])
    (album / "moved.png").unlink()
    assert told(scan(album)) == (["1 of earlier scans not there any more"], [])
    assert told(scan(album)) == ([], [])


def test_a_folder_that_is_gone_among_others_keeps_what_was_known(scan, album, tmp_path):
    scan(album / "b", album)
    os.rename(album / "b", tmp_path / "unmounted")  # noqa: PTH104
    with pytest.raises(AgestatError, match=r"b held pictures when it was scanned last and holds none now"):
        scan(album / "b", album)


def test_a_picture_that_the_cloud_took_back_keeps_its_result(scan, album, monkeypatch):
    """A new one has none; nor has one that was changed elsewhere since."""
    scan(album)
    monkeypatch.setattr(walk, "_is_elsewhere", lambda path, status: path.endswith(".png"))
    Image.new("RGB", (32, 32), "red").save(album / "new.png")
    found = scan(album)
    assert found.files.set_index("path")["status"].to_dict() == {
        "a.png": "ok", "b/b.png": "ok", "new.png": "failed", "broken.jpg": "failed",
        "b/.IMG_1.HEIC.icloud": "failed",
    }  # fmt: skip
    assert found.failures["not downloaded"] == 2
    os.utime(album / "a.png", ns=(1, 1))
    assert scan(album).failures["not downloaded"] == 3
    (album / "broken.jpg").unlink()
    monkeypatch.setattr(walk, "_is_elsewhere", lambda path, status: True)
    assert scan(album).counts["read"] == 1
    monkeypatch.undo()
    assert scan(album).counts["read"] == 3


def test_place_holders_are_told_as_not_downloaded(scan, tmp_path):
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "lfs.jpg").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n")
    (folder / "annex.jpg").write_text("/annex/objects/SHA256E-s9--1.jpg\n")
    (folder / "nextcloud.jpg.nextcloud").write_text(" ")
    with (folder / "no block.png").open("wb") as file:
        file.truncate(100_000)
    assert scan(folder).failures.to_dict() == {"not downloaded": 4}


def test_a_failure_is_tried_again_when_its_bytes_came_behind_the_same_size_and_time(scan, album):
    broken = album / "late.png"
    whole = (album / "a.png").read_bytes()
    broken.write_bytes(b"\0" * len(whole))
    stamp = broken.stat().st_mtime_ns
    assert scan(album).failures["not a picture"] == 2
    assert scan(album).counts["reused"] > 0
    broken.write_bytes(whole)
    os.utime(broken, ns=(stamp, stamp))
    assert scan(album).failures["not a picture"] == 1


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/home/u/s 1.sqlite"), "file:///home/u/s%201.sqlite"),
        (PureWindowsPath("C:\\u\\s.sqlite"), "file:///C:/u/s.sqlite"),
        (PureWindowsPath("\\\\nas\\photos\\s.sqlite"), "file:////nas/photos/s.sqlite"),
    ],
)
def test_a_store_on_a_share_has_no_host(path, uri, tmp_path):
    assert _uri(path) == uri
    if uri.startswith("file:////"):  # what SQLite says of a host
        with (
            pytest.raises(sqlite3.OperationalError, match="invalid uri authority"),
            closing(sqlite3.connect(path.as_uri(), uri=True)),
        ):
            pass


def test_times_are_from_exif_then_from_names_and_told(scan, tmp_path):
    for name, written in (
        ("a.jpg", "2019:05:03 12:00:00"), ("IMG_20240611_120000.jpg", "1980:01:01 00:00:00"),
        ("IMG-20240611-WA0001.jpg", ""), ("b.jpg", "2562:01:02 00:00:00"), ("c.jpg", "1987:00:00"),
    ):  # fmt: skip
        exif = Image.Exif()
        exif[306] = written
        Image.new("RGB", (32, 32), tuple(os.urandom(3))).save(tmp_path / name, exif=exif)
    found = scan(tmp_path)
    assert found.dates == {"exif": 2, "name": 2, None: 1, "date not believed": 2}
    assert list(dates(found, open_language("en"))) == [
        "dates: 2 from EXIF, 2 from file names, 1 unknown", "2 dates of EXIF not believed",
    ]  # fmt: skip
    groups = {by: Counter(found.groups(by)) for by in ("year", "month", "hour")}
    assert groups["year"] == {"2019": 1, "2024": 2, "1987": 1, "unknown": 1}
    assert groups["month"] == {"2019-05": 1, "2024-06": 2, "unknown": 2}
    assert groups["hour"] == {"12": 2, "unknown": 3}


@pytest.mark.parametrize(
    "cache", [PurePosixPath("~/.cache/agestat"), RuntimeError("Could not determine home directory.")]
)
def test_a_user_without_a_home_is_told_of_db(scan, album, monkeypatch, cache):
    def no_home(*_, **__):
        if isinstance(cache, Exception):
            raise cache
        return Path(cache)

    monkeypatch.setattr(home, "user_cache_path", no_home)
    for ask in (lambda: agestat.scan(album), lambda: Scan.open(album)):
        with pytest.raises(UsageError, match=r"no home folder to keep scans in: name a file with --db"):
            ask()
    assert scan(album).counts["read"] == 2

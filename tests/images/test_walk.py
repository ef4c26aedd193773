"""Which files a scan meets."""

import os
import subprocess
from pathlib import Path

import pytest

from agestat.images.walk import Found, Unwalkable, folders_of, walk

PNG = b"\x89PNG\r\n\x1a\n"


def touch(folder, *names, data=b"x"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def paths(*roots, **options):
    return [entry.path for entry in walk([str(root) for root in roots], **options)]


def test_order_is_depth_first_and_by_name(tmp_path):
    touch(tmp_path, "b/2.jpg", "b/10.jpg", "a/z.png", "c.jpg", "B.jpg")
    assert paths(tmp_path) == ["B.jpg", "c.jpg", "a/z.png", "b/10.jpg", "b/2.jpg"]


def test_equal_names_in_two_folders_are_two(tmp_path):
    touch(tmp_path, "a/1.jpg", "b/1.jpg")
    assert paths(tmp_path) == ["a/1.jpg", "b/1.jpg"]


def test_found_has_size_and_time(tmp_path):
    touch(tmp_path, "a.jpg", data=b"12345")
    os.utime(tmp_path / "a.jpg", ns=(1, 1_700_000_000_000_000_001))
    assert list(walk([tmp_path])) == [Found(str(tmp_path), "a.jpg", 5, 1_700_000_000_000_000_001)]


def test_files_without_picture_ending_count_by_content(tmp_path):
    touch(tmp_path, "readme.txt", "video.mp4")
    touch(tmp_path, "no_ending", "wrong.txt", data=PNG)
    assert paths(tmp_path) == ["no_ending", "wrong.txt"]


def test_apple_double_is_no_picture(tmp_path):
    touch(tmp_path, "._a.jpg", "a.jpg")
    touch(tmp_path, "._b.png", data=PNG)
    assert paths(tmp_path) == ["._b.png", "a.jpg"]


def test_link_loop_and_links_to_files_count_once(tmp_path):
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "0.jpg").symlink_to(tmp_path / "a" / "1.jpg")
    assert paths(tmp_path) == ["a/1.jpg"]


def test_link_to_a_file_elsewhere_counts_once(tmp_path):
    touch(tmp_path, "out/1.jpg", "in/2.jpg")
    (tmp_path / "in" / "a.jpg").symlink_to("../out/1.jpg")
    (tmp_path / "in" / "b.jpg").symlink_to("../out/1.jpg")
    assert paths(tmp_path / "in") == ["2.jpg", "a.jpg"]


def test_hard_links_count_once(tmp_path):
    touch(tmp_path, "1.jpg")
    (tmp_path / "2.jpg").hardlink_to(tmp_path / "1.jpg")
    assert paths(tmp_path) == ["1.jpg"]


@pytest.mark.parametrize(
    "order", [["", "a"], ["a", ""], ["a/1.jpg", ""], ["", "a/1.jpg"], ["a/1.jpg", "a/1.jpg"]]
)
def test_overlapping_roots_count_once(tmp_path, order):
    touch(tmp_path, "a/1.jpg")
    assert len(paths(*(tmp_path / part for part in order))) == 1


def test_include_and_exclude(tmp_path):
    touch(tmp_path, "a/1.jpg", "a/2.png", "thumbs/1.jpg", "b/thumbs/3.jpg", "b/4.jpg")
    assert paths(tmp_path, include=["*.jpg"], exclude=["thumbs"]) == ["a/1.jpg", "b/4.jpg"]
    assert paths(tmp_path, include=["a/*"]) == ["a/1.jpg", "a/2.png"]
    assert paths(tmp_path, exclude=["b/", "*.png"]) == ["a/1.jpg", "thumbs/1.jpg"]
    assert paths(tmp_path, exclude=["./b", "a/*"]) == ["thumbs/1.jpg"]
    assert paths(tmp_path, include=["**/thumbs/*"]) == ["b/thumbs/3.jpg", "thumbs/1.jpg"]


def test_include_and_exclude_hold_for_files_given_by_name(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.jpg", "a/2.png", "b/3.png")
    monkeypatch.chdir(tmp_path)
    given = ["a/1.jpg", "a/2.png", tmp_path / "b/3.png", "a/gone.jpg"]
    assert paths(*given, include=["*.png"]) == ["a/2.png", "3.png"]
    assert paths(*given, exclude=["a/*", "3.*"]) == []


def test_a_file_given_by_name_counts_whatever_its_folder_would_say(tmp_path):
    touch(tmp_path, "notes.txt", "1.jpg")
    assert [Path(path).name for path in paths(tmp_path, tmp_path / "notes.txt")] == ["1.jpg", "notes.txt"]
    assert [Path(path).name for path in paths(tmp_path / "notes.txt", tmp_path)] == ["notes.txt", "1.jpg"]


def test_a_relative_file_keeps_its_folder(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.jpg", "..odd/2.jpg")
    monkeypatch.chdir(tmp_path)
    assert [(e.root, e.path) for e in walk(["a/1.jpg"])] == [(str(tmp_path), "a/1.jpg")]
    assert [(e.root, e.path) for e in walk(["..odd/2.jpg"])] == [(str(tmp_path), "..odd/2.jpg")]
    monkeypatch.chdir(tmp_path / "a")
    assert [(e.root, e.path) for e in walk(["../a/1.jpg"])] == [(str(tmp_path / "a"), "1.jpg")]


def test_the_folders_among_given_paths(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.jpg")
    monkeypatch.chdir(tmp_path)
    assert folders_of(["a", "a/1.jpg", "gone", tmp_path]) == {str(tmp_path / "a"), str(tmp_path)}


def test_a_link_given_by_name_is_the_file_that_its_folder_gave(tmp_path):
    touch(tmp_path, "d/y.jpg", "e/notes")
    (tmp_path / "x").symlink_to("d/y.jpg")
    (tmp_path / "n.jpg").symlink_to("e/notes")
    assert paths(tmp_path / "d", tmp_path / "x") == ["y.jpg"]
    assert paths(tmp_path / "e", tmp_path / "n.jpg") == ["n.jpg"]


def test_pipes_and_broken_links_are_rows(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere")
    assert list(walk([tmp_path])) == [
        Unwalkable(str(tmp_path), "pipe.jpg", "not a regular file"),
        Unwalkable(str(tmp_path), "gone.jpg", "broken link"),
    ]


def test_names_that_are_not_text(tmp_path):
    name = b"\xff\n\xf0\x9f\x98\x80.jpg"
    (tmp_path / os.fsdecode(name)).touch()
    (entry,) = walk([tmp_path])
    assert os.fsencode(entry.path) == name
    assert Path(entry.full).exists()


def test_a_path_that_is_not_there_is_a_row(tmp_path):
    assert list(walk([tmp_path / "nowhere.jpg"])) == [Unwalkable(str(tmp_path), "nowhere.jpg", "vanished")]
    assert [entry.reason for entry in walk(["a\0b.jpg"])] == ["no file's name"]


@pytest.fixture
def deep_path(tmp_path):
    """A folder that is removed by rm, since Python's own removal recurses too deep."""
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path], check=True)


def test_deep_folders_need_no_recursion(deep_path):
    deep = str(deep_path) + "/d" * 1200
    subprocess.run(["sh", "-c", f"mkdir -p '{deep}' && touch '{deep}/a.jpg'"], check=True)
    assert paths(deep_path) == ["d/" * 1200 + "a.jpg"]


def test_a_path_longer_than_the_system_allows_is_a_row(deep_path):
    name = "d" * 250
    here = Path.cwd()
    try:
        os.chdir(deep_path)
        for _ in range(20):
            Path(name).mkdir()
            os.chdir(name)
    finally:
        os.chdir(here)
    (entry,) = walk([deep_path])
    assert isinstance(entry, Unwalkable)
    assert entry.reason == "path too long"


def test_a_link_to_a_folder_takes_no_pictures_from_their_own(tmp_path):
    for folder in ("a", "b", "elsewhere"):
        (tmp_path / folder).mkdir()
    for name in ("a/1.jpg", "b/2.jpg", "elsewhere/3.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "a" / "link").symlink_to(tmp_path / "b")
    (tmp_path / "a" / "new").symlink_to(tmp_path / "elsewhere")
    found = [(Path(entry.root).name, entry.path) for entry in walk([tmp_path / "a", tmp_path / "b"])]
    assert found == [("a", "1.jpg"), ("b", "2.jpg"), ("a", "new/3.jpg")]

"""Labelled sets: values, bad rows with file and line, and where sets are looked for."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agestat.errors import AgestatError, UsageError
from agestat.labelled.dataset import find_data, read_labelled

HEAD = "file,split,gender,age,age_min,age_max,subject\n"


def picture(path: Path, shade: int = 120) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (24, 24), (shade, shade, shade)).save(path)
    return path


def labelled(folder: Path, *rows: str) -> Path:
    """A set whose rows are ``split,gender,age,age_min,age_max,subject``, with a picture for each."""
    folder.mkdir(exist_ok=True)
    lines = [f"{number}.png,{row}\n" for number, row in enumerate(rows)]
    (folder / "labels.csv").write_text(HEAD + "".join(lines))
    for number in range(len(rows)):
        picture(folder / f"{number}.png")
    return folder


def test_blank_labels_are_filled_from_what_is_known(tmp_path):
    folder = labelled(
        tmp_path,
        "train,Female,24,,,",
        "val,m,,70,,",
        "validation,,,3,9,",
        "test,male,,,,bob",
        "train,man,30.5,,,",
    )
    frame = read_labelled([folder]).frame
    ages = frame[["age", "age_min", "age_max"]].to_numpy()
    assert np.array_equal(
        ages,
        [[24, 24, 24], [np.nan, 70, np.nan], [np.nan, 3, 9], [np.nan] * 3, [30.5, 30, 30]],
        equal_nan=True,
    )
    assert frame["gender"].fillna("-").tolist() == ["female", "male", "-", "male", "male"]
    assert frame["split"].tolist() == ["train", "val", "val", "test", "train"]
    assert frame["subject"].tolist() == ["", "", "", "bob", ""]
    assert frame["source"].unique().tolist() == [str(folder)]
    assert frame["file"][0] == str(folder / "0.png")


def test_all_bad_rows_are_reported_at_once_with_file_and_line(tmp_path):
    folder = labelled(
        tmp_path,
        "train,male,24,,,", "train,male,200,,,", "train,robot,24,,,", "train,,,,,", "train,male,24,30,39,",
        "train,male,old,,,", "train,male,24,,,", "train,male,24,,,",
    )  # fmt: skip
    (folder / "6.png").unlink()
    whole = picture(folder / "7.jpg").read_bytes()
    (folder / "7.png").write_bytes(whole[: len(whole) // 2])
    with (folder / "labels.csv").open("a") as file:
        file.write("0.png,train,female,24,,,\n0.png,train,male,24,,,\n")
    with pytest.raises(AgestatError) as error:
        read_labelled([folder])
    table = folder / "labels.csv"
    assert str(error.value).splitlines() == [
        "8 labelled pictures cannot be used: correct them, or go on without them with --skip-bad.",
        f"  {table}, line 3: nobody is 200 years old",
        f"  {table}, line 4: gender 'robot' is neither female nor male: write one of them, or nothing where "
        "you cannot tell",
        f"  {table}, line 5: neither gender nor age is given",
        f"  {table}, line 6: ages contradict each other (age 24, 30 to 39)",
        f"  {table}, line 7: age 'old' is neither years like 34 nor a range like 30-39",
        f"  {table}, line 8: there is no file 6.png",
        f"  {table}, line 10: the picture is listed twice, with other labels in line 2: leave one row",
        f"  {table}, line 9: 7.png cannot be read as a picture (truncated)",
    ]
    kept = read_labelled([folder], skip_bad=True)
    assert len(kept.frame) == 1 and len(kept.problems) == 8


def test_a_set_without_any_good_row_says_so(tmp_path):
    with pytest.raises(AgestatError, match="no labelled picture can be used"):
        read_labelled([labelled(tmp_path, "train,robot,,,,")], skip_bad=True)


def test_where_no_row_is_good_all_reasons_are_given(tmp_path):
    folder = labelled(tmp_path, "train,robot,,,,", "train,male,200,,,")
    with pytest.raises(AgestatError, match=r"line 2: gender 'robot' is .*\n.*line 3: nobody is 200"):
        read_labelled([folder], skip_bad=True)


def test_a_table_as_a_spreadsheet_writes_it(tmp_path):
    """Semicolons, Cyrillic of Windows, other words, ranges as ages, paths of Windows, leftovers of macOS."""
    for name in ("Анна.png", "b.png", "c.png", "d.png"):
        picture(tmp_path / "кадры" / name)
    rows = ["Файл;Пол;Возраст", "кадры\\Анна.png;ж;20-29", "кадры/b.png;М;0,5", "кадры/c.png;;70+",
            f"{tmp_path}/кадры/d.png;мужчина;", "__MACOSX/кадры/._b.png;ж;30", ";;"]  # fmt: skip
    (tmp_path / "labels.csv").write_bytes("\r\n".join(rows).encode("cp1251"))
    frame = read_labelled([tmp_path]).frame
    assert [Path(file).name for file in frame["file"]] == ["Анна.png", "b.png", "c.png", "d.png"]
    assert frame["gender"].fillna("-").tolist() == ["female", "male", "-", "male"]
    ages = frame[["age", "age_min", "age_max"]].fillna(-1).to_numpy().tolist()
    assert ages == [[-1, 20, 29], [0.5, 0, 0], [-1, 70, -1], [-1, -1, -1]]


def test_names_composed_otherwise_are_found(tmp_path):
    """A table from Linux or Windows of pictures that macOS named: the same letters in other code points."""
    picture(tmp_path / unicodedata.normalize("NFD", "й.png"))
    (tmp_path / "labels.csv").write_text(unicodedata.normalize("NFC", "file,gender\nй.png,f\n"))
    assert len(read_labelled([tmp_path]).frame) == 1


@pytest.mark.parametrize("name", ["../x.png", "/etc/passwd", "..\\x.png"])
def test_files_outside_the_set_are_not_read(tmp_path, name):
    picture(tmp_path / "x.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "labels.csv").write_text(f"file,gender\n{name},f\n")
    with pytest.raises(AgestatError, match="lies outside the set"):
        read_labelled([tmp_path / "set"])


def test_a_table_without_labels_is_told_with_one_that_works(tmp_path):
    (tmp_path / "labels.csv").write_text("file,width\na.jpg,640\n")
    with pytest.raises(AgestatError) as error:
        read_labelled([tmp_path])
    assert str(error.value) == (
        f"{tmp_path}/labels.csv says nothing of genders or ages, its columns are file, width. The shortest "
        "table that works:\n  file,gender\n  a.jpg,female"
    )


def test_a_set_without_splits_gets_a_seeded_one(tmp_path):
    folder = labelled(
        tmp_path, *[f",{gender},{age},,," for gender in ("male", "female") for age in range(20, 30)] * 4
    )
    one, other = (read_labelled([folder], seed=seed).frame["split"] for seed in (1, 2))
    assert one.value_counts().to_dict() == {"train": 68, "val": 12}
    assert one.tolist() == other.tolist()  # what one command learns from another must not judge by


def test_split_and_limit(tmp_path):
    folder = labelled(tmp_path, *["train,male,20,,,"] * 6, *["val,male,20,,,"] * 4)
    assert len(read_labelled([folder], split="val").frame) == 4
    sample = read_labelled([folder], split="train", limit=3).frame
    assert len(sample) == 3 and sample["split"].unique().tolist() == ["train"]
    assert sample["file"].is_monotonic_increasing
    both = read_labelled([folder], limit=3).frame
    assert both["split"].value_counts().to_dict() == {"train": 3, "val": 3}
    with pytest.raises(
        UsageError, match="There is no split 'test' in this set: choose one of train, val, or all"
    ):
        read_labelled([folder], split="test")


def test_several_sets_become_one(tmp_path):
    one = labelled(tmp_path / "one", "train,male,20,,,")
    two = tmp_path / "two"
    picture(two / "woman" / "x.png")
    read = read_labelled([one, two])
    assert read.layouts == ("labels.csv", "class folders")
    assert read.frame["gender"].tolist() == ["male", "female"]
    assert [Path(source).name for source in read.frame["source"]] == ["one", "two"]


def test_find_data_looks_at_arguments_the_environment_and_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AGESTAT_DATA", raising=False)
    with pytest.raises(AgestatError) as error:
        find_data()
    assert str(error.value) == (
        "There is no labelled set to work on: give the folder of one, or set AGESTAT_DATA to it; the section "
        "'Labelled sets' of README.md explains how to get each public set."
    )
    labelled(tmp_path / "data", "train,male,20,,,")
    assert find_data() == [Path("data")]
    home = tmp_path / "sets"
    home.mkdir()
    labelled(home / "utkface", "train,male,20,,,")
    labelled(home / "fairface", "train,male,20,,,")
    monkeypatch.setenv("AGESTAT_DATA", str(home))
    with pytest.raises(
        AgestatError, match="holds several labelled sets: name one or more of fairface, utkface"
    ):
        find_data()
    assert find_data((), "fairface") == [home / "fairface"]
    assert find_data(["utkface", "data"]) == [home / "utkface", Path("data")]
    with pytest.raises(AgestatError, match="nope is neither a folder nor a set in"):
        find_data(["nope"])
    monkeypatch.setenv("AGESTAT_DATA", str(home / "utkface"))
    assert find_data(()) == [home / "utkface"]


def test_the_public_sets_are_read_whole(agestat_data):
    read = read_labelled([agestat_data / "portraits"])
    assert (len(read.frame), read.problems) == (240, [])
    assert read.frame["gender"].value_counts().to_dict() == {"male": 126, "female": 114}

"""Every layout that people download becomes the same rows."""

from pathlib import Path

import pytest

from agestat.errors import AgestatError
from agestat.labelled.layouts import CHARACTER_CELLS, read_layout
from agestat.model.label_space import SIX


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def labels(rows, folder):
    return [
        (row.file.relative_to(folder).as_posix(), row.split, row.gender, row.age, row.age_min, row.age_max)
        for row in rows
    ]


def test_labels_csv_rows_know_their_line(tmp_path):
    (tmp_path / "labels.csv").write_text(
        "file,split,gender,age,age_min,age_max,subject\na.jpg,train,male,,3,9,\n\nb.jpg,val,female,24,24,24,ann\n"
    )
    name, rows = read_layout(tmp_path)
    assert name == "labels.csv"
    assert labels(rows, tmp_path) == [
        ("a.jpg", "train", "male", "", "3", "9"), ("b.jpg", "val", "female", "24", "24", "24"),
    ]  # fmt: skip
    assert [(row.line, row.subject) for row in rows] == [(2, ""), (4, "ann")]


def test_a_labels_csv_may_lack_all_columns_but_the_file_and_one_label(tmp_path):
    (tmp_path / "labels.csv").write_text("gender,file\nmale,a.jpg\n")
    assert labels(read_layout(tmp_path)[1], tmp_path) == [("a.jpg", "", "male", "", "", "")]


def test_a_labels_csv_without_files_says_so(tmp_path):
    (tmp_path / "labels.csv").write_text("caption,gender\na.jpg,male\n")
    with pytest.raises(AgestatError, match=r"labels\.csv has no column file: its columns are caption, "):
        read_layout(tmp_path)


def test_utkface_names(tmp_path):
    touch(tmp_path, "26_0_1_20170117.jpg.chip.jpg", "1_1_0_20161219.jpg",
          "39_1_20170116174525125.jpg.chip.jpg", "61_3_20170109150557335.jpg",
          "README.txt", "holiday.jpg")  # fmt: skip
    name, rows = read_layout(tmp_path)
    assert name == "UTKFace file names"
    assert [(row.file.name, row.gender, row.age, str(row.problem or "")) for row in rows] == [
        ("1_1_0_20161219.jpg", "female", "1", ""),
        ("26_0_1_20170117.jpg.chip.jpg", "male", "26", ""),
        ("39_1_20170116174525125.jpg.chip.jpg", "female", "39", ""),
        ("61_3_20170109150557335.jpg", "3", "61", ""),
        ("holiday.jpg", "", "", "the name does not begin with age_gender_race_date"),
    ]


@pytest.mark.parametrize("home", ["", "fairface-img-margin025-trainval"])
def test_fairface_tables_and_folders(tmp_path, home):
    touch(tmp_path / home, "train/1.jpg", "val/1.jpg", "val/2.jpg")
    head = "file,age,gender,race,service_test\n"
    (tmp_path / "fairface_label_train.csv").write_text(head + "train/1.jpg,50-59,Male,East Asian,True\n")
    (tmp_path / "fairface_label_val.csv").write_text(
        head + "val/1.jpg,3-9,Female,Black,False\nval/2.jpg,more than 70,Male,White,False\n"
    )
    name, rows = read_layout(tmp_path)
    assert name == "FairFace"
    assert labels(rows, tmp_path / home) == [
        ("train/1.jpg", "train", "Male", "50-59", "", ""),
        ("val/1.jpg", "val", "Female", "3-9", "", ""),
        ("val/2.jpg", "val", "Male", "more than 70", "", ""),
    ]
    assert [row.domain for row in rows] == ["East Asian", "Black", "White"]
    assert [row.line for row in rows] == [2, 2, 3]


def test_simpsons_character_folders(tmp_path):
    touch(tmp_path, "simpsons_dataset/bart_simpson/pic_0001.jpg", "simpsons_dataset/agnes_skinner/pic_1.jpg",
          "simpsons_dataset/bongo/pic_1.jpg", "simpsons_dataset/bongo/pic_2.jpg")  # fmt: skip
    name, rows = read_layout(tmp_path)
    assert name == "Simpsons character folders"
    good = [row for row in rows if not row.problem]
    assert [(row.subject, row.gender, row.age_min, row.age_max) for row in good] == [
        ("agnes_skinner", "female", "65", "100"), ("bart_simpson", "male", "0", "12"),
    ]  # fmt: skip
    bad = [row for row in rows if row.problem]
    assert [(row.file.name, str(row.problem)) for row in bad] == [
        (
            "bongo",
            "no known class or character, 2 pictures: say it in a table "
            f"{tmp_path / 'labels.csv'}, a line for each picture, as in\n  file,gender\n"
            "  simpsons_dataset/bongo/1.jpg,female",
        )
    ]


def test_the_flat_test_folder_of_the_simpsons_names_characters_in_its_files(tmp_path):
    touch(tmp_path, "kaggle_simpson_testset/lisa_simpson_0.jpg", "kaggle_simpson_testset/moe_szyslak_12.jpg")
    assert [(row.subject, row.gender) for row in read_layout(tmp_path)[1]] == [
        ("lisa_simpson", "female"), ("moe_szyslak", "male"),
    ]  # fmt: skip


CHILD, ADULT, OLD, NOBODY_SAID = ("0", "12"), ("18", "64"), ("65", "100"), ("", "")


@pytest.mark.parametrize(
    ("folder", "gender", "ages"),
    [
        ("girl", "female", CHILD), ("boys", "male", CHILD), ("man_child", "male", CHILD),
        ("adult woman", "female", ADULT), ("adult-man", "male", ADULT), ("Females", "female", NOBODY_SAID),
        ("women", "female", NOBODY_SAID), ("male", "male", NOBODY_SAID),
        ("elderly woman", "female", OLD), ("woman_old", "female", OLD), ("ElderlyMan", "male", OLD),
        ("Old_Men", "male", OLD),
    ],
)  # fmt: skip
def test_class_folders(tmp_path, folder, gender, ages):
    touch(tmp_path, f"train/{folder}/1.png")
    name, (row,) = read_layout(tmp_path)
    assert name == "class folders"
    assert (row.split, row.gender, (row.age_min, row.age_max)) == ("train", gender, ages)


def test_men_and_women_are_adults_only_beside_children_or_the_old(tmp_path):
    touch(tmp_path, "man/1.png", "woman/1.png")
    assert {row.age_min for row in read_layout(tmp_path)[1]} == {""}
    touch(tmp_path, "girl/1.png")
    assert [(row.gender, row.age_min) for row in read_layout(tmp_path)[1]] == [
        ("female", "0"), ("male", "18"), ("female", "18"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "table"),
    [
        ("мужчины", "file,gender\n  мужчины/1.jpg,female"),
        ("train/20-29", "file,age\n  train/20-29/1.jpg,20-29"),
    ],
)
def test_a_level_of_folders_that_is_not_known_is_told_with_the_table_that_works(tmp_path, folder, table):
    touch(tmp_path, f"{folder}/a.jpg")
    with pytest.raises(AgestatError) as error:
        read_layout(tmp_path)
    assert str(error.value) == (
        f"{tmp_path} is no labelled set: what the folder {Path(folder).name} means is not known; say it in a "
        f"table {tmp_path / 'labels.csv'}, a line for each picture, as in\n  {table}"
    )


def test_what_a_scan_takes_for_a_picture_is_one_here_too(tmp_path):
    """Whatever its ending; leftovers of macOS and the plots of `data check` are none."""
    touch(tmp_path, "girl/1.jfif", "girl/2.JPE", "girl/3.avif", "girl/._1.jfif", "data-check/ages.png")
    (tmp_path / "girl" / "scan0007").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00")
    _, rows = read_layout(tmp_path)
    assert [row.file.name for row in rows] == ["1.jfif", "2.JPE", "3.avif", "scan0007"]


def test_a_folder_without_labels_says_what_to_give(tmp_path):
    touch(tmp_path, "1.jpg")
    with pytest.raises(AgestatError, match=r"is no labelled set: give a folder with labels\.csv"):
        read_layout(tmp_path)
    with pytest.raises(AgestatError, match=r"nowhere is not a folder"):
        read_layout(tmp_path / "nowhere")


def test_the_table_of_characters_agrees_with_the_labelled_frames(agestat_data):
    _, rows = read_layout(agestat_data / "simpsons")
    assert len(rows) == 7689
    for row in rows:
        cell = CHARACTER_CELLS[row.subject]
        assert (row.gender, int(row.age_min)) == (SIX.genders[cell], SIX.age_min[cell])

"""`agestat label` on a store that the tests write themselves: no network is needed."""

import csv
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from agestat.analysis.face_lists import COLUMNS
from agestat.analysis.own_labels import LabelFile
from agestat.analysis.scan import Scan
from agestat.cli.label import command as label_command
from agestat.cli.report import command as report_command
from agestat.errors import AgestatError, UsageError


def run(command, *arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


def draw(store, tmp_path, n=60):
    out = tmp_path / "to_label.csv"
    result = run(label_command, store, "--n", n, "--out", out)
    return out, result


def fill(file_to_fill, **changes):
    """Label every row as a woman of 34, and then change line 2."""
    with file_to_fill.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update(gender="female", age="34")
    rows[0].update(changes)
    with file_to_fill.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return rows


def test_label_writes_faces_with_places_weights_and_empty_columns(store, tmp_path):
    out, result = draw(store, tmp_path)
    assert result.output == f"60 faces to label are in {out} now: fill gender and age as you perceive them.\n"
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["weight", "root", "path", "x", "y", "width", "height", "gender", "age", "note"]
    assert len({row["path"] for row in rows}) == 60
    assert sum(float(row["weight"]) for row in rows) == pytest.approx(300, abs=0.1)
    row = rows[0]
    assert row["root"] == "/photos"
    assert int(row["x"]) == 10 + int(Path(row["path"]).stem)
    assert (row["y"], row["width"], row["height"], row["gender"], row["age"]) == ("20", "30", "40", "", "")


@pytest.mark.parametrize("n", [1, 2, 5, 9, 12, 300, 999])
def test_as_many_faces_are_drawn_as_were_asked_for(store, tmp_path, n):
    """Also where they are fewer than the decades and genders among them, or more than there are."""
    table = pd.read_csv(draw(store, tmp_path, n)[0])
    assert len(table) == min(n, 300)
    assert table["weight"].sum() == pytest.approx(300, abs=0.1)


def test_the_same_seed_draws_the_same_faces(store, tmp_path):
    first = draw(store, tmp_path)[0].read_text()
    assert draw(store, tmp_path)[0].read_text() == first


def test_labels_come_back_as_filled_and_make_an_estimate(store, tmp_path):
    out, _ = draw(store, tmp_path)
    fill(out, gender="M", age="60-69")
    with Scan.open(store) as scan:
        labels = LabelFile(out, scan).own_labels()
        assert len(labels) == 60
        assert sorted(labels.gender.tolist()) == [0] * 59 + [1]
        assert (labels.age_min.max(), labels.age_max.max()) == (60, 69)
        table = scan.estimate(bands="seed", labels=out).table
    assert table["method"].unique().tolist() == ["ppi"]  # they contradict what the model says
    women = table[(table["gender"] == "female") & (table["band"] == "adult")].iloc[0]
    assert women["share"] > 0.9


def test_the_sentence_to_cite_tells_of_labels(store, tmp_path):
    out, _ = draw(store, tmp_path)
    fill(out)
    assert ", 60 faces labelled by hand, model" in " ".join(
        run(report_command, store, "--labels", out).output.split()
    )
    assert "labelled by hand" not in run(report_command, store).output


def test_labels_know_their_groups(store, tmp_path):
    out, _ = draw(store, tmp_path)
    fill(out)
    with Scan.open(store) as scan:
        labels = LabelFile(out, scan).own_labels(("folder",))
    assert len(set(labels.groups.tolist())) == 2


def test_labels_are_found_by_path_in_anonymous_reports_too(store, tmp_path):
    out, _ = draw(store, tmp_path)
    fill(out)
    words = "--by", "folder", "--labels", out, "--anonymous", "--html", tmp_path / "r.html", "--quiet"
    assert run(report_command, store, *words).exit_code == 0
    assert "/photos" not in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "number", "ages"),
    [
        ({"age": "61.0"}, 60, {34, 61}),
        ({"gender": "", "age": ""}, 59, {34}),
        ({"note": "Not a face"}, 59, {34}),
        ({"note": "looked at twice", "age": "61"}, 60, {34, 61}),
    ],
    ids=["an age as pandas writes it", "a row left empty", "no face", "a remark"],
)
def test_what_a_row_says_is_taken(store, tmp_path, changes, number, ages):
    out, _ = draw(store, tmp_path)
    fill(out, **changes)
    with Scan.open(store) as scan:
        labels = LabelFile(out, scan).own_labels()
    assert (len(labels), set(labels.age_min.tolist())) == (number, ages)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gender": "cat"}, "line 2: gender 'cat' is neither female nor male"),
        ({"age": "old"}, "line 2: age 'old' is neither years like 34 nor a range like 30-39"),
        ({"gender": ""}, "line 2: the age is filled and the gender is not: fill both, or neither"),
        ({"gender": "0"}, "line 2: gender '0' says nothing: in some tables 0 is male"),
        ({"age": "1987"}, "line 2: age '1987' is a year of birth: write the age as it is perceived"),
        ({"age": "12-Oct"}, "line 2: age '12-Oct' is a date, which spreadsheets make of ranges like 10-12"),
        ({"age": "150"}, "line 2: nobody is 150 years old"),
        ({"age": "40-30"}, "line 2: nobody is 40-30 years old"),
        ({"weight": "-1"}, "line 2: the weight '-1' is not what was written"),
        ({"weight": "inf"}, "line 2: the weight 'inf' is not what was written"),
    ],
)
def test_a_bad_label_is_named_with_its_line(store, tmp_path, changes, words):
    out, _ = draw(store, tmp_path)
    fill(out, **changes)
    with Scan.open(store) as scan, pytest.raises(AgestatError, match=words):
        LabelFile(out, scan).own_labels()


def rewrite(file, change):
    """Let ``change`` have each row of a table of labels."""
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    table.apply(change, axis=1).to_csv(file, index=False)


@pytest.mark.parametrize(
    "moved",
    [
        {"root": "/elsewhere/renamed"},
        {"root": "C:\\photos"},
        {"path": lambda path: path.replace("/", "\\")},
        {"path": lambda path: f"moved/{Path(path).name}"},
        {"x": lambda x: f"{x}.0", "y": "20,0"},
    ],
)
def test_labels_are_found_after_a_folder_moved(store, tmp_path, moved):
    out, _ = draw(store, tmp_path)
    fill(out)
    new = {name: value if callable(value) else lambda _, value=value: value for name, value in moved.items()}
    rewrite(
        out,
        lambda row: row.combine(pd.Series(new), lambda old, change: change(old) if callable(change) else old),
    )
    with Scan.open(store) as scan:
        assert len(LabelFile(out, scan).own_labels()) == 60


def test_labels_of_pictures_that_are_gone_are_left_out_and_told(store, tmp_path):
    out, _ = draw(store, tmp_path)
    fill(out, path="2023/9999.jpg")
    result = run(report_command, store, "--labels", out)
    assert "1 of your labels is of a face that is not in this scan, and was left out." in " ".join(
        result.output.split()
    )
    rewrite(out, lambda row: row.where(row.index != "path", "gone.jpg"))
    with (
        Scan.open(store) as scan,
        pytest.raises(AgestatError, match=r"None of the faces that .* is in this scan"),
    ):
        LabelFile(out, scan).own_labels()


def test_the_first_rows_of_a_sorted_table_are_no_sample(store, tmp_path):
    out, _ = draw(store, tmp_path)
    fill(out)
    table = pd.read_csv(out, dtype=str)
    for order, told in ((table.index, False), (table["path"].argsort(), True)):
        some = table.loc[order].reset_index(drop=True)
        some.loc[20:, ["gender", "age"]] = ""
        some.to_csv(out, index=False)
        said = " ".join(run(report_command, store, "--labels", out).output.split())
        assert ("one end of the sorted table" in said) == told


def test_a_filled_file_is_not_overwritten(store, tmp_path):
    out, _ = draw(store, tmp_path)
    draw(store, tmp_path)  # an empty one may be
    fill(out)
    with pytest.raises(UsageError, match="holds labels already: choose another name"):
        draw(store, tmp_path)
    whole = out.read_bytes()
    for damage in (whole + b'"a.jpg,1', whole[:-1] + b",x,x,x,x,x,x\n", whole.replace(b",", b";")):
        out.write_bytes(damage)
        with pytest.raises(UsageError, match="holds labels already"):
            draw(store, tmp_path)
        assert out.read_bytes() == damage


def test_a_face_labelled_twice(store, tmp_path):
    out, _ = draw(store, tmp_path)
    fill(out)
    lines = out.read_text().splitlines()
    out.write_text("\n".join([*lines, lines[1]]) + "\n")
    with (
        Scan.open(store) as scan,
        pytest.raises(AgestatError, match=r"line 62: this face of .* labelled twice"),
    ):
        LabelFile(out, scan).own_labels()


def test_a_file_without_labels_or_of_another_kind(store, tmp_path):
    out, _ = draw(store, tmp_path)
    other = tmp_path / "other.csv"
    other.write_text("path,age\na.jpg,3\n")
    with Scan.open(store) as scan:
        with pytest.raises(AgestatError, match="holds no labels yet"):
            LabelFile(out, scan).own_labels()
        with pytest.raises(AgestatError, match="has no column gender: its columns are path, age"):
            LabelFile(other, scan).own_labels()
        other.write_text("path,age,gender,root\na.jpg,3,f,/photos\n")
        with pytest.raises(
            AgestatError, match="put its columns weight, x, y, width, height back, or fill a new"
        ):
            LabelFile(other, scan).own_labels()
        with pytest.raises(AgestatError, match="cannot be read as a CSV file"):
            LabelFile(tmp_path / "none.csv", scan).own_labels()


@pytest.mark.parametrize("options", [{}, {"by": ["folder"]}, {"cluster": "folder"}])
def test_the_order_of_rows_in_a_store_changes_nothing(write, options, tmp_path):
    """Workers finish in any order: estimates are the same to the last bit, and so are the faces to label."""
    stores = [write(f"{seed}.sqlite", np.tile([1, 4, 4, 0, 4, 2], 50), seed=seed) for seed in (1, 2)]
    estimates = []
    for store in stores:
        with Scan.open(store) as scan:
            estimates.append(scan.estimate(bands="seed", replicates=100, **options))
    for name in ("table", "margins", "ages"):
        one, two = (getattr(estimate, name) for estimate in estimates)
        pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert draw(stores[0], tmp_path)[0].read_text() == draw(stores[1], tmp_path)[0].read_text()


@pytest.mark.parametrize(("option", "name"), [("--out", "l.xlsx"), ("--html", "l.csv"), ("--html", "l.pdf")])
def test_names_of_other_kinds_of_files_are_refused(store, tmp_path, option, name):
    with pytest.raises(UsageError, match=f"{name}.* end it"):
        run(label_command, store, option, tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_list_is_found_in_either_composition_of_its_name(store, tmp_path, form):
    out, _ = draw(store, tmp_path)
    fill(out)
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    out.rename(tmp_path / unicodedata.normalize(other, "ёлки й.csv"))
    asked = tmp_path / unicodedata.normalize(form, "ёлки й.csv")
    assert "60 faces labelled by hand" in " ".join(
        run(report_command, store, "--labels", asked).output.split()
    )

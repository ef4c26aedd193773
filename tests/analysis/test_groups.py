"""``--by``."""

import os
import unicodedata
from datetime import datetime

import pytest

from agestat.analysis.groups import Facts, notes_of_unknown, parse_by
from agestat.errors import UsageError


def facts(path="a/b/1.jpg", root="/r", taken_at="2019-07-01T23:59:00", mtime_ns=None, camera=None):
    return Facts(root, path, taken_at, mtime_ns, camera)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("folder", "a/b"),
        ("folder:1", "a"),
        ("folder:2", "a/b"),
        ("folder:9", "a/b"),
        ("year", "2019"),
        ("month", "2019-07"),
        ("weekday", "1 Monday"),
        ("hour", "23"),
        ("camera", "unknown"),
        (r"(?P<first>\w)/(?P<second>\w)/", "a | b"),
        (r"(?P<number>\d+)\.png", "unknown"),
    ],
)
def test_groups_of_a_file(spec, expected):
    assert parse_by([spec])(facts()) == parse_by(spec)(facts()) == expected


def test_no_specs_are_no_groups():
    assert parse_by([]) is None


@pytest.mark.parametrize(
    "spec", ["folder", "(?P<name>Й[^/]*)", unicodedata.normalize("NFD", "(?P<name>Й[^/]*)")]
)
def test_names_are_composed_so_that_no_two_groups_look_alike(spec):
    key = parse_by([spec])
    assert {key(facts(unicodedata.normalize(form, "Йод é/1.jpg"))) for form in ("NFC", "NFD")} == {"Йод é"}


def test_several_cross():
    assert parse_by(["folder:1", "year"])(facts()) == "a | 2019"


def test_files_beside_folders():
    assert parse_by(["folder"])(facts("1.jpg")) == "."


def test_several_roots_begin_with_their_names():
    key = parse_by(["folder:1"], roots=["/x/summer", "/y/winter"])
    assert key(facts("a/1.jpg", "/x/summer")) == "summer"
    key = parse_by(["folder"], roots=["/x/photos", "/y/photos"])
    assert key(facts("a/1.jpg", "/y/photos")) == "/y/photos/a"


def test_an_expression_sees_the_whole_path_of_files_that_were_listed():
    for folders, expected in (({"/x/2019"}, "unknown"), (set(), "2019"), (None, "unknown")):
        key = parse_by(["(?P<year>\\d{4})"], folders=folders)
        assert key(facts("1.jpg", root="/x/2019")) == expected
        assert key(facts("2020/1.jpg", root="/x/2019")) == "2020"


@pytest.mark.parametrize(
    ("specs", "names", "told"),
    [
        (["year"], ["unknown"], ["year"]),
        (["year"], ["unknown", "2019"], []),
        (["folder:1", "camera"], ["a | unknown", "unknown | unknown"], ["camera"]),
        (["hour", "camera"], ["unknown | unknown"], ["hour", "camera"]),
        (["(?P<a>x)(?P<b>y)"], ["unknown | unknown", "unknown"], ["(?P<a>x)(?P<b>y)"]),
        (["(?P<a>x)(?P<b>y)"], ["unknown | y", "unknown"], []),
        (["folder"], ["unknown"], []),
        (["year"], [], []),
        ([], ["all"], []),
    ],
)
def test_keys_that_know_nothing_of_any_file(specs, names, told):
    notes = notes_of_unknown(specs, names)
    assert [note.values["spec"] for note in notes] == told


def test_file_time_only_when_trusted():
    mtime = int(datetime(2021, 3, 5, 12).timestamp() * 1e9)
    late = facts(taken_at=None, mtime_ns=mtime)
    assert parse_by(["month"])(late) == "unknown"
    assert parse_by(["month"], trust_mtime=True)(late) == "2021-03"
    assert parse_by(["year"], trust_mtime=True)(facts(mtime_ns=mtime)) == "2019"


def test_columns_of_a_table(tmp_path):
    (tmp_path / "m.csv").write_text(
        "\ufeffpath,campaign\na/b/1.jpg,spring\n/r/a/b/2.jpg,summer\n", encoding="utf-8"
    )
    key = parse_by(["column:campaign"], metadata=tmp_path / "m.csv")
    names = [key(facts(path)) for path in ("a/b/1.jpg", "a/b/2.jpg", "a/b/3.jpg")]
    assert names == ["spring", "summer", "unknown"]


def test_paths_of_a_table_as_a_shell_gives_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.csv").write_text("path,campaign\n./1.jpg,spring\nphotos/a/2.jpg,summer\n")
    key = parse_by(["column:campaign"], metadata="m.csv")
    root = str(tmp_path / "photos")
    assert [key(facts(path, root=root)) for path in ("1.jpg", "a/2.jpg", "2.jpg")] == [
        "spring", "summer", "unknown",
    ]  # fmt: skip


def test_names_without_folders_are_the_one_file_that_is_called_so(tmp_path):
    (tmp_path / "m.csv").write_text("path,campaign\n1.jpg,spring\n2.jpg,summer\n3.jpg,autumn\n")
    paths = ["a/1.jpg", "a/2.jpg", "b/2.jpg", "3.jpg", "b/3.jpg", "b/4.jpg"]
    key = parse_by(["column:campaign"], metadata=tmp_path / "m.csv", paths=lambda: paths)
    names = [key(facts(path)) for path in paths]
    assert names == ["spring", "unknown", "unknown", "autumn", "unknown", "unknown"]


def test_a_picture_in_two_rows(tmp_path):
    (tmp_path / "m.csv").write_text("path,campaign\n1.jpg,a\n1.jpg,a\n2.jpg,b\n./2.jpg,c\n")
    with pytest.raises(UsageError, match=r"m\.csv, line 5: '2\.jpg' has 'b' further up and 'c' here: leave"):
        parse_by(["column:campaign"], metadata=tmp_path / "m.csv")


def test_a_table_that_nothing_asks_for(tmp_path):
    with pytest.raises(UsageError, match=r"--metadata m\.csv is of no use without --by column:NAME: add it"):
        parse_by(["year"], metadata="m.csv")


def test_columns_of_names_that_are_not_text(tmp_path):
    (tmp_path / "m.csv").write_bytes(b"file,campaign\n\xff.jpg,odd\n")
    key = parse_by(["column:campaign"], metadata=tmp_path / "m.csv")
    assert key(facts(os.fsdecode(b"\xff.jpg"))) == "odd"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("folders", r"--by 'folders' is none of folder\[:DEPTH\], year, month"),
        ("folder:0", "is none of"),
        ("(", "is not a regular expression"),
        ("(x)", "no regular expression with named groups"),
        ("column:campaign", r"needs --metadata FILE\.csv"),
    ],
)
def test_what_is_no_key(spec, message):
    with pytest.raises(UsageError, match=message):
        parse_by([spec])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,x\n", "has no column campaign: its columns are path, x, taken as separated by ','"),
        ("name,campaign\n", "has no column path"),
    ],
)
def test_tables_without_the_column(tmp_path, text, message):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(UsageError, match=message):
        parse_by(["column:campaign"], metadata=tmp_path / "m.csv")


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read as a CSV file"):
        parse_by(["column:campaign"], metadata=tmp_path / "none.csv")

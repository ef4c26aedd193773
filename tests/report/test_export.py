import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from agestat.errors import AgestatError, UsageError
from agestat.report.export import WRITERS, read_table, write_faces, write_table

HOSTILE = ["=cmd()|A1", "+1", "-1", "@SUM(1)", "\t=1", " =1", "'=1", "＝1", "a\rb", "\n=1"]
HARMLESS = ["album", "O'Brien", "NA", "2019", "", 'a "b", c', "школа", "1-2", "'quoted'", "None"]


@pytest.fixture
def frame(make_estimate) -> pd.DataFrame:
    """Groups with every kind of name, and shares that need all 17 digits."""
    table = make_estimate((*HOSTILE, *HARMLESS)).table
    return table.assign(share=np.random.default_rng(0).random(len(table)))


def read(path, kind: str) -> pd.DataFrame:
    text = dict.fromkeys(("group", "gender", "band", "method"), str)
    if kind == "csv":
        return read_table(path)
    if kind in ("json", "jsonl"):
        return pd.read_json(path, lines=kind == "jsonl", dtype=text, precise_float=True)
    if kind == "parquet":
        return pd.read_parquet(path)
    return pd.read_excel(path, dtype=text, keep_default_na=False)


@pytest.mark.parametrize("kind", WRITERS)
def test_values_read_back_as_written(frame, tmp_path, kind):
    if kind == "xlsx":
        pytest.importorskip("openpyxl")
        frame = frame[~frame["group"].isin(["\t=1", "a\rb", "\n=1"])].reset_index(drop=True)
    target = tmp_path / f"table.{kind}"
    write_table(frame, target)
    # Excel keeps 16 digits of a number.
    exact = {"check_exact": True} if kind != "xlsx" else {"rtol": 1e-15}
    pd.testing.assert_frame_equal(read(target, kind), frame, check_dtype=False, **exact)


def test_csv_holds_no_cell_that_a_spreadsheet_would_run(frame, tmp_path):
    write_table(frame, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        groups = {row["group"] for row in csv.DictReader(file)}
    assert groups == {f"'{name}" if name not in ("a\rb",) else name for name in HOSTILE} | set(HARMLESS)


def test_plain_pandas_reads_harmless_tables_unchanged(make_estimate, tmp_path):
    table = make_estimate(("O'Brien", "album 1", "школа")).table
    write_table(table, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv"), table, check_exact=True)


def test_excel_holds_formulas_as_text(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    write_table(pd.DataFrame({"group": ["=1+1", "\x1b[31m"], "n": [3, 4]}), tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert [[cell.value for cell in row] for row in sheet] == [["group", "n"], ["=1+1", 3], ["\\x1b[31m", 4]]
    assert [row[0].data_type for row in sheet] == ["s", "s", "s"]


def test_whole_csv(make_estimate, tmp_path):
    write_table(make_estimate().table.head(2), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == (
        "group,gender,age_min,age_max,band,n,share_counted,share,share_low,share_high,method,level,"
        "calibration,calibration_n\n"
        "all,female,0,17,0-17,5,0.05,0.04,0.02,0.06,bayes,0.95,faces,2000\n"
        "all,female,18,64,18-64,30,0.3,0.31,0.29,0.33,bayes,0.95,faces,2000\n"
    )


def test_paths_that_are_no_unicode_are_written_everywhere(tmp_path):
    faces = pd.DataFrame({"file_id": [1], "path": pd.Series(["a\udcff.jpg"], dtype=object), "age": [3.5]})
    write_faces([faces], tmp_path / "f.csv")
    write_faces([faces], tmp_path / "f.jsonl")
    write_faces([faces], tmp_path / "f.parquet")
    assert (tmp_path / "f.csv").read_bytes() == b"path,age\na\xff.jpg,3.5\n"
    assert json.loads((tmp_path / "f.jsonl").read_text()) == {"path": "a\udcff.jpg", "age": 3.5}
    assert pd.read_parquet(tmp_path / "f.parquet").to_dict("records") == [
        {"path": "a\\udcff.jpg", "age": 3.5}
    ]


def test_missing_numbers_are_empty_or_null(tmp_path):
    frame = pd.DataFrame({"group": ["a"], "share": [np.nan], "age_min": pd.array([None], dtype="Int64")})
    write_table(frame, tmp_path / "t.csv")
    write_table(frame, tmp_path / "t.json")
    assert (tmp_path / "t.csv").read_text() == "group,share,age_min\na,,\n"
    assert json.loads((tmp_path / "t.json").read_text()) == [{"group": "a", "share": None, "age_min": None}]


def test_standard_output_gets_csv(capfdbinary):
    write_table(pd.DataFrame({"n": [1]}), "-")
    assert capfdbinary.readouterr().out == b"n\n1\n"


def test_standard_output_gets_what_is_asked_for(capfdbinary):
    write_table(pd.DataFrame({"n": [1]}), "-", "parquet")
    assert pd.read_parquet(io.BytesIO(capfdbinary.readouterr().out))["n"].tolist() == [1]


def test_unknown_extension_is_a_usage_error(tmp_path):
    with pytest.raises(
        UsageError, match=r"Cannot tell the format of .*\.docx: end its name with one of \.csv"
    ):
        write_table(pd.DataFrame(), tmp_path / "t.docx")


def test_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(AgestatError, match=r"Cannot write .*no/t\.csv \(No such file or directory\)"):
        write_table(pd.DataFrame({"n": [1]}), tmp_path / "no" / "t.csv")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, make_estimate):
    target = tmp_path / "t.parquet"
    target.write_text("old")
    with pytest.raises(Exception, match=r"mixed|convert|Expected"):
        write_table(pd.DataFrame({"x": [1, "a", b"b", {}]}, dtype=object), target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_faces_are_written_a_part_at_a_time(tmp_path):
    parts = [
        pd.DataFrame({"file_id": [n], "path": pd.Series([f"{n}.jpg"], dtype=object), "age": [float(n)]})
        for n in (1, 2)
    ]
    for name in ("f.csv", "f.jsonl", "f.parquet"):
        write_faces(iter(parts), tmp_path / name)
    assert (tmp_path / "f.csv").read_text() == "path,age\n1.jpg,1.0\n2.jpg,2.0\n"
    assert (tmp_path / "f.jsonl").read_text().splitlines()[1] == '{"path": "2.jpg", "age": 2.0}'
    assert pd.read_parquet(tmp_path / "f.parquet")["path"].tolist() == ["1.jpg", "2.jpg"]

import importlib.util
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from click import BadParameter
from click.testing import CliRunner
from matplotlib.font_manager import fontManager

from agestat.cli.report import command
from agestat.errors import AgestatError, UsageError
from agestat.scanning.store import store_of

_SPEC = importlib.util.spec_from_file_location("stores", Path(__file__).parents[1] / "report" / "conftest.py")
stores = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(stores)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    return stores.write_store(tmp_path_factory.mktemp("collection"), 400, ("2019", "2020", "2021"))


def run(*arguments: object):
    result = CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def test_everything_at_once_without_scanning(store, tmp_path):
    page, picture, table = tmp_path / "r.html", tmp_path / "p.png", tmp_path / "t.csv"
    result = run(
        store,
        "--by",
        "folder",
        "--html",
        page,
        "--png",
        picture,
        "--csv",
        table,
        "--lang",
        "en",
        "--method",
        "pacc",
    )
    assert result.return_value == 3  # seven files could not be read
    assert "Of 400 perceived faces in 200 photos" in result.output
    assert "Of 400 perceived faces in 200 photos" in page.read_text(encoding="utf-8")
    assert "Over time" in page.read_text(encoding="utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert pd.read_csv(table)["group"].unique().tolist() == ["all", "2019", "2020", "2021"]


def test_table_alone_on_standard_output(store):
    result = run(store, "--csv", "-", "--quiet")
    assert result.stdout.splitlines()[0].startswith("group,gender,age_min,age_max,band,n,")
    assert len(result.stdout.splitlines()) == 1 + 2 * 8 + 2 + 8


def test_russian_page(store, tmp_path):
    run(store, "--html", tmp_path / "r.html", "--lang", "ru", "--quiet")
    assert '<html lang="ru">' in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_letters_that_no_font_has_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(fontManager, "ttflist", [])
    store = stores.write_store(tmp_path, 40, ("東京", "Rome"))
    result = run(store, "--by", "folder", "--png", tmp_path / "p.png", "--quiet")
    path = tmp_path / "p.png"
    assert (
        result.stderr
        == f"{path} shows boxes for 京東: install a font that has these letters, or write SVG.\n"
    )


def test_a_stopped_scan_is_reported_as_one(tmp_path):
    store = stores.write_store(tmp_path, 40, ("Rome",))
    with sqlite3.connect(store) as db:
        db.execute("UPDATE runs SET finished_at = NULL")
    db.close()
    result = run(store, "--html", tmp_path / "r.html", "--quiet")
    assert result.stderr.startswith("This scan was stopped after ")
    assert result.stderr.endswith("of these alone: repeat `agestat scan` to finish it.\n")
    assert "None" not in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def uneven(tmp_path_factory) -> Path:
    """A hundred pictures of two faces, of which two folders hold few."""
    folder = tmp_path_factory.mktemp("uneven")
    return stores.write_store(folder, 200, ("=Rome", *["=Rome"] * 20, "Oslo", *["Oslo"] * 20, "Bern"))


def test_by_keeps_the_whole_and_few_faces_are_listed(uneven, tmp_path):
    table, faces = tmp_path / "t.csv", tmp_path / "f.csv"
    result = run(
        uneven,
        "--raw",
        "--by",
        "folder",
        "--csv",
        table,
        "--faces",
        faces,
        "--min-n",
        20,
        "--bands",
        "0,18,65",
    )
    rows = pd.read_csv(table).set_index("group")
    whole = pd.read_csv(faces)
    few = whole["group"].value_counts()["Bern"]
    assert rows.loc["Bern", ["row", "n"]].tolist() == ["few", few]
    assert pd.isna(rows.loc["Bern", "share"])
    assert Counter(rows.loc["all", "row"]) == {"cell": 6, "gender": 2, "age": 3}
    assert rows.loc["all"].query("row == 'cell'")["n"].sum() == len(whole) == 200
    counted = whole.groupby(["group", "gender", "band"]).size()
    for row in rows.loc["Oslo"].query("row == 'cell' and n > 0").itertuples():
        assert counted["Oslo", row.gender, row.band] == row.n
    words = " ".join(result.output.split())
    assert words.startswith("Perceived age and gender Of 200 perceived faces in 100 photos, ")
    assert f"1 group has too few faces for an estimate: Bern ({few})." in words
    assert "everything 200 " in words
    assert "To cite: Of 200 faces in 100 photos, " in words
    assert "calibration pictures" not in words
    assert "calibration pictures" in " ".join(run(uneven, "-v").output.split())


def test_too_few_faces_are_a_sentence_and_no_figure(tmp_path):
    store = stores.write_store(tmp_path, 8, ("Rome",))
    table, page, picture, book = (tmp_path / name for name in ("t.csv", "r.html", "p.svg", "b.xlsx"))
    words = run(store, "--csv", table, "--html", page, "--png", picture, "--xlsx", book).output
    assert "\n8 perceived faces: too few to estimate shares.\n" in words
    assert "--min-n 8 estimates them all the same" in words and "To cite" not in words
    (row,) = pd.read_csv(table).to_dict("records")
    assert (row["group"], row["n"], row["row"]) == ("all", 8, "few") and pd.isna(row["share"])
    assert "too few to estimate shares" in page.read_text(encoding="utf-8")
    assert "<svg" not in page.read_text(encoding="utf-8")
    assert picture.stat().st_size < 10_000
    with pd.ExcelFile(book) as sheets:
        assert "pyramid" not in sheets.sheet_names
    assert "To cite: Of 8 faces" in run(store, "--raw", "--min-n", 8).output


def test_a_summary_fits_a_screen(store):
    assert len(run(store).output.splitlines()) <= 25


def test_csv_for_spreadsheets_with_decimal_commas(uneven, tmp_path):
    plain, excel = tmp_path / "p.csv", tmp_path / "e.csv"
    run(uneven, "--raw", "--by", "folder", "--csv", plain, "-q")
    run(uneven, "--raw", "--by", "folder", "--csv", excel, "-q", "--csv-dialect", "excel")
    assert excel.read_bytes().startswith("\ufeffgroup;gender;".encode())
    assert "'=Rome;" in excel.read_text(encoding="utf-8")
    read = pd.read_csv(excel, sep=";", decimal=",", encoding="utf-8-sig")
    pd.testing.assert_frame_equal(read, pd.read_csv(plain))


def test_a_workbook_holds_everything_and_a_chart(uneven, tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="the extra xlsx writes workbooks")
    target = tmp_path / "r.xlsx"
    margins = tmp_path / "m.csv"
    run(uneven, "--raw", "--by", "folder", "--xlsx", target, "--margins", margins, "--min-n", 20)
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == [
        "shares", "margins", "ages", "groups", "failed files", "pyramid", "how it was made",
    ]  # fmt: skip
    shares = book["shares"]
    assert shares.freeze_panes == "A2"
    assert [cell.value for cell in shares[1]][:3] == ["group", "gender", "age_min"]
    assert shares["H2"].number_format == "0.0%"
    assert book["margins"].max_row == 1 + len(pd.read_csv(margins))
    groups = {row[0]: row[1:] for row in book["groups"].iter_rows(min_row=2, values_only=True)}
    assert groups["Bern"][1] == "too few faces"
    formula = next(row[0] for row in book["groups"].iter_rows(min_row=2) if row[0].value == "=Rome")
    assert formula.data_type == "s"
    assert book["failed files"].max_row == 8
    (chart,) = book["pyramid"]._charts
    assert [series.tx.strRef.f for series in chart.series] == ["'pyramid'!B1", "'pyramid'!C1"]
    assert list(book["how it was made"].values)[-1][1].startswith("Of 200 faces in 100 photos, ")


def test_a_workbook_in_russian(tmp_path):
    store = stores.write_store(tmp_path, 8, ("Rome",))
    run(store, "--xlsx", tmp_path / "r.xlsx", "--lang", "ru", "-q")
    sheets = pd.read_excel(tmp_path / "r.xlsx", sheet_name=None)
    assert list(sheets)[:4] == ["доли", "пол и возраст отдельно", "возраст", "группы"]
    assert sheets["группы"].iloc[0].tolist() == ["all", 8, "слишком мало лиц"]


def test_a_report_is_a_page(store, tmp_path):
    with pytest.raises(UsageError, match=r"not .*r\.pdf: end its name with one of \.html"):
        run(store, "--report", tmp_path / "r.pdf")


def test_what_was_scanned_is_reported_though_it_is_not_there_now(store, tmp_path, monkeypatch):
    """Of a drive that is not connected, and of a storage that is no folder; by its name."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in (str(tmp_path / "drive"), "s3://bucket/photos"):
        with pytest.raises((AgestatError, BadParameter), match=r"does not exist|There is no scan of s3"):
            run(name)
        shutil.copy(store, make_folder(store_of([name])))
        assert "perceived faces in" in run(name).output


def make_folder(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    return file

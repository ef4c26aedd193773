import importlib.util
import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from matplotlib.font_manager import fontManager

from agestat.cli.report import command

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
    assert pd.read_csv(table)["group"].unique().tolist() == [2019, 2020, 2021]


def test_table_alone_on_standard_output(store):
    result = run(store, "--csv", "-", "--quiet")
    assert result.stdout.splitlines()[0].startswith("group,gender,age_min,age_max,band,n,")
    assert len(result.stdout.splitlines()) == 1 + 2 * 8


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

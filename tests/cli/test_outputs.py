"""Where outputs may go: streams by any name, and nowhere that costs a picture."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from agestat.cli.compare import command as compare_command
from agestat.cli.options import Target
from agestat.cli.report import command as report_command
from agestat.cli.scan import command as scan_command
from agestat.errors import UsageError

HEADER = "group,gender,age_min,"
ROWS = 6 + 2 + 3  # cells, genders, ages


@pytest.fixture
def bash(store, tmp_path):
    """Run a line of bash with ``agestat report s.sqlite`` for REPORT."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    report = f"{Path(sys.executable).with_name('agestat')} report {store}"

    def run(line):
        command = ["bash", "-c", line.replace("REPORT", report)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)

    return run


def test_process_substitution(bash, tmp_path):
    bash(
        "REPORT --csv >(cat > a.csv) --parquet >(cat > b.parquet) --faces >(cat > c.csv) --png >(cat > d) -q"
    )
    bash("until [ -s a.csv -a -s b.parquet -a -s c.csv -a -s d ]; do sleep 0.1; done")
    assert (tmp_path / "a.csv").read_text().startswith(HEADER)
    assert len(pd.read_parquet(tmp_path / "b.parquet")) == ROWS
    assert len(pd.read_csv(tmp_path / "c.csv")) == 300
    assert (tmp_path / "d").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_by_its_other_names(bash, name):
    done = bash(f"REPORT --csv {name}")
    assert done.stdout.startswith(HEADER) and done.stdout.count("\n") == 1 + ROWS
    assert "perceived" in done.stderr


def test_files_that_the_shell_holds_open_are_written_where_they_are(bash, tmp_path):
    bash("echo first > log; REPORT --csv /dev/stderr -q 2>> log; REPORT --csv /dev/fd/7 -q 7> table")
    first, header, *rows = (tmp_path / "log").read_text().splitlines()
    assert (first, header[: len(HEADER)], len(rows)) == ("first", HEADER, ROWS)
    assert (tmp_path / "table").read_text().splitlines() == [header, *rows]


@pytest.fixture
def photos(tmp_path, samples):
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(samples / "photos" / "astronaut.jpg", folder)
    return folder


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--csv", "photos/astronaut.jpg"], "photos/astronaut.jpg is a picture, which would be lost"),
        (["--csv", "drawn.png"], "drawn.png is a picture, which would be lost"),
        (["--png", "photos/p.png"], "photos/p.png would lie among the scanned pictures"),
        (["--png", "-.xyz"], "Cannot draw into -.xyz: end its name with one of .png, .svg, .pdf."),
        (["--png", "p"], "Cannot draw into p:"),
        (["--csv", "t.xlsx"], "t.xlsx would hold CSV, not what its name says: end it with .csv."),
        (["--json", "t.csv"], "t.csv would hold JSON"),
        (["--xlsx", "t.xls"], "t.xls would hold XLSX, not what its name says: end it with .xlsx."),
        (["--review", "t.csv"], "This is a page of HTML, not t.csv: end its name with one of .html, .htm"),
        (["--csv", ""], "An empty name is no file's"),
        (["--json", "photos"], "'photos' is a directory"),
    ],
)
def test_outputs_are_refused_before_the_scan(typed, photos, samples, tmp_path, options, message, monkeypatch):
    shutil.copy(samples / "others" / "landscape.png", tmp_path / "drawn.png")
    monkeypatch.chdir(tmp_path)
    code, output, messages = typed("scan", "photos", "--db", "s.sqlite", *options)
    assert (code, output) == (2, "")
    assert message in messages
    assert not (tmp_path / "s.sqlite").exists()
    assert [path.name for path in photos.iterdir()] == ["astronaut.jpg"]
    assert (photos / "astronaut.jpg").read_bytes() == (samples / "photos" / "astronaut.jpg").read_bytes()


def test_drawings_beside_the_pictures_may_be_vectors(store, photos, monkeypatch):
    monkeypatch.chdir(photos.parent)
    monkeypatch.setattr("agestat.analysis.scan.scanned", lambda _: store)
    for command, arguments in ((report_command, ["photos", "-q"]), (compare_command, ["photos", "photos"])):
        refused = CliRunner().invoke(command, [*arguments, "--png", "photos/p.PNG"])
        assert isinstance(refused.exception, UsageError) and "among the scanned" in str(refused.exception)
        assert CliRunner().invoke(command, [*arguments, "--png", "photos/p.svg"]).exit_code == 0
        assert CliRunner().invoke(command, [*arguments, "--png", "p.png"]).exit_code == 0


def test_a_file_that_may_only_be_written_is_written(store, tmp_path):
    target = tmp_path / "o.csv"
    target.touch(mode=0o222)
    assert not Target().readable and Target().convert(str(target), None, None) == str(target)
    assert CliRunner().invoke(report_command, [str(store), "-q", "--csv", str(target)]).exit_code == 0


def test_what_is_read_by_another_name_is_not_written(store, samples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("labels.csv").write_text("precious")
    Path("mine.csv").symlink_to("labels.csv")
    Path("list.csv").write_text(str(samples / "photos" / "astronaut.jpg"))
    for command, arguments in (
        (report_command, [str(store), "--labels", "mine.csv", "--csv", "labels.csv"]),
        (scan_command, ["--from-file", "list.csv", "--csv", "list.csv", "--db", "x.sqlite"]),
    ):
        refused = CliRunner().invoke(command, arguments)
        assert "is read or written by this command already" in str(refused.exception)
    assert Path("labels.csv").read_text() == "precious"


def test_a_loop_of_links_is_replaced(store, tmp_path):
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")
    done = CliRunner().invoke(report_command, [str(store), "-q", "--csv", str(tmp_path / "a.csv")])
    assert (done.exit_code, done.output) == (0, "")
    assert len(pd.read_csv(tmp_path / "a.csv")) == 6 + 5


def test_margins_and_ages_are_tables_too(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = [str(store), "-q", "--csv", "t.csv", "--margins", "m.csv", "--ages", "a.json"]
    done = CliRunner().invoke(report_command, arguments)
    assert (done.exit_code, done.output) == (0, "")
    table, margins = pd.read_csv("t.csv").query("row == 'cell'"), pd.read_csv("m.csv")
    genders, bands = (table.groupby(column, sort=False)["n"].sum() for column in ("gender", "band"))
    assert margins[["gender", "band", "n"]].to_numpy().tolist() == [
        *([gender, "all", n] for gender, n in genders.items()),
        *(["all", band, n] for band, n in bands.items()),
    ]
    assert {"share", "share_low", "share_high", "method", "level"} <= set(margins)
    ages = pd.read_json("a.json")
    assert ages[["gender", "statistic"]].to_numpy().tolist() == [
        [gender, statistic] for gender in ("all", "female", "male") for statistic in ("mean", "median")
    ]
    refused = CliRunner().invoke(report_command, [str(store), "--margins", "m.doc"])
    assert "Cannot tell the format of m.doc" in str(refused.exception)


def test_excel_without_its_package_is_refused_before_the_scan(store, monkeypatch):
    monkeypatch.setattr("agestat.report.export.find_spec", lambda _: None)
    refused = CliRunner().invoke(report_command, [str(store), "--xlsx", "t.xlsx"])
    assert str(refused.exception) == "Excel files need one more package: pip install 'agestat[xlsx]'."

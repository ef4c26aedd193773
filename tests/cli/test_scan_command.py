"""The installed command, end to end, on the pictures that the project ships."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from agestat.images.faces import MIN_SCORE
from agestat.model.checkpoint import folder_of, list_models
from agestat.scanning.examine import MIN_FACE

PEOPLE = Path(__file__).parents[2] / "sample_images" / "people"
COLUMNS = (
    "group,gender,age_min,age_max,band,n,share_counted,share,share_low,share_high,"
    "method,level,calibration,calibration_n,row"
)


def agestat(*arguments, **options):
    command = [str(Path(sys.executable).with_name("agestat")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def db(tmp_path):
    return tmp_path / "s.sqlite"


needs_model = pytest.mark.skipif(
    not any(info["name"] == "faces" for info in list_models()), reason="the model faces is not there yet"
)


@needs_model
def test_scan_writes_the_table_and_exits_with_3(samples, db, tmp_path):
    done = agestat("scan", samples, "--db", db, "--csv", tmp_path / "out.csv", "--bands", "seed")
    assert done.returncode == 3
    assert "perceived" in done.stdout
    assert "16 pictures found" in done.stdout
    assert "1 × truncated" in done.stdout
    table = pd.read_csv(tmp_path / "out.csv")
    assert ",".join(table.columns) == COLUMNS
    cells = table[table["row"] == "cell"]
    assert cells["n"].sum() == 17
    assert cells["share"].sum() == pytest.approx(1)
    assert table[["method", "level", "calibration"]].drop_duplicates().to_numpy().tolist() == [
        ["bayes", 0.95, "faces"]
    ]
    again = agestat("scan", samples, "--db", db, "--csv", "-", "--raw", "-v")
    assert again.returncode == 3
    assert again.stdout.splitlines()[0] == COLUMNS
    assert "16 taken from an earlier scan" in again.stderr
    assert f"truncated: '{samples}/others/corrupt.jpg'" in again.stderr


@needs_model
def test_what_is_looked_at_and_what_counts_can_be_chosen(samples, db, tmp_path):
    photos = tmp_path / "photos"
    (photos / ".thumbnails").mkdir(parents=True)
    shutil.copy(samples / "photos" / "astronaut.jpg", photos / ".thumbnails")
    for name in ("a.jpg", "copy.jpg"):
        shutil.copy(samples / "photos" / "two_faces.jpg", photos / name)
    with Image.open(photos / "a.jpg") as picture:
        picture.save(photos / "edited.jpg", quality=60)  # without EXIF
    os.utime(photos / "edited.jpg", (1_600_000_000, 1_600_000_000))  # in 2020
    chosen = ("--all-files", "--tiles", "off", "--min-face", 30, "--shard", "1/1")
    counted = ("--by", "year", "--trust-mtime", "--cluster", "folder", "--raw", "--min-n", 1, "--quiet")
    done = agestat("scan", photos, "--db", db, *chosen, *counted, "--files", tmp_path / "files.csv")
    assert (done.returncode, done.stderr) == (0, "")
    files = pd.read_csv(tmp_path / "files.csv")
    assert sorted(files["path"]) == [".thumbnails/astronaut.jpg", "a.jpg", "copy.jpg", "edited.jpg"]
    # A copy counts once in each group that holds it and in the whole; an edit of it with --once alone.
    for options, found in ((), (3, 2, 5)), (("--keep-copies",), (5, 2, 7)), (("--once",), (3, 2, 3)):
        done = agestat("report", db, *counted, *options, "--csv", "-")
        cells = pd.read_csv(io.StringIO(done.stdout)).query("row == 'cell'")
        assert tuple(cells.groupby("group")["n"].sum()[["1992", "2020", "all"]]) == found, options


@needs_model
def test_without_failures_the_exit_code_is_0(samples, db, tmp_path):
    done = agestat(
        "scan", samples, "--exclude", "corrupt.jpg", "--db", db, "--quiet", "--faces", tmp_path / "f.csv"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    faces = pd.read_csv(tmp_path / "f.csv")
    assert len(faces) == 17
    # What the shipped weights say, with room for processors without bfloat16.
    astronaut, admiral = (
        faces[faces["path"] == f"photos/{name}.jpg"].iloc[0] for name in ("astronaut", "admiral")
    )
    assert [astronaut["p_female"], admiral["p_female"]] == pytest.approx([0.949, 0.038], abs=0.05)
    assert [astronaut["age"], admiral["age"]] == pytest.approx([35.1, 78.9], abs=2)
    assert {"path", "x", "y", "width", "height", "score", "p_female", "age", "age_low", "age_high"} <= set(
        faces
    )


def test_dry_run_lists_and_reads_nothing(samples, db):
    done = agestat("scan", samples / "others", "--dry-run", "--db", db)
    names = ["coffee.jpg", "corrupt.jpg", "landscape.png"]
    assert done.stdout.splitlines() == [str(samples / "others" / name) for name in names]
    assert done.stderr == "Files that would be scanned: 3\n"
    assert done.returncode == 0
    assert not db.exists()


@pytest.mark.parametrize("separator", [b"\n", b"\0"])
def test_a_list_from_standard_input(samples, separator):
    paths = separator.join(bytes(samples / "others" / name) for name in ("landscape.png", "coffee.jpg"))
    command = [str(Path(sys.executable).with_name("agestat")), "scan", "--from-file", "-", "--dry-run"]
    done = subprocess.run(command, input=paths, capture_output=True, check=False)
    assert (
        done.stdout
        == bytes(samples / "others/landscape.png") + b"\n" + bytes(samples / "others/coffee.jpg") + b"\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "There is nothing to scan"),
        (["nowhere"], "Path 'nowhere' does not exist"),
        ([PEOPLE, "--model", "none"], "There is no model 'none'"),
        ([PEOPLE, "--batch-size", "many"], "--batch-size many must be auto or a number"),
        ([PEOPLE, "--batch-size", "30000000"], "batch_size 30000000 must be a whole number from 1 to 4096"),
        ([PEOPLE, "--from-file", "nowhere"], "The list nowhere cannot be read"),
        (["--from-file", "/dev/null"], "There is nothing to scan: the list /dev/null is empty"),
        ([PEOPLE, "--min-score", "nan"], "min_score nan must be from 0 to 1"),
        ([PEOPLE, "--device", "cuda:99"], "The device 'cuda:99' is not there"),
        ([PEOPLE, "--min-score", "2"], "Invalid value for '--min-score'"),
        ([PEOPLE, "--by", "folders"], "--by 'folders' is none of folder[:DEPTH]"),
        ([PEOPLE, "--bands", "young"], "Bands 'young' are neither"),
        ([PEOPLE, "--raw", "--method", "pacc"], "exclude each other"),
        ([PEOPLE, "--csv", "none/out.csv"], "There is no folder for none/out.csv"),
        ([PEOPLE, "--faces", "out.doc"], "Cannot tell the format of out.doc"),
        ([PEOPLE, "--csv", "-", "--json", "-"], "Only one output"),
    ],
)
def test_usage_errors_are_one_sentence_before_anything_is_scanned(typed, db, arguments, message):
    code, output, messages = typed("scan", *arguments, "--db", db)
    assert (code, output) == (2, "")
    assert message in messages and "Traceback" not in messages
    assert not db.exists()


@needs_model
def test_a_model_without_its_errors_is_refused_before_anything_is_scanned(samples, db, tmp_path):
    folder = Path(shutil.copytree(folder_of("faces"), tmp_path / "mine"))
    for file in folder.glob("calibration*.npz"):
        file.unlink()
    done = agestat("scan", samples, "--model", folder, "--raw", "--db", db)
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no calibration.npz, which tells its errors" in done.stderr
    assert not db.exists()


@needs_model
def test_failed_files_are_named_in_quiet_too(samples, db):
    done = agestat("scan", samples / "others", "--db", db, "-q", "-v")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"All rows are in {db}.\ntruncated: '{samples}/others/corrupt.jpg'\n"


def test_nothing_found_says_so(db, tmp_path):
    done = agestat("scan", tmp_path, "--db", db, "-q")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "No picture was found: check the paths, and --include and --exclude.\n"
    (tmp_path / "takeout-001.zip").write_bytes(b"PK\3\4")
    done = agestat("scan", tmp_path, "--db", db, "-q")
    assert (done.returncode, done.stderr) == (
        0, "No picture was found, but archives, which are not read: unpack them and scan again.\n",
    )  # fmt: skip


@needs_model
def test_a_limited_scan_says_so(samples, db):
    done = agestat("scan", samples / "others", "--db", db, "--limit", "1")
    assert "No face was counted in 1 photo." in done.stdout
    assert "Only the first 1 file was looked at (--limit)." in done.stdout
    assert "Only the first" not in agestat("scan", samples / "others", "--db", db).stdout


@needs_model
def test_a_key_that_knows_nothing_of_any_file_says_so(samples, db, tmp_path):
    (tmp_path / "m.csv").write_text("path,city\nelsewhere.jpg,Rome\n")
    keys = [
        "--by",
        "column:city",
        "--metadata",
        tmp_path / "m.csv",
        "--by",
        "folder:1",
        "--by",
        "(?P<x>Rome)",
    ]
    done = agestat("scan", samples / "drawn", "--db", db, "-q", *keys)
    assert done.stderr.splitlines() == [
        "Every picture is of the group 'unknown' for --by 'column:city': the table has no value for any "
        "path, and --faces shows what paths there are.",
        "Every picture is of the group 'unknown' for --by '(?P<x>Rome)': it is searched in paths below what "
        "was scanned, and --faces shows them.",
    ]


@needs_model
def test_an_expression_sees_the_folders_of_listed_files(samples, db, tmp_path):
    (tmp_path / "list").write_text(f"\ufeff{samples}/photos/astronaut.jpg\n{samples}/photos/admiral.jpg\n")
    by = "samples/(?P<kind>[^/]+)"
    done = agestat("scan", "--from-file", tmp_path / "list", "--by", by, "--db", db, "--csv", "-", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert {line.split(",")[0] for line in done.stdout.splitlines()[1:]} == {"all", "photos"}


def test_help_shows_examples():
    done = agestat("scan", "--help")
    assert done.returncode == 0
    assert "agestat scan ./photos --csv out.csv" in done.stdout
    text = " ".join(done.stdout.split())
    assert f"Leave smaller faces out; default: {MIN_FACE}." in text
    assert f"Leave less certain faces out; default: {MIN_SCORE}." in text

"""A new user's first day on the sample pictures, from the first scan to the sentence in the report."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

PEOPLE = Path(__file__).parents[1] / "sample_images" / "people"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder to work in, and where the program keeps its stores meanwhile."""
    return tmp_path_factory.mktemp("day")


@pytest.fixture(scope="module")
def agestat(home):
    """The installed command, as typed in that folder; gives what it printed, both streams together."""

    def run(*words, code=0):
        command = [str(Path(sys.executable).with_name("agestat")), *map(str, words)]
        done = subprocess.run(
            command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            env={"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PATH": "/usr/bin:/bin",
                 "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        return " ".join(done.stdout.split())

    return run


@pytest.fixture(scope="module")
def truth():
    with (PEOPLE.parent / "truth.csv").open(newline="") as file:
        return {row["file"].removeprefix("people/"): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def scanned(agestat, home):
    """The first command of the README."""
    (home / "photos").symlink_to(PEOPLE)
    words = ("--by", "folder:1", "--min-n", 1, "--csv", "out.csv", "--report", "report.html")
    return agestat("scan", "photos", *words)


def saved(page, target):
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(target)
    page.close()


def test_the_first_scan_says_who_is_there(scanned, home):
    assert "5 pictures found" in scanned and "0 could not be read" in scanned
    assert "To cite: " in scanned
    with (home / "out.csv").open(newline="") as file:
        assert {"pioneers", "white_house"} <= {row["group"] for row in csv.DictReader(file)}


def test_a_file_that_cannot_be_read_is_a_line_and_an_exit_code(agestat):
    assert "1 × truncated" in agestat("scan", PEOPLE.parent / "broken", code=3)


def test_the_report_opens_in_a_browser(scanned, chromium, home):
    page = chromium.new_page()
    page.goto((home / "report.html").as_uri())
    assert page.locator("h1").inner_text() == "Perceived age and gender"
    assert page.locator("img").count() == 0
    page.close()


def test_two_folders_are_compared_by_the_numbers_of_the_report(scanned, agestat, home):
    words = ("compare", "photos", "--by", "folder:1", "--groups", "pioneers", "white_house")
    assert "pioneers has too few faces to compare: 3; --min-n 3" in agestat(*words, code=2)
    said = agestat(*words, "--min-n", 1)
    with (home / "out.csv").open(newline="") as file:
        female = {
            row["group"]: float(row["share"])
            for row in csv.DictReader(file)
            if row["row"] == "gender" and row["gender"] == "female"
        }
    assert f"{100 * female['pioneers']:.1f} % of 3 faces in pioneers, " in said
    assert f" {100 * female['white_house']:.1f} % of 2 faces in white_house: " in said


def test_faces_are_labelled_and_taken_back_in(scanned, agestat, chromium, home, truth):
    agestat("label", "photos", "--html", "label.html")
    page = chromium.new_page(accept_downloads=True)
    page.goto((home / "label.html").as_uri())
    rows = page.evaluate("page.faces.map((face) => face.row)")
    assert len(rows) == 5
    for row in rows:
        known = truth[row[2]]
        page.keyboard.press("f" if known["gender"] == "female" else "m")
        page.locator("#years").fill(known["age_min"])
        page.locator("#years").press("Enter")
    assert page.locator("#finished").is_visible()
    saved(page, home / "labels.csv")
    said = agestat("report", "photos", "--labels", "labels.csv", "--level", "0.9", "--min-n", 5)
    assert "Of 5 perceived faces in 5 photos" in said
    refused = agestat("label", "photos", "--out", "labels.csv", code=2)
    assert "holds labels already" in refused


def test_a_picture_of_a_picture_is_left_out(scanned, agestat, chromium, home):
    agestat("report", "photos", "-q", "--review", "review.html")
    page = chromium.new_page(accept_downloads=True)
    page.goto((home / "review.html").as_uri())
    card = page.locator("#cards li").filter(has_text="tesla.jpg")
    card.get_by_role("checkbox").check()
    saved(page, home / "left_out.csv")
    said = agestat("report", "photos", "--exclude-faces", "left_out.csv")
    assert "4 perceived faces: too few to estimate shares." in said
    assert "1 face left out by you" in said


def test_a_second_scan_reads_nothing_again(scanned, agestat):
    said = agestat("scan", "photos", "--exclude-faces", "left_out.csv")
    assert "5 taken from an earlier scan" in said
    assert "1 face left out by you" in said

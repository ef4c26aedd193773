"""The page that shows what was counted, and the list of what is left out."""

import csv

import pytest
from click.testing import CliRunner

import agestat
from agestat.analysis.face_lists import NOT_A_PERSON, read_left_out, rows_of
from agestat.analysis.scan import Scan
from agestat.cli.report import command as report_command
from agestat.errors import AgestatError
from agestat.report.face_pages import write_review_page


@pytest.fixture(scope="module")
def db(samples, tmp_path_factory):
    """Four drawn heads alone, four in a group, and real portraits."""
    file = tmp_path_factory.mktemp("review") / "s.sqlite"
    agestat.scan(samples, db=file, device="cpu")
    return file


@pytest.fixture
def scan(db):
    return Scan.open(db)


def report(*words):
    done = CliRunner().invoke(report_command, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return " ".join(done.output.split())


def drawn_list(scan, target, note=NOT_A_PERSON):
    """A list of the drawn faces, as the page saves it."""
    faces = scan.faces
    drawn = faces[faces["path"].str.startswith("drawn/")]
    with target.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["weight", "root", "path", "x", "y", "width", "height", "gender", "age", "note"])
        writer.writerows([*row, "", "", note] for row in rows_of(drawn))
    return len(drawn)


def test_what_is_listed_is_left_out_and_told(scan, db, tmp_path):
    number = drawn_list(scan, tmp_path / "out.csv")
    before = scan.counts
    everything = scan.faces
    scan.leave_out(tmp_path / "out.csv")
    assert scan.counts["faces"] == before["faces"] - number == len(scan.faces)
    assert scan.counts["faces_left_out_by_you"] == number == 8
    assert scan.counts["no_face"] == before["no_face"] + 5
    kept = everything[~everything["path"].str.startswith("drawn/")]
    assert scan.faces["path"].tolist() == kept["path"].tolist()
    assert sum(len(chunk.probabilities) for chunk in scan.chunks()) == len(kept)
    assert len(scan.looks()["score"]) == len(kept)
    assert scan.estimate(["folder:1"], "seed").faceless == ("drawn", "others")
    words = (db, "--exclude-faces", tmp_path / "out.csv", "--lang")
    text = report(*words, "en", "--html", tmp_path / "r.html")
    assert "9 perceived faces: too few to estimate shares." in text and "8 faces left out by you" in text
    assert "8 лиц исключено вами" in report(*words, "ru")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<strong>8</strong>faces left out by you" in page.replace("\n", "")
    assert "posters, screens and framed pictures" in page


def test_the_list_outlives_a_moved_folder_and_names_other_pictures(scan, tmp_path):
    drawn_list(scan, tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    root = scan.faces["root"][0]
    (tmp_path / "moved.csv").write_text(text.replace(root, "/elsewhere"))
    assert len(read_left_out(tmp_path / "moved.csv", scan)) == 8
    (tmp_path / "other.csv").write_text(
        text.replace("drawn/", "no/").replace(".jpg", ".x").replace(".png", ".x")
    )
    with pytest.raises(AgestatError, match="leaves out is in this scan"):
        scan.leave_out(tmp_path / "other.csv")


@pytest.mark.parametrize("note", ["", "unsure"])
def test_rows_that_say_nothing_leave_nothing_out(scan, tmp_path, note):
    drawn_list(scan, tmp_path / "out.csv", note)
    assert read_left_out(tmp_path / "out.csv", scan) == []


def test_reviewed_in_a_browser_and_taken_back_in(chromium, db, tmp_path):
    report(db, "-q", "--by", "folder:1", "--lang", "en", "--review", tmp_path / "review.html")
    page = chromium.new_page(accept_downloads=True)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((tmp_path / "review.html").as_uri())
    cards = page.locator("#cards li")
    assert cards.count() == 17
    scores = [
        float(text.split()[-1]) for text in page.locator("#cards li div:nth-of-type(3)").all_inner_texts()
    ]
    assert scores == sorted(scores)
    page.locator("#sort").select_option("group up")
    names = page.locator("#cards li div:nth-of-type(4)").all_inner_texts()
    assert names == sorted(names) and names[0] == "drawn"
    for number in range(8):
        cards.nth(number).get_by_role("checkbox").check()
    assert page.locator("#count").inner_text() == "8 of 17 left out"
    page.reload()
    assert page.locator("#count").inner_text() == "8 of 17 left out"
    with page.expect_download() as download:
        page.locator("#save").click()
    download.value.save_as(tmp_path / "left_out.csv")
    assert said == []
    page.close()
    assert "8 faces left out by you" in report(
        db, "--lang", "en", "--exclude-faces", tmp_path / "left_out.csv"
    )


def test_accessible_on_a_phone_with_what_is_left_out_already(chromium, scan, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    drawn_list(scan, tmp_path / "out.csv")
    left_out = read_left_out(tmp_path / "out.csv", scan)
    write_review_page(scan, scan.groups("folder:1"), left_out, tmp_path / "r.html", lang="ru")
    context = chromium.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto((tmp_path / "r.html").as_uri())
    assert page.locator("#count").inner_text() == "исключено 8 из 17"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = axe.Axe().run(page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    context.close()


def test_only_the_least_certain_of_many_are_shown(scan, tmp_path, monkeypatch):
    monkeypatch.setattr("agestat.report.face_pages.MOST", 5)
    write_review_page(scan, scan.groups("folder:1"), [], tmp_path / "r.html", lang="en")
    assert "the 5 faces with the lowest scores of 17" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_anonymous_reports_show_no_faces(db, tmp_path):
    refused = CliRunner().invoke(
        report_command, [str(db), "--anonymous", "--review", str(tmp_path / "r.html")]
    )
    assert "--anonymous excludes --thumbnails and --review" in str(refused.exception)

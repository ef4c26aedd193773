"""The page on which faces are labelled, in a real browser: keys, touch, undo, going on later, saving."""

import csv
import json
import re

import pandas as pd
import pytest

import agestat
from agestat.analysis.face_lists import COLUMNS
from agestat.analysis.own_labels import LabelFile, draw_faces
from agestat.report.face_pages import write_label_page
from agestat.stats.bands import parse_bands

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def scan(samples, tmp_path_factory):
    db = tmp_path_factory.mktemp("labels") / "s.sqlite"
    return agestat.scan(samples / "photos", db=db, device="cpu")


@pytest.fixture(scope="module")
def page_of(scan, tmp_path_factory):
    """Write the page for the nine faces of the photos, or for more by repeating them."""

    def write(lang="en", times=1):
        faces = draw_faces(scan, 100, seed=0)
        many = [faces.assign(x=faces["x"] + number) for number in range(times)]
        target = tmp_path_factory.mktemp("page") / "label.html"
        bands = parse_bands("marketing")
        write_label_page(scan, pd.concat(many, ignore_index=True), bands, target, lang=lang)
        return target

    return write


@pytest.fixture
def opened(chromium, page_of):
    """A browser's context and its page; each test has a browser that remembers nothing."""
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith("data:") else None)
    address = page_of().as_uri()
    page.goto(address)
    yield page
    assert set(said) == {address}
    context.close()


def saved(page, tmp_path):
    with page.expect_download() as download:
        page.locator("#save").click()
    assert download.value.suggested_filename == "labels.csv"
    download.value.save_as(tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def title(page):
    return page.locator("#which").inner_text()


def press(page, keys):
    for key in keys.split():
        page.keyboard.press(key)


def test_labelled_by_keys_and_taken_back_in(opened, scan, tmp_path):
    assert title(opened) == "Face 1 of 9"
    press(opened, "f 4 m 8 m y 3 4 Enter u n p")
    assert title(opened) == "Face 7 of 9"
    assert opened.locator("#count").inner_text() == "6 of 9 labelled"
    rows = saved(opened, tmp_path)
    assert tuple(rows[0]) == COLUMNS
    assert [(row["gender"], row["age"], row["note"]) for row in rows] == [
        ("female", "25-34", ""), ("male", "65-100", ""), ("male", "34", ""), ("", "", "unsure"),
        ("", "", "not a face"), ("", "", "not a person"), ("", "", ""), ("", "", ""), ("", "", ""),
    ]  # fmt: skip
    file = LabelFile(tmp_path / "labels.csv", scan)
    labels = file.own_labels()
    assert (len(labels), file.gone) == (3, 0)
    assert sorted(labels.age_min.tolist()) == [25, 34, 65]


def test_the_same_keys_on_a_russian_keyboard(opened):
    opened.evaluate(
        """for (const [code, key] of [["KeyF", "а"], ["Digit4", "4"]])
             document.dispatchEvent(new KeyboardEvent("keydown", {code, key, cancelable: true}))"""
    )
    assert title(opened) == "Face 2 of 9"


def test_undo_goes_back_step_by_step(opened):
    press(opened, "f 4 m 8")
    assert title(opened) == "Face 3 of 9"
    press(opened, "z")
    assert title(opened) == "Face 2 of 9"
    assert opened.locator("[data-gender=male]").get_attribute("aria-pressed") == "true"
    assert opened.locator("#count").inner_text() == "1 of 9 labelled"
    press(opened, "z z z z")
    assert title(opened) == "Face 1 of 9"
    assert opened.locator("[aria-pressed=true]").count() == 0
    assert opened.locator("#undo").is_disabled()


def test_skipped_faces_come_back_at_the_end(opened):
    press(opened, "s " + "f 4 " * 8)
    assert title(opened) == "Face 1 of 9"
    assert not opened.locator("#finished").is_visible()
    press(opened, "f 4")
    assert opened.locator("#finished").inner_text() == "Every face has an answer."


def test_a_closed_page_goes_on_where_it_was(opened, chromium, tmp_path):
    press(opened, "f 4 m 8 m")
    again = opened.context.new_page()
    again.goto(opened.url)
    assert title(again) == "Face 3 of 9"
    assert again.locator("[data-gender=male]").get_attribute("aria-pressed") == "true"
    kept = again.evaluate("JSON.stringify(localStorage)")
    assert "jpeg" not in kept and len(kept) < 1000
    again.on("dialog", lambda dialog: dialog.accept())
    again.locator("#forget").click()
    assert again.locator("#count").inner_text() == "0 of 9 labelled"
    again.close()


def test_a_browser_that_remembers_nothing_says_so(chromium, page_of):
    page = chromium.new_page()
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
    page.goto(page_of().as_uri())
    press(page, "f 4")
    assert title(page) == "Face 2 of 9"
    assert "save before you close it" in page.locator("#trouble").inner_text()
    page.close()


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_accessible_and_within_the_screen(chromium, page_of, look):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    size = PHONE if look == "phone" else {"width": 1280, "height": 900}
    scheme = "dark" if look == "dark" else "light"
    context = chromium.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(page_of().as_uri())
    press(page, "f")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = axe.Axe().run(page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    context.close()


def test_three_hundred_faces_by_touch_on_a_phone_in_russian(chromium, page_of, tmp_path):
    context = chromium.new_context(viewport=PHONE, has_touch=True, accept_downloads=True)
    page = context.new_page()
    target = page_of("ru", times=34)
    assert target.stat().st_size < 10_000_000
    page.goto(target.as_uri())
    assert title(page) == "Лицо 1 из 306"
    assert page.evaluate("window.scrollY") == 0  # the warning is read first
    page.locator("[data-gender=female]").tap()
    page.get_by_role("button", name="25-34").tap()
    assert title(page) == "Лицо 2 из 306"
    for part in ("#crop", "[data-gender=female]", "[data-age] >> nth=-1", "[data-note] >> nth=-1"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE["height"]
    for name in ("25-34", "пропустить пока"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box["height"] >= 44
    assert "можно узнать людей" in page.locator(".warning").first.inner_text()
    assert len(saved(page, tmp_path)) == 306
    context.close()


def test_a_hostile_name_is_data(scan, chromium, tmp_path):
    faces = draw_faces(scan, 1, seed=0).assign(path="</script><script>alert(1)</script>,\"'=x.jpg")
    write_label_page(scan, faces, parse_bands("seed"), tmp_path / "l.html", lang="en")
    page = chromium.new_page()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto((tmp_path / "l.html").as_uri())
    assert saved(page, tmp_path)[0]["path"] == faces["path"][0]
    page.close()


def test_the_policy_lets_nothing_else_run(page_of, chromium):
    text = page_of().read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src &#39;none&#39;" in policy and "unsafe" not in policy
    page = chromium.new_page()
    page.goto(page_of().as_uri())
    page.evaluate("() => { const s = document.createElement('script'); s.text = 'window.ran = 1'; "
                  "document.body.append(s); }")  # fmt: skip
    assert page.evaluate("window.ran") is None
    page.close()


def test_a_changed_picture_is_not_shown(scan, tmp_path, samples, monkeypatch):
    monkeypatch.setattr(type(scan), "unchanged", lambda self, file: None)
    write_label_page(scan, draw_faces(scan, 5, seed=0), parse_bands("seed"), tmp_path / "l.html", lang="en")
    text = (tmp_path / "l.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    assert [face["crop"] for face in data["faces"]] == [None] * 5

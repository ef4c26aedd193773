"""The page as a browser sees it. AGESTAT_SCREENSHOTS names a folder that keeps the pictures."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

import agestat
from agestat.report.html import write_html

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def report(scan, by_folder, overall, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("page") / "report.html"
    write_html(
        scan, by_folder, target, lang="en", overall=overall, command="agestat report photos --by folder"
    )
    return target


@pytest.fixture(scope="module")
def browser(chromium):
    return chromium


@pytest.fixture(scope="module")
def sample_report(samples, tmp_path_factory) -> Path:
    """Of real and drawn portraits, by the shipped model."""
    folder = tmp_path_factory.mktemp("samples")
    with agestat.scan(samples, db=folder / "s.sqlite", device="cpu") as found:
        by_folder, overall = found.estimate(["folder"], "seed"), found.estimate((), "seed")
        write_html(found, by_folder, folder / "samples.html", lang="en", overall=overall, command="agestat")
    return folder / "samples.html"


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")], ids="-".join)
def look(request):
    """Size and colours of a screen."""
    return request.param


@pytest.fixture
def opened(look, browser, report):
    """The page, what the console said, and what was requested."""
    with visit(browser, report, look) as seen:
        yield seen


@contextmanager
def visit(browser, report, look):
    size, scheme = look
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
    )
    page, console, requests = context.new_page(), [], []
    page.on("console", lambda message: console.append(message.text))
    page.on("pageerror", lambda error: console.append(str(error)))
    page.on("request", lambda asked: requests.append(asked.url))
    page.goto(report.as_uri())
    yield page, console, requests
    if folder := os.environ.get("AGESTAT_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{report.stem}-{size}-{scheme}.png", full_page=True)
    context.close()


def violations(page) -> list[tuple[str, str]]:
    """What axe-core has against a page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    found = axe.Axe().run(page).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]


def test_opens_alone_and_in_silence(opened, report):
    page, console, requests = opened
    assert requests == [report.as_uri()]
    assert console == []
    assert page.evaluate("document.scripts.length") == 0


def test_shows_its_parts(opened, by_folder):
    page, *_ = opened
    assert page.locator("h1").all_text_contents() == ["Perceived age and gender"]
    assert page.locator("h2").all_text_contents() == [
        "Population pyramid", "Groups", "Faces by year of age", "Data quality", "Method", "Model card",
        "How to repeat this", "How to cite",
    ]  # fmt: skip
    assert page.get_by_role("img").count() == 2 + 12
    boxes = [svg.bounding_box() for svg in page.locator("svg").all()]
    assert all(box["width"] > 200 and box["height"] > 80 for box in boxes)


def test_hostile_names_are_shown_as_text(opened):
    page, *_ = opened
    names = page.locator(".grid h3").all_text_contents()
    assert names[:2] == ["<script>alert(1)</script>", "=cmd()|A1"]
    assert page.locator("img").count() == 0


def test_nothing_sticks_out_sideways(opened):
    page, *_ = opened
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_accessible(opened):
    page, *_ = opened
    assert violations(page) == []


def test_the_sample_pictures(browser, sample_report, look):
    with visit(browser, sample_report, look) as (page, console, requests):
        assert (requests, console) == ([sample_report.as_uri()], [])
        assert page.locator(".lead").inner_text().startswith("Of 17 perceived faces in 13 photos, ")
        assert page.locator(".grid h3").all_text_contents() == ["drawn", "photos"]
        assert page.get_by_text("No face in 1 group: others.").is_visible()
        page.get_by_text("1 × truncated").click()
        assert page.get_by_text("others/corrupt.jpg").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert violations(page) == []


def test_prints_on_a_few_pages(browser, report, tmp_path):
    page = browser.new_page()
    page.goto(report.as_uri())
    target = Path(os.environ.get("AGESTAT_SCREENSHOTS", tmp_path)) / "report.pdf"
    page.pdf(path=target, prefer_css_page_size=True)
    sheets = target.read_bytes().count(b"/Type /Page\n")
    assert 4 <= sheets <= 14
    page.close()


def test_no_table_is_cut_off_on_paper(browser, report):
    between_margins = 182 * 96 // 25.4  # A4 less twice 14 mm, in pixels of a style sheet
    page = browser.new_page(viewport={"width": int(between_margins), "height": 1000})
    page.emulate_media(media="print")
    page.goto(report.as_uri())
    sides = "nodes => nodes.map(node => node.getBoundingClientRect().right)"
    assert max(page.locator("main table:visible").evaluate_all(sides)) <= between_margins
    page.close()

import html
import re
from dataclasses import replace

import pytest

from agestat.report import words
from agestat.report.html import render
from agestat.report.language import open_language
from agestat.report.model_card import model_card
from agestat.stats.shift import Shift


@pytest.fixture(scope="module")
def page(scan, by_folder, overall) -> str:
    return render(scan, by_folder, lang="en", overall=overall, command="agestat report '<photos>'")


def cells(page: str, caption: str) -> dict[str, list[str]]:
    """Rows of the table with this caption, by their first cell."""
    table = re.search(rf"<caption>{re.escape(caption)}</caption>.*?</table>", page, flags=re.S)[0]
    rows = re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", table, flags=re.S)
    texts = [[html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
    return {text[0]: text[1:] for text in texts}


def test_numbers_are_those_of_the_table(page, overall):
    shown = cells(page, "Shares of all, corrected (interval) and counted")
    for row in overall.table.itertuples():
        at = 0 if row.gender == "female" else 2
        interval = f"{100 * row.share:.1f} ({100 * row.share_low:.1f}–{100 * row.share_high:.1f})"
        assert shown[row.band][at : at + 2] == [interval, f"{100 * row.share_counted:.1f}"]


def test_numbers_of_groups_are_those_of_the_table(page, by_folder):
    shown = cells(page, "Groups at a glance")
    assert list(shown) == by_folder.table["group"].unique().tolist()
    for row in by_folder.margins[by_folder.margins["gender"] == "female"].itertuples():
        interval = f"{100 * row.share:.1f} ({100 * row.share_low:.1f}–{100 * row.share_high:.1f})"
        assert shown[row.group][1:3] == [interval, f"{100 * row.share_counted:.1f}"]
    faces = by_folder.table.groupby("group")["n"].sum()
    assert {group: int(row[0].replace(",", "")) for group, row in shown.items()} == faces.to_dict()


def test_summary_comes_first(page, overall):
    lead = html.unescape(re.search(r'<p class="lead">(.*?)</p>', page)[1])
    female = overall.margins[overall.margins["gender"] == "female"].iloc[0]
    assert lead.startswith(
        f"Of 20,000 perceived faces in 10,000 photos, {100 * female['share']:.1f}\u00a0% ("
    )
    assert page.index('class="lead"') < page.index("<svg")


def test_what_comes_from_outside_is_text(page):
    assert "<script" not in page
    assert "<img" not in page  # no file name became an element, and no face is shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;img src=x onerror=alert(3)&gt;.jpg" in page
    assert "agestat report &#39;&lt;photos&gt;&#39;" in page


def test_nothing_is_loaded_from_anywhere(page):
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", page))
    assert addresses == {"http://www.w3.org/1999/xlink"}  # a namespace
    assert not re.search(r'(?:src|href)="(?!#)', page)


def test_size_with_twelve_groups(page):
    assert len(page.encode()) < 1_000_000


def test_can_be_reproduced(page, scan):
    for text in (
        "0123abcd" * 8,
        "pacc, 95 %",
        "drawn, 3,000 pictures",
        "agestat 0.1.0",
        scan.run["started_at"],
    ):
        assert text in page


def test_measured_errors_by_gender(page):
    right = "93.0 (92.0–94.0)"
    line = ["1,000", right, "12.6 (11.5–15.1)", right, right, right]
    assert cells(page, "Measured errors on drawn, by labelled gender") == {"female": line, "male": line}


def test_measured_errors_stand_from_the_youngest_to_the_oldest(page):
    decades = list(cells(page, "Measured errors on drawn, by labelled age"))
    assert decades == [f"{start}-{start + 9}" for start in range(0, 110, 10)]


def test_russian(scan, by_folder, overall):
    page = render(scan, by_folder, lang="ru", overall=overall)
    assert '<html lang="ru">' in page
    assert "Из 20\u00a0000 лиц на 10\u00a0000 фотографиях" in page


def test_russian_pages_hold_no_english_phrases(scan, by_folder, make_estimate, overall):
    page = render(scan, by_folder, lang="ru", overall=overall)
    assert "drawn, 3\u00a0000 снимков" in page
    assert " pictures" not in page
    assert "Нет лиц для оценки." in render(scan, make_estimate(()), lang="ru")


def test_sets_of_the_model_card_are_counted_in_russian():
    info = {"name": "m", "sha256": "0", "data": [{"name": "a", "pictures": 27658, "terms": "CC0."}]}
    told = [dict(model_card(info, open_language(code))["facts"]) for code in ("ru", "en")]
    assert told[0]["обучена на"] == "a: 27\u00a0658 снимков. CC0."
    assert told[1]["trained on"] == "a: 27,658 pictures. CC0."


def test_own_labels_are_named_as_a_method(make_estimate):
    estimate = make_estimate(("a", "b"))
    estimate.table.loc[estimate.table["group"] == "b", "method"] = "ppi"
    assert words.method(estimate, open_language("ru")).endswith(
        "Группы, в которых вы сами разметили достаточно снимков: оценка по своей разметке и "
        "предсказаниям (ppi)."
    )
    assert "(ppi)" not in words.method(make_estimate(), open_language("en"))


def test_of_many_groups_the_largest_are_drawn_and_all_are_told(scan, make_estimate, overall):
    names = tuple(f"g{number:03}" for number in range(60))
    page = render(scan, make_estimate(names), lang="en", overall=overall)
    assert page.count("Population pyramid of g") == 2 * 40  # as title and as label
    assert all(name in page for name in names)
    assert "20 smaller groups stand in the table only" in page
    assert len(page) < 2_000_000


def test_without_faces(scan, make_estimate):
    page = render(scan, make_estimate(()), lang="en")
    assert "No face was counted in" in page


def test_shift_warning_is_shown(scan, make_estimate):
    estimate = replace(make_estimate(), shift=Shift(0.0, {"sharpness": 0.1}, ("sharpness",)))
    assert 'class="warning"' in render(scan, estimate, lang="en")

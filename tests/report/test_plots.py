import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.font_manager import fontManager
from PIL import Image

from agestat.errors import AgestatError, UsageError
from agestat.report import plots
from agestat.report.figure_style import DARK, LIGHT, inline_svg, save_figure
from agestat.stats.compare import COMPARISON_COLUMNS


def bars(figure) -> list[tuple[float, float]]:
    """Left end and signed width of every bar."""
    return [(round(bar.get_x(), 9), round(bar.get_width(), 9)) for bar in figure.axes[0].patches]


def test_pyramid_draws_the_table(make_estimate):
    widths = [width for _, width in bars(plots.pyramid(make_estimate()))]
    male_counted, male, female_counted, female = np.array(widths).reshape(4, 3)
    assert male_counted.tolist() == [-0.10, -0.35, -0.05]
    assert male.tolist() == [-0.06, -0.36, -0.02]
    assert female_counted.tolist() == [0.05, 0.30, 0.15]
    assert female.tolist() == [0.04, 0.31, 0.21]


def test_pyramid_has_men_left_women_right_and_the_youngest_at_the_bottom(make_estimate):
    texts = {text.get_text(): text.get_position() for text in plots.pyramid(make_estimate()).axes[0].texts}
    assert texts["male"][0] < 0 < texts["female"][0]
    assert [texts[band] for band in ("0-17", "18-64", "65+")] == [(0, 0), (0, 1), (0, 2)]


def test_small_multiples_share_one_scale(by_folder):
    figure = plots.small_multiples(by_folder)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert len(panels) == 12
    assert len({axes.get_xlim() for axes in panels}) == 1


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("name", ["female", "male", "ink", "muted"])
def test_colours_stand_out_from_the_paper(theme, name):
    lightness = [_luminance(getattr(theme, colour)) for colour in (name, "paper")]
    contrast = (max(lightness) + 0.05) / (min(lightness) + 0.05)
    assert contrast >= (4.5 if name in ("ink", "muted") else 3)  # WCAG 2.2: text, graphics


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_histogram_counts_every_face():
    faces = pd.DataFrame({"age": [0.2, 0.4, 34.0, 99.7, 100.0], "p_female": [0.9, 0.2, 0.6, 0.1, 0.1]})
    female, both = (patch.get_data() for patch in plots.age_histogram(faces).axes[0].patches)
    assert female.values[[0, 34, 100]].tolist() == [1, 1, 0]
    assert (both.values - both.baseline)[[0, 34, 100]].tolist() == [1, 0, 2]


def test_months_and_years_are_dates_and_albums_are_not(make_estimate):
    assert list(plots.dates(make_estimate(("2021-03", "2020-12", "2021-01", "unknown")))) == [
        "2020-12", "2021-01", "2021-03"
    ]  # fmt: skip
    assert plots.dates(make_estimate(("album 1", "2020", "2021"))) == {}


def test_over_time_draws_share_and_interval(make_estimate):
    axes = plots.over_time(make_estimate(("2019", "2020", "2022")), gender="female").axes[0]
    assert axes.lines[0].get_xdata().tolist() == [2019, 2020, 2022]
    assert axes.lines[0].get_ydata() == pytest.approx([56, 56, 56])
    assert axes.collections[0].get_datalim(axes.transData).y0 == pytest.approx(54)


@pytest.mark.parametrize(
    ("level", "p_value", "filled"), [(0.95, 0.01, True), (0.8, 0.1, True), (0.99, 0.03, False)]
)
def test_forest_marks_what_differs_clearly(level, p_value, filled):
    row = {
        "level": level,
        "band": "18-24",
        "difference": 0.1,
        "difference_low": 0.05,
        "difference_high": 0.15,
    }
    table = pd.DataFrame(
        [{**row, "gender": "female", "p_adjusted": p_value}, {**row, "gender": "male", "p_adjusted": 0.5}],
        columns=COMPARISON_COLUMNS,
    )
    age = {**row, "gender": "all", "statistic": "mean", "difference": 3, "p_adjusted": 1}
    figure = plots.forest(pd.concat([table, pd.DataFrame([age])]), names=("summer", "winter"))
    axes, ages = figure.axes
    assert ages.get_xlabel() == "age in winter less age in summer, years"
    assert ages.lines[2].get_xdata().tolist() == [3]
    assert axes.get_xlabel() == "share in winter less share in summer, percentage points"
    assert [text.get_text() for text in figure.legends[0].texts] == ["clear difference", "may be chance"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["female 18-24", "male 18-24"]
    intervals, points = axes.lines[1::2], axes.lines[2::2]
    assert [line.get_xdata() for line in intervals] == [pytest.approx([5, 15])] * 2
    assert [point.get_markerfacecolor() for point in points] == [
        LIGHT.female if filled else LIGHT.paper,
        LIGHT.paper,
    ]


def test_svg_is_small_named_and_the_same_every_time(make_estimate):
    first, second = (
        inline_svg(plots.pyramid(make_estimate(("<b>",))), "p", "A <title>", "words") for _ in range(2)
    )
    assert first == second
    assert len(first) < 30_000
    root = ElementTree.fromstring(first.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    assert root.get("aria-label") == "A <title>"
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert ids and all(name.startswith("p-") for name in ids)
    assert "var(--female)" in first and LIGHT.female not in first


def test_saved_by_extension(make_estimate, tmp_path):
    figure = plots.pyramid(make_estimate())
    for name in ("p.png", "p.svg", "p.pdf"):
        save_figure(figure, tmp_path / name)
    with Image.open(tmp_path / "p.png") as image:
        assert image.width == 860
    assert (tmp_path / "p.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(UsageError, match=r"Cannot draw into .*p\.bmp: end its name with one of \.png"):
        save_figure(figure, tmp_path / "p.bmp")


def test_letters_come_from_any_font_that_has_them(make_estimate, tmp_path, monkeypatch):
    figure = plots.pyramid(make_estimate())
    figure.suptitle("\U0001d4d0bc")  # a capital that STIX has, which comes with matplotlib
    assert save_figure(figure, tmp_path / "lent.png") == ""
    monkeypatch.setattr(fontManager, "ttflist", [])
    assert save_figure(figure, tmp_path / "box.png") == "\U0001d4d0"
    assert save_figure(figure, tmp_path / "text.svg") == ""
    assert "\U0001d4d0bc" in (tmp_path / "text.svg").read_text("utf-8")
    with Image.open(tmp_path / "lent.png") as lent, Image.open(tmp_path / "box.png") as box:
        assert lent.size == box.size and lent.tobytes() != box.tobytes()


def test_nothing_to_draw_is_said(make_estimate):
    with pytest.raises(AgestatError, match="There are no faces"):
        plots.small_multiples(make_estimate(()))
    with pytest.raises(AgestatError, match="There are no faces to compare"):
        plots.forest(pd.DataFrame(columns=COMPARISON_COLUMNS))

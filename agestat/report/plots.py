"""The figures of a result: population pyramid, ages by year, shares over time, comparison."""

import math
import re
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from agestat.analysis.comparison import GroupComparison
from agestat.errors import AgestatError
from agestat.model.label_space import AGES
from agestat.report import words
from agestat.report.figure_style import LIGHT, RC, Theme, new_figure, style_axes
from agestat.report.language import Language, open_language
from agestat.report.text import printable
from agestat.stats.estimate import Estimate

BAR, OUTLINE = 0.66, 0.88  # heights; the outline of the counted share stands out behind the bar
TITLE = 40  # characters over one of the small multiples
NOTE = 46  # characters in a figure of 4.3 inches
LINE = 56  # characters under a figure of 5 inches
_DATE = re.compile(r"(\d{4})(?:-(\d\d))?")


def scale(estimate: Estimate) -> float:
    """The share, 0 to 1, that a pyramid's sides must reach for every bar and whisker of every group."""
    columns = estimate.table[["share", "share_high", "share_counted"]]
    return max(0.01, float(np.nanmax(columns.to_numpy(dtype=float), initial=0.0)))


def pyramid(
    estimate: Estimate,
    group: str | None = None,
    *,
    limit: float | None = None,
    t: Language | None = None,
    theme: Theme = LIGHT,
) -> Figure:
    """The population pyramid of one group, by default the first, on a scale of ``limit`` (see `scale`)."""
    t = t or open_language("en")
    group = group or estimate.groups[0]
    bands = len(estimate.bands)
    with matplotlib.rc_context(RC):
        figure = new_figure(4.3, 1.35 + 0.25 * bands, theme)
        axes = figure.add_subplot()
        _draw_pyramid(axes, estimate, group, limit or scale(estimate), t, theme)
        _legend(figure, estimate, t, theme)
    return figure


def panel(estimate: Estimate, group: str, *, limit: float, t: Language, theme: Theme = LIGHT) -> Figure:
    """One of the small multiples that a page lays out itself: a small pyramid without a legend."""
    with matplotlib.rc_context(RC):
        figure = new_figure(3.4, 0.6 + 0.2 * len(estimate.bands), theme)
        _draw_pyramid(figure.add_subplot(), estimate, group, limit, t, theme)
    return figure


def small_multiples(
    estimate: Estimate, *, t: Language | None = None, theme: Theme = LIGHT, columns: int = 3
) -> Figure:
    """The pyramids of all groups on one scale; of a single group, its pyramid."""
    t = t or open_language("en")
    groups = estimate.groups
    if not groups and estimate.few:
        whole = words.EVERYTHING in estimate.few
        return _note([words.few_faces(estimate, t)] if whole else words.left_out(estimate, t), theme)
    if not groups:
        raise AgestatError("There are no faces to draw a pyramid of.")
    if len(groups) == 1:
        return pyramid(estimate, t=t, theme=theme)
    columns = min(columns, len(groups))
    lines = math.ceil(len(groups) / columns)
    with matplotlib.rc_context(RC):
        bands = len(estimate.bands)
        figure = new_figure(3.4 * columns, lines * (0.9 + 0.2 * bands) + 0.4, theme)
        panels = figure.subplots(lines, columns, squeeze=False).flat
        for number, axes in enumerate(panels):
            if number >= len(groups):
                axes.set_axis_off()
                continue
            _draw_pyramid(axes, estimate, groups[number], scale(estimate), t, theme)
            axes.set_title(_short(t.group(groups[number])), color=theme.ink, fontweight="bold", fontsize=9)
        _legend(figure, estimate, t, theme)
    return figure


def _note(sentences: Iterable[str], theme: Theme) -> Figure:
    """Sentences in place of a figure that would mean nothing."""
    with matplotlib.rc_context(RC):
        figure = new_figure(4.3, 1.35, theme)
        figure.text(0.5, 0.5, "\n".join(wrap(printable(" ".join(sentences)), NOTE)), color=theme.ink,
                    ha="center", va="center")  # fmt: skip
    return figure


def _draw_pyramid(
    axes: Axes, estimate: Estimate, group: str, limit: float, t: Language, theme: Theme
) -> None:
    """Men left, women right of a column of ages; the youngest at the bottom; per cent of the group."""
    bands = [t.term(band) for band in estimate.bands]
    gap = limit * max(0.16, 0.028 * max(map(len, bands)))
    y = np.arange(len(bands))
    style_axes(axes, theme)
    for gender, sign in zip(words.SIDES, (-1, 1), strict=True):
        side, colour = estimate.cells(group, gender), getattr(theme, gender)
        share, counted = side["share"].to_numpy(float), side["share_counted"].to_numpy(float)
        axes.barh(
            y, sign * counted, OUTLINE, left=sign * gap, fill=False, ec=theme.muted, lw=0.8, ls=(0, (3, 2))
        )
        axes.barh(y, sign * share, BAR, left=sign * gap, color=colour)
        low, high = side["share_low"].to_numpy(float), side["share_high"].to_numpy(float)
        middle = sign * (gap + share)
        reach = np.abs(np.stack([share - low, high - share] if sign > 0 else [high - share, share - low]))
        axes.errorbar(middle, y, xerr=reach, fmt="none", ecolor=theme.ink, elinewidth=1.1, capsize=2.2)
        axes.text(sign * (gap + limit), len(bands) - 0.35, t.term(gender), color=theme.ink, fontweight="bold",
                  ha="right" if sign > 0 else "left")  # fmt: skip
    for position, band in enumerate(bands):
        axes.text(0, position, printable(band), ha="center", va="center", color=theme.ink, fontsize=8.5)
    step = _step(limit)
    marks = np.arange(0, limit * 1.001, step)
    labels = [t.number(100 * mark, 1 if step < 0.01 else 0) for mark in marks] * 2
    axes.set_xticks(np.concatenate([-(gap + marks), gap + marks]), labels)
    axes.grid(axis="x", color=theme.grid, lw=0.7)
    axes.set(yticks=[], xlim=(-1.03 * (gap + limit), 1.03 * (gap + limit)), ylim=(-0.6, len(bands) + 0.1))
    axes.set_xlabel(t.gettext("% of perceived faces"), color=theme.muted)


def _step(limit: float) -> float:
    """A round distance between two to four marks up to ``limit``."""
    return next(step for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if limit / step <= 4)


def _legend(figure: Figure, estimate: Estimate, t: Language, theme: Theme) -> None:
    level = t.percent(estimate.level, 0)
    handles = [
        Patch(fc=theme.muted, ec="none", label=t.gettext("corrected")),
        Line2D([], [], color=theme.ink, lw=1.1, marker="|", label=t.gettext("{level} interval", level=level)),
        Patch(fill=False, ec=theme.muted, lw=0.8, ls=(0, (3, 2)), label=t.gettext("counted")),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, labelcolor=theme.muted)


def age_histogram(faces: pd.DataFrame, *, t: Language | None = None, theme: Theme = LIGHT) -> Figure:
    """Faces by perceived age in years, men stacked on women, from the columns ``age`` and ``p_female``."""
    t = t or open_language("en")
    years = faces["age"].round().clip(0, AGES - 1).astype(int)
    is_female = faces["p_female"] >= 0.5
    female, male = (np.bincount(years[mine], minlength=AGES) for mine in (is_female, ~is_female))
    edges = np.arange(AGES + 1) - 0.5
    with matplotlib.rc_context(RC):
        figure = new_figure(4.3, 2.4, theme)
        axes = figure.add_subplot()
        style_axes(axes, theme)
        axes.grid(axis="y", color=theme.grid, lw=0.7)
        axes.stairs(female, edges, fill=True, color=theme.female, label=t.term("female"))
        axes.stairs(female + male, edges, baseline=female, fill=True, color=theme.male, label=t.term("male"))
        axes.set(xlim=(-0.5, AGES - 0.5), xticks=range(0, AGES, 10))
        axes.yaxis.set_major_formatter(lambda value, _: t.number(value) if value == int(value) else "")
        axes.set_xlabel(t.gettext("perceived age, years"), color=theme.muted)
        axes.set_ylabel(t.gettext("faces"), color=theme.muted)
        axes.legend(frameon=False, labelcolor=theme.ink, loc="upper right")
    return figure


def dates(estimate: Estimate) -> dict[str, float]:
    """Groups that are years or months, in order, with their time in years; empty if fewer than three."""
    found = {group: _DATE.fullmatch(group) for group in estimate.groups}
    times = {group: int(m[1]) + (int(m[2] or 1) - 1) / 12 for group, m in found.items() if m}
    return dict(sorted(times.items(), key=lambda item: item[1])) if len(times) >= 3 else {}


def over_time(
    estimate: Estimate,
    *,
    gender: str = "all",
    band: str = "all",
    t: Language | None = None,
    theme: Theme = LIGHT,
) -> Figure:
    """The share of one gender or of one band in each of the `dates`, with its interval as a band."""
    t = t or open_language("en")
    times = dates(estimate)
    line = pd.DataFrame([estimate.margin(group, gender=gender, band=band) for group in times])
    x, colour = list(times.values()), theme.male if gender == "all" else getattr(theme, gender)
    with matplotlib.rc_context(RC):
        figure = new_figure(3.4, 2.2, theme)
        axes = figure.add_subplot()
        style_axes(axes, theme)
        axes.grid(axis="y", color=theme.grid, lw=0.7)
        low, high = (100 * line[name].to_numpy(float) for name in ("share_low", "share_high"))
        axes.fill_between(x, low, high, color=colour, alpha=0.25, lw=0)
        axes.plot(x, 100 * line["share"].to_numpy(float), color=colour, marker="o", ms=3.5)
        axes.plot(x, 100 * line["share_counted"].to_numpy(float), color=theme.muted, lw=0.9, ls=(0, (3, 2)))
        axes.set_ylim(0, None)
        shown = _some(list(times), 5)
        axes.set_xticks([times[name] for name in shown], shown)
        axes.yaxis.set_major_formatter(lambda value, _: t.number(value))
        name = t.term(gender if band == "all" else band)
        axes.set_title(f"{printable(name)}, %", color=theme.ink, fontsize=9, loc="left")
    return figure


def _short(name: str) -> str:
    """A group's name that fits over its pyramid."""
    name = printable(name)
    return name if len(name) <= TITLE else f"{name[: TITLE - 1]}…"


def _some(names: Sequence[str], count: int) -> list[str]:
    """At most ``count`` of ``names``, evenly spaced."""
    return list(names[:: math.ceil(len(names) / count)])


def forest(
    differences: pd.DataFrame,
    *,
    names: tuple[str, str] = ("A", "B"),
    t: Language | None = None,
    theme: Theme = LIGHT,
) -> Figure:
    """The forest plot of two compared collections: a line for each share, and zero where they do not differ.

    ``differences`` are rows of `agestat.stats.compare.Comparison`: shares, and mean ages on a scale of their
    own. Each line is the number in B less that in A, percentage points or years, with its interval, filled
    where it stays clear at its level after adjustment. ``names`` are those of A and B. Raises `AgestatError`
    if there is nothing to compare.
    """
    t = t or open_language("en")
    is_age = differences.get("statistic", pd.Series(None, differences.index, dtype=object)).notna()
    shares, ages = differences[~is_age], differences[is_age]
    pairs = zip(shares["gender"], shares["band"], strict=True)
    a, b = names
    years = t.gettext("age in {b} less age in {a}, years", a=a, b=b)
    panels = [
        _Panel(shares, [_cell_name(gender, band, t) for gender, band in pairs],
               t.gettext("share in {b} less share in {a}, percentage points", a=a, b=b), 100),
        _Panel(ages, [t.gettext("mean age")] * len(ages), years),
    ]  # fmt: skip
    return _forest(panels, t, theme)


def group_forest(found: GroupComparison, *, t: Language, theme: Theme = LIGHT) -> Figure:
    """The same of every group's share of women and mean age, less those of the reference."""
    rows, others = found.table, found.reference or t.gettext("all other faces")
    female = rows[rows["measure"] == "female"].assign(gender="female")
    ages = rows[rows["measure"] == "mean age"].assign(gender="all")
    labels = [_short(t.group(group)) for group in female["group"]]
    points = t.gettext("{gender}: share less that of {others}, percentage points",
                       gender=t.term("female"), others=others)  # fmt: skip
    years = t.gettext("mean age less that of {others}, years", others=others)
    return _forest([_Panel(female, labels, points, 100), _Panel(ages, labels, years)], t, theme)


class _Panel(NamedTuple):
    """Differences of one unit, their ``labels``, what the axis is called, and what they are multiplied by."""

    rows: pd.DataFrame
    labels: list[str]
    words: str
    scale: float = 1


def _forest(panels: list[_Panel], t: Language, theme: Theme) -> Figure:
    panels = [panel for panel in panels if len(panel.rows)]
    if not panels:
        raise AgestatError("There are no faces to compare, so no differences can be drawn.")
    heights = [0.5 + 0.26 * len(panel.rows) for panel in panels]
    with matplotlib.rc_context(RC):
        figure = new_figure(5.0, 0.5 + sum(heights), theme)
        axes = figure.subplots(len(panels), squeeze=False, height_ratios=heights)[:, 0]
        for axis, panel in zip(axes, panels, strict=True):
            _draw_differences(axis, panel, t, theme)
        _forest_legend(figure, t, theme)
    return figure


def _draw_differences(axes: Axes, panel: _Panel, t: Language, theme: Theme) -> None:
    rows = panel.rows
    columns = ("difference", "difference_low", "difference_high")
    difference, low, high = (panel.scale * rows[name].to_numpy(float) for name in columns)
    clear = (rows["p_adjusted"] <= 1 - rows["level"]).to_numpy()
    y = np.arange(len(rows))[::-1]
    style_axes(axes, theme)
    axes.grid(axis="x", color=theme.grid, lw=0.7)
    axes.axvline(0, color=theme.muted, lw=1)
    for row, gender in enumerate(rows["gender"]):
        colour = theme.ink if gender == "all" else getattr(theme, gender)
        axes.plot([low[row], high[row]], [y[row], y[row]], color=colour, lw=1.6, solid_capstyle="butt")
        face = colour if clear[row] else theme.paper
        axes.plot(difference[row], y[row], "o", ms=5.5, mfc=face, mec=colour, mew=1.4)
    axes.set_yticks(y, panel.labels, color=theme.ink)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.xaxis.set_major_formatter(lambda value, _: t.signed(value))
    axes.set_xlabel("\n".join(wrap(printable(panel.words), LINE)), color=theme.muted)


def _forest_legend(figure: Figure, t: Language, theme: Theme) -> None:
    """What full and hollow points mean."""
    meanings = ((theme.ink, t.gettext("clear difference")), (theme.paper, t.gettext("may be chance")))
    handles = [
        Line2D([], [], color=theme.ink, lw=1.6, marker="o", ms=5.5, mfc=face, mew=1.4, label=label)
        for face, label in meanings
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, labelcolor=theme.muted,
                  fontsize=8)  # fmt: skip


def _cell_name(gender: str, band: str, t: Language) -> str:
    """``female 18-24``, or the one name where the other is everything."""
    return printable(" ".join(t.term(name) for name in (gender, band) if name != "all") or t.term("all"))

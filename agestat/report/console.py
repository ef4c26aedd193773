"""The summary on a terminal: 80 columns, with or without colour and Unicode."""

import math
from typing import TYPE_CHECKING

import pandas as pd
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from agestat.report import words
from agestat.report.language import Language, open_language
from agestat.report.text import printable

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan
from agestat.stats.estimate import Estimate

WIDTH = 80
COUNTED = 7  # columns of a counted share under its heading
NARROW = 64  # columns below which figures give way: the mean ages of groups, the counted shares
FEWEST = 8  # columns of a group's name at least
LABEL = 13  # columns of a band's name at most
MANY_GROUPS = 12  # more groups than these get one row each and no table of ages
COLOURS = {"female": "#e69f00", "male": "#56b4e9"}  # Okabe and Ito: apart for colour-blind eyes too


class Screen:
    """Lines of at most `WIDTH` columns, spelled with the characters that the console has."""

    def __init__(self, console: Console, lang: str | None) -> None:
        self.console = console
        self.encoding = console.encoding
        self.ascii = console.options.ascii_only
        self.width = min(WIDTH, console.width)
        t = open_language(lang)
        self.t = t if t.term("female").encode(self.encoding, "ignore") else open_language("en")

    def spell(self, text: str) -> str:
        """``text`` in characters that the console can show."""
        if self.ascii:
            text = text.translate({0x2013: "-", 0xA0: " ", 0xB7: "|", 0xD7: "x"})
        return printable(text).encode(self.encoding, "backslashreplace").decode(self.encoding)

    def line(self, *parts: str | tuple[str, str]) -> None:
        """One line of plain and ``(text, style)`` parts, wrapped at the width."""
        line = Text()
        for part in parts:
            text, style = (part, "") if isinstance(part, str) else part
            line.append(self.spell(text), style)
        line.rstrip()
        self.console.print(line, highlight=False, width=self.width)

    def left(self, text: str, width: int) -> str:
        """``text`` in exactly ``width`` columns."""
        return set_cell_size(self.spell(text), width)

    def right(self, text: str, width: int) -> str:
        """``text`` at the right of ``width`` columns."""
        text = self.spell(text)
        return " " * max(0, width - cell_len(text)) + text

    def bar(self, part: float, width: int, *, leftwards: bool = False) -> str:
        """A bar over ``part`` of ``width`` columns, to half a column where there is Unicode."""
        halves = 0 if math.isnan(part) else round(2 * part * width)
        full, half = ("#", "") if self.ascii else ("█", "▐" if leftwards else "▌")
        bar = full * (halves // 2) + half * (halves % 2)
        return bar[::-1].rjust(width) if leftwards else bar.ljust(width)


def print_summary(scan: "Scan", estimate: Estimate, console: Console, lang: str | None = None) -> None:
    """Print the summary sentence, what was left out, the shares of every group and how they were made."""
    screen = Screen(console, lang)
    t = screen.t
    screen.line((words.title(t), "bold"))
    screen.line(words.summary(scan, estimate, t))
    screen.line(" · ".join(words.quality(scan, t)))
    for reason, count in scan.failures.items():
        screen.line(f"  {t.number(count)} × {t.term(str(reason))}")
    groups = estimate.groups
    if len(groups) > 1:
        _print_overview(screen, estimate, groups)
    for sentence in words.left_out(estimate, t):
        screen.line()
        screen.line(sentence)
    if len(groups) <= MANY_GROUPS:
        for group in groups:
            _print_group(screen, estimate, group)
    screen.line()
    for sentence in words.notes(scan, estimate, t):
        screen.line(sentence)


def _print_overview(screen: Screen, estimate: Estimate, groups: list[str]) -> None:
    """One row per group: faces, share of women, mean age."""
    t, widths = screen.t, [10, 21, 21] if screen.width >= NARROW else [10, 21]
    label = max(screen.width - sum(widths), FEWEST)
    heads = t.gettext("faces"), t.gettext("% female"), t.gettext("mean age")
    screen.line()
    screen.line((screen.left(t.gettext("group"), label) + _columns(screen, heads, widths), "bold"))
    for group in groups:
        female, age = estimate.margin(group, gender="female"), estimate.age(group)
        figures = (
            t.number(estimate.faces(group)),
            _share(female, t),
            t.between(age["value"], age["low"], age["high"]),
        )
        screen.line(screen.left(t.group(group), label) + _columns(screen, figures, widths))


def _columns(screen: Screen, cells: tuple[str, str, str], widths: list[int]) -> str:
    return "".join(screen.right(cell, width) for cell, width in zip(cells, widths, strict=False))


def _print_group(screen: Screen, estimate: Estimate, group: str) -> None:
    """Shares of one group by band, the youngest at the bottom, men left and women right."""
    t, bands = screen.t, estimate.bands
    label = min(LABEL, max(cell_len(t.term(band)) for band in [*bands, "all"]))
    sides = {gender: estimate.cells(group, gender) for gender in words.SIDES}
    whole = {gender: estimate.margin(group, gender=gender) for gender in sides}
    shares = pd.concat([*sides.values(), pd.DataFrame(whole.values())])
    wide = max(cell_len(_share(cell, t)) for _, cell in shares.iterrows())
    counted = COUNTED if screen.width >= NARROW else 0
    space = max(0, (screen.width - label - 2 * (counted + wide) - (6 if counted else 4)) // 2)
    top = max(side["share"].max() for side in sides.values()) or 1.0
    heads = [screen.right(t.gettext("share, %"), wide)]
    if counted:
        heads.insert(0, screen.right(t.gettext("counted"), counted))
    faces = t.ngettext("{number} perceived face", "{number} perceived faces", estimate.faces(group))
    screen.line()
    screen.line((t.group(group), "bold"), f"  {faces}")
    names = [t.term(gender) for gender in words.SIDES]
    left = " ".join([*heads, screen.right(names[0], space)])
    right = " ".join([screen.left(names[1], space), *reversed(heads)])
    screen.line((f"{' ' * label} {left} {right}", "dim"))
    for index, band in reversed(list(enumerate(bands))):
        cells = {gender: side.iloc[index] for gender, side in sides.items()}
        parts = {gender: float(cell["share"]) / top for gender, cell in cells.items()}
        _print_row(screen, t.term(band), (label, counted, wide, space), cells, parts)
    _print_row(screen, t.term("all"), (label, counted, wide, space), whole, {})


def _print_row(
    screen: Screen,
    name: str,
    columns: tuple[int, int, int, int],
    cells: dict[str, pd.Series],
    parts: dict[str, float],
) -> None:
    """One band in ``columns`` for its name, its counts, its shares and its bars; ``parts`` are the lengths of
    the bars, 0 to 1, absent where there is no bar."""
    t, (left, right), (label, width, wide, space) = screen.t, words.SIDES, columns
    counted = {g: t.number(100 * cell["share_counted"], 1) if width else "" for g, cell in cells.items()}
    shares = {g: screen.right(_share(cell, t), wide) for g, cell in cells.items()}
    screen.line(
        f"{screen.left(name, label)} ",
        (screen.right(counted[left], width) + " " * bool(width), "dim"),
        f"{shares[left]} ",
        (screen.bar(parts.get(left, 0.0), space, leftwards=True), COLOURS[left]),
        " ",
        (screen.bar(parts.get(right, 0.0), space), COLOURS[right]),
        f" {shares[right]} ",
        (screen.right(counted[right], width), "dim"),
    )


def _share(row: pd.Series, t: Language) -> str:
    return t.between(100 * row["share"], 100 * row["share_low"], 100 * row["share_high"])

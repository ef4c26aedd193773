"""The summary on a terminal: 80 columns, with or without colour and Unicode."""

import math
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import pandas as pd
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from agestat.report import words
from agestat.report.language import Language, open_language
from agestat.report.text import printable
from agestat.report.warnings import unlike_groups

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan
from agestat.stats.estimate import Estimate

WIDTH = 80
NARROW = 64  # columns below which figures give way: the mean ages of groups, the counted shares
LABEL = 13  # columns of a band's name at most
HEAD, LONGEST = 12, 24  # columns of a heading where there is no room, and of one or a row's name at most
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
            text = text.translate({0x2013: "-", 0x2212: "-", 0xA0: " ", 0xB7: "|", 0xD7: "x", 0x2026: ".."})
        return printable(text).encode(self.encoding, "backslashreplace").decode(self.encoding)

    def line(self, *parts: str | tuple[str, str]) -> None:
        """One line of plain and ``(text, style)`` parts, wrapped at the width, but not between a number and
        its unit: rich takes a no-break space for any other."""
        line = Text()
        for part in parts:
            text, style = (part, "") if isinstance(part, str) else part
            line.append(self.spell(text), style)
        starts, end = [], 0
        for words_of_line in wrap(line.plain, self.width, break_on_hyphens=False):
            starts.append(line.plain.index(words_of_line, end))
            end = starts[-1] + len(words_of_line)
        for one in line.divide(starts[1:]):
            one.rstrip()
            self.console.print(one, highlight=False, width=self.width)

    def table(self) -> Table:
        """An empty table as wide as a line, its columns a space apart."""
        return Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, expand=True, header_style="dim")

    def column(self, table: Table, head: str, *, left: bool = False, **options: object) -> None:
        """Add a column of figures, or of text at the ``left``."""
        table.add_column(
            Text(self.spell(head)), justify="left" if left else "right", no_wrap=True, overflow="ellipsis",
            **options,  # type: ignore[arg-type]
        )  # fmt: skip

    def row(self, table: Table, *cells: "str | Bar") -> None:
        """Add a row of text and bars."""
        table.add_row(*(cell if isinstance(cell, Bar) else Text(self.spell(cell)) for cell in cells))

    def print(self, table: Table) -> None:
        """Print a table."""
        self.console.print(table, width=self.width)


class Bar:
    """A bar over ``part`` of its column, to half a character where there is Unicode."""

    def __init__(self, part: float, colour: str, *, leftwards: bool = False) -> None:
        self.part, self.colour, self.leftwards = (0.0 if math.isnan(part) else part), colour, leftwards

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        halves = round(2 * self.part * options.max_width)
        full, half = ("#", "") if options.ascii_only else ("█", "▐" if self.leftwards else "▌")
        bar = full * (halves // 2) + half * (halves % 2)
        bar = bar[::-1].rjust(options.max_width) if self.leftwards else bar.ljust(options.max_width)
        yield Segment(bar, Style.parse(self.colour))


def print_summary(
    scan: "Scan",
    estimate: Estimate,
    console: Console,
    lang: str | None = None,
    *,
    overall: Estimate | None = None,
    verbose: bool = False,
) -> None:
    """Print the summary sentence, what was left out, the shares of every group and a sentence to cite.

    ``overall`` is the estimate without groups, where ``estimate`` has groups. ``verbose`` adds how shares
    were made, by which model, and its known errors.
    """
    screen, whole = Screen(console, lang), overall or estimate
    t = screen.t
    screen.line((words.title(t), "bold"))
    screen.line(words.summary(scan, whole, t))
    screen.line(" · ".join(words.quality(scan, t)))
    for reason, count in scan.failures.items():
        screen.line(f"  {t.number(count)} × {t.term(str(reason))}")
    if overall is not None or len(estimate.groups) > 1:
        _print_overview(screen, estimate, overall)
    for sentence in words.left_out(estimate, t):
        screen.line()
        screen.line(sentence)
    if len(estimate.groups) <= MANY_GROUPS:
        for group in estimate.groups:
            _print_group(screen, estimate, group)
    screen.line()
    made = words.notes(scan, whole, t) if verbose else ()
    for sentence in [*words.limits(scan, whole, t), *unlike_groups(estimate, t), *made]:
        screen.line(sentence)
    if cited := words.citation(scan, whole, t):
        screen.line((t.gettext("To cite:"), "bold"), f" {cited}")


def print_table(screen: Screen, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of text whose first cell names them; of long names of columns the end is seen."""
    table, rows = screen.table(), list(rows)
    name, *widths = (max(map(cell_len, column)) for column in zip(*rows, strict=True))
    name = min(name, LONGEST)
    screen.column(table, heads[0], left=True, ratio=1, min_width=name)

    def needed(most: int) -> int:
        shown = (max(width, min(cell_len(head), most)) for width, head in zip(widths, heads[1:], strict=True))
        return name + sum(1 + width for width in shown)

    most = next((most for most in range(LONGEST, HEAD, -1) if needed(most) <= screen.width), HEAD)
    for head in heads[1:]:
        screen.column(table, head if cell_len(head) <= most else f"…{head[1 - most :]}")
    for row in rows:
        screen.row(table, *row)
    screen.line()
    screen.print(table)


def _print_overview(screen: Screen, estimate: Estimate, overall: Estimate | None) -> None:
    """One row for everything and for each group: faces, share of women, mean age."""
    t, table, is_wide = screen.t, screen.table(), screen.width >= NARROW
    screen.column(table, t.gettext("group"), left=True, ratio=1, min_width=8)
    for head in (t.gettext("faces"), t.gettext("% female"), *([t.gettext("mean age")] if is_wide else [])):
        screen.column(table, head)
    rows = [] if overall is None else [(overall, group, t.gettext("everything")) for group in overall.groups]
    rows += [(estimate, group, t.group(group)) for group in estimate.groups]
    for of, group, name in rows:
        age = of.age(group)
        mean_age = t.between(age["value"], age["low"], age["high"])
        figures = [t.number(of.faces(group)), _share(of.margin(group, gender="female"), t), mean_age]
        screen.row(table, name, *figures[: 3 if is_wide else 2])
    if rows:
        screen.line()
        screen.print(table)


def _print_group(screen: Screen, estimate: Estimate, group: str) -> None:
    """Shares of one group by band, the youngest at the bottom, men left and women right."""
    t, table, is_wide = screen.t, screen.table(), screen.width >= NARROW
    sides = {gender: estimate.cells(group, gender) for gender in words.SIDES}
    whole = {gender: estimate.margin(group, gender=gender) for gender in sides}
    top = max(side["share"].max() for side in sides.values()) or 1.0
    label = min(LABEL, max(cell_len(t.term(band)) for band in [*estimate.bands, "all"]))
    heads = [t.gettext("counted"), t.gettext("share, %")][0 if is_wide else 1 :]
    screen.column(table, "", left=True, width=label)
    for head in heads:
        screen.column(table, head)
    for number, gender in enumerate(words.SIDES):
        screen.column(table, t.term(gender), left=bool(number), ratio=1)
    for head in reversed(heads):
        screen.column(table, head)
    if is_wide:
        table.columns[1].style = table.columns[-1].style = "dim"

    def add(name: str, cells: dict[str, pd.Series], *, bars: bool = True) -> None:
        figures = {
            gender: [t.number(100 * cell["share_counted"], 1), _share(cell, t)][0 if is_wide else 1 :]
            for gender, cell in cells.items()
        }
        drawn = (
            Bar(float(cell["share"]) / top if bars else 0.0, COLOURS[gender], leftwards=gender == "male")
            for gender, cell in cells.items()
        )
        screen.row(table, name, *figures["male"], *drawn, *reversed(figures["female"]))

    for index, band in reversed(list(enumerate(estimate.bands))):
        add(t.term(band), {gender: side.iloc[index] for gender, side in sides.items()})
    add(t.term("all"), whole, bars=False)
    faces = t.ngettext("{number} perceived face", "{number} perceived faces", estimate.faces(group))
    screen.line()
    screen.line((t.group(group), "bold"), f"  {faces}")
    screen.print(table)


def _share(row: pd.Series, t: Language) -> str:
    return t.between(100 * row["share"], 100 * row["share_low"], 100 * row["share_high"])

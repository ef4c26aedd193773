"""The result as an Excel workbook: a sheet for each kind of number, and a pyramid that Excel itself draws."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from agestat.files import output_file
from agestat.report import words
from agestat.report.export import need_excel
from agestat.report.language import Language
from agestat.report.model_card import made_how
from agestat.report.text import printable

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from agestat.analysis.scan import Scan
    from agestat.stats.estimate import Estimate

PERCENT, YEARS, COUNT = "0.0%", "0.0", "#,##0"
FORMATS = {"n": COUNT, "faces": COUNT, "calibration_n": COUNT, "level": "0%"} | dict.fromkeys(
    ("share_counted", "share", "share_low", "share_high"), PERCENT
)
AGE_FORMATS = {"n": COUNT, "calibration_n": COUNT, "level": "0%"} | dict.fromkeys(
    ("counted", "value", "low", "high"), YEARS
)
WIDEST = 60  # characters


def write_workbook(
    scan: "Scan", estimate: "Estimate", target: str | Path, t: Language, *,
    overall: "Estimate | None" = None, command: str | None = None,
) -> None:  # fmt: skip
    """Write the sheets shares, margins, ages, groups, failed files, pyramid, and how it was made.

    ``overall`` is the estimate without groups, where ``estimate`` has groups: its rows come first.
    """
    need_excel()
    from openpyxl import Workbook

    whole, parts = overall or estimate, [part for part in (overall, estimate) if part is not None]
    book = Workbook()
    book.remove(book.active)
    for name, frame, formats in (
        (t.gettext("shares"), pd.concat([part.table for part in parts]), FORMATS),
        (t.gettext("margins"), pd.concat([part.margins for part in parts]), FORMATS),
        (t.gettext("ages"), pd.concat([part.ages for part in parts]), AGE_FORMATS),
        (t.gettext("groups"), _groups(estimate, t), FORMATS),
        (t.gettext("failed files"), scan.failed[["reason", "root", "path"]], {}),
    ):
        _sheet(book, name, list(frame.columns), frame.itertuples(index=False), formats)
    if whole.groups == [words.EVERYTHING]:
        _pyramid(book, whole, t)
    made = [(words.title(t), words.perceived(t)), *made_how(scan, estimate, t)]
    made += [(t.gettext("command"), command)] if command else []
    if cited := words.citation(scan, whole, t):
        made.append((t.gettext("How to cite"), cited))
    _sheet(book, t.gettext("how it was made"), (t.gettext("what"), t.gettext("how")), made, {})
    buffer = io.BytesIO()  # zip files need to seek, which standard output cannot
    book.save(buffer)
    with output_file(target) as stream:
        stream.write(buffer.getvalue())


def _groups(estimate: "Estimate", t: Language) -> pd.DataFrame:
    """Faces of every group, and whether there were enough to estimate its shares."""
    rows = [(group, estimate.faces(group), t.gettext("yes")) for group in estimate.groups]
    rows += [(group, faces, t.gettext("too few faces")) for group, faces in estimate.few.items()]
    rows += [(group, 0, t.gettext("no face")) for group in estimate.faceless]
    return pd.DataFrame(rows, columns=["group", "faces", "estimated"])


def _sheet(
    book: "Workbook", name: str, heads: Sequence[str], rows: Any, formats: dict[str, str]
) -> "Worksheet":
    """A sheet with a frozen header; text is stored as text, so that ``=...`` is never a formula."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    widths = [len(head) for head in heads]
    for line, row in enumerate([list(heads), *map(list, rows)], 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(line, column)
            if isinstance(value, str):
                cell.value = printable(value)
                cell.data_type, cell.quotePrefix = "s", True
            elif not pd.isna(value):
                cell.value = value
                cell.number_format = formats.get(heads[column - 1], "General")
            widths[column - 1] = max(widths[column - 1], min(len(str(cell.value or "")), WIDEST))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width + 2
    return sheet


def _pyramid(book: "Workbook", whole: "Estimate", t: Language) -> None:
    """Corrected shares by band, men to the left, as a table and as Excel's own chart."""
    from openpyxl.chart import BarChart, Reference

    male, female = (whole.cells(words.EVERYTHING, gender)["share"] for gender in words.SIDES)
    heads = (t.gettext("perceived age"), t.term("male"), t.term("female"))
    signless = dict.fromkeys(heads[1:], "0.0%;0.0%")
    rows = [(t.term(band), -male[band], female[band]) for band in whole.bands]
    sheet = _sheet(book, t.gettext("pyramid"), heads, rows, signless)
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "clustered", 100, 20
    chart.title = t.gettext("Population pyramid")
    chart.add_data(
        Reference(sheet, min_col=2, max_col=3, min_row=1, max_row=len(rows) + 1), titles_from_data=True
    )
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=len(rows) + 1))
    chart.x_axis.tickLblPos, chart.x_axis.delete, chart.y_axis.delete = "low", False, False
    chart.y_axis.number_format, chart.y_axis.majorGridlines = "0%;0%", None
    for series, colour in zip(chart.series, ("0072B2", "D55E00"), strict=True):
        series.graphicalProperties.solidFill = colour
    chart.height, chart.width = 9, 16
    sheet.add_chart(chart, "E2")

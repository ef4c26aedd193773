"""Workbooks of spreadsheets as tables of text."""

import csv
import io
from typing import Any

from agestat.errors import UsageError


def read_sheets(data: bytes, name: object) -> list[str]:
    """Each sheet of a workbook (.xlsx) as CSV: whole numbers without a point, days as ISO 8601, formulas as
    the values that were last shown. Raises `UsageError` naming the cure where it cannot be read."""
    try:
        from openpyxl import load_workbook  # of the extra xlsx
    except ImportError as error:
        raise UsageError(
            "{path} is a workbook: run pip install 'agestat[xlsx]', or save its sheet as CSV (comma "
            "separated, UTF-8).",
            path=name,
        ) from error
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return [_as_csv(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    except Exception as error:  # whatever a damaged archive, or one of another program, leads to
        raise UsageError(
            "{path} is a workbook that cannot be read here: save its sheet as CSV (comma separated, UTF-8).",
            path=name,
        ) from error


def _as_csv(rows: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([map(_as_text, row) for row in rows])
    return text.getvalue()


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split("\n"))  # one line a row, so that errors name the row

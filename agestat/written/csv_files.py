"""CSV as every command writes it: UTF-8, and nothing in it that a spreadsheet would run."""

import csv
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pandas as pd

DIALECTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "excel": {"sep": ";", "decimal": ","},  # of countries that write decimals with a comma; with a UTF-8 mark
}
_FORMULA = re.compile(r"'*(\s*[=+\-@＝＋－＠]|[\t\r\n])")


def escape_formula(cell: Any) -> Any:
    """Text that a spreadsheet could take for a formula gets one leading apostrophe; all else stays."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unescape_formula(cell: Any) -> Any:
    """The inverse of `escape_formula`."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell) else cell


def map_text(frame: "pd.DataFrame", function: Callable[[Any], Any]) -> "pd.DataFrame":
    """``frame`` with ``function`` applied to column names and to the cells of columns that may hold text."""
    import pandas as pd  # not at import: help is to be instant

    types = pd.api.types
    frame = frame.copy(deep=False)
    for name in frame:
        column = frame[name]
        if types.is_object_dtype(column) or types.is_string_dtype(column):
            frame[name] = pd.Series([function(cell) for cell in column], column.index, dtype=object)
    return frame.rename(columns=function)


def write_csv(
    frame: "pd.DataFrame", stream: BinaryIO, *, header: bool = True, dialect: str = "plain"
) -> None:
    """Write ``frame`` without its index in one of `DIALECTS`; bytes of a path that are no UTF-8 stay as they
    are."""
    frame = map_text(frame, escape_formula)
    options = {"index": False, "lineterminator": "\n", "header": header, **DIALECTS[dialect]}
    text = frame.to_csv(**options)
    if "\r" in text:  # the csv module leaves a lone carriage return unquoted, and readers end the row there
        text = frame.to_csv(quoting=csv.QUOTE_NONNUMERIC, **options)
    mark = "\ufeff" if dialect == "excel" and header else ""
    stream.write((mark + text).encode("utf-8", "surrogateescape"))

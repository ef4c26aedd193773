"""Result tables as files: CSV, JSON, JSON lines, Parquet and Excel, picked by extension.

Columns and values are the same everywhere. In CSV, text that a spreadsheet would run as a formula is made
inert by a leading apostrophe, which `read_table` takes away again (see ``docs/exports.md``).
"""

import io
import json
import re
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from agestat.errors import AgestatError, UsageError
from agestat.files import format_of, output_file
from agestat.report.text import printable
from agestat.stats.tally import EVERYTHING
from agestat.written.csv_files import DIALECTS, map_text, unescape_formula, write_csv

if TYPE_CHECKING:
    from agestat.stats.estimate import Estimate

TEXT_COLUMNS = ("group", "gender", "band", "statistic", "method", "calibration")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _spell_surrogates(cell: Any) -> Any:
    """Bytes of a path that are no UTF-8 become escapes where a format can hold Unicode only."""
    if isinstance(cell, str) and _SURROGATE.search(cell):
        return cell.encode("utf-8", "backslashreplace").decode("utf-8")
    return cell


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries of plain Python values; what is missing is None."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[return-value]


def _write_json(frame: pd.DataFrame, stream: BinaryIO) -> None:
    rows = ",\n ".join(json.dumps(row, default=str) for row in _records(frame))
    stream.write(f"[{rows}]\n".encode())


def _write_jsonl(frame: pd.DataFrame, stream: BinaryIO) -> None:
    stream.writelines(json.dumps(row, default=str).encode() + b"\n" for row in _records(frame))


def _write_parquet(frame: pd.DataFrame, stream: BinaryIO) -> None:
    map_text(frame, _spell_surrogates).to_parquet(stream, index=False)


def need_excel() -> None:
    """Raise `UsageError` if the package that writes Excel files is not installed."""
    if find_spec("openpyxl") is None:
        raise UsageError("Excel files need one more package: pip install 'agestat[xlsx]'.")


def _write_xlsx(frame: pd.DataFrame, stream: BinaryIO) -> None:
    """One sheet; every text cell is stored as text, so that ``=...`` is never a formula."""
    need_excel()
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    frame = map_text(frame, lambda cell: printable(cell) if isinstance(cell, str) else cell)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("agestat")
    sheet.freeze_panes = "A2"
    for row in [list(frame.columns), *(list(record.values()) for record in _records(frame))]:
        cells = [WriteOnlyCell(sheet, value) for value in row]
        for cell, value in zip(cells, row, strict=True):
            if isinstance(value, str):
                cell.data_type = "s"
                cell.quotePrefix = True
        sheet.append(cells)
    buffer = io.BytesIO()  # zip files need to seek, which standard output cannot
    book.save(buffer)
    stream.write(buffer.getvalue())


WRITERS: dict[str, Callable[[pd.DataFrame, BinaryIO], None]] = {
    "csv": write_csv,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
}


def result_rows(estimate: "Estimate", overall: "Estimate | None" = None) -> pd.DataFrame:
    """All shares of a result in one table. ``row`` says what each is: a ``cell`` of one gender and one band,
    ``gender`` alone, ``age`` alone, or a group, or all, of too ``few`` faces, of which only these are known.

    ``overall`` is the estimate without groups, whose rows come first.
    """
    parts = []
    for part in (overall, estimate):
        if part is not None:
            is_gender = part.margins["gender"] != EVERYTHING
            parts.append(part.table.assign(row="cell"))
            parts.append(part.margins.assign(row=np.where(is_gender, "gender", "age")))
    if few := {**(overall.few if overall else {}), **estimate.few}:
        rows = pd.DataFrame({"group": list(few), "n": list(few.values()), "row": "few"})
        parts.append(rows.assign(gender=EVERYTHING, band=EVERYTHING))
    columns = parts[0].columns
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True).reindex(columns=columns)


def write_table(
    frame: pd.DataFrame, target: str | Path, kind: str | None = None, *, dialect: str = "plain"
) -> None:
    """Write ``frame`` without its index to the file ``target``, or to standard output for ``-``.

    ``kind`` is a key of `WRITERS`; by default the extension of ``target`` says it, and standard output gets
    CSV, which is written in ``dialect``. The file appears whole or not at all. Raises `UsageError` for an
    extension without a writer and `AgestatError` if the file cannot be written.
    """
    kind = kind or format_of(target, WRITERS)
    with output_file(target) as stream:
        if kind == "csv":
            write_csv(frame, stream, dialect=dialect)
        else:
            WRITERS[kind](frame, stream)


def write_faces(parts: Iterable[pd.DataFrame], target: str | Path, *, dialect: str = "plain") -> None:
    """Write one row per face, a part at a time, without the store's own row numbers.

    The extension of ``target`` is one of `FACE_FORMATS`; standard output gets CSV. Raises as `write_table`.
    """
    kind = format_of(target, FACE_FORMATS)
    shown = (part.drop(columns="file_id", errors="ignore") for part in parts)
    with output_file(target) as stream:
        if kind == "csv":
            for number, part in enumerate(shown):
                write_csv(part, stream, header=number == 0, dialect=dialect)
        else:
            FACE_WRITERS[kind](shown, stream)


def _faces_jsonl(parts: Iterable[pd.DataFrame], stream: BinaryIO) -> None:
    for part in parts:
        _write_jsonl(part, stream)


def _faces_parquet(parts: Iterable[pd.DataFrame], stream: BinaryIO) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    tables = (pa.Table.from_pandas(map_text(part, _spell_surrogates), preserve_index=False) for part in parts)
    first = next(tables)
    with parquet.ParquetWriter(stream, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table.cast(first.schema))


FACE_WRITERS: dict[str, Callable[[Iterable[pd.DataFrame], BinaryIO], None]] = {
    "jsonl": _faces_jsonl,
    "parquet": _faces_parquet,
}
FACE_FORMATS = ("csv", *FACE_WRITERS)


def read_table(source: str | Path) -> pd.DataFrame:
    """The cells of a result in a CSV from `write_table`, with exactly the values that went in; the other
    formats need no undoing."""
    odd = "backslashreplace"
    try:
        with Path(source).open("rb") as file:
            dialect = DIALECTS["excel" if b";" in file.readline() else "plain"]
        names = pd.read_csv(source, nrows=0, encoding_errors=odd, encoding="utf-8-sig", **dialect)
        frame = pd.read_csv(
            source,
            **dialect,
            encoding="utf-8-sig",
            dtype=dict.fromkeys(TEXT_COLUMNS, str),
            keep_default_na=False,  # a folder may be called "NA"
            na_values={str(name): [""] for name in names if name not in TEXT_COLUMNS},
            encoding_errors=odd,
        )
    except (OSError, ValueError) as error:
        raise AgestatError(
            "{source} cannot be read as a result table ({reason}).", source=source, reason=error
        ) from error
    if "row" in frame:
        frame = frame[frame["row"] == "cell"].drop(columns="row").reset_index(drop=True)
    return map_text(frame, unescape_formula).infer_objects()

"""Tables as people and spreadsheets write them: any usual delimiter, encoding and spelling of the columns."""

import csv
import io
import os
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from agestat.errors import UsageError
from agestat.written.csv_files import unescape_formula
from agestat.written.encodings import CODE_PAGES, encoding_of, readings
from agestat.written.paths import as_on_disk, composed
from agestat.written.workbooks import read_sheets

_BLANK = " "
_DELIMITERS = f",;\t|{_BLANK}"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
_OTHERS = {
    "<": "HTML or XML", "{\\rtf": "RTF", "{": "JSON", "[": "JSON", "%PDF": "PDF", "\x1f": "gzip",
    "SQLite": "SQLite",
}  # fmt: skip
TOP = 20  # rows among which the names of the columns are looked for: titles stand above them
# Other names of columns, by the one that is asked for.
_FILES = (
    "filename", "file name", "filepath", "file path", "image", "image path", "image name", "photo", "picture",
    "img", "путь", "путь к файлу", "файл", "имя файла", "фото", "datei", "dateiname", "pfad", "bild",
    "fichier", "nom du fichier", "archivo", "arquivo", "plik", "bestand", "文件", "文件名", "檔案", "檔名",
    "路径", "路徑", "图片", "圖片", "照片", "ファイル名", "ファイル", "画像", "写真",
    "파일", "파일명", "경로", "사진",
)  # fmt: skip
_ALIASES = {
    "path": ("file", *_FILES),
    "file": ("path", *_FILES),
    "gender": ("sex", "пол", "geschlecht", "sexe", "genre", "sexo", "género", "gênero", "sesso", "genere",
               "płeć", "geslacht", "kön", "стать", "性别", "性別", "성별"),
    "age": ("age (years)", "age, years", "возраст", "возраст, лет", "вік", "alter", "âge", "edad", "età",
            "idade", "wiek", "leeftijd", "ålder", "年龄", "年齡", "年齢", "나이", "연령"),
}  # fmt: skip
_LOOSE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\]|:)$")  # Age (years), Gender [m/f], Path:
_UNSEEN = "\ufeff\u200b\u200e\u200f\u2060 \t\r\n\u00a0"
_END = "\x1e"  # a row of our own at the end, which an open quote swallows


class Line(NamedTuple):
    """One row of a table: its ``number`` in the file, from 1, and stripped text by column."""

    number: int
    cells: dict[str, str]


class _Layout(NamedTuple):
    """Where the names of the columns stand in a text: below ``above`` rows, after ``skipped`` lines that are
    not in it any more."""

    text: str
    skipped: int
    delimiter: str
    above: int
    header: list[str]


class Table:
    """A table in a file: ``columns`` as asked for, else as written.

    Columns are found in any case, padded, and by the other names of `_ALIASES`, in a workbook on the sheet
    that has most of them. Rows without any text are no rows. Raises `UsageError` naming what is wrong and how
    to mend it.
    """

    def __init__(self, path: str | os.PathLike[str], needed: Sequence[str] = (), known: Collection[str] = ()):
        """``needed`` columns must be there; of ``known`` ones only the spelling is mended."""
        self.path = Path(as_on_disk(os.fsdecode(path)))
        self._wanted = [*needed, *known]
        layouts = [self._find_columns(text) for text in self._texts()]
        self._layout = max(layouts, key=lambda layout: self._score(layout.header))
        self.columns = _named(self._layout.header, self._wanted)
        if missing := [name for name in needed if name not in self.columns]:
            beginnings = (kind for mark, kind in _OTHERS.items() if self._layout.text.startswith(mark))
            if other := next(beginnings, None):
                raise UsageError(
                    "{path} is {kind}, no table: save it as CSV (comma separated, UTF-8).",
                    path=self.path, kind=other,
                )  # fmt: skip
            raise UsageError(
                "{path} has no column {missing}: its columns are {columns}, taken as separated by "
                "{delimiter}; mend its first line, or save it with commas.",
                path=self.path, missing=", ".join(missing), columns=", ".join(self.columns) or "-",
                delimiter=repr(self._layout.delimiter),
            )  # fmt: skip
        if twice := [name for name in self._wanted if self.columns.count(name) > 1]:
            raise UsageError(
                "{path} has two columns {name}: leave the one that is meant.", path=self.path, name=twice[0]
            )

    def _texts(self) -> list[str]:
        """What the file holds as text; of a workbook that of each sheet."""
        if self.path.exists() and not self.path.is_file():
            raise UsageError("{path} is not a file that can be read again: save it first.", path=self.path)
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise UsageError(
                "{path} cannot be read as a CSV file ({reason}).", path=self.path, reason=error.strerror
            ) from error
        if data.startswith(_WORKBOOKS):
            self.encoding = "utf-8"
            return read_sheets(data, self.path)
        self.encoding = encoding_of(data)
        odd = "replace" if self.encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        return [data.decode(self.encoding, odd).removeprefix("\ufeff").rstrip("\0\x1a")]

    def _find_columns(self, text: str) -> _Layout:
        """By Excel's ``sep=``, or what gives most of the wanted columns, or stands first and gives most
        columns; blanks separate only where nothing else does as well."""
        skipped, text = _without_first_blanks(text)
        text = _unwrapped(text)
        first, _, rest = text.partition("\n")
        delimiters = _DELIMITERS
        if named := re.fullmatch(r'\s*"?sep=(.)"?\s*', first, re.IGNORECASE):
            skipped, text, delimiters = skipped + 1, rest, named[1]
        found = [
            _Layout(text, skipped, sign, above, row)
            for sign in delimiters
            for above, row in enumerate(self._top(text, sign))
        ]
        return max(found, key=self._how_good)

    def _how_good(self, found: _Layout) -> tuple[int, bool, int, int]:
        return self._score(found.header), found.delimiter != _BLANK, -found.above, len(found.header)

    def _score(self, header: Sequence[str]) -> int:
        names = _named(header, self._wanted)
        return sum(name in names for name in self._wanted)

    def _top(self, text: str, delimiter: str) -> list[list[str]]:
        """The first rows, the first of them whatever it is."""
        reader = _rows(text, delimiter)
        rows: list[list[str]] = []
        try:
            rows.extend(islice(reader, TOP))
        except csv.Error as error:
            if not rows:
                raise self._unreadable(error) from error
        return rows or [[]]

    def _unreadable(self, error: csv.Error) -> UsageError:
        return UsageError("{path} cannot be read as a CSV file ({reason}).", path=self.path, reason=error)

    def __iter__(self) -> Iterator[Line]:
        skipped, delimiter = self._layout.skipped, self._layout.delimiter
        reader = _rows(f"{self._layout.text}\n{_END}", delimiter)
        try:
            for _ in range(self._layout.above + 1):
                next(reader, None)
            line = reader.line_num
            for cells in reader:
                if cells == [_END]:
                    return
                first, line = line + 1, reader.line_num
                if any(_END in cell for cell in cells):
                    raise UsageError(
                        '{path}, line {line}: a quote (") is opened and never closed; close it, or take it '
                        "out.",
                        path=self.path, line=first + skipped,
                    )  # fmt: skip
                values = [unescape_formula(cell.strip(_UNSEEN)) for cell in cells]
                is_rule = delimiter in "| " and set("".join(values)) <= set("-+:=")
                if any(values) and not is_rule:
                    self._check_number(values, line + skipped)
                    cells_of = dict.fromkeys(self.columns, "") | dict(zip(self.columns, values))  # noqa: B905
                    yield Line(line + skipped, cells_of)
        except csv.Error as error:
            raise self._unreadable(error) from error

    def _check_number(self, values: Sequence[str], line: int) -> None:
        """A row may end early, unless blanks separate, which leave no cell empty."""
        too_few = self._layout.delimiter == _BLANK and len(values) < len(self.columns)
        if too_few or any(values[len(self.columns) :]):
            raise UsageError(
                "{path}, line {line} has {cells} cells and the first line {columns}: put text with "
                "{delimiter} in it between quotes.",
                path=self.path, line=line, cells=len(values), columns=len(self.columns),
                delimiter=repr(self._layout.delimiter),
            )  # fmt: skip

    def meanings(self, *paths: str) -> list[tuple[str, ...]]:
        """What the paths of one row may mean together, `comparable`: themselves, Windows' way of writing
        them, and where the encoding was a guess their own bytes and what else these may say."""
        own_bytes = [path.encode(self.encoding, "surrogateescape") for path in paths]
        meant = [paths, tuple(path.replace("\\", "/") for path in paths), tuple(map(os.fsdecode, own_bytes))]
        if self.encoding in CODE_PAGES and not all(map(str.isascii, paths)):
            meant += readings(*own_bytes)
        return list(dict.fromkeys(tuple(map(comparable, paths)) for paths in meant))


def _rows(text: str, delimiter: str) -> Any:
    """The csv module's reader of a text; blanks that stand together are one."""
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=delimiter == _BLANK
    )


def _without_first_blanks(text: str) -> tuple[int, str]:
    """The text from its first line with anything in it, and how many lines stand before."""
    blank = re.match(r"(?:[\s,;|]*\n)*", text)
    start = blank.end() if blank else 0
    return text.count("\n", 0, start), text[start:]


def _unwrapped(text: str) -> str:
    """The rows of a table whose every row is one cell, as Excel leaves one that it took for a single column:
    between quotes, or with semicolons at the end."""
    lines = [line.rstrip(" ;") for line in re.split("\r\n|\r|\n", text)]
    said = [line for line in lines if line]
    if not said or not re.search("[,;\t]", said[0]):
        return text
    wrapped = [re.fullmatch(r'"(?:[^"]|"")*"', line) for line in said]
    is_first = text.startswith(f"{said[0]};") and ";" not in said[0]  # all is in the first of several columns
    if not all(wrapped) and not is_first:
        return text
    return "\n".join(
        line[1:-1].replace('""', '"') if re.fullmatch(r'"(?:[^"]|"")*"', line) else line for line in lines
    )


def _named(header: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The columns of a first line under the names that are ``wanted``, where they are only spelled apart."""
    names = [" ".join(composed(name).strip(_UNSEEN).split()) for name in header]
    plain = [_plain(name) for name in names]
    loose = [_LOOSE.sub("", name) for name in plain]
    for name in wanted:
        words = [_plain(word) for word in (name, *_ALIASES.get(name, ()))]
        spelled = next((where for where in (plain, loose) for word in words if word in where), None)
        if spelled is None:
            continue
        word = next(word for word in words if word in spelled)
        for number, other in enumerate(spelled):
            if other == word:
                names[number] = name
    return names


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ")


def comparable(path: str) -> str:
    """A path in the form in which paths are compared with those of tables."""
    return composed(os.path.normpath(path))

"""Tables as people and spreadsheets write them: any usual delimiter, encoding and spelling of the columns."""

import csv
import io
import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from agestat.errors import UsageError
from agestat.written.csv_files import unescape_formula
from agestat.written.paths import as_on_disk, composed, marked_encoding, unmarked_utf16

_DELIMITERS = ",;\t|"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
# Other names of columns, by the one that is asked for.
_FILES = ("filename", "file name", "filepath", "file path", "image", "image path", "photo", "picture", "img",
          "путь", "файл", "имя файла", "фото", "datei", "dateiname", "pfad", "fichier")  # fmt: skip
_ALIASES = {
    "path": ("file", *_FILES),
    "file": ("path", *_FILES),
    "gender": ("sex", "пол", "geschlecht", "sexe"),
    "age": ("age (years)", "age, years", "возраст", "alter", "âge"),
}


class Line(NamedTuple):
    """One row of a table: its ``number`` in the file, from 1, and stripped text by column."""

    number: int
    cells: dict[str, str]


class Table:
    """A table in a file: ``columns`` as asked for, else as written.

    Columns are found in any case, padded, and by the other names of `_ALIASES`. Rows without any text are no
    rows. Raises `UsageError` naming what is wrong and how to mend it.
    """

    def __init__(self, path: str | os.PathLike[str], needed: Sequence[str] = (), known: Collection[str] = ()):
        """``needed`` columns must be there; of ``known`` ones only the spelling is mended."""
        self.path = Path(as_on_disk(os.fsdecode(path)))
        data = self._read()
        self.encoding = _encoding(data)
        odd = "replace" if self.encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        text = data.decode(self.encoding, odd).removeprefix("\ufeff")
        self._skipped, self._text = _without_first_blanks(text)
        self._wanted = [*needed, *known]
        self._delimiter = self._find_delimiter()
        self.columns = _named(self._header(self._delimiter), self._wanted)
        if missing := [name for name in needed if name not in self.columns]:
            raise UsageError(
                "{path} has no column {missing}: its columns are {columns}, taken as separated by "
                "{delimiter}; mend its first line, or save it with commas.",
                path=self.path, missing=", ".join(missing), columns=", ".join(self.columns) or "-",
                delimiter=repr(self._delimiter),
            )  # fmt: skip

    def _read(self) -> bytes:
        if self.path.exists() and not self.path.is_file():
            raise UsageError("{path} is not a file that can be read again: save it first.", path=self.path)
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise UsageError(
                "{path} cannot be read as a CSV file ({reason}).", path=self.path, reason=error.strerror
            ) from error
        if data.startswith(_WORKBOOKS):
            raise UsageError(
                "{path} is a workbook: save its sheet as CSV (comma separated, UTF-8).", path=self.path
            )
        return data

    def _find_delimiter(self) -> str:
        """The one that Excel's ``sep=`` names, or that gives most of the wanted columns, or most columns."""
        first, _, rest = self._text.partition("\n")
        if named := re.fullmatch(r'"?sep=(.)"?\r?', first, re.IGNORECASE):
            self._skipped, self._text = self._skipped + 1, rest
            return named[1]
        return max(_DELIMITERS, key=lambda delimiter: self._score(self._header(delimiter)))

    def _score(self, header: Sequence[str]) -> tuple[int, int]:
        return sum(name in _named(header, self._wanted) for name in self._wanted), len(header)

    def _header(self, delimiter: str) -> list[str]:
        try:
            return next(csv.reader(io.StringIO(self._text, newline=""), delimiter=delimiter), [])
        except csv.Error as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: csv.Error) -> UsageError:
        return UsageError("{path} cannot be read as a CSV file ({reason}).", path=self.path, reason=error)

    def __iter__(self) -> Iterator[Line]:
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self._delimiter)
        try:
            next(reader, None)
            for cells in reader:
                values = [unescape_formula(cell).strip() for cell in cells]
                number = reader.line_num + self._skipped
                if any(values[len(self.columns) :]):
                    raise UsageError(
                        "{path}, line {line} has {cells} cells and the first line {columns}: put text with "
                        "{delimiter} in it between quotes.",
                        path=self.path, line=number, cells=len(cells), columns=len(self.columns),
                        delimiter=repr(self._delimiter),
                    )  # fmt: skip
                if any(values):
                    yield Line(number, dict.fromkeys(self.columns, "") | dict(zip(self.columns, values)))  # noqa: B905
        except csv.Error as error:
            raise self._unreadable(error) from error

    def meanings(self, path: str) -> list[str]:
        """What ``path`` in this table may mean, `comparable`: itself, Windows' way of writing it, and its own
        bytes where the encoding was a guess."""
        own_bytes = os.fsdecode(path.encode(self.encoding, "surrogateescape"))
        return list(dict.fromkeys(map(comparable, (path, path.replace("\\", "/"), own_bytes))))


def _encoding(data: bytes) -> str:
    """By the byte-order mark, else UTF-8 if it is, UTF-16 if its line ends say so, else a code page: the
    Cyrillic one where letters beyond ASCII stand together, as they do in Russian words."""
    if marked := marked_encoding(data):
        return marked
    if unmarked := unmarked_utf16(data):
        return unmarked
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        odd = [line for line in data.splitlines() if not line.isascii()]
        if any(_is_utf8(line) for line in odd):
            return "utf-8"  # names of files that are no text, in a table that is
        alone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", data))
        return "latin-1" if 2 * alone > sum(byte > 127 for byte in data) else "cp1251"
    return "utf-8"


def _is_utf8(line: bytes) -> bool:
    return line.decode("utf-8", "ignore").encode() == line


def _without_first_blanks(text: str) -> tuple[int, str]:
    """The text from its first line with anything in it, and how many lines stand before."""
    blank = re.match(r"(?:[\s,;|]*\n)*", text)
    start = blank.end() if blank else 0
    return text.count("\n", 0, start), text[start:]


def _named(header: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The columns of a first line under the names that are ``wanted``, where they are only spelled apart."""
    names = [" ".join(composed(name).split()) for name in header]
    index = {_plain(name): number for number, name in reversed(list(enumerate(names)))}
    for name in wanted:
        spelled = next((word for word in (name, *_ALIASES.get(name, ())) if _plain(word) in index), None)
        if spelled is not None:
            names[index[_plain(spelled)]] = name
    return names


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ")


def comparable(path: str) -> str:
    """A path in the form in which paths are compared with those of tables."""
    return composed(os.path.normpath(path))

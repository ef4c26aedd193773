"""Tables as people and spreadsheets write them: any usual delimiter, encoding and spelling of the columns."""

import csv
import io
import os
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from agestat.errors import UsageError
from agestat.written.csv_files import unescape_formula
from agestat.written.paths import as_on_disk, composed, marked_encoding, unmarked_utf16

_DELIMITERS = ",;\t|"
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
    "fichier", "nom du fichier", "archivo", "arquivo", "plik", "bestand", "文件", "文件名", "ファイル名",
)  # fmt: skip
_ALIASES = {
    "path": ("file", *_FILES),
    "file": ("path", *_FILES),
    "gender": ("sex", "пол", "geschlecht", "sexe", "genre", "sexo", "género", "gênero", "sesso", "genere",
               "płeć", "geslacht", "kön", "стать", "性别", "性別"),
    "age": ("age (years)", "age, years", "возраст", "возраст, лет", "вік", "alter", "âge", "edad", "età",
            "idade", "wiek", "leeftijd", "ålder", "年龄", "年齢"),
}  # fmt: skip
_LOOSE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\]|:)$")  # Age (years), Gender [m/f], Path:
_UNSEEN = "\ufeff\u200b\u200e\u200f\u2060 \t\r\n\u00a0"
_END = "\x1e"  # a row of our own at the end, which an open quote swallows


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
        text = data.decode(self.encoding, odd).removeprefix("\ufeff").rstrip("\0\x1a")
        self._skipped, text = _without_first_blanks(text)
        self._text = _unwrapped(text)
        self._wanted = [*needed, *known]
        self._delimiter, self._above, header = self._find_columns()
        self.columns = _named(header, self._wanted)
        if missing := [name for name in needed if name not in self.columns]:
            if other := next((kind for mark, kind in _OTHERS.items() if text.startswith(mark)), None):
                raise UsageError(
                    "{path} is {kind}, no table: save it as CSV (comma separated, UTF-8).",
                    path=self.path, kind=other,
                )  # fmt: skip
            raise UsageError(
                "{path} has no column {missing}: its columns are {columns}, taken as separated by "
                "{delimiter}; mend its first line, or save it with commas.",
                path=self.path, missing=", ".join(missing), columns=", ".join(self.columns) or "-",
                delimiter=repr(self._delimiter),
            )  # fmt: skip
        if twice := [name for name in self._wanted if self.columns.count(name) > 1]:
            raise UsageError(
                "{path} has two columns {name}: leave the one that is meant.", path=self.path, name=twice[0]
            )

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

    def _find_columns(self) -> tuple[str, int, list[str]]:
        """The delimiter, how many rows stand above the names of the columns, and these: by Excel's ``sep=``,
        or what gives most of the wanted columns, or stands first and gives most columns."""
        first, _, rest = self._text.partition("\n")
        delimiters = _DELIMITERS
        if named := re.fullmatch(r'\s*"?sep=(.)"?\s*', first, re.IGNORECASE):
            self._skipped, self._text, delimiters = self._skipped + 1, rest, named[1]
        found = [(sign, above, row) for sign in delimiters for above, row in enumerate(self._top(sign))]
        return max(found, key=lambda place: (self._score(place[2]), -place[1], len(place[2])))

    def _score(self, header: Sequence[str]) -> int:
        names = _named(header, self._wanted)
        return sum(name in names for name in self._wanted)

    def _top(self, delimiter: str) -> list[list[str]]:
        """The first rows, the first of them whatever it is."""
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=delimiter)
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
        text = io.StringIO(f"{self._text}\n{_END}", newline="")
        reader = csv.reader(text, delimiter=self._delimiter)
        try:
            for _ in range(self._above + 1):
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
                        path=self.path, line=first + self._skipped,
                    )  # fmt: skip
                values = [unescape_formula(cell.strip(_UNSEEN)) for cell in cells]
                number = line + self._skipped
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
    """By the byte-order mark, else UTF-8 if it is, UTF-16 if its line ends say so, else a code page: a
    Western one where letters beyond ASCII stand within words of others, else a Cyrillic one."""
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
        within = len(re.findall(rb"(?i)(?<=[a-z])[\x80-\xff]|[\x80-\xff](?=[a-z])", data))
        if 2 * within > sum(byte > 127 for byte in data):
            return "cp1252"
        found = {page: len(_USUAL.findall(data.decode(page, "replace"))) for page in _CYRILLIC}
        likely = max(found, key=found.__getitem__)
        return likely if found[likely] > 3 * found["cp1251"] else "cp1251"
    return "utf-8"


_CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5")
_USUAL = re.compile("[аеинолрст]")  # most of Russian; as capitals, or not at all, in the wrong code page


def _is_utf8(line: bytes) -> bool:
    return line.decode("utf-8", "ignore").encode() == line


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

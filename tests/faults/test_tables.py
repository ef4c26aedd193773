"""Tables as spreadsheets write them, whole and damaged: `--labels`, `--metadata` and `labels.csv`."""

import csv
import io
import random
import unicodedata
from collections.abc import Callable

import openpyxl
import pytest
from helpers import LONG
from PIL import Image

import agestat
from agestat.analysis.face_lists import write_list
from agestat.analysis.groups import Facts, parse_by
from agestat.analysis.own_labels import LabelFile, draw_faces
from agestat.errors import AgestatError
from agestat.labelled.layouts import read_layout

Rows = list[list[str]]  # the first is the header
NAMES = [f"{folder}/{number}.png" for folder in ("Ёлка", "a, b", "c;d") for number in range(6)]


def _text(rows: Rows, delimiter: str = ",", end: str = "\r\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return buffer.getvalue()


def _each(rows: Rows, change: Callable[[str], str], *columns: str) -> Rows:
    chosen = [number for number, name in enumerate(rows[0]) if not columns or name in columns]
    body = [[change(c) if n in chosen else c for n, c in enumerate(row)] for row in rows[1:]]
    return [rows[0], *body]


def _decimal(cell: str) -> str:
    return cell.replace(".", ",") if cell.replace(".", "").isdigit() else cell


def _with_blanks(rows: Rows) -> Rows:
    return [[*row, "", ""] for row in rows] + [[""] * (len(rows[0]) + 2)] * 3


def _workbook(rows: Rows) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append([float(cell) if cell.replace(".", "").isdigit() else cell for cell in row])
    book.save(target)
    return target.getvalue()


def _markdown(rows: Rows) -> bytes:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).encode()


SPELLED: dict[str, Callable[[Rows], bytes]] = {
    "as written": lambda rows: _text(rows).encode(),
    "Excel, CSV UTF-8": lambda rows: _text(rows).encode("utf-8-sig"),
    "Excel in Europe": lambda rows: _text(_each(rows, _decimal), ";").encode("utf-8-sig"),
    "Excel in Russia": lambda rows: _text(_each(rows, _decimal), ";").encode("cp1251"),
    "Excel, Unicode text": lambda rows: _text(rows, "\t").encode("utf-16"),
    "Excel, sep=": lambda rows: ("sep=;\r\n" + _text(rows, ";")).encode("utf-8-sig"),
    "LibreOffice, all quoted": lambda rows: _text(rows, end="\n", quoting=csv.QUOTE_ALL).encode(),
    "Macintosh": lambda rows: _text(rows, ";", "\r").encode(),
    "upper case and padded": lambda rows: _text([[f" {n.upper()} " for n in rows[0]], *rows[1:]]).encode(),
    "blank columns and rows": lambda rows: _text(_with_blanks(rows), ";").encode(),
    "pandas, with its index": lambda rows: _text(
        [[str(n - 1) if n else "", *row] for n, row in enumerate(rows)]
    ).encode(),
    "columns the other way round": lambda rows: _text([row[::-1] for row in rows]).encode(),
    "rows the other way round": lambda rows: _text([rows[0], *rows[:0:-1]]).encode(),
    "Windows' paths": lambda rows: _text(
        _each(rows, lambda c: c.replace("/", "\\"), "path", "file")
    ).encode(),
    "macOS's letters": lambda rows: unicodedata.normalize("NFD", _text(rows)).encode(),
    "path for file": lambda rows: _text(
        [[{"path": "file", "file": "path"}.get(name, name) for name in rows[0]], *rows[1:]]
    ).encode(),
    "numbers as 12.0": lambda rows: _text(
        _each(rows, lambda c: f"{c}.0" if c.isdecimal() else c, "x", "y", "width", "height", "age")
    ).encode(),
    "a workbook": _workbook,
    "Markdown": _markdown,
    "genders in Russian": lambda rows: _text(
        _each(rows, lambda c: {"female": "ж", "male": "М"}.get(c, c), "gender")
    ).encode(),
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for number, name in enumerate(NAMES):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.effect_noise((40, 40), 10 + 5 * number).convert("RGB").save(folder / name)
    return folder


@pytest.fixture(scope="module")
def scanned(pictures, whole_model, tmp_path_factory):
    db = tmp_path_factory.mktemp("store") / "s.sqlite"
    with agestat.scan(pictures, model=whole_model, db=db, device="cpu", workers=1) as scan:
        yield scan


@pytest.fixture(scope="module")
def label_rows(scanned):
    """What `agestat label` writes, with every face labelled."""
    buffer = io.BytesIO()
    write_list(draw_faces(scanned, len(NAMES), 0), buffer)
    rows = list(csv.reader(io.StringIO(buffer.getvalue().decode(), newline="")))
    gender, age = rows[0].index("gender"), rows[0].index("age")
    for number, row in enumerate(rows[1:]):
        row[gender], row[age] = ("female", "male")[number % 2], ("34", "20-29", "70+")[number % 3]
    return rows


METADATA = [["path", "place"], *([name, f"Ёж {n % 2}"] for n, name in enumerate(NAMES))]
LABELS = [
    ["file", "gender", "age"],
    *([name, ("female", "male")[n % 2], "34"] for n, name in enumerate(NAMES)),
]


def _written(folder, rows, spelling):
    path = folder / "t.csv"
    path.write_bytes(SPELLED[spelling](rows))
    return path


@pytest.mark.parametrize("spelling", SPELLED)
def test_labels_of_faces_in_every_spelling(scanned, label_rows, tmp_path, spelling):
    labels = LabelFile(_written(tmp_path, label_rows, spelling), scanned).own_labels()
    plain = LabelFile(_written(tmp_path, label_rows, "as written"), scanned).own_labels()
    assert len(labels.gender) == len(NAMES)
    for name in ("gender", "age_min", "age_max", "weights"):
        assert getattr(labels, name).tolist() == getattr(plain, name).tolist()


@pytest.mark.parametrize("spelling", SPELLED)
def test_metadata_in_every_spelling(tmp_path, spelling):
    key = parse_by(["column:place"], metadata=_written(tmp_path, METADATA, spelling))
    groups = [key(Facts("/photos", name, None, None, None)) for name in NAMES]
    assert [unicodedata.normalize("NFC", group) for group in groups] == [row[1] for row in METADATA[1:]]


@pytest.mark.parametrize("spelling", SPELLED)
def test_a_labelled_set_in_every_spelling(pictures, spelling):
    (pictures / "labels.csv").write_bytes(SPELLED[spelling](LABELS))
    layout, rows = read_layout(pictures)
    (pictures / "labels.csv").unlink()
    assert layout == "labels.csv"
    assert [row.problem for row in rows] == [None] * len(NAMES)
    assert {row.file.relative_to(pictures).as_posix() for row in rows} == set(NAMES)


def _damaged(data: bytes, rng: random.Random) -> bytes:
    """A table after one to three accidents."""
    for _ in range(rng.randint(1, 3)):
        at, to = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        kind = rng.randrange(7)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        elif kind == 2:
            data = data[:at] + data[to:]
        elif kind == 3:
            data = data[:to] + data[at:to] + data[to:]
        elif kind == 4:
            data = (
                data[:at]
                + rng.choice([b"\0", b'"', b"\r", b"\n\n", b";", b"\xff\xfe", b"=1+1", b"'"])
                + data[at:]
            )
        elif kind == 5:
            data = data.replace(rng.choice([b",", b";", b'"', b"\n"]), rng.choice([b",", b";", b"\t", b""]))
        else:
            data = data.decode("latin-1").encode(rng.choice(["utf-8", "utf-16", "utf-16-be", "utf-8-sig"]))
        data = data or b"\n"
    return data


def test_damaged_tables_are_read_or_refused_in_a_sentence(scanned, label_rows, pictures, tmp_path):
    rng = random.Random(None if LONG else 0)
    read = 0
    for number in range(3000 if LONG else 300):
        spelling = rng.choice(list(SPELLED))
        for rows in (label_rows, METADATA, LABELS):
            path = pictures / "labels.csv" if rows is LABELS else tmp_path / "t.csv"
            path.write_bytes(_damaged(SPELLED[spelling](rows), rng))
            try:
                if rows is LABELS:
                    read_layout(pictures)
                elif rows is METADATA:
                    parse_by(["column:place"], metadata=path)(Facts("/p", NAMES[0], None, None, None))
                else:
                    LabelFile(path, scanned).own_labels()
                read += 1
            except AgestatError as error:
                assert str(error).strip(), (number, spelling)
    (pictures / "labels.csv").unlink()
    assert read > 100

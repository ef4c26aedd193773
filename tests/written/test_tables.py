"""Tables in every spelling that spreadsheets and people have."""

import unicodedata
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agestat.errors import UsageError
from agestat.written.tables import Table

ROWS = [["сестра/ю.jpg", "женский", "20-29"], ["b, c.jpg", "male", "34"], ['"q".jpg', "ж", ""]]


def spell(rows, delimiter, end="\r\n"):
    quoted = (['"{}"'.format(cell.replace('"', '""')) for cell in row] for row in rows)
    return "".join(delimiter.join(row) + end for row in quoted)


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    list(product(",;\t|", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"])),
)
@pytest.mark.parametrize(
    "header", [["path", "gender", "age"], [" PATH ", "Sex", "Age"], ["Файл", "Пол", "Возраст"]]
)
def test_one_table_in_every_spelling(tmp_path, delimiter, encoding, header):
    text = spell([header, *ROWS], delimiter) + f"{delimiter}{delimiter}\r\n\r\n"
    if encoding == "cp1251" and delimiter == ";":
        text = f"sep=;\r\n{text}"
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    table = Table(tmp_path / "t.csv", ["path", "gender", "age"])
    assert [list(line.cells.values()) for line in table] == ROWS
    assert next(iter(table)).number == (3 if text.startswith("sep") else 2)


def test_an_accented_western_code_page(tmp_path):
    (tmp_path / "t.csv").write_bytes("file;kind\ncafé.jpg;été\n".encode("cp1252"))
    assert [line.cells for line in Table(tmp_path / "t.csv", ["path"])] == [
        {"path": "café.jpg", "kind": "été"}
    ]


def test_names_that_are_no_text_stay_in_a_table_that_is(tmp_path):
    (tmp_path / "t.csv").write_bytes("path\nсестра.jpg\n".encode() + b"\xff.jpg\n")
    table = Table(tmp_path / "t.csv", ["path"])
    assert [line.cells["path"] for line in table] == ["сестра.jpg", "\udcff.jpg"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_what_a_path_may_mean(tmp_path, form):
    written = unicodedata.normalize(form, "./é\\й.jpg")
    (tmp_path / "t.csv").write_text(f"path\n{written}\n", encoding="utf-8")
    table = Table(tmp_path / "t.csv", ["path"])
    (line,) = table
    assert table.meanings(line.cells["path"]) == ["é\\й.jpg", "é/й.jpg"]


def test_the_bytes_of_a_guessed_encoding_are_among_the_meanings(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"path\ncaf\xe9.jpg\n")
    table = Table(tmp_path / "t.csv", ["path"])
    assert table.meanings("café.jpg") == ["café.jpg", "caf\udce9.jpg"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a:b:c\n1:2:3\n", r"has no column path, age: its columns are a:b:c, taken as separated by ','"),
        (b"", r"has no column path, age: its columns are -"),
        (b"PK\x03\x04...", "is a workbook: save its sheet as CSV"),
        (
            b"path,age\na.jpg,12,5\n",
            r"line 2 has 3 cells and the first line 2: put text with ',' in it between",
        ),
        (b'path,age\n"' + b"x" * 200_000, "cannot be read as a CSV file"),
        (b'"' + b"x" * 200_000, "cannot be read as a CSV file"),
    ],
)
def test_what_is_no_table_is_refused_with_the_cure(tmp_path, data, message):
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(UsageError, match=message):
        list(Table(tmp_path / "t.csv", ["path", "age"]))


@settings(max_examples=200)
@given(
    data=st.binary(max_size=60), header=st.sampled_from([b"", b"path,age\n", b"\xff\xfe", b"path;age\r\n"])
)
def test_any_bytes_are_rows_or_refused(tmp_path_factory, data, header):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(header + data)
    try:
        rows = list(Table(path, ["path"]))
    except UsageError as error:
        assert str(path) in str(error)
    else:
        assert all(any(row.cells.values()) for row in rows)


@pytest.mark.parametrize(
    "header",
    ["FILE_NAME,Sex", "image,sex", "Image Path,Gender", "photo,gender", "Имя файла;Пол", "Pfad;Geschlecht",
     "fichier;sexe", "file_path,GENDER"],
)  # fmt: skip
def test_columns_as_others_call_them(tmp_path, header):
    delimiter = ";" if ";" in header else ","
    (tmp_path / "t.csv").write_text(f"{header}\na.jpg{delimiter}f\n", encoding="utf-8")
    (line,) = Table(tmp_path / "t.csv", ["path", "gender"])
    assert line.cells == {"path": "a.jpg", "gender": "f"}

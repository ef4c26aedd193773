"""Tables in every spelling that spreadsheets and people have."""

import sys
import unicodedata
from datetime import datetime
from itertools import product

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from agestat.errors import UsageError
from agestat.written.encodings import encoding_of
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
    assert table.meanings(line.cells["path"]) == [("é\\й.jpg",), ("é/й.jpg",)]


def test_the_bytes_of_a_guessed_encoding_are_among_the_meanings(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"path\ncaf\xe9.jpg\n")
    table = Table(tmp_path / "t.csv", ["path"])
    assert table.meanings("café.jpg")[:2] == [("café.jpg",), ("caf\udce9.jpg",)]
    assert ("cafй.jpg",) in table.meanings("café.jpg")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a:b:c\n1:2:3\n", r"has no column path, age: its columns are a:b:c, taken as separated by ','"),
        (b"", r"has no column path, age: its columns are -"),
        (b"<html><table>", "is HTML or XML, no table: save it as CSV"),
        (b'[{"path": "a.jpg"}]', "is JSON, no table"),
        (b"%PDF-1.7", "is PDF, no table"),
        (b"path,Path,age\n", "has two columns path: leave the one that is meant"),
        (b"path,age,age\n", "has two columns age"),
        (b'path,age\n"a.jpg,1\nb.jpg,2\n', r'line 2: a quote \("\) is opened and never closed'),
        (b'path,age\na.jpg,1\n"b.jpg,2', r"line 3: a quote"),
        (b"PK\x03\x04...", "is a workbook that cannot be read here: save its sheet as CSV"),
        (b"\xd0\xcf\x11\xe0...", "is a workbook that cannot be read here"),
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
    data=st.binary(max_size=60),
    header=st.sampled_from(
        [b"", b"path,age\n", b"\xff\xfe", b"path;age\r\n", b"|path|age|\n", b"path age\n", b"PK\x03\x04"]
    ),
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
        assert all(Table(path, ["path"]).meanings(row.cells["path"]) for row in rows)


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


@pytest.mark.parametrize(
    "header",
    ["Path:,Gender:,Age:", "path (relative),gender (m/f),age [years]", "\u200bpath,gender\u00a0, age",
     'path,"gender\n(m/f)","age\n(years)"', "文件,性别,年龄"],
)  # fmt: skip
def test_columns_with_units_and_remarks(tmp_path, header):
    (tmp_path / "t.csv").write_text(f"{header}\na.jpg,f,20\n", encoding="utf-8")
    (line,) = Table(tmp_path / "t.csv", ["path", "gender", "age"])
    assert line.cells == {"path": "a.jpg", "gender": "f", "age": "20"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "columns",
    [
        "Archivo Sexo Edad",
        "file sesso età",
        "arquivo sexo idade",
        "plik płeć wiek",
        "bestand geslacht leeftijd",
        "файл стать вік",
        "Bild Geschlecht Alter",
    ],
)
@pytest.mark.parametrize(
    "above", ["", "Album 2019\n", "Table 1\n\n", "# made by me, in May; twice\n", "Лето{0}{0}\n{0}{0}\n"]
)
def test_columns_of_many_languages_below_titles(tmp_path, delimiter, columns, above):
    text = above.format(delimiter) + "\n".join(map(delimiter.join, [columns.split(), ["a.jpg", "f", "20"]]))
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    (line,) = Table(tmp_path / "t.csv", ["path", "gender"], ["age"])
    assert line == (text.count("\n") + 1, {"path": "a.jpg", "gender": "f", "age": "20"})


@pytest.mark.parametrize(
    "encoding", ["cp1251", "koi8-r", "cp866", "iso8859-5", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
@pytest.mark.parametrize("header", ["файл;пол;возраст", "path;gender;age"])
@pytest.mark.parametrize("end", ["\n", "\r"])
def test_russian_in_every_code_page(tmp_path, encoding, header, end):
    rows = [header, "Сестра на даче.jpg;женский;20-29", "Ёлка.jpg;ж;"]
    (tmp_path / "t.csv").write_bytes((end.join(rows) + end).encode(encoding))
    found = [list(line.cells.values()) for line in Table(tmp_path / "t.csv", ["path", "gender", "age"])]
    assert found == [row.split(";") for row in rows[1:]]


@pytest.mark.parametrize(
    ("encoding", "header", "rows"),
    [
        ("gb18030", "文件,性别,年龄", ["春节/合影1.jpg,女,34", "春节/全家福.jpg,男,20-29"]),
        ("gbk", "path,gender,age", ["照片/北京.jpg,女,34"]),
        ("cp932", "ファイル名,性別,年齢", ["写真/花見.jpg,女性,34", "写真/ソニー.jpg,男性,20-29"]),
        ("shift_jis", "path,gender,age", ["旅行/表.jpg,女,34"]),
        ("big5", "file,性別,age", ["照片/春節.jpg,女,34", "照片/功能.jpg,男,"]),
        ("cp949", "파일명,성별,나이", ["가족 1.jpg,여,34"]),
        ("big5", "檔名,性別,年齡", ["全家福.jpg,男,34"]),
        ("cp949", "path,gender,age", ["사진/가족.jpg,여자,34", "사진/똠방각하.jpg,남자,"]),
        ("euc_kr", "file,gender,age", ["서울.jpg,여,34"]),
        ("cp1250", "plik,płeć,wiek", ["wakacje/Żółw.jpg,kobieta,34", "Miłość.jpg,mężczyzna,20-29"]),
        ("cp1250", "file,gender,age", ["Děčín/příběh.jpg,F,34"]),
        ("mac_cyrillic", "файл,пол,возраст", ["Сестра.jpg,женский,34", "Юля.jpg,ж,20-29"]),
        ("cp1252", "Datei,Geschlecht,Alter", ["Grüße/Öl.jpg,weiblich,34", "Mädchen.jpg,männlich,"]),
        ("cp1252", "fichier,sexe,âge", ["été/forêt.jpg,femme,34"]),
    ],
)
def test_tables_in_code_pages(tmp_path, encoding, header, rows):
    (tmp_path / "t.csv").write_bytes("\r\n".join([header, *rows, ""]).encode(encoding))
    found = [list(line.cells.values()) for line in Table(tmp_path / "t.csv", ["path", "gender", "age"])]
    assert found == [row.split(",") for row in rows]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "cp949", "cp932", "cp1251", "koi8-r", "cp866"])
def test_a_path_of_two_letters_means_itself_whatever_was_guessed(tmp_path, encoding):
    name = (
        "여자.jpg"
        if encoding == "cp949"
        else "да.jpg"
        if encoding in ("koi8-r", "cp866", "cp1251")
        else "大山.jpg"
    )
    (tmp_path / "t.csv").write_bytes(f"path,place\n{name},x\n".encode(encoding))
    table = Table(tmp_path / "t.csv", ["path"])
    (line,) = table
    assert (name,) in table.meanings(line.cells["path"])


@pytest.mark.parametrize(
    ("locale", "encoding"),
    [("zh_Hans", "gb18030"), ("ja", "cp932"), ("ko", "cp949"), ("zh_Hant", "big5"), ("cs", "cp1250"),
     ("es", "cp1252"), ("ru", "mac_cyrillic"), ("ru", "koi8-r"), ("uk", "cp1251")],
)  # fmt: skip
def test_five_words_tell_the_code_page(locale, encoding):
    """Names of countries, by Unicode's tables."""
    words = [word for word in Locale.parse(locale).territories.values() if not word.isascii()]
    words = [word for word in words if word.encode(encoding, "ignore").decode(encoding) == word]
    fives = ["\n".join(words[number : number + 5]) for number in range(0, len(words) - 4, 5)]
    right = [
        text.encode(encoding).decode(encoding_of(text.encode(encoding)), "replace") == text for text in fives
    ]
    assert len(fives) > 10
    assert sum(right) >= 0.95 * len(fives)


MARKDOWN = "| path | gender | age |\n|:---|---|--:|\n| a b.jpg | f | 34 |\n| c.jpg | | |\n"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (MARKDOWN, [["a b.jpg", "f", "34"], ["c.jpg", "", ""]]),
        ("path | gender | age\n:---|---|--:\na b.jpg | f | 34\n", [["a b.jpg", "f", "34"]]),
        (
            "+------+--------+-----+\n| path | gender | age |\n+------+--------+-----+\n"
            "| a.jpg| f      |  34 |\n+------+--------+-----+\n",
            [["a.jpg", "f", "34"]],
        ),
        (
            "path gender age\na.jpg f 34\n\n'b'.jpg m 20-29 \n",
            [["a.jpg", "f", "34"], ["'b'.jpg", "m", "20-29"]],
        ),
        ('path      gender   age\n"a b.jpg"  f     34\n', [["a b.jpg", "f", "34"]]),
        ("path    gender  age\n------- ------- ---\na.jpg   f       34\n", [["a.jpg", "f", "34"]]),
        ("file name\na.jpg\nb c.jpg\n", [["a.jpg"], ["b c.jpg"]]),
    ],
)
def test_tables_drawn_with_bars_and_blanks(tmp_path, text, rows):
    (tmp_path / "t.csv").write_text(text)
    asked = ["path", "gender", "age"][: len(rows[0])]
    found = [[line.cells[name] for name in asked] for line in Table(tmp_path / "t.csv", asked)]
    assert found[: len(rows)] == rows


@pytest.mark.parametrize("row", ["a b.jpg f 34", "a.jpg 34"])
def test_blanks_that_may_belong_to_a_name_are_refused(tmp_path, row):
    (tmp_path / "t.csv").write_text(f"path gender age\n{row}\n")
    with pytest.raises(
        UsageError, match=r"line 2 has [24] cells and the first line 3: put text with ' ' in it"
    ):
        list(Table(tmp_path / "t.csv", ["path", "gender", "age"]))


def workbook(target, *sheets):
    openpyxl = pytest.importorskip("openpyxl", reason="the extra xlsx reads workbooks")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(target)
    return target


def test_a_sheet_of_a_workbook(tmp_path):
    rows = [["Photos of May"], [], ["Path", "Sex", "Age"], ["сестра/ю.jpg", "ж", 34],
            ["b, c.jpg", "m", "20-29"], ["two\nlines.jpg", None, 0.5], [None, None, None],
            ["d.jpg", "f", datetime(2019, 10, 12)]]  # fmt: skip
    table = Table(workbook(tmp_path / "t.xlsx", [["remarks"]], rows, []), ["path", "gender", "age"])
    assert list(table) == [
        (4, {"path": "сестра/ю.jpg", "gender": "ж", "age": "34"}),
        (5, {"path": "b, c.jpg", "gender": "m", "age": "20-29"}),
        (6, {"path": "two lines.jpg", "gender": "", "age": "0.5"}),
        (8, {"path": "d.jpg", "gender": "f", "age": "2019-10-12 00:00:00"}),
    ]


def test_a_workbook_without_the_columns(tmp_path):
    with pytest.raises(UsageError, match=r"t\.xlsx has no column age: its columns are path, place"):
        Table(workbook(tmp_path / "t.xlsx", [["path", "place"]]), ["path", "age"])


def test_a_workbook_without_the_package_that_reads_it(tmp_path, monkeypatch):
    target = workbook(tmp_path / "t.xlsx", [["path"]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        UsageError, match=r"is a workbook: run pip install 'agestat\[xlsx\]', or save its sheet"
    ):
        Table(target, ["path"])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0\0", "\n\x1a"])
@pytest.mark.parametrize("inner", [",", ";"])
@pytest.mark.parametrize("tail", ["", ";;;"])
def test_a_table_that_excel_left_in_one_column(tmp_path, end, inner, tail):
    rows = [["path", "age"], [f"a{inner} b.jpg", "20-29"], ["c.jpg", ""]]
    lines = ['"' + spell([row], inner, "").replace('"', '""') + f'"{tail}' for row in rows]
    (tmp_path / "t.csv").write_text("\r\n".join(lines) + end, encoding="utf-8")
    assert [list(line.cells.values()) for line in Table(tmp_path / "t.csv", ["path", "age"])] == rows[1:]


def test_commas_that_excel_saved_in_the_first_of_its_columns(tmp_path):
    (tmp_path / "t.csv").write_text('path,age;;\na.jpg,20;;\n"b.jpg,""30, 39""";;\n')
    found = [line.cells for line in Table(tmp_path / "t.csv", ["path", "age"])]
    assert found == [{"path": "a.jpg", "age": "20"}, {"path": "b.jpg", "age": "30, 39"}]


def test_a_column_of_quoted_names_is_no_table_in_a_cell(tmp_path):
    (tmp_path / "t.csv").write_text('"path"\n"a, b.jpg"\n')
    assert [line.cells["path"] for line in Table(tmp_path / "t.csv", ["path"])] == ["a, b.jpg"]

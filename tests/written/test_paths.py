"""Lists of paths in every encoding, and names in both compositions."""

import os
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agestat.errors import UsageError
from agestat.written.paths import as_on_disk, composed, read_list

NAMES = ["a.jpg", "сестра/Юля ё.jpg", "две  пробела.png", "日本.gif"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]


@pytest.fixture
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "сестра").mkdir()
    for name in NAMES:
        (tmp_path / name).touch()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_in_every_encoding(there, encoding, end):
    assert read_list((end.join(NAMES) + end).encode(encoding), "list") == NAMES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_paths_between_nul_bytes(there, encoding):
    assert read_list("\0".join([*NAMES, ""]).encode(encoding), "list") == NAMES


def test_bytes_that_are_no_text_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [os.fsdecode(b"\xff\xfd.jpg"), os.fsdecode(b"caf\xe9.jpg")]
    for name in names:
        (tmp_path / name).touch()
    for separator in (b"\n", b"\0"):
        assert read_list(separator.join([b"", *map(os.fsencode, names)]), "list") == names


@settings(max_examples=200)
@given(
    names=st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=9),
    encoding=st.sampled_from(ENCODINGS),
    damage=st.binary(max_size=3),
)
def test_no_list_of_nothing_becomes_a_path_that_is_there(names, encoding, damage):
    """Whatever way a list is misread, the root of the machine is not among its paths."""
    data = "\n".join(f"/no such place/{name}" for name in names).encode(encoding) + damage
    try:
        found = read_list(data, "list")
    except UsageError as error:
        assert "list" in str(error)
    else:
        assert "/" not in found
        assert not any(map(os.path.lexists, found)) or not names


def test_a_list_of_which_most_is_not_there_is_refused_and_one_is_named(there):
    with pytest.raises(UsageError, match=r"Most paths in the list album\.txt do not exist, such as 'b\.jpg'"):
        read_list(b"a.jpg\nb.jpg\nc.jpg", "album.txt")
    assert read_list(b"a.jpg\nb.jpg", "album.txt") == ["a.jpg", "b.jpg"]


def test_a_list_that_is_not_what_its_mark_says(there):
    with pytest.raises(UsageError, match="is not the UTF-16 that it says"):
        read_list("a.jpg\n".encode("utf-16")[:-1], "list")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_names_are_found_in_either_composition(tmp_path, monkeypatch, form, written):
    monkeypatch.chdir(tmp_path)
    folder, file = (unicodedata.normalize(form, name) for name in ("Юбилей", "ёлка й.jpg"))
    (tmp_path / folder).mkdir()
    (tmp_path / folder / file).touch()
    asked = unicodedata.normalize(written, "Юбилей/ёлка й.jpg")
    assert as_on_disk(asked) == f"{folder}/{file}"
    assert as_on_disk(str(tmp_path / asked)) == str(tmp_path / folder / file)
    assert as_on_disk(f"{asked}x") == f"{asked}x"
    assert composed(asked) == unicodedata.normalize("NFC", asked)


@pytest.mark.parametrize(
    "written",
    [
        '"a b.jpg"\n"c.jpg"\n',  # Windows' "Copy as path"
        "'a b.jpg'\n'c.jpg'\n",
        "a b.jpg  \r\nc.jpg\t\r\n",
        "\n  \n a b.jpg\n\nc.jpg\n",
        "# my list\na b.jpg\nc.jpg\n",
        "{here}/a%20b.jpg\n{here}/c.jpg\n",
        "~/a b.jpg\n~/c.jpg\n",
        "- a b.jpg\n- c.jpg\n",
        "1. a b.jpg\n2) c.jpg\n",
        '"a b.jpg",\n"c.jpg"\n',
        "“a b.jpg”\n„c.jpg“\n",
        "«a b.jpg»\n<c.jpg>\n",
        "a\\ b.jpg\nc.jpg\n",
        ".\\a b.jpg\r\n.\\c.jpg\r\n",
        "\ufeffa b.jpg\n\ufeffc.jpg\n",  # lists put one behind the other
        "a b.jpg\u200b\nc.jpg\u200e\n\x1a",
        "a b.jpg\0c.jpg\0\0\0",
        "a b.jpg\0c.jpg\0\r\n",
        "a b.jpg\0c.jpg\0\n",
    ],
)
def test_lists_as_people_and_programs_decorate_them(tmp_path, monkeypatch, written):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("a b.jpg", "c.jpg"):
        (tmp_path / name).touch()
    entries = read_list(written.format(here=tmp_path.as_uri()).encode(), "list")
    assert [tmp_path / entry for entry in entries] == [tmp_path / name for name in ("a b.jpg", "c.jpg")]


@pytest.mark.parametrize("name", [" a.jpg", "#a.jpg", "'a.jpg'", "a.jpg ", "~a.jpg"])
def test_names_that_look_decorated_are_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    assert read_list(f"{name}\n".encode(), "list") == [name]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        *[(page, "Юля/сестра.jpg") for page in ("cp1251", "koi8-r", "cp866", "mac_cyrillic", "iso8859-5")],
        ("cp1252", "été.jpg"),
        ("cp1250", "Żółw.jpg"),
        ("gb18030", "春节/合影.jpg"),
        ("cp932", "写真/表.jpg"),  # the second byte of the last letter is a backslash
        ("big5", "照片/功能.jpg"),
        ("cp949", "사진.jpg"),
    ],
)
def test_names_in_a_code_page_are_found(tmp_path, monkeypatch, encoding, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert read_list(f"{name}\r\n".encode(encoding), "list") == [name]


@pytest.mark.parametrize(
    "data",
    [b"/\n", b"a.jpg\0/\0", b"PK\x03\x04\n\0/\0\0", b"..//" + b"../" * 40, b"a.jpg\n///\nb.jpg", b'"/"\n'],
)
def test_no_list_names_the_whole_machine(there, data):
    with pytest.raises(UsageError, match=r"The list album names the whole file system|do not exist"):
        read_list(data, "album")

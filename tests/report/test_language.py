import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from agestat.report.language import CATALOGUES, LANGUAGES, catalogue_file, default_language, open_language

KEYWORDS = {"gettext": None, "N_": None, "ngettext": (1, 2)}
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def catalogue(code: str):
    with catalogue_file(code).open("rb") as file:
        return read_po(file)


def messages() -> set:
    folder = Path(CATALOGUES).parent
    return {found[2] for found in extract_from_dir(folder, [("**.py", "python")], keywords=KEYWORDS)}


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated_and_none_is_stale(code):
    translated = {m.id for m in catalogue(code) if m.id and not m.fuzzy and all(_tuple(m.string))}
    assert translated == messages()


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_fill_the_same_places(code):
    for message in catalogue(code):
        original = _tuple(message.id)
        for form in _tuple(message.string):
            if message.id:
                assert _places(form) == _places(original[-1]), message.id


def _tuple(text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _places(text: str) -> set[str]:
    from string import Formatter

    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_numbers_are_written_as_the_language_does():
    english, russian = open_language("en"), open_language("ru")
    assert english.number(12340.5, 1) == "12,340.5"
    assert russian.number(12340.5, 1) == "12\u00a0340,5"
    assert russian.percent(0.561) == "56,1\u00a0%"
    assert english.between(40.5, 39.5, 41.5) == "40.5 (39.5–41.5)"
    assert english.between(40.5, float("nan"), 41.5) == "40.5"
    assert english.number(float("nan")) == "–"
    assert [russian.signed(value) for value in (-2.5, 0, 10)] == ["−2,5", "0", "+10"]


@pytest.mark.parametrize(("count", "words"), [(1, "Из 1 воспринятого лица"), (2, "Из 2 воспринятых лиц")])
def test_russian_plurals(count, words):
    t = open_language("ru")
    assert t.ngettext("Of {number} perceived face", "Of {number} perceived faces", count) == words


@pytest.mark.parametrize(
    ("name", "code"), [("ru_RU.UTF-8", "ru"), ("de_DE", "en"), ("C", "en"), ("en_US", "en")]
)
def test_default_follows_the_locale(monkeypatch, name, code):
    monkeypatch.setenv("LC_ALL", name)
    assert default_language() == code


def test_babel_is_imported_for_other_languages_alone():
    told = "import sys; from agestat.report.language import open_language as o; "
    for code, known in (("en", "False"), ("ru", "True")):
        script = f"{told} o('{code}').gettext('faces'); print('babel' in sys.modules)"
        assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == known

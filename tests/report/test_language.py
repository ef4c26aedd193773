from pathlib import Path

import pytest

from agestat.report.language import CATALOGUES, LANGUAGES, default_language, open_language

babel = pytest.importorskip("babel", reason="Babel reads the catalogues")

from babel.messages.extract import extract_from_dir  # noqa: E402
from babel.messages.mofile import read_mo  # noqa: E402
from babel.messages.pofile import read_po  # noqa: E402

KEYWORDS = {"gettext": None, "N_": None, "ngettext": (1, 2)}
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def catalogue(code: str, kind: str):
    path = CATALOGUES / code / "LC_MESSAGES" / f"agestat.{kind}"
    with path.open("rb") as file:
        return read_po(file) if kind == "po" else read_mo(file)


def messages() -> set:
    folder = Path(CATALOGUES).parent
    return {found[2] for found in extract_from_dir(folder, [("**.py", "python")], keywords=KEYWORDS)}


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated_and_none_is_stale(code):
    translated = {m.id for m in catalogue(code, "po") if m.id and not m.fuzzy and all(_tuple(m.string))}
    assert translated == messages()


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_fill_the_same_places(code):
    for message in catalogue(code, "po"):
        original = _tuple(message.id)
        for form in _tuple(message.string):
            if message.id:
                assert _places(form) == _places(original[-1]), message.id


@pytest.mark.parametrize("code", TRANSLATED)
def test_compiled_catalogue_is_that_of_the_source(code):
    both = (
        [(_tuple(m.id), _tuple(m.string)) for m in catalogue(code, kind) if m.id] for kind in ("mo", "po")
    )
    compiled, source = both
    assert sorted(compiled) == sorted(source)


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

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import agestat
from agestat.cli.main import cli
from agestat.cli.translation import OF_CLICK, help_of
from agestat.errors import AgestatError, UsageError
from agestat.report.language import LANGUAGES, catalogue_file, default_language, open_language
from agestat.report.page import TEMPLATES

MARKS = ("gettext", "ngettext", "N_", "tell")  # calls whose literal texts are messages; and all errors
ERRORS = ("AgestatError", "UsageError", "StoppedError", "StoppedTrainingError")
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def catalogue(code: str):
    with catalogue_file(code).open("rb") as file:
        return read_po(file)


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the package whose first argument is a message."""
    for path in sorted(Path(agestat.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in (*MARKS, *ERRORS):
                    yield name, node


def messages() -> set:
    """What the package says: a text, or one for one thing and one for many."""
    found = set()
    for name, call in calls():
        texts = tuple(part.value for part in call.args[: 1 + (name == "ngettext")] if _is_text(part))
        if texts:
            found.add(texts if name == "ngettext" else texts[0])
    for command in commands():
        helps = (param.help for param in command.params if isinstance(param, click.Option))
        found.update(filter(None, [help_of(command), *helps]))
    for template in TEMPLATES.glob("*.html"):
        with template.open("rb") as file:
            texts = (text for _, _, text, _ in babel_extract(file, ("_",), (), {}))
            found.update(text if isinstance(text, str) else text[0] for text in texts)  # with its values
    return found


def commands(group: click.Group = cli) -> Iterator[click.Command]:
    """Every command as it is written."""
    context = click.Context(group)
    yield group
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield command


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


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
                places = _places(original[-1])
                assert _places(form) == places or (message.id in OF_CLICK and _places(form) < places), (
                    message.id
                )


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


@pytest.mark.parametrize(("count", "words"), [(1, "Из 1 лица"), (2, "Из 2 лиц")])
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


def test_an_error_is_said_in_the_language_of_the_user():
    error = UsageError("There is no folder for {target}: make it first.", target="{x}/r.html")
    assert str(error) == "There is no folder for {x}/r.html: make it first."
    assert open_language("ru").error(error) == "Папки для {x}/r.html нет: сначала создайте её."
    told = AgestatError("{file} cannot be used ({reason}).", file="x", reason="Permission denied")
    assert open_language("ru").error(told) == "x недоступен (нет доступа)."
    assert open_language("ru").error(AgestatError("{not} one of ours")) == "{not} one of ours"

"""The command group: instant, documented, and errors in one place."""

import json
import os
import re
import struct
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from agestat.cli import main as cli_main
from agestat.cli.main import COMMANDS, cli
from agestat.cli.models import command as models_command
from agestat.errors import AgestatError, UsageError

HEAVY = {"torch", "torchvision", "pandas", "numpy", "cv2", "scipy", "sklearn", "matplotlib", "PIL"}


def test_help_imports_nothing_heavy():
    code = "import sys; from agestat.cli.main import cli; cli(['--help'], standalone_mode=False); " \
           "print(*sys.modules, file=sys.stderr)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert not loaded & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_documented_with_examples(name):
    with click.Context(cli) as context:
        command = cli.get_command(context, name)
        assert command is not None
        parts = command.commands.values() if isinstance(command, click.Group) else [command]
        for part in parts:
            text = part.get_help(click.Context(part, info_name=f"agestat {name}"))
            assert part.help and "Examples:" in text, part.name
            assert f"agestat {name}" in text
        assert "Examples:" in command.get_help(click.Context(command, info_name=f"agestat {name}"))


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (AgestatError("out.csv cannot be written: choose another."), 1, "Error: out.csv cannot be written"),
        (UsageError("There is no band 'x'."), 2, "Error: There is no band 'x'."),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_errors_become_one_sentence_and_an_exit_code(error, code, message, monkeypatch, capsys):
    def fail(**_):
        raise error

    monkeypatch.setattr(cli_main, "cli", type("Group", (), {"main": staticmethod(fail)}))
    with pytest.raises(SystemExit) as stop:
        cli_main.main()
    assert stop.value.code == code
    output = capsys.readouterr()
    assert message in output.err and output.out == "" and "Traceback" not in output.err


def run(*words):
    return subprocess.run([sys.executable, "-m", "agestat", *words], capture_output=True, text=True)


def test_version_and_unknown_command():
    assert run("--version").stdout == "agestat, version 0.1.0\n"
    wrong = run("scna")
    assert wrong.returncode == 2 and "No such command 'scna'" in wrong.stderr


@pytest.mark.parametrize("name", ["", "data check", "stores rm", *COMMANDS])
def test_every_command_has_its_help_in_russian(name):
    text = CliRunner().invoke(cli, [*name.split(), "--help", "--lang", "ru"]).output
    assert f"Использование: cli {name}".strip() in text and "Показать эту справку и выйти." in text
    assert not re.search(r"Usage:|OPTIONS|Options|default:|required|Examples|Show", text)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("report nowhere --lang ru", "Неверное значение 'SCAN...': 'nowhere' не существует."),
        ("report --lang=ru", "Не указан аргумент 'SCAN...'."),
        ("scan --foo --lang ru", "Нет параметра '--foo'."),
        ("scna --lang ru", "Нет команды 'scna'. Возможно, вы имели в виду 'scan'?"),
        (
            "scan . --level 3 --lang ru",
            "Неверное значение '--level': 3.0 вне допустимых границ 0.5<=x<=0.999.",
        ),
        ("scan . --limit x --lang ru", "Неверное значение '--limit': 'x' — не число."),
        (
            "scan . --engine x --lang ru",
            "Неверное значение '--engine': 'x' — не из допустимых значений: 'local', 'ray'.",
        ),
        ("models x --lang ru", "Лишний аргумент: x."),
        ("scan --lang ru", "Сканировать нечего: укажите хотя бы один путь или --from-file."),
    ],
)
def test_what_is_typed_wrong_is_told_in_russian_too(words, told, typed):
    code, output, messages = typed(*words.split())
    assert (code, output) == (2, "")
    usage, error = messages.split("Ошибка: ")
    assert error == f"{told}\n" and not re.search(r"Usage|OPTIONS|Try", usage)


def test_warnings_of_pillow_stay_off_the_terminal(tmp_path):
    """A picture of 100 megapixels is a "decompression bomb" to Pillow, whose opinion nobody asked for."""
    header = struct.pack("<2sIIIIiiHHIIIIII", b"BM", 58, 0, 54, 40, 10_000, 10_000, 1, 24, 0, 0, 0, 0, 0, 0)
    (tmp_path / "large.bmp").write_bytes(header)
    code = (
        "import sys; from PIL import Image; from agestat.cli.main import cli, main\n"
        "cli.main = lambda **_: Image.open(sys.argv[1]).size[0] - 10_000\nmain()"
    )
    line = [sys.executable, "-c", code, str(tmp_path / "large.bmp")]
    done = subprocess.run(line, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_models_are_listed_with_what_was_measured():
    text = " ".join(CliRunner().invoke(models_command, env={"COLUMNS": "400"}).output.split())
    assert "2 genders, ages 0 to 100" in text and "every face" in text
    assert re.search(r"Known error on fairface val: gender right in 9\d\.\d \([\d.–]+\)\s%", text)
    russian = CliRunner().invoke(models_command, ["--lang", "ru"], env={"COLUMNS": "400"}).output
    assert "каждое лицо" in russian and "every face" not in russian
    for width in ("80", "40"):
        narrow = CliRunner(charset="ascii").invoke(models_command, env={"COLUMNS": width})
        assert narrow.exception is None and "faces" in narrow.output
    assert {info["name"] for info in json.loads(CliRunner().invoke(models_command, ["--json"]).output)} == {
        "faces", "simpsons",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("scan --bands u", ["un5", "un10"]),
        ("scan --by c", ["camera", "column:"]),
        ("scan --model s", ["simpsons"]),
        ("sc", ["scan"]),
    ],
)
def test_a_shell_completes_words(words, offered):
    asked = {"_AGESTAT_COMPLETE": "bash_complete", "COMP_WORDS": f"agestat {words}"}
    asked["COMP_CWORD"] = str(len(words.split()))
    command = [Path(sys.executable).with_name("agestat")]
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert [line.split(",")[1] for line in done.stdout.split()] == offered


@pytest.mark.parametrize(("command", "headings"), [("scan", 9), ("report", 6)])
def test_options_stand_under_headings_and_none_is_forgotten(command, headings):
    words = CliRunner().invoke(cli, [command, "--help"]).output
    found = re.findall(r"^(\w[\w ]*):$", words, re.MULTILINE)
    assert found[0] == "First of all"
    assert len(set(found) - {"Examples", "More"}) == headings
    first = words[words.index("First of all") : words.index("\n\n", words.index("First of all"))]
    assert [option for option in ("--by", "--bands", "--html", "--csv") if option in first] == [
        "--by", "--bands", "--html", "--csv",
    ]  # fmt: skip
    for option in import_module(COMMANDS[command]).command.params:
        assert option.opts[0] in words or not option.opts[0].startswith("-")

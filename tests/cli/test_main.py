"""The command group: instant, documented, and errors in one place."""

import struct
import subprocess
import sys

import click
import pytest

from agestat.cli import main as cli_main
from agestat.cli.main import COMMANDS, cli
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

"""Standard output and standard error that are full, closed, or read by somebody who leaves early."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from agestat.cli.main import cli, main

ROWS = 6 + 2 + 3  # cells, genders, ages

FULL = Path("/dev/full")


@pytest.fixture
def shell(write, tmp_path):
    """Run a line of shell with ``agestat`` in it, on a store of cartoon faces."""
    write("s.sqlite", [1, 4, 4, 0, 4, 2] * 50)
    script = Path(sys.executable).with_name("agestat")

    def run(line):
        line = line.replace("agestat", str(script))
        return subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )

    return run


@pytest.mark.parametrize("outputs", ["", "--csv -", "--faces - --json t.json --html r.html"])
def test_a_reader_who_leaves_costs_nothing(shell, outputs, tmp_path):
    done = shell(f"(agestat report s.sqlite {outputs} --parquet t.parquet; echo $? > code) | true")
    assert (tmp_path / "code").read_text() == "0\n"
    assert not any(word in done.stderr for word in ("Error", "Traceback", "ignored"))
    for name in outputs.split():
        assert "." not in name or (tmp_path / name).stat().st_size > 1000
    assert len(pd.read_parquet(tmp_path / "t.parquet")) == ROWS


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("line", ["report s.sqlite", "report s.sqlite --csv - -q", "models", "--help"])
def test_a_full_standard_output_is_one_sentence(shell, line):
    done = shell(f"agestat {line} > {FULL}")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ") and done.stderr.endswith("(No space left on device).\n")
    assert done.stderr.count("\n") == 1


def test_closed_streams(shell, samples, tmp_path):
    assert shell("agestat report s.sqlite --json t.json >&-").returncode == 0
    assert len(pd.read_json(tmp_path / "t.json")) == ROWS
    assert shell(f"agestat scan {samples}/others --exclude 'c*' --db x.sqlite 2>&-").returncode == 0
    done = shell("agestat report s.sqlite --csv - >&-")
    assert (done.returncode, done.stderr) == (
        1,
        "Error: Standard output is closed: give the name of a file.\n",
    )


def test_a_failure_of_the_system_without_a_name_is_not_that_of_standard_output(monkeypatch, capsys):
    monkeypatch.setattr(cli, "main", lambda **_: (_ for _ in ()).throw(OSError(24, "Too many open files")))
    with pytest.raises(SystemExit, match="1"):
        main()
    assert capsys.readouterr().err == (
        "Error: The system refused what was asked of it (Too many open files): repeat the command, "
        "what was done is kept.\n"
    )

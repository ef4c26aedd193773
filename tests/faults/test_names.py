"""Names of files that are no text, on terminals that have few letters."""

import os
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from PIL import Image

from agestat.cli.main import COMMANDS, cli
from agestat.cli.options import Found
from agestat.written.tables import Table

ODD = os.fsdecode(b"\xff \xd1\x8e\xe2\x80\x93.png")  # a byte that is no UTF-8, a Cyrillic letter, a dash


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A labelled set with names that few terminals can show."""
    folder = tmp_path_factory.mktemp("set")
    for number in range(30):
        noise = np.random.default_rng(number).integers(0, 256, (40, 40, 3), np.uint8)
        for name in (ODD, f"{number}.png"):  # a copy of each, so that there are duplicates to name
            path = folder / ("male" if number % 2 else "female") / f"{number}{name}"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(noise).save(path)
    (folder / "male" / f"broken{ODD}").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "cp1251"])
def test_names_and_terminals_of_any_encoding(labelled, quick_model, encoding, tmp_path):
    run = [sys.executable, "-m", "agestat"]
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "OMP_NUM_THREADS": "1"}
    options = {"capture_output": True, "env": env, "cwd": tmp_path, "check": False, "timeout": 120}
    checked = subprocess.run([*run, "data", "check", labelled, "--out", "out", "-q"], **options)
    assert (checked.returncode, checked.stderr) == (3, b"")
    shown = b"broken?" if encoding == "ascii" else b"broken\\udcff"  # click takes ASCII for a mistake
    assert shown in checked.stdout
    assert os.fsencode(ODD) in (tmp_path / "out" / "duplicates.csv").read_bytes()
    judged = subprocess.run(
        [*run, "eval", labelled, "--model", quick_model, "--split", "all", "--skip-bad", "--device", "cpu",
         "-q", "--predictions", "p.csv"], **options,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stderr
    assert os.fsencode(ODD) in (tmp_path / "p.csv").read_bytes()


@pytest.mark.parametrize(("typed", "kept"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
def test_what_is_named_is_found_however_its_letters_are_composed(tmp_path, typed, kept):
    folder = tmp_path / unicodedata.normalize(kept, "Ёлка й") / unicodedata.normalize(kept, "été")
    folder.mkdir(parents=True)
    name = str(tmp_path / unicodedata.normalize(typed, "Ёлка й") / unicodedata.normalize(typed, "été"))
    assert Found(exists=True).convert(name, None, None) == str(folder)
    (folder / "t.csv").write_text("path,place\na,b\n")
    assert [line.cells["place"] for line in Table(f"{name}/t.csv", ["path", "place"])] == ["b"]


def test_every_argument_that_names_what_is_there_is_so():
    for name in COMMANDS:
        command = cli.get_command(None, name)
        for each in getattr(command, "commands", {"": command}).values():
            arguments = [one for one in each.params if one.param_type_name == "argument"]
            assert all(isinstance(one.type, Found) for one in arguments if one.name != "model"), name

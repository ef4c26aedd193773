"""Machines that lack what most have: a home, a place for temporary files, letters on the terminal, memory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import LONG, without_override
from PIL import Image

pytestmark = pytest.mark.skipif(os.name != "posix", reason="users, limits and permissions of POSIX")

# Each as it is called, and the exit code where the user has no place of their own to keep anything.
COMMANDS = {
    "scan": ("scan set --model {model} --device cpu --workers 1", 2),
    "scan into a store": ("scan set --model {model} --device cpu --workers 1 --db s.sqlite", 0),
    "report": ("report set", 2),
    "report of a store": ("report made.sqlite --html r.html", 0),
    "compare": ("compare set/female set/male", 2),
    "label": ("label set --html l.html", 2),
    "eval": ("eval set --model {model} --split all --device cpu", 0),
    "data check": ("data check set --out out", 0),
    "train": ("train set --out trained --stages 32x1 --device cpu", 2),
    "stores": ("stores", 2),
    "models": ("models", 0),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory, whole_model):
    """A labelled set with Russian names, and a store of its faces."""
    import agestat

    folder = tmp_path_factory.mktemp("place")
    for number in range(30):
        path = folder / "set" / ("male" if number % 2 else "female") / f"ё{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((40, 40), 10 + 5 * number).convert("RGB").save(path)
    with agestat.scan(folder / "set", model=whole_model, db=folder / "made.sqlite", device="cpu", workers=1):
        pass
    (folder / "file").touch()
    return folder


@pytest.fixture
def run(home, whole_model, tmp_path):
    """Run a command in a place of its own."""
    shutil.copytree(home, tmp_path, dirs_exist_ok=True)

    def run(command, wrap=(), **env):
        line = [*wrap, sys.executable, "-m", "agestat", *command.format(model=whole_model).split()]
        one = {"OMP_NUM_THREADS": "1", **os.environ, **env}
        kept = {name: value for name, value in one.items() if value is not None}
        done = subprocess.run(
            line, cwd=tmp_path, env=kept, capture_output=True, check=False, timeout=200, errors="replace"
        )
        assert "Traceback" not in done.stdout + done.stderr
        if done.returncode in (1, 2):
            told = [
                line for line in done.stderr.splitlines() if line and line.split()[0] not in ("Usage:", "Try")
            ]
            assert [line.startswith("Error: ") for line in told] == [True], done.stderr
        return done

    return run


# As of a user id that the system does not know.
NOBODY = """
import pwd
def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = getpwuid
"""


def pairs(commands, places, usual):
    """Commands in places: the usual ones, or all (AGESTAT_LONG=1), since each is a process or more."""
    every = [(command, place) for command in commands for place in places]
    return pytest.mark.parametrize(("command", "place"), every if LONG else usual)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_user_without_a_home(run, command, tmp_path):
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody/sitecustomize.py").write_text(NOBODY)
    line, code = COMMANDS[command]
    nowhere = {"HOME": None, "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None, "MPLCONFIGDIR": None}
    done = run(line, PYTHONPATH=str(tmp_path / "nobody"), **nowhere)
    assert done.returncode == code, done.stderr
    if code:
        assert "This user has no home folder" in done.stderr


@pairs(
    ["scan", "scan into a store", "train", "report of a store"],
    ["file", "closed"],
    [("scan", "file"), ("scan into a store", "closed"), ("train", "closed")],
)
def test_a_home_that_cannot_be_used(run, tmp_path, command, place):
    (tmp_path / "closed").mkdir(mode=0o500)
    where = str(tmp_path / place)
    done = run(COMMANDS[command][0], without_override(), HOME=where, XDG_CACHE_HOME=None)
    assert done.returncode == (0 if "store" in command else 1), done.stderr
    if done.returncode:
        assert where in done.stderr


@pairs(
    ["scan into a store", "report of a store", "data check"],
    ["gone", "file", "closed"],
    [("scan into a store", "gone"), ("report of a store", "closed")],
)
def test_no_folder_for_temporary_files(run, tmp_path, command, place):
    (tmp_path / "closed").mkdir(mode=0o500)
    where = str(tmp_path / place)
    done = run(COMMANDS[command][0], without_override(), TMPDIR=where, HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr


@pairs(
    [name for name in COMMANDS if name not in ("scan", "train", "stores")],
    ["ascii", "cp1252"],
    [("report of a store", "ascii"), ("label", "cp1252"), ("compare", "ascii")],
)
def test_terminals_with_few_letters(run, command, place, tmp_path):
    if COMMANDS[command][1]:
        assert run(COMMANDS["scan"][0], HOME=str(tmp_path), PYTHONIOENCODING=place).returncode == 0
    env = {"PYTHONIOENCODING": place, "PYTHONUTF8": "0", "LC_ALL": "C", "HOME": str(tmp_path)}
    done = run(COMMANDS[command][0], **env)
    assert done.returncode == (1 if command == "compare" else 0), done.stderr


@pytest.mark.parametrize("limit", ["ulimit -n 24", "ulimit -v 1500000"])
def test_few_open_files_and_little_memory(run, tmp_path, limit):
    wrap = ("sh", "-c", f'{limit}; exec "$@"', "sh")
    done = run(COMMANDS["scan into a store"][0], wrap, HOME=str(tmp_path))
    assert done.returncode in (0, 1)
    assert "Standard output" not in done.stderr


def test_a_share_of_a_network_as_a_store(run, tmp_path):
    done = run(r"scan set --model {model} --device cpu --workers 1 --db \\nas\share\s.sqlite")
    assert done.returncode == 0, done.stderr
    assert Path(tmp_path, r"\\nas\share\s.sqlite").exists()


def test_a_folder_that_is_gone(run, tmp_path):
    wrap = ("sh", "-c", f'mkdir {tmp_path}/gone; cd {tmp_path}/gone; rmdir {tmp_path}/gone; exec "$@"', "sh")
    assert run(f"report {tmp_path}/made.sqlite", wrap).returncode == 0
    done = run("report made.sqlite", wrap)
    assert done.returncode == 1 and "is gone: go to another one" in done.stderr


def test_without_shared_memory(run):
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("only root can take /dev/shm away")
    wrap = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs -o ro none /dev/shm && exec "$@"', "sh")
    if subprocess.run([*wrap, "true"], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    assert run(COMMANDS["scan into a store"][0], wrap).returncode == 0

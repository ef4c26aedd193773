"""Scans that are killed, stopped or starved: rows of the end are the rows of an unbroken run."""

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from helpers import LONG, rows

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

KILLS = 50 if LONG else 2
# The command line itself, but saving so often that every kill meets the store at work.
OFTEN = "import agestat.scanning.pipeline as p; p.SAVE_SECONDS = 0; from agestat.cli.main import main; main()"


def often(line: list[str]) -> list[str]:
    return [line[0], "-c", OFTEN, *line[3:]]


def wal_size(store: Path) -> int:
    """How much a running scan has written."""
    try:
        return store.with_name(f"{store.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def start(line: list[str]) -> subprocess.Popen:
    return subprocess.Popen(often(line), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def wait_until_written(process: subprocess.Popen, store: Path, size: float) -> None:
    while process.poll() is None and wal_size(store) < size:
        time.sleep(0.01)


def workers_of(process: subprocess.Popen) -> list[int]:
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def test_killed_at_random_moments_the_rows_are_those_of_an_unbroken_scan(
    command, collection, unbroken, tmp_path
):
    rng, store, kills = random.Random(time.time_ns() if LONG else 0), tmp_path / "s.sqlite", 0
    while kills < KILLS:
        process = start(command(collection, "-q"))
        time.sleep(rng.uniform(0, 3) if rng.random() < 0.3 else 0)
        wait_until_written(process, store, rng.uniform(1, 1.5e6))
        time.sleep(rng.uniform(0, 0.05))
        kills += process.poll() is None
        process.kill()
        process.communicate()
        if process.returncode == 3:
            assert rows(store) == unbroken
            for left in tmp_path.glob("s.sqlite*"):
                left.unlink()
    end = subprocess.run(command(collection, "-q"), check=False, capture_output=True, text=True)
    assert (end.stderr, end.returncode) == ("", 3)
    assert rows(store) == unbroken


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_in_order_and_says_how_to_go_on(command, collection, unbroken, tmp_path, number):
    store = tmp_path / "s.sqlite"
    process = start(command(collection, "-q", "--csv", tmp_path / "out.csv"))
    wait_until_written(process, store, 100_000)
    process.send_signal(number)
    out, error = process.communicate(timeout=120)
    assert (process.returncode, out) == (128 + number, "")
    assert error == f"Stopped: all done so far is kept in {store}; the same command goes on from there.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.sqlite"]
    assert 0 < len(rows(store)) < len(unbroken)
    end = subprocess.run(command(collection, "-q"), check=False, capture_output=True)
    assert end.returncode == 3
    assert rows(store) == unbroken


def test_the_first_interrupt_answers_and_the_second_stops_at_once(command, collection, unbroken, tmp_path):
    process = start(command(collection))
    wait_until_written(process, tmp_path / "s.sqlite", 100_000)
    workers = workers_of(process)
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)  # the first interrupt waits for these for 30 s
    time.sleep(0.5)  # each has been given a file by now
    process.send_signal(signal.SIGINT)
    answer = process.stderr.readline() + process.stderr.readline()
    assert re.fullmatch(r"\nStopping: finishing \d+ files?; Ctrl-C again stops at once\.\n", answer)
    time.sleep(1)  # a signal that follows at once is taken as an echo
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert (process.returncode, error.strip()) == (130, "Stopped.")
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    subprocess.run(command(collection, "-q"), check=False, capture_output=True)
    assert rows(tmp_path / "s.sqlite") == unbroken


def test_killed_workers_cost_their_files_until_the_next_scan(command, collection, unbroken, tmp_path):
    process = start(command(collection, "-q"))
    for size in (50_000, 200_000, 400_000):
        wait_until_written(process, tmp_path / "s.sqlite", size)
        for pid in workers_of(process):
            os.kill(pid, signal.SIGKILL)
    _, error = process.communicate(timeout=120)
    assert (process.returncode, error) == (3, "")
    first = rows(tmp_path / "s.sqlite")
    assert [row[:4] for row in first] == [row[:4] for row in unbroken]
    lost = [row for row, good in zip(first, unbroken, strict=True) if row != good]
    assert {row[5] for row in lost} <= {"crashed its decoder"}
    assert len(lost) <= 6
    subprocess.run(command(collection, "-q"), check=False, capture_output=True)
    assert rows(tmp_path / "s.sqlite") == unbroken

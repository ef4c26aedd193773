"""A bot that runs as a process of its own, and the server that it talks to."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("aiogram", reason="needs the extra agestat[bot]")
pytest.importorskip("aiohttp", reason="the Bot API server of the tests needs aiohttp")

sys.path.append(str(Path(__file__).parent))
from api_server import TOKEN, ApiServer

PORTRAIT = next((Path(__file__).parents[2] / "sample_images").rglob("collins.jpg"))


@contextmanager
def running_bot(server, folder, *options):
    """The process, once it asks for updates; it is ended afterwards."""
    log = folder / "bot.log"
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("w") as stream:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "agestat",
                "bot",
                "--data",
                str(folder / "data"),
                "--device",
                "cpu",
                *options,
            ],
            env={
                **os.environ,
                "AGESTAT_BOT_TOKEN": TOKEN,
                "AGESTAT_BOT_API": server.url,
                "OMP_NUM_THREADS": "1",
            },
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        server.wait(lambda: any(call.method == "getMe" for call in server.calls))
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(90)


@pytest.fixture(scope="module")
def server():
    with ApiServer() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bot")


@pytest.fixture(scope="module")
def bot(server, folder):
    """One bot for all tests of a module, which use different chats."""
    with running_bot(server, folder) as process:
        yield process


@pytest.fixture
def portrait():
    return PORTRAIT.read_bytes()

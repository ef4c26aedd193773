"""A bot that runs as a process of its own, and the server that it talks to."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("aiogram", reason="needs the extra agestat[bot]")
pytest.importorskip("aiohttp", reason="the Bot API server of the tests needs aiohttp")

sys.path.append(str(Path(__file__).parent))
from api_server import ApiServer
from bot_process import PORTRAIT, running_bot


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

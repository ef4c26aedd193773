"""The bot as a process of its own."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from api_server import TOKEN

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
        server.wait(lambda: any(call.method == "getMe" for call in server.calls), 180)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(90)

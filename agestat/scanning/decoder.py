"""The process that opens strangers' files: alone, without torch, within limits, and expendable.

It reads paths, or pictures, from its standard input and answers on its standard output; each message is an
unsigned 32-bit length and that many bytes. Nothing is unpickled on either side.
"""

import json
import os
import signal
import struct
import sys
import warnings
from dataclasses import asdict, dataclass
from typing import IO

LENGTH = struct.Struct("<I")
READY = b"ready"
PICTURE = b"\0"  # begins a message that holds a picture, as no path does


@dataclass(frozen=True)
class Limits:
    """Per file: ``seconds`` of wall clock and ``memory`` in bytes of address space."""

    seconds: float = 30.0
    memory: int = 7 << 29


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message."""
    stream.write(LENGTH.pack(len(message)) + message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read one message; raises `EOFError` when the other side is gone."""
    (length,) = LENGTH.unpack(_exactly(stream, LENGTH.size))
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def command(settings: object, limits: Limits) -> list[str]:
    """The command line of a decoder. It finds modules exactly where its parent does, never in the folder
    that happens to be the current one."""
    arguments = json.dumps([asdict(settings), asdict(limits)])  # type: ignore[call-overload]
    program = f"import sys; sys.path[:] = {sys.path!r}; from agestat.scanning.decoder import main; main()"
    return [sys.executable, "-c", program, arguments]


def environment() -> dict[str, str]:
    """One thread per decoder: threads of two libraries on one core cost more than they bring. And glibc keeps
    up to 256 MiB that a picture gave back for the next one, which saves a fifth of the time of large ones."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
    return {**os.environ, **one, **kept, "PYTHONIOENCODING": "utf-8"}


def main() -> None:
    """Answer until standard input ends."""
    from PIL import Image

    from agestat.scanning.examine import Settings, examine

    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up among the answers
    settings, limits = json.loads(sys.argv[1])
    _restrain(limits["memory"])
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # decode() has its own limit, after reduction
    send(answers, READY)
    known = Settings(**settings)
    while True:
        try:
            request = receive(requests)
        except EOFError:
            return
        _alarm(2 * int(limits["seconds"]) + 1)  # an orphan that hangs ends by itself
        is_picture = request.startswith(PICTURE)
        answer = examine(request[1:] if is_picture else os.fsdecode(request), known).to_bytes()
        _alarm(0)
        send(answers, answer)


def _alarm(seconds: int) -> None:
    if hasattr(signal, "alarm"):  # not on Windows
        signal.alarm(seconds)


def _restrain(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

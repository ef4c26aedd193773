"""Supervised decoders: a crash or a hang costs its file one row and the pool nothing."""

import contextlib
import math
import os
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import IO, cast

from agestat.errors import AgestatError
from agestat.images.decode import DecodeError
from agestat.images.remote import fetch
from agestat.images.walk import Found
from agestat.images.yunet import detector
from agestat.scanning.decoder import PICTURE, READY, Limits, command, environment, receive, send
from agestat.scanning.examine import Examined, Settings, failed

AHEAD = 4  # files under way per decoder: enough to hide the network's pauses, few enough to bound memory
ASKED = 2  # of them that a decoder knows of: it need not wait for this process between two
SHORT = 4000  # bytes of a question that any pipe takes while its reader is still at the one before
STARTS = 3  # in a row: one that is killed as it starts, as where memory is short, is no reason to end
START_SECONDS = 120  # a decoder imports numpy and Pillow; a cold disk under load takes its time
LISTEN_SECONDS = 0.2  # a signal may reach another thread; its handler runs when the waiting one wakes


def cores() -> int:
    """Processors that this process may use, by its affinity and the quota of its container."""
    from joblib import cpu_count  # slow to import

    return int(cpu_count())


def content(file: Found) -> str | bytes:
    """What a decoder is asked about: the path of a file that is here, the bytes of one elsewhere. Raises
    `DecodeError`."""
    return fetch(file.full) if "://" in file.root else file.full


class Decoder:
    """One decoder process and its replacement when it dies."""

    process: subprocess.Popen[bytes]

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._command = command(settings, limits)
        self._limits = limits
        self._lifetime = detector().lifetime
        self._asked: deque[bytes] = deque()  # and not answered
        self._sent = 0  # of these, to the process that is
        self._age = 0  # files that it was sent
        self._starting = threading.Lock()
        self._stopped = False
        self._watch: _Watch | None = None

    def start(self) -> None:
        """Start a process and wait until it is ready. Raises `AgestatError` when none gets so far."""
        for _ in range(STARTS):
            if self._starts():
                return
        raise AgestatError("A decoder process does not start: reinstall agestat, or check the free memory.")

    def _starts(self) -> bool:
        with self._starting:
            if self._stopped:
                raise AgestatError("The decoder was stopped.")
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                start_new_session=True,  # Ctrl-C is for the run, which ends its decoders in order
            )
        self._watch = _Watch(self.process, min(START_SECONDS, self._limits.seconds))
        self._age = 0
        with contextlib.suppress(EOFError), self._watch.within(START_SECONDS):
            if receive(cast(IO[bytes], self.process.stdout)) == READY:
                return True
        self.close()
        return False

    def stop(self) -> None:
        """Kill the process and let no other follow; may be called from any thread."""
        with self._starting:
            self._stopped = True
            if hasattr(self, "process"):
                self.process.kill()

    def examine(self, source: str | bytes) -> Examined:
        """Ask the process about a file, by its path, or a picture's bytes; if it dies or is late, that is the
        file's reason; the next gets another."""
        self.ask(source)
        return self.answer()

    def ask(self, source: str | bytes) -> None:
        """As `examine`, with the `answer` to be taken later; answers come in the order of the questions."""
        self._asked.append(PICTURE + source if isinstance(source, bytes) else os.fsencode(source))
        self._send()

    def examine_found(self, file: Found) -> Examined:
        """`examine` what the walk found, here or elsewhere."""
        try:
            return self.examine(content(file))
        except DecodeError as error:
            return failed(str(error))

    def answer(self) -> Examined:
        """The answer to the oldest question."""
        self._send()
        assert self._watch
        answer = None
        within = self._watch.within(self._limits.seconds)
        with within as watch, contextlib.suppress(EOFError, OSError, ValueError):
            answer = Examined.from_bytes(receive(cast(IO[bytes], self.process.stdout)))
        self._asked.popleft()
        self._sent -= 1
        if answer is None or watch.was_late:
            self.close()
        return answer or failed("took too long" if watch.was_late else "crashed its decoder")

    def _send(self) -> None:
        """Send what was asked as far as that waits for nothing; to a new process if this one is gone or
        old."""
        if not self._sent and (self._age >= self._lifetime or self.process.poll() is not None):
            self.close()
            self.start()
        for question in islice(self._asked, self._sent, None):
            if self._sent and (len(question) > SHORT or self._age >= self._lifetime):
                return
            self._sent += 1
            self._age += 1
            with contextlib.suppress(OSError):  # it has just died, which `answer` will notice
                send(cast(IO[bytes], self.process.stdin), question)

    def close(self) -> None:
        """End the process."""
        self._sent = 0
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what was still buffered for a dead process
                cast(IO[bytes], stream).close()
        if self._watch:
            self._watch.end()


class _Watch:
    """Kills a process that takes too long; one thread for all that it does, which is at most ``seconds``."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.was_late = False
        self._process = process
        self._seconds = seconds
        self._until = math.inf
        self._changing = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator["_Watch"]:
        """Kill the process if what is inside takes longer. Afterwards it is known whether it lives, so that
        the next file is not blamed for a late kill."""
        self._until = time.monotonic() + seconds
        try:
            yield self
        finally:
            with self._changing:
                self._until = math.inf

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def _look(self) -> None:
        while not self._ended.wait(max(0.0, min(self._until - time.monotonic(), self._seconds))):
            if self._is_late():
                return

    def _is_late(self) -> bool:
        with self._changing:
            self.was_late = time.monotonic() >= self._until
            if self.was_late:
                self._process.kill()
        return self.was_late


class DecoderPool:
    """A pool; use it in a ``with`` statement. ``run`` may be called once."""

    def __init__(self, settings: Settings, limits: Limits, count: int) -> None:
        self.count = count
        self._tasks: queue.SimpleQueue[Found | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Found, Examined] | BaseException] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._decoders = [Decoder(settings, limits) for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._serve, args=[decoder], daemon=True) for decoder in self._decoders
        ]

    def __enter__(self) -> "DecoderPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        for _ in self._threads:
            self._tasks.put(None)
        for decoder in self._decoders:
            decoder.stop()
        for thread in self._threads:
            if thread.ident:
                thread.join()

    def run(self, files: Iterable[Found]) -> Iterator[tuple[Found, Examined]]:
        """Answers in the order in which they come; at most ``AHEAD`` files per decoder are under way. The
        decoders start with the first file."""
        under_way = 0
        for number, file in enumerate(files):
            if not number:
                for thread in self._threads:
                    thread.start()
            self._tasks.put(file)
            under_way += 1
            while under_way >= AHEAD * self.count or (under_way and not self._answers.empty()):
                yield self._next()
                under_way -= 1
        for _ in range(under_way):
            yield self._next()

    def _next(self) -> tuple[Found, Examined]:
        answer = None
        while answer is None:
            with contextlib.suppress(queue.Empty):
                answer = self._answers.get(timeout=LISTEN_SECONDS)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _serve(self, decoder: Decoder) -> None:
        """A thread's life: one decoder, which is asked about a file while it is at the one before."""
        asked: deque[Found] = deque()
        try:
            decoder.start()
            while not self._closing.is_set():
                with contextlib.suppress(queue.Empty):
                    while len(asked) < ASKED and (file := self._tasks.get(block=not asked)):
                        if self._ask(decoder, file):
                            asked.append(file)
                if asked:
                    self._answers.put((asked.popleft(), decoder.answer()))
            decoder.close()
        except BaseException as error:
            self._answers.put(error)

    def _ask(self, decoder: Decoder, file: Found) -> bool:
        """Whether there is something to ask about a file."""
        try:
            decoder.ask(content(file))
        except DecodeError as error:
            self._answers.put((file, failed(str(error))))
            return False
        return True

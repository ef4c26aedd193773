"""Supervised decoders: a crash or a hang costs its file one row and the pool nothing."""

import contextlib
import os
import queue
import subprocess
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, cast

from agestat.errors import AgestatError
from agestat.images.decode import DecodeError
from agestat.images.remote import fetch
from agestat.images.walk import Found
from agestat.scanning.decoder import PICTURE, READY, Limits, command, environment, receive, send
from agestat.scanning.examine import Examined, Settings, failed

AHEAD = 4  # files under way per decoder: enough to hide the network's pauses, few enough to bound memory
LIFETIME = 2000  # files: the detector's library keeps about 0.1 MiB of every view it has looked at
STARTS = 3  # in a row: one that is killed as it starts, as where memory is short, is no reason to end
START_SECONDS = 120  # a decoder imports numpy and Pillow; a cold disk under load takes its time
LISTEN_SECONDS = 0.2  # a signal may reach another thread; its handler runs when the waiting one wakes


def cores() -> int:
    """Processors that this process may use, by its affinity and the quota of its container."""
    from joblib import cpu_count  # slow to import

    return int(cpu_count())


class Decoder:
    """One decoder process and its replacement when it dies."""

    process: subprocess.Popen[bytes]

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._command = command(settings, limits)
        self._limits = limits
        self._examined = 0
        self._starting = threading.Lock()
        self._stopped = False

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
        self._examined = 0
        with contextlib.suppress(EOFError), self._within(START_SECONDS):
            if receive(cast(IO[bytes], self.process.stdout)) == READY:
                return True
        self.close()
        return False

    @contextlib.contextmanager
    def _within(self, seconds: float) -> Iterator[threading.Event]:
        """Kill the process if what is inside takes longer, which the event tells. Afterwards it is known
        whether the process lives, so that the next file is not blamed for a late kill."""
        process, late = self.process, threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield late
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():
                process.wait()

    def stop(self) -> None:
        """Kill the process and let no other follow; may be called from any thread."""
        with self._starting:
            self._stopped = True
            if hasattr(self, "process"):
                self.process.kill()

    def examine(self, source: str | bytes) -> Examined:
        """Ask the process about a file, by its path, or a picture's bytes; if it dies or is late, that is the
        file's reason; the next gets another."""
        if self._examined == LIFETIME:
            self.close()
        if self.process.poll() is not None:
            self.start()
        self._examined += 1
        with self._within(self._limits.seconds) as late:
            try:
                request = PICTURE + source if isinstance(source, bytes) else os.fsencode(source)
                send(cast(IO[bytes], self.process.stdin), request)
                return Examined.from_bytes(receive(cast(IO[bytes], self.process.stdout)))
            except (EOFError, OSError, ValueError):
                self.close()
                return failed("took too long" if late.is_set() else "crashed its decoder")

    def examine_found(self, file: Found) -> Examined:
        """`examine` what the walk found, here or elsewhere."""
        try:
            return self.examine(fetch(file.full) if "://" in file.root else file.full)
        except DecodeError as error:
            return failed(str(error))

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what was still buffered for a dead process
                cast(IO[bytes], stream).close()


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
        for thread in self._threads:
            thread.start()
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
            thread.join()

    def run(self, files: Iterable[Found]) -> Iterator[tuple[Found, Examined]]:
        """Answers in the order in which they come; at most ``AHEAD`` files per decoder are under way."""
        under_way = 0
        for file in files:
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
        """A thread's life: one decoder, one file at a time."""
        try:
            decoder.start()
            while (file := self._tasks.get()) is not None and not self._closing.is_set():
                self._answers.put((file, decoder.examine_found(file)))
            decoder.close()
        except BaseException as error:
            self._answers.put(error)

"""From paths to a filled store: a stream, so that memory does not grow with the number of pictures."""

import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Protocol

from agestat.images.walk import Entry, Found, LeftOut, Unwalkable
from agestat.scanning.examine import FAILED, Examined, failed
from agestat.scanning.store import Row, Store


class Engine(Protocol):
    """What turns files into rows: this machine (`LocalEngine`) or a cluster (`RayEngine`)."""

    def left(self) -> Iterator[Row]:
        """Rows that an earlier scan finished and did not save."""

    def __call__(
        self, files: Iterator[Found], seen: Callable[[Examined], None]
    ) -> Generator[Row, None, None]:
        """The rows of ``files``; ``seen`` is told of each answer when it comes, which may be earlier. Closing
        it ends what is under way."""


SAVE_SECONDS = 5.0  # at least this often what is done is made safe
ECHO_SECONDS = 0.5  # `timeout` and other wrappers signal a process and its group: one wish, heard twice


@dataclass
class Progress:
    """Numbers of a running scan: files settled, how many failed or came from the store, new faces, files that
    are under way; and whether it was asked to stop at this moment, and finishes these."""

    done: int = 0
    failed: int = 0
    reused: int = 0
    faces: int = 0
    under_way: int = 0
    stopping: bool = False


class Stop:
    """Set by the first Ctrl-C or SIGTERM, so that the run ends in order; the second one stops at once."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.told: Callable[[], None] = lambda: None  # called at once, whatever is being done
        self._heard_at = 0.0

    @contextmanager
    def listening(self) -> Iterator["Stop"]:
        """Listen while inside; in threads other than the main one Python allows no handlers."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.signal is None:
            self.signal, self._heard_at = number, now
            self.told()
        elif now - self._heard_at > ECHO_SECONDS:
            raise KeyboardInterrupt


def fill(
    store: Store,
    run: int,
    entries: Iterable[Entry],
    engine: Engine,
    stop: Stop,
    progress: Callable[[Progress], None] = lambda _: None,
    left_out: list[LeftOut] | None = None,
    *,
    fresh: bool = False,
) -> None:
    """Give every entry its row in ``run``; after a stop, those that were under way. What the walk has put
    into ``left_out`` goes to the store and out of the list.

    ``fresh`` takes nothing over from earlier runs. ``progress`` is called after every file,
    and at once when the scan is asked to stop.
    """
    now = Progress()
    saver = _Saver(store, run, [] if left_out is None else left_out)

    stop.told = lambda: progress(replace(now, stopping=True))

    def wanted() -> Iterator[Found]:
        for entry in entries:
            if stop.signal is not None:
                return
            status = None if fresh else saver.reuse(entry)
            if status is not None:
                now.reused += 1
                now.failed += status == FAILED
            elif isinstance(entry, Unwalkable):
                saver.add([Row(entry, failed(entry.reason))])
                now.failed += 1
            else:
                now.under_way += 1
                yield entry
                continue
            now.done += 1
            progress(now)

    def seen(answer: Examined) -> None:
        now.done += 1
        now.under_way -= 1
        now.failed += answer.status == FAILED
        now.faces += len(answer.faces)
        progress(now)

    try:
        saver.add(engine.left())
        saver.save()
        with closing(engine(wanted(), seen)) as rows:
            for row in rows:
                saver.add([row])
    finally:
        saver.save()


class _Saver:
    """Gathers changes and makes them safe together, every few seconds."""

    def __init__(self, store: Store, run: int, left_out: list[LeftOut]) -> None:
        self._store, self._run, self._left_out = store, run, left_out
        self._since = time.monotonic()
        self._rows: list[Row] = []
        self._reused: list[int] = []

    def add(self, rows: Iterable[Row]) -> None:
        self._rows += rows
        if time.monotonic() - self._since > SAVE_SECONDS or len(self._rows) > 1000:
            self.save()

    def reuse(self, file: Entry) -> str | None:
        """Status of a stored row that still holds, now part of this run."""
        known = self._store.lookup(self._run, file)
        if known is None:
            return None
        self._reused.append(known.id)
        if len(self._reused) > 10_000:
            self.save()
        return known.status

    def save(self) -> None:
        with self._store.transaction():
            self._store.keep(self._run, self._reused)
            self._store.write(self._run, self._rows)
            self._store.leave_out(self._run, self._left_out)
        self._rows, self._reused = [], []
        self._left_out.clear()
        self._since = time.monotonic()

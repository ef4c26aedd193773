"""How much one user may ask: a token bucket each."""

import time
from collections import OrderedDict
from collections.abc import Callable

BURST = 20  # pictures at once: two albums
PER_SECOND = 1 / 3  # pictures in the long run
REMEMBERED = 10_000  # users; the ones longest silent are forgotten, their buckets are full by then


class RateLimit:
    """``burst`` pictures at once and ``per_second`` in the long run, for each user."""

    def __init__(
        self, burst: int = BURST, per_second: float = PER_SECOND, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._per_second, self._clock = burst, per_second, clock
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()  # pictures left, and when

    def wait(self, user: int, pictures: int) -> float:
        """Seconds until ``user`` may send so many pictures: 0 where it is now, and then they are taken."""
        now = self._clock()
        left, then = self._buckets.pop(user, (float(self._burst), now))
        left = min(self._burst, left + (now - then) * self._per_second)
        missing = min(pictures, self._burst) - left
        if missing <= 0:
            left = max(left - pictures, 0.0)
        self._buckets[user] = left, now
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return max(0.0, missing / self._per_second)

"""Bands of nearly the same meaning whose shares are known better: those that cut no range of ages which the
calibration labels tell apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agestat.stats.bands import LAST_AGE, Band, parse_bands
from agestat.stats.intervals import share_interval
from agestat.stats.layout import Layout

MOVED = 5  # years that the first age of a band may move: more, and it means something else
WORTH = 0.7  # of the present width: less gain than this is not worth other bands


@dataclass(frozen=True)
class SurerBands:
    """First ages in years of the bands, and the mean width of intervals (of shares, 0 to 1) with them and
    with the present ones."""

    starts: tuple[int, ...]
    width: float
    width_now: float


def whole_ranges(bands: Sequence[Band], ranges: Sequence[tuple[int, int]]) -> list[Band]:
    """``bands`` with their first ages moved to the nearest first ages of ``ranges``, up from halfway. None
    where no age moves or one would move too far, or where bands leave ages out between them."""
    starts = [band.age_min for band in bands]
    if [band.age_max + 1 for band in bands] != [*starts[1:], LAST_AGE + 1]:
        return []
    moved = [min((abs(first - start), -first) for first, _ in ranges) for start in starts]
    chosen = sorted({-first for _, first in moved})
    if chosen == starts or len(chosen) < 2 or max(moved)[0] > MOVED:
        return []
    return parse_bands(chosen)


def mean_width(layout: Layout, joint: np.ndarray, level: float, n: int, photos: int | None = None) -> float:
    """Mean width of the intervals of rows, from draws ``joint (1 + B, C)`` of ``n`` faces' cells."""
    low, high = share_interval(joint[1:] @ layout.to_rows, level, n, photos)
    return float((high - low).mean())


def surer_bands(widths: Sequence[tuple[float, float]], bands: Sequence[Band]) -> SurerBands | None:
    """``bands``, if intervals are so much narrower with them; ``widths`` now and with them of each group."""
    if not widths:
        return None
    now, then = map(float, np.mean(widths, axis=0))
    return SurerBands(tuple(band.age_min for band in bands), then, now) if then <= WORTH * now else None

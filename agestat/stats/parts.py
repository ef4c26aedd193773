"""Parts of the ranges of ages that calibration labels tell apart.

A label of 20-29 does not say where in the range an age lies, but a collection of 20-year-olds is judged
younger than one of 29-year-olds. So the shares that are estimated are those of *parts* of about five years.
What the model says of a part is not known from labels; it is taken from that of the whole range, moved along
with age as judged ages move (`FOLLOWS`).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

WIDTH = 5  # years of a part, nearly
OLDEST = 85  # years: hardly anybody is older, so an open range is taken to end here
# Years by which judged ages differ for each year by which true ages within a range do.
FOLLOWS = 0.7


@dataclass(frozen=True)
class Parts:
    """``of (C,)`` the part of each of the model's cells, ``ranges (M,)`` the native cell of each part,
    ``age (M,)`` its mean age in years and ``usual (M,)`` its share of its native cell in the calibration set,
    as far as predictions tell."""

    of: np.ndarray
    ranges: np.ndarray
    age: np.ndarray
    usual: np.ndarray

    @property
    def size(self) -> int:
        """Number ``M`` of parts."""
        return len(self.ranges)

    @cached_property
    def to_native(self) -> np.ndarray:
        """``(M, K)`` indicator: which native cell a part belongs to."""
        return np.eye(int(self.ranges.max()) + 1)[self.ranges]

    @cached_property
    def away(self) -> np.ndarray:
        """``(M,)`` years by which judged ages are thought to differ from those of the whole native cell."""
        middle = (self.usual * self.age) @ self.to_native
        return FOLLOWS * (self.age - middle[self.ranges])


def split(native_of: np.ndarray, ages: np.ndarray, mass: np.ndarray) -> Parts:
    """Parts of native cells ``native_of (C,)`` whose ages in years are ``ages (C,)``; ``mass (C,)`` is what
    the model says of the calibration set."""
    of = np.zeros(len(native_of), int)
    ranges: list[int] = []
    for k in range(int(native_of.max()) + 1):
        mine = np.flatnonzero(native_of == k)
        capped = np.minimum(ages[mine], OLDEST)
        count = max(1, round((np.ptp(capped) + 1) / WIDTH)) if len(mine) > 1 else 1
        place = (capped - capped.min()) * count // (np.ptp(capped) + 1)
        of[mine] = len(ranges) + np.unique(place, return_inverse=True)[1]
        ranges += [k] * len(np.unique(place))
    in_part = np.bincount(of, weights=mass)
    native = np.array(ranges)
    usual = in_part / np.bincount(native, weights=in_part)[native]
    return Parts(of, native, np.bincount(of, weights=mass * ages) / in_part, usual)

"""Age bands: named ranges of ages in years, and which cells of a label space each one holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agestat.errors import UsageError
from agestat.model.label_space import AGES, LabelSpace

LAST_AGE = AGES - 1  # the last year holds everything above it
OUTSIDE = "outside bands"


@dataclass(frozen=True)
class Band:
    """Ages from ``age_min`` to ``age_max`` in years, inclusive; ``age_max`` 100 stands for an open end."""

    name: str
    age_min: int
    age_max: int


def name_ages(first: int, last: int) -> str:
    """How a range of ages is written: ``18-24``, or ``65+`` with an open end."""
    return f"{first}+" if last == LAST_AGE else f"{first}-{last}"


def _from_starts(starts: Sequence[int]) -> list[Band]:
    ends = [start - 1 for start in starts[1:]] + [LAST_AGE]
    return [Band(name_ages(start, end), start, end) for start, end in zip(starts, ends, strict=True)]


PRESETS = {
    "marketing": _from_starts([0, 13, 18, 25, 35, 45, 55, 65]),
    "un5": _from_starts(range(0, 101, 5)),
    "un10": _from_starts(range(0, 81, 10)),
    "seed": [Band("child", 0, 12), Band("adult", 18, 64), Band("old", 65, LAST_AGE)],
}


def parse_bands(bands: str | Sequence[int]) -> list[Band]:
    """Bands from a preset's name or from ages at which bands start: ``"0,18,35,50,65"`` ends with 65+."""
    text = bands if isinstance(bands, str) else ",".join(map(str, bands))
    if text in PRESETS:
        return PRESETS[text]
    if not re.fullmatch(r"\s*\d+(\s*,\s*\d+)*\s*", text):
        raise UsageError(
            "Bands {bands!r} are neither one of {presets} nor ages like 0,18,35,50,65.",
            bands=text,
            presets=", ".join(PRESETS),
        )
    starts = [int(age) for age in text.split(",")]
    if starts != sorted(set(starts)) or starts[-1] > LAST_AGE:
        raise UsageError(
            "Bands {bands!r} must be ages in rising order, none above {oldest}.",
            bands=text,
            oldest=LAST_AGE,
        )
    return _from_starts(starts)


def band_of_cells(space: LabelSpace, bands: Sequence[Band]) -> np.ndarray:
    """``(C,) int`` index of each cell's band; ``len(bands)`` where a cell lies outside all bands.

    Raises `UsageError` where a cell's ages reach into more than one band or only partly into one.
    """
    out = np.full(space.size, len(bands))
    for cell, (low, high) in enumerate(zip(space.age_min, space.age_max, strict=True)):
        for index, band in enumerate(bands):
            if high < band.age_min or low > band.age_max:
                continue
            if not (band.age_min <= low and high <= band.age_max):
                known = sorted(set(zip(space.age_min, space.age_max, strict=True)))
                ages = ", ".join(f"{a}-{b}" for a, b in known)
                raise UsageError(
                    "The model tells only the ages {ages} apart: choose --bands seed.", ages=ages
                )
            out[cell] = index
    return out

"""From distributions over the model's cells to rows of gender x band, margins, mean and median ages."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agestat.model.label_space import GENDERS, LabelSpace
from agestat.stats.bands import LAST_AGE, OUTSIDE, Band, band_of_cells

TINY = 1e-12  # keeps the age of nobody defined


@dataclass(frozen=True)
class Layout:
    """Rows of a result: each gender x band first, then the margins."""

    space: LabelSpace
    bands: tuple[Band, ...]

    @cached_property
    def band_of(self) -> np.ndarray:
        """``(C,)`` index into `names` of each cell."""
        return band_of_cells(self.space, self.bands)

    @cached_property
    def names(self) -> list[tuple[str, int | None, int | None]]:
        """Name, first and last age of every band, and of what lies outside them where anything does."""
        named: list[tuple[str, int | None, int | None]] = [(b.name, b.age_min, b.age_max) for b in self.bands]
        return [*named, (OUTSIDE, None, None)] if len(self.bands) in self.band_of else named

    @cached_property
    def gender_of(self) -> np.ndarray:
        """``(C,)`` index into ``GENDERS`` of each cell."""
        return np.where(self.space.is_female, 0, 1)

    @cached_property
    def row_of(self) -> np.ndarray:
        """``(C,)`` index of the gender x band row of each cell."""
        return self.gender_of * len(self.names) + self.band_of

    @cached_property
    def to_rows(self) -> np.ndarray:
        """``(C, R) float32`` indicator of the gender x band rows."""
        return np.eye(len(GENDERS) * len(self.names), dtype=np.float32)[self.row_of]

    def rows(self) -> Iterator[tuple[dict[str, object], np.ndarray]]:
        """Labels of every gender x band and the rows ``(R,)`` it sums."""
        index = np.arange(self.to_rows.shape[1])
        for g, gender in enumerate(GENDERS):
            for b, name in enumerate(self.names):
                yield _label(gender, name), index == g * len(self.names) + b

    def margins(self) -> Iterator[tuple[dict[str, object], np.ndarray]]:
        """Labels of gender alone and band alone, and the rows each sums."""
        index = np.arange(self.to_rows.shape[1])
        for g, gender in enumerate(GENDERS):
            yield _label(gender, ("all", 0, LAST_AGE)), index // len(self.names) == g
        for b, name in enumerate(self.names):
            yield _label("all", name), index % len(self.names) == b

    def ages(self, joint: np.ndarray, gender: int | None) -> dict[str, np.ndarray]:
        """Mean and median age in years of ``joint (..., C)``, within one gender or over both: ``(...)``."""
        inside = joint if gender is None else joint * (self.gender_of == gender)
        age, of = np.unique(self.space.mid_age, return_inverse=True)
        by_age = inside @ np.eye(len(age))[of]
        by_age = (by_age + TINY) / (by_age + TINY).sum(axis=-1, keepdims=True)
        return {"mean": by_age @ age, "median": median(by_age, age)}


def median(by_age: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Median of ``by_age (..., A)`` over ascending ``age (A,)``, interpolated between neighbouring ages."""
    middle = np.cumsum(by_age, axis=-1) - by_age / 2
    above = np.clip((middle < 0.5).sum(axis=-1), 1, len(age) - 1)
    low = np.take_along_axis(middle, above[..., None] - 1, -1)[..., 0]
    high = np.take_along_axis(middle, above[..., None], -1)[..., 0]
    part = np.clip((0.5 - low) / np.maximum(high - low, 1e-12), 0, 1)
    return age[above - 1] + part * (age[above] - age[above - 1])


def _label(gender: str, band: tuple[str, int | None, int | None]) -> dict[str, object]:
    name, low, high = band
    return {"gender": gender, "age_min": low, "age_max": high, "band": name}

"""Label spaces: what a head's outputs mean. Everything after prediction sees only cells.

A network ends in one or more softmax heads, laid side by side in a row of ``L`` numbers. A *cell* is one
gender and one range of ages; the probability of a cell is the product of the heads' probabilities.
numpy only: statistics and listings use it without torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

GENDERS = ("female", "male")
AGES = 101  # years 0..100; the last bin holds everything above
WIDE = 16  # outputs; a wider head is stored in one byte per output


@dataclass(frozen=True)
class LabelSpace:
    """``heads`` are the widths of the softmax heads; per cell name, gender and ages (years, inclusive)."""

    name: str
    heads: tuple[int, ...]
    cell_names: tuple[str, ...]
    genders: tuple[str, ...]
    age_min: tuple[int, ...]
    age_max: tuple[int, ...]

    @property
    def width(self) -> int:
        """Length ``L`` of a row of logits."""
        return sum(self.heads)

    @property
    def size(self) -> int:
        """Number ``C`` of cells."""
        return len(self.cell_names)

    @property
    def blob_size(self) -> int:
        """Bytes of one face's blob (see `pack`)."""
        return sum(head if head > WIDE else 2 * head for head in self.heads)

    @cached_property
    def slices(self) -> list[slice]:
        """Where each head stands in a row of ``L`` numbers."""
        ends = np.cumsum(self.heads)
        return [slice(int(end) - head, int(end)) for head, end in zip(self.heads, ends, strict=True)]

    @cached_property
    def is_female(self) -> np.ndarray:
        """``(C,) bool``."""
        return np.array([gender == "female" for gender in self.genders])

    @cached_property
    def mid_age(self) -> np.ndarray:
        """``(C,) float64`` middle of each cell's ages, years."""
        return (np.array(self.age_min) + np.array(self.age_max)) / 2

    def softmax(self, logits: np.ndarray) -> np.ndarray:
        """``(N, L)`` logits to ``(N, L) float32`` probabilities; each head sums to 1."""
        out = np.empty(logits.shape, dtype=np.float32)
        for part in self.slices:
            z = logits[:, part].astype(np.float32)
            z = np.exp(z - z.max(axis=1, keepdims=True))
            out[:, part] = z / z.sum(axis=1, keepdims=True)
        return out

    def cells(self, probabilities: np.ndarray) -> np.ndarray:
        """``(N, L)`` head probabilities to ``(N, C) float32`` cell probabilities; rows sum to 1."""
        cells = np.ones((len(probabilities), 1), dtype=np.float32)
        for part in self.slices:
            head = probabilities[:, part].astype(np.float32)
            cells = (cells[:, :, None] * head[:, None, :]).reshape(len(head), cells.shape[1] * head.shape[1])
        return cells

    def p_female(self, probabilities: np.ndarray) -> np.ndarray:
        """``(N, L)`` head probabilities to ``(N,)`` probability of female."""
        if len(self.heads) == 2:
            return np.asarray(probabilities[:, 0], dtype=np.float32)
        return np.asarray(self.cells(probabilities) @ self.is_female, dtype=np.float32)

    def age_distribution(self, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``(N, A)`` age probabilities whatever the gender, and their ``(A,)`` ages in years, ascending."""
        if len(self.heads) == 2:
            return probabilities[:, self.slices[1]], np.arange(self.heads[1], dtype=np.float64)
        ages = np.unique(self.mid_age)
        indicator = (self.mid_age[:, None] == ages[None, :]).astype(np.float32)
        return self.cells(probabilities) @ indicator, ages

    def age(self, probabilities: np.ndarray) -> np.ndarray:
        """``(N, L)`` head probabilities to ``(N,)`` median ages in years.

        The estimate of least mean absolute error; the expectation is drawn to the middle by the little that a
        softmax leaves to far ages.
        """
        return self._quantile(probabilities, 0.5).astype(np.float32)

    def age_interval(self, probabilities: np.ndarray, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """The central ``level`` of each face's age distribution: ``(N,)`` low and high, years."""
        tail = (1 - level) / 2
        return self._quantile(probabilities, tail), self._quantile(probabilities, 1 - tail)

    def age_spread(self, probabilities: np.ndarray) -> np.ndarray:
        """``(N, L)`` head probabilities to ``(N,)`` standard deviations of ages, years: how unsure the model
        is of each."""
        distribution, ages = self.age_distribution(probabilities)
        mean = distribution @ ages
        return np.asarray(np.sqrt(np.maximum(distribution @ ages**2 - mean**2, 0)), dtype=np.float32)

    def _quantile(self, probabilities: np.ndarray, share: float) -> np.ndarray:
        """``(N,)`` the first age by which ``share`` of each face's age distribution lies."""
        distribution, ages = self.age_distribution(probabilities)
        cumulative = np.cumsum(distribution, axis=1)
        cumulative /= cumulative[:, -1:]
        below = (cumulative < share).sum(axis=1)
        return np.asarray(ages[np.minimum(below, len(ages) - 1)])

    def pack(self, probabilities: np.ndarray) -> list[bytes]:
        """One short blob per face: small heads as float16, wide heads as uint8
        square roots relative to the peak, which keeps the tails."""
        parts = []
        for part in self.slices:
            head = probabilities[:, part]
            if part.stop - part.start > WIDE:
                peak = head.max(axis=1, keepdims=True)
                parts.append(np.rint(255 * np.sqrt(head / peak)).astype(np.uint8))
            else:
                parts.append(head.astype("<f2").view(np.uint8))
        return [row.tobytes() for row in np.concatenate(parts, axis=1)]

    def unpack(self, blobs: Sequence[bytes]) -> np.ndarray:
        """Blobs from `pack` back to ``(N, L) float32`` head probabilities; each head sums to 1 again."""
        raw = np.frombuffer(b"".join(blobs), dtype=np.uint8).reshape(len(blobs), self.blob_size)
        out = np.empty((len(blobs), self.width), dtype=np.float32)
        offset = 0
        for part in self.slices:
            head = part.stop - part.start
            length = head if head > WIDE else 2 * head
            piece = np.ascontiguousarray(raw[:, offset : offset + length])
            values = piece.astype(np.float32) ** 2 if head > WIDE else piece.view("<f2").astype(np.float32)
            out[:, part] = values / values.sum(axis=1, keepdims=True)
            offset += length
        return out


YEARS = LabelSpace(
    name="years",
    heads=(len(GENDERS), AGES),
    cell_names=tuple(f"{gender} {age}" for gender in GENDERS for age in range(AGES)),
    genders=tuple(gender for gender in GENDERS for _ in range(AGES)),
    age_min=tuple(range(AGES)) * len(GENDERS),
    age_max=tuple(range(AGES)) * len(GENDERS),
)

SIX = LabelSpace(
    name="six",
    heads=(6,),
    cell_names=("girl", "woman", "elderly woman", "boy", "man", "elderly man"),
    genders=("female",) * 3 + ("male",) * 3,
    age_min=(0, 18, 65) * 2,
    age_max=(12, 64, 100) * 2,
)

SPACES = {space.name: space for space in (YEARS, SIX)}

"""The faces of a scan, as estimates and lists of faces take them."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from agestat.analysis.groups import By
from agestat.model.label_space import LabelSpace


class Chunk(NamedTuple):
    """Some faces: ``probabilities (n, L)`` of the heads, ``groups (n,)`` names or None, ``clusters (n,)``."""

    probabilities: np.ndarray
    groups: np.ndarray | None
    clusters: np.ndarray


class Faces(Protocol):
    """What has faces, in one order: `agestat.analysis.scan.Scan`."""

    @property
    def space(self) -> LabelSpace:
        """What the model's probabilities mean."""

    def face_chunks(self) -> Iterator[pd.DataFrame]:
        """One row per face, in frames of bounded size, one at least."""

    def chunks(self, by: By = (), *, cluster: str = "photo", **groups: Any) -> Iterator[Chunk]:
        """Those that count for an estimate, a bounded number at a time."""

    def numbered_chunks(
        self, by: By = (), *, cluster: str = "photo", **groups: Any
    ) -> Iterator[tuple[np.ndarray, Chunk]]:
        """`chunks`, each with the numbers ``(n,)`` of its faces in the order of `face_chunks`."""

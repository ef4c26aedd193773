"""The faces of a scan, as estimates and lists of faces take them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from agestat.analysis.groups import By
from agestat.images.quality import flags
from agestat.model.label_space import GENDERS, LabelSpace

if TYPE_CHECKING:
    from agestat.stats.layout import Layout

PLACE = ["file_id", "root", "path", "x", "y", "width", "height", "score"]
COUNTS_AS = ["group", "gender", "band"]
MODEL_SAYS = ["p_female", "age", "age_low", "age_high"]
LOOKS = ["sharpness", "brightness", "novelty"]


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


def described(
    frame: pd.DataFrame, probabilities: np.ndarray, layout: "Layout", usual: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Places, groups and looks of ``n`` faces, with what the model says of each (``probabilities (n, L)``),
    the cell of a layout that it counts as, and how it differs from ``usual`` faces."""
    from agestat.stats.tally import counted_cells

    space, cell = layout.space, counted_cells(layout.space, probabilities)
    frame["p_female"] = space.p_female(probabilities)
    frame["age"] = space.age(probabilities)
    frame["age_low"], frame["age_high"] = space.age_interval(probabilities)
    frame["flags"] = flags({name: frame[name].to_numpy() for name in ("width", "height", *LOOKS)}, usual)
    frame["gender"] = np.array(GENDERS, dtype=object)[layout.gender_of[cell]]
    frame["band"] = np.array([name for name, *_ in layout.names], dtype=object)[layout.band_of[cell]]
    return frame[[*PLACE, *COUNTS_AS, *MODEL_SAYS, *LOOKS, "flags"]]

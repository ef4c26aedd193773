"""Where each file of a scan belongs: its group and its cluster."""

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from agestat.analysis.copies import Same, counted
from agestat.analysis.groups import Facts, Key
from agestat.scanning.store import StoredRun

FACTS = ("taken_at", "mtime_ns", "camera")  # of a file, beside its root and path: what `Facts` holds


@dataclass(frozen=True)
class Places:
    """Of files by ascending id ``(F,)``: the index of each one's group in ``names``, where groups were asked
    for, the number of its cluster, and whether it ``counts``, as copies do but once in each group."""

    ids: np.ndarray
    group: np.ndarray
    names: np.ndarray | None
    cluster: np.ndarray
    counts: np.ndarray

    def groups_of(self, files: np.ndarray) -> np.ndarray | None:
        """``(n,)`` names of the groups of files."""
        return None if self.names is None else self.names[self.group[np.searchsorted(self.ids, files)]]

    def clusters_of(self, files: np.ndarray) -> np.ndarray:
        """``(n,)`` numbers of the clusters of files."""
        return self.cluster[np.searchsorted(self.ids, files)]

    def counts_of(self, files: np.ndarray) -> np.ndarray:
        """``(n,) bool``, whether files count."""
        return self.counts[np.searchsorted(self.ids, files)]


def read_places(
    stored: StoredRun, key: Key | None, by_folder: bool, same: Same, *, keep_copies: bool, once: bool
) -> Places:
    """Read apart from the faces: files are fewer. Clusters are folders, or the scenes of ``same``."""
    ids, groups, folder = array("q"), array("q"), array("q")
    names: dict[str | None, int] = {}
    folders: dict[tuple[bytes, bytes], int] = {}
    for rows in stored.facts(*FACTS):
        with stored.understood():
            ids.extend(row[0] for row in rows)
            groups.extend(names.setdefault(group_of(key, row), len(names)) for row in rows)
            if by_folder:
                places = ((row[1], row[2].rpartition(b"/")[0]) for row in rows)
                folder.extend(folders.setdefault(place, len(folders)) for place in places)
    order, group = np.argsort(ids), np.array(groups, np.int64)
    return Places(
        np.array(ids, np.int64)[order],
        group[order],
        np.array(list(names), dtype=object) if key else None,
        (np.array(folder, np.int64) if by_folder else same.scene)[order],
        counted(group, same, keep_copies, once)[order],
    )


def group_of(key: Key | None, row: tuple[Any, ...]) -> str | None:
    """Group of a row of file id, root, path and `FACTS`."""
    return key(Facts(os.fsdecode(row[1]), os.fsdecode(row[2]), *row[3:])) if key else None


def every_path(stored: StoredRun) -> Iterator[str]:
    """The paths of all files below their roots."""
    return (os.fsdecode(path) for rows in stored.facts() for _, _, path in rows)

"""Where each file of a scan belongs: its group and its cluster."""

import os
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np

from agestat.analysis.groups import Facts, Key
from agestat.scanning.store import StoredRun

FACTS = ("taken_at", "mtime_ns", "camera")  # of a file, beside its root and path: what `Facts` holds


@dataclass(frozen=True)
class Places:
    """Of files by ascending id ``(F,)``: the index of each one's group in ``names`` and of its folder, where
    groups and folders were asked for."""

    ids: np.ndarray
    group: np.ndarray
    names: np.ndarray | None
    folder: np.ndarray | None

    def groups_of(self, files: np.ndarray) -> np.ndarray | None:
        """``(n,)`` names of the groups of files."""
        return None if self.names is None else self.names[self.group[np.searchsorted(self.ids, files)]]

    def folders_of(self, files: np.ndarray) -> np.ndarray | None:
        """``(n,)`` numbers of the folders of files."""
        return None if self.folder is None else self.folder[np.searchsorted(self.ids, files)]


def read_places(stored: StoredRun, key: Key | None, by_folder: bool) -> Places:
    """Read apart from the faces: files are fewer."""
    ids, group, folder = array("q"), array("q"), array("q")
    names: dict[str | None, int] = {}
    folders: dict[tuple[bytes, bytes], int] = {}
    for rows in stored.facts(*FACTS):
        with stored.understood():
            ids.extend(row[0] for row in rows)
            group.extend(names.setdefault(group_of(key, row), len(names)) for row in rows)
            if by_folder:
                places = ((row[1], row[2].rpartition(b"/")[0]) for row in rows)
                folder.extend(folders.setdefault(place, len(folders)) for place in places)
    order = np.argsort(ids)
    return Places(
        np.array(ids)[order],
        np.array(group)[order],
        np.array(list(names), dtype=object) if key else None,
        np.array(folder)[order] if by_folder else None,
    )


def group_of(key: Key | None, row: tuple[Any, ...]) -> str | None:
    """Group of a row of file id, root, path and `FACTS`."""
    return key(Facts(os.fsdecode(row[1]), os.fsdecode(row[2]), *row[3:])) if key else None

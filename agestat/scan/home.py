"""Where stores live when nobody says where: the user's cache folder, one per set of scanned roots."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_cache_path

from agestat.images.walk import root_of


def store_of(paths: Iterable[str | os.PathLike[str]]) -> Path:
    """The store's file for these paths, whatever their order: folders, or single files below their root, so
    that a longer list of files finds the rows of a shorter one."""
    roots = {root_of(path) if os.path.isdir(path) else f"{root_of(path)}\0files" for path in paths}  # noqa: PTH112
    key = hashlib.sha256()
    for root in sorted(map(os.fsencode, roots)):
        key.update(root + b"\0")
    return user_cache_path("agestat", appauthor=False) / "scans" / f"{key.hexdigest()[:24]}.sqlite"

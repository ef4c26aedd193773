"""Where stores live when nobody says where: the user's cache folder, one per set of scanned paths."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_cache_path


def store_of(paths: Iterable[str | os.PathLike[str]]) -> Path:
    """The store's file for these paths, whatever their order."""
    key = hashlib.sha256()
    for path in sorted({os.path.abspath(os.fsencode(path)) for path in paths}):  # noqa: PTH100 -- odd names
        key.update(path + b"\0")
    return user_cache_path("agestat", appauthor=False) / "scans" / f"{key.hexdigest()[:24]}.sqlite"

"""Training crops kept as one array on disk while a run lasts: the network is to be the bottleneck, not
decoding. They show faces, so only their owner may read them."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from platformdirs import user_cache_path
from tqdm import tqdm

from agestat.errors import N_, UsageError
from agestat.files import make_folders, user_folder
from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.detectors import Box

_NO_HOME = N_("This user has no home folder to keep the cut pictures in: name a folder with --cache.")
KINDS = ("crops", "lessons", "answers")  # what the names of the cache's files begin with
CACHED_SIZE = 160  # pixels: what the labelled sets hold; the warp for jitter samples from it


def usual_cache() -> Path:
    """The folder in the user's cache. Raises `UsageError` for a user who has none."""
    return user_folder(user_cache_path, _NO_HOME) / "training"


def _is_usual(folder: Path) -> bool:
    try:
        return folder == usual_cache()
    except UsageError:
        return False


def make_private(folder: Path) -> None:
    """Make the folder, which nobody else may enter; one that somebody else made keeps its permissions.
    Raises `AgestatError` if it cannot be made."""
    is_ours = not folder.exists() or _is_usual(folder)
    make_folders(folder)
    if is_ours:
        folder.chmod(0o700)


def remove_cache(folder: Path | None = None, key: str = "") -> int:
    """Delete the crops in a cache and what was said of them, those of one `crops_key` or all; what a run
    of this moment still needs it makes again. Returns the bytes that they took."""
    folder, freed = folder or usual_cache(), 0
    for kind in KINDS:
        for path in folder.glob(f"{kind}*-{key}*"):
            freed += path.stat().st_size
            path.unlink()
    return freed


def crops_key(frame: pd.DataFrame) -> str:
    """A short digest of the frame's files, their sizes and times, and the faces in them."""
    key = hashlib.sha256()
    for name, box in zip(frame["file"], frame["box"], strict=True):
        stat = Path(name).stat()
        face = "" if box is None else f"\0{tuple(box)}"
        key.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}{face}\n".encode())
    return key.hexdigest()[:16]


def load_crops(
    frame: pd.DataFrame, cache: Path, *, size: int = CACHED_SIZE, quiet: bool = False
) -> np.ndarray:
    """``(N, size, size, 3) uint8`` memory-mapped crops of the frame's pictures, made once per list of files.

    Cut by the code that cuts a scan's boxes: the frame's ``box``, or the whole picture where there is none.
    """
    target = cache / f"crops-{size}-{crops_key(frame)}.npy"
    if not target.exists():
        _fill(frame, target, size, quiet)
    crops: np.ndarray = np.load(target, mmap_mode="r")
    return crops


def _fill(frame: pd.DataFrame, target: Path, size: int, quiet: bool) -> None:
    make_private(target.parent)
    partial = target.with_suffix(f".{os.getpid()}.partial")  # another run may fill the same cache
    partial.touch(mode=0o600)
    crops = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=(len(frame), size, size, 3))

    def cut(row: int, file: str, box: Box | None) -> None:
        crops[row] = crop_square(decode(file).pixels, box, size)

    with ThreadPoolExecutor() as pool:
        jobs = pool.map(cut, range(len(frame)), frame["file"], frame["box"])
        for _ in tqdm(jobs, total=len(frame), desc="decoding", unit="picture", disable=quiet or None):
            pass
    crops.flush()
    partial.replace(target)

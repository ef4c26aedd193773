"""Decoded training pictures, kept as one array on disk: the network is to be the bottleneck, not decoding."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from agestat.images.crop import crop_square
from agestat.images.decode import decode

CACHED_SIZE = 160  # pixels: what the labelled sets hold; the warp for jitter samples from it


def crops_key(frame: pd.DataFrame) -> str:
    """A short digest of the frame's files, their sizes and times."""
    key = hashlib.sha256()
    for name in frame["file"]:
        stat = Path(name).stat()
        key.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return key.hexdigest()[:16]


def load_crops(
    frame: pd.DataFrame, cache: Path, *, size: int = CACHED_SIZE, quiet: bool = False
) -> np.ndarray:
    """``(N, size, size, 3) uint8`` memory-mapped crops of the frame's pictures, made once per list of files.

    A labelled picture is the crop: the whole of it is cut by the code that cuts a scan's boxes.
    """
    target = cache / f"crops-{size}-{crops_key(frame)}.npy"
    if not target.exists():
        _fill(frame, target, size, quiet)
    crops: np.ndarray = np.load(target, mmap_mode="r")
    return crops


def _fill(frame: pd.DataFrame, target: Path, size: int, quiet: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    crops = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=(len(frame), size, size, 3))

    def cut(item: tuple[int, str]) -> None:
        crops[item[0]] = crop_square(decode(item[1]).pixels, None, size)

    with ThreadPoolExecutor() as pool:
        jobs = pool.map(cut, enumerate(frame["file"]))
        for _ in tqdm(jobs, total=len(frame), desc="decoding", unit="picture", disable=quiet or None):
            pass
    crops.flush()
    partial.rename(target)

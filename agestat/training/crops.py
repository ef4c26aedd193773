"""What a model is shown of a labelled picture, and training crops kept as one array on disk: the network is
to be the bottleneck, not decoding."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.faces import Box, FaceDetector
from agestat.training.data import Problem

CACHED_SIZE = 160  # pixels: what the labelled sets hold; the warp for jitter samples from it
LARGEST_CROP = 256  # pixels: UTKFace's aligned crops have 200, FairFace's of margin 0.25 have 224 a side;
# those of margin 1.25 have 448, and there the face must be found


def is_face_crop(height: int, width: int) -> bool:
    """Whether a picture of that size is taken for a crop of a face: a square of at most `LARGEST_CROP`."""
    return height == width <= LARGEST_CROP


def with_faces(frame: pd.DataFrame, *, quiet: bool = False) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows that show a face, with its ``box`` (`Box` in pixels, the largest; None for a picture that is a
    crop of a face as a whole), and the others."""
    detector = FaceDetector()

    def locate(file: str) -> tuple[bool, Box | None]:
        pixels = decode(file).pixels
        if is_face_crop(*pixels.shape[:2]):
            return True, None
        boxes = detector.detect(pixels)
        return bool(boxes), boxes[0] if boxes else None

    with ThreadPoolExecutor() as pool:
        jobs = pool.map(locate, frame["file"])
        located = list(
            tqdm(jobs, total=len(frame), desc="finding faces", unit="picture", disable=quiet or None)
        )
    found = np.array([shown for shown, _ in located], dtype=bool)
    boxes = pd.Series([box for _, box in located], frame.index, dtype=object)
    without = frame[~found]
    problems = [
        Problem(table or file, line or None, f"no face was found in {Path(file).name}")
        for file, table, line in zip(without["file"], without["table"], without["line"], strict=True)
    ]
    return frame.assign(box=boxes)[found].reset_index(drop=True), problems


def _boxes(frame: pd.DataFrame) -> list[Box | None]:
    return list(frame["box"]) if "box" in frame else [None] * len(frame)


def crops_key(frame: pd.DataFrame) -> str:
    """A short digest of the frame's files, their sizes and times, and the faces in them."""
    key = hashlib.sha256()
    for name, box in zip(frame["file"], _boxes(frame), strict=True):
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
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")  # another run may fill the same cache
    crops = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=(len(frame), size, size, 3))

    def cut(row: int, file: str, box: Box | None) -> None:
        crops[row] = crop_square(decode(file).pixels, box, size)

    with ThreadPoolExecutor() as pool:
        jobs = pool.map(cut, range(len(frame)), frame["file"], _boxes(frame))
        for _ in tqdm(jobs, total=len(frame), desc="decoding", unit="picture", disable=quiet or None):
            pass
    crops.flush()
    partial.rename(target)

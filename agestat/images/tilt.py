"""Heads that are held aslant, or photos of them: cut upright, as the pictures that models learn from.

The detector tells by how much a large face is tilted. A small one of which it is not quite sure it is shown
again, enlarged (docs/performance.md).
"""

import numpy as np

from agestat.images.crop import crop_square
from agestat.images.detectors import Box
from agestat.images.faces import FaceDetector

LEAST = 15  # degrees: less is as good as upright
CLEAR = 0.92  # a face of that score is upright
LOOKED_AT, REACH = 160, 1.2  # pixels of an enlarged face and what is around it, and that in sides of the face
SMALLEST = 40  # pixels of a face: of smaller ones gender and age are told no better


def crop_upright(
    faces: FaceDetector, pixels: np.ndarray, box: Box, size: int, margin: float = 1.0
) -> np.ndarray:
    """As `crop_square`, with a face that is held aslant turned upright."""
    tilt = box.tilt
    if tilt is None and box.score < CLEAR and box.side >= SMALLEST:
        tilt = _enlarged(faces, pixels, box)
    return crop_square(pixels, box, size, margin, tilt if tilt and abs(tilt) >= LEAST else 0.0)


def _enlarged(faces: FaceDetector, pixels: np.ndarray, box: Box) -> float | None:
    """What the detector tells of a face when it sees it large."""
    middle = LOOKED_AT / 2
    found = [
        other for other in faces.look(crop_square(pixels, box, LOOKED_AT, REACH), 1)
        if other.x < middle < other.x + other.width and other.y < middle < other.y + other.height
    ]  # fmt: skip
    return max(found, key=lambda other: other.score).tilt if found else None

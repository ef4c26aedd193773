"""What a model is shown of a labelled picture: a crop of a face as a whole, of a photo its largest face."""

import numpy as np

from agestat.images.detectors import Box
from agestat.images.faces import FaceDetector

LARGEST_CROP = 256  # pixels: UTKFace's aligned crops have 200, FairFace's of margin 0.25 have 224 a side;
# those of margin 1.25 have 448, and there the face must be found


def is_face_crop(height: int, width: int) -> bool:
    """Whether a picture of that size is taken for a crop of a face: a square of at most `LARGEST_CROP`."""
    return height == width <= LARGEST_CROP


def find_face(pixels: np.ndarray, detector: FaceDetector) -> tuple[bool, Box | None]:
    """Whether ``(H, W, 3) uint8`` pixels show a face, and the largest; None for a crop of one as a whole."""
    if is_face_crop(*pixels.shape[:2]):
        return True, None
    boxes = detector.detect(pixels)
    return bool(boxes), boxes[0] if boxes else None

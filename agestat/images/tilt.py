"""Heads that are held aslant, or photos of them: cut upright, as the pictures that models learn from.

The detector gives no landmarks, but it is surer of an upright face. Only faces that it is not quite sure of
are looked at again, turned to both sides (docs/performance.md).
"""

import numpy as np
from PIL import Image

from agestat.images.detectors import Box
from agestat.images.faces import FaceDetector
from agestat.images.turns import CLEAR

SMALLEST = 40  # pixels of a face: of smaller ones gender and age are told no better
TILT = 30  # degrees
BETTER = 0.01  # what the score of a turned face must have above the one as it is
REACH = 1.3  # sides of a face from its middle: what is turned
LOOKED_AT = 128  # pixels of that


def upright(faces: FaceDetector, pixels: np.ndarray, box: Box) -> tuple[np.ndarray, Box]:
    """A picture and the box of a face in it: as they are, or what is around the face, turned upright."""
    if box.score >= CLEAR or box.side < SMALLEST:
        return pixels, box
    around = _around(pixels, box)
    small = around.resize((LOOKED_AT, LOOKED_AT), Image.Resampling.BILINEAR, reducing_gap=2.0)
    seen = {degrees: _in_the_middle(faces, small.rotate(degrees, Image.Resampling.BILINEAR))
            for degrees in (-TILT, TILT)}  # fmt: skip
    degrees = max(seen, key=lambda degrees: seen[degrees].score)
    if seen[degrees].score < box.score + BETTER:
        return pixels, box
    turned = np.asarray(around.rotate(degrees, Image.Resampling.BICUBIC))
    return turned, seen[degrees].scaled(around.width / LOOKED_AT)


def _around(pixels: np.ndarray, box: Box) -> Image.Image:
    """A square around a face, black beyond the picture."""
    x, y, reach = box.x + box.width / 2, box.y + box.height / 2, REACH * box.side
    return Image.fromarray(pixels).crop(
        (
            round(x - reach),
            round(y - reach),
            round(x - reach) + round(2 * reach),
            round(y - reach) + round(2 * reach),
        )
    )


def _in_the_middle(faces: FaceDetector, view: Image.Image) -> Box:
    """The surest face that holds the middle of a view; one of score 0 where there is none."""
    middle = view.width / 2
    found = [
        box for box in faces.look(np.asarray(view), 1)
        if box.x < middle < box.x + box.width and box.y < middle < box.y + box.height
    ]  # fmt: skip
    return max(found, key=lambda box: box.score, default=Box(0, 0, 1, 1, 0))

"""Heads that are held aslant, or photos of them: cut upright, as the pictures that models learn from.

The detector gives no landmarks, but it is surer of an upright face. Only faces that it is not quite sure of
are looked at again, turned to both sides (docs/performance.md).
"""

import numpy as np
from PIL import Image

from agestat.images.detectors import Box
from agestat.images.faces import FaceDetector

CLEAR = 0.92  # a face of that score is upright
SMALLEST = 40  # pixels of a face: of smaller ones gender and age are told no better
TILT = 30  # degrees
BETTER = 0.01  # what the score of a turned face must have above the one as it is
REACH = 1.3  # sides of a face from its middle: what is turned
SPARE = 1.5  # times the crop's pixels: what is turned is resampled once more
LOOKED_AT = 128  # pixels of that


def upright(faces: FaceDetector, pixels: np.ndarray, box: Box, crop_side: int) -> tuple[np.ndarray, Box]:
    """A picture and the box of a face in it: as they are, or what is around the face, turned upright and
    large enough for a crop of ``crop_side`` pixels."""
    if box.score >= CLEAR or box.side < SMALLEST:
        return pixels, box
    around = _around(pixels, box, round(2 * REACH * SPARE * crop_side))
    small = around.resize((LOOKED_AT, LOOKED_AT), Image.Resampling.BILINEAR, reducing_gap=2.0)
    both = Image.new("RGB", (2 * LOOKED_AT, LOOKED_AT))  # one look takes less than two
    for place, degrees in enumerate((-TILT, TILT)):
        both.paste(small.rotate(degrees, Image.Resampling.BILINEAR), (place * LOOKED_AT, 0))
    found = faces.look(np.asarray(both), 1)
    left, right = (_in_the_middle(found, place * LOOKED_AT) for place in (0, 1))
    degrees, best = (-TILT, left) if left.score > right.score else (TILT, right)
    if best.score < box.score + BETTER:
        return pixels, box
    turned = around.rotate(degrees, Image.Resampling.BICUBIC)
    return np.asarray(turned), best.scaled(around.width / LOOKED_AT)


def _around(pixels: np.ndarray, box: Box, most: int) -> Image.Image:
    """A square around a face of at most so many pixels, black beyond the picture."""
    height, width = pixels.shape[:2]
    reach = REACH * box.side
    x, y = box.x + box.width / 2 - reach, box.y + box.height / 2 - reach
    left, top = max(0, round(x)), max(0, round(y))
    right, bottom = min(width, round(x + 2 * reach)), min(height, round(y + 2 * reach))
    scale = min(1.0, most / (2 * reach))
    rows = pixels[top : bottom : max(1, int(1 / scale)), left:right]  # others need not be copied
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    part = Image.fromarray(rows).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    square = Image.new("RGB", (round(2 * reach * scale),) * 2)
    square.paste(part, (round((left - x) * scale), round((top - y) * scale)))
    return square


def _in_the_middle(found: list[Box], left: int) -> Box:
    """The surest face that holds the middle of the square view that begins there, in that view; one of score
    0 where there is none."""
    here = [box.moved(-left, 0) for box in found]
    middle = LOOKED_AT / 2
    holding = [
        box for box in here
        if box.x < middle < box.x + box.width and box.y < middle < box.y + box.height
    ]  # fmt: skip
    return max(holding, key=lambda box: box.score, default=Box(0, 0, 1, 1, 0))

"""Heads that are held aslant, or photos of them: cut upright, as the pictures that models learn from.

The detector gives no landmarks, but it is surer of an upright face. Only faces that it is not quite sure of
are looked at again, turned to both sides (docs/performance.md).
"""

import numpy as np
from PIL import Image

from agestat.images.crop import region
from agestat.images.detectors import Box
from agestat.images.faces import FaceDetector

CLEAR = 0.91  # a face of that score is upright
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
    around = _around(pixels, box)
    rows = around[:: max(1, len(around) // (2 * LOOKED_AT))]  # enough for a look
    small = Image.fromarray(rows).resize((LOOKED_AT, LOOKED_AT), Image.Resampling.BILINEAR, reducing_gap=2.0)
    both = Image.new("RGB", (2 * LOOKED_AT, LOOKED_AT))  # one look takes less than two
    for place, degrees in enumerate((-TILT, TILT)):
        both.paste(small.rotate(degrees, Image.Resampling.BILINEAR), (place * LOOKED_AT, 0))
    found = faces.look(np.asarray(both), 1)
    left, right = (_in_the_middle(found, place * LOOKED_AT) for place in (0, 1))
    degrees, best = (-TILT, left) if left.score > right.score else (TILT, right)
    if best.score < box.score + BETTER:
        return pixels, box
    image = Image.fromarray(around)
    most = round(2 * REACH * SPARE * crop_side)
    image.thumbnail((most, most), Image.Resampling.BICUBIC, reducing_gap=2.0)
    turned = image.rotate(degrees, Image.Resampling.BICUBIC)
    return np.asarray(turned), best.scaled(image.width / LOOKED_AT)


def _around(pixels: np.ndarray, box: Box) -> np.ndarray:
    """A square around a face."""
    reach = REACH * box.side
    left, top = round(box.x + box.width / 2 - reach), round(box.y + box.height / 2 - reach)
    side = round(2 * reach)
    return region(pixels, left, top, left + side, top + side)


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

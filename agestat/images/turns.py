"""Pictures that lie on a side or stand on their head without saying so: scanned albums, phones laid flat.

The detector is surer of upright faces. On 60 portraits (benchmarks/detection.py) the best score upright was
0.87 or more in 95 %, on a side at most 0.88, on the head at most 0.91, and always below the same face's
upright. Where it is sure of none it still has a guess at nearly every turned face, and at nothing in four of
five pictures without one: only such guesses are looked at again.
"""

from dataclasses import replace

import numpy as np
from PIL import Image

from agestat.images.decode import Decoded
from agestat.images.detectors import Box
from agestat.images.faces import RELIABLE, FaceDetector, View

CLEAR = 0.91  # a face of that score is upright
NOT_ON_ITS_SIDE = 0.88  # from there on it can only stand on its head
BETTER, SURE = 0.02, 0.8  # what another turn's score must have above the upright one, and at least
SMALL = 128  # pixels of the view of a face
_QUARTERS = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}
AROUND, GUESSED = 2.0, 4.0  # sides of a face's box, and of a guess: what is looked at of its picture


def best_turn(faces: FaceDetector, views: list[View], guesses: list[Box]) -> int:
    """Quarter turns counterclockwise (`numpy.rot90`) that make a picture upright; ``views`` are those of it
    and ``guesses`` what may be a face in it as it is, however low its score. 0 unless another turn is clearly
    better."""
    best = max(guesses, key=lambda box: (box.score, box.side), default=None)
    if best is None or best.score >= CLEAR:
        return 0
    view = _around(views, best, AROUND if best.score >= faces.min_score else GUESSED)
    turns = (2,) if best.score >= NOT_ON_ITS_SIDE else (1, 2, 3)
    score, turn = _surest(faces, view, turns)
    return turn if score >= max(SURE, best.score + BETTER) else 0


def _around(views: list[View], box: Box, sides: float) -> Image.Image:
    """What is around a face as a square of `SMALL` pixels, from the coarsest view that shows it so large:
    always one shape, since the detector has to prepare itself for each."""
    fine_enough = [view for view in views if sides * box.side * view.scale >= SMALL]
    pixels, scale = fine_enough[-1] if fine_enough else views[0]
    box = box.scaled(scale)
    reach = sides * box.side / 2
    x, y = box.x + box.width / 2, box.y + box.height / 2
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    part = Image.fromarray(pixels[top : int(y + reach) + 1, left : int(x + reach) + 1])
    if (factor := max(part.size) // SMALL) > 1:
        part = part.reduce(factor)
    part.thumbnail((SMALL, SMALL), Image.Resampling.NEAREST)  # a tenth of the time of others, and as good
    square = Image.new("RGB", (SMALL, SMALL))
    square.paste(part)
    return square


def _surest(faces: FaceDetector, view: Image.Image, turns: tuple[int, ...]) -> tuple[float, int]:
    """The best score of a face in a square view after such turns, and the turn. One look takes less than
    several."""
    row = Image.new("RGB", (SMALL * len(turns), SMALL))
    for place, turn in enumerate(turns):
        row.paste(view.transpose(_QUARTERS[turn]), (SMALL * place, 0))
    found = faces.look(np.asarray(row), 1)
    scores = [
        (box.score, turns[int(box.x + box.width / 2) // SMALL])
        for box in found
        if box.side >= RELIABLE and 0 <= box.x + box.width / 2 < SMALL * len(turns)
    ]
    return max(scores, default=(0.0, 0))


def turned(picture: Decoded, turn: int) -> Decoded:
    """A picture after quarter turns counterclockwise."""
    if not turn:
        return picture
    width, height = (picture.height, picture.width) if turn % 2 else (picture.width, picture.height)
    pixels = np.ascontiguousarray(np.rot90(picture.pixels, turn))
    return replace(picture, pixels=pixels, width=width, height=height)


def turned_back(box: Box, turn: int, width: int, height: int) -> Box:
    """A face of a picture that was turned so, in the picture as it was, of that width and height."""
    x, y, w, h = box[:4]
    place = {
        0: (x, y, w, h),
        1: (width - y - h, x, h, w),
        2: (width - x - w, height - y - h, w, h),
        3: (y, height - x - w, h, w),
    }[turn]
    return Box(*place, box.score)

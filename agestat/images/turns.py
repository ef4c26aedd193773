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
from agestat.images.faces import RELIABLE, FaceDetector

CLEAR = 0.92  # a face of that score is upright
NOT_ON_ITS_SIDE = 0.88  # from there on it can only stand on its head
BETTER, SURE = 0.02, 0.8  # what another turn's score must have above the upright one, and at least
SMALL = 160  # pixels of the view of a face
AROUND, GUESSED = 2.0, 4.0  # sides of a face's box, and of a guess: what is looked at of its picture


def best_turn(faces: FaceDetector, pixels: np.ndarray, guesses: list[Box]) -> int:
    """Quarter turns counterclockwise (`numpy.rot90`) that make a picture upright; ``guesses`` is what may be
    a face in it as it is, however low its score. 0 unless another turn is clearly better."""
    best = max(guesses, key=lambda box: (box.score, box.side), default=None)
    if best is None or best.score >= CLEAR:
        return 0
    view = _small(_around(pixels, best, AROUND if best.score >= faces.min_score else GUESSED))
    turns = (2,) if best.score >= NOT_ON_ITS_SIDE else (1, 2, 3)
    scores = {turn: _score(faces, np.rot90(view, turn)) for turn in turns}
    turn = max(scores, key=lambda turn: scores[turn])
    return turn if scores[turn] >= max(SURE, best.score + BETTER) else 0


def _around(pixels: np.ndarray, box: Box, sides: float) -> np.ndarray:
    reach = sides * box.side / 2
    x, y = box.x + box.width / 2, box.y + box.height / 2
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    return pixels[top : int(y + reach) + 1, left : int(x + reach) + 1]


def _small(view: np.ndarray) -> np.ndarray:
    height, width = view.shape[:2]
    scale = min(1.0, SMALL / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(np.ascontiguousarray(view))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def _score(faces: FaceDetector, view: np.ndarray) -> float:
    found = faces.look(np.ascontiguousarray(view), 1)
    return max((box.score for box in found if box.side >= RELIABLE), default=0.0)


def turned(picture: Decoded, turn: int) -> Decoded:
    """A picture after quarter turns counterclockwise."""
    if not turn:
        return picture
    width, height = (picture.height, picture.width) if turn % 2 else (picture.width, picture.height)
    pixels = np.ascontiguousarray(np.rot90(picture.pixels, turn))
    return replace(picture, pixels=pixels, width=width, height=height)


def turned_back(box: Box, turn: int, width: int, height: int) -> Box:
    """A face of a picture that was turned so, in the picture as it was, of that width and height."""
    x, y, w, h, score = box
    return {
        0: box,
        1: Box(width - y - h, x, h, w, score),
        2: Box(width - x - w, height - y - h, w, h, score),
        3: Box(y, height - x - w, h, w, score),
    }[turn]

"""From a file to its faces and their crops: two views, the right way up, closer where that finds more."""

from dataclasses import dataclass

import numpy as np

from agestat.images.decode import Decoded, decode
from agestat.images.detectors import Box
from agestat.images.faces import RELIABLE, VIEWS, FaceDetector, overlap, views
from agestat.images.reduced import MAX_PIXELS
from agestat.images.tiles import HUGE, asks_for_tiles, look_closer
from agestat.images.tilt import crop_upright
from agestat.images.turns import best_turn, turned, turned_back

TILES = ("auto", "off", "always")
# Longer side of what is decoded first, pixels: most faces are then large enough for the network, and a JPEG
# need not be decoded once more for their crops.
DECODED = 2 * max(VIEWS)
LEAST_SEEN = 0.9  # of a face's box in a picture that was read in part


@dataclass(frozen=True)
class Seen:
    """The faces of a picture: boxes in pixels of the whole picture as it is shown, largest first, and their
    ``(S, S, 3) uint8`` crops; how many more were too small; by how many degrees it was turned clockwise to
    find them; whether tiles were looked at, and whether a limit left some of it unseen. ``small`` is the
    smallest view of the picture."""

    picture: Decoded
    small: np.ndarray
    boxes: list[Box]
    crops: list[np.ndarray]
    left_out: int
    turn: int
    in_tiles: bool
    is_limited: bool


def see(
    source: str | bytes, *, min_score: float, min_face: int, tiles: str, crop_side: int, margin: float
) -> Seen:
    """Find and cut every face of at least ``min_face`` pixels. Raises `DecodeError`."""
    detector = FaceDetector(min_score)
    stored = decode(source, min_side=DECODED)
    seen = views(stored.pixels)
    guesses = detector.guess(seen)
    turn = best_turn(detector, seen, guesses)
    picture = turned(stored, turn)
    found = detector.detect(picture.pixels) if turn else detector.sure(guesses)
    found = _scaled(found, 1 / picture.scale)
    in_tiles = tiles == "always" or (
        tiles == "auto" and asks_for_tiles(detector, found, picture.width, picture.height)
    )
    is_limited = False
    if in_tiles:
        side, is_limited = _largest(picture, min_face)
        picture = turned(decode(source, min_side=side), turn)
        smallest = round(min_face * picture.scale)
        near = _scaled(found, picture.scale)
        is_huge = max(picture.width, picture.height) > HUGE
        closer = look_closer(detector, picture.pixels, near, smallest, tiles == "always", is_huge)
        found, is_limited = _scaled(closer.boxes, 1 / picture.scale), is_limited or closer.is_limited
    as_shown = {box: turned_back(box, turn, stored.width, stored.height) for box in found}
    found = [box for box in found if _is_there(as_shown[box], stored)]
    boxes = [box for box in found if box.side >= min_face]
    if boxes:
        scale = min(1.0, crop_side / min(box.side for box in boxes))
        if picture.scale < scale:
            side = min(-int(-scale * max(picture.width, picture.height) // 1), _most(picture))
            picture = turned(decode(source, min_side=side), turn)
    near = _scaled(boxes, picture.scale)
    crops = [crop_upright(detector, picture.pixels, box, crop_side, margin) for box in near]
    shown, small = [as_shown[box] for box in boxes], seen[-1].pixels
    return Seen(stored, small, shown, crops, len(found) - len(boxes), -90 * turn % 360, in_tiles, is_limited)


def _scaled(boxes: list[Box], factor: float) -> list[Box]:
    return [box.scaled(factor) for box in boxes]


def _largest(picture: Decoded, min_face: int) -> tuple[int, bool]:
    """The longer side at which the smallest wanted face is large enough, or as large as may be decoded."""
    longest = max(picture.width, picture.height)
    wanted = round(longest * min(1.0, RELIABLE / max(min_face, 1)))
    most = _most(picture)
    return min(wanted, most), most < wanted


def _most(picture: Decoded) -> int:
    """The longer side at which a picture may be decoded."""
    reduction = next(r for r in (1, 2, 4, 8) if picture.width * picture.height <= MAX_PIXELS * r * r)
    return max(picture.width, picture.height) // reduction


def _is_there(box: Box, picture: Decoded) -> bool:
    """Whether a face lies in what was read of a picture."""
    if picture.there is None:
        return True
    width, height = picture.width, picture.height
    left, top, right, bottom = picture.there
    read = Box(left * width, top * height, (right - left) * width, (bottom - top) * height, 1)
    return overlap(box, read) >= LEAST_SEEN * overlap(box, Box(0, 0, width, height, 1))

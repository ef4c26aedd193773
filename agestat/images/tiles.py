"""Small faces of large pictures: tiles at growing scales, as far as they find something."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from agestat.images.detectors import Box
from agestat.images.faces import RELIABLE, VIEWS, FaceDetector, distinct, shared

SIDE = VIEWS[-1]  # pixels of a tile
SHARED = 128  # pixels that neighbours share: a face of that size lies whole in one of them
STEP = 2  # between scales of two levels: a face that no tile holds was whole in one of the level before
LONG = 3  # times as long as wide: in one view of such a picture no face is large enough
HUGE = 10 * SIDE  # pixels of the longer side: two views miss faces there that nobody overlooks
DEEPER = 4  # times the larger view, down to which a huge picture is looked at in any case
CROWD = 3  # faces near the limit of what a level sees: there may be more beyond it
NEAR = 2  # times that limit
SAME = 0.2  # of the smaller box: a loose box of a small face, and the one that a closer look gave
FULL = 0.75  # of the faces that the detector can tell of: it may have seen more
MOST_TILES = 300  # a picture: ten to twenty seconds of one core

Area = tuple[int, int, int, int]  # left, top, right, bottom in pixels


class Closer(NamedTuple):
    """Faces in pixels of the picture, largest first; whether a limit left some tile unseen."""

    boxes: list[Box]
    is_limited: bool


def asks_for_tiles(faces: FaceDetector, found: list[Box], width: int, height: int) -> bool:
    """Whether the first look at a picture of that size, which found these, may have missed small faces."""
    longest = max(width, height)
    if longest <= SIDE:
        return _is_full(faces, found)
    is_shaped_so = _is_long(width, height) or longest > HUGE
    return is_shaped_so or _is_full(faces, found) or _is_crowd(found, SIDE / longest)


def look_closer(
    faces: FaceDetector,
    pixels: np.ndarray,
    found: list[Box],
    min_face: int,
    always: bool = False,
    is_huge: bool = False,
) -> Closer:
    """Look at tiles, level by level, for faces down to ``min_face`` pixels of ``pixels``.

    ``found`` is what the first look found. A level follows where the one before found several faces near
    its limit; in a long picture, or ``always``, all of them; in one that ``is_huge`` the first two or so.
    """
    height, width = pixels.shape[:2]
    is_wanted = always or _is_long(width, height) or _is_full(faces, found)
    boxes, budget, scale = found, MOST_TILES, min(1.0, SIDE / max(width, height))
    for finer in _levels(max(width, height), min_face):
        is_first = is_huge and finer * max(width, height) <= DEEPER * SIDE
        if not (is_wanted or is_first or _is_crowd(boxes, scale)):
            break
        areas = list(_areas((0, 0, width, height), finer))
        budget -= len(areas)
        if budget < 0:
            return Closer(boxes, True)
        new = [box for area in areas for box in _tile(faces, pixels, finer, area)]
        loose = RELIABLE / scale
        kept = [b for b in boxes if b.side >= loose or all(shared(b, other) < SAME for other in new)]
        boxes, scale = distinct(kept + new), finer
    return Closer(boxes, False)


def _levels(longest: int, min_face: int) -> list[float]:
    """Scales, each twice the one before, up to where the smallest wanted face is large enough."""
    scales = [min(1.0, RELIABLE / max(min_face, 1))]
    while scales[0] > STEP * SIDE / longest:
        scales.insert(0, scales[0] / STEP)
    return scales


def _areas(area: Area, scale: float, side: int = SIDE) -> Iterator[Area]:
    """An area as tiles of at most ``side`` pixels at that scale, which share their borders."""
    rows, columns = _parts(area[1], area[3], scale, side), _parts(area[0], area[2], scale, side)
    for (top, bottom), (left, right) in product(rows, columns):
        yield left, top, right, bottom


def _parts(start: int, end: int, scale: float, side: int) -> list[tuple[int, int]]:
    length, step = min(round(side / scale), end - start), round((side - SHARED) / scale)
    last = end - length
    starts = np.linspace(start, last, 1 + -(-(last - start) // step)).round().astype(int)
    return [(first, first + length) for first in starts.tolist()]


def _tile(
    faces: FaceDetector, pixels: np.ndarray, scale: float, area: Area, side: int = SIDE
) -> Iterator[Box]:
    """Faces of one tile that its borders do not cut; of its quarters where they are too many for one view."""
    found = faces.look(pixels, scale, area)
    if _is_full(faces, found) and side > 2 * SHARED:
        half = (side + SHARED) // 2
        for quarter in _areas(area, scale, half):
            yield from _tile(faces, pixels, scale, quarter, half)
        return
    height, width = pixels.shape[:2]
    left, top, right, bottom = area
    edge = 1 / scale
    for box in found:
        is_cut_across = (left and box.x <= left + edge) or (
            right < width and box.x + box.width >= right - edge
        )
        is_cut_down = (top and box.y <= top + edge) or (
            bottom < height and box.y + box.height >= bottom - edge
        )
        if not (is_cut_across or is_cut_down):
            yield box


def _is_long(width: int, height: int) -> bool:
    return max(width, height) > max(SIDE, LONG * min(width, height))


def _is_crowd(boxes: list[Box], scale: float) -> bool:
    return sum(box.side < NEAR * RELIABLE / scale for box in boxes) >= CROWD


def _is_full(faces: FaceDetector, boxes: list[Box]) -> bool:
    return len(boxes) >= FULL * faces.detector.most

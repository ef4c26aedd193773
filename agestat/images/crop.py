"""The one way to cut a square crop: training pictures and scanned faces go through the same code."""

import math

import numpy as np
from PIL import Image

from agestat.images.detectors import Box

_REACH = 3  # source pixels kept around the square for the filter's support
_FINER = 1.5  # pixels that are kept for each of a turned crop


def crop_square(
    pixels: np.ndarray, box: Box | None, size: int, margin: float = 1.0, degrees: float = 0.0
) -> np.ndarray:
    """Cut a square out of a picture and resample it with antialiasing.

    ``pixels`` is ``(H, W, 3) uint8``. The square is centred on ``box`` and its side is the box's longer side
    times ``margin``; what it shows is turned counterclockwise by ``degrees`` about its middle. Beyond the
    picture's borders the edge is repeated. Without a box the whole picture is squeezed into the square, so
    that nobody at its side is cut off. Returns ``(size, size, 3) uint8``.
    """
    if box is None:
        return _resample(pixels, size)
    side = max(box.width, box.height, 1.0) * margin
    if degrees:
        return _turned(pixels, box.x + box.width / 2, box.y + box.height / 2, side, size, degrees)
    left, top = box.x + (box.width - side) / 2, box.y + (box.height - side) / 2
    x0, y0 = math.floor(left) - _REACH, math.floor(top) - _REACH
    x1, y1 = math.ceil(left + side) + _REACH, math.ceil(top + side) + _REACH
    return _resample(
        _region(pixels, x0, y0, x1, y1), size, (left - x0, top - y0, left - x0 + side, top - y0 + side)
    )


def _resample(
    pixels: np.ndarray, size: int, area: tuple[float, float, float, float] | None = None
) -> np.ndarray:
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=area, reducing_gap=3.0))


def _turned(pixels: np.ndarray, x: float, y: float, side: float, size: int, degrees: float) -> np.ndarray:
    """The square of that side around ``x, y``, turned: reduced by a whole number, then transformed."""
    reach = side / math.sqrt(2) + _REACH
    x0, y0 = math.floor(x - reach), math.floor(y - reach)
    around = Image.fromarray(_region(pixels, x0, y0, math.ceil(x + reach), math.ceil(y + reach)))
    factor = max(1, int(side / (_FINER * size)))
    if factor > 1:
        around = around.reduce(factor)
    x, y, step = (x - x0) / factor, (y - y0) / factor, side / factor / size
    across, down = step * math.cos(math.radians(degrees)), step * math.sin(math.radians(degrees))
    half = size / 2
    matrix = (across, -down, x - half * (across - down), down, across, y - half * (across + down))
    return np.asarray(
        around.transform((size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    )


def _region(pixels: np.ndarray, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    """``pixels[y0:y1, x0:x1]`` with the edge repeated where that leaves the picture."""
    height, width = pixels.shape[:2]
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        return np.ascontiguousarray(pixels[y0:y1, x0:x1])
    part = pixels[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    if part.size:
        beyond = (max(-y0, 0), max(y1 - height, 0)), (max(-x0, 0), max(x1 - width, 0)), (0, 0)
        return np.pad(part, beyond, mode="edge")
    rows = np.clip(np.arange(y0, y1), 0, height - 1)
    columns = np.clip(np.arange(x0, x1), 0, width - 1)
    return pixels[rows[:, None], columns[None, :]]

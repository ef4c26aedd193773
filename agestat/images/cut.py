"""Pictures whose end is missing: what of them is there, as rows or as a part."""

import io
import re
from typing import BinaryIO

import numpy as np
from PIL import Image

from agestat.images import exif, jpeg
from agestat.images.reasons import DecodeError

LEAST_PART = 0.5  # of a picture: with less the file has failed
# Formats whose decoders write row by row: what was written before the bytes ended is there.
_BY_ROWS = ("PNG", "BMP", "DIB", "TIFF", "PPM", "GIF")
# What they say of it: libtiff has but one word for all that goes wrong with a strip of rows.
_ENDS_EARLY = re.compile("truncated|decoder error -2")
_LAST = 16  # bytes: a few blocks of one colour
_NEUTRAL = 128  # libjpeg's level of what was never coded


def load(image: Image.Image) -> tuple[int, int] | None:
    """Load the pixels; of a file that ends early the first and one past the last row that were there."""
    is_interlaced = bool(image.info.get("interlace")) or _is_interlaced_gif(image)
    if image.format == "PNG":
        image.decoderconfig = ()  # type: ignore[attr-defined]  # Pillow adds to it each time that it tries
    try:
        image.load()
        return None
    except OSError as error:
        if not _ENDS_EARLY.search(str(error)) or image.format not in _BY_ROWS:
            raise
        image.tile = []  # type: ignore[attr-defined]  # what was decoded so far is the picture
        blank = image.info.get("transparency") if image.format == "GIF" else None
        written = np.asarray(image).reshape(image.height, image.width, -1) != (blank or 0)
        if is_interlaced:
            return _all_rows(image, written.any(axis=2))
        rows = np.flatnonzero(written.any(axis=(1, 2)))
        if not len(rows):
            raise
        return int(rows[0]), int(rows[-1]) + 1


def _is_interlaced_gif(image: Image.Image) -> bool:
    tiles = getattr(image, "tile", None) or []
    return image.format == "GIF" and any(tile[3][1] for tile in tiles)


def _all_rows(image: Image.Image, written: np.ndarray) -> tuple[int, int]:
    """GIF and PNG keep odd rows for the last pass: where they are missing the row above stands for them.

    Raises `DecodeError` where the pass before has not come to its end.
    """
    before = len(written) - 1 - (len(written) - 3) % 4  # the last of rows 2, 6, 10, ...
    if not written[before, 1::2].any():
        raise DecodeError("truncated")
    for row in np.flatnonzero(~written.any(axis=1)).tolist():
        if row % 2:
            image.paste(image.crop((0, row - 1, image.width, row)), (0, row))
    return 0, image.height


def ends_early(file: BinaryIO, rgb: Image.Image) -> bool:
    """Whether a sequential JPEG that was read whole has its end mark before its last rows, as interrupted
    programs and damaged cards leave it. Such rows are of the level of what was never coded. Where they are
    coded so, the last bytes hold nothing else, and all other rows are the same without them."""
    if rgb.crop((0, rgb.height - 1, *rgb.size)).getextrema() != ((_NEUTRAL, _NEUTRAL),) * 3:
        return False
    file.seek(0)
    data = file.read()
    frame = jpeg.frame(data)
    if frame is None or frame.code in jpeg.PROGRESSIVE:  # whose last bytes are about the whole picture
        return False
    start = max((end for _, _, end in jpeg.segments(data)), default=0)
    end = data.find(jpeg.END, start)
    shorter = data[: max(start, end - _LAST)] + jpeg.END
    with Image.open(io.BytesIO(shorter), formats=["JPEG"]) as image:
        image.draft(None, rgb.size)
        pixels = np.asarray(rgb)
        differs = np.asarray(image.convert("RGB")) != pixels
    return bool((differs & (pixels != _NEUTRAL)).any())


def coded(pixels: np.ndarray) -> int:
    """Rows of a JPEG down to the last whose right end is not of the level of what was never coded."""
    end = pixels[:, -(pixels.shape[1] // 32 + 1) :]
    rows = np.flatnonzero((end != _NEUTRAL).any(axis=(1, 2)))
    return int(rows[-1]) + 1 if len(rows) else 0


def there(rows: tuple[int, int], height: int, turn: int) -> tuple[float, float, float, float]:
    """Rows of a stored picture as a rectangle of the upright one. Raises `DecodeError` if they are few."""
    first, last = rows[0] / height, rows[1] / height
    if last - first < LEAST_PART:
        raise DecodeError("truncated")
    if turn in (3, 4, 6, 7):  # the last row becomes the top or the left
        first, last = 1 - last, 1 - first
    return (first, 0, last, 1) if turn in exif.SIDEWAYS else (0, first, 1, last)


def equal(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float, float]:
    """The part, from one edge on, in which two pictures are the same. Raises `DecodeError` if it is small."""
    differs = (a != b).any(axis=2)
    if not differs.any():
        return 0, 0, 1, 1
    top, bottom = _clean_ends(differs.any(axis=1))
    left, right = _clean_ends(differs.any(axis=0))
    parts = {top: (0.0, 0.0, 1.0, top), bottom: (0.0, 1 - bottom, 1.0, 1.0),
             left: (0.0, 0.0, left, 1.0), right: (1 - right, 0.0, 1.0, 1.0)}  # fmt: skip
    if max(parts) < LEAST_PART:
        raise DecodeError("truncated")
    return parts[max(parts)]


def _clean_ends(differs: np.ndarray) -> tuple[float, float]:
    """Parts of a row, from its beginning and from its end, in which nothing differs."""
    return float(np.argmax(differs)) / len(differs), float(np.argmax(differs[::-1])) / len(differs)

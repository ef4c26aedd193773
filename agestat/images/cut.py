"""Pictures whose end is missing: what of them is there, as rows or as a part."""

import io
import os
import re
import struct
from typing import BinaryIO

import numpy as np
from PIL import Image

from agestat.images import exif, jpeg
from agestat.images.filler import FILLED
from agestat.images.reasons import DecodeError

LEAST_PART = 0.5  # of a picture: with less the file has failed
# Formats whose decoders write row by row: what was written before the bytes ended is there.
_BY_ROWS = ("PNG", "BMP", "DIB", "TIFF", "PPM", "GIF")
# What they say of it: libtiff has but one word for all that goes wrong with a strip of rows.
_ENDS_EARLY = re.compile("truncated|decoder error -2")
_LAST = 16  # bytes: a few blocks of one colour
_AS_IT_IS = ("BMP", "DIB", "TIFF", "PPM")
_TILE_LENGTH = 323  # TIFF: rows that are written together
_BLOCK, _CHANCE = 512, 16  # bytes on disks, and zeros that a picture may have before the end of one
_NEUTRAL = 128  # libjpeg's level of what was never coded


def load(image: Image.Image, file: BinaryIO) -> tuple[int, int] | None:
    """Load the pixels; of a file that ends early the first and one past the last row that were there.

    Copies that reserve their place first leave zeros where the end is missing, and of pictures that are
    stored as they are zeros are colours.
    """
    is_interlaced = bool(image.info.get("interlace")) or _is_interlaced_gif(image)
    if image.format == "PNG":
        image.decoderconfig = ()  # type: ignore[attr-defined]  # Pillow adds to it each time that it tries
    tiles = getattr(image, "tile", None) or []
    is_upwards = image.format in ("BMP", "DIB") and [tile[3][-1] for tile in tiles] == [-1]
    try:
        image.load()
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
    if image.format in _AS_IT_IS and _ends_in_zeros(file):
        return _written(image, file, is_upwards=is_upwards)
    return None


def has_lost_directory(file: BinaryIO) -> bool:
    """Whether what tells the sizes of a TIFF, which may stand behind its rows, is missing."""
    file.seek(0)
    head = file.read(16)
    where, number = (head[8:], "Q") if head[2:4] in (b"+\0", b"\0+") else (head[4:8], "I")
    (offset,) = struct.unpack(("<" if head[:2] == b"II" else ">") + number, where)
    file.seek(min(offset, file.seek(0, os.SEEK_END)))
    return not any(file.read(8))


def _ends_in_zeros(file: BinaryIO) -> bool:
    file.seek(-min(FILLED, file.seek(0, os.SEEK_END)), os.SEEK_END)
    return not any(file.read())


def _written(image: Image.Image, file: BinaryIO, *, is_upwards: bool) -> tuple[int, int] | None:
    """The first and one past the last row of a picture of zeros from there on, None where it is black there.

    It is not whole where the zeros begin amid a row, though the row before goes on, or at a block of a disk.
    """
    pixels = np.asarray(image).reshape(image.height, image.width, -1)[:: -1 if is_upwards else 1]
    blank = (pixels == pixels[-1, -1]).all(axis=2)
    rows = np.flatnonzero(~blank.all(axis=1))
    if not len(rows) or rows[-1] == image.height - 1:
        return None
    last, tile = int(rows[-1]), getattr(image, "tag_v2", {}).get(_TILE_LENGTH, 1)
    here, before = blank[last], blank[max(last - tile, 0)]
    end = int(np.flatnonzero(~here)[-1]) + 1
    if end < image.width:
        last -= 1
        is_cut = before[end:].mean() < 0.5 and here[:end].mean() < (1 + before[:end].mean()) / 2
    else:
        file.seek(0)
        is_cut = -len(file.read().rstrip(b"\0")) % _BLOCK < _CHANCE
    if not is_cut:
        return None
    return (image.height - 1 - last, image.height) if is_upwards else (0, last + 1)


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

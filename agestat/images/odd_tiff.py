"""TIFFs that Pillow misreads or does not know: planes of 16 bits, floats, 64 bits, rare compressions."""

import io
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin

from agestat.images.modes import BITS, stretched
from agestat.images.reasons import ODD_TIFF, TOO_LARGE, DecodeError

_PLANAR = 284  # PlanarConfiguration: 2 where each colour stands apart


def is_misread(image: Image.Image) -> bool:
    """Whether Pillow would take planes of 16 bits for something else, without a word."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_PLANAR) == 2 and max(tags.get(BITS, (8,))) > 8


def is_odd(file: BinaryIO) -> bool:
    """Whether a TIFF is whole as far as Pillow sees, which only does not know such pixels or their
    compression."""
    file.seek(0)
    try:
        TiffImagePlugin.TiffImageFile(file)
    except SyntaxError as error:
        return "pixel mode" in str(error) or str(error).isdecimal()  # the number of a compression
    except Exception:
        return False
    return False


def read_odd(file: BinaryIO, most_pixels: int) -> Image.Image:
    """The first page as grey or RGB of 8 bits. Raises `DecodeError` without the extra ``agestat[tiff]``."""
    try:
        from tifffile import TiffFile
    except ImportError:
        raise DecodeError(ODD_TIFF) from None
    file.seek(0)
    with TiffFile(io.BytesIO(file.read())) as tiff:
        page = tiff.pages.first
        if page.imagewidth * page.imagelength > most_pixels:
            raise DecodeError(TOO_LARGE)
        values = page.asarray()
        if page.axes.startswith("S"):  # planes
            values = np.moveaxis(values, 0, -1)
        is_negative = page.photometric == 0
    if values.ndim == 3:
        values = values[..., :3] if values.shape[2] >= 3 else values[..., 0]
    values = (values >> 8).astype(np.uint8) if values.dtype == np.uint16 else stretched(values)
    image = Image.fromarray(np.ascontiguousarray(values))
    return ImageOps.invert(image) if is_negative else image

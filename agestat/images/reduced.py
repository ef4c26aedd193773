"""Pictures larger than needed, or than there is memory for, decoded smaller where their format allows it."""

from typing import BinaryIO

from PIL import Image

from agestat.images.modes import to_rgb
from agestat.images.reasons import TOO_LARGE, DecodeError

MAX_PIXELS = 100_000_000  # of what is decoded: 300 MB of RGB
# As stored. Cameras make 200 million; a progressive JPEG keeps the coefficients of all pixels, here 1.8 GB.
MAX_STORED = 300_000_000
_MAX_GREY = 2 * MAX_PIXELS  # bytes: whole pages of newspapers, which are halved before they become RGB
_HALVINGS = 3  # at most, as of a JPEG
_HEAD = 1 << 16  # bytes in which a JPEG 2000 says how often it can be halved
_START, _STYLE = b"\xff\x4f\xff\x51", b"\xff\x52"  # of its codestream, and of the coding style in it


def draft(image: Image.Image, file: BinaryIO, min_side: int | None) -> bool:
    """Before an image is loaded: let a JPEG or JPEG 2000 come reduced by 2, 4 or 8 as long as its longer side
    keeps ``min_side`` pixels. Returns whether `halved` is to follow. Raises `DecodeError` if it is too large.
    """
    width, height = image.size
    if width * height > MAX_STORED:
        raise DecodeError(TOO_LARGE)
    longest, pixels = max(image.size), width * height
    if min_side and image.format in ("JPEG", "MPO"):
        wanted = min(min_side, longest)
        image.draft(None, (-(-width * wanted // longest), -(-height * wanted // longest)))
        pixels = image.width * image.height
    elif image.format == "JPEG2000":
        levels = range(min(_levels(file), _HALVINGS) + 1)
        enough = [n for n in levels if not n or (min_side and longest >> n >= min_side)]
        fitting = [n for n in levels if pixels >> 2 * n <= MAX_PIXELS]
        power = max(enough[-1], fitting[0] if fitting else 0)
        image.reduce, pixels = power, pixels >> 2 * power  # type: ignore[assignment,method-assign]
    is_grey = image.mode in ("1", "L") and image.format not in ("JPEG", "MPO")
    if pixels > (_MAX_GREY if is_grey else MAX_PIXELS):
        raise DecodeError(TOO_LARGE)
    return pixels > MAX_PIXELS


def halved(image: Image.Image) -> Image.Image:
    """A grey image that was loaded, as RGB of half its sides."""
    return to_rgb((image if image.mode == "L" else image.convert("L")).reduce(2))


def _levels(file: BinaryIO) -> int:
    """How often a JPEG 2000 can be halved: its wavelet transforms (ISO 15444-1, A.6.1)."""
    file.seek(0)
    head = file.read(_HEAD)
    start = head.find(_START)
    style = head[head.find(_STYLE, start) :] if start >= 0 else b""
    return style[9] if style.startswith(_STYLE) and len(style) > 9 else 0

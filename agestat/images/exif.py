"""What cameras write beside the pixels: which side is up, when, and with what."""

import struct
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

from agestat.images.times import is_believable, read_time

_TAKEN = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized, ExifTags.Base.DateTime)

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = {5, 6, 7, 8}


def read(image: Image.Image) -> dict[int, Any]:
    """Main and Exif directories as one; an absurd block is as good as none."""
    try:
        exif = image.getexif()
        return {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, OverflowError):
        return {}


def orientation(exif: Mapping[int, Any]) -> int:
    """1 to 8 as in TIFF 6.0, whatever type the tag was written in; 1 if it says nothing."""
    value = exif.get(ExifTags.Base.Orientation)
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    if isinstance(value, bytes):
        value = value.strip(b"\0") if value[:1].isdigit() else next(filter(None, value), None)
    try:
        number = int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return 1
    return number if number in UPRIGHT else 1


def taken_at(exif: Mapping[int, Any]) -> tuple[str | None, bool]:
    """The camera's clock, see `agestat.images.times`, and whether one was told that is not to be believed."""
    told = list(filter(None, (read_time(_text(exif.get(tag))) for tag in _TAKEN)))
    believed = next(filter(is_believable, told), None)
    return believed, bool(told) and believed is None


def _text(value: object) -> str:
    """A tag of text, also where it was written as bytes or as several texts."""
    if isinstance(value, tuple | list):
        value = bytes(value) if all(isinstance(v, int) and v < 256 for v in value) else next(iter(value), "")
    return value.decode("latin-1") if isinstance(value, bytes) else str(value or "")


def camera(exif: Mapping[int, Any]) -> str | None:
    """Maker and model, said once: "Canon EOS 5D", not "Canon Canon EOS 5D"."""
    make, model = (_words(exif.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    first = make.split(" ")[0].lower()
    return (model if first and model.lower().startswith(first) else f"{make} {model}".strip()) or None


def _words(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:64]).split())

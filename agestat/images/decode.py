"""Bytes to upright RGB, no larger than needed, or a reason in words why not."""

import errno
import io
import os
import re
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from agestat.errors import AgestatError

FORMATS = ["JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF"]
NOT_REGULAR = "not a regular file"
UNSUPPORTED = "unsupported format"
# Reasons that lie in the bytes: the same bytes will fail again. All others are worth another try.
LASTING = frozenset({"damaged", "truncated", "not a picture", "empty file", "too many pixels", UNSUPPORTED})
# JPEG 2000, JPEG XL, Photoshop and the raw files of cameras that do not begin as TIFF.
_OTHERS = re.compile(
    rb"\0\0\0\x0c(jP  |JXL )|\xff\x4f\xff\x51|\xff\x0a|8BPS|FUJIFILM|IIR[OS]|MMOR|IIU\0|.{4}ftypcrx ", re.S
)
MAX_PIXELS = 100_000_000  # after JPEG reduction: 300 MB of RGB
# Before it. Cameras make 200 million; a progressive JPEG keeps the coefficients of all pixels, here 1.8 GB.
MAX_JPEG_PIXELS = 300_000_000

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}
WHITE_IS = 262  # TIFF's PhotometricInterpretation: 0 says that zero is white
BITS, SAMPLE_FORMAT = 258, 339  # TIFF's BitsPerSample, and 1 where they are unsigned
FIRST_PHOTO = 1826  # earlier years are what cameras write that have no clock
_TAKEN = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized, ExifTags.Base.DateTime)

try:
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)
    FORMATS.append("HEIF")
except ImportError:
    pass  # the extra agestat[heic] is not installed


class DecodeError(AgestatError):
    """A file that gives no picture. The text is a short reason in words, the same for the same cause."""


@dataclass(frozen=True)
class Decoded:
    """An upright picture, possibly reduced.

    ``pixels`` is ``(H, W, 3) uint8`` RGB; ``width`` and ``height`` are the whole picture's, in pixels;
    ``taken_at`` and ``camera`` come from EXIF.
    """

    pixels: np.ndarray
    width: int
    height: int
    format: str
    taken_at: datetime | None
    camera: str | None

    @property
    def scale(self) -> float:
        """Decoded pixels per pixel of the whole picture: 1, or less for a reduced JPEG."""
        return self.pixels.shape[1] / self.width


def decode(source: str | os.PathLike[str] | bytes, *, min_side: int | None = None) -> Decoded:
    """Decode the first frame of a picture, a file or its bytes, told by its content, upright.

    With ``min_side`` a JPEG may come reduced by 2, 4 or 8 as long as its longer side keeps that many pixels.
    Transparency is laid on white. Raises `DecodeError`; whatever is not a regular file is never waited for.
    """
    try:
        with _opened(source) as file:
            return _decode(file, min_side)
    except DecodeError:
        raise
    except Image.DecompressionBombError as error:
        raise DecodeError("too many pixels") from error
    except UnidentifiedImageError as error:
        raise DecodeError(_unidentified(source)) from error
    except MemoryError as error:
        raise DecodeError("out of memory") from error
    except OSError as error:
        raise DecodeError(os_reason(error)) from error
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files
        raise DecodeError("damaged") from error


def os_reason(error: OSError) -> str:
    """An operating system's or Pillow's error as a short reason."""
    known = {
        errno.ENOENT: "vanished",
        errno.ENOTDIR: "vanished",
        errno.EACCES: "no permission",
        errno.EPERM: "no permission",
        errno.ENAMETOOLONG: "path too long",
        errno.ELOOP: "link loop",
        errno.ENXIO: NOT_REGULAR,
        errno.EISDIR: NOT_REGULAR,
        errno.ENOMEM: "out of memory",
        errno.EINVAL: "damaged",  # a picture that points to where no file can be
    }
    if error.errno is not None:
        return known.get(error.errno, f"cannot be read ({os.strerror(error.errno)})")
    return "truncated" if "truncated" in str(error).lower() else "damaged"


class _Picture(io.BufferedReader):
    """A file of which nobody reads more than there is: a damaged length would cost that much memory first."""

    def read(self, size: int | None = -1, /) -> bytes:
        length = os.fstat(self.fileno()).st_size
        return super().read(-1 if size is None or size < 0 else min(size, length))


def _opened(source: str | os.PathLike[str] | bytes) -> BinaryIO:
    if not isinstance(source, bytes):
        return _open_regular(source)
    if not source:
        raise DecodeError("empty file")
    return io.BytesIO(source)


def _open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    )
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 -- opening a device can already have effects
        raise DecodeError(NOT_REGULAR)
    file = _Picture(io.FileIO(os.open(path, flags)))
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode) and status.st_size > 0:
        return file
    file.close()
    raise DecodeError("empty file" if stat.S_ISREG(status.st_mode) else NOT_REGULAR)


def _decode(file: BinaryIO, min_side: int | None) -> Decoded:
    with Image.open(file, formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_JPEG_PIXELS:
            raise DecodeError("too many pixels")
        if min_side and image.format in ("JPEG", "MPO"):
            wanted = min(min_side, max(image.size))
            image.draft(None, (-(-width * wanted // max(image.size)), -(-height * wanted // max(image.size))))
        if image.width * image.height > MAX_PIXELS:
            raise DecodeError("too many pixels")
        exif = _exif(image)  # not before: Pillow decodes a PNG to find it
        image.load()
        turn = _exif(image).get(ExifTags.Base.Orientation)  # only now: TIFF has turned itself while loading
        rgb = _rgb(image)
        if turn in _UPRIGHT:
            rgb = rgb.transpose(_UPRIGHT[turn])
        if turn in _SIDEWAYS:
            width, height = height, width
        return Decoded(np.asarray(rgb), width, height, str(image.format), _taken_at(exif), _camera(exif))


def _rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB: 16-bit greys keep their range, transparency is laid on white."""
    tags = getattr(image, "tag_v2", {})
    negative = image.mode[0] in "IF" and tags.get(WHITE_IS) == 0
    if image.mode.startswith("I;16"):
        bits = 12 if tags.get(BITS) == (12,) else 16
        image = Image.fromarray((np.asarray(image) >> (bits - 8)).astype(np.uint8))
    elif image.mode in ("I", "F"):
        values = np.asarray(image)
        if image.mode == "I" and tags.get(BITS) == (32,) and tags.get(SAMPLE_FORMAT, (1,)) == (1,):
            values = values.view(np.uint32)  # which Pillow takes for signed
        image = _stretched(values)
    if negative:  # Pillow turns those of 8 bits only
        image = ImageOps.invert(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _stretched(values: np.ndarray) -> Image.Image:
    """32-bit greys have no agreed white: darkest becomes black, lightest white."""
    values = values.astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    values = np.nan_to_num(values, nan=low, neginf=low, posinf=high)
    return Image.fromarray(((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8))


def _exif(image: Image.Image) -> Mapping[int, Any]:
    """Main and Exif directories as one; an absurd block is as good as none."""
    try:
        exif = image.getexif()
        return {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error, OverflowError):
        return {}


def _taken_at(exif: Mapping[int, Any]) -> datetime | None:
    for tag in _TAKEN:
        text = str(exif.get(tag, ""))[:19].replace("T", " ")
        try:
            taken = datetime.strptime(re.sub("[-/.]", ":", text), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        if taken.year >= FIRST_PHOTO:
            return taken
    return None


def _camera(exif: Mapping[int, Any]) -> str | None:
    """Maker and model, said once: "Canon EOS 5D", not "Canon Canon EOS 5D"."""
    make, model = (_words(exif.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    first = make.split(" ")[0].lower()
    return (model if first and model.lower().startswith(first) else f"{make} {model}".strip()) or None


def _words(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:64]).split())


def _unidentified(source: str | os.PathLike[str] | bytes) -> str:
    """Why Pillow does not know a file: HEIC without the extra, the beginning of a picture, or no picture."""
    with _opened(source) as file:
        head = file.read(32)
        kind = sniff(head)
        if kind == "HEIF" and kind not in FORMATS:
            return "HEIC needs agestat[heic]"
        if _OTHERS.match(head) or (kind == "TIFF" and _is_odd_tiff(file)):
            return UNSUPPORTED
    return "damaged" if kind else "not a picture"


def _is_odd_tiff(file: BinaryIO) -> bool:
    """Whether a TIFF is whole as far as Pillow sees, which only does not read such pixels: colours of 32
    bits, numbers of 64."""
    file.seek(0)
    try:
        TiffImagePlugin.TiffImageFile(file)
    except SyntaxError as error:
        return "pixel mode" in str(error)
    except Exception:
        return False
    return False


def sniff(head: bytes) -> str | None:
    """The format that a file's first 32 bytes announce, or None."""
    for magic, kind in (
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"II+\0", "TIFF"),
        (b"MM\0+", "TIFF"),
    ):
        if head.startswith(magic):
            return kind
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "BMP"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis"):
            return "AVIF"
        if brand in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"):
            return "HEIF"
    return None

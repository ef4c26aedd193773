"""Bytes to upright RGB, no larger than needed, or a reason in words why not."""

import io
import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from agestat.images import cut, exif, jpeg, raw
from agestat.images.filler import FILLED
from agestat.images.formats import FORMATS, is_other, sniff
from agestat.images.frames import clearest, pages, skip_thumbnail
from agestat.images.mend import BEGIN, Mended, as_sent, mend, unfilled
from agestat.images.modes import to_rgb
from agestat.images.odd_tiff import is_misread, is_odd, read_odd
from agestat.images.reasons import (
    ELSEWHERE,
    NO_PREVIEW,
    NOT_REGULAR,
    ODD_JPEG,
    TEXT_MODE,
    TOO_LARGE,
    UNSUPPORTED,
    DecodeError,
    os_reason,
)
from agestat.images.reduced import MAX_PIXELS, draft, halved

# What git-lfs and git-annex leave in place of a picture that is not downloaded.
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/|(\.\./)*(\.git)?/annex/objects/")
NO_EXIF: Mapping[int, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Decoded:
    """An upright picture, possibly reduced.

    ``pixels`` is ``(H, W, 3) uint8`` RGB; ``width`` and ``height`` are the whole picture's, in pixels;
    ``taken_at``, ISO 8601 as far as it is told, and ``camera`` come from EXIF; ``is_doubted`` says that EXIF
    tells a time that cannot be. ``there`` is None, or of a file whose end is missing the
    rectangle that was read: left, top, right, bottom as fractions of the picture. ``pages`` is how many
    pictures the file holds, of which this is the first.
    """

    pixels: np.ndarray
    width: int
    height: int
    format: str
    taken_at: str | None
    camera: str | None
    there: tuple[float, float, float, float] | None = None
    pages: int = 1
    is_doubted: bool = False

    @property
    def scale(self) -> float:
        """Decoded pixels per pixel of the whole picture: 1, or less for a reduced one."""
        return self.pixels.shape[1] / self.width

    @property
    def part(self) -> float | None:
        """The share of the picture that was read, where the file is not whole."""
        if self.there is None:
            return None
        left, top, right, bottom = self.there
        return (right - left) * (bottom - top)


def decode(source: str | os.PathLike[str] | bytes, *, min_side: int | None = None) -> Decoded:
    """Decode the first picture of a file, or of its bytes, told by its content, upright.

    With ``min_side`` a JPEG or JPEG 2000 may come reduced by 2, 4 or 8 as long as its longer side keeps that
    many pixels; of what is too large for the memory reduced ones come anyway, where the format allows it.
    Transparency is laid on white; of an animation that begins in one colour a later frame is taken; of a raw
    file the largest preview. A file whose end is missing is read as far as it goes, if that is half of the
    picture. Raises `DecodeError`; whatever is not a regular file is never waited for.
    """
    try:
        if isinstance(source, bytes):
            return _read(io.BytesIO(source), len(source), "", min_side)
        with _open_regular(source) as file:
            return _read(file, file.length, os.fsdecode(source), min_side)
    except DecodeError:
        raise
    except Image.DecompressionBombError as error:
        raise DecodeError(TOO_LARGE) from error
    except MemoryError as error:
        raise DecodeError("out of memory") from error
    except OSError as error:
        raise DecodeError(os_reason(error)) from error
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files
        raise DecodeError("damaged") from error


class _Picture(io.BufferedReader):
    """A file of which nobody reads more than there is: a damaged length would cost that much memory first."""

    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(raw)
        self.length = os.fstat(raw.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(-1 if size is None or size < 0 else min(size, self.length))


def _open_regular(path: str | os.PathLike[str]) -> _Picture:
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    )
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 -- opening a device can already have effects
        raise DecodeError(NOT_REGULAR)
    file = _Picture(io.FileIO(os.open(path, flags)))
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode):
        return file
    file.close()
    raise DecodeError(NOT_REGULAR)


def _read(
    file: BinaryIO, length: int, name: str, min_side: int | None, beside: Mapping[int, Any] = NO_EXIF
) -> Decoded:
    """As it is, or mended where it cannot be read so."""
    if not length:
        raise DecodeError("empty file")
    begin = file.read(BEGIN)
    head, kind = begin[:32], sniff(begin[:32])
    if data := as_sent(begin, file):
        return _read(io.BytesIO(data), len(data), name, min_side, beside)
    if data := unfilled(file, kind):
        file, length = io.BytesIO(data), len(data)
    if _POINTER.match(begin) or (not any(begin) and _is_unwritten(file)):
        raise DecodeError(ELSEWHERE)
    if is_other(head):
        raise DecodeError(UNSUPPORTED)
    if raw.is_raw(name, head):
        return _developed(file, min_side)
    refusal = None
    if not (kind == "JPEG" and _is_filled(file, length)):
        try:
            return _decode(file, min_side, beside)
        except (DecodeError, MemoryError, Image.DecompressionBombError):
            raise
        except Exception as error:
            if getattr(error, "errno", None) is not None:  # it is not the bytes that are to blame
                raise
            refusal = error
    mended = mend(file, length)
    if mended is None:
        raise DecodeError(_why(refusal, head, file)) from refusal
    if mended.otherwise:
        return _as_far_as_equal(mended, min_side)
    frame = jpeg.frame(mended.data) if mended.data.startswith(jpeg.START) else None
    if frame and not frame.is_read:
        raise DecodeError(ODD_JPEG) from refusal
    return _decode(io.BytesIO(mended.data), min_side, beside, is_cut=mended.is_cut)


def _as_far_as_equal(mended: Mended, min_side: int | None) -> Decoded:
    """A picture whose missing bytes were made up, as far as it does not depend on them."""
    picture = None
    for data in (mended.data, *mended.otherwise):
        try:
            other = _decode(io.BytesIO(data), min_side)
        except (DecodeError, MemoryError):
            raise
        except Exception:  # these bytes say what cannot be
            continue
        if picture:
            return replace(picture, there=cut.equal(picture.pixels, other.pixels))
        picture = other
    raise DecodeError("truncated")


def _is_unwritten(file: BinaryIO) -> bool:
    """Whether a file has a size and no block on the disk: a cloud's place holder, or a copy not begun."""
    return isinstance(file, _Picture) and getattr(os.fstat(file.fileno()), "st_blocks", None) == 0


def _is_filled(file: BinaryIO, length: int) -> bool:
    """Whether a JPEG ends as downloads do that reserved their place: that would be decoded to noise."""
    file.seek(-min(FILLED, length), os.SEEK_END)
    return jpeg.is_filled(file.read())


def _why(refusal: Exception | None, head: bytes, file: BinaryIO) -> str:
    if head.startswith(b"\x89PNG\n\x1a\n"):
        return TEXT_MODE
    kind = sniff(head)
    if kind == "TIFF" and cut.has_lost_directory(file):
        return "truncated"
    if isinstance(refusal, UnidentifiedImageError):
        return "damaged" if kind else "not a picture"
    file.seek(-2, os.SEEK_END)
    if kind == "JPEG2000" and file.read() != jpeg.END:
        return "truncated"
    if isinstance(refusal, OSError):
        return os_reason(refusal)
    return "damaged" if refusal else "truncated"


def _developed(file: BinaryIO, min_side: int | None) -> Decoded:
    """A raw file's own picture: its largest whole preview, else what there is of one, or a first page that is
    large enough."""
    for preview in raw.previews(file):
        with suppress(Exception):  # cut off or damaged: a smaller one may be whole
            return _decode(io.BytesIO(preview.data), min_side, preview.exif)
    for preview in raw.previews(file):
        return _read(io.BytesIO(preview.data), len(preview.data), "", min_side, preview.exif)
    try:
        picture = _decode(file, min_side)
    except Exception as error:
        raise DecodeError(NO_PREVIEW) from error
    if max(picture.width, picture.height) < raw.LEAST:
        raise DecodeError(NO_PREVIEW)
    return picture


def _decode(
    file: BinaryIO,
    min_side: int | None,
    beside: Mapping[int, Any] = NO_EXIF,
    *,
    is_cut: bool = False,
) -> Decoded:
    """``is_cut`` says that the bytes of a JPEG end early; ``beside`` is EXIF that stands elsewhere."""
    file.seek(0)
    with _opened(file) as image:
        skip_thumbnail(image)
        width, height = image.size
        if not width * height:
            raise DecodeError("damaged")
        is_huge = draft(image, file, min_side)
        facts = {**beside, **exif.read(image)}  # not before: Pillow decodes a PNG to find it
        number = pages(image, file)
        if is_misread(image):
            rgb, rows = to_rgb(read_odd(file, MAX_PIXELS)), None
        else:
            rows = cut.load(image, file)
            rgb = halved(image) if is_huge else clearest(image)
        turn = exif.orientation({**beside, **exif.read(image)})  # only now: TIFF turned itself while loading
        if is_cut or (image.format in ("JPEG", "MPO") and cut.ends_early(file, rgb)):
            rows = 0, cut.coded(np.asarray(rgb))
        there = cut.there(rows, rgb.height, turn) if rows else None
        if turn in exif.UPRIGHT:
            rgb = rgb.transpose(exif.UPRIGHT[turn])
        if image.format == "TIFF":  # whose size Pillow tells before it turns it, or after
            width, height = (side * (2 if is_huge else 1) for side in rgb.size)
        elif turn in exif.SIDEWAYS:
            width, height = height, width
        taken, doubted = exif.taken_at(facts)
        return Decoded(
            np.asarray(rgb),
            width,
            height,
            image.format or "TIFF",
            taken,
            exif.camera(facts),
            there,
            number,
            doubted,
        )


def _opened(file: BinaryIO) -> Image.Image:
    try:
        return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        if is_odd(file):
            return read_odd(file, MAX_PIXELS)
        raise

"""Raw files of cameras: the largest picture that the camera itself developed and put beside the samples."""

import mmap
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from PIL import Image

from agestat.images import jpeg

LEAST = 400  # pixels of the longer side: smaller ones are thumbnails, on which no face can be judged
NAME = re.compile(
    r"\.(3fr|arw|bay|cap|cr[23]|crw|cs1|dc[rs]|dng|drf|erf|fff|gpr|iiq|k25|kdc|mdc|mef|mos|mrw|nef|nrw|orf|pef|"
    r"ptx|raf|raw|rw[2l]|sr[2fw]|x3f)$",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    rb"FUJIFILM|II\x1a\0..\0\0HEAPCCDR|IIR[OS]|MMOR|IIU\0|II\*\0.{4}CR|.{4}ftypcrx |FOVb|\0MRM", re.S
)
_MOST_MARKS = 200  # looked at: previews, and a few that samples hold by chance
_HEAD = 1 << 20  # bytes: directories stand at the beginning, before previews and samples


class Preview(NamedTuple):
    """The bytes from a JPEG's first on, and what the raw file says of it."""

    data: bytes
    exif: dict[int, Any]


def is_raw(name: str, head: bytes) -> bool:
    """Whether name or first 32 bytes are a raw file's; a JPEG of such a name is none."""
    return bool(_CONTENT.match(head) or (NAME.search(name) and head[:4] in (b"II*\0", b"MM\0*")))


def previews(file: BinaryIO) -> Iterator[Preview]:
    """The JPEGs of at least `LEAST` pixels in a raw file, wherever its maker keeps them, largest first.

    Found by their markers, so that it takes no reader per maker; samples that are compressed as lossless JPEG
    are told by theirs.
    """
    data = _mapped(file)
    found = []
    for mark in islice(re.finditer(rb"\xff\xd8\xff", data), _MOST_MARKS):
        frame = jpeg.frame(data, mark.start())
        if frame and frame.is_read and max(frame.width, frame.height) >= LEAST:
            found.append((frame.width * frame.height, mark.start()))
    for _, start in sorted(found, reverse=True):
        yield Preview(data[start:], _exif(data[:_HEAD]))


def _mapped(file: BinaryIO) -> mmap.mmap | bytes:
    """A file without reading it whole; bytes in memory as they are."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError:
        file.seek(0)
        return file.read()


def _exif(head: bytes) -> dict[int, Any]:
    """The main directory, also of makers that changed TIFF's number, or of Canon's CR3."""
    at = head.find(b"CMT1") + 4 if head[4:8] == b"ftyp" else 0
    order = head[at : at + 2]
    if order not in (b"II", b"MM"):
        return {}
    exif = Image.Exif()
    try:
        exif.load(order + (b"*\0" if order == b"II" else b"\0*") + head[at + 4 :])
        return dict(exif)
    except Exception:  # as of any other absurd block
        return {}

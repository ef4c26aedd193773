"""Files that viewers show although something is wrong with them, as bytes that Pillow reads."""

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from agestat.images import jpeg
from agestat.images.formats import sniff

MOST = 512 << 20  # bytes: a larger file is not read a second time
HEAD = 1 << 16  # bytes in front of a picture that a transfer may have left there, and its first segment
_BLANK = re.compile(rb"(\xef\xbb\xbf|[\0\s])*")
_MAGIC = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|BM....\0{4}", re.S)
_DOCUMENT = re.compile(rb"%|\{|ID3|PK\x03\x04")  # pictures inside these are another matter
# What decides pixels, their order, which side is up and when they were taken; all else can be missed.
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf", b"acTL", b"fcTL", b"fdAT"}


class Mended(NamedTuple):
    """A picture's bytes, and whether its end is missing."""

    data: bytes
    is_cut: bool = False


def mend(file: BinaryIO, size: int) -> Mended | None:
    """A file that Pillow refused, made readable, or None where nothing is known to help."""
    file.seek(0)
    head = file.read(HEAD)
    start = _start(head)
    if start is None or size > MOST:
        return None
    file.seek(start)
    data = file.read()
    if data.startswith(jpeg.START):
        whole = jpeg.whole(data)
        return Mended(*whole) if whole else None
    if data[:4] == b"\x89PNG":
        return Mended(_needed(data))
    return Mended(data) if start else None


def _start(head: bytes) -> int | None:
    """Where the picture begins: at once, or after blanks, a MacBinary header or a text."""
    if sniff(head[:32]) or (head.startswith(jpeg.START) and next(jpeg.segments(head), None)):
        return 0
    found = _MAGIC.search(head)
    if not found or _DOCUMENT.match(head):
        return None
    junk = head[: found.start()]
    is_mac_binary = len(junk) == 128 and junk[0] == junk[74] == junk[82] == 0 and 0 < junk[1] < 64
    return found.start() if _BLANK.fullmatch(junk) or is_mac_binary or _is_text(junk) else None


def _is_text(junk: bytes) -> bool:
    try:
        return all(c.isprintable() or c in "\r\n\t" for c in junk.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return False


def _needed(png: bytes) -> bytes:
    """Without the chunks that no pixel needs: their checksums, sizes and texts are nobody's concern."""
    return png[:8] + b"".join(png[at:end] for kind, at, end in _chunks(png) if kind in _NEEDED)


def _chunks(png: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 8
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        end = min(at + 12 + length, len(png))
        yield kind, at, end
        at = end

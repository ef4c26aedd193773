"""Files that viewers show although something is wrong with them, as bytes that Pillow reads."""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from agestat.images import jpeg
from agestat.images.filler import FILLED, filled_from
from agestat.images.formats import sniff

MOST = 512 << 20  # bytes: a larger file is not read a second time
HEAD = 1 << 16  # bytes in front of a picture that a transfer may have left there, and its first segment
_BLANK = re.compile(rb"(\xef\xbb\xbf|[\0\s])*")
_SURE = re.compile(
    rb"\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n|RIFF....WEBP|\0\0\0.ftyp(avif|avis|hei[cx]|mif1)"
    rb"|\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51\0",
    re.S,
)
_MAGIC = re.compile(
    _SURE.pattern
    + rb"|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|BM....\0{4}|P[56]\s\d{1,5}\s\d{1,5}\s(255|65535)\s",
    re.S,
)
_SHORT = (
    64  # bytes, whatever they are, in front of what can be nothing else: lengths, marks, headers of forks
)
_DOCUMENT = re.compile(
    rb"%|\{|ID3|fLaC|OggS|PK\x03\x04|\0\0\x01\0"
)  # pictures inside these are another matter
# In place of missing bytes. Arithmetic decoders read nearly any, and none refuses zeros.
_FILLINGS = (b"\0", b"\x80" + bytes(7), b"\xaa", b"\x55", b"\1", b"\x80" + bytes(63))
SPARE = 4096  # bytes
_MOST_TIMES = 4  # as long as what is there: then less than half of the picture is
# What decides pixels, their order, which side is up and when they were taken; all else can be missed.
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf", b"acTL", b"fcTL", b"fdAT"}
_HELPING = {b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT"}

# Pictures of bytes that look random, whose line feeds a transfer in text mode makes two bytes each.
_COMPRESSED = re.compile(rb"\xff\xd8\xff|\x89PNG\r\r\n|GIF8[79]a|RIFF....WEBP|....ftyp", re.S)
BEGIN = 1 << 12  # bytes in which a line feed is met
_LINES = 6  # by chance so many do not all follow a carriage return


class Mended(NamedTuple):
    """A picture's bytes, and whether its end is missing; ``otherwise`` is the same with other bytes in place
    of those that are missing: what looks the same in both was there."""

    data: bytes
    is_cut: bool = False
    otherwise: tuple[bytes, ...] = ()


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
    if data[:4] == b"RIFF":
        data = _sized(data)
    if missing := _missing(data):
        first, *others = (data + (filling * missing)[:missing] for filling in _FILLINGS)
        return Mended(first, True, tuple(others))
    is_sized = data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 <= len(data)
    return Mended(data) if start or is_sized else None


def as_sent(begin: bytes, file: BinaryIO) -> bytes | None:
    """A picture as it was before a transfer in text mode (FTP's old default), None of any other file. Such a
    JPEG is decoded to noise without a word. ``begin`` are its first `BEGIN` bytes, which were just read."""
    first = begin.find(b"\n")
    if first < 1 or begin[first - 1 : first] != b"\r" or not _COMPRESSED.match(begin):
        return None
    data = begin + file.read()
    lines = data.count(b"\n")
    return data.replace(b"\r\n", b"\n") if _LINES <= lines == data.count(b"\r\n") else None


def unfilled(file: BinaryIO, kind: str | None) -> bytes | None:
    """A picture without what fills up its place behind the part that is there, None of any other file. As it
    stands decoders take it for grey or for noise."""
    if kind not in ("PNG", "GIF", "WEBP", "AVIF", "HEIF"):
        return None
    length = file.seek(0, os.SEEK_END)
    file.seek(-min(FILLED, length), os.SEEK_END)
    if filled_from(file.read()) == min(FILLED, length):
        return None
    file.seek(0)
    data = file.read()
    data = data[: filled_from(data)]
    is_padded = kind not in ("PNG", "GIF") and _length(data) < len(data) + FILLED
    return None if is_padded else data


def _sized(webp: bytes) -> bytes:
    """With the sizes that its chunks come to; of a last one that is cut, and `SPARE` more, since a decoder
    that meets the end in other bytes than those that were there would refuse the whole."""
    at = 12
    while at + 8 <= len(webp):
        size = int.from_bytes(webp[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        if end > len(webp):
            size += size % 2 + SPARE
            webp, end = webp[: at + 4] + struct.pack("<I", size) + webp[at + 8 :], at + 8 + size
        at = end
        if end > len(webp):
            break
    return webp[:4] + struct.pack("<I", min(at - 8, 2**32 - 1)) + webp[8:]


def _missing(data: bytes) -> int:
    """How many bytes a WebP, HEIF or AVIF says to have beyond those that are there; 0 where most are gone."""
    length = _length(data)
    return length - len(data) if len(data) < length < _MOST_TIMES * len(data) + SPARE else 0


def _length(data: bytes) -> int:
    """Bytes that a WebP, HEIF or AVIF says to have, 0 where it does not."""
    if data[:4] == b"RIFF":
        return 8 + int.from_bytes(data[4:8], "little")
    length = 0
    while data[4:8] == b"ftyp" and length + 16 <= len(data):
        size = int.from_bytes(data[length : length + 4], "big")
        if size == 1:
            size = int.from_bytes(data[length + 8 : length + 16], "big")
        if size < 8:  # up to the end, wherever that was
            return 0
        length += size
    return length


def _start(head: bytes) -> int | None:
    """Where the picture begins: at once, or after blanks, a few bytes, a MacBinary header or a text."""
    if sniff(head[:32]) or (head.startswith(jpeg.START) and next(jpeg.segments(head), None)):
        return 0
    found = _MAGIC.search(head)
    if not found or _DOCUMENT.match(head):
        return None
    junk = head[: found.start()]
    is_mac_binary = len(junk) == 128 and junk[0] == junk[74] == junk[82] == 0 and 0 < junk[1] < 64
    is_short = len(junk) <= _SHORT and _SURE.match(head, found.start())
    return found.start() if is_short or _BLANK.fullmatch(junk) or is_mac_binary or _is_text(junk) else None


def _is_text(junk: bytes) -> bool:
    try:
        return all(c.isprintable() or c in "\r\n\t" for c in junk.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return False


def _needed(png: bytes) -> bytes:
    """Without the chunks that no pixel needs: their checksums, sizes and texts are nobody's concern. Of
    those that help, a damaged one is left out; and whatever says the picture's size a second time."""
    return png[:8] + b"".join(
        png[at:end]
        for kind, at, end in _chunks(png)
        if kind in _NEEDED
        and not (
            kind in _HELPING
            and zlib.crc32(png[at + 4 : end - 4]) != int.from_bytes(png[end - 4 : end], "big")
        )
        and not (kind == b"IHDR" and at > 8)
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 8
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        end = min(at + 12 + length, len(png))
        yield kind, at, end
        at = end

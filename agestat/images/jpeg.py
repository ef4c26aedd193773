"""The markers of a JPEG (ITU-T T.81, annex B): what kind it is, and a broken one made readable."""

import re
from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple

from agestat.images.filler import FILLED, filled_from

START, END = b"\xff\xd8", b"\xff\xd9"
EOI, SOS, DHT = 0xD9, 0xDA, 0xC4
_FRAMES = {*range(0xC0, 0xD0)} - {
    0xC4,
    0xC8,
    0xCC,
}  # SOFn: all but Huffman tables, reserved, arithmetic tables
_HUFFMAN_OR_ARITHMETIC = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # sequential or progressive, what libjpeg-turbo reads
PROGRESSIVE = {0xC2, 0xCA}
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")  # those that may stand between segments
_MOST_SEGMENTS = 1000  # of 64 KB each: what no program writes before the pixels
ZEROS = 16  # so many at the end of a file are no coded pixels


class Segment(NamedTuple):
    """A marker and where its segment, marker included, begins and ends."""

    code: int
    start: int
    end: int


class Frame(NamedTuple):
    """What a JPEG's header says of its picture."""

    code: int
    bits: int
    width: int
    height: int

    @property
    def is_read(self) -> bool:
        return self.code in _HUFFMAN_OR_ARITHMETIC and self.bits == 8


# Marks that no scan contains and none follows: what stands there is of another file, or was never a JPEG.
_FOREIGN = re.compile(rb"\xff[\x01-\xbf\xc0-\xc3\xc5-\xcb\xcd-\xcf\xd8\xf0-\xfd]")


def segments(data: bytes | mmap, start: int = 0) -> Iterator[Segment]:
    """Segments up to the first scan or the end, whatever bytes stand between them."""
    at = start + 2
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, at)
        if not found:
            return
        at, code = found.start(), data[found.start() + 1]
        length = 0 if code == EOI else int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if (code != EOI and length < 2) or end > len(data):
            return
        yield Segment(code, at, end)
        if code in (EOI, SOS):
            return
        at = end


def frame(data: bytes | mmap, start: int = 0) -> Frame | None:
    """The header of the picture that begins at ``start``, if there is one."""
    for code, at, end in segments(data, start):
        if code in _FRAMES:
            body = data[at + 4 : end]
            if len(body) < 6:
                return None
            height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
            return Frame(code, body[0], width, height)
    return None


def whole(data: bytes) -> tuple[bytes, bool] | None:
    """The same picture without what stands between its segments and with an end; and whether it had none.

    None if there are no pixels, or of a progressive picture not yet one scan over all frequencies of the
    first colour: that is a picture of less than half its resolution.
    """
    found = list(segments(data))
    if not found or found[-1].code != SOS:
        return None
    head = START + b"".join(data[at:end] for _, at, end in found)
    body = data[found[-1].end :]
    if foreign := _FOREIGN.search(body):
        body = body[: foreign.start()]
    if b"\xff\xd9" in body:  # which coded pixels do not contain
        return head + body, False
    seen = frame(data)
    if seen and seen.code in PROGRESSIVE and not _is_detailed(data, found[-1].start):
        return None
    body = body.rstrip(b"\0").rstrip(b"\xff")
    if not _is_flat(body, data, found):
        body = body[: filled_from(body)]
    return head + body + b"\xff\xd9", True


def is_filled(end: bytes) -> bool:
    """Whether the end of a file, `FILLED` bytes, is what somebody put in place of a picture: zeros, the same
    few bytes over and over."""
    if END in end:
        return False
    return not any(end[-ZEROS:]) or filled_from(end) < len(end)


def _is_flat(body: bytes, data: bytes, found: list[Segment]) -> bool:
    """Whether the last pixels of a sequential picture are coded as of one colour, which repeats a few bytes
    too."""
    try:
        block = _unchanged(data, found)
    except (IndexError, KeyError):  # not sequential, or damaged
        return False
    bits = "".join(f"{byte:08b}" for byte in body[-FILLED:].replace(b"\xff\0", b"\xff")[-64:])
    return bits in block * (len(bits) // len(block) + 2)


def _unchanged(data: bytes, found: list[Segment]) -> str:
    """The bits of a unit (T.81, A.2) in which all blocks are as flat and as bright as the ones before: no
    difference, and the end of a block."""
    # Of those two symbols, which are symbol 0 of their tables, by a table's class and number.
    codes: dict[tuple[int, int], str] = {}
    sampling: dict[int, int] = {}
    for kind, start, end in found:
        part = data[start + 4 : end]
        if kind in _FRAMES - PROGRESSIVE:
            sampling = {part[at]: (part[at + 1] >> 4) * (part[at + 1] & 15) for at in range(6, len(part), 3)}
        while kind == DHT and part:
            counts, number = part[1:17], sum(part[1:17])
            code, at = 0, 17
            for length, count in enumerate(counts, 1):
                place = part[at : at + count].find(b"\0")
                if place >= 0:
                    codes[part[0] >> 4, part[0] & 15] = f"{code + place:0{length}b}"
                code, at = (code + count) << 1, at + count
            part = part[17 + number :]
    scan = data[found[-1].start + 5 : found[-1].end - 3]
    planes = [(scan[at], scan[at + 1]) for at in range(0, len(scan), 2)]
    blocks = ((sampling[plane] if len(planes) > 1 else 1, tables) for plane, tables in planes)
    return "".join((codes[0, tables >> 4] + codes[1, tables & 15]) * number for number, tables in blocks)


def _is_detailed(data: bytes, at: int) -> bool:
    first = data[at + 5]  # the first colour of the first scan
    while (at := data.find(b"\xff\xda", at)) >= 0:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        scan = data[at + 4 : at + 2 + length]
        if len(scan) >= 6 and scan[1] == first and scan[-2] == 63:
            return True
        at += 2
    return False

"""What tells copies: a hash of a file's bytes, and one of how its picture looks."""

import hashlib
import zlib
from functools import lru_cache

import numpy as np
from PIL import Image

_SIDE = 16  # of the hash, so that it has 256 bits: with 64, different faces of one size look alike
BITS = _SIDE * _SIDE
_DETAIL = 4 * _SIDE  # pixels of the square whose lowest frequencies are taken
_WAVES = np.cos(np.pi / (2 * _DETAIL) * np.outer(np.arange(_SIDE), np.arange(1, 2 * _DETAIL, 2)))
_BLOCK = 1 << 16  # bytes


def content(source: str | bytes) -> str:
    """Hash of a file's bytes, hexadecimal: files of one hash are the same. It is the SHA-256 of the first 64
    KB, in which a picture tells its time and camera, and the CRC-32 of all, which takes a third of the time
    of SHA-256."""
    if isinstance(source, bytes):
        return f"{hashlib.sha256(source[:_BLOCK]).hexdigest()}{zlib.crc32(source):08x}"
    with open(source, "rb", buffering=0) as file:  # noqa: PTH123 -- pathlib takes as long as a small picture
        block = file.read(_BLOCK)
        start, checksum = hashlib.sha256(block).hexdigest(), zlib.crc32(block)
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return f"{start}{checksum:08x}"


def look(pixels: np.ndarray) -> str:
    """Perceptual hash of ``pixels (H, W, 3) uint8``, hexadecimal, `BITS` bits: which of the lowest
    frequencies of the greys (DCT-II) are above their median (Zauner, Implementation and benchmarking of
    perceptual image hash functions, 2010). Copies of other sizes, qualities and brightness share nearly all.
    """
    if len(pixels) >= 2 * _DETAIL:
        pixels = pixels[::2]  # half of the time, and nearly the same hash
    grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)
    height, width = grey.shape
    low = (_waves(height) @ grey @ _waves(width).T).ravel()
    ordered = np.sort(low)
    median = (ordered[BITS // 2 - 1] + ordered[BITS // 2]) / 2
    return np.packbits(low > median).tobytes().hex()


@lru_cache(maxsize=256)
def _waves(side: int) -> np.ndarray:
    """``(16, side)``: the lowest frequencies of a side of so many pixels, as of its means in `_DETAIL` equal
    parts."""
    edges = np.linspace(0, side, _DETAIL + 1)[:, None]
    before = np.clip(edges - np.arange(side), 0, 1)  # of each pixel, the share before each edge
    return (_WAVES @ np.diff(before, axis=0) * (_DETAIL / side)).astype(np.float32)

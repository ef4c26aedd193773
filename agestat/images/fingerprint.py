"""What tells copies: a hash of a file's bytes, and one of how its picture looks."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

_SIDE = 16  # of the hash, so that it has 256 bits: with 64, different faces of one size look alike
BITS = _SIDE * _SIDE
_DETAIL = 4 * _SIDE  # pixels of the square whose lowest frequencies are taken
_WAVES = np.cos(np.pi / (2 * _DETAIL) * np.outer(np.arange(_SIDE), np.arange(1, 2 * _DETAIL, 2)))
_BLOCK = 1 << 20  # bytes


def content(source: str | bytes) -> str:
    """Hash of a file's bytes, hexadecimal: files of one hash are the same."""
    found = hashlib.sha256()
    if isinstance(source, bytes):
        found.update(source)
        return found.hexdigest()
    with Path(source).open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def look(pixels: np.ndarray) -> str:
    """Perceptual hash of ``pixels (H, W, 3) uint8``, hexadecimal, `BITS` bits: which of the lowest
    frequencies of the greys (DCT-II) are above their median (Zauner, Implementation and benchmarking of
    perceptual image hash functions, 2010). Copies of other sizes, qualities and brightness share nearly all.
    """
    image = Image.fromarray(pixels)
    whole = max(1, image.width // _DETAIL), max(1, image.height // _DETAIL)
    # Means over whole numbers of pixels first: all else is then done on a tenth of them.
    grey = image.reduce(whole).convert("L").resize((_DETAIL, _DETAIL), Image.Resampling.BOX)
    low = (_WAVES @ np.asarray(grey, float) @ _WAVES.T).ravel()
    median = np.partition(low, [BITS // 2 - 1, BITS // 2])[BITS // 2 - 1 : BITS // 2 + 1].mean()
    return np.packbits(low > median).tobytes().hex()

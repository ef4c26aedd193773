"""What tells copies: a hash of a file's bytes, and one of how its picture looks."""

import hashlib
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image

_SIDE = 16  # of the hash, so that it has 256 bits: with 64, different faces of one size look alike
BITS = _SIDE * _SIDE
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
    """Perceptual hash of ``pixels (H, W, 3) uint8``, hexadecimal, `BITS` bits: the signs of the lowest
    frequencies of the greys (Zauner, Implementation and benchmarking of perceptual image hash functions,
    2010), of which copies of other sizes, qualities and brightness share nearly all."""
    factor = max(1, min(pixels.shape[:2]) // (8 * _SIDE))
    every = max(1, factor // 3)  # some rows of each mean are enough, and others need not be copied
    image = Image.fromarray(pixels[::every]).reduce((factor, max(1, factor // every))).convert("L")
    return str(imagehash.phash(image, hash_size=_SIDE))

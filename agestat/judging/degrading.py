"""Crops of faces as real collections hold them: small, and some of them blurred, dark or compressed."""

import io
import math

import numpy as np
from PIL import Image, ImageFilter

SIDES = (24, 128)  # pixels: from what a scan takes for a face to what a model is shown
BLUR = 1.5  # pixels, the widest
GAMMA = (1.0, 2.5)  # 1 leaves the light as it is
JPEG_QUALITY = (20, 90)
CHANCE = 0.5  # of blur, of dark and of compression: looks that come alone are known, and those together


def degrade(crop: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """``(S, S, 3) uint8`` as a face of a random side (log-uniform in `SIDES`), in some copies blurred, dark
    or compressed, enlarged to its size again, and that side in pixels."""
    size = len(crop)
    side = round(math.exp(rng.uniform(*np.log(SIDES))))
    blurred, dark, compressed = rng.random(3) < CHANCE
    small = Image.fromarray(crop).resize((side, side), Image.Resampling.BOX, reducing_gap=None)
    if blurred:
        small = small.filter(ImageFilter.GaussianBlur(rng.uniform(0, BLUR)))
    if dark:
        darker = 255 * (np.arange(256) / 255) ** rng.uniform(*GAMMA)
        small = small.point(darker.round().astype(int).tolist() * 3)
    if compressed:
        packed = io.BytesIO()
        small.save(packed, "JPEG", quality=int(rng.integers(*JPEG_QUALITY, endpoint=True)))
        small = Image.open(packed)
    return np.asarray(small.resize((size, size), Image.Resampling.BICUBIC)), side

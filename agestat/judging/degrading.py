"""Crops of faces as real collections hold them: small, blurred, dark, compressed."""

import io
import math

import numpy as np
from PIL import Image, ImageFilter

SIDES = (24, 128)  # pixels: from what a scan takes for a face to what a model is shown
BLUR = 1.5  # pixels, the widest
GAMMA = (1.0, 2.5)  # 1 leaves the light as it is
JPEG_QUALITY = (20, 90)


def degrade(crop: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """``(S, S, 3) uint8`` as a face of a random side (log-uniform in `SIDES`), blur, light and compression,
    enlarged to its size again, and that side in pixels."""
    size = len(crop)
    side = round(math.exp(rng.uniform(*np.log(SIDES))))
    small = Image.fromarray(crop).resize((side, side), Image.Resampling.BOX, reducing_gap=None)
    small = small.filter(ImageFilter.GaussianBlur(rng.uniform(0, BLUR)))
    darker = 255 * (np.arange(256) / 255) ** rng.uniform(*GAMMA)
    small = small.point(darker.round().astype(int).tolist() * 3)
    packed = io.BytesIO()
    small.save(packed, "JPEG", quality=int(rng.integers(*JPEG_QUALITY, endpoint=True)))
    opened = Image.open(packed).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(opened), side

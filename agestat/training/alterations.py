"""Pictures that no camera makes of a face: negatives, false colours, drawings. Seen beside natural ones, they
tell which direction of a network's features leads away from photos."""

import numpy as np
from matplotlib import colormaps
from PIL import Image, ImageChops, ImageFilter, ImageOps

from agestat.judging.degrading import degrade

COLOURS = ("inferno", "jet", "viridis")  # as thermal cameras and plots show one number
EDGE = 3  # pixels
ALTERATIONS = ("negative", "grey negative", *COLOURS, "pencil", "lines", "flat colours", "stencil", "dots")


def alter(crop: np.ndarray, kind: str) -> np.ndarray:
    """``(S, S, 3) uint8`` of a photo as one of `ALTERATIONS`, same shape."""
    picture = Image.fromarray(crop)
    grey = ImageOps.grayscale(picture)
    if kind in COLOURS:
        return np.asarray(255 * colormaps[kind](np.asarray(grey))[..., :3], dtype=np.uint8)
    if kind == "negative":
        altered = ImageOps.invert(picture)
    elif kind == "grey negative":
        altered = ImageOps.invert(grey)
    elif kind == "pencil":  # what is lighter than its surroundings is white
        around = grey.filter(ImageFilter.GaussianBlur(4))
        altered = ImageChops.add(grey, ImageOps.invert(around))
    elif kind == "lines":
        drawn = grey.filter(ImageFilter.GaussianBlur(1)).filter(ImageFilter.CONTOUR)
        altered = ImageOps.autocontrast(drawn, 2)
    elif kind == "flat colours":
        smooth = picture.filter(ImageFilter.ModeFilter(7)).quantize(8).convert("RGB")
        edges = grey.filter(ImageFilter.FIND_EDGES).filter(ImageFilter.MaxFilter(3))
        edges = edges.point(lambda value: 255 * (value < 70))
        altered = ImageChops.multiply(smooth, edges.convert("RGB"))
    elif kind == "stencil":
        middle = float(np.median(np.asarray(grey)))
        altered = grey.point(lambda value: 255 * (value > middle))
    else:
        altered = grey.convert("1")  # dithered, as newspapers print
    # Filters know no edge, and must not be told by it.
    inside = (EDGE, EDGE, len(crop) - EDGE, len(crop) - EDGE)
    return np.asarray(altered.convert("RGB").resize(picture.size, Image.Resampling.BICUBIC, inside))


def altered(crops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each of ``(N, S, S, 3) uint8`` crops by an alteration of its own."""
    kinds = rng.choice(ALTERATIONS, len(crops))
    return np.stack([alter(crop, kind) for crop, kind in zip(crops, kinds, strict=True)])


def natural(crops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The crops as poorer cameras and older photos show them: half degraded, a quarter grey, the rest of more
    contrast or less."""
    kinds = rng.random(len(crops))
    return np.stack([_natural(crop, kind, rng) for crop, kind in zip(crops, kinds, strict=True)])


def _natural(crop: np.ndarray, kind: float, rng: np.random.Generator) -> np.ndarray:
    if kind < 0.5:
        return degrade(crop, rng)[0]
    if kind < 0.75:
        return np.asarray(ImageOps.grayscale(Image.fromarray(crop)).convert("RGB"))
    wider = (crop.astype(np.float32) - 128) * rng.uniform(0.4, 2) + 128 + rng.uniform(-40, 40)
    return np.clip(wider, 0, 255).astype(np.uint8)

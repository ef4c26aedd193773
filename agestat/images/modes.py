"""Pixels of any mode as RGB, 8 bits a channel."""

import numpy as np
from PIL import Image, ImageOps

WHITE_IS = 262  # TIFF's PhotometricInterpretation: 0 says that zero is white
BITS, SAMPLE_FORMAT = 258, 339  # TIFF's BitsPerSample, and 1 where they are unsigned


def to_rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB: 16-bit greys keep their range, transparency is laid on white, but not where it hides
    all: that is a channel that nobody filled."""
    tags = getattr(image, "tag_v2", {})
    negative = image.mode[0] in "IF" and tags.get(WHITE_IS) == 0
    if image.mode.startswith("I;16"):
        bits = 12 if tags.get(BITS) == (12,) else 16
        image = Image.fromarray((np.asarray(image) >> (bits - 8)).astype(np.uint8))
    elif image.mode in ("I", "F"):
        values = np.asarray(image)
        if image.mode == "I" and tags.get(BITS) == (32,) and tags.get(SAMPLE_FORMAT, (1,)) == (1,):
            values = values.view(np.uint32)  # which Pillow takes for signed
        image = Image.fromarray(
            (values >> 8).astype(np.uint8)
            if image.format == "PPM" and image.mode == "I"
            else stretched(values)
        )
    if negative:  # Pillow turns those of 8 bits only
        image = ImageOps.invert(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema() == (0, 0):
            return image.convert("RGB")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def stretched(values: np.ndarray) -> np.ndarray:
    """Numbers without an agreed white as 8 bits: darkest becomes black, lightest white."""
    values = values.astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    values = np.nan_to_num(values, nan=low, neginf=low, posinf=high)
    return ((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)

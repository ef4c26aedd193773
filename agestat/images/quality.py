"""How sharp and how bright a crop is: what a model cannot judge well, collections unlike its own."""

from collections.abc import Mapping

import numpy as np

SMALL = 40  # pixels: from there on gender and age are told no better, see docs/performance.md
UNUSUAL = 0.01  # part of the calibration pictures that are further out than what is flagged
_FLAGS = ("small", "blurred", "dark", "bright", "unusual")
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def grey(crop: np.ndarray) -> np.ndarray:
    """``(H, W, 3) uint8`` to ``(H, W) float32`` luma, 0..255."""
    return crop.astype(np.float32) @ _LUMA


def sharpness(crop: np.ndarray) -> float:
    """Variance of the Laplacian of the grey crop (Pech-Pacheco et al. 2000): low means blurred."""
    g = grey(crop)
    laplacian = g[:-2, 1:-1] + g[2:, 1:-1] + g[1:-1, :-2] + g[1:-1, 2:] - 4 * g[1:-1, 1:-1]
    return float(laplacian.var())


def brightness(crop: np.ndarray) -> float:
    """Mean grey level, 0..255."""
    return float(grey(crop).mean())


def flags(faces: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> np.ndarray:
    """``(N,)`` words on what makes faces hard to judge: ``small``, and ``blurred``, ``dark``, ``bright`` or
    ``unusual`` beyond nearly all calibration pictures.

    ``faces`` has columns ``width``, ``height`` in pixels, ``sharpness``, ``brightness`` and ``novelty``;
    ``known`` the last three of the calibration pictures, as far as they are known.
    """

    def limit(name: str, part: float) -> float:
        return float(np.quantile(known[name], part)) if len(known.get(name, ())) else np.nan

    found = np.stack(
        [
            np.minimum(faces["width"], faces["height"]) < SMALL,
            faces["sharpness"] < limit("sharpness", UNUSUAL),
            faces["brightness"] < limit("brightness", UNUSUAL),
            faces["brightness"] > limit("brightness", 1 - UNUSUAL),
            faces["novelty"] > limit("novelty", 1 - UNUSUAL),
        ]
    )
    code = 2 ** np.arange(len(_FLAGS)) @ found
    spelled = [
        " ".join(word for bit, word in enumerate(_FLAGS) if number >> bit & 1)
        for number in range(2 ** len(_FLAGS))
    ]
    return np.array(spelled, dtype=object)[code]

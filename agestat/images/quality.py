"""How sharp and how bright a crop is: what a model cannot judge well, collections unlike its own."""

import numpy as np

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

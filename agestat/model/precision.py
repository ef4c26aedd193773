"""Which of a checkpoint's files judges: the float weights, or their copy in 8-bit integers."""

import platform
import sys
from pathlib import Path
from typing import NamedTuple


class Precision(NamedTuple):
    """A file of weights and the calibration set that the same file made: a correction knows the errors of the
    file that judges."""

    name: str
    weights: str
    calibration: str


FLOAT = Precision("float", "model.safetensors", "calibration.npz")
INT8 = Precision("int8", "model.int8.onnx", "calibration.int8.npz")
PRECISIONS = {precision.name: precision for precision in (FLOAT, INT8)}
MEASURED = {"x86_64", "AMD64"}  # processors on which int8 was measured to be faster: docs/performance.md


def choose(folder: Path, device: str) -> Precision:
    """The faster file on a device: int8 on an x86 processor where both its files are there, else float.

    ``auto`` is a processor where the system shows no graphics card; nothing is imported to find out, since a
    scan that finds all rows in its store needs no network.
    """
    on_processor = device == "cpu" or (device == "auto" and not _has_graphics_card())
    there = (folder / INT8.weights).is_file() and (folder / INT8.calibration).is_file()
    return INT8 if on_processor and there and platform.machine() in MEASURED else FLOAT


def _has_graphics_card() -> bool:
    """Whether there is a driver of a card that torch can use."""
    drivers = {
        "linux": ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd"),
        "win32": ("C:/Windows/System32/nvcuda.dll",),
    }
    return any(Path(driver).exists() for driver in drivers.get(sys.platform, ()))

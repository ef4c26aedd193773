"""What a model sees of labelled pictures: the same faces and crops as in a scan, several pictures at once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from agestat.errors import UsageError
from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.faces import FaceDetector
from agestat.images.tilt import crop_upright
from agestat.labelled.faces import is_face_crop
from agestat.model.predict import Model

CROPS = ("auto", "whole", "detect")
CHUNK = 256  # pictures decoded at a time


class Cut(NamedTuple):
    """``pixels (S, S, 3) uint8``; their ``side`` in the picture, pixels; ``score`` of the face that was found
    there, 0 to 1, nan for a picture that is shown as a whole."""

    pixels: np.ndarray
    side: float
    score: float


class Cutter:
    """Cuts pictures for a model of faces as ``crop`` says: ``whole``, the picture as it is; ``detect``, the
    largest face found; ``auto``, whole for small squares (`is_face_crop`), which is how crops of faces are
    published, else detect. A model of whole pictures always sees the whole. Raises `UsageError` for other
    words."""

    def __init__(self, model: Model, crop: str) -> None:
        if crop not in CROPS:
            raise UsageError(
                "There is no crop {crop!r}: choose one of {crops}.", crop=crop, crops=", ".join(CROPS)
            )
        self.size, self.margin = model.input_size, model.margin
        self.crop = crop if model.crop == "faces" else "whole"
        self.detector = FaceDetector()

    def chunks(self, files: Sequence[str]) -> Iterator[list[Cut | None]]:
        """The cut of each file, in order; None where no face was found."""
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(files), CHUNK):
                yield list(pool.map(self.cut, files[start : start + CHUNK]))

    def cut(self, file: str) -> Cut | None:
        """That of one picture."""
        pixels = decode(file).pixels
        if self.crop == "whole" or (self.crop == "auto" and is_face_crop(*pixels.shape[:2])):
            side = float(min(pixels.shape[:2]))
            return Cut(crop_square(pixels, None, self.size), side, float("nan"))
        boxes = self.detector.detect(pixels)
        if not boxes:
            return None
        side = max(boxes[0].width, boxes[0].height) * self.margin
        return Cut(
            crop_upright(self.detector, pixels, boxes[0], self.size, self.margin), side, boxes[0].score
        )

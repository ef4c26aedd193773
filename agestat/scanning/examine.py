"""One file to its faces: what a decoder does, as a function, and how its answer travels through a pipe."""

import json
import math
import os
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import numpy as np

from agestat.images import faces
from agestat.images.crop import crop_square
from agestat.images.decode import Decoded, DecodeError, decode
from agestat.images.faces import Box, FaceDetector, overlap
from agestat.images.quality import brightness, sharpness
from agestat.images.times import time_in_name

VERSION = 3  # raise it when the same file and settings would give other rows
# Gender accuracy by face size (docs/performance.md): below this the model is not worth listening to.
MIN_FACE = 24  # pixels
LEAST_SEEN = 0.9  # of a face's box in a picture that was read in part
OK, NO_FACE, FAILED = "ok", "no_face", "failed"
EXIF, NAME = "exif", "name"  # where a time is from
DOUBTED = "date not believed"


@dataclass(frozen=True)
class Settings:
    """What decides a file's rows, besides the file and the network.

    ``crop`` is ``faces`` or ``whole``; ``input_size`` the side of the crops in pixels; ``margin`` and
    ``min_face`` refer to the longer side of a face's box, in boxes and in pixels of the whole picture.
    """

    crop: str = "faces"
    input_size: int = 128
    margin: float = 1.0
    min_score: float = faces.MIN_SCORE
    min_face: int = MIN_FACE

    def to_json(self) -> str:
        """Everything that must be equal for a stored row to be used again."""
        detector = {"views": faces.VIEWS, "reliable": faces.RELIABLE, "overlap": faces.OVERLAP}
        return json.dumps({**asdict(self), "detector": detector, "version": VERSION}, sort_keys=True)


class Face(NamedTuple):
    """Box in whole pixels of the full, upright picture; score 0..1; sharpness and brightness of its crop."""

    x: int
    y: int
    width: int
    height: int
    score: float
    sharpness: float
    brightness: float


@dataclass
class Examined:
    """A file's answer: status, reason if it failed, faces and their ``(N, S, S, 3) uint8`` crops."""

    status: str
    reason: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    taken_at: str | None = None  # ISO 8601 as far as it is told, the camera's clock
    taken_from: str | None = None  # `EXIF` or `NAME`
    notes: str | None = None  # `DOUBTED`
    camera: str | None = None
    faces_left_out: int = 0
    part: float | None = None  # the share that was read of a file that is not whole
    pages: int = 1  # pictures in the file, of which the first is examined
    faces: list[Face] = field(default_factory=list)
    crops: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0, 3), np.uint8))

    def to_bytes(self) -> bytes:
        """One line of JSON, then the crops' bytes."""
        head = {key: value for key, value in vars(self).items() if key != "crops"}
        return json.dumps({**head, "side": self.crops.shape[1]}).encode() + b"\n" + self.crops.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Examined":
        """The inverse of `to_bytes`; raises `ValueError` on anything else."""
        line, _, rest = data.partition(b"\n")
        try:
            head = json.loads(line)
            side = head.pop("side")
            head["faces"] = [Face(*face) for face in head["faces"]]
            crops = np.frombuffer(rest, np.uint8).reshape(len(head["faces"]), side, side, 3)
            return cls(**head, crops=crops)
        except (AttributeError, KeyError, RecursionError, TypeError) as error:
            raise ValueError("not the answer of a decoder") from error


def failed(reason: str) -> Examined:
    """The answer for a file that gives no picture."""
    return Examined(FAILED, reason)


def examine(source: str | bytes, settings: Settings) -> Examined:
    """Decode a file, by its path, or a picture's bytes; find faces, cut them. Never raises on account of
    the file."""
    try:
        if settings.crop == "whole":
            answer = _whole(decode(source, min_side=4 * settings.input_size), settings)
        else:
            answer = _faces(source, settings)
    except DecodeError as error:
        return failed(str(error))
    except MemoryError:
        return failed("out of memory")
    if answer.taken_at is None and isinstance(source, str):
        answer.taken_at = time_in_name(os.path.basename(source))  # noqa: PTH119 -- odd names stay
        answer.taken_from = NAME if answer.taken_at else None
    return answer


def _whole(picture: Decoded, settings: Settings) -> Examined:
    box = Box(0, 0, picture.width, picture.height, 1.0)
    return _answer(picture, [box], [crop_square(picture.pixels, None, settings.input_size)], 0)


def _faces(source: str | bytes, settings: Settings) -> Examined:
    picture = decode(source, min_side=max(faces.VIEWS))
    found = [box.scaled(1 / picture.scale) for box in FaceDetector(settings.min_score).detect(picture.pixels)]
    found = [box for box in found if _is_there(box, picture)]
    boxes = [box for box in found if max(box.width, box.height) >= settings.min_face]
    left_out = len(found) - len(boxes)
    if boxes and picture.scale < 1:
        picture = _sharp_enough(source, picture, boxes, settings.input_size)
    crops = [
        crop_square(picture.pixels, box.scaled(picture.scale), settings.input_size, settings.margin)
        for box in boxes
    ]
    return _answer(picture, boxes, crops, left_out)


def _is_there(box: Box, picture: Decoded) -> bool:
    """Whether a face lies in what was read of a picture."""
    if picture.there is None:
        return True
    width, height = picture.width, picture.height
    left, top, right, bottom = picture.there
    read = Box(left * width, top * height, (right - left) * width, (bottom - top) * height, 1)
    return overlap(box, read) >= LEAST_SEEN * overlap(box, Box(0, 0, width, height, 1))


def _sharp_enough(source: str | bytes, picture: Decoded, boxes: list[Box], size: int) -> Decoded:
    """The reduced picture if its smallest face fills the crop, else one decoded as large as that takes."""
    smallest = min(max(box.width, box.height) for box in boxes)
    scale = min(1.0, size / smallest)
    if picture.scale >= scale:
        return picture
    return decode(source, min_side=math.ceil(scale * max(picture.width, picture.height)))


def _answer(picture: Decoded, boxes: list[Box], crops: list[np.ndarray], left_out: int) -> Examined:
    answer = Examined(
        OK if boxes else NO_FACE,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        taken_at=picture.taken_at,
        taken_from=EXIF if picture.taken_at else None,
        notes=DOUBTED if picture.is_doubted else None,
        camera=picture.camera,
        faces_left_out=left_out,
        part=None if picture.part is None else round(picture.part, 3),
        pages=picture.pages,
    )
    for box, crop in zip(boxes, crops, strict=True):
        place = (round(box.x), round(box.y), round(box.width), round(box.height))
        answer.faces.append(Face(*place, box.score, round(sharpness(crop), 2), round(brightness(crop), 2)))
    if crops:
        answer.crops = np.stack(crops)
    return answer

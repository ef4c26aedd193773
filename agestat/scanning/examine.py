"""One file to its faces: what a decoder does, as a function, and how its answer travels through a pipe."""

import json
import os
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

import numpy as np

from agestat.images import faces, fingerprint
from agestat.images.crop import crop_square
from agestat.images.decode import Decoded, decode
from agestat.images.detectors import Box
from agestat.images.quality import brightness, sharpness
from agestat.images.reasons import DecodeError, os_reason
from agestat.images.seeing import see
from agestat.images.times import time_in_name

VERSION = 8  # raise it when the same file and settings would give other rows
# Gender accuracy by face size (docs/performance.md): below this the model is not worth listening to.
MIN_FACE = 24  # pixels
OK, NO_FACE, FAILED = "ok", "no_face", "failed"
EXIF, NAME = "exif", "name"  # where a time is from
DOUBTED, IN_TILES, LIMITED = "date not believed", "tiles", "limit"  # `Examined.notes`


@dataclass(frozen=True)
class Settings:
    """What decides a file's rows, besides the file and the network.

    ``crop`` is ``faces`` or ``whole``; ``input_size`` the side of the crops in pixels; ``margin`` and
    ``min_face`` refer to the longer side of a face's box, in boxes and in pixels of the whole picture;
    ``tiles`` says when a picture is looked at closely: ``auto``, ``off`` or ``always``.
    """

    crop: str = "faces"
    input_size: int = 128
    margin: float = 1.0
    min_score: float = faces.MIN_SCORE
    min_face: int = MIN_FACE
    tiles: str = "auto"

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
    content: str | None = None  # hashes of `agestat.images.fingerprint`
    look: str | None = None
    camera: str | None = None
    faces_left_out: int = 0
    part: float | None = None  # the share that was read of a file that is not whole
    pages: int = 1  # pictures in the file, of which the first is examined
    turn: int = 0  # degrees clockwise by which it was turned to find its faces; boxes are as it is shown
    notes: str | None = None  # `DOUBTED`, `IN_TILES`, `LIMITED`, with commas
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
        answer = _whole(source, settings) if settings.crop == "whole" else _faces(source, settings)
        answer.content = fingerprint.content(source)
    except DecodeError as error:
        return failed(str(error))
    except OSError as error:
        return failed(os_reason(error))
    except MemoryError:
        return failed("out of memory")
    if answer.taken_at is None and isinstance(source, str):
        answer.taken_at = time_in_name(os.path.basename(source))  # noqa: PTH119 -- odd names stay
        answer.taken_from = NAME if answer.taken_at else None
    return answer


def _whole(source: str | bytes, settings: Settings) -> Examined:
    picture = decode(source, min_side=4 * settings.input_size)
    box = Box(0, 0, picture.width, picture.height, 1.0)
    small = faces.views(picture.pixels)[-1].pixels
    return _answer(picture, small, [box], [crop_square(picture.pixels, None, settings.input_size)])


def _faces(source: str | bytes, settings: Settings) -> Examined:
    seen = see(
        source,
        min_score=settings.min_score,
        min_face=settings.min_face,
        tiles=settings.tiles,
        crop_side=settings.input_size,
        margin=settings.margin,
    )
    answer = _answer(seen.picture, seen.small, seen.boxes, seen.crops)
    answer.faces_left_out, answer.turn = seen.left_out, seen.turn
    notes = (answer.notes, IN_TILES if seen.in_tiles else None, LIMITED if seen.is_limited else None)
    answer.notes = ", ".join(filter(None, notes)) or None
    return answer


def _answer(picture: Decoded, small: np.ndarray, boxes: list[Box], crops: list[np.ndarray]) -> Examined:
    answer = Examined(
        OK if boxes else NO_FACE,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        taken_at=picture.taken_at,
        taken_from=EXIF if picture.taken_at else None,
        notes=DOUBTED if picture.is_doubted else None,
        camera=picture.camera,
        part=None if picture.part is None else round(picture.part, 3),
        pages=picture.pages,
        look=fingerprint.look(small) if boxes else None,  # pictures of nobody are counted as they are
    )
    for box, crop in zip(boxes, crops, strict=True):
        place = (round(box.x), round(box.y), round(box.width), round(box.height))
        answer.faces.append(Face(*place, box.score, round(sharpness(crop), 2), round(brightness(crop), 2)))
    if crops:
        answer.crops = np.stack(crops)
    return answer

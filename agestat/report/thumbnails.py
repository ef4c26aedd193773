"""Small pictures of faces, for pages whose reader asked for them."""

import base64
import io
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from agestat.images.crop import crop_square
from agestat.images.decode import Decoded, DecodeError, decode
from agestat.images.detectors import Box
from agestat.images.faces import VIEWS
from agestat.images.turns import turned, turned_back

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan

FACES = 48
SIDE = 96  # pixels
MARGIN = 1.3  # of the longer side of a face's box
AROUND = 4.0  # the same for a face in its picture
COLUMNS = ("file_id", "x", "y", "width", "height", "score")


def thumbnails(scan: "Scan") -> Iterator[str]:
    """At most `FACES` faces drawn at random, the same ones each time, as ``data:`` addresses of JPEGs."""
    total = scan.counts["faces"]
    chosen = np.random.default_rng(0).choice(total, min(FACES, total), replace=False)
    parts, start = [], 0
    for frame in scan.face_chunks():
        parts.append(frame.iloc[chosen[(chosen >= start) & (chosen < start + len(frame))] - start])
        start += len(frame)
    for shown in pictures(scan, pd.concat(parts), SIDE):
        if shown["crop"]:
            yield shown["crop"]


def pictures(
    scan: "Scan", faces: pd.DataFrame, side: int, context: int | None = None
) -> list[dict[str, Any]]:
    """Per face its ``crop``, ``side`` pixels large, and with ``context`` the part of its picture around it,
    at most that large, and the ``box`` of the face in that: left, top, width and height as fractions.
    Pictures are ``data:`` addresses of JPEGs.

    None where a file is no longer what was scanned: a store cannot have any other picture shown.
    """
    shown: list[dict[str, Any]] = [{"crop": None, "context": None, "box": None} for _ in range(len(faces))]
    places = zip(*(faces[name] for name in COLUMNS), strict=True)
    by_file: dict[int, list[tuple[int, Box]]] = {}
    for number, (file, *place) in enumerate(places):
        by_file.setdefault(int(file), []).append((number, Box(*place)))
    for file, boxes in by_file.items():
        smallest = min(max(box.width, box.height) for _, box in boxes)
        upright = _upright(scan, file, smallest, side)
        if upright is None:
            continue
        picture, turn = upright
        for number, face in boxes:
            small = turned_back(face, turn, picture.width, picture.height).scaled(picture.scale)
            shown[number]["crop"] = _address(crop_square(picture.pixels, small, side, MARGIN))
            if context:
                shown[number].update(_in_context(picture.pixels, small, context))
    return shown


def _upright(scan: "Scan", file: int, smallest: float, side: int) -> tuple[Decoded, int] | None:
    """The picture, large enough for its smallest face to fill a crop, the way up in which its faces were
    judged; and the quarter turns counterclockwise that make it as it is shown."""
    found = scan.unchanged(file)
    if found is None:
        return None
    path, turn = found
    try:
        picture = decode(path, min_side=max(VIEWS))
        if picture.scale < min(1.0, side / smallest):
            longest = max(picture.width, picture.height)
            picture = decode(path, min_side=math.ceil(longest * min(1.0, side / smallest)))
    except DecodeError:
        return None
    return turned(picture, -turn % 4), turn


def _in_context(pixels: np.ndarray, box: Box, most: int) -> dict[str, Any]:
    height, width = pixels.shape[:2]
    reach = AROUND * max(box.width, box.height) / 2
    x, y = box.x + box.width / 2, box.y + box.height / 2
    left, right = math.floor(max(0, x - reach)), math.ceil(min(width, x + reach))
    top, bottom = math.floor(max(0, y - reach)), math.ceil(min(height, y + reach))
    part = Image.fromarray(pixels[top:bottom, left:right])
    part.thumbnail((most, most), Image.Resampling.BICUBIC, reducing_gap=3.0)
    across, down = right - left, bottom - top
    place = [(box.x - left) / across, (box.y - top) / down, box.width / across, box.height / down]
    return {"context": _address(np.asarray(part)), "box": [round(value, 4) for value in place]}


def _address(pixels: np.ndarray) -> str:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")

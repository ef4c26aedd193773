"""Small pictures of some faces, for a page whose reader asked for them."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from agestat.images.crop import crop_square
from agestat.images.decode import DecodeError, decode
from agestat.images.faces import Box

if TYPE_CHECKING:
    from agestat.scan.result import Scan

FACES = 48
SIDE = 96  # pixels
COLUMNS = ("root", "path", "x", "y", "width", "height", "score")


def thumbnails(scan: "Scan") -> Iterator[str]:
    """At most `FACES` faces drawn at random, the same ones each time, as ``data:`` addresses of JPEGs."""
    faces = scan.faces
    drawn = faces.sample(min(FACES, len(faces)), random_state=0)
    for root, path, *box in zip(*(drawn[name] for name in COLUMNS), strict=True):
        try:
            pixels = decode(Path(root) / path).pixels
        except DecodeError:
            continue  # moved or changed since the scan
        stream = io.BytesIO()
        Image.fromarray(crop_square(pixels, Box(*box), SIDE, 1.3)).save(stream, "JPEG", quality=80)
        yield "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")

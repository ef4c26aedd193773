"""Small pictures of some faces, for a page whose reader asked for them."""

import base64
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

from agestat.images.crop import crop_square
from agestat.images.decode import DecodeError, decode
from agestat.images.faces import Box

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan

FACES = 48
SIDE = 96  # pixels
COLUMNS = ("file_id", "x", "y", "width", "height", "score")


def thumbnails(scan: "Scan") -> Iterator[str]:
    """At most `FACES` faces drawn at random, the same ones each time, as ``data:`` addresses of JPEGs.

    Only from files that are still what was scanned: a store cannot have any other picture shown.
    """
    total = scan.counts["faces"]
    chosen = np.random.default_rng(0).choice(total, min(FACES, total), replace=False)
    parts, start = [], 0
    for frame in scan.face_chunks():
        parts.append(frame.iloc[chosen[(chosen >= start) & (chosen < start + len(frame))] - start])
        start += len(frame)
    drawn = pd.concat(parts)
    for file, *box in zip(*(drawn[name] for name in COLUMNS), strict=True):
        path = scan.unchanged(file)
        if path is None:
            continue
        try:
            pixels = decode(path).pixels
        except DecodeError:
            continue
        stream = io.BytesIO()
        Image.fromarray(crop_square(pixels, Box(*box), SIDE, 1.3)).save(stream, "JPEG", quality=80)
        yield "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")

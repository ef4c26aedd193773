"""Faces found in pictures as large as people have them, and what that takes.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/large_pictures.py [--cases panorama crowd ...]

Faces of the portraits, cut by the detector with some of what is around them, are pasted at known places into
soft noise, as JPEG in memory; each picture is read as a scan reads it. CPU time is of one thread.
"""

import argparse
import csv
import io
import os
import resource
import time
from pathlib import Path

import numpy as np
from detection import hits
from PIL import Image

from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.detectors import Box
from agestat.images.faces import FaceDetector
from agestat.images.seeing import see
from agestat.scanning.decoder import environment
from agestat.scanning.examine import MIN_FACE

# Width, height, faces, their side in pixels.
CASES = {
    "panorama": (20_000, 1_600, 40, 200),
    "chat": (1_080, 30_000, 40, 200),
    "crowd": (4_000, 3_000, 200, 60),
    "400 faces": (3_000, 2_400, 400, 60),
    "page": (11_000, 14_000, 30, 160),
}
AROUND = 1.5  # sides of a face that are pasted with it


def portraits(limit: int) -> list[np.ndarray]:
    """Squares around the faces of portraits, 300 pixels."""
    folder = Path(os.environ["AGESTAT_DATA"]) / "portraits"
    with (folder / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file)]
    detector, squares = FaceDetector(), []
    for name in names[:limit]:
        pixels = decode(folder / name).pixels
        boxes = detector.detect(pixels)
        if boxes:
            squares.append(crop_square(pixels, boxes[0], 300, AROUND))
    return squares


def made(squares: list[np.ndarray], case: tuple[int, int, int, int]) -> tuple[bytes, list[Box]]:
    """A JPEG and where its faces are: in a grid over the whole picture."""
    width, height, number, size = case
    noise = np.random.default_rng(0).integers(110, 140, (height // 8, width // 8, 3), dtype=np.uint8)
    canvas = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    side = round(AROUND * size)
    columns = max(1, round((number * width / height) ** 0.5))
    columns = min(columns, width // side)
    rows = -(-number // columns)
    places = [
        (int((column + 0.5) * width / columns - side / 2), int((row + 0.5) * height / rows - side / 2))
        for row in range(rows)
        for column in range(columns)
    ][:number]
    for index, place in enumerate(places):
        face = Image.fromarray(squares[index % len(squares)])
        canvas.paste(face.resize((side, side), Image.Resampling.LANCZOS), place)
    buffer, edge = io.BytesIO(), (side - size) / 2
    canvas.save(buffer, "JPEG", quality=90)
    return buffer.getvalue(), [Box(x + edge, y + edge, size, size, 1.0) for x, y in places]


def main() -> None:
    """One line a picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--tiles", nargs="+", default=["off", "auto"])
    chosen = parser.parse_args()
    os.environ.update(environment())  # one thread, as in the decoders
    Image.MAX_IMAGE_PIXELS = None
    squares = portraits(60)
    for name in chosen.cases:
        data, places = made(squares, CASES[name])
        width, height, number, size = CASES[name]
        for tiles in chosen.tiles:
            start = time.process_time()
            seen = see(data, min_score=0.5, min_face=MIN_FACE, tiles=tiles, crop_side=128, margin=1.0)
            spent = time.process_time() - start
            found = hits(seen.boxes, places)
            print(
                f"{name}, {width} x {height}, {number} faces of {size} pixels, tiles {tiles}: {found} found, "
                f"{len(seen.boxes) - found} false, {spent:.1f} s, {spent / width / height * 1e6:.2f} s/MP"
                + (", a limit was reached" if seen.is_limited else ""),
                flush=True,
            )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()

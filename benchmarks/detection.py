"""Why the detector looks at each picture twice, and how small and large a face it finds.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/detection.py

Faces found on the 240 whole portraits for several pairs of views (longer side in pixels), and the share of
held-out FairFace crops found when pasted at N pixels into a picture of 960 x 720 pixels of soft noise.
"""

import csv
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from agestat.images import faces
from agestat.images.decode import decode

VIEWS = ((320,), (640,), (960,), (240, 640), (320, 640), (240, 960), (320, 960))
SIZES = (12, 16, 20, 24, 32, 48, 64, 96, 128, 200, 300, 400, 600)


def read(name: str, split: str, limit: int) -> list[np.ndarray]:
    """Pixels of a labelled set's first pictures."""
    folder = Path(os.environ["AGESTAT_DATA"]) / name
    with (folder / "labels.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    return [decode(folder / row["file"]).pixels for row in rows[:limit]]


def portraits() -> None:
    """One line per pair of views."""
    pictures = read("portraits", "val", 240)
    shipped = faces.VIEWS
    print("views, pixels   photos with a face   boxes   CPU ms per photo")
    for views in VIEWS:
        faces.VIEWS = views
        start = time.process_time()
        found = [faces.FaceDetector().detect(picture) for picture in pictures]
        spent = 1000 * (time.process_time() - start) / len(pictures)
        photos = 100 * np.mean([bool(boxes) for boxes in found])
        print(f"{' + '.join(map(str, views)):14s} {photos:18.1f} % {sum(map(len, found)):7d} {spent:18.0f}")
    faces.VIEWS = shipped


def collage(crops: list[np.ndarray], size: int) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Up to forty crops at ``size`` pixels on noise, and their centres."""
    noise = np.random.default_rng(0).integers(100, 160, (90, 120, 3), dtype=np.uint8)
    canvas = Image.fromarray(noise).resize((960, 720), Image.Resampling.BICUBIC)
    step = int(1.6 * size)
    places = [(x, y) for y in range(8, 716 - size, step) for x in range(8, 952 - size, step)][:40]
    for crop, place in zip(crops, places, strict=False):
        canvas.paste(Image.fromarray(crop).resize((size, size), Image.Resampling.LANCZOS), place)
    return np.asarray(canvas), [(x + size / 2, y + size / 2) for x, y in places[: len(crops)]]


def sizes() -> None:
    """One line per size of face."""
    crops = read("fairface", "val", 80)
    print("\nface, pixels of a 960-pixel picture   found, %   boxes per face")
    for size in SIZES:
        hits, boxes, left = 0, 0, list(crops)
        while left:
            picture, centres = collage(left, size)
            left = left[len(centres) :]
            found = faces.FaceDetector().detect(picture)
            boxes += len(found)
            for x, y in centres:
                hits += any(
                    abs(b.x + b.width / 2 - x) < 0.35 * size and abs(b.y + b.height / 2 - y) < 0.35 * size
                    for b in found
                )
        print(f"{size:35d} {100 * hits / len(crops):10.0f} {boxes / len(crops):16.2f}", flush=True)


if __name__ == "__main__":
    portraits()
    sizes()

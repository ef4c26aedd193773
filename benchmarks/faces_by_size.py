"""Gender and age by the size of a face in the picture, to choose the default of ``--min-face``.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/faces_by_size.py [--pictures 2300]

Held-out FairFace crops are shrunk to N pixels, as distant faces would be, and cut by the scan's own code.
"""

import argparse
import csv
import os
from pathlib import Path

import numpy as np
from PIL import Image

from agestat import load_model
from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.model.label_space import GENDERS

SIZES = (8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128)


def shrunk(pixels: np.ndarray, size: int) -> np.ndarray:
    """The picture at ``size`` pixels, antialiased."""
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS))


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=2300)
    parser.add_argument("--model", default="faces")
    arguments = parser.parse_args()
    folder = Path(os.environ["AGESTAT_DATA"]) / "fairface"
    with (folder / "labels.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
    rows = [rows[index] for index in np.random.default_rng(0).permutation(len(rows))[: arguments.pictures]]
    pictures = [decode(folder / row["file"]).pixels for row in rows]
    female = np.array([row["gender"] == GENDERS[0] for row in rows])
    low = np.array([float(row["age_min"]) for row in rows])
    high = np.array([float(row["age_max"] or 100) for row in rows])
    model = load_model(arguments.model)
    print(f"{model.name} {model.digest[:12]}, {len(rows)} held-out FairFace crops")
    print("pixels  gender right, %  age in the labelled decade, %")
    for size in SIZES:
        crops = [crop_square(shrunk(picture, size), None, model.input_size) for picture in pictures]
        probabilities = model.predict(np.stack(crops)).probabilities
        gender = (model.space.p_female(probabilities) > 0.5) == female
        age = np.rint(model.space.age(probabilities))
        print(
            f"{size:6d}  {100 * gender.mean():15.1f}  {100 * ((low <= age) & (age <= high)).mean():29.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()

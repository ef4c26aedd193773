"""Faces found on whole portraits, and the gender of the largest face.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/portraits.py [--model faces] [--collections]

Scans the labelled photos of ``portraits`` exactly as ``agestat scan`` does and lists what was missed. With
``--collections`` it scans two folders of a hundred of them instead, of which 70 and 40 show a woman, and
prints the shares of women that are true, counted and corrected.
"""

import argparse
import csv
import io
import os
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import agestat
from agestat.images import tilt
from agestat.images.decode import decode
from agestat.images.seeing import see

SIZE = 100
COLLECTIONS = {"first": 70, "second": 40}  # photos of a woman among `SIZE`


def main() -> None:
    """Print both shares, then the photos behind the misses."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="faces")
    parser.add_argument("--collections", action="store_true")
    parser.add_argument("--tilts", type=int, nargs="+", help="turn the photos by such degrees instead")
    parser.add_argument("--every", type=int, default=1, help="of so many photos one is turned")
    arguments = parser.parse_args()
    if arguments.collections:
        compare_collections(arguments.model)
        return
    if arguments.tilts:
        tilted(arguments.model, arguments.tilts, arguments.every)
        return
    folder = Path(os.environ["AGESTAT_DATA"]) / "portraits"
    with (folder / "labels.csv").open() as file:
        truth = {row["file"]: row["gender"] for row in csv.DictReader(file)}
    with (
        tempfile.TemporaryDirectory() as home,
        agestat.scan(folder, model=arguments.model, db=Path(home) / "portraits.sqlite") as scan,
    ):
        faces, run, counts = scan.faces, scan.run, scan.counts
    faces["area"] = faces["width"] * faces["height"]
    largest = faces.sort_values("area").groupby("path").last()
    largest["gender"] = (largest["p_female"] > 0.5).map({True: "female", False: "male"})
    right = largest["gender"] == largest.index.map(truth)
    print(f"{run['model']} {run['model_digest'][:12]}: {counts}")
    print(f"face found: {len(largest)} of {len(truth)} photos, {100 * len(largest) / len(truth):.1f} %")
    print(f"gender of the largest face right: {right.sum()} of {len(right)}, {100 * right.mean():.1f} %")
    print("no face:", *sorted(truth.keys() - set(largest.index)))
    for path, row in largest[~right].iterrows():
        print(f"{path}: is {truth[path]}, p_female {row['p_female']:.2f}, age {row['age']:.0f}, "
              f"face {row['width']} x {row['height']}, score {row['score']:.2f}")  # fmt: skip


def tilted(model_name: str, tilts: list[int], every: int) -> None:
    """Gender of the largest face of turned photos, by its crop as it lies and as it is set upright."""
    folder, model = (
        Path(os.environ["AGESTAT_DATA"]) / "portraits",
        agestat.load_model(model_name, device="cpu"),
    )
    with (folder / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))[::every]
    cuts = {"as they lie": 360.0, "set upright": tilt.LEAST}
    for degrees in tilts:
        crops: dict[str, list[np.ndarray]] = {name: [] for name in cuts}
        women = []
        for row in rows:
            picture = Image.fromarray(decode(folder / row["file"]).pixels)
            turned, buffer = (
                picture.rotate(degrees, Image.Resampling.BICUBIC, True, fillcolor="grey"),
                io.BytesIO(),
            )
            turned.save(buffer, "PNG", compress_level=1)
            women.append(row["gender"] == "female")
            for name, least in cuts.items():
                tilt.LEAST = least
                seen = see(buffer.getvalue(), min_score=0.5, min_face=24, tiles="off",
                           crop_side=model.input_size, margin=model.margin)  # fmt: skip
                crops[name].append(seen.crops[0] if seen.crops else np.zeros_like(crops[name][0]))
        right = {
            name: 100 * np.mean((model.predict(np.stack(some)).probabilities[:, 0] > 0.5) == women)
            for name, some in crops.items()
        }
        changed = sum((a != b).any() for a, b in zip(*crops.values(), strict=True))
        print(f"turned by {degrees} degrees, {len(rows)} photos: gender right in "
              + ", ".join(f"{share:.1f} % {name}" for name, share in right.items())
              + f"; {changed} faces were turned", flush=True)  # fmt: skip


def compare_collections(model: str) -> None:
    """Two folders whose shares of women are known, and what a scan says of them."""
    folder = Path(os.environ["AGESTAT_DATA"]) / "portraits"
    with (folder / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    random.Random(0).shuffle(rows)
    of_gender = {gender: [row for row in rows if row["gender"] == gender] for gender in ("female", "male")}
    with tempfile.TemporaryDirectory() as home:
        for name, women in COLLECTIONS.items():
            (Path(home) / "photos" / name).mkdir(parents=True)
            for gender, count in (("female", women), ("male", SIZE - women)):
                for row in (of_gender[gender].pop() for _ in range(count)):
                    shutil.copy(folder / row["file"], Path(home) / "photos" / name)
        with agestat.scan(Path(home) / "photos", model=model, db=Path(home) / "two.sqlite") as scan:
            found, counts, run = scan.estimate("folder"), scan.counts, scan.run
    print(f"{run['model']} {run['model_digest'][:12]}: {counts}")
    print("| folder | photos of women | women as counted | women as corrected (95 % interval) |")
    print("| --- | --- | --- | --- |")
    for name, women in COLLECTIONS.items():
        row = found.margin(name, gender="female")
        counted, share, low, high = (
            f"{100 * row[key]:.1f}" for key in ("share_counted", "share", "share_low", "share_high")
        )
        print(f"| {name} | {100 * women / SIZE:.0f} % | {counted} % | {share} % ({low} to {high}) |")


if __name__ == "__main__":
    main()

"""Faces found on whole portraits, and the gender of the largest face.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/portraits.py [--model faces] [--collections]

Scans the labelled photos of ``portraits`` exactly as ``agestat scan`` does and lists what was missed. With
``--collections`` it scans two folders of a hundred of them instead, of which 70 and 40 show a woman, and
prints the shares of women that are true, counted and corrected.
"""

import argparse
import csv
import os
import random
import shutil
import tempfile
from pathlib import Path

import agestat

SIZE = 100
COLLECTIONS = {"first": 70, "second": 40}  # photos of a woman among `SIZE`


def main() -> None:
    """Print both shares, then the photos behind the misses."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="faces")
    parser.add_argument("--collections", action="store_true")
    arguments = parser.parse_args()
    if arguments.collections:
        compare_collections(arguments.model)
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

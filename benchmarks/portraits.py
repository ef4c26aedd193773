"""Faces found on whole portraits, and the gender of the largest face.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/portraits.py [--model faces]

Scans the labelled photos of ``portraits`` exactly as ``agestat scan`` does and lists what was missed.
"""

import argparse
import csv
import os
import tempfile
from pathlib import Path

import agestat


def main() -> None:
    """Print both shares, then the photos behind the misses."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="faces")
    arguments = parser.parse_args()
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


if __name__ == "__main__":
    main()

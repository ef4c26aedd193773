"""Seconds to estimate a table of 20 groups x 16 cells over 100,000 faces with 1,000 replicates.

    python benchmarks/estimate.py [--faces 100000] [--groups 20] [--method bayes]

The faces are drawn from the calibration set of the shipped model.
"""

import argparse
import os
import platform
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as Scan.estimate does

import numpy as np

from agestat.model.checkpoint import read_calibration
from agestat.model.label_space import YEARS
from agestat.stats.bands import parse_bands
from agestat.stats.calibration import Calibration
from agestat.stats.estimate import estimate

BANDS = "0,10,20,30,40,50,60,70"  # with two genders 16 cells


def main() -> None:
    """Time one estimate; fitting the calibration comes before."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--method", default="bayes")
    options = parser.parse_args()
    calibration = Calibration.from_arrays(YEARS, read_calibration("faces"), "faces")
    _ = calibration.scaling  # fitted once, whatever is estimated with it
    rng = np.random.default_rng(0)
    faces = calibration.probabilities[rng.integers(calibration.n, size=options.faces)]
    groups = np.array([f"group {number:03}" for number in range(options.groups)], dtype=object)
    names = groups[np.arange(options.faces) % options.groups]
    clusters = np.arange(options.faces) // 2
    wall, processor = time.perf_counter(), time.process_time()
    found = estimate(
        faces, names, clusters, calibration, bands=parse_bands(BANDS), method=options.method, replicates=1000
    )
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{options.faces:,} faces, {len(found.table)} cells, {options.method}; {platform.machine()}")
    print(f"{wall:.1f} s, {processor:.1f} processor seconds")


if __name__ == "__main__":
    main()

"""Seconds and bytes of the report of a store of generated faces in 12 groups.

    python benchmarks/report.py [--faces 100000]
    python benchmarks/report.py --faces 496 --by '(?P<picture>.+)'    # as many groups of one face

Prints the time of the estimates (whole, and by group), of the page and of all, and the size of the file.
"""

import argparse
import importlib.util
import platform
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from agestat.analysis.scan import Scan
from agestat.model.checkpoint import calibration_file, judging
from agestat.report.html import write_html
from agestat.scanning.store import Store

TESTS = Path(__file__).parents[1] / "tests" / "report" / "conftest.py"


def main() -> None:
    """Build the store, then time what `agestat report --by folder --html` does."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--by", default="folder")
    parser.add_argument("--method", default="bayes")
    parser.add_argument("--min-n", type=int, default=10)
    options = parser.parse_args()
    spec = importlib.util.spec_from_file_location("stores", TESTS)
    assert spec and spec.loader
    stores = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stores)
    with tempfile.TemporaryDirectory() as folder:
        store = stores.write_store(Path(folder), options.faces)
        target = Path(folder) / "report.html"
        with Scan.open(store) as scan:
            digest = scan.run["model_digest"]
        with Store(store) as kept:  # as if the shipped model had made the rows: its calibration set is used
            calibration = calibration_file("faces").read_bytes()
            kept.keep_model({**judging("faces"), "sha256": digest}, calibration)
        with Scan.open(store) as scan:
            clock = [time.perf_counter()]
            overall = scan.estimate(method=options.method)
            clock.append(time.perf_counter())
            groups = scan.estimate([options.by], method=options.method, min_n=options.min_n)
            clock.append(time.perf_counter())
            write_html(scan, groups, target, lang="en", overall=overall)
            clock.append(time.perf_counter())
        steps = [after - before for before, after in pairwise(clock)]
        print(f"{options.faces:,} faces, {len(groups.groups)} groups, {options.method}; {platform.machine()}")
        for name, seconds in zip(("estimate, whole", "estimate, groups", "page"), steps, strict=True):
            print(f"{name:20} {seconds:6.1f} s")
        print(f"{'total':20} {sum(steps):6.1f} s")
        print(f"{'HTML':20} {target.stat().st_size / 1e6:6.2f} MB")


if __name__ == "__main__":
    main()

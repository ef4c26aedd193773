"""A scan's memory does not grow with its files."""

import subprocess
import sys
from pathlib import Path

from PIL import Image


def test_memory_is_flat(tmp_path, quick_model):
    (tmp_path / "p").mkdir()
    Image.new("RGB", (16, 16)).save(tmp_path / "0.bmp")
    data = (tmp_path / "0.bmp").read_bytes()
    for number in range(5000):
        Path(tmp_path / "p" / f"{number}.bmp").write_bytes(data)
    code = """
import resource, sys, agestat
for limit in (500, 5000):
    with agestat.scan(sys.argv[1], model=sys.argv[2], db=sys.argv[3], limit=limit) as scan:
        print(scan.counts["found"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    arguments = [sys.executable, "-c", code, tmp_path / "p", quick_model, tmp_path / "s.sqlite"]
    few, many = (line.split() for line in subprocess.check_output(arguments, text=True).splitlines())
    assert (few[0], many[0]) == ("500", "5000")
    assert int(many[1]) - int(few[1]) < 15_000  # KiB

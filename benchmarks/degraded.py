"""Are small, blurred, dark or compressed faces judged better with degraded copies in the calibration set?

    python benchmarks/degraded.py --cache ~/.cache/agestat-benchmarks --data ~/data

Half of the held-out FairFace pictures calibrate, bags are drawn from the other half, each crop degraded in
one way: by code of its own, and in part harder than `agestat.judging.degrading` does it. The same bags are
judged with the pictures as they are and no weights, and with a copy of each picture and weights by looks.
Shifts are those of `benchmarks/coverage.py`.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from coverage import RACES, STARTS, add, cells_of, draw_bag, mean_ages, take
from domains import arguments, crop_of, labelled, made_by
from PIL import Image, ImageFilter

from agestat.judging.calibration import observe, predicted
from agestat.model.checkpoint import load_model
from agestat.model.label_space import YEARS
from agestat.stats.bands import parse_bands
from agestat.stats.calibration import Calibration
from agestat.stats.estimate import Estimate, estimate_checked, read_collection
from agestat.stats.shift import shift
from agestat.stats.tally import Chunks

FACES = 1000
BAGS_PER_SPLIT = 3
REPLICATES = 500
HEAD = "| crops | shift | judged by | held | > 10 % | margins | width | error | of counting | warned |\n"
HEAD += "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"

Crop = Image.Image
Chance = np.random.Generator


def shrunk(crop: Crop, side: int) -> Crop:
    """At ``side`` pixels."""
    return crop.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=None)


def darker(crop: Crop, gamma: float) -> Crop:
    """With another gamma."""
    return crop.point((255 * (np.arange(256) / 255) ** gamma).round().astype(int).tolist() * 3)


def jpeg(crop: Crop, quality: int) -> Crop:
    """Compressed."""
    packed = io.BytesIO()
    crop.save(packed, "JPEG", quality=quality)
    return Image.open(packed)


def moving(crop: Crop, rng: Chance) -> Crop:
    """Smeared along a line over 5 to 12 pixels."""
    steps = int(rng.integers(5, 13))
    pixels = np.asarray(crop, np.float32)
    mean = sum(np.roll(pixels, step, axis=1) for step in range(steps)) / steps
    return Image.fromarray(mean.round().astype(np.uint8))


def webcam(crop: Crop, rng: Chance) -> Crop:
    """64 pixels, dark, noisy, compressed."""
    pixels = np.asarray(darker(shrunk(crop, 64), rng.uniform(1.4, 2)), np.float32)
    noisy = (pixels + rng.normal(0, 6, pixels.shape)).clip(0, 255).astype(np.uint8)
    return jpeg(Image.fromarray(noisy), 50)


LOOKS: dict[str, Callable[[Crop, Chance], Crop]] = {
    "as they are": lambda crop, rng: crop,
    "24 to 35 pixels": lambda crop, rng: shrunk(crop, int(rng.integers(24, 36))),
    "blurred": lambda crop, rng: crop.filter(ImageFilter.GaussianBlur(rng.uniform(1.5, 3))),
    "moving": moving,
    "dark": lambda crop, rng: darker(crop, rng.uniform(1.8, 2.6)),
    "compressed": lambda crop, rng: jpeg(shrunk(crop, 56), int(rng.integers(10, 30))),
    "webcam": webcam,
}
NUMBERS = ("logits", "novelty", "sharpness", "brightness")


def judged(name: str, data: Path, cache: Path) -> dict[str, np.ndarray]:
    """The calibration arrays of all held-out FairFace pictures with a copy of each, and ``LOOK_NUMBER`` of
    the crops in every look; from ``cache`` if they were made before."""
    target = cache / f"degraded-{made_by(name)[:16]}.npz"
    if not target.exists():
        frame = labelled(data)
        frame = frame[frame["domain"].isin(RACES)].reset_index(drop=True)
        model = load_model(name, "cpu")
        given = frame.assign(source=str(data), age=np.nan, subject="")
        arrays = observe(model, given, crop="whole", degraded=1)
        crops = [crop_of(file, model.input_size, model.margin, None)[0] for file in frame["file"]]
        for number, (look, change) in enumerate(LOOKS.items()):
            rng = np.random.default_rng(100 + number)
            changed = (change(Image.fromarray(crop), rng) for crop in crops)
            pixels = np.stack([np.asarray(one.resize((model.input_size,) * 2, 3)) for one in changed])
            arrays |= {f"{look}_{key}": values for key, values in predicted(model, pixels).items()}
            print(look, flush=True)
        np.savez_compressed(target, **arrays)
    with np.load(target, allow_pickle=False) as found:
        return dict(found)


def calibration_of(known: Mapping[str, np.ndarray], rows: np.ndarray) -> Calibration:
    """Of some pictures and a copy of each."""
    arrays = take({key: known[key] for key in (*NUMBERS, "gender", "age_min", "age_max")}, rows)
    arrays |= take({f"degraded_{key}": known[f"degraded_{key}"] for key in NUMBERS}, rows)
    return Calibration.from_arrays(YEARS, {**arrays, "degraded_of": np.arange(len(rows))}, "faces")


def run(look: str, kind: str, bags: int, known: Mapping[str, np.ndarray]) -> list[dict[str, list]]:
    """What `coverage.add` collects, without and with copies and weights."""
    rng, bands = np.random.default_rng(0), parse_bands(",".join(map(str, STARTS)))
    found: list[dict[str, list]] = [{}, {}]
    for number in range(bags):
        if number % BAGS_PER_SPLIT == 0:
            calibrating, left = np.array_split(rng.permutation(len(known["gender"])), 2)
            pool = take({key: known[f"{look}_{key}"] for key in NUMBERS}, left)
            pool |= take({key: known[key] for key in ("gender", "age_min", "age_max")}, left)
            truth, calibration = cells_of(pool, STARTS), calibration_of(known, calibrating)
            ages = mean_ages(pool, truth, bands, cells=2 * len(STARTS))
        shares, rows = draw_bag(kind, truth, FACES, ages, rng)
        bag = take(pool, rows)
        probabilities = YEARS.softmax(bag["logits"].astype(np.float32))
        looks = {name: bag[name] for name in NUMBERS[1:]} | {"age_spread": YEARS.age_spread(probabilities)}
        chunks = partial(list, [(probabilities, None, np.arange(len(rows)))])
        options = {"bands": bands, "replicates": REPLICATES, "seed": number}
        for collected, judge in zip(found, (as_they_are, estimate_checked), strict=True):
            result = judge(chunks, looks, calibration, **options)
            add(collected, result, shares, "fairface")
            collected.setdefault("warned", []).append(result.shift is not None)
    return found


def as_they_are(chunks: Chunks, looks: Mapping, calibration: Calibration, **options: Any) -> Estimate:
    """`estimate_checked` without copies and weights."""
    collection = read_collection(chunks, replace(calibration, copies=None), **options)
    verdict = shift(looks, calibration, collection.first_shares)
    return replace(collection.estimate(verdict.unlikeness), shift=verdict if verdict.is_shifted else None)


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--bags", type=int, default=12)
    parser.add_argument("--kind", action="append", help="default: own, strong")
    args = parser.parse_args()
    known = judged(args.model, args.data, args.cache)
    print(HEAD)
    for look in LOOKS:
        for kind in args.kind or ("own", "strong"):
            for how, found in zip(("pictures", "copies too"), run(look, kind, args.bags, known), strict=True):
                row = {key: float(np.mean(values)) for key, values in found.items()}
                held = " | ".join(f"{100 * row[key]:.1f}" for key in ("held", "held large", "margin held"))
                error = f"{100 * row['error']:.2f} | {row['error'] / row['counted']:.2f}"
                numbers = f"{held} | {100 * row['width']:.1f} | {error} | {100 * row['warned']:.0f} %"
                print(f"| {look} | {kind} | {how} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()

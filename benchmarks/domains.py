"""What a model says of every kind of labelled pictures that nobody trained it on, made once and kept.

    AGESTAT_DATA=~/data python benchmarks/domains.py --cache ~/.cache/agestat-benchmarks --model faces

`benchmarks/coverage.py` and the scales of the error model (`benchmarks/error_scales.py`) read the result. A
*domain* is a kind of pictures: FairFace by its race column, UTKFace, APPA-REAL, portraits, the groups of
``domains.tar``. Pictures that are no crops of faces go through the scan's detector, once for all weights:
their crops are kept too.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Memory

from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.faces import FaceDetector
from agestat.images.quality import brightness, sharpness
from agestat.model.checkpoint import calibration_file, judging, load_model
from agestat.model.label_space import YEARS
from agestat.stats.calibration import Calibration

SETS = {  # name: splits, most pictures of each
    "fairface": {"val": 10_000},
    "fairface_more": {"calibration": 10_000},
    "utkface": {"val": 10_000, "train": 6000},
    "appa_real": {"val": 10_000, "test": 10_000},
    "portraits": {"val": 10_000},
    "domains": {"val": 10_000},
}
STARTS = np.array([0, 3, 10, 20, 30, 40, 50, 60, 70])  # FairFace's ranges of ages
RACES = ("Black", "East Asian", "Indian", "Latino_Hispanic", "Middle Eastern", "Southeast Asian", "White")
BEAUTY = tuple(
    f"mebeauty/{name}" for name in ("asian", "black", "caucasian", "hispanic", "indian", "mideastern")
)
GENDERS_ALONE = ("portraits", "cfd_colour__W", *BEAUTY)
LABORATORY = ("london", "canada", "3dsk")
CROPPED = ("fairface", "fairface_more", "utkface")  # published as crops of faces
BATCH = 256

Arrays = dict[str, np.ndarray]


def labelled(data: Path) -> pd.DataFrame:
    """All pictures: full path ``file``, ``gender``, ``age_min``, ``age_max``, ``set``, ``domain``."""
    races = pd.read_csv(data / "fairface_more" / "domains.csv").set_index("file")["domain"]
    parts = []
    for name, splits in SETS.items():
        frame = pd.read_csv(data / name / "labels.csv")
        for split, most in splits.items():
            part = frame[frame["split"] == split]
            part = part.sample(min(most, len(part)), random_state=0).sort_index()
            if name == "fairface":
                part = part.assign(domain=part["file"].map(races))
            elif name != "fairface_more" and name != "domains":
                part = part.assign(domain=name)
            parts.append(
                part.assign(set=name, split=split, file=[str(data / name / f) for f in part["file"]])
            )
    return pd.concat(parts, ignore_index=True)


def crop_of(file: str, size: int, margin: float, detector: FaceDetector | None):
    """Crop ``(size, size, 3)``, its side in the picture and the detector's score, the picture as it is where
    there is no detector; None without a face."""
    pixels = decode(file).pixels
    if detector is None:
        return crop_square(pixels, None, size), float(min(pixels.shape[:2])), np.nan
    boxes = detector.detect(pixels)
    if not boxes:
        return None
    box = boxes[0]
    return crop_square(pixels, box, size, margin), min(box.width, box.height), box.score


def predict(model_name: str, data: Path, cache: Path) -> dict[str, np.ndarray]:
    """Columns ``(N, ...)`` of every picture that shows a face."""
    model, frame, detector = load_model(model_name, "cpu"), labelled(data), FaceDetector()
    found_before = Memory(cache, verbose=0).cache(crop_of, ignore=["detector"])
    rows, out = [], []
    for start in range(0, len(frame), BATCH):
        part = frame.iloc[start : start + BATCH]
        cuts = [
            crop_of(row.file, model.input_size, model.margin, None)
            if row.set in CROPPED
            else found_before(row.file, model.input_size, model.margin, detector)
            for row in part.itertuples()
        ]
        shown = [cut is not None for cut in cuts]
        cuts = [cut for cut in cuts if cut is not None]
        found = model.predict(np.stack([crop for crop, _, _ in cuts]))
        rows.append(part[shown])
        out.append([
            found.logits, found.novelty, np.array([sharpness(crop) for crop, _, _ in cuts]),
            np.array([brightness(crop) for crop, _, _ in cuts]), np.array([side for _, side, _ in cuts]),
            np.array([score for _, _, score in cuts]),
        ])  # fmt: skip
        print(f"{start + len(part)} of {len(frame)}", flush=True)
    table = pd.concat(rows)
    names = ("logits", "novelty", "sharpness", "brightness", "size", "score")
    columns = {
        name: np.concatenate([part[i] for part in out]).astype(np.float32) for i, name in enumerate(names)
    }
    columns["logits"] = columns["logits"].astype(np.float16)
    known = table["age_min"].notna()
    return {
        **columns,
        "gender": table["gender"].map({"female": 0, "male": 1}).fillna(-1).to_numpy(np.int8),
        "age_min": table["age_min"].fillna(-1).to_numpy(np.int16),
        "age_max": table["age_max"].fillna(100).clip(upper=100).where(known, -1).to_numpy(np.int16),
        "set": table["set"].to_numpy("U"),
        "split": table["split"].to_numpy("U"),
        "domain": table["domain"].to_numpy("U"),
    }


def take(arrays: Arrays, rows: np.ndarray) -> Arrays:
    """Some pictures."""
    return {key: value[rows] for key, value in arrays.items()}


def calibration_of(arrays: Arrays) -> Calibration:
    """Labelled as FairFace is, whatever is known."""
    names = ("logits", "gender", "age_min", "age_max", "novelty", "sharpness", "brightness")
    return Calibration.from_arrays(YEARS, {name: arrays[name] for name in names}, "faces")


def cells_of(arrays: Arrays, starts: np.ndarray) -> np.ndarray:
    """``(N,)`` true cell, by gender and then by range of ages, as far as these are known."""
    if (arrays["age_min"] < 0).any():
        return arrays["gender"].astype(int)
    middle = (arrays["age_min"].astype(int) + arrays["age_max"]) / 2
    gender = np.maximum(arrays["gender"].astype(int), 0)
    return gender * len(starts) + np.searchsorted(starts, middle, side="right") - 1


def made_by(model: str) -> str:
    """Digest of the weights and of what they tell novelty by."""
    both = judging(model)["sha256"].encode() + calibration_file(model).read_bytes()
    return hashlib.sha256(both).hexdigest()


def predictions(model: str, data: Path, cache: Path) -> dict[str, np.ndarray]:
    """`predict`, from ``cache`` if this model's weights were run before."""
    target = cache / f"domains-{made_by(model)[:16]}.npz"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part.npz")
        np.savez_compressed(part, **predict(model, data, cache))
        part.replace(target)
    with np.load(target, allow_pickle=False) as arrays:
        return dict(arrays)


def arguments(doc: str) -> argparse.ArgumentParser:
    """What every benchmark of these pictures is asked with."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder for predictions and finished rows")
    parser.add_argument("--data", type=Path, required=True, help="folder of the unpacked sets")
    parser.add_argument("--model", default="faces")
    return parser


def main() -> None:
    """Make the file."""
    options = arguments(__doc__).parse_args()
    found = predictions(options.model, options.data, options.cache)
    names, counts = np.unique(found["domain"], return_counts=True)
    for name, count in zip(names, counts, strict=True):
        print(f"{name}: {count}")


if __name__ == "__main__":
    main()

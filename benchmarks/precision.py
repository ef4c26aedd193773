"""Faces a second of `faces` by the file and the arithmetic that judge, with and without the mirror image.

    AGESTAT_DATA=~/data python benchmarks/precision.py [--pictures 600]

One run, one thread, held-out FairFace crops in rounds of 64, in each of which every way has its turn. Rates
are those of the median round and count processor time, so that other work on the machine disturbs their
ratios little. Without the mirror image the int8 file is the shipped one; the one with it is made for the run
from the shipped float weights and training crops (``agestat[int8]``).
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from models import gender_accuracy, outside

from agestat.labelled.dataset import find_data, read_labelled
from agestat.model.checkpoint import folder_of, load_model, read_info, write_info
from agestat.model.label_space import YEARS
from agestat.model.precision import FLOAT, INT8
from agestat.model.predict import Model
from agestat.model.torch_runtime import TorchRuntime, has_bf16
from agestat.training.crops import load_crops
from agestat.training.quantise import PICTURES, quantise

ROUND = 64  # crops
BEFORE = "torch {}, mirrored"  # how the weights judged before there was an int8 file


def fairface(split: str, limit: int) -> pd.DataFrame:
    """A seeded sample of a split."""
    return read_labelled(find_data(["fairface"]), split=split, faces=True, limit=limit).frame


def crops_of(frame: pd.DataFrame, size: int) -> np.ndarray:
    """``(N, size, size, 3) uint8``."""
    with tempfile.TemporaryDirectory() as cache:
        return np.array(load_crops(frame, Path(cache), size=size, quiet=True))


def torch_model(name: str, mirrored: bool, bf16: bool) -> Model:
    """The float weights."""
    model = load_model(name, "cpu", FLOAT.name)
    assert isinstance(model.runtime, TorchRuntime)
    runtime = TorchRuntime(model.runtime.network, torch.device("cpu"), mirrored=mirrored)
    runtime._bf16 = bf16
    return Model(runtime, model.info, {})


def mirrored_int8(name: str, folder: Path) -> Model:
    """An int8 file with the mirror image, made in a folder."""
    shutil.copy(folder_of(name) / FLOAT.weights, folder)
    info = {key: value for key, value in read_info(name).items() if key != INT8.name}
    write_info(folder, {**info, "mirrored": True})
    quantise(folder, crops_of(fairface("train", PICTURES), info["input_size"]))
    return load_model(folder, "cpu", INT8.name)


def ways(name: str, folder: Path) -> dict[str, Model]:
    """Every way to judge that this processor has, by its words in the table."""
    kinds = {"fp32": False} | ({"bf16": True} if has_bf16(torch.device("cpu")) else {})
    found = {
        f"torch {kind}{', mirrored' if mirrored else ''}": torch_model(name, mirrored, bf16)
        for kind, bf16 in kinds.items()
        for mirrored in (False, True)
    }
    found["OpenVINO int8 (shipped)"] = load_model(name, "cpu", INT8.name)
    found["OpenVINO int8, mirrored"] = mirrored_int8(name, folder)
    return found


def judged(models: dict[str, Model], crops: np.ndarray) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Faces per second of processor time, the median round of each, and probabilities."""
    for model in models.values():
        model.predict(crops[:ROUND])
    spent: dict[str, list[float]] = {way: [] for way in models}
    said: dict[str, list[np.ndarray]] = {way: [] for way in models}
    for start in range(0, len(crops), ROUND):
        batch = crops[start : start + ROUND]
        for way, model in models.items():
            begun = time.process_time()
            said[way].append(model.predict(batch).probabilities)
            spent[way].append((time.process_time() - begun) / len(batch))
    rates = {way: 1 / float(np.median(seconds)) for way, seconds in spent.items()}
    return rates, {way: np.concatenate(parts) for way, parts in said.items()}


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="faces")
    parser.add_argument("--pictures", type=int, default=600)
    given = parser.parse_args()
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"  # joblib then counts one core, and OpenVINO has one thread
    torch.set_num_threads(1)
    frame = fairface("val", given.pictures)
    with tempfile.TemporaryDirectory() as folder:
        models = ways(given.model, Path(folder))
        rates, said = judged(models, crops_of(frame, load_model(given.model).input_size))
    before = rates[BEFORE.format("bf16" if BEFORE.format("bf16") in rates else "fp32")]
    print("| way | faces a second | times before | gender right, % | years outside the labelled range |")
    print("| --- | --- | --- | --- | --- |")
    for way, rate in rates.items():
        table = frame.assign(female=YEARS.p_female(said[way]), years=YEARS.age(said[way]))
        print(f"| {way} | {rate:.0f} | {rate / before:.2f} | {gender_accuracy(table):.1f} | "
              f"{abs(outside(table)).mean():.2f} |")  # fmt: skip
    print(f"torch {torch.__version__}, {sys.platform}", file=sys.stderr)


if __name__ == "__main__":
    main()

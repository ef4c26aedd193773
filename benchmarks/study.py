"""The study of age models on few, uneven, blurred faces: what each choice is worth, one row each.

    python benchmarks/study.py appa_real --imagenet resnet18_imagenet.safetensors --cache study
    python benchmarks/study_page.py study

The set is APPA-REAL (Agustsson et al., FG 2017; non-commercial research) in its own splits. Pictures are cut
by the scan's detector. A row that is finished is kept in the cache and not run again, so the run may be
killed at any moment; nothing trained here ships. ``--only`` runs the rows whose names begin so.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet18, resnet50

from agestat.images.decode import decode
from agestat.images.faces import FaceDetector
from agestat.labelled.dataset import read_labelled
from agestat.model.network import MEAN, STD, resize, to_pixels
from agestat.training.augment import Augmentation
from agestat.training.crops import load_crops
from agestat.training.targets import age_targets

AGES = torch.arange(101, dtype=torch.float32)
STAGES = ("layer1", "layer2", "layer3", "layer4")
LEARNED = {"head": (), "last": ("layer4",), "all": STAGES}
SEED = Augmentation(degrees=20, shift=0.1, scale=0.2)  # the original's: turns, shifts, zoom and mirror images
OURS = Augmentation(
    degrees=12, scale=0.12, aspect=0.05, shift=0.05, brightness=0.3, contrast=0.3, saturation=0.3, erase=0.15
)
NONE = Augmentation(flip=0.0)
AUGMENTATIONS = {"none": NONE, "seed": SEED, "ours": OURS}
BATCH = 64
PROBE_STEPS, PROBE_RATE = 500, 1e-2  # of the first phase, all pictures at once
WARM_UP = 0.15


@dataclass(frozen=True)
class Row:
    """One training. ``start``: scratch, imagenet or faces; ``learned``: a key of `LEARNED`; ``output``: how
    years come out; ``probe``: a first phase fits the new head alone, on features of plain pictures, before
    the rest learns (Kumar et al. 2022); ``schedule``: of the rate; ``size``: pictures of ``train``; ``side``:
    pixels."""

    name: str
    asks: str
    start: str = "faces"
    learned: str = "all"
    output: str = "distribution"
    augmentation: str = "seed"
    balance: str = "none"
    probe: bool = True
    schedule: str = "cycle"
    size: int = 4113
    side: int = 128
    steps: int = 130  # of 64 pictures: about twice all pictures
    rate: float = 3e-4
    depth: int = 18
    seed: int = 0


BASE = Row("base", "base")  # all others differ from this one by what their names say
ROWS = [
    BASE,
    replace(BASE, name="start scratch", asks="start", start="scratch"),
    replace(BASE, name="start imagenet", asks="start", start="imagenet"),
    replace(BASE, name="learned head", asks="stages", learned="head"),
    replace(BASE, name="learned last", asks="stages", learned="last"),
    replace(BASE, name="phases one", asks="phases", probe=False),
    replace(BASE, name="phases 1e-5", asks="phases", rate=1e-5, schedule="constant"),
    replace(
        BASE, name="phases 1e-5, imagenet", asks="phases", start="imagenet", rate=1e-5, schedule="constant"
    ),
    replace(BASE, name="output rectified", asks="output", output="rectified"),
    replace(BASE, name="output linear", asks="output", output="linear"),
    replace(BASE, name="augmentation none", asks="augmentation", augmentation="none"),
    replace(BASE, name="augmentation ours", asks="augmentation", augmentation="ours"),
    replace(BASE, name="balance weights", asks="balance", balance="weights"),
    replace(BASE, name="balance sampler", asks="balance", balance="sampler"),
    *[replace(BASE, name=f"size {size}", asks="size", size=size) for size in (250, 500, 1000, 2000)],
    replace(
        BASE,
        name="original",
        asks="original",
        start="imagenet",
        output="rectified",
        rate=1e-5,
        schedule="constant",
    ),
    replace(BASE, name="best", asks="best", augmentation="ours", steps=390),
    replace(
        BASE,
        name="original, ResNet-50",
        asks="original",
        start="scratch",
        depth=50,
        steps=32,
    ),
]


class AgeNetwork(nn.Module):
    """A ResNet with one of three age outputs: ``rectified`` and ``linear`` years, or a distribution over
    0 to 100 years of which the expectation, or the median, is the age."""

    def __init__(self, row: Row) -> None:
        super().__init__()
        self.output = row.output
        self.backbone = (resnet18 if row.depth == 18 else resnet50)(weights=None)
        width = self.backbone.fc.in_features
        self.backbone.fc = nn.Identity()
        self.head = nn.Linear(width, 101 if row.output == "distribution" else 1)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def features(self, pixels: Tensor) -> Tensor:
        """``(N, 3, H, W) float32 in [0, 1]`` to ``(N, F)``."""
        out: Tensor = self.backbone((pixels - self.mean) / self.std)
        return out

    def forward(self, pixels: Tensor) -> Tensor:
        """``(N, 3, H, W) float32 in [0, 1]`` to ``(N, 101)`` logits or ``(N, 1)`` years."""
        return self.answer(self.features(pixels))

    def answer(self, features: Tensor) -> Tensor:
        """``(N, F)`` features to logits or years."""
        out: Tensor = self.head(features).float()
        if self.output == "distribution":
            return out
        years = 30 + 10 * out  # the unit of the linear output is decades about 30
        return years.relu() if self.output == "rectified" else years

    def years(self, pixels: Tensor) -> Tensor:
        """``(N, 2)`` estimates in years: the expectation and the median, which are one without a
        distribution."""
        out = self(pixels)
        if self.output != "distribution":
            return out.expand(-1, 2)
        shares = out.softmax(1)
        return torch.stack([shares @ AGES, (shares.cumsum(1) < 0.5).sum(1)], dim=1)


def initialise(network: AgeNetwork, file: Path | None) -> None:
    """The backbone of a safetensors file, ours or torchvision's."""
    if file is None:
        return
    from safetensors.torch import load_file

    state = {name.removeprefix("backbone."): value.float() for name, value in load_file(file).items()}
    wanted = network.backbone.state_dict()
    network.backbone.load_state_dict({name: state[name] for name in wanted})


@dataclass
class Set:
    """Crops ``(N, S, S, 3) uint8`` of the pictures that show a face, their ages, and how many show none."""

    crops: np.ndarray
    frame: pd.DataFrame
    faceless: pd.DataFrame

    @property
    def age(self) -> np.ndarray:
        """``(N,)`` real ages, years."""
        return self.frame["age"].to_numpy(dtype=np.float32)


def read(folder: Path, cache: Path) -> dict[str, Set]:
    """The three splits, cut by the scan's own detector; square pictures too, which are no crops here."""
    whole = read_labelled([folder], skip_bad=True).frame
    detector = FaceDetector()
    found = [detector.detect(decode(file).pixels) for file in whole["file"]]
    boxes = pd.Series([boxes[0] if boxes else None for boxes in found], whole.index, dtype=object)
    frame = whole.assign(box=boxes)[boxes.notna()]
    sets = {}
    for split in ("train", "val", "test"):
        mine = frame[frame["split"] == split].reset_index(drop=True)
        all_of = whole[whole["split"] == split]
        missing = all_of[~all_of["file"].isin(set(mine["file"]))]
        sets[split] = Set(load_crops(mine, cache, size=128), mine, missing)
    return sets


def weights_of(age: np.ndarray) -> np.ndarray:
    """``(N,)`` inverse frequency of each decade, of mean 1."""
    decade = (age // 10).astype(int)
    weights = 1 / np.bincount(decade)[decade]
    return np.asarray(weights / weights.mean())


def loss_of(network: AgeNetwork, out: Tensor, age: Tensor, soft: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy of the soft label, or the absolute error in decades."""
    if network.output == "distribution":
        each = -(soft * F.log_softmax(out, dim=1)).sum(dim=1)
    else:
        each = (out[:, 0] - age).abs() / 10
    return (each * weight).sum() / weight.sum()


@torch.inference_mode()
def outputs(network: AgeNetwork, judge: Callable[[Tensor], Tensor], crops: np.ndarray, side: int) -> Tensor:
    """What one of the network's methods says of pictures as they are, a batch at a time."""
    network.eval()
    parts = []
    for start in range(0, len(crops), 256):
        pixels = resize(to_pixels(torch.from_numpy(np.array(crops[start : start + 256]))), side)
        with torch.autocast("cpu", torch.bfloat16):
            parts.append(judge(pixels).float())
    return torch.cat(parts)


def predict(network: AgeNetwork, crops: np.ndarray, side: int) -> np.ndarray:
    """``(N, 2)`` estimates in years: expectation and median."""
    return outputs(network, network.years, crops, side).numpy()


def rate_at(row: Row, progress: float) -> float:
    """Constant, or one cycle: linear warm-up, cosine descent (Smith and Topin 2019)."""
    if row.schedule == "constant":
        return row.rate
    if progress < WARM_UP:
        return row.rate * (0.04 + 0.96 * progress / WARM_UP)
    return row.rate * 0.5 * (1 + np.cos(np.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def fit_head(network: AgeNetwork, features: Tensor, age: Tensor, soft: Tensor, weight: Tensor) -> None:
    """The first phase: the head alone, on all features at once."""
    features = features.clone()  # out of inference mode
    optimizer = torch.optim.AdamW(network.head.parameters(), lr=PROBE_RATE, weight_decay=0.05)
    for step in range(PROBE_STEPS):
        optimizer.param_groups[0]["lr"] = PROBE_RATE * (1 - step / PROBE_STEPS)
        loss = loss_of(network, network.answer(features), age, soft, weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def train(
    row: Row, sets: dict[str, Set], starts: dict[str, Path | None]
) -> tuple[AgeNetwork, list[dict[str, float]]]:
    """The trained network and its learning curve: errors on training and held-out pictures, years."""
    torch.manual_seed(row.seed)
    rng = np.random.default_rng(row.seed)
    generator = torch.Generator().manual_seed(row.seed)
    chosen = np.sort(rng.permutation(len(sets["train"].frame))[: row.size])
    crops, frame = sets["train"].crops, sets["train"].frame.iloc[chosen]
    age = torch.from_numpy(sets["train"].age[chosen])
    soft = torch.from_numpy(age_targets(frame))
    usual = weights_of(age.numpy())
    weight = torch.from_numpy(usual).float() if row.balance == "weights" else torch.ones(len(age))
    odds = usual / usual.sum() if row.balance == "sampler" else None

    network = AgeNetwork(row).to(memory_format=torch.channels_last)
    initialise(network, starts[row.start] if row.depth == 18 else None)
    if row.probe:
        balanced = torch.from_numpy(usual).float() if row.balance != "none" else weight
        features = outputs(network, network.features, crops[chosen], row.side)
        fit_head(network, features, age, soft, balanced)
    frozen = [name for name in STAGES if name not in LEARNED[row.learned]]
    for name in [*frozen, "conv1", "bn1"] if frozen else []:
        getattr(network.backbone, name).requires_grad_(False)
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=row.rate, weight_decay=0.05)
    curve = []
    for step in range(row.steps):
        optimizer.param_groups[0]["lr"] = rate_at(row, step / row.steps)
        network.train()
        if row.learned == "head":
            network.backbone.eval()
        batch = rng.choice(len(chosen), BATCH, p=odds)
        pixels = resize(to_pixels(torch.from_numpy(np.array(crops[chosen[batch]]))), row.side)
        pixels = AUGMENTATIONS[row.augmentation](pixels, generator).contiguous(
            memory_format=torch.channels_last
        )
        with torch.autocast("cpu", torch.bfloat16):
            out = network(pixels)
        loss = loss_of(network, out, age[batch], soft[batch], weight[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (step + 1) % max(1, row.steps // 4) == 0:
            some = chosen[:500]
            curve.append({
                "step": step + 1,
                "train": mae(predict(network, crops[some], row.side)[:, 0], sets["train"].age[some]),
                "val": mae(
                    predict(network, sets["val"].crops[:500], row.side)[:, 0], sets["val"].age[:500]
                ),
            })  # fmt: skip
    return network, curve


def mae(predicted: np.ndarray, age: np.ndarray) -> float:
    """Mean absolute error, years, of ``(N,)`` estimates."""
    return float(np.abs(predicted - age).mean())


def run(row: Row, sets: dict[str, Set], starts: dict[str, Path | None], cache: Path) -> None:
    """Train, judge and keep one row."""
    began = time.monotonic()
    network, curve = train(row, sets, starts)
    seconds = time.monotonic() - began
    kept = {
        **asdict(row), "seconds": round(seconds), "curve": curve,
        "val": mae(predict(network, sets["val"].crops, row.side)[:, 0], sets["val"].age),
    }  # fmt: skip
    np.save(cache / f"{row.name}.npy", predict(network, sets["test"].crops, row.side))
    if row.name == "best":
        torch.save(network.state_dict(), cache / "best.pt")
    (cache / f"{row.name}.json").write_text(json.dumps(kept, indent=1))
    error = mae(np.load(cache / f"{row.name}.npy")[:, 0], sets["test"].age)
    print(f"{row.name}: test {error:.2f} years, {seconds:.0f} s", flush=True)


def main() -> None:
    """Run the rows that are not finished yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default="appa_real", help="the folder of APPA-REAL")
    parser.add_argument("--imagenet", type=Path, help="torchvision's ResNet-18 as safetensors")
    parser.add_argument("--faces", type=Path, default="weights/faces/model.safetensors")
    parser.add_argument(
        "--cache", type=Path, default="study", help="private folder for crops and finished rows"
    )
    parser.add_argument("--only", default="", help="rows whose names begin so")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    rows = [row for row in ROWS if row.name.startswith(options.only)]
    if options.list:
        print("\n".join(f"{row.name}: {row.asks}" for row in rows))
        return
    torch.set_num_threads(1)
    options.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    sets = read(options.data, options.cache)
    starts = {"scratch": None, "imagenet": options.imagenet, "faces": options.faces}
    for row in rows:
        if not (options.cache / f"{row.name}.json").is_file() and (
            row.start != "imagenet" or options.imagenet
        ):
            run(row, sets, starts, options.cache)


if __name__ == "__main__":
    main()

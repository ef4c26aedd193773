"""Fitting: a recipe and labelled pictures in, a checkpoint folder out. Resumable at every epoch."""

import math
import pickle
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from agestat.errors import AgestatError
from agestat.labelled.rows import known_heads
from agestat.model.label_space import YEARS
from agestat.model.network import STAGES, AgeGenderResNet, to_pixels
from agestat.model.predict import FEATURES
from agestat.model.torch_runtime import has_bf16, pick_device
from agestat.training.augment import Blend, mixup
from agestat.training.crops import crops_key, load_crops, usual_cache
from agestat.training.recipes import Recipe
from agestat.training.targets import age_prior, balance_weights, distilled, targets
from agestat.training.teachers import DESCRIPTOR_SIZE, answers, lessons
from agestat.training.validate import score, validate
from agestat.training.weights import initialise, interpolated, running_average

STATE = "state.pt"
HISTORY = "history.csv"
WARM_UP = 0.15  # share of the steps before a one-cycle schedule's peak (Smith and Topin 2019)
PREFETCH = 4  # batches that are ready before the network asks


@dataclass(frozen=True)
class Options:
    """How to run, beside the recipe that says what to learn."""

    out: Path
    init: Path | None = None
    teachers: bool = False
    distil: tuple[Path, ...] = ()  # checkpoint folders: the mean of their answers is half of every target
    int8: bool = False  # write the copy in 8-bit integers too
    device: str = "auto"
    amp: bool = True
    workers: int = 1
    seed: int = 0
    resume: bool = False
    quiet: bool = False
    cache: Path = field(default_factory=usual_cache)


class Trainer:
    """One run: network, optimizer and data, stepped epoch by epoch."""

    def __init__(self, frame: pd.DataFrame, recipe: Recipe, options: Options) -> None:
        torch.manual_seed(options.seed)
        self.recipe, self.options = recipe, options
        self.device = pick_device(options.device)
        self.bf16 = options.amp and has_bf16(self.device)
        self.train = frame[frame["split"] == "train"].reset_index(drop=True)
        self.val = frame[frame["split"] == "val"].reset_index(drop=True)
        if len(self.train) < 2 or self.val.empty:
            raise AgestatError("Training needs at least two pictures in the split train and one in val.")
        self._check_labels()
        regression = recipe.age_loss != "distribution"
        self.network = AgeGenderResNet(recipe.space, regression=regression)
        initialise(self.network, options.init)
        self.network.to(self.device).to(memory_format=torch.channels_last)
        self.initial = {key: value.clone() for key, value in self.network.state_dict().items()}
        self.averaged = running_average(self.network, recipe.ema)
        self.pupil = nn.Linear(FEATURES, DESCRIPTOR_SIZE).to(self.device)
        self._load_targets()
        self.optimizer = self._optimizer()
        self.epoch = 0
        self.history: list[dict[str, Any]] = []
        self.best: tuple[float, dict[str, Tensor]] | None = None

    def _check_labels(self) -> None:
        """Each head has something to learn from, and ``val`` something to calibrate with."""
        space = self.recipe.space
        if not known_heads(self.train, space).any(axis=0).all():
            split = "train"
        elif not known_heads(self.val, space).all(axis=1).any():
            split = "val"
        else:
            return
        needed = "gender and age" if space is YEARS else "one of the six classes"
        raise AgestatError(
            "The split {split} has no picture labelled with {needed}: the recipe needs some.",
            split=split,
            needed=needed,
        )

    def _load_targets(self) -> None:
        recipe, options = self.recipe, self.options
        taught = None
        self.descriptors: Tensor | None = None
        if options.teachers:
            crops = load_crops(self.train, options.cache, quiet=options.quiet)
            saved = options.cache / f"lessons-{crops_key(self.train)}.npz"
            taught = lessons(crops, saved, quiet=options.quiet)
            descriptors = taught.descriptors
            spread = descriptors.std(axis=0) + 1e-6
            self.descriptors = torch.from_numpy((descriptors - descriptors.mean(axis=0)) / spread)
        ages = None if taught is None else taught.ages
        soft = targets(self.train, recipe.space, smoothing=recipe.smoothing, teacher=ages)
        if options.distil:
            said = [
                answers(folder, self.train, options.cache, options.device, quiet=options.quiet)
                for folder in options.distil
            ]
            soft = distilled(soft, np.mean(said, axis=0), recipe.space)
        self.targets = torch.from_numpy(soft)
        self.prior = torch.from_numpy(age_prior(self.train)) if recipe.age_prior else None
        self.weights = torch.from_numpy(balance_weights(self.train, recipe.balance))

    def _optimizer(self) -> torch.optim.Optimizer:
        recipe = self.recipe
        head = [*self.network.head.parameters(), *self.pupil.parameters()]
        backbone = [
            parameter
            for name in STAGES
            if name not in recipe.freeze
            for module in self.network.stage(name)
            for parameter in module.parameters()
        ]
        backbone_lr = recipe.backbone_lr if self.options.init else 1.0
        groups = [{"params": head, "scale": 1.0}, {"params": backbone, "scale": backbone_lr}]
        kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
        return kinds[recipe.optimizer](groups, lr=recipe.lr, weight_decay=recipe.weight_decay)

    def learning_rate(self, progress: float) -> float:
        """The rate at a share of the run in ``[0, 1]``: constant, or linear warm-up and cosine descent."""
        if self.recipe.schedule == "constant":
            return self.recipe.lr
        if progress < WARM_UP:
            return self.recipe.lr * (0.04 + 0.96 * progress / WARM_UP)
        return self.recipe.lr * 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))

    def picture_size(self) -> int:
        """Side in pixels of the pictures of the current epoch."""
        done = 0
        for size, epochs in self.recipe.stages:
            done += epochs
            if self.epoch < done:
                return size
        return self.recipe.input_size

    def _batches(self, crops: np.ndarray) -> Iterator[tuple[Tensor, Tensor, Blend]]:
        """``(indices, augmented pixels, how they are blended)`` of one epoch, prepared ahead in threads; each
        batch has a generator of its own, so the order in which threads finish changes nothing."""
        entropy = [self.options.seed, self.epoch]
        order = np.random.default_rng(entropy).permutation(len(crops))
        size = self.recipe.batch_size
        count = max(1, len(order) // size)

        def prepare(number: int) -> tuple[Tensor, Tensor, Blend]:
            chosen = np.sort(order[number * size : (number + 1) * size])
            own = np.random.SeedSequence(entropy, spawn_key=(number * count + number,))
            generator = torch.Generator().manual_seed(int(own.generate_state(1)[0]))
            pixels = self.recipe.augmentation(
                to_pixels(torch.from_numpy(np.asarray(crops[chosen]))), generator
            )
            blend = mixup(len(chosen), self.recipe.mixup, generator)
            pixels = blend(pixels).contiguous(memory_format=torch.channels_last)
            return torch.from_numpy(chosen), pixels, blend

        with ThreadPoolExecutor(max(1, self.options.workers)) as pool:
            ahead: list[Future[tuple[Tensor, Tensor, Blend]]] = []
            for number in range(count):
                ahead.append(pool.submit(prepare, number))
                if len(ahead) >= PREFETCH:
                    yield ahead.pop(0).result()
            for future in ahead:
                yield future.result()

    def loss(self, index: Tensor, pixels: Tensor, blend: Blend) -> Tensor:
        """The weighted loss of one blended batch: soft cross-entropy per head (or age regression) and the
        teacher."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            features = self.network.features(pixels)
        features = features.float()
        target, weight = (blend(known[index]).to(self.device) for known in (self.targets, self.weights))
        head = self.network.head(features)
        logits = self.network.logits(features)
        total = torch.zeros((), device=self.device)
        for number, part in enumerate(self.recipe.space.slices):
            labels, guesses = target[:, part], logits[:, part]
            if number == 1 and self.prior is not None:
                guesses = guesses + self.recipe.age_prior * blend(self.prior[index]).log().to(self.device)
            if number == 1 and self.recipe.age_loss != "distribution":
                known = labels.sum(dim=1)
                years = (labels * torch.arange(labels.shape[1], device=self.device)).sum(dim=1)
                error = (self.network.years(head) - years) / 10
                per_picture = known * (error.abs() if self.recipe.age_loss == "l1" else error**2)
            else:
                per_picture = -(labels * F.log_softmax(guesses, dim=1)).sum(dim=1)
            scale = self.recipe.gender_weight if number == 0 else 1.0
            total = total + scale * (weight * per_picture).mean()
        if self.descriptors is not None:
            taught = blend(self.descriptors[index]).to(self.device)
            total = total + self.recipe.teacher_weight * F.mse_loss(self.pupil(features), taught)
        return total

    def _set_mode(self) -> None:
        self.network.train()
        head_only = self.epoch < self.recipe.head_epochs
        for name in STAGES:
            frozen = head_only or name in self.recipe.freeze
            for module in self.network.stage(name):
                module.requires_grad_(not frozen)
                if frozen:  # a frozen stage keeps its batch statistics too
                    module.eval()

    def step(self, index: Tensor, pixels: Tensor, blend: Blend, progress: float) -> float:
        """One optimizer step at a share of the run in ``[0, 1]``; returns the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(progress) * group["scale"]
        loss = self.loss(index, pixels.to(self.device), blend)
        if not torch.isfinite(loss):
            raise AgestatError("The loss is no longer a number: give a smaller --lr and begin anew.")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        if self.averaged:
            self.averaged.update_parameters(self.network)
        return float(loss.detach())

    def run_epoch(self) -> dict[str, Any]:
        """Train one epoch and validate; returns the row for the history."""
        size, quiet = self.picture_size(), self.options.quiet
        crops = load_crops(self.train, self.options.cache, size=size, quiet=quiet)
        self._set_mode()
        steps = max(1, len(crops) // self.recipe.batch_size)
        started, waited, losses, seen = time.perf_counter(), 0.0, 0.0, 0
        title = f"epoch {self.epoch + 1}/{self.recipe.epochs}"
        with tqdm(total=len(crops), unit="picture", leave=False, desc=title, disable=quiet or None) as bar:
            asked = started
            for number, (index, pixels, blend) in enumerate(self._batches(crops)):
                waited += time.perf_counter() - asked
                progress = (self.epoch + number / steps) / self.recipe.epochs
                losses += self.step(index, pixels, blend, progress) * len(index)
                seen += len(index)
                bar.update(len(index))
                asked = time.perf_counter()
        seconds = time.perf_counter() - started
        row = {"epoch": self.epoch + 1, "size": size, "loss": losses / seen, "seconds": seconds}
        row |= {"images_per_second": seen / seconds, "waiting_share": waited / seconds}
        val_crops = load_crops(self.val, self.options.cache, size=size, quiet=quiet)
        return row | validate(self.kept(), val_crops, self.val, self.device, self.bf16)

    def advance(self) -> None:
        """Run one epoch and keep state and history."""
        row = self.run_epoch()
        self.epoch += 1
        self.history.append(row)
        if self.recipe.best_epoch and (self.best is None or score(row) > self.best[0]):
            state = {key: value.cpu().clone() for key, value in self.kept().state_dict().items()}
            self.best = (score(row), state)
        self.save()
        if not self.options.quiet:
            tqdm.write(", ".join(f"{key} {value:.4g}" for key, value in row.items()), file=sys.stderr)

    def fit(self) -> None:
        """Run the epochs that are left."""
        while self.epoch < self.recipe.epochs:
            self.advance()

    def fit_age_scale(self) -> None:
        """Set the width of a regression network's age distribution: the mean error on the held-out pictures,
        which is the maximum-likelihood scale of a Laplace distribution."""
        size = self.recipe.input_size
        crops = load_crops(self.val, self.options.cache, size=size, quiet=self.options.quiet)
        row = validate(self.kept(), crops, self.val, self.device, self.bf16)
        self.network.age_scale.fill_(max(row["age_distance"], 1.0))

    def final_state(self) -> dict[str, Tensor]:
        """The weights to ship: the best epoch's where the recipe asks for it, else the last."""
        state = self.best[1] if self.best else self.kept().state_dict()
        share = self.recipe.init_share if self.options.init else 0.0
        return interpolated(state, self.initial, share) if share else state

    def kept(self) -> AgeGenderResNet:
        """The network that is judged and shipped: the running average where the recipe keeps one."""
        return cast(AgeGenderResNet, self.averaged.module) if self.averaged else self.network

    def save(self) -> None:
        """Write the resumable state and ``history.csv``, each by rename."""
        self.options.out.mkdir(parents=True, exist_ok=True)
        partial = self.options.out / f"{STATE}.partial"
        torch.save(
            {"network": self.network.state_dict(), "pupil": self.pupil.state_dict(),
             "optimizer": self.optimizer.state_dict(), "epoch": self.epoch, "history": self.history,
             "averaged": self.averaged.state_dict() if self.averaged else None,
             "best": self.best, "run": self._run()},
            partial,
        )  # fmt: skip
        partial.replace(self.options.out / STATE)
        partial = self.options.out / f"{HISTORY}.partial"
        pd.DataFrame(self.history).to_csv(partial, index=False)
        partial.replace(self.options.out / HISTORY)

    def _run(self) -> dict[str, str]:
        """What a resumed run must share with the one that was begun, in words."""
        options = self.options
        return {
            "start (--init)": str(options.init), "recipe": str(asdict(self.recipe)),
            "seed": str(options.seed), "choice of teachers": str(options.teachers),
            "model to distil": str(options.distil),
            "set to train on": crops_key(self.train), "set to judge by": crops_key(self.val),
        }  # fmt: skip

    def restore(self) -> None:
        """Continue from the state in the output folder, if there is one."""
        path = self.options.out / STATE
        if not path.exists():
            return
        try:
            state = torch.load(path, weights_only=True, map_location=self.device)
            before = state["run"]
        except (EOFError, KeyError, OSError, RuntimeError, pickle.UnpicklingError) as error:
            raise AgestatError("{path} is damaged: begin anew with another --out.", path=path) from error
        other = [name for name, value in self._run().items() if before.get(name) != value]
        if other:
            raise AgestatError(
                "{path} was made with another {other}: give what it was begun with, or another --out.",
                path=path,
                other=other[0],
            )
        self.network.load_state_dict(state["network"])
        self.pupil.load_state_dict(state["pupil"])
        if self.averaged:
            self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.history, self.best = state["epoch"], state["history"], state["best"]

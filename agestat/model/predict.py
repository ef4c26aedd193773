"""Batch prediction: crops in, head probabilities out, on whatever device there is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agestat.errors import AgestatError, UsageError
from agestat.model.label_space import LabelSpace
from agestat.model.network import FEATURES, AgeGenderResNet, to_pixels

BATCH = {"cpu": 64, "cuda": 512, "mps": 128}  # crops; beyond these the throughput is flat


@dataclass(frozen=True)
class Predictions:
    """``logits`` and per-head ``probabilities``, both ``(N, L) float32``; ``novelty (N,) float32``."""

    logits: np.ndarray
    probabilities: np.ndarray
    novelty: np.ndarray


def pick_device(name: str = "auto") -> torch.device:
    """``auto`` is CUDA, else MPS, else the processor; raises `UsageError` for one that is not there."""
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if available[kind])
    kind = name.split(":")[0]
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or not available.get(kind, False):
        raise UsageError("The device {name!r} is not there: use --device auto or cpu.", name=name)
    return device


def has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is native there (on processors: AVX-512 BF16 or AMX)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return device.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA has a class of its own for it; processors and MPS only words."""
    return isinstance(error, torch.OutOfMemoryError) or any(
        words in str(error) for words in ("out of memory", "can't allocate memory")
    )


class Model:
    """A trained network with everything that belongs to it. Made by `agestat.load_model`."""

    def __init__(
        self,
        network: AgeGenderResNet,
        info: dict[str, Any],
        calibration: dict[str, np.ndarray],
        device: torch.device,
    ) -> None:
        self.network = network.eval().to(device).to(memory_format=torch.channels_last)
        self.info = info
        self.calibration = calibration
        self.device = device
        self.batch_size = BATCH[device.type]
        self._bf16 = has_bf16(device)

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.info["name"])

    @property
    def digest(self) -> str:
        """SHA-256 of the weights file."""
        return str(self.info["sha256"])

    @property
    def space(self) -> LabelSpace:
        """What the outputs mean."""
        return self.network.space

    @property
    def input_size(self) -> int:
        """Side of the crops that `predict` takes, pixels."""
        return int(self.info["input_size"])

    @property
    def crop(self) -> str:
        """``faces``: predict each face that the detector finds; ``whole``: the whole picture."""
        return str(self.info["crop"])

    @property
    def margin(self) -> float:
        """Side of the crop in units of the longer side of the face box."""
        return float(self.info.get("margin", 1.0))

    @property
    def mirrored(self) -> bool:
        """Whether a crop is judged together with its mirror image, by the mean of their features."""
        return bool(self.info.get("mirrored", False))

    def predict(self, crops: np.ndarray) -> Predictions:
        """``(N, S, S, 3) uint8`` crops, any ``N``, to predictions in the same order."""
        logits, features = self.logits_and_features(crops)
        return Predictions(logits, self.space.softmax(logits), self._novelty(features))

    def logits_and_features(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``(N, L) float32`` logits and ``(N, 512) float32`` features; memory errors halve the batch."""
        logits = [np.empty((0, self.space.width), np.float32)]
        features = [np.empty((0, FEATURES), np.float32)]
        start = 0
        while start < len(crops):
            batch = torch.from_numpy(np.array(crops[start : start + self.batch_size]))
            try:
                batch_logits, batch_features = self._forward(batch)
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                if self.batch_size == 1:
                    raise AgestatError(
                        "The device {device} has no memory left for a single face: free "
                        "some, or use --device cpu.",
                        device=self.device,
                    ) from error
                self.batch_size //= 2
                torch.cuda.empty_cache()
                continue
            logits.append(batch_logits.cpu().numpy())
            features.append(batch_features.cpu().numpy())
            start += len(batch)
        return np.concatenate(logits), np.concatenate(features)

    @torch.inference_mode()
    def _forward(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        if self.device.type == "cuda":
            batch = batch.pin_memory().to(self.device, non_blocking=True)
        pixels = to_pixels(batch.to(self.device))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16):
            features = self.network.features(pixels).float()
            if self.mirrored:
                features = (features + self.network.features(pixels.flip(3)).float()) / 2
        return self.network.logits(features), features

    def _novelty(self, features: np.ndarray) -> np.ndarray:
        if "feature_projection" not in self.calibration:
            return np.full(len(features), np.nan, np.float32)
        centred = features - self.calibration["feature_mean"].astype(np.float32)
        whitened = centred @ self.calibration["feature_projection"].astype(np.float32)
        return np.asarray((whitened**2).mean(axis=1), dtype=np.float32)

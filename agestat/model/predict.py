"""Batch prediction: crops in, head probabilities out, by whatever runs the weights."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from agestat.errors import AgestatError
from agestat.model.label_space import SPACES, LabelSpace
from agestat.model.precision import PRECISIONS, Precision

FEATURES = 512  # numbers that a network says of a face before its heads: the width of ResNet-18's last stage


class Runtime(Protocol):
    """What runs a checkpoint's weights. ``device``: "cpu", "cuda" or "mps"; ``batch_size``: crops at once
    beyond which the throughput is flat."""

    device: str
    batch_size: int

    def __call__(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``(N, S, S, 3) uint8`` to ``(N, L)`` logits and ``(N, 512)`` features, both float32; raises
        `RuntimeError` where memory is short. May be called by several threads at once."""


@dataclass(frozen=True)
class Predictions:
    """``logits`` and per-head ``probabilities``, both ``(N, L) float32``; ``novelty (N,) float32``."""

    logits: np.ndarray
    probabilities: np.ndarray
    novelty: np.ndarray


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Devices have only their words for it in common."""
    return any(words in str(error) for words in ("out of memory", "can't allocate memory"))


class Model:
    """A trained network with everything that belongs to it. Made by `agestat.load_model`."""

    def __init__(self, runtime: Runtime, info: dict[str, Any], calibration: dict[str, np.ndarray]) -> None:
        self.runtime = runtime
        self.info = info
        self.calibration = calibration
        self.batch_size = runtime.batch_size

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.info["name"])

    @property
    def digest(self) -> str:
        """SHA-256 of the file that judges."""
        return str(self.info["sha256"])

    @property
    def precision(self) -> Precision:
        """Which of the checkpoint's files judges."""
        return PRECISIONS[str(self.info["precision"])]

    @property
    def space(self) -> LabelSpace:
        """What the outputs mean."""
        return SPACES[str(self.info["space"])]

    @property
    def device(self) -> str:
        """Where it runs: "cpu", "cuda" or "mps"."""
        return self.runtime.device

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
            batch = np.array(crops[start : start + self.batch_size])
            try:
                batch_logits, batch_features = self.runtime(batch)
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
                continue
            logits.append(batch_logits)
            features.append(batch_features)
            start += len(batch)
        return np.concatenate(logits), np.concatenate(features)

    def _novelty(self, features: np.ndarray) -> np.ndarray:
        """Mean square of whitened features, 1 on average of the training pictures. Negatives and drawings are
        not far in that measure, but in one direction: the log-odds that they are such come on top."""
        if "feature_projection" not in self.calibration:
            return np.full(len(features), np.nan, np.float32)
        centred = features - self.calibration["feature_mean"].astype(np.float32)
        whitened = centred @ self.calibration["feature_projection"].astype(np.float32)
        novelty = (whitened**2).mean(axis=1)
        if "feature_altered" in self.calibration:
            altered = self.calibration["feature_altered"].astype(np.float32)
            novelty += np.maximum(features @ altered[:-1] + altered[-1], 0)
        return np.asarray(novelty, dtype=np.float32)

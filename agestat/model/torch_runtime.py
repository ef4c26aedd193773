"""The float weights by torch: on graphics cards, and on processors without the int8 file."""

import threading
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

from agestat.errors import UsageError
from agestat.model.network import AgeGenderResNet, to_pixels

BATCH = {"cpu": 32, "cuda": 512, "mps": 128}  # crops; beyond these the throughput is flat


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


class TorchRuntime:
    """A network on a device, in bfloat16 where that is native (`Runtime`).

    On a graphics card each thread has a stream of its own and crops come from pinned memory, so that one
    thread's upload passes while another's batch is computed.
    """

    def __init__(self, network: AgeGenderResNet, device: torch.device, *, mirrored: bool) -> None:
        self.network = network.eval().to(device).to(memory_format=torch.channels_last)
        self.device = device.type
        self.batch_size = BATCH[device.type]
        self._mirrored = mirrored
        self._place = device
        self._bf16 = has_bf16(device)
        self._own = threading.local()

    def _stream(self) -> AbstractContextManager[object]:
        if self.device != "cuda":
            return nullcontext()
        if not hasattr(self._own, "stream"):
            self._own.stream = torch.cuda.Stream(self._place)
            self._own.stream.wait_stream(torch.cuda.default_stream(self._place))  # on which the weights came
        return torch.cuda.stream(self._own.stream)

    @torch.inference_mode()
    def __call__(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Runtime`."""
        batch = torch.from_numpy(crops)
        try:
            with self._stream():
                if self.device == "cuda":
                    batch = batch.pin_memory()
                pixels = to_pixels(batch.to(self._place, non_blocking=batch.is_pinned()))
                with torch.autocast(self.device, torch.bfloat16, enabled=self._bf16):
                    features = self.network.features(pixels).float()
                    if self._mirrored:
                        features = (features + self.network.features(pixels.flip(3)).float()) / 2
                return self.network.logits(features).cpu().numpy(), features.cpu().numpy()
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            raise

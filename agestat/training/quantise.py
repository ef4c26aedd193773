"""A checkpoint's second file: its weights and activations in 8-bit integers, for processors.

Static quantisation in the format QDQ, per channel (Jacob et al. 2018), by onnxruntime. The heads stay in
float: shares are counted from their logits, and they are a thousandth of the work.
"""

import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from agestat.errors import AgestatError
from agestat.model.checkpoint import digest, load_model, read_info, write_info
from agestat.model.network import AgeGenderResNet, to_pixels
from agestat.model.precision import FLOAT, INT8
from agestat.model.torch_runtime import TorchRuntime

PICTURES = 256  # training crops that tell the range of each activation
BATCH = 32
OPSET = 17  # of ONNX: the first that needs no change for quantisation per channel


class _Judge(nn.Module):
    """The network as it judges: logits and features of a crop, with its mirror image where the model asks."""

    def __init__(self, network: AgeGenderResNet, mirrored: bool) -> None:
        super().__init__()
        self.network, self.mirrored = network, mirrored

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        # One batch of both looks: a second call would copy the weights, and copies stay in float.
        looks = torch.cat([pixels, pixels.flip(3)]) if self.mirrored else pixels
        features = self.network.features(looks)
        if self.mirrored:
            features = features.unflatten(0, (2, -1)).mean(0)
        return self.network.logits(features), features


def quantise(folder: Path, crops: np.ndarray) -> None:
    """Write ``model.int8.onnx`` of a checkpoint and its digest into ``model.json``.

    ``crops (N, S, S, 3) uint8`` are training pictures at the model's size, of which `PICTURES` are drawn.
    Raises `AgestatError` without the packages of ``agestat[int8]``.
    """
    try:
        import onnx
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as error:
        raise AgestatError("An int8 copy needs onnxruntime: run `pip install 'agestat[int8]'`.") from error
    model = load_model(folder, "cpu", FLOAT.name)
    assert isinstance(model.runtime, TorchRuntime)
    drawn = np.sort(np.random.default_rng(0).permutation(len(crops))[:PICTURES])
    target, partial = folder / INT8.weights, folder / f"{INT8.weights}.partial"
    with tempfile.TemporaryDirectory() as scratch:
        plain, ready = Path(scratch) / "plain.onnx", Path(scratch) / "ready.onnx"
        _write_onnx(_Judge(model.runtime.network, model.mirrored).eval(), model.input_size, plain)
        logging.disable(logging.WARNING)  # of biases that stay in float, as all do here
        try:
            quant_pre_process(plain, ready, skip_symbolic_shape=True)
            heads = [node.name for node in onnx.load(ready).graph.node if node.op_type == "Gemm"]
            quantization.quantize_static(
                ready,
                partial,
                _Ranges(crops[drawn]),
                per_channel=True,
                weight_type=quantization.QuantType.QInt8,
                activation_type=quantization.QuantType.QUInt8,
                nodes_to_exclude=heads,
            )
        finally:
            logging.disable(logging.NOTSET)
    partial.replace(target)
    write_info(folder, {**read_info(folder), INT8.name: {"sha256": digest(target)}})


def _write_onnx(judge: _Judge, size: int, target: Path) -> None:
    free = {name: {0: "crops"} for name in ("pixels", "logits", "features")}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the exporter chosen below
        torch.onnx.export(
            judge,
            (torch.zeros(2, 3, size, size),),
            target,
            input_names=["pixels"],
            output_names=["logits", "features"],
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,  # the exporter that needs no further package
        )


class _Ranges:
    """The pictures as onnxruntime's calibration reads them (its `CalibrationDataReader`)."""

    def __init__(self, crops: np.ndarray) -> None:
        self._batches: Iterator[np.ndarray] = (
            to_pixels(torch.from_numpy(crops[start : start + BATCH])).contiguous().numpy()
            for start in range(0, len(crops), BATCH)
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"pixels": batch}

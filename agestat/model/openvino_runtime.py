"""The int8 file by OpenVINO, on processors."""

import threading
from pathlib import Path

import numpy as np
from joblib import cpu_count

from agestat.images.telemetry import silent_openvino

BATCH = 8  # crops in each call: of a known number OpenVINO takes 12 % less time, and more are no faster


class OpenVinoRuntime:
    """A network of ``(N, 3, S, S) float32 in [0, 1]`` to logits and features, in ONNX (`Runtime`).

    Each call runs on one core, and as many run at once as there are cores. Raises `RuntimeError` for a file
    that OpenVINO does not take.
    """

    device = "cpu"
    batch_size = BATCH

    def __init__(self, file: Path) -> None:
        # What int8 leaves in float stays float32: bfloat16 would make figures hang on the processor.
        cores = cpu_count()
        hints = {"NUM_STREAMS": cores, "INFERENCE_NUM_THREADS": cores, "INFERENCE_PRECISION_HINT": "f32"}
        core = silent_openvino().Core()
        network = core.read_model(str(file))
        shape = network.input(0).partial_shape
        shape[0] = BATCH
        network.reshape(shape)
        self._compiled = core.compile_model(network, "CPU", hints)
        self._own = threading.local()  # a request runs one batch at a time

    def __call__(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Runtime`."""
        parts = [self._run(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH)]
        logits, features = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return logits, features

    def _run(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        count, side, _, channels = crops.shape
        pixels = np.zeros((BATCH, channels, side, side), np.float32)
        np.divide(crops.transpose(0, 3, 1, 2), np.float32(255), out=pixels[:count])
        answer = self._own.request.infer([pixels], share_inputs=True)
        return answer["logits"][:count].copy(), answer["features"][:count].copy()

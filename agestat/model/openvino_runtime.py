"""The int8 file by OpenVINO, on processors."""

import threading
from pathlib import Path

import numpy as np
from joblib import cpu_count

from agestat.images.telemetry import silent_openvino

BATCH = 32  # crops


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
        self._compiled = silent_openvino().Core().compile_model(str(file), "CPU", hints)
        self._own = threading.local()  # a request runs one batch at a time

    def __call__(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Runtime`."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        pixels = np.ascontiguousarray(crops.transpose(0, 3, 1, 2)).astype(np.float32) / 255
        answer = self._own.request.infer([pixels])
        return answer["logits"].copy(), answer["features"].copy()

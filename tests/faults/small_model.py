"""A checkpoint for scans that are about what goes where, not about who is in it."""

import shutil
from pathlib import Path

import numpy as np
import torch

from agestat.model.checkpoint import digest, read_info, save_weights, write_info
from agestat.model.label_space import SPACES
from agestat.model.network import AgeGenderResNet
from agestat.model.precision import FLOAT, INT8


def write_whole_model(folder: Path) -> Path:
    """Random weights that look at whole pictures of 32 pixels: every one that opens is a face."""
    torch.manual_seed(0)
    info = {"name": "whole", "architecture": "ResNet-18", "space": "six", "input_size": 32, "crop": "whole"}
    save_weights(folder, AgeGenderResNet(SPACES["six"]).state_dict(), info)
    rng, cell = np.random.default_rng(0), np.tile(np.arange(6), 100)
    np.savez(
        folder / "calibration.npz",
        logits=(rng.normal(size=(len(cell), 6)) + 3 * np.eye(6)[cell]).astype(np.float16),
        gender=(cell // 3).astype(np.uint8),
        age_min=np.array(SPACES["six"].age_min, np.uint8)[cell],
        age_max=np.array(SPACES["six"].age_max, np.uint8)[cell],
        age=np.full(len(cell), np.nan, np.float32),
    )
    return folder


def write_quick_model(folder: Path) -> Path:
    """The same with a copy by which processors judge, as if in 8-bit integers: processes that are started by
    the dozen need not import torch. Without the package onnx it is the model without the copy."""
    write_whole_model(folder)
    try:
        from onnx import TensorProto, helper, numpy_helper, save
    except ImportError:
        return folder
    rng = np.random.default_rng(0)
    arrays = {"means": rng.normal(size=(3, 512)), "heads": rng.normal(size=(512, 6)) / 10}
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["colours"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["colours", "means"], ["features"]),
        helper.make_node("MatMul", ["features", "heads"], ["logits"]),
    ]
    shapes = {"pixels": ["n", 3, 32, 32], "logits": ["n", 6], "features": ["n", 512]}
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    weights = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "quick", values[:1], values[1:], weights)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), folder / INT8.weights)
    shutil.copy(folder / FLOAT.calibration, folder / INT8.calibration)
    write_info(folder, {**read_info(folder), INT8.name: {"sha256": digest(folder / INT8.weights)}})
    return folder

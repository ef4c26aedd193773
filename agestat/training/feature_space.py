"""What natural faces look like to a trained network, so that a scan can tell how strange others are to it."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from agestat.model.predict import Model
from agestat.training.alterations import altered, natural

SAMPLE = 6000  # training pictures that the feature space is described by
COMPONENTS = 64
BATCH = 512  # pictures that are altered at once
PENALTY = 0.01  # inverse, of the discriminant's weights on features of unit deviation


def feature_space(model: Model, crops: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """What `Model.predict` judges novelty by, learned from training pictures ``(N, S, S, 3) uint8``: their
    ``feature_mean (512,)`` and ``feature_projection (512, K)`` (see `whitening`), and of a model of faces
    ``feature_altered (513,)`` (see `discriminant`)."""
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.permutation(len(crops))[:SAMPLE])
    features = model.logits_and_features(crops[sample])[1]
    mean, projection = whitening(features)
    space = {"feature_mean": mean, "feature_projection": projection}
    if model.crop == "faces":
        batches = [np.array(crops[sample[start : start + BATCH]]) for start in range(0, len(sample), BATCH)]
        strange, common = (
            np.concatenate([model.logits_and_features(change(batch, rng))[1] for batch in batches])
            for change in (altered, natural)
        )
        space["feature_altered"] = discriminant(strange, np.concatenate([features, common]))
    return space


def whitening(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``(N, 512)`` training features to their mean ``(512,)`` and a whitening projection ``(512, K)`` on the
    leading principal components: the mean square of ``(f - mean) @ projection`` is 1 on average."""
    mean = features.mean(axis=0)
    _, singular, rows = np.linalg.svd(features - mean, full_matrices=False)
    kept = min(COMPONENTS, int((singular > 1e-3 * singular[0]).sum()))
    scale = singular[:kept] / np.sqrt(max(1, len(features) - 1))
    return mean.astype(np.float32), (rows[:kept].T / scale).astype(np.float32)


def discriminant(strange: np.ndarray, common: np.ndarray) -> np.ndarray:
    """``(513,)`` weights and, last, the intercept of the log-odds that features ``(512,)`` are of an altered
    picture rather than a natural one, both thought as likely (logistic regression)."""
    features = np.concatenate([strange, common])
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=500)
    fitted.fit((features - mean) / deviation, np.arange(len(features)) < len(strange))
    weights = fitted.coef_[0] / deviation
    return np.append(weights, fitted.intercept_[0] - weights @ mean).astype(np.float32)

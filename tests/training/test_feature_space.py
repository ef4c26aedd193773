"""What a model knows of natural faces: altered pictures, the direction that leads to them, and novelty."""

import numpy as np
import pytest

from agestat.training.alterations import ALTERATIONS, EDGE, alter, altered, natural
from agestat.training.feature_space import discriminant, whitening


@pytest.fixture(scope="module")
def crop():
    y, x = np.mgrid[:64, :64]
    return np.stack([100 + x + y // 2, 60 + 2 * x, 200 - y], axis=2).astype(np.uint8)


@pytest.mark.parametrize("kind", ALTERATIONS)
def test_an_alteration_is_a_picture_of_that_size_and_another(crop, kind):
    changed = alter(crop, kind)
    assert (changed.shape, changed.dtype) == (crop.shape, np.uint8)
    assert np.abs(changed.astype(int) - crop).mean() > 2


def test_a_negative_is_what_is_left_to_white(crop):
    inside = crop[EDGE:-EDGE, EDGE:-EDGE].astype(int)
    assert alter(crop, "negative").mean() == pytest.approx(255 - inside.mean(), abs=1)
    grey = alter(crop, "grey negative")
    assert (grey[..., 0] == grey[..., 2]).all()
    assert np.corrcoef(grey[..., 0].ravel(), crop.mean(axis=2).ravel())[0, 1] < -0.95


def test_natural_pictures_stay_what_they_show(crop):
    crops = np.stack([crop] * 40)
    seen = natural(crops, np.random.default_rng(0))
    assert seen.shape == crops.shape
    light = crop.mean(axis=2).ravel()
    assert min(np.corrcoef(one.mean(axis=2).ravel(), light)[0, 1] for one in seen) > 0.9


def test_the_same_seed_alters_the_same(crop):
    crops = np.stack([crop] * 8)
    first, again = (altered(crops, np.random.default_rng(3)) for _ in range(2))
    assert (first == again).all()


def test_whitened_features_have_a_mean_square_of_one():
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(3000, 8)) @ rng.normal(size=(8, 512)) + 3).astype(np.float32)
    mean, projection = whitening(features)
    assert projection.shape == (512, 8)
    assert (((features - mean) @ projection) ** 2).mean() == pytest.approx(1, abs=1e-3)


def test_the_discriminant_of_two_normals_is_their_log_odds():
    """Of unit variance and means 0 and 2 along one feature the log-odds are 2 x - 2, whatever the shares;
    the penalty makes them a little less sure."""
    rng = np.random.default_rng(0)
    common, strange = rng.normal(size=(8000, 512)), rng.normal(size=(4000, 512))
    strange[:, 7] += 2
    weights = discriminant(strange.astype(np.float32), common.astype(np.float32))
    assert weights.shape == (513,)
    assert weights[7] == pytest.approx(1.8, abs=0.2)
    assert weights[512] == pytest.approx(-1.8, abs=0.25)
    assert np.abs(np.delete(weights, [7, 512])).max() < 0.2

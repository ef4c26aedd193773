"""Groups of one collection share the model's errors: their differences cancel these, and small groups lean on
the whole."""

import numpy as np

from agestat.stats.estimate import read_collection


def joint(world, calibration, shares, sizes, seed=1):
    """Draws of women's shares of groups with such ``shares (G, 16)`` and so many faces, by name."""
    faces = [
        world.simulate(np.asarray(one), n, seed + g)
        for g, (one, n) in enumerate(zip(shares, sizes, strict=True))
    ]
    names = np.repeat([chr(97 + g) for g in range(len(sizes))], sizes)
    probabilities = np.concatenate([one.probabilities for one in faces])
    collection = read_collection(
        lambda: [(probabilities, names, np.arange(len(names)))],
        calibration,
        bands=world.decades,
        replicates=500,
    )
    found = collection._joint_shares(1.0, {})
    women = calibration.native_gender[calibration.parts.ranges] == 0
    return {name: draws[:, women].sum(axis=1) for name, draws in found.items()}, faces


def test_differences_of_groups_cancel_what_is_not_known_of_the_errors(calibration, world):
    """Of two like groups so large that errors are nearly all that is not known. A fifth of these is a group's
    own: without it the ratio is 0.56, and 1 if groups shared nothing."""
    found, _ = joint(world, calibration, [world.even, world.even], [6000, 6000])
    a, b = found["a"][1:], found["b"][1:]
    assert 0.63 < (a - b).std() / np.sqrt(a.var() + b.var()) < 0.8


def test_a_small_group_is_not_taken_for_the_whole(calibration, world):
    """Twelve, half of them women, beside 3,000 men."""
    men, half = np.repeat([0.0, 1 / 8], 8), np.full(16, 1 / 16)
    found, faces = joint(world, calibration, [men, half], [3000, 12], seed=1)
    women = (faces[1].cell < 8).mean()
    assert 0.3 < women < 0.7
    low, high = np.quantile(found["b"][1:], [0.025, 0.975])
    assert low < women < high
    assert found["b"][0] > 0.15
    assert found["a"][0] < 0.03


def test_a_small_group_leans_on_the_whole(calibration, world):
    """Two faces that say little of their gender are more often men where nearly all others are."""
    men, even = np.repeat([0.0, 1 / 8], 8), world.even
    beside = [joint(world, calibration, [one, even], [1000, 2])[0]["b"][0] for one in (men, even)]
    assert beside[0] < beside[1] - 0.02

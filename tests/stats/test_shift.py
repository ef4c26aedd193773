from dataclasses import replace

import numpy as np
import pytest

from agestat.stats.bands import parse_bands
from agestat.stats.estimate import estimate_checked
from agestat.stats.shift import looks_of_groups, shift, unlike_groups


def novelty(n, seed, scale=1 / 8):
    return {"novelty": np.random.default_rng(seed).gamma(8, scale, n)}


def test_faces_like_the_calibration_set(calibration):
    found = shift(novelty(1000, 1), calibration)
    assert not found.is_shifted
    assert found.p_value > 0.01


def test_faces_unlike_it(calibration):
    found = shift(novelty(1000, 1, 1 / 6), calibration)
    assert found.is_shifted
    assert found.p_value < 1e-6
    assert found.beyond == ("novelty",)


def test_looks_further_out_than_every_calibration_picture_are_strange(calibration):
    looks = novelty(1000, 1)["novelty"]
    assert shift({"novelty": looks}, calibration).strange < 0.005
    looks[:50] += 10
    assert shift({"novelty": looks}, calibration).strange == pytest.approx(0.05, abs=0.005)
    assert not shift({"novelty": looks}, calibration).is_shifted
    looks[:300] += 10
    assert shift({"novelty": looks}, calibration).beyond == ("novelty",)


def test_each_group_has_a_verdict_of_its_own(calibration, world):
    """One of three groups looks unlike, too small a part of all faces for an alarm of the whole; a name that
    no face counts in has none."""
    faces = world.simulate(world.even, 2000, 3)
    group = np.repeat(["a", "b", "c"], [900, 950, 150])
    looks = np.concatenate([novelty(1850, 1)["novelty"], novelty(150, 2, 1 / 5)["novelty"]])
    sample = {"novelty": np.append(looks, 9.0), "group": np.append(group, "d")}
    found = estimate_checked(
        lambda: [(faces.probabilities, group, np.arange(2000))], sample, calibration,
        bands=parse_bands("0,20,40"), method="pacc", replicates=50,
    )  # fmt: skip
    assert list(found.unlike) == ["c"] and found.unlike["c"].beyond == ("novelty",)
    assert found.shift is None
    order = np.random.default_rng(0).permutation(2001)
    mixed = {key: values[order] for key, values in sample.items()}
    even = np.full(16, 1 / 16)
    looks = looks_of_groups(mixed, calibration, calibration, {"a": even, "c": even}, 0.0)
    assert list(unlike_groups(looks)) == ["c"]
    assert looks["a"].unlikeness < 0.2 < looks["c"].unlikeness


def test_a_handful_of_faces_raises_no_alarm(calibration):
    assert not shift(novelty(8, 1, 1 / 6), calibration).is_shifted


def test_other_shares_alone_raise_no_alarm(world):
    """Old faces are more novel in both sets; only the number of old faces differs."""
    known = world.simulate(world.even, 2000, 0)
    shares = np.tile([0.02, 0.02, 0.02, 0.04, 0.05, 0.05, 0.1, 0.2], 2)
    faces = world.simulate(shares, 2000, 1)
    calibration = world.calibration_of(known)
    rng = np.random.default_rng(5)
    looks = {"novelty": rng.gamma(8, 1 / 8, 2000) * (1 + known.age / 50)}
    calibration = replace(calibration, columns=looks)
    sample = {"novelty": rng.gamma(8, 1 / 8, 2000) * (1 + faces.age / 50)}
    assert shift(sample, calibration).is_shifted
    assert not shift(sample, calibration, shares).is_shifted


@pytest.mark.parametrize("column", ["size", "score"])
def test_what_the_calibration_set_lacks_is_not_compared_and_what_it_holds_is(calibration, column):
    rng = np.random.default_rng(0)
    sample = {**novelty(1000, 1), column: rng.normal(50, 10, 1000)}
    assert list(shift(sample, calibration).positions) == ["novelty"]
    assert not shift(sample, calibration).is_shifted
    columns = {**calibration.columns, column: rng.normal(80, 10, calibration.n)}
    found = shift(sample, replace(calibration, columns=columns))
    assert found.is_shifted
    assert found.beyond == (column,)


@pytest.mark.parametrize("sample", [{}, {"novelty": np.array([])}, {"novelty": np.full(9, np.nan)}])
def test_nothing_to_go_by(calibration, sample):
    found = shift(sample, calibration)
    assert not found.is_shifted
    assert found.positions == {}

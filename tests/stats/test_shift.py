from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm

from agestat.stats.bands import parse_bands
from agestat.stats.estimate import estimate_checked
from agestat.stats.shift import CHANCE, UNLIKE, looks_of_groups, shift, shift_from, unlike_groups


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


def test_looks_of_hardly_any_calibration_picture_are_strange(calibration):
    looks = novelty(1000, 1)["novelty"]
    assert shift({"novelty": looks}, calibration).strange == 0
    looks[:40] += 10
    assert not shift({"novelty": looks}, calibration).is_shifted
    looks[:70] += 10
    found = shift({"novelty": looks}, calibration)
    assert found.strange == pytest.approx(0.07, abs=0.005)
    assert found.is_shifted and not found.beyond and found.p_value < 1e-9
    assert shift_from({"novelty": looks}, calibration, calibration).is_shifted
    looks[:300] += 10
    assert shift({"novelty": looks}, calibration).beyond == ("novelty",)


def test_one_strange_photo_is_no_collection_of_them(calibration):
    """Of 1 in 1,000 that are so far out one comes in ten photos by chance 1 %; its faces are alike."""
    looks = np.append(novelty(36, 1)["novelty"], [9.0] * 4)
    assert shift({"novelty": looks[:37]}, calibration).strange == 0
    assert shift({"novelty": looks, "photo": np.repeat(np.arange(10), 4)}, calibration).strange == 0
    assert shift({"novelty": looks}, calibration).strange == pytest.approx(0.1)


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


def normal(n, seed, middle=0.0):
    return np.random.default_rng(seed).normal(middle, 1, n)


def known_by(calibration, name, values):
    return replace(calibration, columns={name: values})


@pytest.mark.parametrize("away", [-0.7, 0.0, 0.4])
def test_the_position_of_an_average_face_is_that_of_two_normal_densities(calibration, away):
    known = known_by(calibration, "novelty", normal(1600, 0))
    found = shift({"novelty": normal(20_000, 1, away)}, known)
    assert found.positions["novelty"] == pytest.approx(norm.cdf(away / np.sqrt(2)), abs=0.025)


@pytest.mark.parametrize(
    ("name", "away", "told"),
    [("sharpness", 1.5, False), ("sharpness", -1.5, True), ("brightness", 1.5, True),
     ("brightness", -1.5, True), ("novelty", 0.4, True), ("novelty", -0.4, False),
     ("size", -0.4, False), ("score", -1.5, True)],
)  # fmt: skip
def test_only_what_is_harder_to_judge_is_told(calibration, name, away, told):
    known = known_by(calibration, name, normal(1600, 0))
    found = shift({name: normal(500, 1, away)}, known)
    assert found.is_shifted == told
    assert found.beyond == ((name,) if told else ())
    assert found.unlikeness == pytest.approx(1, abs=0.5)  # knows no better side


def test_unlikeness_is_what_a_kolmogorov_smirnov_distance_has_beyond_chance(calibration):
    """The distance as scipy has it, of 800 faces and 1,600 pictures, and of pictures twice as many of which
    half count for nothing; and as much of what is expected of any collection as chance leaves open."""
    pictures, faces = normal(1600, 0), normal(800, 1, 0.25)
    distance = ks_2samp(faces, pictures).statistic
    beyond = (distance - CHANCE * np.sqrt(1 / 1600 + 1 / 800)) / UNLIKE
    assert 0.2 < beyond < 0.9
    chance = 1 / 1600 + 1 / 800
    literal = beyond + (1 - beyond) * chance / (chance + 0.07**2)
    assert shift({"novelty": faces}, known_by(calibration, "novelty", pictures)).unlikeness == pytest.approx(
        literal
    )
    doubled = replace(
        calibration, columns={"novelty": np.concatenate([pictures, pictures + 9])},
        weights=np.repeat([1.0, 0.0], 1600), truth=np.tile(calibration.truth, 2), picture=np.arange(3200),
        probabilities=np.tile(calibration.probabilities, (2, 1)),
    )  # fmt: skip
    assert shift({"novelty": faces}, doubled).unlikeness == pytest.approx(literal)


def test_few_faces_are_another_kind_of_pictures_until_more_are_seen(calibration):
    known = known_by(calibration, "novelty", normal(1600, 0))
    alike = [shift({"novelty": normal(count, 2)}, known).unlikeness for count in (10, 150, 1000, 10_000)]
    assert alike == pytest.approx([0.95, 0.60, 0.25, 0.13], abs=0.01)
    assert shift({"novelty": normal(10, 2)}, known, expected=0.0).unlikeness < 0.1
    assert shift({}, known).unlikeness == 1


def test_faces_that_are_alike_in_a_photo_count_as_one(calibration):
    known = known_by(calibration, "novelty", normal(1600, 0))
    five = np.repeat([0.2, 0.5, 0.6, 0.9, 1.3], 40)
    assert shift({"novelty": five}, known).is_shifted
    assert not shift({"novelty": five, "photo": np.repeat(np.arange(5), 40)}, known).is_shifted
    assert not shift({"novelty": five, "photo": np.zeros(200)}, known).is_shifted


def test_alarms_by_chance_are_rare(calibration):
    """400 collections of 6 photos of 20 like faces each: 1 % are allowed, 2 % a bad day."""
    rng, photo = np.random.default_rng(3), np.repeat(np.arange(6), 20)
    known = replace(calibration, columns={"novelty": normal(1600, 0), "brightness": normal(1600, 1)})
    looks = rng.normal(size=(400, 2, 6, 1)) * 0.9 + rng.normal(size=(400, 2, 6, 20)) * np.sqrt(0.19)
    samples = [{"novelty": one[0].ravel(), "brightness": one[1].ravel(), "photo": photo} for one in looks]
    assert sum(shift(sample, known).is_shifted for sample in samples) <= 8


def test_looks_that_weights_mend_are_no_alarm_but_hint_at_other_pictures(calibration):
    known = known_by(calibration, "sharpness", np.exp(normal(1600, 0)))
    blurred = {"sharpness": np.exp(normal(500, 1, -1.2))}
    like = known.like(blurred, known.prior)
    assert shift(blurred, known).is_shifted
    found = shift_from(blurred, known, like, known.prior)
    assert not found.is_shifted and found.unlikeness == pytest.approx(1, abs=0.01)
    assert shift_from(blurred, known, known, known.prior).is_shifted

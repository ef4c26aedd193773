from functools import partial

import numpy as np
import pandas as pd
import pytest

from agestat.report.comparison import how, sentences
from agestat.report.language import open_language
from agestat.stats.bands import parse_bands
from agestat.stats.compare import (
    AGE_COMPARISON_COLUMNS,
    COMPARISON_COLUMNS,
    compare,
    holm,
    permutation_p_value,
)

LOOKS = {"novelty": np.random.default_rng(1).gamma(8, 1 / 8, 2000)}  # as the calibration set's


def words(found):
    return "\n".join(sentences(found, open_language("en"))).replace("\u00a0", " ")


def chunks(faces, per_photo=1):
    return lambda: [(faces.probabilities, None, np.arange(len(faces.cell)) // per_photo)]


def test_holm_adjusts_as_in_the_paper():
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted.tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_collections_alike(calibration, world):
    one, two = world.simulate(world.even, 1500, 1), world.simulate(world.even, 1500, 2)
    found = compare(chunks(one), chunks(two), calibration, bands=world.decades, permutations=300)
    ages = found.ages.iloc[0]
    assert found.global_p > 0.05
    said = words(found)
    assert said.startswith("Perceived as female: ")
    assert said.endswith(
        "\nAll cells together do not differ beyond chance (permutation test over photos, "
        f"p = {found.global_p:.2g})."
    )
    assert f"\nMean perceived age: {ages['value_a']:.1f} years in A, {ages['value_b']:.1f} in B: " in said
    assert (
        f" (95 % interval −{-ages['difference_low']:.1f} to +{ages['difference_high']:.1f}, adjusted" in said
    )
    assert said.count("\n") == 2  # no band and no cell differs
    assert next(how(found, open_language("en"))).startswith("Shares by Bayesian adjusted counting with 95")
    assert found.shifts == ()
    assert ((found.table["difference_low"] <= 0) & (found.table["difference_high"] >= 0)).mean() > 0.8


def test_collections_that_differ(calibration, world):
    shares = world.even.copy()
    shares[[6, 7]] += [0.3, 0.1]
    other = world.simulate(shares / shares.sum(), 2000, 2)
    one = world.simulate(world.even, 2000, 1)
    found = compare(
        chunks(one),
        chunks(other),
        calibration,
        bands=world.decades,
        names=("town", "village"),
        looks=(LOOKS, LOOKS),
        permutations=300,
    )
    assert list(found.table.columns) == list(found.margins.columns) == COMPARISON_COLUMNS
    assert list(found.ages.columns) == AGE_COMPARISON_COLUMNS
    assert found.global_p == pytest.approx(1 / 301)
    row = found.table.iloc[6]
    truth = other.shares[6] - one.shares[6]
    assert row["difference_low"] <= truth <= row["difference_high"]
    assert "\nfemale 60-69: " in words(found)
    assert list(found.margins["p_adjusted"].isna()) == [False] * len(found.margins)
    for parts in (
        (found.margins.iloc[[0]], found.ages.iloc[[0]]),  # gender and the mean age
        (found.margins.iloc[2:], found.table),  # bands and cells
    ):
        both = pd.concat(parts)
        assert both["p_adjusted"].tolist() == pytest.approx(holm(both["p_value"].to_numpy()).tolist())
    assert found.table["difference"].sum() == pytest.approx(0, abs=1e-6)


def test_intervals_of_differences_of_ages_keep_their_promise(calibration, world):
    """A is as the calibration set, B older; the truth are the ages of which B's and A's faces were drawn."""
    older = np.tile([1, 1, 2, 2, 3, 3, 3, 3], 2) / 36
    mean_ages = [(band.age_min + min(band.age_max, 85)) / 2 for band in world.decades]
    truth = np.tile(mean_ages, 2) @ (older - world.even)
    hits, widths = 0, []
    for seed in range(14):
        one, other = world.simulate(world.even, 400, 2 * seed), world.simulate(older, 400, 2 * seed + 1)
        found = compare(
            chunks(one),
            chunks(other),
            calibration,
            bands=world.decades,
            permutations=10,
            looks=(LOOKS, LOOKS),
        )
        row = found.ages.set_index(["gender", "statistic"]).loc[("all", "mean")]
        hits += row["difference_low"] <= truth <= row["difference_high"]
        widths.append(row["difference_high"] - row["difference_low"])
    assert 13 <= hits <= 14
    assert 4 < np.mean(widths) < 9  # years; of true ages of 400 and 400 faces it would be 6


def test_differences_within_what_the_labels_tell_apart_doubt_the_model(calibration, world):
    """A holds more of the first half of each decade, B of the second, which the labels do not tell."""
    one, other = world.simulate(world.even, 2000, 1), world.simulate(world.even, 2000, 2)
    some = np.random.default_rng(0).random(2000) < 0.4
    first, second = (one.age % 10 < 5) | some, (other.age % 10 >= 5) | some
    sides = [
        partial(list, [(faces.probabilities[mine], None, np.arange(mine.sum()))])
        for faces, mine in ((one, first), (other, second))
    ]
    found = compare(*sides, calibration, bands=parse_bands("0,5,10,15,20,25,30,35,40"), permutations=10)
    halves = found.margins[found.margins["gender"] == "all"].iloc[2:8]
    truth = [
        ((other.age[second] >= low) & (other.age[second] <= high)).mean()
        - ((one.age[first] >= low) & (one.age[first] <= high)).mean()
        for low, high in zip(halves["age_min"], halves["age_max"], strict=True)
    ]
    assert np.abs(truth).min() > 0.02
    inside = (halves["difference_low"] <= truth) & (truth <= halves["difference_high"])
    assert inside.sum() >= 5


def test_both_sides_are_looked_at_and_a_strange_one_widens_the_intervals(calibration, world):
    rng = np.random.default_rng(0)
    one, two = world.simulate(world.even, 4000, 1), world.simulate(world.even, 4000, 2)
    alike, strange = {"novelty": rng.gamma(8, 1 / 8, 500)}, {"novelty": rng.gamma(8, 1 / 4, 500)}
    options = {"bands": world.decades, "permutations": 50}
    plain = compare(chunks(one), chunks(two), calibration, looks=(alike, alike), **options)
    wide = compare(chunks(one), chunks(two), calibration, looks=(alike, strange), **options)
    assert [found.is_shifted for found in plain.shifts] == [False, False]
    assert [found.is_shifted for found in wide.shifts] == [False, True]
    looks = list(how(wide, open_language("en")))
    assert looks[0] == "A: The faces are no harder to judge than the calibration pictures of world."
    assert looks[1].startswith(
        "B: The faces are harder to judge than the calibration pictures of world (on average less "
    )

    def width(found):
        return (found.table["difference_high"] - found.table["difference_low"]).mean()

    assert width(wide) > 1.1 * width(plain)


def test_photos_are_dealt_not_faces():
    """Ten photos of twenty like faces each: half the photos in each collection say little."""
    rng = np.random.default_rng(0)
    photos = np.repeat(rng.dirichlet([0.3, 0.3], 10), 20, axis=0)
    by_face = permutation_p_value(photos[:100], photos[100:], 500, np.random.default_rng(1))
    summed = photos.reshape(10, 20, 2).sum(axis=1)
    by_photo = permutation_p_value(summed[:5], summed[5:], 500, np.random.default_rng(1))
    assert by_face < 0.05
    assert by_photo > 0.1


def test_nobody_to_compare_with(calibration, world):
    found = compare(chunks(world.simulate(world.even, 50, 1)), list, calibration, bands=world.decades)
    assert words(found) == "B holds no faces, so there is nothing to compare."
    assert len(found.table) == 0


@pytest.mark.parametrize(("a", "b"), [(60, 60), (5000, 60)])
def test_the_permutation_test_keeps_its_level_whatever_the_sizes(a, b):
    """Blocks of 25 photos of the one collection against single photos of the other, with no difference."""
    rng = np.random.default_rng(3)

    def blocks(photos):
        cells = np.eye(3)[rng.choice(3, photos, p=[0.5, 0.3, 0.2])]
        return cells.reshape(-1, 25, 3).sum(axis=1) if photos >= 1000 else cells

    p_values = [permutation_p_value(blocks(a), blocks(b), 100, rng) for _ in range(150)]
    assert 0.01 <= np.mean(np.array(p_values) <= 0.1) <= 0.17


def test_a_clear_difference_is_named_at_a_high_level_too(calibration, world):
    shares = world.even.copy()
    shares[6] += 1
    one, other = world.simulate(world.even, 2000, 1), world.simulate(shares / shares.sum(), 2000, 2)
    found = compare(
        chunks(one), chunks(other), calibration, bands=world.decades, looks=(LOOKS, LOOKS), level=0.999,
        permutations=2000,
    )  # fmt: skip
    assert "\nfemale 60-69: " in words(found)

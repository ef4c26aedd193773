import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agestat.errors import UsageError
from agestat.model.label_space import SIX
from agestat.stats.bands import parse_bands
from agestat.stats.correct import METHODS
from agestat.stats.estimate import COLUMNS, estimate, estimate_checked, estimate_chunks

SEED_BANDS = parse_bands("seed")
COUNTS = st.lists(st.integers(0, 400), min_size=6, max_size=6).filter(lambda counts: sum(counts) >= 30)


def six(truth, accuracy, world, calibration, **options):
    logits = world.six_logits(np.asarray(truth), accuracy, np.random.default_rng(7))
    options = {"bands": SEED_BANDS, "replicates": 400, **options}
    return estimate(SIX.softmax(logits), None, np.arange(len(truth)), calibration, **options)


@settings(max_examples=12, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 999), method=st.sampled_from(sorted(METHODS)))
def test_shares_sum_to_one_and_intervals_hold_them(calibration, world, n, seed, method):
    faces = world.simulate(world.even, n, seed)
    result = estimate(
        faces.probabilities,
        None,
        np.arange(n),
        calibration,
        bands=world.decades,
        method=method,
        replicates=60,
    )
    table = result.table
    assert table["share"].sum() == pytest.approx(1, abs=1e-6)
    assert table["share_counted"].sum() == pytest.approx(1)
    assert table["n"].sum() == n
    both = pd.concat([table, result.margins])
    assert (both["share_low"] >= 0).all()
    assert (both["share_low"] <= both["share"] + 1e-12).all()
    assert (both["share"] <= both["share_high"] + 1e-12).all()
    assert (both["share_high"] <= 1).all()
    genders = result.margins[result.margins["band"] == "all"]
    assert genders["share"].sum() == pytest.approx(1, abs=1e-6)


@settings(max_examples=12, deadline=None)
@given(n=st.integers(1, 300), seed=st.integers(0, 999), method=st.sampled_from(sorted(METHODS)))
def test_the_order_of_faces_changes_nothing(calibration, world, n, seed, method):
    """Not one bit, with groups and photos of several faces, some of them alike."""
    faces = world.simulate(world.even, n, seed)
    alike = np.arange(n) - np.arange(n) % 3 // 2
    probabilities, groups = faces.probabilities[alike], np.array(["a", "b"], dtype=object)[np.arange(n) % 2]
    clusters = np.arange(n) // 4
    order = np.random.default_rng(seed).permutation(n)
    options = {"bands": world.decades, "method": method, "replicates": 40}
    one = estimate(probabilities, groups, clusters, calibration, **options)
    two = estimate(probabilities[order], groups[order], clusters[order], calibration, **options)
    for name in ("table", "margins", "ages"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)


@settings(max_examples=20, deadline=None)
@given(counts=COUNTS, method=st.sampled_from(sorted(METHODS)))
def test_a_perfect_classifier_gives_back_the_counts(world, counts, method):
    n = sum(counts)
    result = six(np.repeat(np.arange(6), counts), 1.0, world, world.six_calibration(1.0, 6000), method=method)
    shares = np.array(counts) / n
    table = result.table
    assert table["share_counted"].tolist() == shares.tolist()
    assert table["share"].to_numpy() == pytest.approx(shares, abs=0.005 + 3 / n)  # half a face of doubt each
    assert (table["share_low"].to_numpy() <= shares + 1e-9).all()
    assert (table["share_high"].to_numpy() >= shares - 1e-9).all()
    assert (table["share_high"] - table["share_low"]).max() < 0.03 + 2.5 / np.sqrt(n)


@settings(max_examples=20, deadline=None)
@given(counts=COUNTS)
def test_a_useless_classifier_says_anything(world, counts):
    truth = np.repeat(np.arange(6), counts)
    table = six(truth, 1 / 6, world, world.six_calibration(1 / 6)).table
    assert (table["share_low"] < 0.03).all()
    assert (table["share_high"] > 0.35).all()


@settings(max_examples=12, deadline=None)
@given(n=st.integers(10, 300), seed=st.integers(0, 999), method=st.sampled_from(sorted(METHODS)))
def test_more_faces_narrow_the_intervals(calibration, world, n, seed, method):
    widths = []
    for count in (n, 16 * n):
        faces = world.simulate(world.even, count, seed)
        options = {"bands": world.decades, "method": method, "replicates": 200}
        table = estimate(faces.probabilities, None, np.arange(count), calibration, **options).table
        widths.append((table["share_high"] - table["share_low"]).mean())
    assert widths[0] > widths[1]


def test_a_photo_counts_once_however_many_faces_it_shows(calibration, world):
    faces = world.simulate(world.even, 400, 5)
    options = {"bands": world.decades, "replicates": 400}
    apart = estimate(faces.probabilities, None, np.arange(400), calibration, **options)
    order = np.argsort(faces.cell, kind="stable")  # photos of people of one kind
    together = estimate(faces.probabilities[order], None, np.arange(400) // 20, calibration, **options)

    def width(result):
        return (result.table["share_high"] - result.table["share_low"]).mean()

    assert width(together) > 1.3 * width(apart)


def test_zero_of_five_faces_is_not_certainly_zero(world):
    table = six([1] * 5, 0.95, world, world.six_calibration(0.95)).table.set_index(["gender", "band"])
    child = table.loc[("male", "child")]
    assert child["share_low"] == 0
    assert 0.05 < child["share_high"] < 0.6
    assert table.loc[("female", "adult"), "share_low"] < 0.9


def test_no_faces_give_an_empty_labelled_result(calibration, world):
    result = estimate(np.empty((0, 103)), None, np.empty(0, int), calibration, bands=world.decades)
    assert list(result.table.columns) == COLUMNS
    assert len(result.table) == len(result.margins) == len(result.ages) == 0
    assert result.groups == result.bands == []
    assert (result.method, result.level, result.calibration_name, result.calibration_n) == (
        "bayes", 0.95, "world", 1600,
    )  # fmt: skip


def test_correction_beats_counting_where_shares_differ_from_the_calibration_set(calibration, world):
    shares = np.array([1, 2, 1, 1, 1, 6, 30, 20, 1, 1, 1, 1, 2, 4, 14, 14]) / 100
    faces = world.simulate(shares, 6000, 11)
    table = estimate_chunks(
        lambda: [(faces.probabilities, None, np.arange(6000))], calibration, bands=world.decades,
        unlikeness=0.14,  # of so many that look like the calibration set's
    ).table  # fmt: skip
    corrected = np.abs(table["share"] - faces.shares).mean()
    counted = np.abs(table["share_counted"] - faces.shares).mean()
    assert corrected < 0.7 * counted
    covered = (table["share_low"] <= faces.shares) & (faces.shares <= table["share_high"])
    assert covered.sum() >= 14


def test_groups_ages_and_outside_bands(calibration, world):
    faces = world.simulate(world.even, 1000, 2)
    groups = np.where(faces.age < 40, "young", "old").astype(object)
    result = estimate(
        faces.probabilities, groups, np.arange(1000), calibration, bands=parse_bands("18,65"), replicates=200
    )
    assert result.table["group"].unique().tolist() == ["old", "young"]
    assert result.table["band"].unique().tolist() == ["18-64", "65+", "outside bands"]
    outside = result.table[result.table["band"] == "outside bands"]
    assert outside["age_min"].isna().all()
    ages = result.ages.set_index(["group", "gender", "statistic"])
    for group, mine in (("young", faces.age < 40), ("old", faces.age >= 40)):
        row = ages.loc[(group, "all", "mean")]
        assert row["low"] <= faces.age[mine].mean() <= row["high"]
        row = ages.loc[(group, "all", "median")]
        assert row["low"] - 2 <= np.median(faces.age[mine]) <= row["high"] + 2


@pytest.mark.parametrize("method", ["bayes", "emq", "pacc", "acc"])
def test_bands_within_what_the_labels_tell_apart_doubt_the_model(calibration, world, method):
    """Labels are decades. The model sees ages with an error of six years and has them spread evenly within a
    decade, where seven of ten are in the first half of it."""
    faces = world.simulate(world.even, 4000, 11)
    kept = (faces.age % 10 < 5) | (np.random.default_rng(0).random(4000) < 0.4)
    halves = np.arange(0, 75, 5)
    cell = faces.cell // 8 * 15 + np.searchsorted(halves, faces.age, side="right") - 1
    truth = np.bincount(cell[kept], minlength=30) / kept.sum()
    options = {"method": method, "replicates": 400}
    given = faces.probabilities[kept], None, np.arange(kept.sum()), calibration
    result = estimate(*given, bands=parse_bands(",".join(map(str, halves))), **options)
    table = result.table
    inside = (table["share_low"] <= truth) & (truth <= table["share_high"])
    assert inside.mean() > 0.9
    decades = estimate(*given, bands=world.decades, **options).table
    assert (table["share_high"] - table["share_low"]).sum() > 1.2 * (
        decades["share_high"] - decades["share_low"]
    ).sum()
    assert result.age_ranges == tuple((band.age_min, band.age_max) for band in world.decades)


def test_counts_within_what_the_labels_tell_apart_are_counts(calibration, world):
    faces = world.simulate(world.even, 4000, 11)
    result = estimate(
        faces.probabilities, None, np.arange(4000), calibration, bands=parse_bands("0,5,10"), method="cc"
    )
    row = result.table.iloc[0]
    assert row["share_high"] - row["share_low"] < 4 * np.sqrt(row["share"] / 4000)


def test_chunks_give_what_one_piece_gives(calibration, world):
    faces = world.simulate(world.even, 3000, 4)
    clusters = np.arange(3000) // 3

    def chunks():
        for start in range(0, 3000, 700):
            part = slice(start, start + 700)
            yield faces.probabilities[part], None, clusters[part]

    options = {"bands": world.decades, "replicates": 200}
    whole = estimate(faces.probabilities, None, clusters, calibration, **options)
    parts = estimate_chunks(chunks, calibration, **options)
    numbers = ["n", "share_counted", "share", "share_low", "share_high"]
    assert parts.table[numbers].to_numpy() == pytest.approx(whole.table[numbers].to_numpy(), abs=1e-4)


def test_faces_that_look_different_get_wider_intervals_and_a_verdict(calibration, world):
    faces = world.simulate(world.even, 4000, 4)
    chunk = (faces.probabilities, None, np.arange(4000))
    rng = np.random.default_rng(0)
    options = {"bands": world.decades, "replicates": 300}
    alike = estimate_checked(lambda: [chunk], {"novelty": rng.gamma(8, 1 / 8, 4000)}, calibration, **options)
    other = estimate_checked(lambda: [chunk], {"novelty": rng.gamma(8, 1 / 4, 500)}, calibration, **options)
    assert alike.shift is None
    assert other.shift is not None and other.shift.beyond == ("novelty",)

    def width(result):
        return (result.table["share_high"] - result.table["share_low"]).mean()

    assert width(other) > 1.2 * width(alike)


@pytest.mark.parametrize(
    ("option", "words"),
    [({"method": "guess"}, "no method 'guess'"), ({"level": 95}, "between 0 and 1, not 95")],
)
def test_options_that_cannot_be(calibration, world, option, words):
    with pytest.raises(UsageError, match=words):
        estimate(np.empty((0, 103)), None, np.empty(0, int), calibration, bands=world.decades, **option)


@pytest.mark.parametrize("method", ["cc", "pcc", "acc", "pacc", "emq"])
def test_a_single_photo_is_not_certain_by_resampling(calibration, world, method):
    face = world.simulate(world.even, 1, 3)
    table = estimate(
        face.probabilities, None, np.arange(1), calibration, bands=world.decades, method=method, replicates=50
    ).table
    assert (table["share_low"] <= 0.025 + 1e-9).all()
    assert (table["share_high"] >= 0.975 - 1e-9).all()


def test_intervals_of_a_group_are_as_wide_as_its_own_looks_ask_for(calibration, world):
    """Two like groups of 1,500 faces; the faces of the second look strange."""
    faces, rng = world.simulate(world.even, 3000, 5), np.random.default_rng(2)
    group = np.repeat(["like", "strange"], 1500)
    novelty = rng.gamma(8, np.repeat([1 / 8, 1 / 6], 1500))
    found = estimate_checked(
        lambda: [(faces.probabilities, group, np.arange(3000))], {"novelty": novelty, "group": group},
        calibration, bands=world.decades, replicates=400,
    )  # fmt: skip
    width = (found.table["share_high"] - found.table["share_low"]).groupby(found.table["group"]).mean()
    assert list(found.unlike) == ["strange"]
    assert width["strange"] > 1.15 * width["like"]

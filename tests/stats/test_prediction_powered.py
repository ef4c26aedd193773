"""Agreement with ppi-python 0.2.3, whose numbers are frozen here together with the inputs; and own labels.

They were computed outside this project by ``ppi_mean_pointestimate(Y, F, FU, lam=0.92285147)`` and
``ppi_mean_ci(Y, F, FU, alpha=0.05, lam=0.92285147)``. Tuned by itself that package takes another power, since
its labelled faces are not among the others. It takes the variance of predictions from labelled and unlabelled
ones together and this one each from its own, so that the ends agree within a hundredth of the width.
"""

from functools import partial

import numpy as np
import pytest
from scipy.stats import norm

from agestat.model.label_space import SIX, YEARS
from agestat.stats.compare import compare
from agestat.stats.estimate import estimate
from agestat.stats.prediction_powered import OwnLabels, draw_shares, prediction_powered_mean, sample_to_label

LABELS = [28, 20, 36, 46, 57, 42, 32, 28, 51, 65, 44, 22, 26, 64, 43, 14, 39, 23, 31, 33]
PREDICTED = [27, 26, 39, 45, 62, 50, 25, 29, 48, 67, 39, 25, 29, 65, 40, 15, 35, 18, 35, 29]
UNLABELLED = [
    61, 54, 13, 47, 26, 43, 44, 13, 39, 39, 57, 25, 54, 27, 38, 30, 65, 52, 79, 53,
    56, 56, 34, 42, 63, 37, 46, 43, 52, 38, 41, 47, 45, 30, 56, 24, 25, 24, 58, 38,
    28, 26, 49, 27, 24, 52, 25, 38, 43, 36, 42, 63, 35, 24, 15, 40, 38, 47, 36, 36,
]  # fmt: skip


def test_the_mean_agrees_with_ppi_python():
    unlabelled = np.array(UNLABELLED, dtype=float)
    powered = prediction_powered_mean(
        np.array(LABELS, dtype=float)[:, None],
        np.array(PREDICTED, dtype=float)[:, None],
        np.array([unlabelled.mean()]),
        np.array([[unlabelled.var() / 60]]),
        np.ones(20),
        np.arange(20),
    )
    half = norm.ppf(0.975) * np.sqrt(powered.covariance[0, 0])
    assert powered.power == pytest.approx(0.92285147)
    assert powered.value[0] == pytest.approx(40.18388642)
    assert powered.value[0] - half == pytest.approx(36.55353, abs=0.07)
    assert powered.value[0] + half == pytest.approx(43.81424, abs=0.07)


def test_predictions_that_say_nothing_get_no_power():
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(300, 1))
    powered = prediction_powered_mean(
        labels, rng.normal(size=(300, 1)), np.zeros(1), np.array([[1 / 5000]]), np.ones(300), np.arange(300)
    )
    assert powered.power < 0.15
    assert powered.value[0] == pytest.approx(labels.mean(), abs=0.03)


def test_a_row_that_no_label_hit_is_not_certainly_empty():
    truth = np.eye(3)[np.repeat([0, 1], 100)]
    powered = prediction_powered_mean(
        truth, truth, np.array([0.5, 0.5, 0]), np.zeros((3, 3)), np.ones(200), np.arange(200)
    )
    high = np.quantile(draw_shares(powered, 200, 2000, np.random.default_rng(0))[:, 2], 0.975)
    assert 0.004 < high < 0.03  # Jeffreys' interval of 0 of 200 ends at 0.012


def test_the_sample_holds_every_stratum_and_its_weights_add_up_to_all_faces():
    strata = np.repeat([3, 5, 9], [9000, 990, 10])
    chosen, weights = sample_to_label(strata, 200, np.random.default_rng(0))
    assert len(chosen) == len(set(chosen.tolist())) == 200
    assert np.bincount(strata[chosen], minlength=10)[[3, 5, 9]].tolist() == [135, 55, 10]
    assert weights.sum() == pytest.approx(10_000)
    assert weights[strata[chosen] == 9].tolist() == [1.0] * 10


def test_fewer_faces_than_wanted_are_all_drawn():
    chosen, weights = sample_to_label(np.zeros(7, int), 200, np.random.default_rng(0))
    assert sorted(chosen.tolist()) == list(range(7))
    assert weights.tolist() == [1.0] * 7


def labels_of(faces, chosen, weights, groups=None, per_photo=1):
    return OwnLabels(faces.probabilities[chosen], groups, faces.cell[chosen] // 8, faces.age[chosen],
                     faces.age[chosen], weights, chosen // per_photo)  # fmt: skip


def seen_younger(faces):
    """Probabilities of ages ten years too young."""
    gender, ages = np.split(faces.probabilities, [2], axis=1)
    younger = np.pad(ages[:, 10:], ((0, 0), (0, 10))) + 1e-12
    return np.concatenate([gender, younger / younger.sum(axis=1, keepdims=True)], axis=1)


def test_own_labels_correct_what_calibration_cannot(calibration, world):
    """Faces that look ten years younger than those of the calibration set."""
    faces = world.simulate(world.even, 4000, 8)
    younger = seen_younger(faces)
    faces = type(faces)(younger, faces.cell, faces.age)
    chosen, weights = sample_to_label(faces.cell, 400, np.random.default_rng(1))
    options = {"bands": world.decades, "replicates": 500}
    plain = estimate(younger, None, np.arange(4000), calibration, **options)
    powered = estimate(
        younger, None, np.arange(4000), calibration, labels=labels_of(faces, chosen, weights), **options
    )
    assert powered.table["method"].unique().tolist() == ["ppi"]
    assert powered.table["calibration"].unique().tolist() == ["world and 400 own labels"]
    assert powered.own_labels == 400

    def covered(table):
        return ((table["share_low"] <= faces.shares) & (faces.shares <= table["share_high"])).sum()

    assert covered(powered.table) >= 14
    error = [np.abs(found.table["share"] - faces.shares).mean() for found in (powered, plain)]
    assert error[0] < 0.5 * error[1]
    mean = powered.ages.iloc[0]
    assert (mean["gender"], mean["statistic"]) == ("all", "mean")
    assert mean["low"] <= faces.age.mean() <= mean["high"]
    assert mean["high"] - mean["low"] < 5


def test_own_labels_of_both_sides_mend_their_difference(calibration, world):
    """All faces of B are seen ten years too young, so that the same people look younger there."""
    a, b = world.simulate(world.even, 2000, 1), world.simulate(world.even, 2000, 2)
    sides = [a, type(b)(seen_younger(b), b.cell, b.age)]
    draws = [sample_to_label(side.cell, 400, np.random.default_rng(1)) for side in sides]
    labels = [labels_of(side, *drawn) for side, drawn in zip(sides, draws, strict=True)]
    faces = [partial(list, [(side.probabilities, None, np.arange(2000))]) for side in sides]
    options = {"bands": world.decades, "permutations": 10}
    plain = compare(*faces, calibration, **options)
    told = compare(*faces, calibration, labels=labels, **options)
    assert (plain.methods, plain.own_labels) == (("bayes",), 0)
    assert (told.methods, told.own_labels) == (("ppi",), 800)
    assert told.table["method"].unique().tolist() == ["ppi"]
    assert told.table["calibration"].unique().tolist() == ["world and 800 own labels"]
    truth = b.age.mean() - a.age.mean()
    before, after = plain.ages.iloc[0], told.ages.iloc[0]
    assert before["difference"] < truth - 5
    assert after["difference_low"] <= truth <= after["difference_high"]
    assert after["difference_high"] - after["difference_low"] < 5
    low, high = (told.table[f"difference_{end}"] for end in ("low", "high"))
    assert ((low <= b.shares - a.shares) & (b.shares - a.shares <= high)).sum() >= 14


def test_groups_with_few_labels_are_recalibrated_only(calibration, world):
    faces = world.simulate(world.even, 1000, 8)
    groups = np.where(np.arange(1000) < 500, "a", "b").astype(object)
    chosen = np.r_[np.arange(250), np.arange(500, 520)]
    labels = labels_of(faces, chosen, np.ones(270), groups[chosen])
    table = estimate(
        faces.probabilities,
        groups,
        np.arange(1000),
        calibration,
        bands=world.decades,
        labels=labels,
        replicates=50,
    ).table
    assert table.groupby("group")["method"].unique().map(list).to_dict() == {"a": ["ppi"], "b": ["bayes"]}


def test_the_first_ten_labels_narrow_the_intervals_and_more_narrow_them_more(calibration, world):
    """Of a collection of unusual shares that nothing else is known of: cells and the mean age."""
    shares = np.array([8, 30, 20, 6, 2, 1, 1, 1, 8, 6, 6, 5, 3, 1, 1, 1]) / 100
    faces = world.simulate(shares, 800, 8)
    widths = []
    for count in (0, 10, 40, 150):
        chosen, weights = sample_to_label(faces.cell % 8, count, np.random.default_rng(1))
        labels = labels_of(faces, chosen, weights) if count else None
        found = estimate(faces.probabilities, None, np.arange(800), calibration, bands=world.decades,
                         labels=labels, replicates=1000)  # fmt: skip
        age = found.age("all")
        cells = (found.table["share_high"] - found.table["share_low"]).mean()
        widths.append((cells, age["high"] - age["low"]))
    assert (np.diff(widths, axis=0) < 0).all(), widths
    assert widths[1][0] < 0.97 * widths[0][0]


def test_a_range_of_ages_is_filled_as_the_model_says():
    probabilities = np.zeros((1, 103), dtype=np.float32)
    probabilities[0, [0, 2 + 22, 2 + 24, 2 + 50]] = [1, 0.3, 0.1, 0.6]
    label = OwnLabels(
        probabilities, None, np.array([0]), np.array([20]), np.array([29]), np.ones(1), np.zeros(1)
    )
    cells = label.cells(YEARS)[0]
    assert cells[[22, 24, 50]] == pytest.approx([0.75, 0.25, 0], abs=1e-3)


def test_an_age_that_the_model_lacks_goes_to_the_nearest_cell():
    label = OwnLabels(
        np.full((1, 6), 1 / 6), None, np.array([1]), np.array([14]), np.array([14]), np.ones(1), np.zeros(1)
    )
    assert label.cells(SIX)[0].tolist() == [0, 0, 0, 1, 0, 0]


def powered_mean(labels, predicted, clusters):
    return prediction_powered_mean(
        labels, predicted, np.zeros(1), np.array([[0.01]]), np.ones(len(labels)), clusters
    )


def test_a_photo_of_twins_says_what_one_face_says():
    """Every face twice in its photo: the same value and variance as once, and half of it were they apart."""
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(100, 1))
    predicted = labels + rng.normal(size=(100, 1))
    once = powered_mean(labels, predicted, np.arange(100))
    twice = powered_mean(np.repeat(labels, 2, 0), np.repeat(predicted, 2, 0), np.repeat(np.arange(100), 2))
    apart = powered_mean(np.repeat(labels, 2, 0), np.repeat(predicted, 2, 0), np.arange(200))
    assert twice.value == pytest.approx(once.value)
    assert twice.covariance == pytest.approx(once.covariance)
    assert twice.power == pytest.approx(once.power)
    assert apart.covariance < 0.7 * once.covariance


def test_intervals_hold_the_mean_of_faces_that_come_in_photos():
    """Photos of ten faces that err alike; 500 labels of 50 photos."""
    rng = np.random.default_rng(1)
    held = {"together": 0, "apart": 0}
    for _ in range(300):
        truth = np.repeat(rng.normal(size=50), 10) + 0.3 * rng.normal(size=500)
        predicted = truth + np.repeat(rng.normal(size=50), 10)
        for name, clusters in (("together", np.repeat(np.arange(50), 10)), ("apart", np.arange(500))):
            found = prediction_powered_mean(
                truth[:, None], predicted[:, None], np.zeros(1), np.array([[1e-3]]), np.ones(500), clusters
            )
            held[name] += abs(found.value[0]) < 1.96 * np.sqrt(found.covariance[0, 0])
    assert 0.9 * 300 < held["together"] < 0.98 * 300
    assert held["apart"] < 0.7 * 300


def test_labels_of_a_few_photos_recalibrate_only(calibration, world):
    faces = world.simulate(world.even, 600, 8)
    labels = labels_of(faces, np.arange(300), np.full(300, 2.0), per_photo=10)
    table = estimate(
        faces.probabilities, None, np.arange(600) // 10, calibration, bands=world.decades, labels=labels,
        replicates=50,
    ).table  # fmt: skip
    assert table["method"].unique().tolist() == ["bayes"]


@pytest.mark.parametrize(("n", "labelled"), [(200, 200), (400, 300)])
def test_intervals_of_a_collection_that_is_labelled_for_the_most_part(n, labelled):
    rng, held = np.random.default_rng(1), 0
    for _ in range(600):
        truth = (rng.random(n) < 0.3).astype(float)
        said = np.where(rng.random(n) < 0.97, truth, 1 - truth)
        chosen = rng.permutation(n)[:labelled]
        powered = prediction_powered_mean(
            truth[chosen, None], said[chosen, None], said.mean(keepdims=True), np.array([[said.var() / n]]),
            np.ones(labelled), chosen,
        )  # fmt: skip
        held += abs(powered.value[0] - 0.3) < 1.96 * powered.covariance[0, 0] ** 0.5
    assert 0.92 <= held / 600 <= 0.975


def test_labels_alike_are_not_certain_and_a_gender_without_labels_keeps_its_ages(calibration, world):
    faces = world.simulate(world.even, 600, 8)
    women = np.flatnonzero(faces.cell < 8)[:220]
    labels = OwnLabels(
        faces.probabilities[women], None, np.zeros(220, int), np.full(220, 30), np.full(220, 30),
        np.ones(220), women,
    )  # fmt: skip
    options = {"bands": world.decades, "replicates": 200}
    ages = estimate(
        faces.probabilities, None, np.arange(600), calibration, labels=labels, **options
    ).ages.set_index(["gender", "statistic"])
    width = ages["high"] - ages["low"]
    assert 0.3 < width["all", "mean"] < 5
    assert width["male", "mean"] > 0.5


def test_own_labels_count_in_a_calibration_set_by_their_weights(calibration):
    cells = np.eye(202)[[25, 130]]
    own = calibration.with_own(np.full((2, 103), 1 / 103), cells, np.array([30.0, 10.0]))
    assert own.weights[-2:].tolist() == [1.5, 0.5]

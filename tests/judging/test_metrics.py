"""Figures against scikit-learn and by hand, and their intervals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from agestat.judging.bootstrap import bootstrap_weights
from agestat.judging.metrics import f1_of, nearest_age, report
from agestat.judging.slices import slice_labels, thirds
from agestat.labelled.rows import decades

GENDERS = ("female", "male")


def table_of(**columns):
    """A table of predictions; what is not given is as for four pictures of which one gender is wrong."""
    size = len(next(iter(columns.values()))) if columns else 4
    defaults = {
        "file": [f"{number}.jpg" for number in range(size)], "subject": [""] * size,
        "gender": ["female", "female", "male", "male"],
        "predicted_gender": ["female", "male", "male", "male"],
        "age": [np.nan] * size, "age_min": [20.0] * size, "age_max": [29.0] * size,
        "predicted_age": [25.0] * size,
        "confidence": [0.75] * size, "band": ["20-29"] * size, "predicted_band": ["20-29"] * size,
        "sharpness": np.arange(size, dtype=float), "brightness": [100.0] * size, "size": [160.0] * size,
    }  # fmt: skip
    table = pd.DataFrame(defaults | columns)
    for side, source in (("cell", "gender"), ("predicted_cell", "predicted_gender")):
        if side not in table:
            table[side] = table[source]
    return table


def test_figures_by_hand():
    table = table_of(age=[24.0, np.nan, np.nan, np.nan], age_max=[29, 29, np.nan, 29],
                     predicted_age=[26.0, 15.0, 99.0, 35.0],
                     predicted_band=["20-29", "10-19", "70+", "20-29"])  # fmt: skip
    figures = report(table, GENDERS, replicates=200)
    assert figures["n"] == 4
    assert figures["accuracy"]["value"] == figures["gender_accuracy"]["value"] == 0.75
    assert figures["f1_micro"]["value"] == 0.75
    assert figures["f1_per_class"]["female"]["value"] == pytest.approx(2 / 3)
    assert figures["f1_per_class"]["male"]["value"] == pytest.approx(0.8)
    assert (
        figures["f1_macro"]["value"]
        == figures["gender_f1_macro"]["value"]
        == pytest.approx((2 / 3 + 0.8) / 2)
    )
    assert figures["confusion"] == {"labels": ["female", "male"], "matrix": [[1, 1], [0, 2]]}
    assert figures["age_mae"]["value"] == figures["age_mae_median"]["value"] == 2  # of the one known age
    assert figures["range_distance"]["value"] == (5 + 0 + 5) / 3  # 35 is five years past the end of 20-29
    assert figures["age_band_accuracy"]["value"] == 0.5
    assert figures["ece"]["value"] == 0.0  # three of four right, said with 0.75


def test_calibration_error_is_the_gap_in_each_bin():
    table = table_of(predicted_gender=list(GENDERS[:1]) * 2 + ["male"] * 2, confidence=[0.6, 0.6, 0.9, 0.9])
    assert report(table, GENDERS, replicates=50)["ece"]["value"] == pytest.approx((2 * 0.4 + 2 * 0.1) / 4)


def test_figures_without_their_labels_are_none():
    table = table_of(age_min=[np.nan] * 4, age_max=[np.nan] * 4, band=[""] * 4)
    figures = report(table, GENDERS, replicates=50)
    assert [figures[key] for key in ("age_mae", "range_distance", "age_band_accuracy")] == [None] * 3
    assert figures["counted"] == {
        "classes": 4,
        "gender": 4,
        "age": 0,
        "exact_age": 0,
        "age_range": 0,
        "age_band": 0,
    }
    assert "decade" not in figures["slices"]
    only_ages = report(table_of(gender=[None] * 4, cell=[""] * 4), GENDERS, replicates=50)
    assert only_ages["f1_macro"] is only_ages["gender_accuracy"] is only_ages["ece"] is None
    assert only_ages["age_mae"] is None and only_ages["range_distance"]["value"] == 0


def test_a_share_of_all_or_none_has_the_exact_bound():
    table = table_of(predicted_gender=["female", "female", "male", "male"])
    right = report(table, GENDERS, replicates=50)
    assert right["gender_accuracy"] == {"value": 1.0, "low": pytest.approx(0.025**0.25), "high": 1.0}
    share = 0.025**0.5
    assert right["f1_per_class"]["male"]["low"] == pytest.approx(2 * share / (1 + share))
    wrong = report(table_of(predicted_gender=["male", "male", "female", "female"]), GENDERS, replicates=50)
    assert wrong["gender_accuracy"]["high"] == pytest.approx(1 - 0.025**0.25)


def test_the_interval_of_a_share_has_the_textbook_width():
    gender = np.array(["female", "male"] * 500)
    predicted = np.where(np.arange(1000) < 200, gender[::-1], gender)  # 20 % wrong
    figure = report(table_of(gender=gender, predicted_gender=predicted), GENDERS)["gender_accuracy"]
    half = 1.96 * np.sqrt(0.8 * 0.2 / 1000)
    assert figure["value"] == 0.8
    assert figure["low"] == pytest.approx(0.8 - half, abs=0.006)
    assert figure["high"] == pytest.approx(0.8 + half, abs=0.006)


def test_pictures_of_few_subjects_give_wider_intervals():
    gender = np.array(["female"] * 100)
    predicted = np.where(np.arange(100) < 50, "female", "male")  # five subjects right, five wrong

    def width(subjects):
        figure = report(table_of(gender=gender, predicted_gender=predicted, subject=subjects), GENDERS)
        return figure["gender_accuracy"]["high"] - figure["gender_accuracy"]["low"]

    alone, grouped = width([""] * 100), width([f"s{number // 10}" for number in range(100)])
    assert 0.15 < alone < 0.25 and 0.5 < grouped < 0.75


def test_bootstrap_weights_draw_whole_subjects_and_pictures_within_them():
    weights = bootstrap_weights(np.array(["a", "a", "a", "b"]), replicates=2000, seed=1)
    assert weights.shape == (2000, 4)
    drawn = weights[:, :3].sum(axis=1)
    assert set(drawn) == {0, 3, 6}  # subject a never, once or twice
    assert weights.mean(axis=0) == pytest.approx([1, 1, 1, 1], abs=0.1)
    assert weights[drawn == 3][:, 0].std() > 0.5
    assert np.array_equal(weights, bootstrap_weights(np.array(["a", "a", "a", "b"]), replicates=2000, seed=1))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_f1_of_a_confusion_is_scikit_learns(pairs):
    truth, predicted = np.array(pairs).T
    confusion = np.zeros((4, 4))
    np.add.at(confusion, (truth, predicted), 1)
    occur = np.union1d(truth, predicted)
    assert f1_of(confusion)[occur] == pytest.approx(f1_score(truth, predicted, labels=occur, average=None))
    assert np.isnan(np.delete(f1_of(confusion), occur)).all()


def test_nearest_age():
    table = pd.DataFrame({"age": [24, np.nan, np.nan, np.nan, np.nan], "age_min": [24, 20, 20, 70, np.nan],
                          "age_max": [24, 29, 29, np.nan, np.nan]})  # fmt: skip
    expected = [24, 20, 29.5, 90, np.nan]
    assert np.array_equal(nearest_age(table, np.array([30, 10, 29.5, 90, 40.0])), expected, equal_nan=True)


def test_slices():
    ages = pd.DataFrame({"age_min": [0, 3, 24, 18, 70, np.nan], "age_max": [2, 9, 24, 64, np.nan, np.nan]})
    labels = decades(ages)
    assert labels.astype(object).fillna("-").tolist() == ["0-9", "0-9", "20-29", "18-64", "70+", "-"]
    assert labels.cat.categories.tolist() == ["0-9", "18-64", "20-29", "70+"]
    parts = thirds(pd.Series(np.arange(9.0)), " px")
    assert parts.value_counts(sort=False).to_dict() == {"0-3 px": 3, "3-5 px": 3, "5-8 px": 3}
    assert set(slice_labels(table_of())) == {"gender", "sharpness"}  # one age, size and brightness only
    slices = report(table_of(), GENDERS, replicates=50)["slices"]
    assert {name: part["n"] for name, part in slices["gender"].items()} == {"female": 2, "male": 2}
    assert slices["gender"]["female"]["gender_accuracy"]["value"] == 0.5

"""Labels as soft targets, with literal expectations."""

import numpy as np
import pytest

from agestat.labelled.rows import LabelledRow, labelled_frame
from agestat.model.label_space import SIX, YEARS
from agestat.training.targets import age_prior, age_targets, balance_weights, distilled, targets


def frame(*rows):
    return labelled_frame(LabelledRow("a.jpg", "train", *row) for row in rows)


def test_exact_age_is_a_narrow_gaussian_about_it():
    target = age_targets(frame(("male", 30.0, 30, 30)))[0]
    assert target.argmax() == 30
    assert target.sum() == pytest.approx(1, abs=1e-5)
    assert target @ np.arange(101) == pytest.approx(30, abs=1e-3)
    assert target[26:35].sum() > 0.97


def test_bucket_is_uniform_inside_and_ends_softly():
    target = age_targets(frame(("male", np.nan, 20, 29)))[0]
    assert target[23:27] == pytest.approx(0.1, abs=1e-3)
    assert target[20:30].sum() > 0.9
    assert target[15] < 1e-4 and target[35] < 1e-4


def test_open_bucket_ends_at_ninety():
    target = age_targets(frame(("male", np.nan, 70, np.nan)))[0]
    assert target[70:91].sum() > 0.95 and target[95] < 1e-4


def test_teacher_shapes_the_bucket_but_never_leaves_it():
    teacher = np.zeros((1, 101), np.float32)
    teacher[0, 22], teacher[0, 60] = 0.2, 0.8
    target = age_targets(frame(("male", np.nan, 20, 29)), teacher)[0]
    assert target.argmax() == 22
    assert target[50:70].sum() < 1e-4


def test_unknown_age_gives_no_target():
    assert age_targets(frame(("male", np.nan, np.nan, np.nan)))[0].sum() == 0


def test_year_targets_have_a_gender_and_an_age_head():
    target = targets(frame(("female", 5.0, 5, 5), ("male", 40.0, 40, 40)), YEARS, smoothing=0.1)
    assert target.shape == (2, 103)
    assert target[:, :2] == pytest.approx(np.array([[0.95, 0.05], [0.05, 0.95]]))


def test_six_cells_by_gender_and_range():
    rows = frame(("female", np.nan, 0, 12), ("male", np.nan, 18, 64), ("male", np.nan, 65, 100),
                 ("female", 70.0, 70, 70), ("male", np.nan, 10, 30))  # fmt: skip
    assert rows["six"].tolist() == [0, 4, 5, 2, -1]
    assert targets(rows, SIX)[4].sum() == 0


def test_balance_weights_rise_for_rare_classes_and_average_one():
    rows = frame(*[("male", 30.0, 30, 30)] * 9, ("female", 80.0, 80, 80))
    weights = balance_weights(rows, 1.0)
    assert weights.mean() == pytest.approx(1)
    assert weights[9] / weights[0] == pytest.approx(9)
    assert balance_weights(rows, 0.0) == pytest.approx(np.ones(10))


def test_the_prior_of_ages_is_that_of_the_rows_own_gender():
    rows = frame(*[("female", 20.0, 20, 20)] * 3, ("female", 60.0, 60, 60), ("male", 60.0, 60, 60),
                 (None, 60.0, 60, 60))  # fmt: skip
    prior = age_prior(rows)
    assert prior.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    near_20, near_60 = prior[:, 10:31].sum(axis=1), prior[:, 50:71].sum(axis=1)
    assert near_20 == pytest.approx([0.745, 0.745, 0.745, 0.745, 0.002, 0.497], abs=2e-3)
    assert near_60 == pytest.approx([0.250, 0.250, 0.250, 0.250, 0.992, 0.497], abs=2e-3)
    assert prior.min() == pytest.approx(0.01 / 101)  # no age is impossible


def test_distilled_targets_are_half_of_what_the_model_said_and_never_fill_a_missing_label():
    soft = targets(frame(("female", 30.0, 30, 30), (None, np.nan, np.nan, np.nan)), YEARS)
    said = np.full((2, 103), 1 / 101, np.float32)
    said[:, :2] = [0.2, 0.8]
    mixed = distilled(soft, said, YEARS)
    assert mixed[0, :2] == pytest.approx([0.6, 0.4])
    assert mixed[0, 2:] == pytest.approx((soft[0, 2:] + 1 / 101) / 2)
    assert not mixed[1].any()

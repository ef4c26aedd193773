"""Splits by subject: whole subjects, strata kept, reproducible."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agestat.labelled.rows import LabelledRow, labelled_frame
from agestat.labelled.splits import split_by_subject


def frame_of(genders, ages, subjects):
    files = (f"{number}.jpg" for number in range(len(genders)))
    rows = zip(files, genders, ages, subjects, strict=True)
    return labelled_frame(
        LabelledRow(file, "", gender, age, age, age, who) for file, gender, age, who in rows
    )


def test_each_stratum_gives_its_share():
    frame = frame_of(["male"] * 100 + ["female"] * 40, [25.0] * 100 + [65.0] * 40, [""] * 140)
    split = split_by_subject(frame, share=0.15)
    assert (split[:100] == "val").sum() == 15 and (split[100:] == "val").sum() == 6


def test_a_stratum_of_one_subject_stays_for_training():
    frame = frame_of(["male"] * 50, [70.0] * 50, ["burns"] * 50)
    assert set(split_by_subject(frame)) == {"train"}


def test_where_no_subject_fits_the_smallest_is_judged():
    """As the characters of a series: Lisa and Maggie are all its girls."""
    frame = frame_of(["female"] * 50, [8.0] * 50, ["lisa"] * 40 + ["maggie"] * 10)
    assert split_by_subject(frame).tolist() == ["train"] * 40 + ["val"] * 10


def test_small_strata_are_judged_too():
    frame = frame_of(["male"] * 6 + ["female"] * 2, [25.0] * 8, [""] * 8)
    split = split_by_subject(frame)
    assert ((split[:6] == "val").sum(), (split[6:] == "val").sum()) == (1, 1)


ROWS = st.tuples(st.sampled_from(["male", "female"]), st.integers(0, 80), st.sampled_from("abcdefgh"))


@settings(deadline=None, max_examples=30)
@given(st.lists(ROWS, min_size=1, max_size=60), st.integers(0, 5))
def test_no_subject_is_on_both_sides_and_rows_in_any_order_split_alike(rows, seed):
    genders, ages, subjects = (list(column) for column in zip(*rows, strict=True))
    frame = frame_of(genders, [float(age) for age in ages], subjects)
    frame["split"] = split_by_subject(frame, seed)
    assert (frame.groupby("subject")["split"].nunique() == 1).all()
    shuffled = frame.sample(frac=1, random_state=seed)
    assert np.array_equal(split_by_subject(shuffled, seed), shuffled["split"].to_numpy())

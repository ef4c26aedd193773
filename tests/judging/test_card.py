"""The tables of a model card, which `agestat eval` and reports show too."""

from agestat.judging.card import ALL, CONFUSION, SLICED, card_tables, in_words

RIGHT = {"value": 0.9, "low": 0.85, "high": 0.95}
YEARS = {"value": 5.6, "low": 5.4, "high": 5.8}
GENDERS_ONLY = {
    "n": 1200, "gender_accuracy": RIGHT, "age_mae": None, "range_distance": None, "age_band_accuracy": None,
    "counted": {"gender": 1100, "age": 0, "exact_age": 0, "age_range": 0},
    "slices": {"gender": {"female": {"n": 500, "gender_accuracy": RIGHT, "age_mae": None},
                          "male": {"n": 600, "gender_accuracy": None, "age_mae": None}}},
}  # fmt: skip


def tables(metrics):
    return {table.about: table for table in card_tables(metrics)}


def test_cells_are_in_the_unit_of_their_head():
    found = tables(GENDERS_ONLY)
    assert [(name, list(map(in_words, cells))) for name, cells in found[ALL].rows] == [
        ("gender right, %", ["90.0 (85.0–95.0)", "1,100"])
    ]
    by_gender = found[SLICED["gender"]]
    assert by_gender.heads == ["part", "pictures", "gender right, %"]
    assert [(name, list(map(in_words, cells))) for name, cells in by_gender.rows] == [
        ("female", ["500", "90.0 (85.0–95.0)"]), ("male", ["600", "–"]),
    ]  # fmt: skip


def test_genders_alone_say_nothing_of_ages():
    texts = [text for table in card_tables(GENDERS_ONLY) for text in (*table.heads, *dict(table.rows))]
    assert not [text for text in texts if "age" in text]


def test_years_are_only_of_known_ages():
    metrics = {"n": 9, "age_mae": YEARS, "range_distance": {**YEARS, "value": 2.1, "low": None, "high": None},
               "counted": {"exact_age": 4, "age_range": 5}}  # fmt: skip
    assert {name: list(map(in_words, cells)) for name, cells in tables(metrics)[ALL].rows} == {
        "mean age error, years": ["5.6 (5.4–5.8)", "4"],
        "distance to the labelled range, years": ["2.1", "5"],
    }


def test_the_confusion_is_counts_by_true_class():
    metrics = {"n": 3, "confusion": {"labels": ["female", "male"], "matrix": [[1, 0], [1, 1]]},
               "f1_per_class": {"female": RIGHT, "male": None}}  # fmt: skip
    assert tables(metrics)[CONFUSION].rows == [("female", [1, 0]), ("male", [1, 1])]

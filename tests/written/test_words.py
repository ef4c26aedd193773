"""Genders and ages as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agestat.errors import AgestatError
from agestat.written.words import OLDEST, read_ages, read_gender


@pytest.mark.parametrize(
    ("words", "gender"),
    [
        (
            "female F Woman WOMEN girl Girls ж Ж ж. женский Женщина женщины женщ. weibl. Frau mujer 女",
            "female",
        ),
        (
            "male M man MEN boy Males м М м. мужской Мужчина мужчины мужч. Männl. 男 hombre (m)",
            "male",
        ),
    ],
)
def test_genders(words, gender):
    for word in words.split():
        assert read_gender(word) == read_gender(f"\u00a0 {word}\t") == gender
    for nothing in (" \u00a0", "?", "-", "n/a", "NaN", "unknown", "неизвестно"):
        assert read_gender(nothing) is None
        assert read_ages(nothing) is None


@pytest.mark.parametrize("word", ["0", "1", "2", "1.0", "0,"])
def test_a_digit_is_refused_as_a_gender(word):
    with pytest.raises(
        AgestatError, match="in some tables 0 is male, in others female; write female or male"
    ):
        read_gender(word)


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("34", (34, 34, 34)),
        ("34.0", (34, 34, 34)),
        ("0.5", (0, 0, 0.5)),
        ("0,5", (0, 0, 0.5)),
        ("6 months", (0, 0, 0.5)),
        ("6 мес.", (0, 0, 0.5)),
        ("34 года", (34, 34, 34)),
        ("20-29", (20, 29, None)),
        ("20 – 29", (20, 29, None)),
        ("20 to 29", (20, 29, None)),
        ("от 20 до 29 лет", (20, 29, None)),
        ("(25, 32)", (25, 32, None)),
        ("[25;32]", (25, 32, None)),
        ("20 bis 29 Jahre", (20, 29, None)),
        ("34 y/o", (34, 34, 34)),
        ("'34", (34, 34, 34)),
        ("<20", (0, 19, None)),
        ("under 20", (0, 19, None)),
        ("младше 20 лет", (0, 19, None)),
        ("≤ 20", (0, 20, None)),
        ("до 20", (0, 20, None)),
        ("30s", (30, 39, None)),
        ("30's", (30, 39, None)),
        ("65 and up", (65, None, None)),
        ("34.", (34, 34, 34)),
        ("~34", (34, 34, 34)),
        ("ca. 34?", (34, 34, 34)),
        ("between 20 and 29", (20, 29, None)),
        ("20～29", (20, 29, None)),
        ("20_29", (20, 29, None)),
        ("40er", (40, 49, None)),
        ("26 weeks", (0, 0, 0.5)),
        ("70+", (70, None, None)),
        ("more than 70", (70, None, None)),
        ("70 лет и старше", (70, None, None)),
    ],
)
def test_ages(text, ages):
    assert read_ages(text) == read_ages(f" {text}\u00a0") == ages


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            "12-Oct|Oct-12|09.мар|мар.09|2024-10-12 00:00:00|01.02.2024|45577|45577.0|5-May|12. Okt|05.03",
            "is a date, which",
        ),
        ("1987|2003|1987.0", "is a year of birth"),
        ("150|-3|40-30|123|999+|<0", "years old"),
        ("old|!|3O|twenty", "is neither years like 34 nor a range like 30-39"),
    ],
)
def test_ages_that_cannot_be_meant_are_refused_with_the_cure(texts, message):
    for text in texts.split("|"):
        with pytest.raises(AgestatError, match=message):
            read_ages(text)


@given(st.text(max_size=12))
def test_any_text_is_a_plausible_age_or_refused(text):
    try:
        ages = read_ages(text)
    except AgestatError:
        return
    if ages is not None:
        assert 0 <= ages.low <= (OLDEST if ages.high is None else ages.high) <= OLDEST


@given(
    low=st.integers(0, OLDEST), high=st.integers(0, OLDEST), dash=st.sampled_from(["-", " – ", " to ", ", "])
)
def test_every_range_comes_back(low, high, dash):
    text = f"({low}{dash}{high})"
    if low <= high:
        assert read_ages(text) == (low, high, None)
    else:
        with pytest.raises(AgestatError, match="years old"):
            read_ages(text)

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
            "female F Woman WOMEN girl Girls ж Ж ж. женский Женщина женщины женщ. weibl. Frau mujer 女"
            " ♀️ 👩 [F] 'F' «ж» F* F? niña fille ragazza mulher kobieta vrouw nainen kadın жінка"
            " 女の子 女生 أنثى",
            "female",
        ),
        (
            "male M man MEN boy Males м М м. мужской Мужчина мужчины мужч. Männl. 男 hombre (m)"
            " ♂ 👨 [M] “M” male? niño varón garçon ragazzo homem mężczyzna mies erkek чол. 男の子 男生 ذكر",
            "male",
        ),
    ],
)
def test_genders(words, gender):
    for word in words.split():
        assert read_gender(word) == read_gender(f"\u00a0 {word}\t") == gender
    for nothing in (" \u00a0", "?", "-", "n/a", "NaN", "unknown", "неизвестно", "n.a.", "#N/A"):
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
        ("70岁以上", (70, None, None)),
        ("70歲以上", (70, None, None)),
        ("70歳以上", (70, None, None)),
        ("70세 이상", (70, None, None)),
        ("20岁以下", (0, 20, None)),
        ("20세 이하", (0, 20, None)),
        ("20歳未満", (0, 19, None)),
        ("20세 미만", (0, 19, None)),
        ("20～29岁", (20, 29, None)),
        ("more than 70", (70, None, None)),
        ("70 лет и старше", (70, None, None)),
    ],
)
def test_ages(text, ages):
    assert read_ages(text) == read_ages(f" {text}\u00a0") == ages


UNITS = ["", " years", " yrs.", "-year-old", " лет", " г.", "-летний", " Jahre alt", " J.", " ans", " años",
         " anni", " lat", "歳", "살"]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "ages"),
    [
        ("{}{unit}", (34, 34, 34)),
        ("~ {}{unit}", (34, 34, 34)),
        *((f"34{dash}{{}}{{unit}}", (34, 34, None)) for dash in "-‐‑‒–—―−~_"),
        *((f"34 {word} {{}}{{unit}}", (34, 34, None)) for word in ["to", "до", "по", "bis", "à", "a", "do"]),
        ("entre 34 y {}{unit}", (34, 34, None)),
        ("zwischen 34 und {}{unit}", (34, 34, None)),
        *(
            (f"{more} {{}}{{unit}}", (34, None, None))
            for more in [">", "over", "at least", "старше", "больше", "от", "über", "ab", "plus de", "más de"]
        ),
        *(
            (f"{{}}{{unit}} {more}", (34, None, None))
            for more in (
                [
                    "and over",
                    "или старше",
                    "и больше",
                    "und älter",
                    "oder älter",
                    "et plus",
                    "y más",
                    "o más",
                    "e oltre",
                ]
            )
        ),
        *(
            (f"{less} {{}}{{unit}}", (0, 33, None))
            for less in (["<", "under", "меньше", "моложе", "unter", "moins de", "menos de"])
        ),
        ("{}{unit} and under", (0, 34, None)),
        ("{}{unit} и младше", (0, 34, None)),
    ],
)
def test_ages_with_the_units_of_many_languages(pattern, ages):
    for unit in UNITS:
        assert read_ages(pattern.format(34, unit=unit)) == ages, unit


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("mid-30s", (30, 39, None)),
        ("in her 30s", (30, 39, None)),
        ("30-something", (30, 39, None)),
        ("20代", (20, 29, None)),
        ("30ish", (30, 30, 30)),
        ("1 year 6 months", (1, 1, 1.5)),
        ("1 год и 6 мес.", (1, 1, 1.5)),
        ("80+ years", (80, None, None)),
        ("'20-29'", (20, 29, None)),
        ("\ufeff20-29\u200b", (20, 29, None)),
        ("#N/A", None),
        ("k.A.", None),
        ("н/д", None),
    ],
)
def test_ages_as_people_say_them(text, ages):
    assert read_ages(text) == ages


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            "12-Oct|Oct-12|09.мар|мар.09|2024-10-12 00:00:00|01.02.2024|45577|45577.0|5-May|12. Okt|05.03"
            "|10-dic|12-ene|déc-12|12. Mär|12-août|10.12.|12/10|45577,5|45 577|10月12日",
            "is a date, which",
        ),
        ("1987|2003|1987.0|1987 г.|b. 1987|geb. 1987|*1987|1987-2000", "is a year of birth"),
        ("150|-3|40-30|123|999+|<0", "years old"),
        ("#VALUE!|#REF!|#ЗНАЧ!|#ССЫЛКА!|#NAME?|#DIV/0!", "where a formula fails: write the value itself"),
        ("+60|2½|34 34|adult|old|!|3O|twenty", "is neither years like 34 nor a range like 30-39"),
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

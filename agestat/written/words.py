"""Genders and ages as people and spreadsheets write them."""

import re
import unicodedata
from typing import NamedTuple

from agestat.errors import AgestatError

OLDEST = 122  # years: the oldest person on record
_GENDERS = {
    "female": "female females f fem woman women w girl girls lady ladies ж жен женщ женский женщина женщины "
    "девочка девочки девушка девушки weiblich weibl frau frauen femme femmes féminin femenino mujer mujeres "
    "donna donne kobieta kvinna kvinde vrouw 女 女性 여 여성 ♀",
    "male": "male males m masc man men boy boys gentleman м муж мужч мужской мужчина мужчины мальчик "
    "мальчики männlich männl mann männer homme hommes masculin masculino hombre hombres uomo uomini "
    "mężczyzna 男 男性 남 남성 ♂",
}
_UNKNOWN = {"unknown", "unk", "unclear", "n/a", "na", "nan", "none", "null", "?", "??", "-", "–", "—",
            "неизвестно", "неясно", "нет данных", "unbekannt", "k. a."}  # fmt: skip
_GENDER_OF = {word: gender for gender, words in _GENDERS.items() for word in words.split()}

_NUMBER = r"(\d{1,3}(?:[.,]\d+)?)\.?"
_UNIT = r"(?:\s*(?:years?(?: old)?|yrs?|y\.?/?o?\.?|лет|год|года|г\.?|л\.|jahre?|ans|años))?"
_DASH = r"\s*(?:-|–|—|−|~|_|\.\.\.?|…|;|,\s+|,(?=\d\d)|to\b|\band\b|\bдо\b|\bbis\b|至)\s*"
_EXACT = re.compile(rf"{_NUMBER}{_UNIT}")
_RANGE = re.compile(rf"[\[(]?\s*(?:от\s+|between\s+)?{_NUMBER}{_DASH}{_NUMBER}\s*[\])]?{_UNIT}")
_OPEN = re.compile(
    rf"(?:>=?|≥|over|above|more than|older than|старше|от)\s*{_NUMBER}{_UNIT}"
    rf"|{_NUMBER}{_UNIT}\s*(?:\+|plus|(?:and|or|&) (?:over|older|above|more|up)|и старше|и более)"
)
_UNDER = re.compile(
    rf"(?:(<|under|below|less than|younger than|младше|моложе)|<=|≤|up to|до)\s*(\d{{1,3}}){_UNIT}"
)
_DECADE = re.compile(r"(\d0)\s*(?:'?s|-?ы?е|er)")  # 20s, 30's, 40-е, 40er
_ABOUT = re.compile(r"^(?:~|≈|ca?\.|ca|circa|about|around|approx\.?|около|примерно|etwa)\s*(?=\d)")
_PARTS_OF_YEARS = (
    (12, re.compile(r"(\d{1,2})\s*(?:months?|mos?\.?|мес(?:\.|яцев|яца|яц)?|monate?)")),
    (52, re.compile(r"(\d{1,2})\s*(?:weeks?|wks?\.?|нед(?:\.|ель|ели|еля)?|wochen?)")),
    (365, re.compile(r"(\d{1,3})\s*(?:days?|дн(?:\.|ей|я)?|день|tage?)")),
)
_MONTH = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrz|mai|okt|dez"
    "|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек"
)
_DATE = re.compile(
    rf"\d{{1,2}}[-. /]{{0,2}}({_MONTH})[а-яa-z]*\.?([-. /]?\d{{2,4}})?|({_MONTH})[а-яa-z]*\.?[-. /]\d{{1,4}}"
    r"|0\d\.\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}(?:[ t].*)?"
)
_DAYS = range(36_526, 55_153)  # 2000 to 2050 as Excel counts days
_BIRTHS = range(1850, 2101)


class Ages(NamedTuple):
    """First and last year of life, inclusive; ``high`` None where the range is open; ``exact`` where one age
    is written, which may have a fraction."""

    low: float
    high: float | None
    exact: float | None


def read_gender(text: str) -> str | None:
    """``female``, ``male``, or None for a blank. Raises `AgestatError` with the cure for anything else."""
    word = _plain(text).strip(".()")
    if not word or word in _UNKNOWN:
        return None
    if word in _GENDER_OF:
        return _GENDER_OF[word]
    if re.fullmatch(r"\d+([.,]0*)?", word):
        raise AgestatError(
            "gender {text} says nothing: in some tables 0 is male, in others female; write female or male",
            text=repr(text),
        )
    raise AgestatError(
        "gender {text} is neither female nor male: write one of them, or nothing where you cannot tell",
        text=repr(text),
    )


def read_ages(text: str) -> Ages | None:
    """One age or a range of ages in years, or None for a blank: ``34``, ``0,5``, ``20-29``, ``(25, 32)``,
    ``70+``, ``<20``, ``30s``. Raises `AgestatError` with the cure for anything else."""
    word = _plain(text).removeprefix("'")  # by which spreadsheets are told that it is text
    word = _ABOUT.sub("", word, count=1).removesuffix("?").strip()
    if not word or word in _UNKNOWN:
        return None
    if not _DATE.fullmatch(word) and (match := _EXACT.fullmatch(word)):
        exact = read_number(match[1])
        return _checked(Ages(float(int(exact)), float(int(exact)), exact), text)
    for number_a_year, pattern in _PARTS_OF_YEARS:
        if match := pattern.fullmatch(word):
            exact = int(match[1]) / number_a_year
            return Ages(float(int(exact)), float(int(exact)), exact)
    if match := _RANGE.fullmatch(word):
        return _checked(Ages(read_number(match[1]), read_number(match[2]), None), text)
    if match := _UNDER.fullmatch(word):
        return _checked(Ages(0.0, float(int(match[2]) - bool(match[1])), None), text)
    if match := _DECADE.fullmatch(word):
        return _checked(Ages(float(match[1]), float(match[1]) + 9, None), text)
    if match := _OPEN.fullmatch(word):
        return _checked(Ages(read_number(match[1] or match[2]), None, None), text)
    number = re.fullmatch(r"(\d{4,6})(?:[.,]0*)?", word)
    if _DATE.fullmatch(word) or (number and int(number[1]) in _DAYS):
        raise AgestatError(
            "age {text} is a date, which spreadsheets make of ranges like 10-12: format the column as text "
            "and write the range again",
            text=repr(text),
        )
    if number and int(number[1]) in _BIRTHS:
        raise AgestatError(
            "age {text} is a year of birth: write the age as it is perceived in the picture", text=repr(text)
        )
    if number or re.fullmatch(r"-?\d+([.,]\d+)?", word):
        raise AgestatError("nobody is {text} years old", text=text.strip())
    raise AgestatError("age {text} is neither years like 34 nor a range like 30-39", text=repr(text))


def read_number(text: str) -> float:
    """A number with a decimal point or comma. Raises `ValueError` for anything else."""
    return float(text.strip().replace(",", "."))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _checked(ages: Ages, text: str) -> Ages:
    last = ages.low if ages.high is None else ages.high
    if ages.low > last or last > OLDEST:
        raise AgestatError("nobody is {text} years old", text=text.strip())
    return ages

"""Genders and ages as people and spreadsheets write them."""

import re
import unicodedata
from typing import NamedTuple, NoReturn

from agestat.errors import AgestatError

OLDEST = 122  # years: the oldest person on record
_GENDERS = {
    "female": "female females f fem woman women w girl girls lady ladies ж жен женщ женщин женский женщина "
    "женщины девочка девочки девушка девушки жін жінка weiblich weibl frau frauen mädchen femme femmes fille "
    "filles féminin femenino mujer mujeres hembra niña niñas donna donne femmina ragazza bambina mulher "
    "mulheres feminino menina kobieta kobiety dziewczyna kvinna kvinnor kvinde kvinne vrouw vrouwen meisje "
    "nainen kadın أنثى 女 女性 女子 女の子 女生 女士 여 여성 여자 ♀ 👩 👧",
    "male": "male males m masc man men boy boys gentleman м муж мужч мужчин мужской мужчина мужчины мальчик "
    "мальчики чол чоловік männlich männl mann männer junge homme hommes garçon garçons masculin masculino "
    "hombre hombres varón niño niños uomo uomini maschio ragazzo bambino homem homens menino mężczyzna "
    "mężczyźni chłopak mand mænd män mannen jongen mies erkek ذكر 男 男性 男子 男の子 "
    "男生 男士 先生 남 남성 남자 ♂ 👨 👦",
}
_UNKNOWN = {
    "unknown", "unk", "unclear", "unsure", "not sure", "cannot tell", "can't tell", "undetermined", "n/a",
    "n.a", "na", "nan", "nil", "none", "null", "#n/a", "#н/д", "-", "--", "неизвестно", "неясно", "не ясно",
    "не определено", "н/д", "нет данных", "unbekannt", "unklar", "k. a", "k.a", "inconnu", "desconocido",
    "sconosciuto", "desconhecido", "不明", "未知", "모름",
}  # fmt: skip
_GENDER_OF = {word: gender for gender, words in _GENDERS.items() for word in words.split()}

# Ages: words of English, Russian, German, French, Spanish, Italian, Portuguese, Polish and Dutch.
_NUMBER = r"(\d{1,3}(?:[.,]\d+)?)\.?"
_YEARS = (
    r"\s*-?\s*(?:years?(?:[ -]old)?|yrs?|y/?o?|y\.\s*o|лет|год(?:а|ов)?|г|л|ти(?: лет|летн\w+)?|летн\w+"
    r"|jahren?(?: alt)?|jahre?|j|ans?|años?|anos?|anni|lata?|jaar|歳|才|岁|歲|세|살)\.?"
)
_UNIT = rf"(?:{_YEARS})?"
_DASH = r"\s*(?:-|~|_|\.\.\.?|;|,\s+|,(?=\d\d)|(?:to|and|до|по|и|bis|und|u\.|a|à|et|y|e|do|i|tot|en)\b|至)\s*"
_FROM = r"(?:(?:between|from|от|с|zwischen|von|entre|de|tra|fra|da|od|van|tussen)\s+)?"
_OVER = (
    r"(?:>=?|≥|(?:over|above|more than|older than|at least|старше|больше|более|свыше|от|über|älter als|ab"
    r"|plus de|más de|mayor de|più di|oltre|mais de|powyżej|ponad|ouder dan)\b)"
)
_AND_OVER = (
    r"(?:\+|plus\b|(?:and|or|&|и|или|und|oder|et|ou|y|o|e|i|en)\s+"
    r"(?:over|older|above|more|up|upwards|старше|более|больше|выше|älter|mehr|plus|más|oltre|più|mais"
    r"|starsi|więcej|ouder)|以上|이상)"
)
_BELOW = (
    r"(<(?!=)|(?:under|below|less than|younger than|младше|моложе|меньше|менее|unter|jünger als|moins de"
    r"|menos de|menor de|meno di|poniżej|onder)\b)"
)
_UP_TO = r"(?:<=|≤|(?:up to|at most|до|bis(?: zu)?|hasta|fino a|até|tot)\b)"
_AND_BELOW = (
    r"(?:and|or|&|и|или|und|oder|et|ou|y|o)\s+(?:under|younger|below|less|младше|моложе|меньше|jünger|moins"
    r"|menos)|以下|以内|이하"
)
_AND_LESS = "(未満|未满|未滿|미만)"
_EXACT = re.compile(_NUMBER + _UNIT)
_RANGE = re.compile(rf"[\[(]?\s*{_FROM}{_NUMBER}{_UNIT}{_DASH}{_NUMBER}\s*[\])]?{_UNIT}")
_OPEN = re.compile(rf"{_OVER}\s*{_NUMBER}{_UNIT}|{_NUMBER}{_UNIT}\s*{_AND_OVER}{_UNIT}")
_UNDER = re.compile(
    rf"(?:{_BELOW}|{_UP_TO})\s*(\d{{1,3}}){_UNIT}|(\d{{1,3}}){_UNIT}\s*(?:{_AND_BELOW}|{_AND_LESS})"
)
_DECADE = re.compile(
    r"(?:in (?:his|her|their) )?(?:(?:early|mid|late)[ -])?"
    r"(\d0)(?:\s*(?:'?s|-?ы?е|er)|代|대|[- ]?something)"  # 20s, 30's, 40-е, 40er
)
_ABOUT = re.compile(
    r"^(?:~|≈|ca?\.|ca|circa|about|around|approx\.?|около|примерно|etwa|environ|unos)\s*(?=\d)"
)
_ISH = re.compile(r"(?<=\d)-?ish$")
_PARTS_OF_YEARS = (
    (12, re.compile(r"(\d{1,2})\s*(?:months?|mos?\.?|мес(?:\.|яцев|яца|яц)?|monate?n?|mois|meses|mesi)")),
    (52, re.compile(r"(\d{1,2})\s*(?:weeks?|wks?\.?|нед(?:\.|ель|ели|еля)?|wochen?|semaines?|semanas?)")),
    (365, re.compile(r"(\d{1,3})\s*(?:days?|дн(?:\.|ей|я)?|день|tage?n?|jours?|días?)")),
)
_AND_MONTHS = re.compile(rf"(\d{{1,2}}){_YEARS},?\s*(?:and|и|und|et|y)?\s*(?=\d)(.+)")
_MONTH = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrz|mär|mai|okt|dez|fév|avr|juin|juil|aoû|déc|ene|abr"
    "|ago|set|dic|gen|mag|giu|lug|ott|fev|out|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек"
)
_DATE = re.compile(
    rf"\d{{1,2}}[-. /]{{0,2}}({_MONTH})[^\W\d_]*\.?([-. /]?\d{{2,4}})?"
    rf"|({_MONTH})[^\W\d_]*[-. /]{{1,2}}\d{{1,4}}"
    r"|0\d\.\d\d|\d{1,2}\.\d{1,2}\.|\d{1,2}/\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\d{4}[./-]\d{1,2}[./-]\d{1,2}(?:[ t].*)?|(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日)?"
)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufe0f\ufeff]")
_MARKS = " '\"’“”„«»*†"  # quotes, and notes of the person who wrote
_FAILED = re.compile(r"#[^\W\d_]+[/\w]*[!?]?")  # #VALUE!, #ЗНАЧ!, #REF!, #NAME?
_DAYS = range(36_526, 55_153)  # 2000 to 2050 as Excel counts days
_BIRTHS = range(1850, 2101)
_BIRTH = re.compile(r"(?:b\.|born|geb\.?|né|née|род\.?|р\.)?\s*(\d{4})(?:[.,]0*|\s*г\.?\s*р?\.?|-\d{4})?")


class Ages(NamedTuple):
    """First and last year of life, inclusive; ``high`` None where the range is open; ``exact`` where one age
    is written, which may have a fraction."""

    low: float
    high: float | None
    exact: float | None


def read_gender(text: str) -> str | None:
    """``female``, ``male``, or None for a blank. Raises `AgestatError` with the cure for anything else."""
    word = _plain(text).rstrip("?.").strip("()[]" + _MARKS).removesuffix(".")
    if not word or word in _UNKNOWN:
        return None
    if word in _GENDER_OF:
        return _GENDER_OF[word]
    _refuse_failed(text, word)
    if re.fullmatch(r"[+-]?\d+([.,]\d*)?", word):
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
    word = _plain(text).strip(_MARKS)
    word = _ISH.sub("", _ABOUT.sub("", word, count=1).rstrip("?").strip())
    if not word or word.rstrip(".") in _UNKNOWN:
        return None
    said = None if _DATE.fullmatch(word) else _said(word)
    if said is None:
        _refuse(text, word)
    elif said.low > (OLDEST if said.high is None else said.high) or (said.high or 0) > OLDEST:
        raise AgestatError("nobody is {text} years old", text=text.strip())
    return said


def _said(word: str) -> Ages | None:
    if match := _EXACT.fullmatch(word):
        return _exactly(read_number(match[1]))
    if (exact := _part_of_years(word)) is not None:
        return _exactly(exact)
    if (match := _AND_MONTHS.fullmatch(word)) and (part := _part_of_years(match[2])) is not None:
        return _exactly(int(match[1]) + part)
    if match := _RANGE.fullmatch(word):
        return Ages(read_number(match[1]), read_number(match[2]), None)
    if match := _UNDER.fullmatch(word):
        return Ages(0.0, float(int(match[2] or match[3]) - bool(match[1] or match[4])), None)
    if match := _DECADE.fullmatch(word):
        return Ages(float(match[1]), float(match[1]) + 9, None)
    if match := _OPEN.fullmatch(word):
        return Ages(read_number(match[1] or match[2]), None, None)
    return None


def _exactly(age: float) -> Ages:
    return Ages(float(int(age)), float(int(age)), age)


def _part_of_years(word: str) -> float | None:
    found = ((number, pattern.fullmatch(word)) for number, pattern in _PARTS_OF_YEARS)
    return next((int(match[1]) / number for number, match in found if match), None)


def _refuse(text: str, word: str) -> NoReturn:
    """Raise `AgestatError` saying what an age that cannot be read looks like."""
    _refuse_failed(text, word)
    number = re.fullmatch(r"(\d{1,3} ?\d{3}|\d{4})(?:[.,]\d*)?", word)
    if _DATE.fullmatch(word) or (number and int(number[1].replace(" ", "")) in _DAYS):
        raise AgestatError(
            "age {text} is a date, which spreadsheets make of ranges like 10-12: format the column as text "
            "and write the range again",
            text=repr(text),
        )
    if (born := _BIRTH.fullmatch(word)) and int(born[1]) in _BIRTHS:
        raise AgestatError(
            "age {text} is a year of birth: write the age as it is perceived in the picture", text=repr(text)
        )
    if number or re.fullmatch(r"-?\d+([.,]\d+)?", word):
        raise AgestatError("nobody is {text} years old", text=text.strip())
    raise AgestatError("age {text} is neither years like 34 nor a range like 30-39", text=repr(text))


def _refuse_failed(text: str, word: str) -> None:
    if _FAILED.fullmatch(word):
        raise AgestatError(
            "{text} is what a spreadsheet shows where a formula fails: write the value itself",
            text=repr(text),
        )


def read_number(text: str) -> float:
    """A number with a decimal point or comma. Raises `ValueError` for anything else."""
    return float(text.strip().replace(",", "."))


def _plain(text: str) -> str:
    shown = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).translate(_DASHES)
    return " ".join(shown.split()).casefold()

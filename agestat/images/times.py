"""When a picture was taken, as precisely as its EXIF or its name tells: ISO 8601 text, from a year on.

Text, not a datetime: a year is enough to group by years, and no date is invented where none is told.
"""

import calendar
import re
import unicodedata
from datetime import datetime, timedelta

FIRST_PHOTO = 1826
_CLOCK = r"(\d{1,2})[:.\-h]?\s*(\d{1,2})(?:[:.\-m]?\s*(\d{1,2}))?"
_BEFORE_CLOCK = r"[T\s,_-]*?[T\s,_-][^\d:+-]{0,5}"  # some phones put their word for "afternoon" there
_EXIF = re.compile(
    rf"(?:c(?:a|irca)?\.?\s+)?(\d{{4}})"
    rf"(?:[:./,;_\s年-]+(\d{{1,2}})(?:[:./,;_\s月-]+(\d{{1,2}})日?(?:{_BEFORE_CLOCK}{_CLOCK})?)?)?(?!\d)"
)
_DAY_FIRST = re.compile(rf"(\d{{1,2}})\.\s*(\d{{1,2}})\.\s*(\d{{4}})(?:{_BEFORE_CLOCK}{_CLOCK})?(?!\d)")
_SLASHES = re.compile(rf"(\d{{1,2}})([/-])(\d{{1,2}})\2(\d{{4}})(?:{_BEFORE_CLOCK}{_CLOCK})?(?!\d)")
_MONTHS = [re.compile(names, re.IGNORECASE) for names in (
    "jan|ene|gen|янв", "feb|f[eé]v|фев", "m[aä]r|mrz|мар", "apr|avr|abr|апр", "ma[iyg]|ма[йя]",
    "jun|juin|giu|июн", "jul|juil|lug|июл", "aug|ao[uû]|ago|авг", "sep|set|сен", "o[ck]t|ott|out|окт",
    "nov|ноя", "de[cz]|déc|dic|дек",
)]  # fmt: skip
_NAMED = re.compile(
    rf"(?:[^\W\d]+,?\s+)?(?:(\d{{1,2}})(?:er|\.)?[\s-]+(?:de\s+)?)?"
    rf"({'|'.join(month.pattern for month in _MONTHS)})[^\W\d]*[.,]?"
    rf"(?:\s+(\d{{1,2}})(?!\d),?)?(?:\s+{_CLOCK})?(?:\s+[A-Z]+)?[\s-]+(?:de\s+)?(\d{{4}})(?!\d)"
    rf"(?:{_BEFORE_CLOCK}{_CLOCK})?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_AFTERNOON = re.compile(r"(?<![a-z])p\.?\s?m(?![a-z])|下午|午後|오후", re.I)
_MORNING = re.compile(r"(?<![a-z])a\.?\s?m(?![a-z])|上午|午前|오전", re.I)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T\s]?(\d\d)(\d\d)(\d\d)?)?(?!\d)")
# IMG_20240611_120000, IMG-20240611-WA0001, Screenshot_2019-05-03-12-00-00, ... 2024-06-11 at 12.00.00
_HOUR = (
    r"(?P<hour>[01]\d|2[0-4]|\d(?=[.:時时시h]))[-_.:時时시h]?\s?(?P<minute>[0-5]\d)"
    r"(?:[-_.:分분m]?\s?(?P<second>[0-5]\d))?(?!\d{4})"
)
_TOGETHER = r"(?P<h>[01]\d|2[0-3])(?P<m>[0-5]\d)(?P<s>[0-5]\d)(?!\d)"
_WORDS = r"(?:[-_T.,]|\s?[-_]?\s|\s+(?:[^\W\d]|[.()\s]){1,12}?)"  # "at", "um", "a la(s)", "下午"
_NAME = re.compile(
    r"(?<!\d)(?P<year>(?:18|19|20)\d\d)(?:(?P<mark>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=mark)(?P<day>0[1-9]|[12]\d|3[01])"
    r"|-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})(?!\d)|[年년]\s?(?P<m2>\d{1,2})[月월]\s?(?P<d2>\d{1,2})[日일])"
    rf"(?:{_WORDS}{{1,2}}{_HOUR}|{_TOGETHER}|(?!\d))",
    re.IGNORECASE,
)
_NAME_DAY_FIRST = re.compile(
    rf"(?<!\d)(?P<day>0?[1-9]|[12]\d|3[01])(?P<mark>[-.])(?P<month>0?[1-9]|[12]\d|3[01])(?P=mark)(?P<year>(?:19|20)\d\d)"
    rf"(?:{_WORDS}{{1,2}}{_HOUR}|(?!\d))",
    re.IGNORECASE,
)
_BURST = re.compile(r"(BURST\d{14})\d{3}")  # Sony's and Huawei's names go on to milliseconds
# Where clocks begin that nobody has set.
_EPOCHS = ("1899-12-3", "1903-12-31", "1904-01-01", "1969-12-31", "1970-01-01", "1979-12-31", "1980-01-01",
           "2000-01-01T00:0", "2002-12-08T12:00:00")  # fmt: skip


def read_time(text: str) -> str | None:
    """What a camera or a person wrote as a time, in ISO 8601 as far as it says anything; None if it does not.

    Months or days that are 0 or impossible are not told; seconds of 60 and hours of 24 are the next ones. Of
    ``03/05/2019`` only the year is told, since nobody knows which of the others is the month.
    """
    text = unicodedata.normalize("NFKC", text[:100]).replace("\0", " ").strip()
    if match := _COMPACT.match(text):
        year, month, day, *clock = match.groups()
    elif match := _DAY_FIRST.match(text):
        day, month, year, *clock = match.groups()
    elif match := _SLASHES.match(text):
        day, _, month, year, *clock = match.groups()
        if int(month) > 12:
            day, month = month, day
        elif int(day) <= 12 and day != month:
            day, month = "0", "0"
    elif match := _EXIF.match(text):
        year, month, day, *clock = match.groups()
    elif match := _NAMED.match(text):
        before, name, after, *first, year, hour, minute, second = match.groups()
        clock = first if first[0] else [hour, minute, second]
        month = str(1 + next(n for n, known in enumerate(_MONTHS) if known.match(name)))
        day = before or after
    else:
        years = _YEAR.findall(text)  # "Summer 1987", "[1987]", months in other languages
        return f"{int(years[0])}" if len(years) == 1 else None
    return _iso(int(year), int(month or 0), int(day or 0), _of_24_hours(clock, text))


def _of_24_hours(clock: list[str | None], text: str) -> list[str | None]:
    """A clock of 12 hours as one of 24, where ``text`` says which half of the day it is."""
    hour, *others = clock
    is_afternoon = bool(_AFTERNOON.search(text))
    if hour is None or int(hour) > 12 or not (is_afternoon or _MORNING.search(text)):
        return clock
    return [str(int(hour) % 12 + 12 * is_afternoon), *others]


def time_in_name(name: str) -> str | None:
    """The date, and perhaps the time, in the name of a file, as phones and messengers write them."""
    name = _BURST.sub(r"\1", unicodedata.normalize("NFKC", name))
    if match := _NAME.search(name):
        told = match.groupdict()
        clock = [told["hour"] or told["h"], told["minute"] or told["m"], told["second"] or told["s"]]
        year, month, day = (
            told["year"],
            told["month"] or told["m1"] or told["m2"],
            told["day"] or told["d1"] or told["d2"],
        )
    elif match := _NAME_DAY_FIRST.search(name):
        day, mark, month, year, *clock = match.groups()
        if int(month) > 12:
            day, month = month, day
        # Which is the month? Of Telegram's exports alone, with an @ before the date, it is known.
        elif mark == "-" and int(day) <= 12 and day != month and name[: match.start()][-1:] != "@":
            day, month = "0", "0"
    else:
        return None
    clock = _of_24_hours(clock, name[match.start("year") : match.end() + 6])
    time = _iso(int(year), int(month), int(day), clock)
    return time if time and is_believable(time) else None


def is_believable(time: str) -> bool:
    """Whether a picture may be of this time: not before photography, not in the future, and not when clocks
    start that nobody has set."""
    tomorrow = (datetime.now() + timedelta(days=1)).isoformat()
    return f"{FIRST_PHOTO}" <= time <= tomorrow and not time.startswith(_EPOCHS)


def _iso(year: int, month: int, day: int, clock: list[str | None]) -> str | None:
    if not year:
        return None
    if not 1 <= month <= 12:
        return f"{year:04}"
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return f"{year:04}-{month:02}"
    date = f"{year:04}-{month:02}-{day:02}"
    if clock[0] is None or clock[1] is None or int(clock[0]) > 24 or int(clock[1]) > 60:
        return date
    since = timedelta(hours=int(clock[0]), minutes=int(clock[1]), seconds=min(int(clock[2] or 0), 60))
    try:
        moment = datetime(year, month, day) + since
    except OverflowError:
        return date
    return moment.isoformat(timespec="minutes" if clock[2] is None else "seconds")

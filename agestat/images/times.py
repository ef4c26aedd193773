"""When a picture was taken, as precisely as its EXIF or its name tells: ISO 8601 text, from a year on.

Text, not a datetime: a year is enough to group by years, and no date is invented where none is told.
"""

import calendar
import re
import unicodedata
from datetime import datetime, timedelta

FIRST_PHOTO = 1826
_CLOCK = r"(\d{1,2})[:.\-h]?\s*(\d{1,2})(?:[:.\-m]?\s*(\d{1,2}))?"
_BEFORE_CLOCK = r"[T\s,_-]*?[T\s,_-](?:\D{0,4}\s)?"  # some phones put their word for "afternoon" there
_EXIF = re.compile(
    rf"(?:c(?:a|irca)?\.?\s+)?(\d{{4}})"
    rf"(?:[:./\s年-]+(\d{{1,2}})(?:[:./\s月-]+(\d{{1,2}})日?(?:{_BEFORE_CLOCK}{_CLOCK})?)?)?(?!\d)"
)
_DAY_FIRST = re.compile(rf"(\d{{1,2}})\.\s*(\d{{1,2}})\.\s*(\d{{4}})(?:{_BEFORE_CLOCK}{_CLOCK})?(?!\d)")
_SLASHES = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}})(?:{_BEFORE_CLOCK}{_CLOCK})?(?!\d)")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec янв фев мар апр ма[йя] июн июл авг сен окт ноя дек"
_NAMED = re.compile(
    rf"(?:[^\W\d]+,?\s+)?(?:(\d{{1,2}})\.?\s+)?({_MONTHS.replace(' ', '|')})[^\W\d]*[.,]?"
    rf"(?:\s+(\d{{1,2}})(?!\d),?)?(?:\s+{_CLOCK})?(?:\s+[A-Z]+)?\s+(\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_AFTERNOON, _MORNING = re.compile(r"p\.?m|下午|午後|오후", re.I), re.compile(r"a\.?m\b|上午|午前|오전", re.I)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T\s]?(\d\d)(\d\d)(\d\d)?)?(?!\d)")
# IMG_20240611_120000, IMG-20240611-WA0001, Screenshot_2019-05-03-12-00-00, ... 2024-06-11 at 12.00.00
_NAME = re.compile(
    r"(?<!\d)((?:18|19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
    r"(?:(?:[-_ T.]|\s+[^\W\d]{1,4}\s+){1,2}([01]\d|2[0-3]|\d(?=\.))"
    r"[-_.:]?([0-5]\d)(?:[-_.:]?([0-5]\d))?(?!\d{4})(?:\s?([AP])\.?M)?|([01]\d|2[0-3])([0-5]\d)([0-5]\d)(?!\d)|(?!\d))",
    re.IGNORECASE,
)
_NAME_DAY_FIRST = re.compile(r"(?<!\d)(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.((?:19|20)\d\d)(?!\d)")
# Where clocks begin that nobody has set.
_EPOCHS = ("1904-01-01", "1970-01-01", "1980-01-01", "2000-01-01T00:0")


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
        day, month, year, *clock = match.groups()
        if int(month) > 12:
            day, month = month, day
        elif int(day) <= 12 and day != month:
            day, month = "0", "0"
    elif match := _EXIF.match(text):
        year, month, day, *clock = match.groups()
    elif match := _NAMED.match(text):
        before, name, after, *clock, year = match.groups()
        names = [re.compile(known, re.IGNORECASE) for known in _MONTHS.split()]
        month = str(1 + next(n for n, known in enumerate(names) if known.match(name)) % 12)
        day = before or after
    else:
        return None
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
    if match := _NAME.search(name):
        year, _, month, day, hour, minute, second, half, *together = match.groups()
        if half and hour:
            hour = str(int(hour) % 12 + 12 * (half.lower() == "p"))
        clock = together if together[0] else [hour, minute, second]
    elif match := _NAME_DAY_FIRST.search(name):
        (day, month, year), clock = match.groups(), [None, None]
    else:
        return None
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

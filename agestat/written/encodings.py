"""The encodings of what people wrote: by their marks and line ends, else a guess among code pages."""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Of pages of one byte a letter: what letters beyond ASCII each language has that is written in them.
_CYRILLIC = ("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґў",)
_ALPHABETS = {
    "cp1251": _CYRILLIC, "mac_cyrillic": _CYRILLIC, "cp866": _CYRILLIC, "koi8-r": _CYRILLIC,
    "iso8859-5": _CYRILLIC,
    "cp1252": ("àâæçéèêëîïôœùûüÿ", "äöüßé", "áéíñóúü", "áâãàçéêíóôõúü", "åäöæøé", "àèéìòù"),
    "cp1250": ("ąćęłńóśźż", "áäčďéěíľňóôřšťúůýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
}  # fmt: skip
# Of pages of two bytes a letter: the first bytes of the frequent ones, which stand together in each.
_FREQUENT = {
    "cp949": range(0xB0, 0xC9),
    "gb18030": range(0xB0, 0xD8),
    "cp932": (0x82, 0x83, *range(0x88, 0x99)),
    "big5": range(0xA4, 0xC7),
}
CODE_PAGES = (*_ALPHABETS, *_FREQUENT)
_TYPOGRAPHY = "“”„«»–—…№’\u00a0"
SAMPLE = 1 << 15  # bytes beyond which a guess looks no further


def marked_encoding(data: bytes) -> str | None:
    """The encoding that the byte-order mark at the beginning of ``data`` tells, if there is one."""
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)


def unmarked_utf16(data: bytes) -> str | None:
    """Which UTF-16 or UTF-32 it is without a byte-order mark, told by its line ends; None if it is none."""
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be") if b"\0" in data else ():
        text = data.decode(encoding, "replace")
        if re.search("[\r\n]", text) and "\0" not in text and "\ufffd" not in text and _is_plain(text):
            return encoding
    return None


def _is_plain(text: str) -> bool:
    """Whether much of it is ASCII, as of all paths and tables: two letters read as one are not."""
    return 4 * sum(letter < "\x80" for letter in text) > len(text)


def encoding_of(data: bytes) -> str:
    """By the byte-order mark, UTF-16 by its line ends, UTF-8 where most beyond ASCII is, else the one of
    `CODE_PAGES` in which most bytes make words."""
    if known := marked_encoding(data) or unmarked_utf16(data):
        return known
    with suppress(UnicodeDecodeError):
        data.decode("utf-8")
        return "utf-8"
    odd = [line for line in data.splitlines() if not line.isascii()]
    others = [line for line in odd if line.decode("utf-8", "ignore").encode() != line]
    if 2 * _beyond_ascii(others) <= _beyond_ascii(odd):
        return "utf-8"  # the other lines hold names of files that are no text
    sample = b"\n".join(odd)[:SAMPLE]
    return max(CODE_PAGES, key=lambda page: _likelihood(sample, page))


def _beyond_ascii(lines: list[bytes]) -> int:
    return sum(byte > 127 for line in lines for byte in line)


def readings(*texts: bytes) -> Iterator[tuple[str, ...]]:
    """What texts of one unknown encoding may say: in each of `CODE_PAGES` that has their bytes."""
    for page in CODE_PAGES:
        with suppress(UnicodeDecodeError):
            yield tuple(text.decode(page) for text in texts)


def _likelihood(sample: bytes, page: str) -> tuple[float, float]:
    """How many bytes beyond ASCII make words as people write them, less those that make none; then those
    that make words of one language."""
    text = sample.decode(page, "replace")
    if page in _FREQUENT:
        around = zip(" " + text, text, text[1:] + " ", strict=False)
        return sum(_fit(page, *letters) for letters in around if letters[1] > "\x7f"), 0.0
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    by_language = [[_worth(word, letters, page) for word in words] for letters in _ALPHABETS[page]]
    signs = sum(not letter.isalpha() for letter in text if letter > "\x7f" and letter not in _TYPOGRAPHY)
    return sum(map(max, zip(*by_language, strict=True))) - signs, max(map(sum, by_language))


def _worth(word: str, letters: str, page: str) -> float:
    """Of a word: its letters beyond ASCII where all are of one language and capitals stand first, half of
    them where all are capitals, else as much less."""
    number = sum(letter > "\x7f" for letter in word)
    plain = "" if _ALPHABETS[page] is _CYRILLIC else "abcdefghijklmnopqrstuvwxyz"
    is_latin = plain and (number == 1 or number < len(word))
    if not set(word.lower()) <= {*letters, *plain} or not (is_latin or not plain):
        return -number
    if word[1:].islower() or len(word) == 1:
        return number
    return number / 2 if word.isupper() else -number


def _fit(page: str, before: str, letter: str, after: str) -> float:
    """2 for a frequent letter of two bytes, less than 0 for what is none."""
    data = letter.encode(page, "replace")
    if _is_ascii_letter(before) or len(data) > 2 or letter == "\ufffd":
        return -1.0  # an accented letter inside a word of others
    if len(data) < 2 or data[0] not in _FREQUENT[page] or (data[1] < 0x80 and _is_ascii_letter(after)):
        return 0.0
    if page == "gb18030" and data[1] < 0xA1:
        return 0.0
    if page == "cp949":
        return 2.4 * _is_frequent_syllable(letter)  # all of them are frequent letters of gb18030 as well
    return 2.0


def _is_ascii_letter(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _is_frequent_syllable(letter: str) -> bool:
    """Whether a Hangul syllable is made of no double consonant and none of the rare vowels."""
    number = ord(letter) - 0xAC00
    first, vowel, last = number // 588, number // 28 % 21, number % 28
    return (
        0 <= number < 11172
        and first not in (1, 4, 8, 10, 13)
        and vowel not in (3, 7, 10, 15, 19)
        and last in (0, 1, 4, 8, 16, 17, 19, 21)
    )

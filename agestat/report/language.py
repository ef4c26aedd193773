"""Languages of reports: gettext catalogues in ``locale/`` and numbers as the language writes them."""

import gettext
import io
import locale
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agestat.analysis.groups import BETWEEN
from agestat.errors import N_, AgestatError

CATALOGUES = Path(__file__).with_name("locale")
LANGUAGES = ("en", "ru")  # English is the language of the messages themselves and needs no catalogue
SPACE = "\u00a0"


GROUPS = (
    N_("all"), N_("unknown"), N_("1 Monday"), N_("2 Tuesday"), N_("3 Wednesday"), N_("4 Thursday"),
    N_("5 Friday"), N_("6 Saturday"), N_("7 Sunday"),
)  # fmt: skip
TERMS = (
    *GROUPS, N_("female"), N_("male"), N_("child"), N_("adult"), N_("old"), N_("outside bands"),
    N_("girl"), N_("woman"), N_("elderly woman"), N_("boy"), N_("man"), N_("elderly man"),
    N_("truncated"), N_("damaged"), N_("not a picture"), N_("empty file"), N_("too many pixels"),
    N_("out of memory"), N_("not a regular file"), N_("vanished"), N_("no permission"),
    N_("path too long"), N_("cannot be fetched"),
    N_("link loop"), N_("broken link"), N_("unsupported format"), N_("no file's name"), N_("not downloaded"),
    N_("unsupported kind of JPEG"), N_("this TIFF needs agestat[tiff]"),
    N_("raw file without a large preview"),
    N_("changed by a transfer in text mode"), N_("took too long"), N_("crashed its decoder"),
)  # fmt: skip
REASONS = (
    N_("No such file or directory"), N_("Permission denied"), N_("Is a directory"), N_("Not a directory"),
    N_("No space left on device"), N_("Read-only file system"), N_("File name too long"),
)  # fmt: skip
"""What a system says of files most often, in English alone."""


_chosen: str | None = None  # of this process, as a locale is


def choose_language(code: str | None) -> None:
    """Let this process speak one of `LANGUAGES` wherever no other is asked for; None: the locale's."""
    global _chosen
    _chosen = code


def default_language() -> str:
    """What `choose_language` said, or the language of the user's locale if it has a catalogue, or English."""
    if _chosen is not None:
        return _chosen
    variables = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    name = next(filter(None, variables), None) or locale.getlocale()[0] or "en"
    code = name[:2].lower()
    return code if code in LANGUAGES else "en"


@dataclass(frozen=True)
class Language:
    """Messages and numbers of one language; ``code`` is one of `LANGUAGES`."""

    code: str
    catalogue: gettext.NullTranslations

    def gettext(self, message: str, /, **values: object) -> str:
        """The translation of ``message`` with its ``{name}`` places filled in."""
        return self.catalogue.gettext(message).format(**values)

    def ngettext(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The form of a message for ``number`` things, which also stands at ``{number}``."""
        return self.catalogue.ngettext(one, many, number).format(number=self.number(number), **values)

    def error(self, error: AgestatError) -> str:
        """The sentence of an error, where it has a translation; so have errors among its values."""
        message = self.catalogue.gettext(error.message)
        values = {name: self._value(value) for name, value in error.values.items()}
        return message.format(**values) if values else message

    def _value(self, value: object) -> object:
        if isinstance(value, AgestatError):
            return self.error(value)
        if type(value) is tuple:
            return "\n".join(str(self._value(one)) for one in value)
        return self.term(value) if isinstance(value, str) and value in REASONS else value

    def term(self, name: str) -> str:
        """The translation of a name from the data, or the name itself."""
        return self.catalogue.gettext(name) if name else name

    def group(self, name: str) -> str:
        """A group's name in this language where it is a word of ours, else as it is: a folder may be called
        "female"."""
        return BETWEEN.join(self.term(part) if part in GROUPS else part for part in name.split(BETWEEN))

    def number(self, value: float, digits: int = 0) -> str:
        """``value`` with ``digits`` decimals: 12,340.5 in English, 12 340,5 in Russian; a dash for nan."""
        if value != value:
            return "–"
        text = f"{value:,.{digits}f}"
        return text.translate({ord(","): SPACE, ord("."): ","}) if self.code == "ru" else text

    def signed(self, value: float, digits: int | None = None) -> str:
        """``value`` with a sign unless it is zero; without ``digits`` in full, as an axis shows it."""
        digits = (0 if value == round(value) else 1) if digits is None else digits
        sign = "+" if value > 0 else "−" if value < 0 else ""
        return f"{sign}{self.number(abs(value), digits)}"

    def p_value(self, value: float) -> str:
        """A p-value to two digits."""
        return f"{value:.2g}".replace(".", "," if self.code == "ru" else ".")

    def percent(self, share: float, digits: int = 1) -> str:
        """A share of 1 as per cent with its sign."""
        return f"{self.number(100 * share, digits)}{SPACE}%"

    def interval(self, low: float, high: float, digits: int = 1) -> str:
        """``low–high``, or nothing where they are not known."""
        if low != low or high != high:
            return ""
        return f"{self.number(low, digits)}–{self.number(high, digits)}"

    def between(self, value: float, low: float, high: float, digits: int = 1) -> str:
        """``value (low–high)``, or the value alone where its interval is not known."""
        limits = self.interval(low, high, digits)
        return f"{self.number(value, digits)} ({limits})" if limits else self.number(value, digits)


def open_language(code: str | None = None) -> Language:
    """The `Language` for ``code``, by default that of the user's locale."""
    return _open(code or default_language())


@cache
def _open(code: str) -> Language:
    return Language(code, gettext.NullTranslations() if code == "en" else _compiled(catalogue_file(code)))


def catalogue_file(code: str) -> Path:
    """Where the messages of a language are translated."""
    return CATALOGUES / f"{code}.po"


def _compiled(path: Path) -> gettext.GNUTranslations:
    """The messages of a catalogue, compiled in memory: no second file that could be older than the first."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)

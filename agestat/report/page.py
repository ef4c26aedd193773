"""Where pages of HTML come from: Jinja templates whose sentences are in the reader's language."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agestat.files import output_file
from agestat.report.language import Language
from agestat.report.text import printable

TEMPLATES = Path(__file__).with_name("templates")


def environment(t: Language) -> Environment:
    """Templates in which ``_`` translates, and all that is filled in is made `printable` and escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, finalize=_shown,
    )  # fmt: skip
    made.globals.update(_=t.gettext, t=t)
    return made


def _shown(value: Any) -> Any:
    return value if hasattr(value, "__html__") else printable(value)


@cache
def source(name: str) -> str:
    """The text of a script or a style that a page holds."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


class Table(NamedTuple):
    """A table for people: all cells are text, and the first of each row names it. Columns ``muted`` stand
    back."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    muted: Sequence[int] = ()


def write_page(text: str, target: str | Path) -> None:
    """Write a page to the file ``target`` (``-``: standard output)."""
    with output_file(target) as stream:
        stream.write(text.encode("utf-8"))

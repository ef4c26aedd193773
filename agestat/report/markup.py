"""Pieces of HTML; every text from outside passes through `safe`."""

from collections.abc import Iterable, Sequence
from html import escape

from agestat.report.text import printable


def safe(text: object) -> str:
    """Text as HTML that shows exactly that text, in elements and in attributes."""
    return escape(printable(text), quote=True)


def foreign(text: object) -> str:
    """English text in a page that may be in another language."""
    return f'<span lang="en">{safe(text)}</span>'


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], muted: Sequence[int] = ()
) -> str:
    """A table whose first column names its rows, in a box that scrolls where the screen is too narrow.

    All cells are text; those in the columns ``muted`` stand back.
    """
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{safe(row[0])}</th>'
        + "".join(
            f'<td class="counted">{safe(cell)}</td>' if column in muted else f"<td>{safe(cell)}</td>"
            for column, cell in enumerate(row[1:], 1)
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{safe(caption)}"><table>'
        f"<caption>{safe(caption)}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>\n"
    )


def section(title: str, *parts: str) -> str:
    """A part of the page under a heading; nothing if all its parts are empty."""
    return f"<section><h2>{safe(title)}</h2>\n{''.join(parts)}</section>\n" if any(parts) else ""


def heading(title: str) -> str:
    """A heading within a section."""
    return f"<h3>{safe(title)}</h3>\n"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of text, of the style ``kind``."""
    return f'<p class="{kind}">{safe(text)}</p>\n' if kind else f"<p>{safe(text)}</p>\n"


def figure(svg: str, caption: str = "", kind: str = "") -> str:
    """An SVG with a caption."""
    words = f"<figcaption>{safe(caption)}</figcaption>" if caption else ""
    return f'<figure class="{kind}">{svg}{words}</figure>\n'


def definitions(items: Iterable[tuple[str, object]]) -> str:
    """Names and what they stand for."""
    return (
        "<dl>"
        + "".join(f"<dt>{safe(name)}</dt><dd>{foreign(value)}</dd>" for name, value in items)
        + "</dl>\n"
    )

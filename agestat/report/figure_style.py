"""How figures look and how they become SVG or files: colours for light and dark, fonts, print sizes."""

import io
import re
import warnings
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agestat.errors import N_
from agestat.files import format_of, output_file
from agestat.report.fonts import FAMILY, find_letters
from agestat.report.text import printable

FORMATS = ("png", "svg", "pdf")
DPI = 200  # 1,000 pixels over the 5 inches of a pyramid: sharp in print and on slides
RC: dict[Any, Any] = {
    "font.family": FAMILY,
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text: small, selectable, sharp
    "svg.hashsalt": "agestat",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.parse_math": False,  # a folder may be called $x$
}


@dataclass(frozen=True)
class Theme:
    """Colours as hex. Female and male differ in hue and in lightness and keep 3:1 against the paper, so that
    they are told apart without colour vision and on a grey print."""

    paper: str
    ink: str
    muted: str
    grid: str
    female: str
    male: str


LIGHT = Theme("#ffffff", "#1a1b21", "#5a5c69", "#dcdde4", "#d55e00", "#0072b2")
DARK = Theme("#15161c", "#ecedf2", "#a9abb9", "#3a3c49", "#f5a742", "#5ab4ef")
THEMES = {"light": LIGHT, "dark": DARK}


def new_figure(width: float, height: float, theme: Theme) -> Figure:
    """An empty figure of ``width`` x ``height`` inches."""
    with matplotlib.rc_context(RC):
        return Figure(figsize=(width, height), layout="constrained", facecolor=theme.paper)


def style_axes(axes: Axes, theme: Theme) -> None:
    """Quiet axes in the theme's colours."""
    axes.set_facecolor("none")
    axes.tick_params(colors=theme.muted, labelcolor=theme.muted, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.grid)


def figure_format(target: str | Path) -> str:
    """One of `FORMATS`, by the extension. Raises `UsageError` for any other."""
    return format_of(target, FORMATS, N_("Cannot draw into {target}: end its name with one of {endings}."))


def save_figure(figure: Figure, target: str | Path) -> str:
    """Write ``figure`` as PNG, SVG or PDF, by the extension of ``target``; ``-`` is a PNG on stdout.

    Returns the letters that no font of this machine has, which are boxes in PNG and PDF.
    """
    kind = figure_format(target)
    undated = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    with output_file(target) as stream, matplotlib.rc_context(RC), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # what is missing is returned
        missing = find_letters(figure)
        figure.savefig(stream, format=kind, dpi=DPI, metadata=undated)
    return "" if kind == "svg" else missing  # an SVG keeps text, whoever shows it finds the fonts


def inline_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """``figure`` drawn in `LIGHT` as an SVG element for a page.

    ``name`` makes its ids unique in the page; ``title`` and ``description`` are what a screen reader says.
    Colours become CSS variables named as in `Theme`, so that the page decides between light and dark.
    """
    stream = io.StringIO()
    with matplotlib.rc_context(RC):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>|<!--.*?-->\s*", "", svg, flags=re.S)
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{name}-", svg)
    for variable, colour in asdict(LIGHT).items():
        svg = svg.replace(colour, f"var(--{variable})")
    words = f"<title>{_text(title)}</title><desc>{_text(description)}</desc>"
    size = re.search(r'viewBox="[^"]+"', svg)
    opening = f'<svg {size[0] if size else ""} role="img" aria-label="{_text(title)}" '
    opening += 'xmlns:xlink="http://www.w3.org/1999/xlink">'
    return opening + words + svg[svg.index(">") + 1 :]


def _text(text: str) -> str:
    return escape(printable(text), quote=True)

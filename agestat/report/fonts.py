"""Fonts for letters that ours lacks: folders are named in every script."""

from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager, get_font
from matplotlib.text import Text

FAMILY = "DejaVu Sans"  # comes with matplotlib
_NOT_LETTERS = "Last Resort"  # draws the name of a script in place of each of its letters


def find_letters(figure: Figure) -> str:
    """Let each text of a figure take letters that `FAMILY` lacks from other fonts of this machine.

    Returns, sorted, those that no font has; they are drawn as boxes.
    """
    figure.draw_without_rendering()  # makes the labels of the axes
    texts = figure.findobj(Text)
    wanted = set("".join(text.get_text() for text in texts)) - {"\n"}
    wanted -= _drawn_by(findfont(FAMILY), wanted)
    families = [FAMILY]
    for font in fontManager.ttflist if wanted else ():
        if not font.name.startswith(_NOT_LETTERS) and (drawn := _drawn_by(font.fname, wanted)):
            families.append(font.name)
            wanted -= drawn
    for text in texts:
        text.set_fontfamily(families)
    return "".join(sorted(wanted))


def _drawn_by(path: str, letters: set[str]) -> set[str]:
    try:
        font = get_font(path)
    except (OSError, RuntimeError):  # listed in matplotlib's cache, but gone or damaged
        return set()
    if not font.scalable:  # bitmaps of emoji cannot be drawn at any size
        return set()
    return {letter for letter in letters if font.get_char_index(ord(letter))}

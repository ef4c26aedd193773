"""Pictures of both ends of a labelled set: the youngest and the oldest, the sharpest and the least sharp."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from agestat.errors import N_
from agestat.files import output_file
from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.report.language import Language

PER_ROW = 8
SIDE = 160  # pixels
ENDS = {
    N_("youngest"): ("age", True), N_("oldest"): ("age", False),
    N_("least sharp"): ("sharpness", True), N_("sharpest"): ("sharpness", False),
}  # fmt: skip
"""Rows of the picture: the column of which they are the end, and whether it is the lower one."""
CAPTIONS = {"age": N_("age {value}"), "sharpness": N_("sharpness {value}")}
WARNING = N_("These are pictures of faces, which can identify people: keep this file where the set is.")


def draw_examples(frame: pd.DataFrame, target: Path, t: Language) -> None:
    """Write one PNG picture of examples; ``frame`` is that of `agestat.labelled.check`.

    For a look at the data alone: it shows people, so it is drawn where it is asked for and nowhere else.
    """
    years = frame["age"].fillna((frame["age_min"] + frame["age_max"]) / 2)
    known = frame.assign(age=years.astype(float))
    figure = Figure(figsize=(1.3 * PER_ROW, 1.65 * len(ENDS) + 0.4), layout="constrained")
    grid = figure.subplots(len(ENDS), PER_ROW)
    for axes, (name, (column, is_low)) in zip(grid, ENDS.items(), strict=True):
        rows = known.dropna(subset=[column]).sort_values(column, ascending=is_low, kind="stable")
        for place in axes:
            place.axis("off")
        for place, file, value in zip(axes, rows["file"], rows[column], strict=False):
            place.imshow(crop_square(decode(file).pixels, None, SIDE))
            place.set_title(t.gettext(CAPTIONS[column], value=t.number(value)), fontsize=8)
        axes[0].text(
            -0.08, 0.5, t.term(name), rotation=90, ha="right", va="center", transform=axes[0].transAxes
        )
    figure.suptitle(t.gettext(WARNING), fontsize=9)
    with output_file(target) as stream:
        figure.savefig(stream, format="png", dpi=120)

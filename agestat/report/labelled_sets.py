"""Labelled sets and what models are worth on them, as tables and lines for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from agestat.judging.card import card_tables
from agestat.report.language import Language
from agestat.report.page import Table

if TYPE_CHECKING:
    import pandas as pd

    from agestat.labelled.check import Check

SHOWN = 10  # pairs of duplicates; all of them are in duplicates.csv


def judged_tables(metrics: dict[str, Any], t: Language) -> Iterator[tuple[str, Table]]:
    """The figures of one judged set (see `agestat.judging.metrics.report`), each table with its ``about`` of
    `agestat.judging.card.CardTable`."""
    for found in card_tables(metrics):
        rows = [[t.term(label), *(_cell(cell, t) for cell in cells)] for label, cells in found.rows]
        yield found.about, Table(t.gettext(found.about), [t.term(head) for head in found.heads], rows)


def _cell(cell: Any, t: Language) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return t.number(cell)
    value, low, high = (float("nan") if one is None else one for one in cell)
    return t.between(value, low, high)


def class_table(counts: "pd.DataFrame", t: Language) -> Table:
    """Pictures by class and split, as `agestat.labelled.check.balance` counts them."""
    whole = counts.assign(all=counts.sum(axis=1))
    rows = [[class_name(str(name), t), *map(t.number, row)] for name, row in whole.iterrows()]
    rows.append([t.gettext("all"), *map(t.number, whole.sum())])
    heads = [t.gettext("class"), *counts.columns, t.gettext("all")]
    return Table(t.gettext("Perceived age and gender"), heads, rows)


def class_name(name: str, t: Language) -> str:
    """One of the six classes, or a gender and ages."""
    whole = t.term(name)
    return whole if whole != name else " ".join(map(t.term, name.split(" ")))


def about_set(found: "Check", t: Language) -> Iterator[str]:
    """Lines on how many pictures a set has, and of what sizes and subjects."""
    frame = found.frame
    yield t.gettext(
        "pictures: {number} ({layouts})", number=t.number(len(frame)),
        layouts=", ".join(map(t.term, found.layouts)),
    )  # fmt: skip
    for side in ("width", "height"):
        least, middle, most = map(t.number, frame[side].quantile([0, 0.5, 1]).astype(int))
        sizes = {"least": least, "most": most, "middle": middle}
        if side == "width":
            yield t.gettext("width: {least} to {most} pixels, median {middle}", **sizes)
        else:
            yield t.gettext("height: {least} to {most} pixels, median {middle}", **sizes)
    subjects = frame["subject"][frame["subject"] != ""].nunique()
    number = t.number(subjects)
    yield t.gettext("subjects: {number}", number=number) if subjects else t.gettext("subjects: not labelled")


def duplicates(found: "Check", t: Language) -> Iterator[str]:
    """Lines on pictures that are in a set more than once."""
    pairs = found.duplicates
    across = pairs[pairs["split"] != pairs["other_split"]]
    count = {kind: t.number((across["kind"] == kind).sum()) for kind in ("exact", "near")}
    yield t.gettext("exact duplicates across splits: {number} pairs", number=count["exact"])
    yield t.gettext("near duplicates across splits: {number} pairs", number=count["near"])
    within, unlike = len(pairs) - len(across), (pairs["labels"] == "different").sum()
    yield t.gettext("exact duplicates within a split: {number} pairs", number=t.number(within))
    yield t.gettext("duplicates with different labels: {number} pairs", number=t.number(unlike))
    for row in across.head(SHOWN).itertuples():
        one, other = f"{row.file} ({row.split})", f"{row.other} ({row.other_split})"
        if row.kind == "exact":
            yield "  " + t.gettext("exact: {one} and {other}", one=one, other=other)
        else:
            yield "  " + t.gettext("near: {one} and {other}", one=one, other=other)

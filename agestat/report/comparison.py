"""What comparisons say: sentences and tables, for the terminal and the page."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from agestat.analysis.comparison import GroupComparison
from agestat.errors import N_
from agestat.report.language import Language
from agestat.report.warnings import label_warnings, labels_used, shift_sentence, too_few
from agestat.report.words import METHODS, model
from agestat.stats.compare import Comparison

NAMED = 3  # clear differences of one kind that are put into words; the table has all


def sentences(found: Comparison, t: Language) -> Iterator[str]:
    """In what two collections differ: in gender, in mean age, in age bands, in cells, the largest differences
    first; and whether they do as a whole."""
    if found.faceless:
        yield t.gettext("{name} holds no faces, so there is nothing to compare.", name=found.faceless[0])
        return
    rows = shown(found)
    yield _gender(rows.iloc[0], found, t)
    yield _mean_age(rows.iloc[1], found, t)
    is_cell = (rows["gender"] != "all") & (rows["band"] != "all")
    yield from _clear(rows[(rows["gender"] == "all") & (rows["band"] != "all")], found, t)
    yield from _clear(rows[is_cell], found, t)
    if found.global_p > 1 - found.level:
        message = N_(
            "All cells together do not differ beyond chance (permutation test over photos, p = {p})."
        )
    else:
        message = N_("All cells together differ (permutation test over photos, p = {p}).")
    yield t.gettext(message, p=t.p_value(found.global_p))


def how(found: Comparison, t: Language) -> Iterator[str]:
    """Whether each side looks like the calibration set, and how differences and p-values were made."""
    if found.faceless:
        return
    if found.shared:
        yield t.ngettext(
            "{number} picture is in both, which makes them look more alike: compare what is not.",
            "{number} pictures are in both, which makes them look more alike: compare what is not.",
            found.shared,
        )
    if found.shifts and all(verdict.positions and not verdict.is_shifted for verdict in found.shifts):
        yield t.gettext("The faces of both are no harder to judge than the calibration pictures of {name}.",
                        name=found.calibration_name)  # fmt: skip
    else:
        for name, verdict in zip(found.names, found.shifts, strict=False):
            yield f"{name}: {shift_sentence(verdict, found.calibration_name, t)}"
    yield from _made_how(found, t)


def _made_how(found: Comparison | GroupComparison, t: Language) -> Iterator[str]:
    yield t.gettext(
        "Shares by {method} with {level} intervals, from the errors of the model on {n} calibration pictures "
        "({name}).",
        method=_methods(found, t), level=t.percent(found.level, 0),
        n=t.number(found.table.iloc[0]["calibration_n"]), name=found.calibration_name,
    )  # fmt: skip
    if isinstance(found, GroupComparison):
        yield t.gettext("P-values are adjusted for both measures of all groups together (Holm).")
    else:
        yield t.gettext(
            "P-values are adjusted (Holm): those of gender and the mean age together, and those of all bands "
            "and cells."
        )
    yield from labels_used(found, t)
    yield from label_warnings(found, t)


def _methods(found: Comparison | GroupComparison, t: Language) -> str:
    return ", ".join(t.term(METHODS[method]) for method in found.methods)


def shown(found: Comparison) -> pd.DataFrame:
    """The rows that are tested together: gender alone, the mean age, each band alone, each cell."""
    gender = found.margins[found.margins["gender"] == "female"]
    mean = found.ages[(found.ages["gender"] == "all") & (found.ages["statistic"] == "mean")]
    age = mean.rename(columns={"value_a": "share_a", "value_b": "share_b"}).assign(band="all")
    bands = found.margins[found.margins["gender"] == "all"]
    return pd.concat([gender, age, bands, found.table], ignore_index=True)


def _gender(row: pd.Series, found: Comparison, t: Language) -> str:
    return t.gettext(
        "Perceived as female: {share_a} of {faces_a} in {a}, {share_b} of {faces_b} in {b}: {points} "
        "percentage points ({level} interval {low} to {high}, adjusted p = {p}).",
        share_a=t.percent(row["share_a"]), share_b=t.percent(row["share_b"]),
        faces_a=_faces(found.faces[0], t), faces_b=_faces(found.faces[1], t), **_places(row, 100, found, t),
    )  # fmt: skip


def _faces(number: int, t: Language) -> str:
    return t.ngettext("{number} face", "{number} faces", number)


def _mean_age(row: pd.Series, found: Comparison, t: Language) -> str:
    return t.gettext(
        "Mean perceived age: {years_a} years in {a}, {years_b} in {b}: {points} years ({level} interval "
        "{low} to {high}, adjusted p = {p}).",
        years_a=t.number(row["share_a"], 1), years_b=t.number(row["share_b"], 1), **_places(row, 1, found, t),
    )  # fmt: skip


def _places(row: pd.Series, scale: float, found: Comparison, t: Language) -> dict[str, object]:
    return {
        "a": found.names[0], "b": found.names[1], "level": t.percent(found.level, 0),
        "points": t.signed(scale * row["difference"], 1), "low": t.signed(scale * row["difference_low"], 1),
        "high": t.signed(scale * row["difference_high"], 1), "p": t.p_value(row["p_adjusted"]),
    }  # fmt: skip


def _clear(rows: pd.DataFrame, found: Comparison, t: Language) -> Iterator[str]:
    """The largest clear differences of some rows of one kind."""
    is_clear = rows["p_adjusted"] <= 1 - found.level
    largest = rows[is_clear].sort_values("difference", key=abs, ascending=False)
    for _, row in largest.head(NAMED).iterrows():
        yield t.gettext(
            "{name}: {share_a} in {a}, {share_b} in {b}: {points} percentage points ({level} interval "
            "{low} to {high}, adjusted p = {p}).",
            name=_name(row, t), share_a=t.percent(row["share_a"]), share_b=t.percent(row["share_b"]),
            **_places(row, 100, found, t),
        )  # fmt: skip


def _name(row: Any, t: Language) -> str:
    """``female 18-24``, or the one name where the other is everything."""
    return " ".join(t.term(name) for name in (row["gender"], row["band"]) if name != "all")


def heads(found: Comparison, t: Language) -> list[str]:
    """Of the table of `rows`."""
    return ["", *found.names, t.gettext("difference"), t.gettext("adjusted p")]


def rows(found: Comparison, t: Language) -> Iterator[list[str]]:
    """Every difference as text: shares in per cent, the mean age in years."""
    for number, row in shown(found).iterrows():
        scale = 1 if number == 1 else 100
        name = t.gettext("mean age, years") if number == 1 else f"{_name(row, t)}, %"
        sides = [t.number(scale * row[side], 1) for side in ("share_a", "share_b")]
        yield [name, *sides, _difference(row, scale, t), _p(row, found.level, t)]


def _difference(row: Any, scale: float, t: Language) -> str:
    low, high = (t.signed(scale * row[f"difference_{end}"], 1) for end in ("low", "high"))
    return f"{t.signed(scale * row['difference'], 1)} ({low}…{high})"


def _p(row: Any, level: float, t: Language) -> str:
    """The adjusted p-value, marked where the difference is clear."""
    return t.p_value(row["p_adjusted"]) + ("*" if row["p_adjusted"] <= 1 - level else " ")


def group_sentences(found: GroupComparison, t: Language) -> Iterator[str]:
    """Which groups differ clearly from the reference, in gender and in mean age."""
    others = found.reference or t.gettext("all other faces")
    for measure, scale in (("female", 100), ("mean age", 1)):
        mine = found.table[found.table["measure"] == measure]
        clear = mine[mine["p_adjusted"] <= 1 - found.level].sort_values("difference", ascending=False)
        what = t.gettext("Perceived as female") if measure == "female" else t.gettext("Mean perceived age")
        if clear.empty:
            yield t.gettext("{what}: no group differs clearly from {others}.", what=what, others=others)
            continue
        named = "; ".join(
            f"{t.group(row['group'])} {_difference(row, scale, t)}" for _, row in clear.iterrows()
        )
        if measure == "female":
            yield t.gettext(
                "{what}, percentage points against {others} ({level} interval): {named}.",
                what=what, others=others, level=t.percent(found.level, 0), named=named,
            )  # fmt: skip
        else:
            yield t.gettext(
                "{what}, years against {others} ({level} interval): {named}.",
                what=what, others=others, level=t.percent(found.level, 0), named=named,
            )  # fmt: skip


def group_how(found: GroupComparison, t: Language) -> Iterator[str]:
    """How that is known."""
    yield from too_few(found.few, t)
    if len(found.table):
        yield from _made_how(found, t)


def group_tables(found: GroupComparison, t: Language) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Heads and rows of two tables, of the share of women and of the mean age: a line per group with its
    difference from the reference."""
    for measure, scale, name in (
        ("female", 100, f"{t.term('female')}, %"),
        ("mean age", 1, t.gettext("mean age")),
    ):
        heads = [
            t.gettext("group"),
            t.gettext("faces"),
            name,
            t.gettext("difference"),
            t.gettext("adjusted p"),
        ]
        yield heads, [
            [
                t.group(str(row["group"])), t.number(row["n"]), t.number(scale * row["value"], 1),
                _difference(row, scale, t), _p(row, found.level, t),
            ]
            for _, row in found.table[found.table["measure"] == measure].iterrows()
        ]  # fmt: skip


def citation(found: Comparison | GroupComparison, run: Mapping[str, Any], t: Language) -> str:
    """One paragraph to paste into a text: the difference in gender, how it was found, by which model and
    when; ``run`` is that of a scan. Nothing where nothing was compared."""
    if found.table.empty:
        return ""
    if isinstance(found, GroupComparison):
        told = next(group_sentences(found, t))
    else:
        told = _gender(shown(found).iloc[0], found, t)
    return t.gettext(
        "{told} Shares by {method}, model {model}, agestat {version}, {date}.",
        told=told, method=_methods(found, t),
        model=model(run, found.calibration_name, int(found.table.iloc[0]["calibration_n"]), t),
        version=run["agestat"],
        date=(run.get("finished_at") or run["started_at"])[:10],
    )  # fmt: skip


def tables(found: Comparison | GroupComparison, t: Language) -> list[tuple[list[str], list[list[str]]]]:
    """Heads and rows of every table of either kind."""
    if isinstance(found, GroupComparison):
        return list(group_tables(found, t))
    return [] if found.faceless else [(heads(found, t), list(rows(found, t)))]


def said(found: Comparison | GroupComparison, t: Language) -> tuple[list[str], list[str]]:
    """What either kind says, and how it is known."""
    if isinstance(found, GroupComparison):
        return list(group_sentences(found, t)), list(group_how(found, t))
    return list(sentences(found, t)), list(how(found, t))

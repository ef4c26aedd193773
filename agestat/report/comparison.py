"""What a comparison says in sentences."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from agestat.report.language import Language
from agestat.report.words import shift_sentence
from agestat.stats.compare import Comparison


def sentences(found: Comparison, t: Language) -> Iterator[str]:
    """Whether two collections differ and where, whether each looks like the calibration set, and how that is
    known."""
    if found.faceless:
        yield t.gettext("{name} holds no faces, so there is nothing to compare.", name=found.faceless[0])
        return
    yield from _shares(found, t)
    yield _mean_age(found, t)
    made_how = found.table.iloc[0]
    for name, verdict in zip(found.names, found.shifts, strict=False):
        yield f"{name}: {shift_sentence(verdict, made_how['calibration'], t)}"
    yield t.gettext(
        "Shares by {method} with {level} intervals, from the errors of the model on {n} calibration pictures "
        "({name}).",
        method=made_how["method"], level=t.percent(found.level, 0), n=t.number(made_how["calibration_n"]),
        name=made_how["calibration"],
    )  # fmt: skip


def _shares(found: Comparison, t: Language) -> Iterator[str]:
    a, b = found.names
    p = t.p_value(found.global_p)
    if found.global_p > 1 - found.level:
        yield t.gettext(
            "The perceived gender and age of the faces in {a} and {b} do not differ beyond chance "
            "(permutation test over photos, p = {p}).", a=a, b=b, p=p,
        )  # fmt: skip
        return
    yield t.gettext(
        "The perceived gender and age of the faces in {a} and {b} differ (permutation test over photos, "
        "p = {p}).", a=a, b=b, p=p,
    )  # fmt: skip
    is_clear = found.table["p_adjusted"] <= 1 - found.level
    clear = found.table[is_clear].sort_values("difference", key=np.abs, ascending=False)
    for row in clear.to_dict("records"):
        yield _difference(row, found, t)
    if clear.empty:
        yield t.gettext(
            "No single gender and age band differs clearly once all of them are tested together (Holm)."
        )


def _difference(row: dict[Any, Any], found: Comparison, t: Language) -> str:
    larger = t.gettext(
        "The share of {gender} {band} is {points} percentage points larger in {b} than in {a} ({share_b} "
        "against {share_a}; {level} interval of the difference {low} to {high}).",
        **_places(row, found, t),
    )
    smaller = t.gettext(
        "The share of {gender} {band} is {points} percentage points smaller in {b} than in {a} ({share_b} "
        "against {share_a}; {level} interval of the difference {low} to {high}).",
        **_places(row, found, t),
    )
    return larger if row["difference"] > 0 else smaller


def _places(row: dict[Any, Any], found: Comparison, t: Language) -> dict[str, object]:
    return {
        "gender": t.term(str(row["gender"])), "band": t.term(str(row["band"])),
        "points": t.number(100 * abs(row["difference"]), 1), "a": found.names[0], "b": found.names[1],
        "share_a": t.percent(row["share_a"]), "share_b": t.percent(row["share_b"]),
        "low": t.signed(100 * row["difference_low"], 1), "high": t.signed(100 * row["difference_high"], 1),
        "level": t.percent(found.level, 0),
    }  # fmt: skip


def _mean_age(found: Comparison, t: Language) -> str:
    row: pd.Series = found.ages.iloc[0]
    return t.gettext(
        "Their mean perceived age is {years_a} years in {a} and {years_b} in {b} ({level} interval of the "
        "difference {low} to {high} years).",
        years_a=t.number(row["value_a"], 1), a=found.names[0], years_b=t.number(row["value_b"], 1),
        b=found.names[1], level=t.percent(found.level, 0), low=t.signed(row["difference_low"], 1),
        high=t.signed(row["difference_high"], 1),
    )  # fmt: skip

"""What a result says in sentences; the terminal and the page share them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from agestat.report import rows
from agestat.report.language import N_, Language

if TYPE_CHECKING:
    from agestat.scan.result import Scan
from agestat.stats.estimate import Estimate

EVERYTHING = "all"


def photos(scan: "Scan") -> int:
    """Pictures that at least one face was counted in."""
    return int((scan.files["status"] == "ok").sum())


def summary(scan: "Scan", estimate: Estimate, t: Language) -> str:
    """The first sentence: how many faces, which share is perceived as female, how old."""
    pictures = t.ngettext("{number} photo", "{number} photos", photos(scan))
    if not len(estimate.table):
        return t.gettext("No face was counted in {photos}.", photos=pictures)
    faces = t.ngettext("Of {number} perceived face", "Of {number} perceived faces", scan.counts["faces"])
    if EVERYTHING not in rows.group_names(estimate):
        groups = t.ngettext("{number} group", "{number} groups", len(rows.group_names(estimate)))
        return t.gettext(
            "{of_faces} in {photos}, shares in {groups} follow.",
            of_faces=faces, photos=pictures, groups=groups,
        )  # fmt: skip
    female, age = rows.margin(estimate, EVERYTHING, gender="female"), rows.age(estimate, EVERYTHING)
    return t.gettext(
        "{of_faces} in {photos}, {share} ({interval}) are perceived as female; "
        "the mean perceived age is {age} years.",
        of_faces=faces, photos=pictures, share=t.percent(female["share"]),
        interval=t.interval(100 * female["share_low"], 100 * female["share_high"]),
        age=t.between(age["value"], age["low"], age["high"]),
    )  # fmt: skip


def failures(scan: "Scan") -> pd.Series:
    """Number of files that could not be read, by reason, the most frequent first."""
    return scan.files.loc[scan.files["status"] == "failed", "reason"].value_counts()


def quality(scan: "Scan", t: Language) -> Iterator[str]:
    """One sentence for each thing that the shares leave out."""
    counts = scan.counts
    yield t.ngettext("{number} picture found", "{number} pictures found", counts["found"])
    if counts.get("reused"):
        yield t.ngettext("{number} taken from an earlier scan", "{number} taken from an earlier scan",
                         counts["reused"])  # fmt: skip
    yield t.ngettext("{number} without a face", "{number} without a face", counts["no_face"])
    yield t.ngettext("{number} could not be read", "{number} could not be read", counts["failed"])
    yield t.ngettext("{number} face too small to judge and left out",
                     "{number} faces too small to judge and left out", counts["faces_left_out"])  # fmt: skip


METHODS = {
    "cc": N_("counting"),
    "pcc": N_("probabilistic counting"),
    "pacc": N_("adjusted probabilistic counting"),
    "emq": N_("expectation-maximisation"),
}


def method(estimate: Estimate, t: Language) -> str:
    """How shares and intervals were made, in one sentence."""
    return t.gettext(
        "Shares by {method} with {level} intervals, from the errors of the model on {n} calibration pictures "
        "({name}).",
        method=t.term(METHODS.get(estimate.method, estimate.method)), level=t.percent(estimate.level, 0),
        n=t.number(estimate.calibration_n), name=estimate.calibration_name,
    )  # fmt: skip


def notes(scan: "Scan", estimate: Estimate, t: Language) -> Iterator[str]:
    """What a reader must know besides: method, model, warnings."""
    yield method(estimate, t)
    yield t.gettext("Counted shares are the classifier's own and carry its errors.")
    yield t.gettext("Model: {name} ({digest}).", name=scan.run["model"], digest=scan.run["model_digest"][:12])
    yield from estimate.notes

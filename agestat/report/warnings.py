"""Why a result may not hold what it promises, and how own labels help it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from agestat.errors import N_
from agestat.report.language import Language
from agestat.stats.estimate import Estimate
from agestat.stats.shift import Shift

MANY_NAMES = 12  # more names than these are not listed
HARDER = {  # an average face, where it passes few and where it passes many of the calibration pictures
    "novelty": ("", N_("stranger to the network than {share} of them")),
    "sharpness": (N_("less sharp than {share} of them"), ""),
    "brightness": (N_("darker than {share} of them"), N_("brighter than {share} of them")),
    "size": (N_("smaller than {share} of them"), ""),
    "score": (N_("less surely a face than {share} of them"), ""),
}


def warnings(estimate: Estimate, t: Language) -> Iterator[str]:
    """Why an estimate may not hold what it promises."""
    if not estimate.groups and not estimate.few:
        yield t.gettext("There are no faces to estimate from.")
    yield from label_warnings(estimate, t)
    if estimate.shift is not None:
        yield shift_sentence(estimate.shift, estimate.calibration_name, t)
        if estimate.shift.strange:
            yield t.gettext(
                "Negatives, false colours and drawings look like hardly any calibration picture: look at the "
                "faces with `agestat report --review`, and leave those out that are such."
            )


class Labelled(Protocol):
    """A result that own labels may be behind."""

    @property
    def own_labels(self) -> int:
        """How many of them."""

    @property
    def labels_gone(self) -> int:
        """Of faces that are not there any more."""

    @property
    def labels_sorted(self) -> bool:
        """Whether they are one end of a sorted table."""


def label_warnings(found: Labelled, t: Language) -> Iterator[str]:
    """Why own labels may not do what they should."""
    if found.labels_gone:
        yield t.ngettext(
            "{number} of your labels is of a face that is not in this scan, and was left out.",
            "{number} of your labels are of faces that are not in this scan, and were left out.",
            found.labels_gone,
        )
    if found.labels_sorted:
        yield t.gettext(
            "The faces that you labelled are no random part of those that were drawn, but one end of the "
            "sorted table: label the others too, or put the rows back in their order."
        )


def labels_used(found: Labelled, t: Language) -> Iterator[str]:
    """How many own labels there are behind a result."""
    if found.own_labels:
        yield t.ngettext("{number} face that you labelled yourself is taken into account.",
                         "{number} faces that you labelled yourself are taken into account.",
                         found.own_labels)  # fmt: skip


def unlike_groups(estimate: Estimate, t: Language) -> Iterator[str]:
    """Which groups look unlike the calibration set."""
    if estimate.unlike:
        groups = [f"{t.group(name)} ({harder(one, t)})" for name, one in estimate.unlike.items()]
        yield t.ngettext(
            "The faces of {number} group are harder to judge than the calibration pictures of {name}, and "
            "its intervals are wider for it: {groups}. Labels for some of its pictures (`agestat label`) "
            "would make them narrower.",
            "The faces of {number} groups are harder to judge than the calibration pictures of {name}, and "
            "their intervals are wider for it: {groups}. Labels for some of their pictures (`agestat label`) "
            "would make them narrower.",
            len(groups), name=estimate.calibration_name, groups=some_names(groups, t),
        )  # fmt: skip


def shift_sentence(verdict: Shift, name: str, t: Language) -> str:
    """Whether faces look like the calibration set ``name``, and what makes them harder to judge."""
    if not verdict.positions:
        return t.gettext("Whether the faces look like the calibration set of {name} is not known.", name=name)
    if not verdict.is_shifted:
        return t.gettext(
            "The faces are no harder to judge than the calibration pictures of {name}.", name=name
        )
    return t.gettext(
        "The faces are harder to judge than the calibration pictures of {name} (on average {harder}), and "
        "intervals are wider for it. Labels for some of your pictures (`agestat label`) would make them "
        "narrower.",
        name=name, harder=harder(verdict, t),
    )  # fmt: skip


def harder(verdict: Shift, t: Language) -> str:
    """By what faces are harder to judge than calibration pictures."""
    told = []
    for look in verdict.beyond:
        position = verdict.positions[look]
        few, many = HARDER[look]
        told.append(
            t.gettext(few if position < 0.5 else many, share=t.percent(max(position, 1 - position), 0))
        )
    if verdict.strange:
        told.append(
            t.gettext("{share} of them like hardly any of these", share=t.percent(verdict.strange, 0))
        )
    return ", ".join(told)


def too_few(groups: Mapping[str, int], t: Language) -> Iterator[str]:
    """Which groups have too few faces, and how many."""
    if groups:
        names = [f"{t.group(name)} ({t.number(faces)})" for name, faces in groups.items()]
        yield t.ngettext("{number} group has too few faces for an estimate: {names}.",
                         "{number} groups have too few faces for an estimate: {names}.",
                         len(names), names=some_names(names, t))  # fmt: skip


def some_names(names: Sequence[str], t: Language) -> str:
    """Names in a row, the first ones if there are many."""
    shown, more = ", ".join(names[:MANY_NAMES]), len(names) - MANY_NAMES
    return f"{shown} {t.gettext('and {number} more', number=t.number(more))}" if more > 0 else shown

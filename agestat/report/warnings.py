"""Why a result may not hold what it promises, and how own labels help it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from agestat.errors import N_
from agestat.report.language import Language
from agestat.stats.correct import DEFAULT_METHOD, UNCORRECTED
from agestat.stats.estimate import Estimate
from agestat.stats.shift import Shift

MANY_NAMES = 12  # more names than these are not listed
HARDER = {  # an average face, where it passes few and where it passes many of the calibration pictures
    "novelty": ("", N_("less familiar to the model than {share} of them")),
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
    yield from neglects(estimate, t)
    if estimate.shift is not None and estimate.method not in UNCORRECTED:
        yield shift_sentence(estimate.shift, estimate.calibration_name, t, estimate.method)
        if estimate.shift.strange:
            yield t.gettext(
                "Negatives, false colours and drawings look like hardly any calibration picture: look at the "
                "faces with `agestat report --review`, and leave those out that are such."
            )


def neglects(estimate: Estimate, t: Language) -> Iterator[str]:
    """What the intervals of a method that is not the default leave out, where any group is by it."""
    if estimate.method == DEFAULT_METHOD or estimate.method not in set(estimate.table["method"]):
        return
    if estimate.method in UNCORRECTED:
        yield t.gettext(
            "Not corrected ({code}): these intervals hold the luck of the photos alone and leave out that "
            "the model errs. The default method corrects for it.",
            code=estimate.method,
        )
    else:
        yield t.gettext(
            "The intervals of this method ({code}) leave out that the model may err otherwise on your photos "
            "than on the calibration pictures; those of the default method allow for it.",
            code=estimate.method,
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
    if estimate.unlike and estimate.method not in UNCORRECTED:
        groups = [f"{t.group(name)} ({harder(one, t)})" for name, one in estimate.unlike.items()]
        if estimate.method != DEFAULT_METHOD:
            yield t.gettext(
                "Harder to judge than the calibration pictures of {name}, which this method does not allow "
                "for: {groups}.",
                name=estimate.calibration_name, groups=some_names(groups, t),
            )  # fmt: skip
            return
        yield t.ngettext(
            "The faces of {number} group are harder to judge than the calibration pictures of {name}, and "
            "its intervals are wider for it: {groups}. Labels for some of its pictures (`agestat label`) "
            "would make them narrower.",
            "The faces of {number} groups are harder to judge than the calibration pictures of {name}, and "
            "their intervals are wider for it: {groups}. Labels for some of their pictures (`agestat label`) "
            "would make them narrower.",
            len(groups), name=estimate.calibration_name, groups=some_names(groups, t),
        )  # fmt: skip


def shift_sentence(verdict: Shift, name: str, t: Language, method: str = DEFAULT_METHOD) -> str:
    """Whether faces look like the calibration set ``name``, what makes them harder to judge, and what that
    did to intervals of the ``method``."""
    if not verdict.positions:
        return t.gettext("Whether the faces look like the calibration set of {name} is not known.", name=name)
    if not verdict.is_shifted:
        return t.gettext(
            "The faces are no harder to judge than the calibration pictures of {name}.", name=name
        )
    how = list(_strange(verdict, t))
    if verdict.beyond:
        looks = ", ".join(_beyond(verdict, t))
        how.insert(0, t.gettext("on average {looks}, where 50 % would be no difference", looks=looks))
    if method != DEFAULT_METHOD:
        return t.gettext(
            "The faces are harder to judge than the calibration pictures of {name} ({harder}), and the "
            "intervals do not allow for it.",
            name=name, harder=", ".join(how),
        )  # fmt: skip
    return t.gettext(
        "The faces are harder to judge than the calibration pictures of {name} ({harder}), and intervals are "
        "wider for it. Labels for some of your pictures (`agestat label`) would make them narrower.",
        name=name, harder=", ".join(how),
    )  # fmt: skip


def harder(verdict: Shift, t: Language) -> str:
    """By what faces are harder to judge than calibration pictures."""
    return ", ".join([*_beyond(verdict, t), *_strange(verdict, t)])


def _beyond(verdict: Shift, t: Language) -> Iterator[str]:
    for look in verdict.beyond:
        position = verdict.positions[look]
        few, many = HARDER[look]
        yield t.gettext(few if position < 0.5 else many, share=t.percent(max(position, 1 - position), 0))


def _strange(verdict: Shift, t: Language) -> Iterator[str]:
    if verdict.strange:
        yield t.gettext("{share} of the faces like hardly any of these", share=t.percent(verdict.strange, 0))


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

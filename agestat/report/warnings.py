"""Why a result may not hold what it promises, and how own labels help it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from agestat.errors import N_
from agestat.report.language import Language
from agestat.stats.estimate import Estimate
from agestat.stats.shift import DISTANCE, STRANGE, Shift

MANY_NAMES = 12  # more names than these are not listed
LOOKS = {
    "novelty": N_("look (the network's features)"),
    "sharpness": N_("sharpness"),
    "brightness": N_("brightness"),
    "size": N_("size of the faces"),
    "score": N_("the detector's score"),
}


def warnings(estimate: Estimate, t: Language) -> Iterator[str]:
    """Why an estimate may not hold what it promises."""
    if not estimate.groups and not estimate.few:
        yield t.gettext("There are no faces to estimate from.")
    yield from label_warnings(estimate, t)
    if estimate.shift is not None:
        yield shift_sentence(estimate.shift, estimate.calibration_name, t)
        if estimate.shift.strange > STRANGE:
            yield t.gettext(
                "{share} of the faces look like none of the calibration pictures, as negatives and false "
                "colours do: look at them with `agestat report --review`, and leave them out if they are "
                "such.",
                share=t.percent(estimate.shift.strange, 0),
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
        yield t.ngettext(
            "The faces of {number} group do not look like the calibration set of {name}: {groups}; label "
            "some of its pictures with `agestat label`.",
            "The faces of {number} groups do not look like the calibration set of {name}: {groups}; label "
            "some of their pictures with `agestat label`.",
            len(estimate.unlike), name=estimate.calibration_name,
            groups=some_names([t.group(name) for name in estimate.unlike], t),
        )  # fmt: skip


def shift_sentence(verdict: Shift, name: str, t: Language) -> str:
    """Whether faces look like the calibration set ``name``, and what tells them apart."""
    if not verdict.distances:
        return t.gettext("Whether the faces look like the calibration set of {name} is not known.", name=name)
    if not verdict.is_shifted:
        return t.gettext("The faces look like the calibration set of {name}.", name=name)
    beyond = (
        t.gettext("{look} {distance} of at most {most}", look=t.term(LOOKS[look]),
                  distance=t.number(verdict.distances[look], 2), most=t.number(DISTANCE[look], 2))
        for look in verdict.beyond
    )  # fmt: skip
    return t.gettext(
        "The faces do not look like the calibration set of {name} ({beyond}): intervals are wider for it; "
        "label some of your own pictures with `agestat label` to make them narrower.",
        name=name, beyond=", ".join(beyond),
    )  # fmt: skip


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

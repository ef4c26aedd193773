"""From a scan to what the user asked to see; `scan` and `report` share it."""

import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from agestat.cli.check import MORE_TABLES, OUTPUTS, TABLES
from agestat.cli.messages import tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from agestat.analysis.scan import Scan
    from agestat.stats.estimate import Estimate

UNREADABLE = 3  # exit code: finished, but some files could not be read


def deliver(scan: "Scan", options: dict[str, Any]) -> int:
    """Estimate, write the files that ``options`` name, print the summary; returns the exit code."""
    from agestat.analysis.groups import notes_of_unknown
    from agestat.report.export import write_faces, write_table

    result = estimate(scan, options)
    for note in notes_of_unknown(options["by"], {*result.table["group"], *result.faceless}):
        click.echo(note, err=True)
    overall = estimate(scan, {**options, "by": ()}) if options["html"] and options["by"] else None
    if options["anonymous"]:  # only now: own labels are found by their paths
        scan.hide_paths()
    for kind in TABLES:
        if options[kind]:
            write_table(result.table, options[kind], kind)
    for name in MORE_TABLES:
        if options[name]:
            write_table(getattr(result, name), options[name])
    if options["files"]:
        write_table(scan.every_file, options["files"])
    if options["faces"]:
        write_faces(scan.face_chunks(), options["faces"])
    if options["html"] or options["png"]:
        _draw(scan, result, overall, options)
    if not options["quiet"]:
        _print(scan, result, options)
    if options.get("verbose"):
        told = scan.every_file.query("status in ('failed', 'left out', 'not read')")
        for reason, root, path in told[["reason", "root", "path"]].to_numpy():
            click.echo(f"{reason}: {os.path.join(root, path)!a}", err=True)  # noqa: PTH118 -- odd names stay
    return UNREADABLE if scan.counts["failed"] else 0


def estimate(scan: "Scan", options: dict[str, Any]) -> "Estimate":
    """The estimate that `group_options` and `estimate_options` ask for."""
    method = "cc" if options["raw"] else options["method"]
    keys = ("bands", "labels", "metadata", "trust_mtime", "cluster", "level")
    chosen = {key: options[key] for key in keys} | ({"method": method} if method else {})
    return scan.estimate(options["by"], **chosen)


def _draw(scan: "Scan", result: "Estimate", overall: "Estimate | None", options: dict[str, Any]) -> None:
    """The page and the picture of the pyramids."""
    from agestat.report.figure_style import THEMES
    from agestat.report.html import write_html
    from agestat.report.language import open_language
    from agestat.report.plots import small_multiples

    if options["html"]:
        write_html(
            scan, result, options["html"], lang=options["lang"], thumbnails=options["thumbnails"],
            command=None if options["anonymous"] else shlex.join(["agestat", *sys.argv[1:]]),
            overall=overall,
        )  # fmt: skip
    if options["png"]:
        figure = small_multiples(result, t=open_language(options["lang"]), theme=THEMES[options["theme"]])
        save_picture(figure, options["png"])


def warn_of_missing(scan: "Scan") -> None:
    """Say that a scan met no files, or only a part of them."""
    if not scan.counts["found"]:
        tell("No picture was found: check the paths, and --include and --exclude.")
    if scan.run["finished_at"] is None:
        tell(
            "This scan was stopped after {number} files, and the numbers are of these alone: repeat "
            "`agestat scan` to finish it.",
            number=scan.counts["found"],
        )


def save_picture(figure: "Figure", target: str) -> None:
    """Write a figure and say what it could not show."""
    from agestat.report.figure_style import save_figure

    if missing := save_figure(figure, target):
        tell(
            "{target} shows boxes for {letters}: install a font that has these letters, or write SVG.",
            target=target,
            letters=missing[:20],
        )


def _print(scan: "Scan", result: "Estimate", options: dict[str, Any]) -> None:
    """The summary; on standard error when a table goes to standard output."""
    from agestat.cli.terminal import Terminal
    from agestat.report.console import print_summary

    to_stdout = "-" in [options[key] for key in OUTPUTS]
    print_summary(scan, result, Terminal(stderr=to_stdout), options["lang"])

"""From a scan to what the user asked to see; `scan` and `report` share it."""

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agestat.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from agestat.model.labels import LabelSpace
    from agestat.scan.result import Scan
    from agestat.stats.estimate import Estimate

TABLES = ("csv", "json", "parquet", "xlsx")
OUTPUTS = (*TABLES, "faces", "html", "png")
UNREADABLE = 3  # exit code: finished, but some files could not be read


def check(options: dict[str, Any], space: "LabelSpace", inputs: Sequence[str]) -> None:
    """Raise `UsageError` for options that `deliver` could not use, before anything long is done; ``inputs``
    are what else the command reads."""
    from agestat.report.export import FACE_WRITERS
    from agestat.scan.groups import parse_by
    from agestat.scan.result import DEFAULT_BANDS
    from agestat.stats.bands import band_of_cells, parse_bands
    from agestat.stats.correct import METHODS

    if options["raw"] and options["method"]:
        raise UsageError("--raw and --method exclude each other: --raw is the method cc.")
    if options["method"] not in (None, *METHODS):
        raise UsageError(f"There is no method {options['method']!r}: choose one of {', '.join(METHODS)}.")
    if options["anonymous"] and options["thumbnails"]:
        raise UsageError("--anonymous and --thumbnails exclude each other: faces identify people.")
    parse_by(options["by"], metadata=options["metadata"], trust_mtime=options["trust_mtime"])
    band_of_cells(space, parse_bands(options["bands"] or DEFAULT_BANDS[space.name]))
    check_outputs([options[key] for key in OUTPUTS], [*inputs, options["labels"], options["metadata"]])
    if options["labels"] and not Path(options["labels"]).is_file():
        raise UsageError(f"The labels {options['labels']} are not there: check the path.")
    if options["faces"] not in (None, "-") and Path(options["faces"]).suffix.lower()[1:] not in FACE_WRITERS:
        raise UsageError(
            f"Cannot tell the format of {options['faces']}: end it with .csv, .parquet or .jsonl."
        )


def check_outputs(outputs: Iterable[str | None], inputs: Iterable[str | None]) -> None:
    """Raise `UsageError` for outputs that would be lost, or would take the place of what is read."""
    from agestat.report.files import is_stream

    targets = [target for target in outputs if target]
    if targets.count("-") > 1:
        raise UsageError("Only one output can go to standard output: give the others a file name.")
    names = {Path(target).name for target in targets}  # a list of inputs may hold millions
    taken = {Path(name).resolve() for name in inputs if name and os.path.basename(name) in names}  # noqa: PTH119
    for target in targets:
        path = Path(target).resolve()
        if target == "-" or is_stream(path):
            continue
        if path in taken:
            raise UsageError(f"{target} is read or written by this command already: give another file name.")
        if not path.parent.is_dir():
            raise UsageError(f"There is no folder for {target}: make it first.")
        taken.add(path)


def deliver(scan: "Scan", options: dict[str, Any]) -> int:
    """Estimate, write the files that ``options`` name, print the summary; returns the exit code."""
    from agestat.report.export import write_faces, write_table

    result = estimate(scan, options)
    overall = estimate(scan, {**options, "by": ()}) if options["html"] and options["by"] else None
    if options["anonymous"]:  # only now: own labels are found by their paths
        scan.hide_paths()
    for kind in TABLES:
        if options[kind]:
            write_table(result.table, options[kind], kind)
    if options["faces"]:
        write_faces(scan.face_chunks(), options["faces"])
    if options["html"] or options["png"]:
        _draw(scan, result, overall, options)
    if not options["quiet"]:
        _print(scan, result, options)
    return UNREADABLE if scan.counts["failed"] else 0


def estimate(scan: "Scan", options: dict[str, Any]) -> "Estimate":
    """The estimate that `group_options` and `estimate_options` ask for."""
    method = "cc" if options["raw"] else options["method"]
    keys = ("bands", "labels", "metadata", "trust_mtime", "cluster", "level")
    chosen = {key: options[key] for key in keys} | ({"method": method} if method else {})
    return scan.estimate(options["by"], **chosen)


def _draw(scan: "Scan", result: "Estimate", overall: "Estimate | None", options: dict[str, Any]) -> None:
    """The page and the picture of the pyramids."""
    from agestat.report.canvas import THEMES
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


def warn_of_stopped(scan: "Scan") -> None:
    """Say that a scan met only a part of its files."""
    if scan.run["finished_at"] is None:
        click.echo(
            f"This scan was stopped after {scan.counts['found']} files, and the numbers are of these alone: "
            "repeat `agestat scan` to finish it.",
            err=True,
        )


def save_picture(figure: "Figure", target: str) -> None:
    """Write a figure and say what it could not show."""
    from agestat.report.canvas import save_figure

    if missing := save_figure(figure, target):
        click.echo(
            f"{target} shows boxes for {missing[:20]}: install a font that has these letters, or write SVG.",
            err=True,
        )


def _print(scan: "Scan", result: "Estimate", options: dict[str, Any]) -> None:
    """The summary; on standard error when a table goes to standard output."""
    from agestat.cli.terminal import Terminal
    from agestat.report.console import print_summary

    to_stdout = "-" in [options[key] for key in OUTPUTS]
    print_summary(scan, result, Terminal(stderr=to_stdout), options["lang"])
    if options.get("verbose"):
        for row in scan.failed.itertuples():
            click.echo(f"{row.reason}: {f'{row.root}/{row.path}'!a}", err=True)

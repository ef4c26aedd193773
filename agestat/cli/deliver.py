"""From a scan to what the user asked to see; `scan` and `report` share it."""

import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from agestat.cli.check import MORE_TABLES, OUTPUTS, TABLES
from agestat.cli.messages import spoken_language, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.figure import Figure

    from agestat.analysis.scan import Scan
    from agestat.stats.estimate import Estimate

UNREADABLE = 3  # exit code: finished, but some files could not be read


def deliver(scan: "Scan", options: dict[str, Any]) -> int:
    """Estimate, write the files that ``options`` name, print the summary; returns the exit code."""
    from agestat.analysis.groups import notes_of_unknown
    from agestat.report.export import write_faces, write_table
    from agestat.report.left_out import why_not_read

    _review(scan, options)
    scan.keep_copies, scan.once = options["keep_copies"], options["once"]
    result = estimate(scan, options)
    for note in notes_of_unknown(options["by"], {*result.table["group"], *result.faceless, *result.few}):
        tell(note.message, **note.values)
    overall = estimate(scan, {**options, "by": (), "metadata": None}) if options["by"] else None
    faces = _faces(scan, options) if options["faces"] else None
    if options["anonymous"]:  # only now: own labels and groups are found by their paths
        scan.hide_paths()
    warn_of_gone(scan)
    _write_tables(scan, result, overall, options)
    if options["files"]:
        write_table(scan.every_file, options["files"], dialect=options["csv_dialect"])
    if faces is not None:
        write_faces(faces, options["faces"], dialect=options["csv_dialect"])
    if options["html"] or options["png"]:
        _draw(scan, result, overall, options)
    if not options["quiet"]:
        _print(scan, result, overall, options)
    if options["verbose"]:
        told = scan.every_file.query("status in ('failed', 'left out', 'not read')")
        t = spoken_language()
        for reason, root, path in told[["reason", "root", "path"]].to_numpy():
            click.echo(f"{why_not_read(reason, t)}: {os.path.join(root, path)!a}", err=True)  # noqa: PTH118 -- odd names stay
    return UNREADABLE if scan.counts["failed"] else 0


def _review(scan: "Scan", options: dict[str, Any]) -> None:
    """Leave out the faces of ``--exclude-faces``, and write the page that shows them and the others."""
    listed = options["exclude_faces"]
    if options["review"]:
        from agestat.analysis.face_lists import read_left_out
        from agestat.report.face_pages import write_review_page

        groups = scan.groups(options["by"], **{key: options[key] for key in ("metadata", "trust_mtime")})
        left_out = read_left_out(listed, scan) if listed else []
        write_review_page(scan, groups.fillna("all"), left_out, options["review"], lang=options["lang"])
    if listed:
        scan.leave_out(listed)


def _faces(scan: "Scan", options: dict[str, Any]) -> "Iterator[pd.DataFrame]":
    """One row per face with its group, and the gender and band that it counts as."""
    keys = {key: options[key] for key in ("metadata", "trust_mtime")}
    names = scan.groups(options["by"], **keys) if options["by"] else None
    return scan.face_chunks(options["bands"], groups=names)


def _write_tables(
    scan: "Scan", result: "Estimate", overall: "Estimate | None", options: dict[str, Any]
) -> None:
    """The files of numbers."""
    import pandas as pd

    from agestat.report.export import result_rows, write_table
    from agestat.report.language import open_language
    from agestat.report.workbook import write_workbook

    rows = result_rows(result, overall)
    for kind in TABLES:
        if options[kind]:
            write_table(rows, options[kind], kind, dialect=options["csv_dialect"])
    for name in MORE_TABLES:
        if options[name]:
            both = [getattr(part, name) for part in (overall, result) if part is not None]
            write_table(pd.concat(both), options[name], dialect=options["csv_dialect"])
    if options["xlsx"]:
        t = open_language(options["lang"])
        write_workbook(scan, result, options["xlsx"], t, overall=overall, command=_command(options))


def command_line() -> str:
    """To repeat what was done."""
    return shlex.join(["agestat", *sys.argv[1:]])


def _command(options: dict[str, Any]) -> str | None:
    return None if options["anonymous"] else command_line()


def estimate(scan: "Scan", options: dict[str, Any]) -> "Estimate":
    """The estimate that `group_options` and `estimate_options` ask for."""
    method = "cc" if options["raw"] else options["method"]
    keys = ("bands", "labels", "metadata", "trust_mtime", "cluster", "level", "min_n")
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
            command=_command(options), overall=overall,
        )  # fmt: skip
    if options["png"]:
        figure = small_multiples(result, t=open_language(options["lang"]), theme=THEMES[options["theme"]])
        save_picture(figure, options["png"])


def warn_of_missing(scan: "Scan") -> None:
    """Say that a scan met no files, or only a part of them."""
    if not scan.counts["found"] and "archive" in scan.other_kinds:
        tell("No picture was found, but archives, which are not read: unpack them and scan again.")
    elif not scan.counts["found"]:
        tell("No picture was found: check the paths, and --include and --exclude.")
    if scan.run["finished_at"] is None:
        tell(
            "This scan was stopped after {number} files, and the numbers are of these alone: repeat "
            "`agestat scan` to finish it.",
            number=scan.counts["found"],
        )


def warn_of_gone(scan: "Scan") -> None:
    """Name folders that have lost all their pictures."""
    from agestat.report.left_out import empty_folders

    for sentence in empty_folders(scan, spoken_language()):
        click.echo(sentence, err=True)


def save_picture(figure: "Figure", target: str) -> None:
    """Write a figure and say what it could not show."""
    from agestat.report.figure_style import save_figure

    if missing := save_figure(figure, target):
        tell(
            "{target} shows boxes for {letters}: install a font that has these letters, or write SVG.",
            target=target,
            letters=missing[:20],
        )


def _print(scan: "Scan", result: "Estimate", overall: "Estimate | None", options: dict[str, Any]) -> None:
    """The summary; on standard error when a table goes to standard output."""
    from agestat.cli.terminal import Terminal
    from agestat.report.console import print_summary

    to_stdout = "-" in [options[key] for key in OUTPUTS]
    console = Terminal(stderr=to_stdout)
    print_summary(scan, result, console, options["lang"], overall=overall, verbose=options["verbose"])

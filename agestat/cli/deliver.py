"""From a scan to what the user asked to see; `scan` and `report` share it."""

from typing import TYPE_CHECKING, Any

import click

from agestat.errors import UsageError

if TYPE_CHECKING:
    from agestat.scan.result import Scan
    from agestat.stats.estimate import Estimate

TABLES = ("csv", "json", "parquet", "xlsx")
UNREADABLE = 3  # exit code: finished, but some files could not be read


def deliver(scan: "Scan", options: dict[str, Any]) -> int:
    """Estimate, write the files that ``options`` name, print the summary; returns the exit code."""
    from agestat.report.export import write_faces, write_table

    result = estimate(scan, options)
    for kind in TABLES:
        if options[kind]:
            write_table(result.table, options[kind], kind)
    if options["faces"]:
        write_faces(scan.faces, options["faces"])
    if not options["quiet"]:
        _print(scan, result, options)
    return UNREADABLE if scan.counts["failed"] else 0


def estimate(scan: "Scan", options: dict[str, Any]) -> "Estimate":
    """The estimate that `group_options` and `estimate_options` ask for."""
    if options["raw"] and options["method"]:
        raise UsageError("--raw and --method exclude each other: --raw is the method cc.")
    method = "cc" if options["raw"] else options["method"]
    keys = ("bands", "metadata", "trust_mtime", "cluster", "level")
    chosen = {key: options[key] for key in keys} | ({"method": method} if method else {})
    return scan.estimate(options["by"], **chosen)


def _print(scan: "Scan", result: "Estimate", options: dict[str, Any]) -> None:
    """The summary; on standard error when a table goes to standard output."""
    from rich.console import Console

    from agestat.report.console import print_summary

    to_stdout = "-" in [options[key] for key in (*TABLES, "faces")]
    print_summary(scan, result, Console(stderr=to_stdout), options["lang"])
    if options.get("verbose"):
        files = scan.files
        for row in files[files["status"] == "failed"].itertuples():
            click.echo(f"{row.reason}: {f'{row.root}/{row.path}'!a}", err=True)

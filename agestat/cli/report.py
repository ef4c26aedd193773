"""`agestat report`: page, figures and tables of a scan, without scanning again."""

from typing import Any

import click

from agestat.cli.headings import HeadedCommand
from agestat.cli.options import Scanned, estimate_options, group_options, output_options


@click.command(
    cls=HeadedCommand,
    epilog="\b\nExamples:\n  agestat report ~/photos --html report.html\n"
    "  agestat report ~/photos --by year --png pyramids.png\n"
    "  agestat report scan.sqlite --bands un5 --csv - --quiet",
)
@click.argument("scan", metavar="SCAN...", type=Scanned(), nargs=-1, required=True)
@group_options
@estimate_options
@output_options
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Also method, model and its known errors, and failed files."
)
def command(scan: tuple[str, ...], **options: Any) -> int:
    """Report what was scanned: summary, page, pyramid, tables.

    SCAN is a scanned folder, or several that were scanned together, or the store that `agestat scan --db`
    wrote. Nothing is scanned again.
    """
    from agestat.analysis.scan import Scan
    from agestat.cli.check import check
    from agestat.cli.deliver import deliver, warn_of_missing

    with Scan.open(*scan) as opened:
        check(options, opened.space, scan)
        warn_of_missing(opened)
        return deliver(opened, options)

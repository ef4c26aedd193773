"""`agestat label`: which faces to label by hand."""

import click

from agestat.cli.options import Target
from agestat.errors import UsageError

EXAMPLES = """\b
Examples:
  agestat label photos --n 300 --out to_label.csv
  agestat report photos --labels to_label.csv
"""


@click.command("label", epilog=EXAMPLES)
@click.argument("scan", metavar="SCAN", type=click.Path(exists=True))
@click.option(
    "--n",
    "count",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Faces to label; 200 to 500 make intervals safe and tight.",
)
@click.option("--out", type=Target(), required=True, help="Where to write the faces to label.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed draws others.")
def command(scan: str, count: int, out: str, seed: int) -> None:
    """Draw faces of SCAN to label by hand, so that its statistics hold whatever the model gets wrong.

    SCAN is a scanned folder or a store. Open each picture, fill the columns gender (female or male) and age
    (years, or a range like 20-29) as you perceive them, leave both empty where you cannot tell, and pass the
    file to `agestat report SCAN --labels FILE.csv`. The rows are in random order: label all of them, or the
    first so many, but do not pick.
    """
    from agestat.analysis.own_labels import draw_faces, holds_labels, write_faces
    from agestat.analysis.scan import Scan
    from agestat.cli.check import check_outputs
    from agestat.files import output_file

    check_outputs([out], [scan])
    if holds_labels(out):
        raise UsageError("{file} holds labels already: choose another name for the new one.", file=out)
    with Scan.open(scan) as opened:
        rows = draw_faces(opened, count, seed)
    with output_file(out) as stream:
        write_faces(rows, stream)
    name = "standard output" if out == "-" else out
    click.echo(
        f"{len(rows)} faces to label are in {name} now: fill gender and age as you perceive them.",
        err=out == "-",
    )

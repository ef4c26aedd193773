"""`agestat label`: which faces to label by hand."""

import click

from agestat.cli.options import Scanned, Target, lang_option, offer

EXAMPLES = """\b
Examples:
  agestat label photos --html label.html
  agestat label photos --n 300 --out to_label.csv
  agestat report photos --labels labels.csv
"""


@click.command("label", epilog=EXAMPLES)
@click.argument("scan", metavar="SCAN...", type=Scanned(), nargs=-1, required=True)
@click.option(
    "--n",
    "count",
    metavar="N",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Faces to label; 200 to 500 make intervals safe and tight.",
)
@click.option("--html", type=Target(), help="Write a page that shows each face and saves the labels.")
@click.option("--out", type=Target(), help="Write a CSV file of the faces, to fill in a spreadsheet.")
@click.option(
    "--seed", metavar="N", type=int, default=0, show_default=True, help="Another seed draws others."
)
@click.option(
    "--bands",
    metavar="BANDS",
    shell_complete=offer("marketing", "un5", "un10", "seed"),
    help="Age bands that the page offers, as for `agestat report`; years can be typed all the same.",
)
@lang_option
def command(
    scan: tuple[str, ...], count: int, html: str | None, out: str | None, seed: int, bands: str | None,
    lang: str | None,
) -> None:  # fmt: skip
    """Draw faces to label by hand: intervals become safe.

    SCAN is a scanned folder, or several that were scanned together, or a store. The page of --html works in
    any browser without a network, holds pictures of the faces, and saves the labels as a CSV file. In the
    file of --out, fill the columns gender (female or male) and age (years, or a range like 20-29) as you
    perceive them; leave both empty where you cannot tell.

    The faces are in random order: label all of them, or the first so many, but do not pick. Then
    run `agestat report SCAN --labels FILE.csv`.
    """
    from agestat.analysis.face_lists import write_list
    from agestat.analysis.own_labels import draw_faces, holds_labels
    from agestat.analysis.scan import DEFAULT_BANDS, Scan
    from agestat.cli.check import check_outputs, check_pages, check_tables
    from agestat.cli.messages import tell
    from agestat.errors import UsageError
    from agestat.files import output_file
    from agestat.report.face_pages import write_label_page
    from agestat.stats.bands import parse_bands

    if not (html or out):
        raise UsageError("There is nothing to write: name a page with --html or a file with --out.")
    check_outputs([html, out], scan)
    check_pages(html)
    check_tables(csv=out)
    if out and holds_labels(out):
        raise UsageError("{file} holds labels already: choose another name for the new one.", file=out)
    with Scan.open(*scan) as opened:
        faces = draw_faces(opened, count, seed)
        if html:
            chosen = parse_bands(bands or DEFAULT_BANDS[opened.space.name])
            write_label_page(opened, faces, chosen, html, lang=lang)
    if html:
        tell("{html} shows {number} faces to label: open it in a browser. It holds pictures of people; "
             "delete it when you are done.", html=html, number=len(faces))  # fmt: skip
    if out:
        with output_file(out) as stream:
            write_list(faces, stream)
        tell("{number} faces to label are in {name} now: fill gender and age as you perceive them.",
             number=len(faces), name=out)  # fmt: skip

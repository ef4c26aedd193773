"""The report as one HTML file: inline SVG and CSS, no script, nothing loaded from anywhere."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from agestat.files import output_file
from agestat.report import plots, words
from agestat.report.canvas import inline_svg
from agestat.report.language import Language, open_language
from agestat.report.markup import figure, foreign, heading, paragraph, safe, section, table
from agestat.report.model_card import model_section, reproduce_section

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan
    from agestat.stats.estimate import Estimate

SHOWN_FAILURES = 200  # files listed for each reason
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def write_html(
    scan: "Scan",
    estimate: "Estimate",
    target: str | Path,
    *,
    lang: str | None = None,
    thumbnails: bool = False,
    command: str | None = None,
    overall: "Estimate | None" = None,
) -> None:
    """Write the report to the file ``target`` (``-``: standard output).

    ``overall`` is the estimate without groups, where ``estimate`` has groups: it gives the first sentence and
    figure. ``command`` is the command line to print. With ``thumbnails`` the page shows some of the faces;
    without, nothing in it shows a person.
    """
    page = render(scan, estimate, lang=lang, thumbnails=thumbnails, command=command, overall=overall)
    with output_file(target) as stream:
        stream.write(page.encode("utf-8"))


def render(
    scan: "Scan",
    estimate: "Estimate",
    *,
    lang: str | None = None,
    thumbnails: bool = False,
    command: str | None = None,
    overall: "Estimate | None" = None,
) -> str:
    """The page of `write_html` as text."""
    t = open_language(lang)
    info = scan.model_info
    whole = overall or estimate
    grouped = estimate if len(estimate.groups) > 1 or overall is not None else None
    parts = [
        _opening(scan, whole, t),
        _whole(whole, t),
        _groups(grouped, t) if grouped else "",
        _time(grouped, t) if grouped else "",
        _ages(scan, t),
        _faces(scan, info, t) if thumbnails else "",
        _quality(scan, t),
        _method(estimate, t),
        model_section(info, t),
        reproduce_section(scan, estimate, command, t),
    ]
    css = resources.files("agestat.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="{t.code}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{safe(words.title(t))}</title>\n<style>\n{css}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(parts)}</main>\n</body>\n</html>\n"
    )


def _opening(scan: "Scan", whole: "Estimate", t: Language) -> str:
    """Title, the summary sentence, warnings, and the numbers of pictures and faces."""
    counts = scan.counts
    facts = (
        (counts["faces"], t.gettext("perceived faces counted")),
        (words.photos(scan), t.gettext("photos with faces")),
        (counts["no_face"] - counts["small_faces"], t.gettext("photos without a face")),
        (counts["failed"], t.gettext("files that could not be read")),
        (counts["faces_left_out"], t.gettext("faces left out as too small")),
    )
    tiles = "".join(f"<li><strong>{safe(t.number(n))}</strong>{safe(name)}</li>" for n, name in facts)
    notes = (safe(note) for note in words.warnings(whole, t))
    warnings = "".join(f'<p class="warning" role="note">{note}</p>\n' for note in notes)
    return (
        f"<header><h1>{safe(words.title(t))}</h1>\n"
        + paragraph(words.summary(scan, whole, t), "lead")
        + paragraph(words.perceived(t), "note")
        + f'{warnings}<ul class="facts">{tiles}</ul></header>\n'
    )


def _whole(whole: "Estimate", t: Language) -> str:
    """Pyramid and table of everything together."""
    if whole.groups != [words.EVERYTHING]:
        return ""
    title = t.gettext("Population pyramid")
    svg = inline_svg(plots.pyramid(whole, t=t), "pyramid", title, _described(whole, words.EVERYTHING, t))
    return section(
        title, figure(svg, _caption(whole, t), "main-figure"), _share_table(whole, words.EVERYTHING, t)
    )


def _caption(estimate: "Estimate", t: Language) -> str:
    return t.gettext(
        "Bars are shares corrected for the model's errors, whiskers their {level} intervals, dashed outlines "
        "the shares as counted.",
        level=t.percent(estimate.level, 0),
    )


def _described(estimate: "Estimate", group: str, t: Language) -> str:
    """A pyramid in words: its largest bar and the share of women."""
    cells = estimate.table[estimate.table["group"] == group]
    largest = cells.iloc[int(cells["share"].argmax())]
    female = estimate.margin(group, gender="female")
    return t.gettext(
        "{faces} perceived faces, {female} perceived as female; the largest bar is {gender} {band} with "
        "{share}. All numbers stand in the tables.",
        faces=t.number(estimate.faces(group)), female=t.percent(female["share"]),
        gender=t.term(largest["gender"]), band=t.term(largest["band"]), share=t.percent(largest["share"]),
    )  # fmt: skip


def _share_table(estimate: "Estimate", group: str, t: Language) -> str:
    """Corrected and counted shares of one group by band, the youngest first, and both margins."""
    heads = [t.gettext("perceived age")]
    for gender in ("female", "male", "all"):
        heads += [f"{t.term(gender)}, %", t.gettext("counted, %")]
    sides = [estimate.cells(group, gender).to_dict("index") for gender in ("female", "male")]
    both = [estimate.margin(group, gender=gender) for gender in ("female", "male")]
    lines = []
    for band in estimate.bands:
        mine = [*(side[band] for side in sides), estimate.margin(group, band=band)]
        lines.append([t.term(band), *_shares(mine, t)])
    lines.append([t.term(words.EVERYTHING), *_shares(both, t), "", ""])  # together they are 100 %
    caption = t.gettext("Shares of {group}, corrected (interval) and counted", group=t.group(group))
    return table(caption, heads, lines, muted=(2, 4, 6))


def _shares(mine: Sequence[Any], t: Language) -> list[str]:
    """Corrected and counted share of each row, side by side."""
    return [text for row in mine for text in (_share(row, t), t.number(100 * row["share_counted"], 1))]


def _share(row: Any, t: Language) -> str:
    return t.between(100 * row["share"], 100 * row["share_low"], 100 * row["share_high"])


def _groups(estimate: "Estimate", t: Language) -> str:
    """Small multiples on one scale, an overview, and the numbers of every group."""
    limit = plots.scale(estimate)
    panels, tables, lines = [], [], []
    for number, group in enumerate(estimate.groups):
        name = t.group(group)
        title = t.gettext("Population pyramid of {group}", group=name)
        svg = inline_svg(plots.panel(estimate, group, limit=limit, t=t), f"g{number}", title,
                         _described(estimate, group, t))  # fmt: skip
        panels.append(f"<div><h3>{safe(name)}</h3>{figure(svg)}</div>\n")
        tables.append(
            f"<details><summary>{safe(name)}</summary>{_share_table(estimate, group, t)}</details>\n"
        )
        female, age = estimate.margin(group, gender="female"), estimate.age(group)
        lines.append([
            name, t.number(estimate.faces(group)), _share(female, t),
            t.number(100 * female["share_counted"], 1), t.between(age["value"], age["low"], age["high"]),
            t.number(age["counted"], 1),
        ])  # fmt: skip
    heads = [t.gettext("group"), t.gettext("faces"), f"{t.term('female')}, %", t.gettext("counted, %"),
             t.gettext("mean perceived age"), t.gettext("counted, years")]  # fmt: skip
    return section(
        t.gettext("Groups"),
        table(t.gettext("Groups at a glance"), heads, lines, muted=(3, 5)),
        *(paragraph(sentence, "note") for sentence in words.faceless(estimate, t)),
        paragraph(_caption(estimate, t) + " " + t.gettext("All groups have the same scale."), "note"),
        f'<div class="grid">{"".join(panels)}</div>',
        heading(t.gettext("Numbers of each group")),
        *tables,
    )


def _time(estimate: "Estimate", t: Language) -> str:
    """Each gender and band over time, where groups are years or months."""
    if not plots.dates(estimate):
        return ""
    series = [("female", "all"), *(("all", band) for band in estimate.bands)]
    panels = []
    for number, (gender, band) in enumerate(series):
        name = t.term(gender if band == "all" else band)
        title = t.gettext("Share of {name} over time", name=name)
        svg = inline_svg(plots.over_time(estimate, gender=gender, band=band, t=t), f"t{number}", title,
                         t.gettext("The same numbers stand in the tables of the groups."))  # fmt: skip
        panels.append(figure(svg))
    caption = t.gettext(
        "Lines are corrected shares with their intervals, dashed lines the shares as counted."
    )
    return section(
        t.gettext("Over time"), paragraph(caption, "note"), f'<div class="grid">{"".join(panels)}</div>'
    )


def _ages(scan: "Scan", t: Language) -> str:
    """The histogram of ages by year, where the model tells years apart."""
    if scan.run.get("space") != "years" or not scan.counts["faces"]:
        return ""
    title = t.gettext("Ages by year")
    chunks = (chunk.probabilities for chunk in scan.chunks())  # all that the histogram needs
    faces = pd.concat(
        pd.DataFrame({"p_female": scan.space.p_female(chunk), "age": scan.space.age(chunk)})
        for chunk in chunks
    )
    svg = inline_svg(
        plots.age_histogram(faces, t=t), "ages", title,
        t.gettext("Histogram of {faces} faces by perceived age; the middle one is {age}.",
                  faces=t.number(len(faces)), age=t.number(faces["age"].median())),
    )  # fmt: skip
    caption = t.gettext("Each face at its most likely gender and its expected age; not corrected for errors.")
    return section(title, figure(svg, caption, "main-figure"))


def _faces(scan: "Scan", info: dict[str, Any], t: Language) -> str:
    """Some of the faces, which identify people: only on request."""
    from agestat.report.thumbnails import thumbnails

    alt = safe(t.gettext("A face of the collection"))
    images = "".join(f'<img alt="{alt}" src="{source}">' for source in thumbnails(scan))
    warning = t.gettext("These pictures can identify people: do not pass this page on without their consent.")
    return section(t.gettext("Faces"), paragraph(warning, "warning"), f'<div class="faces">{images}</div>')


def _quality(scan: "Scan", t: Language) -> str:
    """What was not counted and why."""
    failed = scan.failed
    lists = []
    for reason, count in scan.failures.items():
        paths = failed.loc[failed["reason"] == reason, "path"]
        items = "".join(f"<li>{safe(path)}</li>" for path in paths.iloc[:SHOWN_FAILURES])
        if count > SHOWN_FAILURES:
            more = t.gettext("and {number} more", number=t.number(count - SHOWN_FAILURES))
            items += f"<li>{safe(more)}</li>"
        lists.append(f"<details><summary>{safe(t.number(count))} × {safe(t.term(str(reason)))}</summary>"
                     f"<ul>{items}</ul></details>\n")  # fmt: skip
    sentences = "".join(f"<li>{safe(sentence)}</li>" for sentence in words.quality(scan, t))
    return section(
        t.gettext("Data quality"),
        f"<ul>{sentences}</ul>\n",
        heading(t.gettext("Files that could not be read, by reason")) if lists else "",
        *lists,
    )


def _method(estimate: "Estimate", t: Language) -> str:
    """How shares and intervals were made, in plain words, with the papers."""
    papers = "".join(f"<li>{foreign(paper)}</li>" for paper in words.PAPERS)
    return section(
        t.gettext("Method"),
        paragraph(words.method(estimate, t)),
        *(paragraph(text) for text in [*words.cut_ages(estimate, t), *words.explanation(t)]),
        heading(t.gettext("References")),
        f"<ul>{papers}</ul>\n",
    )

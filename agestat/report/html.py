"""The report as one HTML file: inline SVG and CSS, no script, nothing loaded from anywhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from agestat.report import plots, words
from agestat.report.figure_style import inline_svg
from agestat.report.language import Language, open_language
from agestat.report.left_out import kind_of_files
from agestat.report.model_card import made_how, model_card
from agestat.report.page import Table, environment, write_page
from agestat.report.warnings import labels_used, unlike_groups, warnings

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan
    from agestat.stats.estimate import Estimate

SHOWN_FILES = 200  # files listed for each reason or kind
DRAWN_GROUPS = 40  # the largest; of hundreds nobody looks at every figure, and a page would take minutes


def write_html(scan: "Scan", estimate: "Estimate", target: str | Path, **options: Any) -> None:
    """Write the report to the file ``target`` (``-``: standard output); options are those of `render`."""
    write_page(render(scan, estimate, **options), target)


def render(
    scan: "Scan",
    estimate: "Estimate",
    *,
    lang: str | None = None,
    thumbnails: bool = False,
    command: str | None = None,
    overall: "Estimate | None" = None,
) -> str:
    """The page as text.

    ``overall`` is the estimate without groups, where ``estimate`` has groups: it gives the first sentence and
    figure. ``command`` is the command line to print. With ``thumbnails`` the page shows some of the faces;
    without, nothing in it shows a person.
    """
    t = open_language(lang)
    whole = overall or estimate
    grouped = estimate if len(estimate.groups) > 1 or overall is not None else None
    values = {
        "title": words.title(t),
        "summary": words.summary(scan, whole, t),
        "perceived": words.perceived(t),
        "warnings": [*warnings(whole, t), *unlike_groups(estimate, t)],
        "facts": [(t.number(number), name) for number, name in _facts(scan, t)],
        "whole": _panel(whole, words.EVERYTHING, t) if whole.groups == [words.EVERYTHING] else None,
        "pyramid_caption": _caption(whole, t),
        "groups": _groups(grouped, t) if grouped else None,
        "times": list(_times(grouped, t)) if grouped else [],
        "ages": None if words.EVERYTHING in whole.few else _ages(scan, t),
        "faces": _faces(scan) if thumbnails else None,
        "quality": list(words.quality(scan, t)),
        "failures": list(_failures(scan, t)),
        "others": list(_other_files(scan, t)),
        "method": [
            words.method(estimate, t),
            *labels_used(estimate, t),
            *words.cut_ages(estimate, t),
            *words.surer(estimate, t),
            *words.explanation(estimate, t),
        ],
        "papers": words.PAPERS,
        "model": model_card(scan.model_info, t),
        "command": command,
        "made_how": made_how(scan, estimate, t),
        "citation": words.citation(scan, whole, t),
    }
    return environment(t).get_template("report.html").render(values)


def _facts(scan: "Scan", t: Language) -> Iterator[tuple[int, str]]:
    """The numbers of pictures and faces."""
    counts = scan.counts
    yield counts["faces"], t.gettext("perceived faces counted")
    yield words.photos(scan), t.gettext("photos with faces")
    yield counts["no_face"] - counts["small_faces"], t.gettext("photos without a face")
    yield counts["failed"], t.gettext("files that could not be read")
    yield counts["faces_left_out"], t.gettext("faces left out as too small")
    if counts["faces_left_out_by_you"]:
        yield counts["faces_left_out_by_you"], t.gettext("faces left out by you")


def _svg(figure: Any, name: str, title: str, description: str) -> Markup:
    return Markup(inline_svg(figure, name, title, description))


def _panel(whole: "Estimate", group: str, t: Language) -> dict[str, Any]:
    """Pyramid and table of everything together."""
    svg = _svg(
        plots.pyramid(whole, t=t), "pyramid", t.gettext("Population pyramid"), _described(whole, group, t)
    )
    return {"svg": svg, "table": _share_table(whole, group, t)}


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


def _share_table(estimate: "Estimate", group: str, t: Language) -> Table:
    """Corrected and counted shares of one group by band, the youngest first, and both margins."""
    heads = [t.gettext("perceived age")]
    for gender in ("female", "male", "all"):
        heads += [f"{t.term(gender)}, %", t.gettext("counted, %")]
    sides = [estimate.cells(group, gender).to_dict("index") for gender in ("female", "male")]
    both = [estimate.margin(group, gender=gender) for gender in ("female", "male")]
    rows = [
        [t.term(band), *_shares([*(side[band] for side in sides), estimate.margin(group, band=band)], t)]
        for band in estimate.bands
    ]
    rows.append([t.term(words.EVERYTHING), *_shares(both, t), "", ""])  # together they are 100 %
    caption = t.gettext("Shares of {group}, corrected (interval) and counted", group=t.group(group))
    return Table(caption, heads, rows, muted=(2, 4, 6))


def _shares(mine: Sequence[Any], t: Language) -> list[str]:
    """Corrected and counted share of each row, side by side."""
    return [text for row in mine for text in (_share(row, t), t.number(100 * row["share_counted"], 1))]


def _share(row: Any, t: Language) -> str:
    return t.between(100 * row["share"], 100 * row["share_low"], 100 * row["share_high"])


def _groups(estimate: "Estimate", t: Language) -> dict[str, Any]:
    """Small multiples on one scale of the largest groups, an overview of all, and the numbers of each that
    is drawn."""
    limit = plots.scale(estimate)
    drawn = set(sorted(estimate.groups, key=estimate.faces, reverse=True)[:DRAWN_GROUPS])
    panels, rows = [], []
    for number, group in enumerate(estimate.groups):
        title = t.gettext("Population pyramid of {group}", group=t.group(group))
        if group in drawn:
            figure = plots.panel(estimate, group, limit=limit, t=t)
            panels.append({
                "name": t.group(group),
                "svg": _svg(figure, f"g{number}", title, _described(estimate, group, t)),
                "table": _share_table(estimate, group, t),
            })  # fmt: skip
        female, age = estimate.margin(group, gender="female"), estimate.age(group)
        rows.append([
            t.group(group), t.number(estimate.faces(group)), _share(female, t),
            t.number(100 * female["share_counted"], 1), t.between(age["value"], age["low"], age["high"]),
            t.number(age["counted"], 1),
        ])  # fmt: skip
    heads = [t.gettext("group"), t.gettext("faces"), f"{t.term('female')}, %", t.gettext("counted, %"),
             t.gettext("mean perceived age"), t.gettext("counted, years")]  # fmt: skip
    overview = Table(t.gettext("Groups at a glance"), heads, rows, muted=(3, 5))
    notes = list(words.left_out(estimate, t))
    if more := len(estimate.groups) - len(drawn):
        notes.append(
            t.ngettext(
                "{number} smaller group stands in the table only; --csv FILE writes all its numbers.",
                "{number} smaller groups stand in the table only; --csv FILE writes all their numbers.",
                more,
            )
        )
    return {"overview": overview, "left_out": notes, "panels": panels}


def _times(estimate: "Estimate", t: Language) -> Iterator[Markup]:
    """Each gender and band over time, where groups are years or months."""
    if not plots.dates(estimate):
        return
    for number, (gender, band) in enumerate([("female", "all"), *(("all", band) for band in estimate.bands)]):
        name = t.term(gender if band == "all" else band)
        title = t.gettext("Share of {name} over time", name=name)
        yield _svg(plots.over_time(estimate, gender=gender, band=band, t=t), f"t{number}", title,
                   t.gettext("The same numbers stand in the tables of the groups."))  # fmt: skip


def _ages(scan: "Scan", t: Language) -> Markup | None:
    """The histogram of faces by year of age, where the model tells years apart."""
    if scan.run.get("space") != "years" or not scan.counts["faces"]:
        return None
    chunks = (chunk.probabilities for chunk in scan.chunks())  # all that the histogram needs
    faces = pd.concat(
        pd.DataFrame({"p_female": scan.space.p_female(chunk), "age": scan.space.age(chunk)})
        for chunk in chunks
    )
    return _svg(
        plots.age_histogram(faces, t=t), "ages", t.gettext("Faces by year of age"),
        t.gettext("Histogram of {faces} faces by perceived age; the middle one is {age}.",
                  faces=t.number(len(faces)), age=t.number(faces["age"].median())),
    )  # fmt: skip


def _faces(scan: "Scan") -> list[str]:
    """Some of the faces, which identify people: only on request."""
    from agestat.report.thumbnails import thumbnails

    return list(thumbnails(scan))


def _failures(scan: "Scan", t: Language) -> Iterator[dict[str, Any]]:
    """Files that could not be read, by reason."""
    failed = scan.failed
    for reason, count in scan.failures.items():
        paths = failed.loc[failed["reason"] == reason, "path"]
        yield {"what": f"{t.number(count)} × {t.term(str(reason))}", "paths": _shown(paths, t)}


def _other_files(scan: "Scan", t: Language) -> Iterator[dict[str, Any]]:
    """Files of other kinds than pictures, and those that machines keep beside them, by kind."""
    every = scan.every_file
    for kind, count in scan.other_kinds.items():
        paths = every.loc[(every["reason"] == kind) & every["status"].isin(("left out", "not read")), "path"]
        yield {"what": kind_of_files(kind, count, t), "paths": _shown(paths, t)}


def _shown(paths: pd.Series, t: Language) -> list[str]:
    """The first of them, and how many more there are."""
    more = len(paths) - SHOWN_FILES
    end = [t.gettext("and {number} more", number=t.number(more))] if more > 0 else []
    return [*paths.iloc[:SHOWN_FILES], *end]

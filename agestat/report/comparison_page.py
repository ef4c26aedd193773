"""A comparison as one HTML file, made as the report is."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from agestat.analysis.comparison import GroupComparison
from agestat.report import words
from agestat.report.comparison import citation, said, shown, tables
from agestat.report.figure_style import inline_svg
from agestat.report.language import open_language
from agestat.report.page import Table, environment
from agestat.report.plots import forest, group_forest
from agestat.stats.compare import Comparison


def render_comparison(
    found: Comparison | GroupComparison,
    run: Mapping[str, Any],
    *,
    lang: str | None = None,
    command: str | None = None,
) -> str:
    """The page as text: sentences, figure, table, how it was made and what to cite. ``run`` is that of a
    scan, ``command`` the command line."""
    t = open_language(lang)
    told, known = said(found, t)
    shown_tables = [(heads, rows) for heads, rows in tables(found, t) if rows]
    title = t.gettext("Perceived age and gender, compared")
    figure = None
    if isinstance(found, GroupComparison):
        figure = group_forest(found, t=t) if shown_tables else None
    elif shown_tables:
        figure = forest(shown(found), names=found.names, t=t)
    svg = (
        Markup(inline_svg(figure, "differences", t.gettext("Differences"), " ".join(told))) if figure else ""
    )
    caption = t.gettext("Differences with their intervals; * is a clear one")
    values = {
        "title": title, "told": told, "perceived": words.perceived(t), "known": known, "svg": svg,
        "tables": [Table(caption, heads, rows) for heads, rows in shown_tables],
        "command": command, "papers": words.PAPERS, "citation": citation(found, run, t),
    }  # fmt: skip
    return environment(t).get_template("comparison.html").render(values)

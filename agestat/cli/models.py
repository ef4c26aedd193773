"""``agestat models``."""

import json

import click

from agestat.cli.options import lang_option
from agestat.errors import N_

TELLS = {
    "years": N_("2 genders, ages 0 to 100"),
    "six": N_("6 classes: 2 genders, each as child (0-12), adult (18-64) or old (65+)"),
}


@click.command("models", epilog="\b\nExamples:\n  agestat models\n  agestat models --json")
@click.option("--json", "as_json", is_flag=True, help="Everything in the models' descriptions, as JSON.")
@lang_option
def command(as_json: bool, lang: str | None) -> None:
    """List the shipped models: terms, labels, measured accuracy."""
    from agestat.model.checkpoint import list_models

    models = list_models()
    if as_json:
        click.echo(json.dumps(models, indent=2, ensure_ascii=False))
        return
    from rich.table import Column, Table

    from agestat.cli.terminal import Terminal
    from agestat.report.console import Screen
    from agestat.report.known_error import known_error

    screen = Screen(Terminal(), lang)
    t = screen.t
    heads = (t.gettext("model"), t.gettext("perceived"), t.gettext("looks at"), t.gettext("terms"),
             t.gettext("measured (95 % interval)"))  # fmt: skip
    table = Table(*(Column(screen.spell(head), overflow="fold") for head in heads), show_lines=True)
    for info in models:
        measured = map(screen.spell, known_error(info, t))
        by = t.gettext("every face") if info["crop"] == "faces" else t.gettext("whole picture")
        told = screen.spell(t.term(TELLS[info["space"]]))
        table.add_row(info["name"], told, screen.spell(by), info.get("terms", ""), "\n".join(measured))
    screen.console.print(table)

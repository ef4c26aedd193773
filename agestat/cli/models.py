"""``agestat models``."""

import json

import click

TELLS = {
    "years": "2 genders, ages 0 to 100",
    "six": "6 classes: 2 genders, each as child (0-12), adult (18-64) or old (65+)",
}


@click.command("models", epilog="\b\nExamples:\n  agestat models\n  agestat models --json")
@click.option("--json", "as_json", is_flag=True, help="Everything in the models' descriptions, as JSON.")
def command(as_json: bool) -> None:
    """List the shipped models: terms, label space, measured accuracy."""
    from agestat.model.checkpoint import list_models

    models = list_models()
    if as_json:
        click.echo(json.dumps(models, indent=2, ensure_ascii=False))
        return
    from rich.table import Column, Table

    from agestat.cli.terminal import Terminal
    from agestat.report.console import Screen
    from agestat.report.known_error import known_error

    screen = Screen(Terminal(), "en")
    heads = ("model", "perceived", "looks at", "terms", "measured (95 % interval)")
    table = Table(*(Column(head, overflow="fold") for head in heads), show_lines=True)
    for info in models:
        measured = map(screen.spell, known_error(info, screen.t))
        by = "every face" if info["crop"] == "faces" else "whole picture"
        table.add_row(info["name"], TELLS[info["space"]], by, info.get("terms", ""), "\n".join(measured))
    screen.console.print(table)

"""``agestat models``."""

import json

import click


@click.command("models", epilog="\b\nExamples:\n  agestat models\n  agestat models --json")
@click.option("--json", "as_json", is_flag=True, help="Everything in the models' descriptions, as JSON.")
def command(as_json: bool) -> None:
    """List the shipped models: terms, label space, measured accuracy."""
    from agestat.model.checkpoint import list_models
    from agestat.model.labels import SPACES

    models = list_models()
    if as_json:
        click.echo(json.dumps(models, indent=2, ensure_ascii=False))
        return
    from rich.table import Table

    from agestat.cli.terminal import Terminal
    from agestat.training.card import HEADLINES, figure

    table = Table("model", "cells", "perceived by", "terms", "measured (95 % interval)", show_lines=True)
    for info in models:
        measured = [
            f"{name}: {title} {figure(metrics[key])}"
            for name, metrics in info["metrics"].items()
            for key, title in HEADLINES
            if key in ("f1_macro", "gender_accuracy", "age_mae") and metrics.get(key) is not None
        ]
        by = "every face" if info["crop"] == "faces" else "whole picture"
        cells = SPACES[info["space"]]
        table.add_row(
            info["name"], f"{cells.size} ({cells.name})", by, info.get("terms", ""), "\n".join(measured)
        )
    Terminal().print(table)

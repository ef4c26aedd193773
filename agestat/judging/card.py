"""Model cards: the checkpoint's ``README.md``, made from ``model.json`` and nothing else."""

from pathlib import Path
from typing import Any

from agestat.model.checkpoint import read_info

HEADLINES = (
    ("f1_macro", "macro F1"),
    ("f1_micro", "micro F1"),
    ("accuracy", "accuracy"),
    ("gender_accuracy", "gender accuracy"),
    ("gender_f1_macro", "gender macro F1"),
    ("age_mae", "age MAE, years"),
    ("age_mae_median", "median age error, years"),
    ("age_band_accuracy", "age bucket accuracy"),
    ("ece", "expected calibration error"),
)
LIMITS = {
    "faces": (
        "Two genders and an age are what labellers *perceived*, not a person's identity or birth date.",
        "Where labels name buckets of ages, the years inside a bucket are the network's interpolation.",
        "Small, blurred, turned or covered faces are judged worse: see the slices above, and use the "
        "corrected shares with their intervals, which `agestat scan` computes from held-out pictures.",
        "Not for decisions about single persons.",
    ),
    "whole": (
        "One main character per picture; pictures with several are given one class.",
        "Characters that the training set lacks are judged worse: see the split of unseen characters.",
        "Rare classes rest on few pictures: read their F1 with its interval.",
    ),
}


def figure(value: Any, digits: int = 3) -> str:
    """``0.912 (0.901 to 0.923)`` of a measure with its interval, or a bare number."""
    if not isinstance(value, dict):
        return "–" if value is None else f"{value:.{digits}f}"
    if value.get("value") is None:
        return "–"
    return f"{value['value']:.{digits}f} ({value['low']:.{digits}f} to {value['high']:.{digits}f})"


def _measures(metrics: dict[str, Any]) -> list[str]:
    lines = ["| measure | value (95 % interval) |", "| --- | --- |", f"| pictures | {metrics['n']} |"]
    for key, title in HEADLINES:
        if metrics.get(key) is not None:
            lines.append(f"| {title} | {figure(metrics[key])} |")
    for name, value in (metrics.get("f1_per_class") or {}).items():
        lines.append(f"| F1 of {name} | {figure(value)} |")
    return lines


def _slices(metrics: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for title, rows in (metrics.get("slices") or {}).items():
        measures = [key for key, _ in HEADLINES if any(row.get(key) is not None for row in rows.values())]
        names = dict(HEADLINES)
        lines += ["", f"By {title.replace('_', ' ')}:", ""]
        lines.append("| | pictures | " + " | ".join(names[key] for key in measures) + " |")
        lines.append("| --- " * (2 + len(measures)) + "|")
        for name, row in rows.items():
            cells = [figure(row.get(key)) for key in measures]
            lines.append(f"| {name} | {row['n']} | " + " | ".join(cells) + " |")
    return lines


def _confusion(metrics: dict[str, Any]) -> list[str]:
    confusion = metrics.get("confusion")
    if not confusion:
        return []
    labels = confusion["labels"]
    lines = ["", "Confusion (rows true, columns predicted):", "", "| | " + " | ".join(labels) + " |"]
    lines.append("| --- " * (1 + len(labels)) + "|")
    for label, row in zip(labels, confusion["matrix"], strict=True):
        lines.append(f"| {label} | " + " | ".join(str(count) for count in row) + " |")
    return lines


def card(info: dict[str, Any]) -> str:
    """The model card as Markdown."""
    data = [f"- {one['name']}: {one['pictures']} pictures. {one['terms']}" for one in info["data"]]
    teachers = ", ".join(info["teachers"]) or "none"
    lines = [
        f"# Model `{info['name']}`",
        "",
        f"{info['architecture']}, {info['about']}. It says what age and gender a person is *perceived* to "
        "have by people who labelled pictures; it says nothing of who a person is, and identifies nobody.",
        "",
        "## What it was trained on",
        "",
        *data,
        f"- initial weights: {info['init']}; teachers: {teachers}",
        f"- terms of these weights: {info['terms']}",
        "",
        f"{info['trained_on']} pictures, {info['epochs']} epochs, {info['seconds'] / 60:.0f} minutes, seed "
        f"{info['seed']}, commit `{info['commit'][:12]}`:",
        "",
        f"    {info['command']}",
        "",
        f"Input: {info['input_size']} x {info['input_size']} pixels, "
        + ("the square of the face box's longer side" if info["crop"] == "faces" else "the whole picture")
        + (", judged together with its mirror image." if info.get("mirrored") else "."),
        "",
        "## How good it is",
    ]
    for name, metrics in info["metrics"].items():
        lines += ["", f"### {name}", "", f"    {metrics['command']}", ""]
        lines += _measures(metrics) + _confusion(metrics) + _slices(metrics)
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in LIMITS[info["crop"]])]
    return "\n".join(lines).rstrip() + "\n"


def write_card(folder: Path) -> None:
    """Write ``README.md`` of a checkpoint folder."""
    (folder / "README.md").write_text(card(read_info(folder)), encoding="utf-8")

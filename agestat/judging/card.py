"""What a model is worth, as tables, and its card: the checkpoint's ``README.md``, made from ``model.json``
and nothing else. `agestat eval` and the page of a report show the same tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from agestat.errors import N_
from agestat.model.checkpoint import read_info


class Measure(NamedTuple):
    """A figure of `agestat.judging.metrics.report`: what multiplies it to be in the title's unit, and the key
    in ``counted`` of the pictures that it rests on."""

    title: str
    scale: float
    counted: str


MEASURES = {
    "gender_accuracy": Measure(N_("gender right, %"), 100, "gender"),
    "gender_f1_macro": Measure(N_("macro F1 of gender, %"), 100, "gender"),
    "age_mae": Measure(N_("mean age error, years"), 1, "exact_age"),
    "age_mae_median": Measure(N_("median age error, years"), 1, "exact_age"),
    "range_distance": Measure(N_("distance to the labelled range, years"), 1, "age_range"),
    "age_band_accuracy": Measure(N_("age range right, %"), 100, "age_band"),
    "accuracy": Measure(N_("class right, %"), 100, "classes"),
    "f1_macro": Measure(N_("macro F1, %"), 100, "classes"),
    "f1_micro": Measure(N_("micro F1, %"), 100, "classes"),
    "ece": Measure(N_("expected calibration error, %"), 100, "classes"),
}
SLICED = {
    "decade": N_("by labelled age"), "gender": N_("by labelled gender"), "sharpness": N_("by sharpness"),
    "size": N_("by size of the face"), "brightness": N_("by brightness"),
}  # fmt: skip
ALL, CLASSES, CONFUSION = N_("as a whole"), N_("by class"), N_("true class by judged class")


class CardTable(NamedTuple):
    """Numbers as a table: ``about`` is `ALL`, `CLASSES`, `CONFUSION` or of `SLICED`; ``heads`` name the
    columns, each of ``rows`` begins with its name. A cell is a count, ``(value, low, high)`` in the unit of
    its head, low and high None where no interval is known, or None."""

    about: str
    heads: list[str]
    rows: list[tuple[str, list[Any]]]


def card_tables(metrics: dict[str, Any]) -> Iterator[CardTable]:
    """The figures of one judged set (see `agestat.judging.metrics.report`) as tables."""
    counted, found = metrics.get("counted", {}), _measured([metrics])
    rows = [
        (MEASURES[key].title, [_cell(metrics, key), counted.get(MEASURES[key].counted, metrics.get("n"))])
        for key in found
    ]
    yield CardTable(ALL, [N_("measure"), N_("value (95 % interval)"), N_("pictures")], rows)
    confusion = metrics.get("confusion")
    if confusion:
        labels, matrix = confusion["labels"], confusion["matrix"]
        named = {label: sum(row) for label, row in zip(labels, matrix, strict=True)}
        f1 = metrics["f1_per_class"]
        yield CardTable(
            CLASSES, [N_("class"), N_("F1, %"), N_("pictures")],
            [(name, [_scaled(f1[name], 100), named[name]]) for name in labels if f1[name] is not None],
        )  # fmt: skip
        yield CardTable(CONFUSION, ["", *labels], list(zip(labels, matrix, strict=True)))
    for kind, parts in (metrics.get("slices") or {}).items():
        found = _measured(list(parts.values()))
        heads = [N_("part"), N_("pictures"), *(MEASURES[key].title for key in found)]
        rows = [(name, [part.get("n"), *(_cell(part, key) for key in found)]) for name, part in parts.items()]
        yield CardTable(SLICED.get(kind, kind), heads, rows)


def _measured(parts: list[dict[str, Any]]) -> list[str]:
    return [key for key in MEASURES if any(part.get(key) is not None for part in parts)]


def _cell(part: dict[str, Any], key: str) -> tuple[float, float | None, float | None] | None:
    return _scaled(part.get(key), MEASURES[key].scale)


def _scaled(figure: dict[str, Any] | None, scale: float) -> tuple[float, float | None, float | None] | None:
    if figure is None:
        return None
    low, high = (None if figure.get(side) is None else scale * figure[side] for side in ("low", "high"))
    return scale * figure["value"], low, high


def in_words(cell: Any) -> str:
    """A cell of a `CardTable` in English: ``93.7 (93.1–94.2)``."""
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return f"{cell:,}"
    value, low, high = cell
    return f"{value:.1f}" if low is None else f"{value:.1f} ({low:.1f}–{high:.1f})"


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


def _markdown(table: CardTable) -> list[str]:
    lines = ["", f"{table.about[0].upper()}{table.about[1:]}:", "", "| " + " | ".join(table.heads) + " |"]
    lines.append("| --- " * len(table.heads) + "|")
    lines += [f"| {' | '.join([name, *map(in_words, cells)])} |" for name, cells in table.rows]
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
        *(line for limit in info.get("limits", ()) for line in (limit, "")),
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
    if calibration := info.get("calibration"):
        kinds = ", ".join(f"{name} {count:,}" for name, count in calibration["domains"].items())
        kept = f" and, each worth little, {n:,} that it came with" if (n := calibration.get("kept")) else ""
        words = f"Its errors are known from {calibration['pictures']:,} pictures ({kinds}){kept}:"
        lines[-2:-2] = ["", words, "", f"    {calibration['command']}"]
    for name, metrics in info["metrics"].items():
        lines += ["", f"### {name}: {metrics['n']:,} pictures", "", f"    {metrics['command']}"]
        lines += [line for table in card_tables(metrics) for line in _markdown(table)]
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in LIMITS[info["crop"]])]
    return "\n".join(lines).rstrip() + "\n"


def write_card(folder: Path) -> None:
    """Write ``README.md`` of a checkpoint folder."""
    (folder / "README.md").write_text(card(read_info(folder)), encoding="utf-8")

"""Exploratory plots of a labelled set."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from agestat.errors import N_
from agestat.report.labelled_sets import class_name
from agestat.report.language import Language

UNLABELLED = N_("gender not labelled")
# Okabe and Ito's, told apart by the colour-blind
COLOURS = {"female": "#d55e00", "male": "#0072b2", UNLABELLED: "#777777"}
QUALITIES = {"sharpness": N_("sharpness: variance of the Laplacian"),
             "brightness": N_("brightness: mean grey, 0-255"),
             "side": N_("side: shorter side, pixels")}  # fmt: skip


def plot_set(frame: pd.DataFrame, balance: pd.DataFrame, folder: Path, t: Language) -> list[Path]:
    """Write ``ages.png``, ``classes.png`` and ``quality.png`` into the given folder; returns their paths.

    ``frame`` and ``balance`` are those of `agestat.labelled.check`.
    """
    paths = []
    for name, figure in set_figures(frame, balance, t).items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=120)
    return paths


def set_figures(frame: pd.DataFrame, balance: pd.DataFrame, t: Language) -> dict[str, Figure]:
    """The figures of `plot_set` by name."""
    return {"ages": _ages(frame, t), "classes": _classes(balance, t), "quality": _quality(frame, t)}


def _ages(frame: pd.DataFrame, t: Language) -> Figure:
    """Years where they are known, else buckets; bars of the genders side by side."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    known = frame["gender"].fillna(UNLABELLED)
    genders = {gender: frame[known == gender] for gender in COLOURS if (known == gender).any()}
    colours = [COLOURS[gender] for gender in genders]
    if frame["age"].notna().any():
        years = np.arange(0, frame["age"].max() + 2).tolist()
        values = [rows["age"].dropna() for rows in genders.values()]
        axes.hist(values, bins=years, color=colours, label=list(map(t.term, genders)), stacked=True)
        axes.set_xlabel(t.gettext("labelled age, years"))
    elif len(frame["ages"].cat.categories):
        counts = pd.DataFrame(
            {t.term(gender): rows["ages"].value_counts(sort=False) for gender, rows in genders.items()}
        )
        counts.plot.bar(ax=axes, color=dict(zip(counts, colours, strict=True)), width=0.8, rot=0)
        axes.set_xlabel(t.gettext("labelled age bucket, years"))
    else:
        axes.text(0.5, 0.5, t.gettext("no ages are labelled"), ha="center", transform=axes.transAxes)
    axes.set(ylabel=t.gettext("pictures"), title=t.gettext("Perceived age by perceived gender, as labelled"))
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    return figure


def _classes(balance: pd.DataFrame, t: Language) -> Figure:
    figure = Figure(figsize=(8, 1.5 + 0.3 * len(balance)), layout="constrained")
    axes = figure.subplots()
    counts = balance[::-1].rename(index=lambda name: class_name(str(name), t)).rename_axis(columns=None)
    counts.plot.barh(ax=axes, stacked=True, colormap="cividis")
    axes.set(xlabel=t.gettext("pictures"), ylabel="", title=t.gettext("Class balance by split"))
    return figure


def _quality(frame: pd.DataFrame, t: Language) -> Figure:
    figure = Figure(figsize=(11, 3.5), layout="constrained")
    values = frame.assign(side=frame[["width", "height"]].min(axis=1))
    for axes, (name, label) in zip(figure.subplots(1, len(QUALITIES)), QUALITIES.items(), strict=True):
        for split, rows in values.groupby("split"):
            axes.hist(rows[name], bins=40, histtype="step", density=True, label=split)
        axes.set(xlabel=t.term(label), yticks=[])
    axes.legend()
    figure.suptitle(t.gettext("Picture quality by split (share of pictures)"))
    return figure

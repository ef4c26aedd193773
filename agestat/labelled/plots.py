"""Exploratory plots of a labelled set."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

UNLABELLED = "gender not labelled"
# Okabe and Ito's, told apart by the colour-blind
COLOURS = {"female": "#d55e00", "male": "#0072b2", UNLABELLED: "#777777"}
QUALITIES = {"sharpness": "variance of the Laplacian", "brightness": "mean grey, 0-255",
             "side": "shorter side, pixels"}  # fmt: skip


def plot_set(frame: pd.DataFrame, balance: pd.DataFrame, folder: Path) -> list[Path]:
    """Write ``ages.png``, ``classes.png`` and ``quality.png`` into the given folder; returns their paths.

    ``frame`` and ``balance`` are those of `agestat.labelled.check`.
    """
    figures = {"ages": _ages(frame), "classes": _classes(balance), "quality": _quality(frame)}
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=120)
    return paths


def _ages(frame: pd.DataFrame) -> Figure:
    """Years where they are known, else buckets; bars of the genders side by side."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    known = frame["gender"].fillna(UNLABELLED)
    genders = {gender: frame[known == gender] for gender in COLOURS if (known == gender).any()}
    colours = [COLOURS[gender] for gender in genders]
    if frame["age"].notna().any():
        years = np.arange(0, frame["age"].max() + 2).tolist()
        values = [rows["age"].dropna() for rows in genders.values()]
        axes.hist(values, bins=years, color=colours, label=list(genders), stacked=True)
        axes.set_xlabel("labelled age, years")
    elif len(frame["ages"].cat.categories):
        counts = pd.DataFrame(
            {gender: rows["ages"].value_counts(sort=False) for gender, rows in genders.items()}
        )
        counts.plot.bar(ax=axes, color=dict(zip(genders, colours, strict=True)), width=0.8, rot=0)
        axes.set_xlabel("labelled age bucket, years")
    else:
        axes.text(0.5, 0.5, "no ages are labelled", ha="center", transform=axes.transAxes)
    axes.set(ylabel="pictures", title="Perceived age by perceived gender, as labelled")
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    return figure


def _classes(balance: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(8, 1.5 + 0.3 * len(balance)), layout="constrained")
    axes = figure.subplots()
    balance[::-1].plot.barh(ax=axes, stacked=True, colormap="cividis")
    axes.set(xlabel="pictures", ylabel="", title="Class balance by split")
    return figure


def _quality(frame: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(11, 3.5), layout="constrained")
    values = frame.assign(side=frame[["width", "height"]].min(axis=1))
    for axes, (name, unit) in zip(figure.subplots(1, len(QUALITIES)), QUALITIES.items(), strict=True):
        for split, rows in values.groupby("split"):
            axes.hist(rows[name], bins=40, histtype="step", density=True, label=split)
        axes.set(xlabel=f"{name}: {unit}", yticks=[])
    axes.legend()
    figure.suptitle("Picture quality by split (share of pictures)")
    return figure

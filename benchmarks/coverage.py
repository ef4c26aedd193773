"""How far off are the shares, and how often do their intervals hold the truth?

    AGESTAT_DATA=~/data python benchmarks/coverage.py --cache ~/.cache/agestat-benchmarks --markdown

Bags of faces are drawn from held-out labelled pictures with known shares of gender x age cells, and each
method estimates these shares from the model's predictions. Calibration pictures are never in a bag:

    fairface   the calibration set of `faces`, split in two at random, one half to calibrate, one to draw from
    utkface    drawn from UTKFace `val`, calibrated on all of the FairFace set: another domain
    marketing  the same for the age bands `marketing`, which cut what the calibration labels tell apart
    simpsons   the calibration set of `simpsons`, split in two
    simulated  invented predictions with the errors of a model of 55 % accuracy: no pictures needed

Shares are drawn from Dirichlet distributions: `mild` around the set's own shares (concentration 50), `strong`
uniform on the simplex, `extreme` with most cells nearly empty (0.2). A picture drawn twice is one cluster.
Every finished cell of the table is kept in --cache by the digests of the model, of its calibration set and of
the statistics' source, so that a stopped run goes on and a changed one begins anew.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from agestat import stats
from agestat.model.checkpoint import CALIBRATION, folder_of, read_calibration, read_info
from agestat.model.label_space import SPACES, YEARS, LabelSpace
from agestat.stats.bands import Band, parse_bands
from agestat.stats.calibration import Calibration, native_starts
from agestat.stats.correct import METHODS
from agestat.stats.estimate import Estimate, estimate_checked
from agestat.stats.prediction_powered import OwnLabels, sample_to_label
from agestat.stats.tally import counted_cells

SCENARIOS = ("fairface", "utkface", "marketing", "simpsons", "simulated")
SIZES = (200, 1000, 5000)
KINDS = ("mild", "strong", "extreme")
BAGS_PER_SPLIT = 10
REPLICATES = 300
OWN_LABELS = 300
DRAWN = (
    ("cc", "#c0392b", "o", "counted"),
    ("bayes", "#1f6fb2", "s", "corrected"),
    ("ppi", "#2e8b57", "^", "own labels"),
)

Arrays = dict[str, np.ndarray]


def simulated_set(n: int, rng: np.random.Generator) -> Arrays:
    """Faces whose gender is mistaken in 8 % and whose age is off by 7 years (standard deviation)."""
    starts, ends = np.array([0, 3, 10, 20, 30, 40, 50, 60, 70]), np.array([2, 9, 19, 29, 39, 49, 59, 69, 100])
    shares = np.array([0.03, 0.12, 0.11, 0.26, 0.2, 0.13, 0.09, 0.04, 0.02])
    bucket, gender = rng.choice(9, n, p=shares), rng.integers(0, 2, n)
    age = rng.integers(starts[bucket], np.minimum(ends[bucket], 85) + 1)
    logits = np.zeros((n, YEARS.width))
    logits[:, 0] = rng.normal(np.where(gender == 0, 1.4, -1.4), 1.0) * 2
    spread = 1.5 + 0.12 * age
    centre = age + rng.normal(0, spread)
    logits[:, 2:] = -((np.arange(101) - centre[:, None]) ** 2) / (2 * spread[:, None] ** 2)
    return {
        "logits": logits, "gender": gender, "age_min": starts[bucket], "age_max": ends[bucket],
        "novelty": rng.gamma(8, 1 / 8, n),
    }  # fmt: skip


def predicted_set(model: str, name: str, split: str, cache: Path) -> Arrays:
    """Predictions of a model for a labelled set in AGESTAT_DATA, made once and kept in ``cache``."""
    target = cache / f"{name}-{split}-{read_info(model)['sha256'][:16]}.npz"
    if not target.exists():
        from agestat.judging.calibration import calibration_arrays
        from agestat.labelled.dataset import find_data, read_labelled
        from agestat.model.checkpoint import load_model
        from agestat.training.crops import load_crops

        frame = read_labelled(find_data([name]), split=split).frame
        network = load_model(model)
        crops = load_crops(frame, cache, size=network.input_size)
        np.savez_compressed(target, **calibration_arrays(network, frame, crops))
    with np.load(target, allow_pickle=False) as arrays:
        return dict(arrays)


def take(arrays: Arrays, rows: np.ndarray) -> Arrays:
    """Some pictures of a set."""
    per_picture = len(arrays["logits"])
    return {key: value[rows] for key, value in arrays.items() if len(value) == per_picture}


def splits(
    scenario: str, models: dict[str, str], cache: Path
) -> tuple[LabelSpace, Iterator[tuple[Arrays, Arrays]]]:
    """Label space, and endlessly a calibration set and a set to draw from."""
    rng = np.random.default_rng(1)
    if scenario == "simulated":
        whole, space = simulated_set(2300, rng), YEARS
    else:
        model = models["simpsons" if scenario == "simpsons" else "faces"]
        whole, space = read_calibration(model), SPACES[read_info(model)["space"]]
    if scenario in ("utkface", "marketing"):
        other = predicted_set(model, "utkface", "val", cache)

    def endless() -> Iterator[tuple[Arrays, Arrays]]:
        while True:
            if scenario in ("utkface", "marketing"):
                yield take(whole, np.arange(len(whole["logits"]))), other
                continue
            half = stratified_half(whole, rng)
            yield take(whole, np.flatnonzero(half)), take(whole, np.flatnonzero(~half))

    return space, endless()


def stratified_half(arrays: Arrays, rng: np.random.Generator) -> np.ndarray:
    """``(N,) bool`` a random half of the pictures of each label."""
    half = np.zeros(len(arrays["gender"]), dtype=bool)
    labels = np.stack([arrays["gender"], arrays["age_min"]])
    for label in np.unique(labels, axis=1).T:
        inside = rng.permutation(np.flatnonzero((labels == label[:, None]).all(axis=0)))
        half[inside[: (len(inside) + rng.integers(2)) // 2]] = True
    return half


def truth_of(arrays: Arrays, starts: np.ndarray) -> np.ndarray:
    """``(N,)`` true cell, by gender and then by range of ages."""
    middle = (arrays["age_min"].astype(int) + arrays["age_max"].astype(int)) / 2
    return arrays["gender"].astype(int) * len(starts) + np.searchsorted(starts, middle, side="right") - 1


def ages_of(scenario: str, space: LabelSpace, known: Arrays) -> tuple[np.ndarray, list[Band]]:
    """First ages and bands: the ranges that the calibration labels tell apart, or those of a preset."""
    if scenario == "marketing":
        bands = parse_bands(scenario)
        return np.array([band.age_min for band in bands]), bands
    starts = native_starts(known["gender"], known["age_min"].astype(int), known["age_max"].astype(int))
    first, last = starts, [*(starts[1:] - 1), 100]
    if space.name == "six":
        first, last = np.array(sorted(set(space.age_min))), sorted(set(space.age_max))
    return starts, [Band(f"{a}-{b}", int(a), int(b)) for a, b in zip(first, last, strict=True)]


def draw_bag(
    truth: np.ndarray, own: np.ndarray, kind: str, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """True shares ``(K,)`` and the indices ``(n,)`` of the faces drawn; ``own (K,)`` are the set's shares."""
    size = len(own)
    alpha = {"mild": 50 * own, "strong": np.ones(size), "extreme": np.full(size, 0.2)}[kind]
    shares = rng.dirichlet(alpha) * (np.bincount(truth, minlength=size) > 0)
    shares /= shares.sum()
    counts = rng.multinomial(n, shares)
    return shares, np.concatenate(
        [rng.choice(np.flatnonzero(truth == k), counts[k]) for k in np.flatnonzero(counts)]
    )


def own_labels(
    space: LabelSpace, bag: Arrays, clusters: np.ndarray, probabilities: np.ndarray, rng: np.random.Generator
) -> OwnLabels:
    """`OWN_LABELS` faces of the bag, drawn as `agestat label` draws them, with their true labels."""
    strata = counted_cells(space, probabilities) // (10 if space is YEARS else 1)
    chosen, weights = sample_to_label(strata, OWN_LABELS, rng)
    part = {key: bag[key][chosen].astype(int) for key in ("gender", "age_min", "age_max")}
    return OwnLabels(probabilities[chosen], None, *part.values(), weights, clusters[chosen])


def run_cell(
    scenario: str, kind: str, n: int, bags: int, methods: list[str], models: dict[str, str], cache: Path
) -> dict:
    """Measure every method on the same bags."""
    rng = np.random.default_rng([n, KINDS.index(kind)])
    space, pairs = splits(scenario, models, cache)
    found: dict[str, dict[str, list]] = {}
    warned = []
    for bag in range(bags):
        if bag % BAGS_PER_SPLIT == 0:
            known, pool = next(pairs)
            calibration = Calibration.from_arrays(space, known, scenario)
            starts, bands = ages_of(scenario, space, known)
            truth = truth_of(pool, starts)
            own = calibration.prior
            if scenario == "marketing":
                own = np.bincount(truth, minlength=2 * len(starts)) / len(truth)
        shares, chosen = draw_bag(truth, own, kind, n, rng)
        drawn = take(pool, chosen)
        probabilities = space.softmax(drawn["logits"].astype(np.float32))
        for method in methods:
            labels = own_labels(space, drawn, chosen, probabilities, rng) if method == "ppi" else None
            result = estimate_checked(
                partial(list, [(probabilities, None, chosen)]), drawn if method == "bayes" else {},
                calibration,
                method="bayes" if method == "ppi" else method,
                bands=bands, labels=labels, replicates=REPLICATES, seed=bag,
            )  # fmt: skip
            add(found.setdefault(method, {}), result, shares)
            if (pool["age_min"] == pool["age_max"]).all():
                add_age(found[method], result, shares @ mean_ages(pool["age_min"], truth, len(shares)))
            if method == "bayes":
                warned.append(result.shift is not None)
    rows = {
        method: {key: float(np.mean(values)) for key, values in cells.items()}
        for method, cells in found.items()
    }
    return {"bags": bags, "warned": float(np.mean(warned)) if warned else None, "methods": rows}


def add(cells: dict[str, list], result: Estimate, shares: np.ndarray) -> None:
    """One bag's errors, coverage and widths."""
    table, margins = result.table, result.margins
    ranges = len(shares) // 2
    totals = np.r_[shares[:ranges].sum(), shares[ranges:].sum(), shares[:ranges] + shares[ranges:]]
    for prefix, frame, truth in (("", table, shares), ("margin_", margins, totals)):
        low, high = frame["share_low"].to_numpy(), frame["share_high"].to_numpy()
        cells.setdefault(f"{prefix}error", []).append(np.abs(frame["share"] - truth).mean())
        cells.setdefault(f"{prefix}coverage", []).append(((low <= truth) & (truth <= high)).mean())
        cells.setdefault(f"{prefix}width", []).append((high - low).mean())


def mean_ages(ages: np.ndarray, truth: np.ndarray, cells: int) -> np.ndarray:
    """``(K,)`` mean age in years of the faces of each cell."""
    return np.array([ages[truth == k].mean() if (truth == k).any() else 0 for k in range(cells)])


def add_age(cells: dict[str, list], result: Estimate, truth: float) -> None:
    """One bag's error and coverage of the mean age of all, in years."""
    row = result.ages.iloc[0]
    cells.setdefault("age_error", []).append(row["value"] - truth)
    cells.setdefault("age_coverage", []).append(row["low"] <= truth <= row["high"])


def measured(job: tuple) -> dict:
    """`run_cell`, or what it gave before."""
    scenario, kind, n, bags, methods, models, cache = job
    kept = (
        cache / f"coverage-{scenario}-{kind}-{n}-{bags}-{digest(scenario, models)}-{'+'.join(methods)}.json"
    )
    if not kept.exists():
        part = kept.with_suffix(".part")
        part.write_text(json.dumps(run_cell(*job), indent=1))
        part.replace(kept)
    return json.loads(kept.read_text())


def digest(scenario: str, models: dict[str, str]) -> str:
    """Of all that a cell of the table depends on."""
    files = [Path(__file__), *sorted(Path(stats.__path__[0]).glob("*.py"))]
    together = hashlib.sha256()
    if scenario != "simulated":
        model = models["simpsons" if scenario == "simpsons" else "faces"]
        together.update(read_info(model)["sha256"].encode())
        files.append(folder_of(model) / CALIBRATION)
    for file in files:
        together.update(file.read_bytes())
    return together.hexdigest()[:12]


def markdown(results: dict[str, dict]) -> str:
    """The table of ``docs/statistics.md``."""
    lines = [
        "| set | shift | faces | method | error | of counting | coverage | width | margins | age | warned |",
        "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: |",
    ]
    for key, cell in results.items():
        scenario, kind, n = key.split()
        for method, row in cell["methods"].items():
            ratio = row["error"] / cell["methods"]["cc"]["error"]
            warned = f"{100 * cell['warned']:.0f} %" if method == "bayes" else ""
            age = f"{100 * row['age_coverage']:.0f} % ({row['age_error']:+.1f})" if "age_error" in row else ""
            lines.append(
                f"| {scenario} | {kind} | {n} | {method} | {100 * row['error']:.2f} | {ratio:.2f} | "
                f"{100 * row['coverage']:.1f} % | {100 * row['width']:.1f} | "
                f"{100 * row['margin_coverage']:.1f} % | {age} | {warned} |"
            )
    return "\n".join(lines)


def figure(results: dict[str, dict], path: Path) -> None:
    """Coverage against error of the corrected and the counted shares, a dot per cell of the table."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = sorted({key.split()[0] for key in results}, key=SCENARIOS.index)
    figure, axes = pyplot.subplots(
        1, len(panels), figsize=(3.4 * len(panels), 3.4), sharey=True, squeeze=False
    )
    for ax, scenario in zip(axes[0], panels, strict=True):
        cells = [cell["methods"] for key, cell in results.items() if key.split()[0] == scenario]
        for method, colour, marker, label in DRAWN:
            rows = [cell[method] for cell in cells if method in cell]
            error, coverage = (100 * np.array([row[key] for row in rows]) for key in ("error", "coverage"))
            ax.scatter(error, coverage, c=colour, marker=marker, label=label)
        ax.axhline(95, color="0.5", lw=0.8, ls="--")
        ax.set(title=scenario, xlabel="error of a share, percentage points", xlim=(0, None), ylim=(0, 102))
    axes[0, 0].set_ylabel("95 % intervals that hold the truth, %")
    axes[0, -1].legend(loc="center right", frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for predictions and finished cells")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="default: all but simulated")
    parser.add_argument("--bags", type=int, default=300, help="bags per cell of the table")
    parser.add_argument("--size", type=int, action="append", help="faces per bag; default: 200, 1000, 5000")
    parser.add_argument(
        "--kind", choices=KINDS, action="append", help="shift of shares; default: mild and strong"
    )
    parser.add_argument(
        "--method", action="append", help="default: all, and ppi: the default with 300 own labels"
    )
    parser.add_argument("--faces", default="faces", help="model of people: a name or a folder")
    parser.add_argument("--simpsons", default="simpsons", help="model of cartoons: a name or a folder")
    parser.add_argument(
        "--markdown", action="store_true", help="print a Markdown table of all finished cells"
    )
    parser.add_argument("--figure", type=Path, help="draw coverage against error, .svg or .png")
    parser.add_argument("--processes", type=int, default=1, help="cells of the table measured at once")
    return parser.parse_args()


def main() -> None:
    """Measure, print, draw."""
    args = arguments()
    args.cache.mkdir(parents=True, exist_ok=True)
    models = {"faces": args.faces, "simpsons": args.simpsons}
    scenarios = args.scenario or SCENARIOS[:-1]
    for scenario in scenarios:
        splits(scenario, models, args.cache)  # predictions are made once, before the processes start
    jobs = [
        (scenario, kind, n, args.bags, args.method or [*METHODS, "ppi"], models, args.cache)
        for scenario in scenarios
        for kind in args.kind or KINDS[:2]
        for n in args.size or SIZES
    ]
    results = {}
    with get_context("spawn").Pool(args.processes) as pool:
        for (scenario, kind, n, *_), cell in zip(jobs, pool.imap(measured, jobs, chunksize=1), strict=True):
            results[f"{scenario} {kind} {n}"] = cell
            if not args.markdown:
                print(scenario, kind, n, json.dumps(cell), flush=True)
    if args.markdown:
        print(markdown(results))
    if args.figure:
        figure(results, args.figure)


if __name__ == "__main__":
    main()

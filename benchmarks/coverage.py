r"""How far off are the shares, and how often do their intervals hold the truth on people never seen before?

    python benchmarks/coverage.py --cache ~/.cache/agestat-benchmarks --data ~/data \

Bags of distinct faces with known shares are drawn from one *domain* (`benchmarks/domains.py`), and their
shares are estimated with a calibration set that holds nothing of it:

    in domain   half of FairFace calibrates, bags come from the other half
    a race      FairFace without it calibrates
    utkface     all of FairFace calibrates, as in all of these:
    marketing   utkface by the default age bands, which FairFace's labels do not tell apart
    ... wide    bands of twenty years instead of FairFace's ranges
    appa_real   ages alone; heads that the scan's detector found, as in these:
    portraits   genders alone, and the groups of `domains.tar`, three of them with ages

The scales of the error model were chosen on some of the same domains, once for all rows
(`docs/statistics.md`). Shifts: `own`, shares as they come; `mild`, Dirichlet around them (50); `strong`,
uniform on the simplex; `curve`, a smooth population of another mean age and another part of women. A cell
that has not enough distinct faces is drawn less often. Without --scenario, --kind, --size and --labels the
rows of `docs/coverage.md`. Finished rows are kept in --cache, so that a stopped run goes on.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from domains import (
    GENDERS_ALONE,
    LABORATORY,
    RACES,
    STARTS,
    Arrays,
    arguments,
    calibration_of,
    cells_of,
    made_by,
    predictions,
    take,
)  # fmt: skip
from error_scales import scales_without

from agestat import stats
from agestat.model.checkpoint import judging
from agestat.model.label_space import YEARS
from agestat.stats.bands import Band, parse_bands
from agestat.stats.calibration import Calibration
from agestat.stats.estimate import Estimate, estimate_checked
from agestat.stats.layout import median
from agestat.stats.prediction_powered import OwnLabels, sample_to_label
from agestat.stats.scales import Scales
from agestat.stats.shift import shift
from agestat.stats.tally import counted_cells

WIDE = " wide"  # of scenarios that are judged by these bands
TWENTY = "0,20,40,60"
WIDELY = tuple(name + WIDE for name in ("fairface", *RACES, "utkface", "appa_real"))
SCENARIOS = ("fairface", *RACES, "utkface", "marketing", "appa_real", *WIDELY, *GENDERS_ALONE, *LABORATORY)
EXACT = ("utkface", "appa_real", *LABORATORY)  # whose ages are known to the year
KINDS = ("own", "mild", "strong", "curve")
SIZES = (50, 200, 1000, 5000)
SMALL, LARGE = 0.02, 0.1  # shares that are told apart
BAGS_PER_SPLIT = 1
REPLICATES = 500

ROWS = [  # scenario, kind, faces, own labels: what docs/coverage.md shows
    *[("fairface", "own", n, 0) for n in SIZES],
    *[("fairface", kind, 1000, 0) for kind in ("mild", "strong")],
    ("fairface", "strong", 5000, 0),
    *[(race, "own", 1000, 0) for race in RACES],
    *[(race, "strong", 1000, 0) for race in ("Black", "East Asian", "Indian", "White")],
    *[("utkface", "own", n, 0) for n in SIZES],
    *[("utkface", kind, n, 0) for kind in ("strong", "curve") for n in (200, 1000, 5000)],
    ("utkface", "mild", 1000, 0),
    *[("marketing", kind, n, 0) for kind in ("own", "curve", "strong") for n in (1000, 5000)],
    *[("appa_real", kind, 1000, 0) for kind in KINDS],
    *[("portraits", kind, 200, 0) for kind in ("own", "strong")],
    *[(name, "own", 200, 0) for name in (*GENDERS_ALONE[1:], *LABORATORY)],
    *[("utkface", "own", 1000, count) for count in (10, 20, 50, 100, 300)],
    *[(name, kind, 150, 0) for name in WIDELY for kind in ("own", "strong")],
    *[(name, "strong", 1000, 0) for name in WIDELY if name[:-5] in ("fairface", "utkface", "appa_real")],
]
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
COLLECTIONS, PHOTOS, FACES = 1000, 5, 40  # of collections whose photos' faces look alike


def split(scenario: str, known: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """What calibrates and what bags are drawn from."""
    fairface = np.isin(known["domain"], RACES)
    if scenario == "fairface":
        rows = rng.permutation(np.flatnonzero(fairface))
        return take(known, rows[: len(rows) // 2]), take(known, rows[len(rows) // 2 :])
    mine = known["domain"] == scenario
    if scenario in EXACT:
        mine &= known["age_min"] >= 0
    return take(known, np.flatnonzero(fairface & ~mine)), take(known, np.flatnonzero(mine))


def set_of(scenario: str) -> str:
    """Whose faces are judged."""
    return "utkface" if scenario == "marketing" else scenario.removesuffix(WIDE)


def draw_shares(kind: str, own: np.ndarray, ages: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``(K,)`` true shares of a bag; ``own (K,)`` are the domain's, ``ages (K,)`` mean ages of the cells."""
    if kind == "own":
        return own
    if kind == "mild":
        return rng.dirichlet(50 * own + 1e-3)
    if kind == "strong":
        return rng.dirichlet(np.ones(len(own))) * (own > 0)
    centre, spread, women = rng.uniform(18, 60), rng.uniform(10, 25), rng.uniform(0.15, 0.85)
    side = np.repeat([women, 1 - women], len(own) // 2) if len(own) % 2 == 0 else 1.0
    return np.exp(-((ages - centre) ** 2) / (2 * spread**2)) * side * (own > 0)


def draw_bag(
    kind: str, truth: np.ndarray, n: int, ages: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """True shares ``(K,)`` and rows ``(n,)`` of distinct faces; no share is larger than these allow."""
    there = np.bincount(truth, minlength=len(ages))
    n = min(n, int(0.8 * len(truth)))
    shares = draw_shares(kind, there / there.sum(), ages, rng)
    shares = shares / shares.sum()
    for _ in range(50):
        shares = np.minimum(shares, 0.9 * there / n)
        room = (shares < 0.9 * there / n - 1e-12) & (shares > 0)
        if shares.sum() > 0.999 or not room.any():
            break
        shares[room] *= 1 + (1 - shares.sum()) / shares[room].sum()
    if shares.sum() < 0.99:
        return draw_bag(kind, truth, n // 2, ages, rng)
    shares = shares / shares.sum()
    counts = np.minimum(rng.multinomial(n, shares), there)
    rows = [rng.choice(np.flatnonzero(truth == k), counts[k], replace=False) for k in range(len(ages))]
    return shares, np.concatenate(rows)


def own_labels(bag: Arrays, probabilities: np.ndarray, count: int, rng: np.random.Generator) -> OwnLabels:
    """Faces of the bag, drawn as `agestat label` draws them, with their true labels."""
    chosen, weights = sample_to_label(counted_cells(YEARS, probabilities) // 10, count, rng)
    part = [bag[key][chosen].astype(int) for key in ("gender", "age_min", "age_max")]
    return OwnLabels(probabilities[chosen], None, *part, weights, chosen)


def run_cell(scenario: str, kind: str, n: int, labels: int, bags: int, known: Arrays, scales: Scales) -> dict:
    """One row of the table, with these ``scales`` of the errors."""
    rng = np.random.default_rng([n, KINDS.index(kind), labels])
    wide = TWENTY if scenario.endswith(WIDE) else ",".join(map(str, STARTS))
    bands = parse_bands("marketing" if scenario == "marketing" else wide)
    scenario = set_of(scenario)
    starts = np.array([band.age_min for band in bands])
    found: dict[str, list] = {}
    for number in range(bags):
        if number == 0 or (scenario == "fairface" and number % BAGS_PER_SPLIT == 0):
            calibrating, pool = split(scenario, known, rng)
            calibration, truth = calibration_of(calibrating), cells_of(pool, starts)
            ages = mean_ages(pool, truth, bands, cells=len(starts) * (1 if scenario == "appa_real" else 2))
            ages = ages if scenario not in GENDERS_ALONE else np.zeros(2)
        shares, rows = draw_bag(kind, truth, n, ages, rng)
        bag = take(pool, rows)
        probabilities = YEARS.softmax(bag["logits"].astype(np.float32))
        given = own_labels(bag, probabilities, labels, rng) if labels else None
        options = {"bands": bands, "labels": given, "seed": number, "scales": scales}
        result = judge(bag, probabilities, calibration, **options)
        add(found, result, shares, scenario)
        if scenario in EXACT:
            weights = (shares / np.maximum(np.bincount(truth, minlength=len(shares)), 1))[truth]
            by_year = np.bincount(pool["age_min"], weights, minlength=101)
            middle = float(median(by_year, np.arange(101)))
            add_ages(found, result, {"mean": float(shares @ ages), "median": middle})
        found.setdefault("faces", []).append(len(rows))
        found.setdefault("warned", []).append(result.shift is not None)
    return {key: float(np.mean(values)) if values else None for key, values in found.items()}


def judge(bag: Arrays, probabilities: np.ndarray, calibration: Calibration, **options: Any) -> Estimate:
    """What is estimated of a bag, each of its faces in a photo of its own."""
    looks = {name: bag[name] for name in ("novelty", "sharpness", "brightness")}
    looks |= {"age_spread": YEARS.age_spread(probabilities)}
    chunks = partial(list, [(probabilities, None, np.arange(len(probabilities)))])
    return estimate_checked(chunks, looks, calibration, replicates=REPLICATES, **options)


def mean_ages(pool: Arrays, truth: np.ndarray, bands: list[Band], cells: int) -> np.ndarray:
    """``(K,)`` mean age of each cell's faces in years, where only ranges are known their middle."""
    middle = (pool["age_min"].astype(float) + np.minimum(pool["age_max"], 80)) / 2
    usual = [(band.age_min + min(band.age_max, 80)) / 2 for band in bands] * (cells // len(bands))
    return np.array(
        [middle[truth == k].mean() if (truth == k).any() else usual[k] for k in range(len(usual))]
    )


def add(found: dict[str, list], result: Estimate, shares: np.ndarray, scenario: str) -> None:
    """One bag's errors, coverage and widths: of cells and margins, or of the margin that is known."""
    if scenario in GENDERS_ALONE:
        frames = [("", result.margins.iloc[:2], shares)]
    elif scenario == "appa_real":
        frames = [("", result.margins.iloc[2:], shares)]
    else:
        women, men = np.split(shares, 2)
        totals = np.r_[women.sum(), men.sum(), women + men]
        frames = [("", result.table, shares), ("margin ", result.margins, totals)]
    for prefix, frame, truth in frames:
        low, high = frame["share_low"].to_numpy(), frame["share_high"].to_numpy()
        held = (low <= truth) & (truth <= high)
        found.setdefault(f"{prefix}held", []).append(held.mean())
        found.setdefault(f"{prefix}width", []).append((high - low).mean())
        if not prefix:
            sizes = (truth < SMALL, (truth >= SMALL) & (truth < LARGE), truth >= LARGE)
            for name, mine in zip(("held small", "held middle", "held large"), sizes, strict=True):
                found.setdefault(name, []).extend(held[mine].tolist())
            found.setdefault("error", []).append(np.abs(frame["share"] - truth).mean())
            found.setdefault("counted", []).append(np.abs(frame["share_counted"] - truth).mean())


def add_ages(found: dict[str, list], result: Estimate, ages: Mapping[str, float]) -> None:
    """The same of the mean and the median age, in years."""
    for statistic, age in ages.items():
        row = result.age("all", statistic=statistic)
        found.setdefault(f"{statistic} held", []).append(row["low"] <= age <= row["high"])
        found.setdefault(f"{statistic} error", []).append(row["value"] - age)
        found.setdefault(f"{statistic} width", []).append(row["high"] - row["low"])


def measured(job: tuple) -> dict:
    """`run_cell`, or what it gave before."""
    scenario, kind, n, labels, bags, options = job
    here = [Path(__file__).with_name(name) for name in ("coverage.py", "domains.py", "error_scales.py")]
    source = [*here, *sorted(Path(stats.__path__[0]).glob("*.py"))]
    digest = hashlib.sha256(made_by(options["model"]).encode())
    for file in source:
        digest.update(file.read_bytes())
    row = f"{scenario.replace('/', '-')}-{kind}-{n}-{labels}-{bags}"
    kept = options["cache"] / f"coverage-{digest.hexdigest()[:12]}-{row}.json"
    if not kept.exists():
        known = predictions(options["model"], options["data"], options["cache"])
        scales = scales_without(**options)
        left_out = "none" if set_of(scenario) == "fairface" else set_of(scenario)
        kept.write_text(json.dumps(run_cell(scenario, kind, n, labels, bags, known, scales[left_out])))
    return json.loads(kept.read_text())


def false_alarms(known: Arrays) -> float:
    """Part of the collections with a warning whose faces are of the calibration set's kind, but look alike
    within each of a few photos: like in sharpness and brightness."""
    rng = np.random.default_rng(0)
    calibrating, pool = split("fairface", known, rng)
    calibration = calibration_of(calibrating)
    looks = np.stack([np.log(pool["sharpness"]), pool["brightness"]], axis=1)
    looks = (looks - looks.mean(axis=0)) / looks.std(axis=0)
    alarms = 0
    for _ in range(COLLECTIONS):
        rows = [
            rng.choice(np.argsort(((looks - looks[one]) ** 2).sum(axis=1))[: 2 * FACES], FACES, replace=False)
            for one in rng.integers(len(looks), size=PHOTOS)
        ]
        sample = {name: pool[name][np.concatenate(rows)] for name in ("novelty", "sharpness", "brightness")}
        sample["photo"] = np.repeat(np.arange(PHOTOS), FACES)
        alarms += shift(sample, calibration, calibration.prior).is_shifted
    return alarms / COLLECTIONS


HEAD = (
    "| faces of | shift | faces | labels | held | < 2 % | 2-10 % | > 10 % | margins | mean age | "
    "median age | width | error | of counting | warned |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: | ---: |"
)


def age_of(row: dict, statistic: str) -> str:
    """How often the mean or the median age was held, its error and width."""
    held, error, width = (row[f"{statistic} {part}"] for part in ("held", "error", "width"))
    return f"{100 * held:.0f} ({error:+.1f}, {width:.1f} wide)"


def line(scenario: str, kind: str, labels: int, row: dict) -> str:
    """A row of the Markdown table."""
    parts = [
        "" if row.get(key) is None else f"{100 * row[key]:.1f}"  # nothing of that size, or not known
        for key in ("held", "held small", "held middle", "held large", "margin held")
    ]
    age = [age_of(row, one) if f"{one} held" in row else "" for one in ("mean", "median")]
    ratio = row["error"] / row["counted"]
    return (
        f"| {scenario} | {kind} | {row['faces']:.0f} | {labels} | {' | '.join([*parts, *age])} | "
        f"{100 * row['width']:.1f} | {100 * row['error']:.2f} | {ratio:.2f} | {100 * row['warned']:.0f} % |"
    )


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="default: all")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: all")
    parser.add_argument("--size", type=int, action="append", help="faces per bag; default: 50 to 5000")
    parser.add_argument("--labels", type=int, action="append", help="own labels; default: none")
    parser.add_argument("--bags", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--markdown", type=Path, help=f"page whose part after {BEGIN} the table replaces")
    args = parser.parse_args()
    options = {"model": args.model, "data": args.data, "cache": args.cache}
    known = predictions(args.model, args.data, args.cache)  # once, before the processes start
    scales_without(**options)
    rows = ROWS
    if args.scenario or args.kind or args.size or args.labels:
        chosen = (args.scenario or SCENARIOS, args.kind or KINDS, args.size or SIZES, args.labels or (0,))
        rows = list(product(*chosen))
    lines = [HEAD]
    print(HEAD)
    with get_context("spawn").Pool(args.processes) as pool:
        jobs = [(*row, args.bags, options) for row in rows]
        for (scenario, kind, _, labels), row in zip(rows, pool.imap(measured, jobs), strict=True):
            lines.append(line(scenario, kind, labels, row))
            print(lines[-1], flush=True)
    alarms = f"{100 * false_alarms(known):.1f} % of {COLLECTIONS:,} collections of {PHOTOS} photos"
    lines += ["", f"False alarms where the {FACES} faces of a photo look alike: {alarms}."]
    print("\n".join(lines[-2:]))
    if args.markdown:
        page = args.markdown.read_text(encoding="utf-8")
        about = judging(args.model)
        weights = f"{about['sha256'][:12]} ({about['precision']})"
        made = f"Model `{about['name']}` {weights}, {args.bags} bags a row."
        middle = "\n".join([BEGIN, "", made, "", *lines, "", END])
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        args.markdown.write_text(before + middle + after, encoding="utf-8")


if __name__ == "__main__":
    main()

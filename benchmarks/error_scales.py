"""The scales of the error model, estimated from kinds of pictures that the calibration set holds nothing of.

    python benchmarks/error_scales.py --cache ~/.cache/agestat-benchmarks --data ~/data

Each race of FairFace is judged with the others as calibration set, all other kinds (UTKFace, APPA-REAL,
portraits, the groups of ``domains.tar``) with all of FairFace. Mixtures of a kind's faces, as they come and
with mild and strong shifts, show by how much their mean features differ from what the calibration set's
columns give; `agestat.stats.scales` makes scales of these. Where only ages or only genders are known, the
other is taken as predicted, and features are summed over it.

Printed are the scales from all kinds, which ship, those with each kind left out entirely (a race as a
calibration set of the others, too), which `benchmarks/coverage.py` judges it with, and each kind's mean
squared distance per feature with the scales of the others: 1 where these fit. Ages within labelled ranges:
how judged years follow true ones, and the tilt of UTKFace's and APPA-REAL's years against the summed
predictions. And how far the warps of women and men go together.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from domains import (
    BEAUTY,
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
)
from scipy.optimize import brentq

from agestat import stats
from agestat.model.label_space import YEARS
from agestat.stats.errors import Slopes
from agestat.stats.quantify import expectation_maximisation, reweight
from agestat.stats.scales import GUESS, NO_WARPS, Kind, Scales, estimate_scales, variances
from agestat.stats.shift import shift

KINDS = (*RACES, "utkface", "appa_real", *GENDERS_ALONE, *LABORATORY)
MIXTURES = 6  # of each kind of shift
ALONE = 1.0  # years
SPREAD = 6  # ranges of ages of a kind that can tell a stretch
FEWEST = 5  # pictures of a cell that has a say
PILOT = 200  # faces that the first shares are as uncertain as
LAST = 85  # years


def show(calibrating: Arrays, pictures: Arrays, weight: float) -> Kind:
    """What pictures of one kind show."""
    calibration = calibration_of(calibrating)
    size = calibration.size
    native = YEARS.cells(YEARS.softmax(pictures["logits"].astype(np.float32))) @ calibration.to_native
    posterior = calibration.posterior(native)
    stratum, strata, seen = known_of(pictures, size)
    count = np.bincount(stratum, minlength=len(strata))
    there = np.flatnonzero(count >= FEWEST)
    cells = np.zeros((len(strata), size))  # of the faces of each stratum
    for s in there:
        allowed = posterior[stratum == s] * strata[s]
        cells[s] = (allowed / allowed.sum(axis=1, keepdims=True)).mean(axis=0)
    off, sampling, shapes = [], [], []
    for shares in mixtures(count * (count >= FEWEST)):
        mixed = shares @ cells
        pilot = (PILOT * mixed + 1) / (PILOT + size)
        slopes = Slopes.at(calibration, pilot)
        features = reweight(posterior, calibration.prior, pilot).astype(np.float64)
        mean = sum(shares[s] * features[stratum == s].mean(axis=0) for s in there)
        off.append((mean - mixed @ slopes.columns) @ seen)
        within = np.tensordot((shares**2 / np.maximum(count, 1)) @ cells, slopes.within, 1)
        finite = slopes.errors(Scales().only()).mixed(mixed[None])[0][0]
        sampling.append(seen.T @ (within + finite) @ seen)
        added = [slopes.errors(Scales().only(name)).mixed(mixed[None])[0][0] - finite for name in GUESS]
        shapes.append([seen.T @ shape @ seen for shape in added])
    looks = {name: pictures[name] for name in ("novelty", "sharpness", "brightness")}
    first = expectation_maximisation(posterior, calibration.prior, 1.0)
    unlikeness = shift(looks, calibration, first).unlikeness
    warps, doubts = warped(calibrating, pictures)
    return Kind(np.array(off), np.array(sampling), np.array(shapes), unlikeness, warps, doubts, weight)


def warped(calibrating: Arrays, pictures: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Shift and stretch ``(G, 2)`` of the judged ages of women and of men against those of calibration
    pictures of the same labelled range, years at 35 and years more per 20 years, and their variances;
    weighted least squares over ranges, each of which may be off by `ALONE` years by itself."""
    found, doubts = [], []
    if (pictures["age_min"] < 0).any():
        return NO_WARPS, NO_WARPS
    (age, place, gender), (their_age, their_place, theirs) = map(ages_of, (pictures, calibrating))
    for one in (0, 1):
        off, variance, at = [], [], []
        for k, start in enumerate(STARTS):
            mine = age[(place == k) & ((gender == one) | (gender < 0))]
            other = their_age[(their_place == k) & (theirs == one)]
            if len(mine) >= FEWEST:
                off.append(mine.mean() - other.mean())
                variance.append(mine.var() / len(mine) + other.var() / len(other) + ALONE**2)
                at.append((start + 5 - 35) / 20)
        if len(off) >= SPREAD:
            design, weight = np.stack([np.ones(len(at)), at], axis=1), 1 / np.array(variance)
            covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
            found.append(covariance @ (design.T @ (weight * np.array(off))))
            doubts.append(np.diag(covariance))
    return np.reshape(found, (-1, 2)), np.reshape(doubts, (-1, 2))


def ages_of(pictures: Arrays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Judged age, index of the labelled range of ages, and gender, ``(N,)`` each."""
    middle = (pictures["age_min"].astype(int) + pictures["age_max"]) / 2
    judged = YEARS.age(YEARS.softmax(pictures["logits"].astype(np.float32)))
    return judged, np.searchsorted(STARTS, middle, side="right") - 1, pictures["gender"].astype(int)


def known_of(pictures: Arrays, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``(N,)`` what is known of each face, ``(S, K)`` the cells that each of these may be, and ``(K, P)``
    sums of features that are looked at: all but one, since features sum to one."""
    ranges = size // 2
    if (pictures["age_min"] < 0).any():
        genders = np.repeat(np.eye(2), ranges, axis=1)
        return pictures["gender"].astype(int), genders, genders.T[:, :1]
    truth = cells_of(pictures, STARTS)
    if (pictures["gender"] < 0).any():
        ages = np.tile(np.eye(ranges), 2)
        return truth % ranges, ages, ages.T[:, 1:]
    return truth, np.eye(size), np.eye(size)[:, 1:]


def mixtures(count: np.ndarray) -> np.ndarray:
    """``(1 + 2 MIXTURES, S)`` shares of strata with so many faces: theirs, near theirs, and any."""
    rng, own = np.random.default_rng(1), count / count.sum()
    any_shares = rng.dirichlet(np.ones(len(own)), MIXTURES)
    shares = np.concatenate([own[None], rng.dirichlet(50 * own + 1e-3, MIXTURES), any_shares]) * (own > 0)
    return shares / shares.sum(axis=1, keepdims=True)


def kinds_without(left_out: str | None, known: Arrays) -> dict[str, Kind]:
    """Every kind but one, which calibrates nothing either."""
    found = {}
    for name in KINDS:
        mine = known["domain"] == name
        if name in LABORATORY:
            mine &= known["age_min"] >= 0
        others = [race for race in RACES if race not in (name, left_out)]
        if name != left_out:
            calibrating = take(known, np.flatnonzero(np.isin(known["domain"], others)))
            found[name] = show(calibrating, take(known, np.flatnonzero(mine)), weight_of(name, left_out))
    return found


def weight_of(name: str, left_out: str | None) -> float:
    """Of a kind: all of its data set weigh 1."""
    for group in (RACES, BEAUTY):
        if name in group:
            return 1 / (len(group) - (left_out in group))
    return 1.0


def scales_without(model: str, data: Path, cache: Path) -> dict[str, Scales]:
    """Scales with each kind left out, and from all of them under "none"; made once for each model."""
    digest = hashlib.sha256(made_by(model).encode())
    for file in (
        Path(__file__),
        *(Path(stats.__path__[0]) / f"{n}.py" for n in ("errors", "scales", "moves")),
    ):
        digest.update(file.read_bytes())
    kept = cache / f"scales-{digest.hexdigest()[:12]}.json"
    if not kept.exists():
        known = predictions(model, data, cache)
        everything = kinds_without(None, known)
        found = {"none": estimate_scales(list(everything.values()))}
        for name in KINDS:
            kinds = {key: kind for key, kind in everything.items() if key != name}
            if name in RACES:
                kinds = kinds_without(name, known)
            found[name] = estimate_scales(list(kinds.values()))
            _, _, distance = everything[name].density(variances(found[name]))
            print(f"without {name}: {told(found[name])}; its distance {distance:.2f}", flush=True)
        kept.write_text(json.dumps({name: asdict(scales) for name, scales in found.items()}))
    return {name: Scales(**given) for name, given in json.loads(kept.read_text()).items()}


def told(scales: Scales) -> str:
    """In a line."""
    return ", ".join(f"{name} {getattr(scales, name):.3g}" for name in (*GUESS, "stretch_mean"))


def tilt(summed: np.ndarray, there: np.ndarray) -> float:
    """By how much predicted years ``(Y,)`` are tilted against those that are ``there (Y,)``."""
    place = 2 * (np.arange(len(there)) - (len(there) - 1) / 2) / len(there)

    def gap(by: float) -> float:
        weight = summed * np.exp(by * place)
        return float(weight @ place / weight.sum() - there @ place / there.sum())

    return float(brentq(gap, -20, 20))


def tilts(known: Arrays) -> np.ndarray:
    """`tilt` within each range of FairFace, of UTKFace's women and men and of APPA-REAL."""
    out = []
    for name, gender in (("utkface", 0), ("utkface", 1), ("appa_real", -1)):
        mine = take(known, np.flatnonzero((known["domain"] == name) & (known["gender"] == gender)))
        summed = YEARS.softmax(mine["logits"].astype(np.float32))[:, 2:].sum(axis=0)
        there = np.bincount(mine["age_min"], minlength=120)
        for first, last in zip(STARTS, [*(STARTS[1:] - 1), LAST], strict=True):
            out.append(tilt(summed[first : last + 1], there[first : last + 1]))
    return np.array(out)


def follows(known: Arrays) -> np.ndarray:
    """Years by which judged ages rise with each true year within the ranges of FairFace but the first, in
    UTKFace and APPA-REAL: least squares."""
    out = []
    for name in ("utkface", "appa_real"):
        mine = take(known, np.flatnonzero(known["domain"] == name))
        judged = YEARS.cells(YEARS.softmax(mine["logits"].astype(np.float32))) @ YEARS.mid_age
        for first, last in zip(STARTS[1:], [*(STARTS[2:] - 1), LAST], strict=True):
            inside = (mine["age_min"] >= first) & (mine["age_min"] <= last)
            out.append(np.polyfit(mine["age_min"][inside].astype(float), judged[inside], 1)[0])
    return np.array(out)


def together(known: Arrays) -> np.ndarray:
    """``(2,)`` how far shifts and stretches of women's and men's judged ages go together over kinds: their
    correlation around zero, the races together as one kind."""
    women, men, weights = [], [], []
    for name in (*RACES, "utkface"):
        others = np.isin(known["domain"], [race for race in RACES if race != name])
        mine = take(known, np.flatnonzero(known["domain"] == name))
        both, _ = warped(take(known, np.flatnonzero(others)), mine)
        women.append(both[0])
        men.append(both[1])
        weights.append(weight_of(name, None))
    one, other, weight = np.array(women), np.array(men), np.array(weights)
    return weight @ (one * other) / np.sqrt((weight @ one**2) * (weight @ other**2))


def main() -> None:
    """Estimate and print."""
    options = arguments(__doc__).parse_args()
    known = predictions(options.model, options.data, options.cache)
    print("judged years to a true year within ranges:", np.sort(follows(known)).round(2).tolist())
    within = np.sqrt((tilts(known) ** 2).mean())
    print(f"tilt of ages within ranges, root mean square: {within:.2f}")
    print("warps of women and men go together, shift and stretch:", together(known).round(2).tolist())
    found = scales_without(options.model, options.data, options.cache)
    print(f"from all kinds: {told(found['none'])}")


if __name__ == "__main__":
    main()

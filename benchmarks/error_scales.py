"""The scales of the error model, estimated from kinds of pictures that the calibration set holds nothing of.

    python benchmarks/error_scales.py --cache ~/.cache/agestat-benchmarks --data ~/data

Each race of FairFace is judged with the others as calibration set, UTKFace with all of FairFace. In bags of
many shares (as they come, mild and strong shifts), the difference between a domain's mean features and those
that the calibration set's columns give is normal with the covariance of `agestat.stats.errors`; the scales
are those of the highest mean log density, a composite likelihood (Varin, Reid and Firth 2011). Printed are
they and the mean squared Mahalanobis distance of each domain: the number of features less one where they fit.
Ages within labelled ranges: how judged years follow true ones, and the tilt of UTKFace's and APPA-REAL's
years against the summed predictions.
"""

import argparse
from pathlib import Path

import numpy as np
from coverage import RACES, STARTS, calibration_of, cells_of, take
from domains import predictions
from scipy.optimize import brentq, minimize

from agestat.model.label_space import YEARS
from agestat.stats.calibration import Calibration
from agestat.stats.errors import Scales, errors_of
from agestat.stats.quantify import reweight

BAGS = 15  # of each kind of shift
NAMES = ("shift", "stretch", "bend", "gender", "gender_bend", "gender_sure", "age_sure", "rest")
PULL = 2.0  # deviation of the logarithm of a scale from the shipped one that is thought likely
LAST = 85  # years


class Domain:
    """What a domain shows: shares of bags ``(S, K)`` and what their mean features are off by ``(S, K)``."""

    def __init__(self, calibration: Calibration, pictures: dict[str, np.ndarray]) -> None:
        rng, self.calibration = np.random.default_rng(1), calibration
        cells, size = cells_of(pictures, STARTS), calibration.size
        count = np.bincount(cells, minlength=size)
        own = count * (count >= 5) / count[count >= 5].sum()
        strong = rng.dirichlet(np.ones(size), BAGS) * (own > 0)
        self.shares = np.concatenate([own[None], rng.dirichlet(50 * own + 1e-3, BAGS), strong])
        self.shares /= self.shares.sum(axis=1, keepdims=True)
        native = YEARS.cells(YEARS.softmax(pictures["logits"].astype(np.float32))) @ calibration.to_native
        features = reweight(calibration.posterior(native), calibration.prior, calibration.prior)
        known = errors_of(calibration, calibration.prior)
        means = [features[cells == k].mean(axis=0) if own[k] else known.columns[k] for k in range(size)]
        self.off = self.shares @ (np.array(means) - known.columns)
        self.sampling = np.einsum("sk,kfg->sfg", self.shares**2 / np.maximum(count, 5), known.within)

    def density(self, scales: Scales) -> tuple[float, float]:
        """Mean log density of the bags and their mean squared distance."""
        mixed, _ = errors_of(self.calibration, self.calibration.prior, 1.0, scales).mixed(self.shares)
        covariance = mixed + self.sampling + 1e-7 * np.eye(mixed.shape[1])
        distance = (self.off * np.linalg.solve(covariance, self.off[..., None])[..., 0]).sum(axis=1)
        return float(-(distance + np.linalg.slogdet(covariance)[1]).mean() / 2), float(distance.mean())


def estimate(domains: list[Domain]) -> Scales:
    """The scales of highest composite likelihood."""
    start = np.log([getattr(Scales(), name) for name in NAMES])

    def loss(logs: np.ndarray) -> float:
        scales = Scales(**dict(zip(NAMES, np.exp(logs).tolist(), strict=True)))
        pull = ((logs - start) ** 2).sum() / (2 * PULL**2)
        return pull - sum(domain.density(scales)[0] for domain in domains)

    found = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 25}).x
    return Scales(**dict(zip(NAMES, np.round(np.exp(found), 3).tolist(), strict=True)))


def tilt(summed: np.ndarray, there: np.ndarray) -> float:
    """By how much predicted years ``(Y,)`` are tilted against those that are ``there (Y,)``."""
    place = 2 * (np.arange(len(there)) - (len(there) - 1) / 2) / len(there)

    def gap(by: float) -> float:
        weight = summed * np.exp(by * place)
        return float(weight @ place / weight.sum() - there @ place / there.sum())

    return float(brentq(gap, -20, 20))


def tilts(known: dict[str, np.ndarray]) -> np.ndarray:
    """`tilt` within each range of FairFace, of UTKFace's women and men and of APPA-REAL."""
    out = []
    for name, gender in (("utkface", 0), ("utkface", 1), ("appa_real", -1)):
        mine = take(known, np.flatnonzero((known["domain"] == name) & (known["gender"] == gender)))
        summed = YEARS.softmax(mine["logits"].astype(np.float32))[:, 2:].sum(axis=0)
        there = np.bincount(mine["age_min"], minlength=120)
        for first, last in zip(STARTS, [*(STARTS[1:] - 1), LAST], strict=True):
            out.append(tilt(summed[first : last + 1], there[first : last + 1]))
    return np.array(out)


def follows(known: dict[str, np.ndarray]) -> np.ndarray:
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


def main() -> None:
    """Estimate and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of the unpacked sets")
    parser.add_argument("--model", default="faces")
    options = parser.parse_args()
    known = predictions(options.model, options.data, options.cache)
    print("judged years to a true year within ranges:", np.sort(follows(known)).round(2).tolist())
    fairface = np.isin(known["domain"], RACES)
    domains = {}
    for name in (*RACES, "utkface"):
        mine = known["domain"] == name
        calibration = calibration_of(take(known, np.flatnonzero(fairface & ~mine)))
        domains[name] = Domain(calibration, take(known, np.flatnonzero(mine)))
    print(
        "tilt of ages within ranges, root mean square:", round(float(np.sqrt((tilts(known) ** 2).mean())), 2)
    )
    for name, some in (("races", RACES), ("utkface", ("utkface",)), ("all", tuple(domains))):
        scales = estimate([domains[one] for one in some])
        print(name, scales, flush=True)
    for label, given in (("estimated", scales), ("shipped", Scales())):
        print(label, {name: round(domain.density(given)[1], 1) for name, domain in domains.items()})


if __name__ == "__main__":
    main()

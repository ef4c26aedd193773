r"""What calibrating on pictures of one's own kind (`agestat calibrate`) is worth, by how many there are.

    python benchmarks/own_calibration.py --cache ~/.cache/agestat-benchmarks --data ~/data

The user's kind is UTKFace, of which the shipped calibration set holds nothing and the scales of the errors
know nothing. 50 to 3,000 of its pictures, with exact ages, calibrate alone or with the shipped ones kept
beside them (`--keep`); bags of 1,000 distinct faces are drawn from the others, as they come and with shares
uniform on the simplex. Columns as in `benchmarks/coverage.py`.
"""

from dataclasses import replace

import numpy as np
from coverage import add, add_ages, age_of, draw_bag, judge, mean_ages
from domains import RACES, STARTS, Arrays, arguments, calibration_of, cells_of, predictions, take
from error_scales import scales_without

from agestat.judging.calibration import KEPT
from agestat.model.label_space import YEARS
from agestat.stats.bands import parse_bands
from agestat.stats.calibration import Calibration
from agestat.stats.scales import Scales

KIND = "utkface"
PICTURES = (0, 50, 300, 1000, 3000)  # 0: the shipped set
MOST = max(PICTURES)
FACES = 1000
HEAD = (
    "| calibration pictures | shift | held | margins | mean age | width | error | of counting |\n"
    "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |"
)


def calibrated(own: Arrays, shipped: Arrays, keep: bool) -> Calibration:
    """On one's own pictures, with the shipped ones where there are none, or where these are kept."""
    if not len(own["gender"]):
        return calibration_of(shipped)
    if not keep:
        return calibration_of(own)
    both = calibration_of({key: np.concatenate([own[key], shipped[key]]) for key in own})
    counts = len(own["gender"]), len(shipped["gender"])
    return replace(both, weights=np.repeat([1.0, KEPT], counts))


def row(pictures: int, keep: bool, shift: str, bags: int, known: Arrays, scales: Scales) -> str:
    """A row of the table."""
    shipped = take(known, np.flatnonzero(np.isin(known["domain"], RACES)))
    mine = take(known, np.flatnonzero(known["domain"] == KIND))
    bands, found = parse_bands(",".join(map(str, STARTS))), {}
    for number in range(bags):
        rng = np.random.default_rng(number)
        order = rng.permutation(len(mine["gender"]))
        pool = take(mine, order[MOST:])
        calibration = calibrated(take(mine, order[:pictures]), shipped, keep)
        truth = cells_of(pool, STARTS)
        ages = mean_ages(pool, truth, bands, cells=2 * len(STARTS))
        shares, rows = draw_bag(shift, truth, FACES, ages, rng)
        bag = take(pool, rows)
        probabilities = YEARS.softmax(bag["logits"].astype(np.float32))
        result = judge(bag, probabilities, calibration, bands=bands, seed=number, scales=scales)
        add(found, result, shares, KIND)
        add_ages(found, result, {"mean": float(shares @ ages)})
    of = {key: float(np.mean(values)) for key, values in found.items()}
    name = f"{pictures:,} of one's own" if pictures else f"{len(shipped['gender']):,} shipped"
    name += ", shipped kept" if keep else ""
    held = f"{100 * of['held']:.1f} | {100 * of['margin held']:.1f} | {age_of(of, 'mean')}"
    error = f"{100 * of['error']:.2f} | {of['error'] / of['counted']:.2f}"
    return f"| {name} | {shift} | {held} | {100 * of['width']:.1f} | {error} |"


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--bags", type=int, default=12)
    args = parser.parse_args()
    known = predictions(args.model, args.data, args.cache)
    scales = scales_without(args.model, args.data, args.cache)[KIND]
    print(HEAD)
    for shift in ("own", "strong"):
        for pictures in PICTURES:
            for keep in (False, True) if pictures else (False,):
                print(row(pictures, keep, shift, args.bags, known, scales), flush=True)


if __name__ == "__main__":
    main()

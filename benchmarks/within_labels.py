"""How far off predicted ages are within the ranges that labels tell apart, in sets with exact ages.

    python benchmarks/within_labels.py --cache ~/.cache/agestat-benchmarks --data ~/data

Parts of about five years of each range (`agestat.stats.parts`): the logarithms of their true shares against
those of the predicted shares of the calibration set, which the prior of `agestat.stats.shares` is around, as
a deviation that a part has alone, with the luck of the faces taken off. Women and men of UTKFace apart.
"""

import numpy as np
from domains import RACES, Arrays, arguments, calibration_of, predictions, take

from agestat.stats.calibration import Calibration

FEWEST = 60  # faces of a range that has a say


def deviations(mine: Arrays, calibration: Calibration, gender: int) -> list[float]:
    """Variance of log shares of parts in each range."""
    parts, found = calibration.parts, []
    age = np.minimum(mine["age_min"], 100)
    for cell in np.flatnonzero(calibration.native_gender == gender):
        inside = np.flatnonzero(parts.ranges == cell)
        years = calibration.space.mid_age.astype(int)
        faces = np.array([np.isin(age, years[parts.of == part]).sum() for part in inside])
        if len(inside) < 2 or faces.sum() < FEWEST:
            continue
        off = np.log((faces + 0.5) / parts.usual[inside])
        found.append(float(off.var(ddof=1) - (1 / (faces + 0.5)).mean()))
    return found


def main() -> None:
    """Measure and print."""
    args = arguments(__doc__).parse_args()
    known = predictions(args.model, args.data, args.cache)
    calibration = calibration_of(take(known, np.flatnonzero(np.isin(known["domain"], RACES))))
    for name, genders in (("utkface", (0, 1)), ("appa_real", (-1,))):
        found = []
        for gender in genders:
            mine = (known["domain"] == name) & (known["gender"] == gender)
            found += deviations(take(known, np.flatnonzero(mine)), calibration, max(gender, 0))
        print(f"{name}: {np.sqrt(max(np.mean(found), 0)):.2f} of {len(found)} ranges")


if __name__ == "__main__":
    main()

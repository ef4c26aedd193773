"""Does a collection look like the calibration set?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shift:
    """Verdict, the largest Kolmogorov-Smirnov distance between the columns, its p-value, and words."""

    is_shifted: bool
    statistic: float
    p_value: float
    sentence: str

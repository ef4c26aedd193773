"""agestat: honest statistics of the perceived age and gender of the people in folders of pictures.

The library is the command line's other face: `scan` and `open` give a `agestat.analysis.scan.Scan`, whose
`estimate` gives shares with intervals; `compare`, `train`, `evaluate`, `calibrate` and `load_model` are what
the commands of these names do; `estimate` is for faces from elsewhere. Names load on first use, so that
importing it is instant. All of them: docs/api.md.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "scan": "agestat.api",
    "open": "agestat.api",
    "merge": "agestat.api",
    "compare": "agestat.analysis.comparison",
    "estimate": "agestat.stats.estimate",
    "load_model": "agestat.model.checkpoint",
    "train": "agestat.training.run",
    "evaluate": "agestat.judging.evaluate",
    "calibrate": "agestat.judging.calibration",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'agestat' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]

"""agestat: honest statistics of the perceived age and gender of the people in folders of pictures.

The library is the command line's other face: ``agestat.scan(paths)``, ``agestat.load_model(name)``,
``agestat.estimate(...)``, ``agestat.train(...)``, ``agestat.evaluate(...)``. Names load on first use, so
that importing `agestat` is instant.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "scan": "agestat.api",
    "estimate": "agestat.stats.estimate",
    "load_model": "agestat.model.checkpoint",
    "train": "agestat.training.run",
    "evaluate": "agestat.judging.evaluate",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'agestat' has no attribute {name!r}")

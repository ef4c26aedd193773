"""The scan: workers that decode and find faces, one network, a store that survives a kill, and the result.

``agestat.scan`` is this package and also, for everybody who calls it, the function `agestat.scan.api.scan`:
Python binds the package's name over the function's, so the package can be called.
"""

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from agestat.scan.api import scan

        return scan(*args, **kwargs)


sys.modules[__name__].__class__ = _Room

"""OpenVINO calls home when it is imported, and leaves files in the user's home: not in this house."""

import sys
from functools import cache
from threading import Lock
from types import ModuleType

import numpy as np

_FIRST = Lock()


def silent_openvino() -> ModuleType:
    """The module ``openvino``, imported without the package by which it reports to its makers."""
    with _FIRST:
        return _imported()


@cache
def _imported() -> ModuleType:
    # Where that cannot be imported OpenVINO takes a stand-in of its own, which does nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    # Its binding makes a table of types when it is first asked, under a lock of its own and letting go of
    # Python's: two threads that ask first together would wait for each other for ever.
    openvino.Tensor(np.zeros(1, openvino.Type.f32.to_dtype()))
    return openvino

"""OpenVINO calls home when it is imported, and leaves files in the user's home: not in this house."""

import sys
from types import ModuleType


def silent_openvino() -> ModuleType:
    """The module ``openvino``, imported without the package by which it reports to its makers."""
    # Where that cannot be imported OpenVINO takes a stand-in of its own, which does nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino

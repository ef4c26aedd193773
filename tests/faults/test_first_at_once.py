"""Threads whose first answers from OpenVINO come at the same moment."""

import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "weights" / "faces" / "model.int8.onnx"
NETWORK = """
from agestat.model.openvino_runtime import OpenVinoRuntime
runtime = OpenVinoRuntime(Path(sys.argv[1]))
def ask(): runtime(np.zeros((8, 128, 128, 3), np.uint8))
"""
DETECTOR = """
from agestat.images.yunet import detector
found = detector()
def ask(): found.look(np.zeros((128, 128, 3), np.uint8))
"""
AT_ONCE = """
import sys, threading
import numpy as np
from pathlib import Path
{made}
start = threading.Barrier(24)
sys.setswitchinterval(1e-6)

def first():
    start.wait()
    ask()

threads = [threading.Thread(target=first) for _ in range(24)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("made", [NETWORK, DETECTOR], ids=["network", "detector"])
def test_they_do_not_wait_for_each_other(made):
    """More than half of such processes of a network hung for ever."""
    command = [sys.executable, "-c", AT_ONCE.format(made=made), str(FILE)]
    running = [subprocess.Popen(command) for _ in range(4)]
    try:
        assert [process.wait(timeout=60) for process in running] == [0] * 4
    finally:
        for process in running:
            process.kill()

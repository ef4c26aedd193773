"""The int8 file by OpenVINO."""

import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).parents[2] / "weights" / "faces" / "model.int8.onnx"
AT_ONCE = """
import sys, threading
import numpy as np
from pathlib import Path
from agestat.model.openvino_runtime import OpenVinoRuntime

runtime, start = OpenVinoRuntime(Path(sys.argv[1])), threading.Barrier(8)
sys.setswitchinterval(1e-6)

def first():
    start.wait()
    runtime(np.zeros((8, 128, 128, 3), np.uint8))

threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_whose_first_answers_come_at_once_do_not_wait_for_each_other():
    """A third of such processes hung for ever before the runtime answered once on its own."""
    command = [sys.executable, "-c", AT_ONCE, str(FILE)]
    running = [subprocess.Popen(command) for _ in range(4)]
    try:
        assert [process.wait(timeout=60) for process in running] == [0] * 4
    finally:
        for process in running:
            process.kill()

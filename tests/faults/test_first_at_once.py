"""Threads that ask OpenVINO for the first time at the same moment."""

import subprocess
import sys

AT_ONCE = """
import sys, threading
from agestat.images.telemetry import silent_openvino

kind, start = silent_openvino().Type.f32, threading.Barrier(24)
sys.setswitchinterval(1e-6)

def first():
    start.wait()
    kind.to_dtype()

threads = [threading.Thread(target=first) for _ in range(24)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_they_do_not_wait_for_each_other():
    """Three of four such processes hung for ever, and a scan whose first two batches came together."""
    running = [subprocess.Popen([sys.executable, "-c", AT_ONCE]) for _ in range(4)]
    try:
        assert [process.wait(timeout=60) for process in running] == [0] * 4
    finally:
        for process in running:
            process.kill()

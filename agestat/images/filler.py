"""What downloads that reserved their place, and damaged disks, leave behind the part that is there."""

import numpy as np

FILLED = 256  # bytes at the end of a file in which a few are repeated all the time
_REPEATED = 64  # that many of them at most


def filled_from(data: bytes) -> int:
    """Where a few bytes begin that are repeated up to the end; the end if there are none."""
    end = data[-FILLED:]
    step = next((n for n in range(1, _REPEATED + 1) if end[n:] == end[:-n]), None)
    if step is None or len(end) < FILLED:
        return len(data)
    values = np.frombuffer(data, np.uint8)
    differs = np.flatnonzero(values[step:] != values[:-step])
    return int(differs[-1]) + 1 if len(differs) else 0

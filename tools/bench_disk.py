"""What a sync of the disk costs, and waiting until the disk is at rest.

Disks that are rented by the hour give a burst of fast syncs and slow down after it, twenty times on
some machines. Durable figures depend on the sync and on little else, so no run may pay for the one
before it.
"""

import os
import pathlib
import time

REST_SECONDS_MAX = 60
REST_STEP_SECONDS = 5
AT_REST = 1.5  # times the best seen

best_us = float("inf")


def fsync_us(folder: pathlib.Path, times: int = 200) -> tuple:
    """(p50, p99) of appending 4 KiB and fdatasync, in microseconds."""
    path = folder / "fsync.probe"
    block = os.urandom(4096)
    took = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(times):
            begin = time.perf_counter()
            os.write(descriptor, block)
            os.fdatasync(descriptor)
            took.append((time.perf_counter() - begin) * 1e6)
    finally:
        os.close(descriptor)
        path.unlink()
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100]


def rest(folder: pathlib.Path) -> float:
    """Waits until a sync costs about the least that was seen here; what it costs then (p50, us).
    A disk that does not recover in time is measured as it is."""
    global best_us
    until = time.monotonic() + REST_SECONDS_MAX
    while True:
        now, _ = fsync_us(folder, 50)
        best_us = min(best_us, now)
        if now <= AT_REST * best_us or time.monotonic() >= until:
            return now
        time.sleep(REST_STEP_SECONDS)

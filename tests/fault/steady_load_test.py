"""A steady stream of jobs that wait for a provider half a second each, through one cluster on one
machine: two servers, three workers, PostgreSQL and Redis.

The full size of docs/reliability.md: SON1K_LOAD_SECONDS=300 (300 jobs a second, 150 at once).
"""

import http.client
import json
import os
import threading
import time
import unittest

import cluster_jobs
import probe_jobs
from support.cluster import cluster_case
from support.program import eventually

SECONDS = int(os.environ.get("SON1K_LOAD_SECONDS", "15"))
RATE = int(os.environ.get("SON1K_LOAD_RATE", "300"))
CALL_MS = 500
SLOTS = 64  # of each worker: 150 are busy at this rate, the rest is for moments
LANES = 16
API_P95_MAX = 2.0
ERRORS_MAX = 0.01


class lane(threading.Thread):
    """One caller with a connection that it keeps. It asks by the clock, not when the last answer
    is there, and a call counts from when it was due: a late answer makes the next call late too.
    """

    def __init__(self, homes: list, number: int, began: float):
        super().__init__(daemon=True)
        self.home, self.number, self.began = homes[number % len(homes)], number, began
        self.seconds: list = []
        self.errors: list = []

    def run(self) -> None:
        wire = None
        for n in range(self.number, RATE * SECONDS, LANES):
            due = self.began + n / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            job = probe_jobs.job(n, {"sleepMs": CALL_MS})
            try:
                if wire is None:
                    wire = http.client.HTTPConnection(self.home.api.host, self.home.api.port,
                                                      timeout=30)
                wire.request("POST", "/api/jobs", json.dumps(job),
                             self.home.api.known({"Content-Type": "application/json"}))
                got = wire.getresponse()
                said = got.read()
                if got.status != 202:
                    self.errors.append(f"{got.status} {said[:200]!r}")
            except cluster_jobs.GONE as gone:
                self.errors.append(repr(gone))
                wire = None
            self.seconds.append(time.monotonic() - due)
        if wire is not None:
            wire.close()


class steady_load(cluster_case):
    settings = {"GENERATION_RATE_LIMIT": "0", "SON1K_LEASE_MS": "10000"}

    def test_jobs_flow_at_the_rate_that_they_come_in(self):
        homes = [self.serve("--probe") for _ in range(2)]
        fleet = [self.work("--probe", "--queue", "probe", "--concurrency", str(SLOTS))
                 for _ in range(3)]
        began = time.monotonic() + 0.5
        lanes = [lane(homes, n, began) for n in range(LANES)]
        for one in lanes:
            one.start()
        most_active = most_ready = 0
        while any(one.is_alive() for one in lanes):
            now = cluster_jobs.counts(homes[0], "probe")
            most_active = max(most_active, now.get("active", 0))
            most_ready = max(most_ready, now.get("waiting", 0))
            time.sleep(0.5)
        asked_for = time.monotonic() - began
        total = RATE * SECONDS
        errors = [e for one in lanes for e in one.errors]
        eventually(lambda: cluster_jobs.counts(homes[0], "probe").get("completed", 0)
                   >= total - len(errors) or time.sleep(0.1), 120, "all have completed")
        ended = time.monotonic() - began
        seconds = sorted(s for one in lanes for s in one.seconds)
        p50, p95, p99 = (seconds[int(len(seconds) * q) - 1] for q in (0.5, 0.95, 0.99))
        print(f"{total} jobs of {CALL_MS} ms in {ended:.1f} s: {60 * total / ended:.0f} a minute; "
              f"{most_active} at once, {most_ready} waiting at most; API p50 {1000 * p50:.1f} ms, "
              f"p95 {1000 * p95:.1f} ms, p99 {1000 * p99:.1f} ms; {len(errors)} errors; asked for "
              f"over {asked_for:.1f} s", flush=True)
        self.assertLess(p95, API_P95_MAX)
        self.assertLess(len(errors), ERRORS_MAX * total, errors[:3])
        self.assertEqual(cluster_jobs.counts(homes[0], "probe")["failed"], 0)
        for one in fleet:
            self.assertEqual(one.end(), 0)


if __name__ == "__main__":
    unittest.main()

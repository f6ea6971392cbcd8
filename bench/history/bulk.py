#!/usr/bin/env python3
"""What a job of another queue feels while 100,000 failed jobs are retried by one filter.

    bench/history/bulk.py PROGRAM FOLDER [JOBS]

Starts PROGRAM's server over a folder in FOLDER, lets JOBS jobs fail, pauses their queue and times
no-op jobs of another queue from the request that adds them to the reply that says `completed`,
first at rest, then while `POST /api/jobs/bulk` works. Prints one JSON object.
"""

import http.client
import json
import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from bench_server import CALL_SECONDS_MAX, served

ADD_EACH = 5_000
QUIET_SECONDS = 8
WAIT_SECONDS_MAX = 600
FAILING = {"queue": "probe", "kind": "probe", "data": {"failTimes": 99, "failWith": "no"},
           "options": {"attempts": 1, "keepFailed": {"age": 86_400_000, "count": 1_000_000}}}
NOTHING = {"queue": "generation", "kind": "probe", "data": {}}


class api:
    """Calls over one connection, so that a sample is not the making of connections."""

    def __init__(self, server: served):
        self.connection = http.client.HTTPConnection(server.host, int(server.port),
                                                     timeout=CALL_SECONDS_MAX)
        self.fields = {"content-type": "application/json",
                       "authorization": f"Bearer {server.token}"}

    def call(self, method: str, path: str, body=None) -> dict:
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, self.fields)
        reply = self.connection.getresponse()
        told = json.loads(reply.read())
        if reply.status >= 400:
            raise RuntimeError(f"{method} {path}: {told}")
        return told.get("data", told)

    def job(self, queue: str, job: str) -> dict:
        return self.call("GET", f"/api/jobs/{job}?queue={queue}")


def until(condition, what: str, pause: float = 0.2):
    end = time.monotonic() + WAIT_SECONDS_MAX
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} took more than {WAIT_SECONDS_MAX} s")
        time.sleep(pause)


def sampled(server: api, enough) -> dict:
    took = []
    while not enough():
        begun = time.perf_counter()
        job = server.call("POST", "/api/jobs", dict(NOTHING))["jobId"]
        until(lambda: server.job(NOTHING["queue"], job)["state"] == "completed", "a job", 0)
        took.append((time.perf_counter() - begun) * 1_000)
    took.sort()
    return {"samples": len(took), "p50_ms": round(took[len(took) // 2], 2),
            "p99_ms": round(took[len(took) * 99 // 100], 2), "max_ms": round(took[-1], 2)}


def measured(server: api, jobs: int) -> dict:
    begun = time.perf_counter()
    for at in range(0, jobs, ADD_EACH):
        server.call("POST", "/api/jobs/many", {"jobs": [FAILING] * min(ADD_EACH, jobs - at)})
    dead = lambda: sum(group["jobs"] for group in server.call("GET", "/api/dead-letters"))
    until(lambda: dead() >= jobs, "failing")
    failed_s = time.perf_counter() - begun
    server.call("POST", "/api/queues/probe/pause", {})
    quiet_until = time.monotonic() + QUIET_SECONDS
    quiet = sampled(server, lambda: time.monotonic() > quiet_until)
    begun = time.perf_counter()
    bulk = server.call("POST", "/api/jobs/bulk",
                       {"action": "retry", "query": "state:failed queue:probe"})["jobId"]
    ended = lambda: server.job("system", bulk)["state"] in ("completed", "failed")
    during = sampled(server, ended)
    bulk_s = time.perf_counter() - begun
    return {"jobs": jobs, "failed_s": round(failed_s, 1), "bulk_s": round(bulk_s, 1),
            "result": server.job("system", bulk).get("result"), "quiet": quiet, "during": during,
            "p99_ratio": round(during["p99_ms"] / quiet["p99_ms"], 2)}


def main(program: str, folder: str, jobs: int = 100_000):
    with served(program, folder, "--probe", GENERATION_RATE_LIMIT="0") as server:
        print(json.dumps(measured(api(server), jobs)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:4]))

#!/usr/bin/env python3
"""Celery measured the way `son1k bench queue` measures its own queue, with the same fields.

    main.py [--jobs N] [--concurrency C] [--payload BYTES] [--samples S] [--pool POOL]
            [--processes N] [--fsync none|everysec|always] [--folder DIR]

Starts a redis-server and a worker of its own and stops them. Prints one JSON object. --concurrency
is the adds in flight; the worker has --processes processes (the number of cores) or, with the pool
`threads`, that many threads. Throughput is of a task whose result is ignored, which is Celery's
fastest way; latency is from delay() to the result in the caller's hand.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
START_SECONDS_MAX = 30
PHASE_SECONDS_MAX = 600
POLL_SECONDS = 0.005
WARM_SAMPLES = 20


class redis_server:
    """A redis-server on a free port of the loopback over a folder of its own; ends with us."""

    def __init__(self, fsync: str, parent):
        version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True)
        self.version = re.search(r"v=([\d.]+)", version.stdout)[1]
        self.folder = tempfile.mkdtemp(prefix="son1k-bench-redis-", dir=parent)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        durable = ["no"] if fsync == "none" else ["yes", "--appendfsync", fsync]
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", self.folder,
             "--save", "", "--maxmemory-policy", "noeviction", "--appendonly", *durable],
            stdout=subprocess.DEVNULL)
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self):
        until = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    probe.sendall(b"PING\r\n")
                    if probe.recv(16).startswith(b"+PONG"):
                        return self
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise RuntimeError(f"redis-server did not start on port {self.port}")
            time.sleep(0.02)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class celery_worker:
    """A worker that consumes a queue nobody adds to, until it is told of another."""

    def __init__(self, pool: str, processes: int):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-P", pool, "-c",
             str(processes), "-n", "bench@localhost", "-Q", "rest", "--without-gossip",
             "--without-mingle", "--without-heartbeat", "-l", "error"],
            cwd=HERE, stdout=self.log, stderr=self.log, start_new_session=True)

    def __enter__(self):
        from tasks import app
        until = time.monotonic() + START_SECONDS_MAX
        while not app.control.ping(timeout=0.5):
            if self.process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                self.log.seek(0)
                raise RuntimeError(f"the worker did not start: {self.log.read()[-2000:]}")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own session: itself and its children
            self.process.wait()

    def rss_mib(self) -> float:
        pids = subprocess.run(["ps", "-o", "rss=", "-g", str(self.process.pid)],
                              capture_output=True, text=True).stdout.split()
        return sum(int(one) for one in pids) / 1024


class bench:
    def __init__(self, options):
        import redis

        from tasks import app, quiet, told
        self.app, self.quiet, self.told = app, quiet, told
        self.options = options
        self.redis = redis.Redis.from_url(os.environ["BENCH_REDIS"])
        self.arguments = ["x" * options.payload] if options.payload else []

    def add(self, queue: str) -> float:
        """Adds all jobs, one a call, from --concurrency threads; jobs per second."""
        jobs, threads = self.options.jobs, self.options.concurrency
        failures = []

        def some(count: int):
            try:
                with self.app.producer_pool.acquire(block=True) as producer:
                    for _ in range(count):
                        self.quiet.apply_async(self.arguments, queue=queue, producer=producer)
            except Exception as problem:  # told to the caller below
                failures.append(problem)

        shares = [jobs // threads + (n < jobs % threads) for n in range(threads)]
        lanes = [threading.Thread(target=some, args=(share,)) for share in shares if share]
        begin = time.perf_counter()
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        if failures:
            raise failures[0]
        return jobs / (time.perf_counter() - begin)

    def until_empty(self, queue: str):
        """Neither waiting nor taken and not acknowledged yet."""
        until = time.monotonic() + PHASE_SECONDS_MAX
        while self.redis.llen(queue) or self.redis.hlen("unacked"):
            if time.monotonic() > until:
                raise RuntimeError(f"{queue} was not empty within {PHASE_SECONDS_MAX} s")
            time.sleep(POLL_SECONDS)

    def process(self, queue: str) -> float:
        begin = time.perf_counter()
        self.app.control.add_consumer(queue)
        self.until_empty(queue)
        return self.options.jobs / (time.perf_counter() - begin)

    def lifecycle(self, queue: str) -> float:
        self.app.control.add_consumer(queue, reply=True, timeout=5)
        begin = time.perf_counter()
        self.add(queue)
        self.until_empty(queue)
        return self.options.jobs / (time.perf_counter() - begin)

    def latencies(self, queue: str) -> list:
        """Sorted milliseconds."""
        self.app.control.add_consumer(queue, reply=True, timeout=5)
        took = []
        for _ in range(self.options.samples + WARM_SAMPLES):
            begin = time.perf_counter()
            self.told.apply_async(self.arguments, queue=queue).get(timeout=30)
            took.append((time.perf_counter() - begin) * 1000)
        return sorted(took[WARM_SAMPLES:])


def measure(options) -> dict:
    with redis_server(options.fsync, options.folder) as server:
        os.environ["BENCH_REDIS"] = server.url
        import celery
        runs = bench(options)
        with celery_worker(options.pool, options.processes) as worker:
            latencies = runs.latencies("bench-idle")
            add = runs.add("bench-process")
            process = runs.process("bench-process")
            lifecycle = runs.lifecycle("bench-life")
            rss = worker.rss_mib()
            redis_mib = runs.redis.info("memory")["used_memory_rss"] / 1048576
        return {
            "backend": f"Celery {celery.__version__} ({options.pool}, {options.processes}), Redis "
                       f"{server.version}, Python {platform.python_version()}",
            "jobs": options.jobs,
            "concurrency": options.concurrency,
            "add_per_s": add,
            "process_per_s": process,
            "lifecycle_per_s": lifecycle,
            "latency_ms_p50": latencies[len(latencies) // 2],
            "latency_ms_p99": latencies[len(latencies) * 99 // 100],
            "fsync": options.fsync == "always",
            "persistence": options.fsync,
            "rss_mib": rss + redis_mib,
        }


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--payload", type=int, default=0)
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--pool", choices=["prefork", "threads", "solo"], default="prefork")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--fsync", choices=["none", "everysec", "always"], default="none")
    parser.add_argument("--folder")
    options = parser.parse_args(arguments)
    for name, low in (("jobs", 1), ("concurrency", 1), ("payload", 0), ("samples", 1),
                      ("processes", 1)):
        if getattr(options, name) < low:
            parser.error(f"--{name} must be at least {low}")
    try:
        print(json.dumps(measure(options)))
    except (RuntimeError, OSError, ImportError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

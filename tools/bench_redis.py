"""A redis-server of one benchmark, in a folder of its own; the queue on Redis beside BullMQ."""

import contextlib
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

import bench_peers

START_SECONDS_MAX = 10
JOBS = 40_000
ADDS_IN_FLIGHT = 100


@contextlib.contextmanager
def redis_server(below: pathlib.Path, fsync: str = "none"):
    """Yields the URL of a server on a socket in a folder below `below`, removed afterwards.

    fsync: none (no persistence at all), everysec or always. RuntimeError: it does not start.
    The log is never rewritten: at 64 MB that would fall in the seconds of the faster contender
    only, although both write as much of it a job.
    """
    if not shutil.which("redis-server"):
        raise RuntimeError("redis-server is not installed")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="son1k-redis-", dir=below))
    durable = ["no"] if fsync == "none" else ["yes", "--appendfsync", fsync]
    server = None
    try:
        port = free_port()
        server = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder),
             "--save", "", "--maxmemory-policy", "noeviction", "--auto-aof-rewrite-percentage", "0",
             "--appendonly", *durable],
            stdout=subprocess.DEVNULL)
        until = time.monotonic() + START_SECONDS_MAX
        while not answers(port):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}"
    finally:
        if server is not None:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as wire:
            wire.sendall(b"PING\r\n")
            return wire.recv(16).startswith(b"+PONG")
    except OSError:
        return False


FIELDS = ("process_per_s", "server_us_per_process", "add_per_s", "server_us_per_add",
          "add_many_per_s", "lifecycle_per_s", "latency_ms_p50", "latency_ms_p99")


def forget_all(url: str):
    done = subprocess.run(["redis-cli", "-u", url, "FLUSHALL"], capture_output=True, text=True)
    if done.stdout.strip() != "OK":
        raise RuntimeError(f"FLUSHALL: {done.stdout}{done.stderr}")


def redis_part(options, table) -> str:
    """Ours and BullMQ by turns on one Redis that keeps nothing on a disk."""
    rows = [("Son1k", [options.build / "son1k", "bench", "queue", "--json"])]
    missing = []
    try:
        rows.append(("BullMQ", bench_peers.bullmq_ready()))
    except (bench_peers.absent, OSError) as problem:
        missing.append(f"BullMQ: not measured. {problem}.")
    runs = {name: [] for name, _ in rows}
    with redis_server(options.folder) as url:
        for turn in range(options.runs):
            for name, command in rows:
                print(f"  round {turn + 1} of {options.runs}: {name}", flush=True)
                shared = [*command, "--redis-url", url, "--jobs", JOBS, "--payload",
                          bench_peers.PAYLOAD_BYTES]
                adds = bench_peers.run_json(*shared, "--concurrency", ADDS_IN_FLIGHT)
                forget_all(url)
                run = bench_peers.run_json(*shared, "--concurrency", bench_peers.CONCURRENCY,
                                           "--progress", 1)
                forget_all(url)
                run |= {field: adds[field] for field in ("add_per_s", "server_us_per_add")}
                runs[name].append(run)
    medians = {name: {field: statistics.median(run[field] for run in of) for field in FIELDS}
               for name, of in runs.items()}
    lines = []
    for field in FIELDS:
        values = [medians[name][field] for name, _ in rows]
        ratio = ""
        if len(values) == 2:
            less = field.startswith(("server_us", "latency"))
            better = values[1] / values[0] if less else values[0] / values[1]
            ratio = f"{better:.1f} ×"
        lines.append([f"`{field}`", *map(bench_peers.shown, values), ratio])
    return "\n\n".join([table(["", *(name for name, _ in rows), "ours is better by"], lines),
                        *missing])

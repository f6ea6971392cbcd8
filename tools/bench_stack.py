"""A create beside the stack that teams glue together (bench/peers/fastify): the same request from
the same load generator, by turns, on the same machine."""

import contextlib
import json
import pathlib
import select
import shutil
import subprocess

import bench_disk
import bench_peers
import bench_postgres
import bench_redis
from bench_server import AMPLE, served

ROOT = pathlib.Path(__file__).resolve().parent.parent
FASTIFY = ROOT / "bench" / "peers" / "fastify"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


def shows(token: str) -> list:
    return ["--header", f"Authorization: Bearer {token}"]


@contextlib.contextmanager
def ours(options):
    with served(options.build / "son1k", options.folder, "--workers", "0", **AMPLE) as server:
        yield {"port": server.port, "headers": shows(server.account()),
               "backend": "embedded; token, limit and quota; row and job fsynced"}


@contextlib.contextmanager
def cluster(options):
    with bench_postgres.postgres_server(options.folder) as rows, \
            bench_redis.redis_server(options.folder, "everysec") as jobs, \
            served(options.build / "son1k", options.folder, "--workers", "0", DATABASE_URL=rows,
                   REDIS_URL=jobs, **AMPLE) as server:
        yield {"port": server.port, "headers": shows(server.account()),
               "backend": "one process; token, limit and quota; PostgreSQL with fsync, Redis with "
                          "one each second"}


@contextlib.contextmanager
def fastify(processes: int, options):
    stack = subprocess.Popen(["node", str(FASTIFY / "main.mjs"), "--processes", str(processes),
                              "--folder", str(options.folder)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if not select.select([stack.stdout], [], [], START_SECONDS_MAX)[0]:
            raise RuntimeError("the Fastify stack did not start")
        line = stack.stdout.readline()
        if not line:
            raise RuntimeError("the Fastify stack ended at its start")
        told = json.loads(line)
        yield {"port": told["url"].rsplit(":", 1)[1],
               "headers": shows(told["token"]),
               "backend": told["backend"] + ", PostgreSQL with fsync, Redis with one each second"}
    finally:
        stack.stdin.close()
        try:
            stack.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            stack.kill()
            stack.wait()
        stack.stdout.close()


def contenders() -> tuple:
    rows = [("Son1k, embedded", ours)]
    missing = []
    if bench_postgres.programs() is None or not shutil.which("redis-server"):
        missing.append("Son1k, cluster: not measured. PostgreSQL or Redis is not installed.")
    else:
        rows.append(("Son1k, cluster", cluster))
    try:
        bench_peers.need("node", "npm", "redis-server")
        bench_peers.installed(FASTIFY, "fastify")
    except bench_peers.absent as problem:
        return rows, [*missing, f"Fastify: not measured. {problem}."]
    for processes in (1, 2):
        rows.append((f"Fastify, {processes} process{'es' if processes > 1 else ''}",
                     lambda options, n=processes: fastify(n, options)))
    return rows, missing


def in_turn(options, rows, loads: dict) -> tuple:
    """What each contender did under each load, a list of runs by name; and what each stands on."""
    runs = {load: {name: [] for name, _ in rows} for load in loads}
    backends = {}
    for turn in range(options.runs):
        for name, start in rows:
            sync_us = bench_disk.rest(options.folder)
            print(f"  round {turn + 1} of {options.runs}: {name} (a sync costs {sync_us:.0f} µs)",
                  flush=True)
            with start(options) as server:
                backends[name] = server["backend"]
                for load, (reply, call) in loads.items():
                    run = bench_peers.run_json(*call, "--port", server["port"], *server["headers"])
                    if set(run["by_status"]) != {reply}:
                        raise RuntimeError(f"{name} replied {run['by_status']}")
                    runs[load][name].append(run)
    return runs, backends


def compared(runs: dict, table, median, shown) -> str:
    results = [(name, median(some)) for name, some in runs.items()]
    fields = ("requests_per_s", "p50_us", "p99_us")
    ours_of = [row for name, row in results if name.startswith("Son1k")]
    lines = []
    for name, row in results:
        ratios = ["", ""] if row in ours_of else [
            f"{own['requests_per_s'] / row['requests_per_s']:.1f} ×, p99 "
            f"{own['p99_us'] / row['p99_us']:.2f}" for own in ours_of]
        lines.append([name, *(shown(row[field]) for field in fields), *ratios])
    kinds = [name.split(", ")[1] for name, _ in results if name.startswith("Son1k")]
    return table(["", *(f"`{field}`" for field in fields),
                  *(f"ours, {kind}, beside it" for kind in kinds)],
                 [line[:4 + len(kinds)] for line in lines])


def stack_part(options, table, median, shown, body: str) -> str:
    def load(connections: int, *call) -> list:
        return [str(options.build / "bench" / "http_load"), "--connections", str(connections),
                "--seconds", str(options.seconds), *call]

    create = ["--method", "POST", "--path", "/api/generation/create", "--body", body]
    loads = {"A create, 64 connections": ("202", load(64, *create)),
             "A create, 256 connections": ("202", load(256, *create)),
             "`GET /health`, 64 connections": ("200", load(64, "--path", "/health"))}
    rows, missing = contenders()
    runs, backends = in_turn(options, rows, loads)
    return "\n\n".join([
        *(f"{name}:\n\n{compared(runs[name], table, median, shown)}" for name in loads),
        "\n".join(f"- {name}: {backends[name]}" for name, _ in rows), *missing])

#!/usr/bin/env python3
"""Measures the release build on this machine and writes docs/benchmarks.md.

    tools/bench.py [--build DIR] [--out FILE] [--folder DIR] [--seconds N] [--runs N]
                   [--only PART]...

Every figure is the median of --runs (5). --only keeps what the file says of the other parts.
--folder is where databases are made: it decides the disk that durable figures depend on.
A part whose program was not built is said to be missing. Nothing
else should run on the machine meanwhile.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

import bench_disk
import bench_peers
import bench_postgres
import bench_realtime
import bench_redis
import bench_stack
from bench_server import AMPLE, served

ROOT = pathlib.Path(__file__).resolve().parent.parent
BODY = '{"prompt":"calm piano in C","duration":30,"seed":1}'
CROWD_JOBS = 1_000_000


def median(rows: list) -> dict:
    """The median of each numeric field over several JSON objects; others from the last."""
    out = dict(rows[-1])
    for name, value in out.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            out[name] = statistics.median(row[name] for row in rows)
    return out


def shown(value) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def table(heads: list, rows: list) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in [heads, ["---"] * len(heads), *rows]]
    return "\n".join(lines)


def first_line(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def machine(folder: pathlib.Path, build: pathlib.Path) -> str:
    cpu = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    release = re.search(r'PRETTY_NAME="(.+)"', pathlib.Path("/etc/os-release").read_text())
    cache = (build / "CMakeCache.txt").read_text()
    flags = re.search(r"CMAKE_CXX_FLAGS_RELEASE:\w+=(.*)", cache)
    p50, p99 = bench_disk.fsync_us(folder)
    disk = first_line("stat", "-f", "-c", "%T", str(folder))
    return table(["fact", "value"], [
        ["processor", f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores"],
        ["memory", f"{memory / 1048576:.1f} GiB"],
        ["system", f"{release[1] if release else 'unknown'}, Linux {platform.release()}"],
        ["compiler", f"{first_line('g++', '--version')}; `{flags[1] if flags else ''}`"],
        ["file system", disk],
        ["4 KiB append + fdatasync", f"p50 {p50:,.0f} µs, p99 {p99:,.0f} µs"],
        ["load generator", "on the same machine, sharing its cores"],
        ["measured", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")],
    ])


def run_json(*command: str) -> dict:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return json.loads(done.stdout)


QUEUE_RUNS = ((1, 20_000), (50, 200_000), (50, 200_000, "--outside"), (1000, 500_000))


def queue_part(options) -> str:
    rows = []
    for concurrency, jobs, *flags in QUEUE_RUNS:
        runs = []
        for _ in range(options.runs):
            bench_disk.rest(options.folder)
            with tempfile.TemporaryDirectory(prefix="son1k-bench-", dir=options.folder) as data:
                runs.append(run_json(str(options.build / "son1k"), "bench", "queue", "--jobs",
                                     str(jobs), "--concurrency", str(concurrency), "--data-dir",
                                     data, "--json", *flags))
        rows.append((" ".join((f"{concurrency:,} in flight, {jobs:,} jobs", *flags)), median(runs)))
    facts = ("backend", "jobs", "concurrency", "machine")
    names = [name for name in rows[0][1] if name not in facts]
    heads = ["measure", *(head for head, _ in rows)]
    return table(heads, [[f"`{name}`", *(shown(row[name]) for _, row in rows)]
                         for name in names])


def peers_part(options) -> str:
    return bench_peers.peers_part(options, table)


def redis_part(options) -> str:
    return bench_redis.redis_part(options, table)


def realtime_part(options) -> str:
    return bench_realtime.realtime_part(options, table)


def crowd_part(options) -> str:
    """A million jobs that wait, and a million that are cleaned; `--runs` times each."""
    texts = []
    facts = ("backend", "machine", "fsync")
    for mode, title in (("--waiting", "A million waiting jobs"),
                        ("--clean", "A million jobs cleaned while four callers work")):
        runs = []
        for _ in range(options.runs):
            bench_disk.rest(options.folder)
            with tempfile.TemporaryDirectory(prefix="son1k-bench-", dir=options.folder) as data:
                runs.append(run_json(str(options.build / "son1k"), "bench", "queue", mode,
                                     str(CROWD_JOBS), "--data-dir", data, "--json"))
        row = median(runs)
        texts.append(f"{title}: `son1k bench queue {mode} {CROWD_JOBS} --json`\n\n" + table(
            ["measure", "value"],
            [[f"`{name}`", shown(row[name])] for name in row if name not in facts]))
    return "\n\n".join(texts)


def history_part(options) -> str:
    with tempfile.TemporaryDirectory(prefix="son1k-bench-", dir=options.folder) as data:
        found = run_json(str(options.build / "bench" / "bench_history"), data, str(CROWD_JOBS),
                         "20")
    searches = table(["query", "jobs", "`ms_p50`", "`ms_max`"],
                     [[f"`{one['query'] or ' '}`", str(one["jobs"]), shown(one["ms_p50"]),
                       shown(one["ms_max"])] for one in found["searches"]])
    runs = []
    for _ in range(options.runs):
        bench_disk.rest(options.folder)
        with tempfile.TemporaryDirectory(prefix="son1k-bench-", dir=options.folder) as data:
            runs.append(run_json(sys.executable, str(ROOT / "bench" / "history" / "bulk.py"),
                                 str(options.build / "son1k"), data))
    bulk = sorted(runs, key=lambda run: run["p99_ratio"])[len(runs) // 2]
    felt = [[when, *(shown(bulk[when][name]) for name in ("samples", "p50_ms", "p99_ms", "max_ms"))]
            for when in ("quiet", "during")]
    return "\n\n".join([
        f"{found['rows']:,} rows, {found['mib']} MiB; {found['write_per_s']:,} written and "
        f"{found['index_per_s']:,} indexed a second. First pages, 20 times each:", searches,
        f"{bulk['jobs']:,} failed jobs retried by a filter in {bulk['bulk_s']} s (of "
        f"{options.runs} runs the median by the ratio). A job of another queue meanwhile, from the "
        "request that adds it to the reply that it has completed:",
        table(["", "samples", "p50 ms", "p99 ms", "max ms"], felt),
        f"p99 ratio {bulk['p99_ratio']}."])


def fairness_part(options) -> str:
    pictures = options.out.parent / "pictures"
    pictures.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="son1k-bench-", dir=options.folder) as data:
        told = subprocess.run([str(options.build / "bench" / "bench_fairness"), data],
                              capture_output=True, text=True)
    if told.returncode != 0:
        raise RuntimeError(told.stderr)
    drawn = subprocess.run([sys.executable, str(ROOT / "bench" / "fairness" / "plot.py"),
                            str(pictures)], input=told.stdout, capture_output=True, text=True)
    if drawn.returncode != 0:
        raise RuntimeError(drawn.stderr)
    return (drawn.stdout.strip().replace("\n", "; ") + ".\n\n"
            "![How long jobs of each tier wait](pictures/fair-tiers.svg)\n\n"
            "![Jobs done for two tenants](pictures/fair-tenants.svg)")


def http_part(options) -> str:
    load = [str(options.build / "bench" / "http_load"), "--connections", "64", "--seconds",
            str(options.seconds)]
    measures = []
    with served(options.build / "son1k", options.folder, "--workers", "0", **AMPLE) as server:
        at_rest = server.rss_mib()
        first = server.account()
        begin = time.perf_counter()
        server.fetch("/api/generation/create", BODY, token=first)
        first_ms = (time.perf_counter() - begin) * 1000

        def status() -> list:
            token = server.account()
            made = server.fetch("/api/generation/create", BODY, token=token)["data"]
            return ["--path", f"/api/generation/{made['generationId']}/status",
                    *bench_stack.shows(token)]

        calls = [("`GET /health`", lambda: ["--path", "/health"]),
                 ("`GET …/status`", status),
                 ("`POST …/create`, durable",
                  lambda: ["--method", "POST", "--path", "/api/generation/create", "--body", BODY,
                           *bench_stack.shows(server.account())])]
        for name, call in calls:
            runs = []
            for _ in range(options.runs):
                bench_disk.rest(options.folder)
                runs.append(run_json(*load, "--port", server.port, *call()))
            measures.append((name, median(runs)))
        after = server.rss_mib()
        start = server.start_ms
    names = [name for name, value in measures[0][1].items() if isinstance(value, (int, float))]
    rows = [[call, *(shown(row.get(name, "")) for name in names),
             ", ".join(f"{code}: {count:,}" for code, count in row["by_status"].items())]
            for call, row in measures]
    return table(["call", *(f"`{name}`" for name in names), "replies of one run"], rows) + (
        f"\n\nStart to first reply {start:.0f} ms; a create at rest {first_ms:.1f} ms; resident "
        f"memory {at_rest:.0f} MiB at rest, {after:.0f} MiB after the runs.")


def stack_part(options) -> str:
    return bench_stack.stack_part(options, table, median, shown, BODY)


def text_part(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return f"```\n{done.stdout.rstrip()}\n```"


def store_part(options) -> str:
    with tempfile.TemporaryDirectory(prefix="son1k-bench-", dir=options.folder) as data:
        program = str(options.build / "bench" / "bench_store")
        sqlite = text_part(program, data, str(options.seconds))
    if bench_postgres.programs() is None:
        return sqlite
    with bench_postgres.postgres_server(options.folder) as url:
        postgres = text_part(program, url, str(options.seconds))
    return f"SQLite:\n\n{sqlite}\n\nPostgreSQL, by a socket of the same machine:\n\n{postgres}"


LIMITS_PROGRAM = "bench/bench_limits"


def limits_part(options) -> str:
    runs = []
    with bench_redis.redis_server(options.folder) as url:
        for _ in range(options.runs):
            told = subprocess.run([str(options.build / LIMITS_PROGRAM), str(options.seconds), url],
                                  capture_output=True, text=True)
            if told.returncode != 0:
                raise RuntimeError(f"{LIMITS_PROGRAM}: {told.stderr}{told.stdout}")
            runs.append([json.loads(line) for line in told.stdout.splitlines()])
    rows = [median(list(same)) for same in zip(*runs)]
    names = [name for name in rows[0] if name not in ("place", "load")]
    return table(["where", "calls", *(f"`{name}`" for name in names)],
                 [[row["place"], row["load"], *(shown(row[name]) for name in names)]
                  for row in rows])


def render_part(options) -> str:
    return text_part(str(options.build / "bench" / "bench_render"))


# name, heading, the program it needs, what measures it, what the reader should know
PARTS = (
    ("queue", "Queue, embedded, durable", "son1k", queue_part,
     "Add, claim and complete through the code that serves jobs; fsync on. A probe changes "
     "nothing outside of the database, so alone it costs one fsync; `--outside` as a kind that "
     "does, which costs two (decision 0011). "
     "`son1k bench queue --jobs N --concurrency C --json`"),
    ("peers", "Queue beside its peers", "son1k", peers_part,
     f"No-op jobs with {bench_peers.PAYLOAD_BYTES} bytes of data that come back as the result; "
     f"{bench_peers.CONCURRENCY} at once; all on the loopback, each with a Redis of its own; "
     "the contenders take turns. Ours is durable in every row: it has no other way. Jobs are kept "
     "as ours keeps them (an hour, the newest 10,000); Celery ignores results but in the latency. "
     "`latency`: one job at a time, from the add to the completed event (Celery: to the result). "
     "`bench/peers`"),
    ("redis", "Queue on Redis beside BullMQ", "son1k", redis_part,
     f"The same Redis for both, by turns, in memory only; {bench_redis.JOBS:,} jobs a phase with "
     f"{bench_peers.PAYLOAD_BYTES} bytes of data. Processing: {bench_peers.CONCURRENCY} at once, "
     f"one progress update a job. Adding: {bench_redis.ADDS_IN_FLIGHT} calls of one job in flight. "
     "`server_us`: time of Redis's processor a job, which hardly depends on what else runs. Jobs "
     "are kept for an hour, the newest 10,000. "
     "`son1k bench queue --redis-url URL --progress 1 --json`, `bench/peers/bullmq`"),
    ("crowd", "A million jobs", "son1k", crowd_part,
     "Memory is what the process holds resident, after a first crowd has filled the caches."),
    ("fairness", "Fair shares", "bench/bench_fairness", fairness_part,
     "The embedded queue with one worker that takes a second a job, under a clock of its own. Ten "
     "PRO jobs always wait while FREE and ENTERPRISE jobs come now and then; and a tenant with 600 "
     "jobs shares the worker with one that has 100. `bench/fairness`"),
    ("history", "The lasting history", "bench/bench_history", history_part,
     "Searches over a million rows that were just written, and work by filter. "
     "`build/release/bench/bench_history FOLDER 1000000 20`, "
     "`bench/history/bulk.py build/release/son1k FOLDER`"),
    ("http", "HTTP, embedded", "bench/http_load", http_part,
     "64 keep-alive connections against `son1k serve --workers 0`; status and create show an "
     "access token, whose limit and quota count; a create is acknowledged when row and job are "
     "fsynced. `build/release/bench/http_load --connections 64 --path …`"),
    ("limits", "Limits of callers", LIMITS_PROGRAM, limits_part,
     "What a call waits for its limits: one of its user and one of its address, taken as one step; "
     "64 callers on 2 threads, 10,000 users. Paced calls come at an even rate; closed ones follow "
     "each other as fast as the machine goes. Redis is on the same machine and keeps nothing on a "
     "disk. `build/release/bench/bench_limits SECONDS REDIS_URL`"),
    ("stack", "A create beside the glued stack", "bench/http_load", stack_part,
     "What a POST create costs where Fastify verifies a token, counts a limit and a quota in "
     "Redis, inserts a row in PostgreSQL and adds a job to BullMQ; ours does the same, with a "
     "ledger of the quota in the database. The contenders take "
     "turns. Beside a peer stands how many times faster ours is, and what part of its p99 ours "
     "has. `bench/peers/fastify`"),
    ("realtime", "Realtime beside Socket.IO", "bench/realtime_load", realtime_part,
     "One core of server each, WebSocket, on the loopback; the load client is the same and takes "
     "turns. `cpu_us`: the server's processor time, the kernel's part of its writes included. Both "
     "with rooms, acknowledgements and connection state recovery; no text is compressed. "
     "`son1k bench realtime --serve PORT`, `build/release/bench/realtime_load PORT burst`, "
     "`bench/peers/socketio`"),
    ("store", "Store", "bench/bench_store", store_part,
     "`build/release/bench/bench_store (FOLDER | URL) SECONDS`"),
    ("render", "Renderer", "bench/bench_render", render_part,
     "`build/release/bench/bench_render`"),
)


def sections_of(path: pathlib.Path) -> dict:
    """heading -> text of a file written earlier."""
    if not path.exists():
        return {}
    parts = re.split(r"^## ", path.read_text(), flags=re.MULTILINE)[1:]
    return {part.splitlines()[0]: "## " + part.rstrip() + "\n" for part in parts}


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", action="append", choices=[part[0] for part in PARTS])
    options = parser.parse_args(arguments)
    if not (options.build / "son1k").exists():
        print(f"{options.build}/son1k is missing: tools/build release", file=sys.stderr)
        return 1
    sections = []
    failed = False
    kept = sections_of(options.out)
    for name, heading, program, measure, note in PARTS:
        if options.only and name not in options.only:
            sections += [kept[heading]] if heading in kept else []
            continue
        print(f"measuring: {heading}", flush=True)
        if not (options.build / program).exists():
            text = f"Not measured: `{program}` was not built."
        else:
            try:
                text = measure(options)
            except (RuntimeError, OSError, ValueError, KeyError) as problem:
                failed = True
                print(f"  failed: {problem}", file=sys.stderr)
                text = "Not measured: the run failed."
        when = time.strftime("%Y-%m-%d", time.gmtime())
        runs = "one run" if options.runs == 1 else f"the median of {options.runs} runs"
        sections.append(f"## {heading}\n\n{note} Measured {when}, {runs}.\n\n{text}\n")
    options.out.write_text(
        "# Benchmarks\n\nWritten by `make bench`; repeat it on a machine that does nothing else. "
        "Each part says when it was measured, and of how many runs its figures are the median; one "
        "that does not is older.\n\n"
        "## Machine\n\n"
        + machine(options.folder, options.build) + "\n\n" + "\n".join(sections))
    print(f"wrote {options.out}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

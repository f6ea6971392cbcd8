"""The queue beside its peers: the same work, by turns, on the same machine.

Each round measures every contender once, so that what else happens on the machine hits them all;
the figures are the medians over the rounds. A peer that is not there is left out and said to be.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import bench_disk

ROOT = pathlib.Path(__file__).resolve().parent.parent
BULLMQ = ROOT / "bench" / "peers" / "bullmq"
CELERY = ROOT / "bench" / "peers" / "celery" / "main.py"
CONCURRENCY = 50
PAYLOAD_BYTES = 100
RUN_SECONDS_MAX = 1_200
MEASURES = ("add_per_s", "add_many_per_s", "process_per_s", "lifecycle_per_s", "latency_ms_p50",
            "latency_ms_p99")
INSTALL = "`tools/setup --bench` installs it"


class absent(Exception):
    """Why a peer cannot be measured here."""


def run_json(*command) -> dict:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=RUN_SECONDS_MAX)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {(done.stderr or done.stdout).strip()[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise absent(f"`{program}` is not there; {INSTALL}")


def installed(folder: pathlib.Path, package: str):
    """Installs what a peer's package.json asks for, once."""
    if (folder / "node_modules" / package).exists():
        return
    # Not `npm ci`: npm 11 misses, in a lock file without download addresses, the packages for
    # other platforms. The versions are the lock file's here too.
    done = subprocess.run(["npm", "install", "--no-save", "--ignore-scripts", "--no-audit",
                           "--no-fund"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise absent(f"`npm install` in {folder.relative_to(ROOT)} failed: "
                     f"{done.stderr.strip()[-200:]}")


def bullmq_ready() -> list:
    need("redis-server", "node", "npm")
    installed(BULLMQ, "bullmq")
    return ["node", BULLMQ / "main.mjs"]


def celery_ready() -> list:
    need("redis-server")
    for python in (sys.executable, "/usr/bin/python3"):
        probe = [python, "-c", "import celery, redis"]
        if not os.access(python, os.X_OK):
            continue
        if subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0:
            break
    else:
        raise absent(f"no Python here has Celery and redis-py; {INSTALL}")
    # Its fastest way of running jobs that do nothing differs from machine to machine.
    rates = {}
    for pool in ("prefork", "threads", "solo"):
        tried = run_json(python, CELERY, "--jobs", 2_000, "--samples", 20, "--pool", pool)
        rates[pool] = tried["process_per_s"]
    return [python, CELERY, "--pool", max(rates, key=rates.get)]


def contenders(options) -> tuple:
    """Rows of (name, jobs, command), and a line for each peer that is absent."""
    same = ["--concurrency", CONCURRENCY]
    rows = [("Son1k, fsync", 200_000,
             [options.build / "son1k", "bench", "queue", "--json", *same, "--data-dir"])]
    missing = []
    for name, ready, jobs in (("BullMQ", bullmq_ready, (40_000, 40_000, 10_000)),
                              ("Celery", celery_ready, (5_000, 5_000, 3_000))):
        try:
            command = ready()
        except (absent, RuntimeError, OSError) as problem:
            missing.append(f"{name}: not measured. {problem}.")
            continue
        for count, fsync, words in zip(jobs, ("none", "everysec", "always"),
                                       ("in memory only", "fsync each second", "fsync")):
            rows.append((f"{name}, {words}", count,
                         [*command, *same, "--fsync", fsync, "--folder"]))
    return rows, missing


def measured(options, rows: list) -> list:
    """(name, jobs, medians) of each contender, which take turns; a field one lacks is None."""
    runs = {name: [] for name, _, _ in rows}
    for turn in range(options.runs):
        for name, jobs, command in rows:
            sync_us = bench_disk.rest(options.folder)
            print(f"  round {turn + 1} of {options.runs}: {name} (a sync costs {sync_us:.0f} µs)",
                  flush=True)
            with tempfile.TemporaryDirectory(prefix="son1k-bench-", dir=options.folder) as data:
                runs[name].append(run_json(*command, data, "--jobs", jobs, "--payload",
                                           PAYLOAD_BYTES))
    return [(name, jobs, {field: statistics.median(run[field] for run in runs[name])
                          if field in runs[name][0] else None for field in MEASURES}
             | {"backend": runs[name][0]["backend"]}) for name, jobs, _ in rows]


def shown(value) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def times(ours, theirs, field: str) -> str:
    """How many times better ours is."""
    if not ours or not theirs:
        return "–"
    ratio = theirs / ours if field.startswith("latency") else ours / theirs
    return f"{ratio:,.0f} ×" if ratio >= 10 else f"{ratio:.1f} ×"


def peers_part(options, table) -> str:
    rows, missing = contenders(options)
    results = measured(options, rows)
    ours = results[0][2]
    heads = ["", *(f"{field}" for field in MEASURES)]
    figures = [[name, *(shown(row[field]) for field in MEASURES)] for name, _, row in results]
    ratios = [[name, *(times(ours[field], row[field], field) for field in MEASURES)]
              for name, _, row in results[1:]]
    backends = [f"- {name}: {row['backend']}; {jobs:,} jobs a phase" for name, jobs, row in results]
    parts = [table(heads, figures)]
    if ratios:
        parts.append("How many times better ours is:\n\n" + table(heads, ratios))
    return "\n\n".join([*parts, "\n".join(backends), *missing])

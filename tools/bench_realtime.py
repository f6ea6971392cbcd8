"""Realtime beside Socket.IO on Node: the same load client drives either server, by turns."""

import json
import re
import statistics
import subprocess

import bench_peers

SOCKETIO = bench_peers.ROOT / "bench" / "peers" / "socketio"
SLOW = ("slow", 1_000, 100)
# (title, field, arguments of the load client, whether less is better)
MEASURES = (
    ("burst of 8, 1,000 sockets", "cpu_us_per_delivery", ("burst", 1_000, 640, 8), True),
    ("burst of 8, 5,000 sockets", "cpu_us_per_delivery", ("burst", 5_000, 320, 8), True),
    ("one event a tick, 1,000 sockets", "cpu_us_per_delivery", ("sparse", 1_000, 320), True),
    ("event and acknowledgement, 64 sockets", "acks_per_s", ("ack", 64, 3), False),
    ("… processor time of one", "cpu_us_per_ack", ("ack", 64, 3), True),
    ("an idle socket", "rss_kib_per_socket", ("idle", 2_000), True),
    ("4 events of 4 KiB, 1,000 sockets", "p99_ms", SLOW, True),
    ("… and one that never reads", "p99_ms_with_slow", SLOW, True),
    ("… memory it costs at most", "rss_kib_more", SLOW, True),
    ("… it was cut (1) or kept (0)", "cut", SLOW, False),
    ("told to clients that are cut off again and again, %", "delivered_percent",
     ("drops", 50, 10), False),
)


class running:
    """A server that says `listening on PORT`; ends with the block."""

    def __init__(self, command: list):
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline()
        port = re.search(r"listening on (\d+)", line)
        if not port:
            self.process.kill()
            raise RuntimeError(f"{command[0]} did not say where it listens: {line!r}")
        self.port = port[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def socketio_ready() -> list:
    bench_peers.need("node", "npm")
    bench_peers.installed(SOCKETIO, "socket.io")
    return ["node", SOCKETIO / "main.mjs", "0"]


def measured(load, command: list, arguments: tuple) -> dict:
    with running(command) as server:
        done = subprocess.run([str(load), server.port, *map(str, arguments)], capture_output=True,
                              text=True, timeout=bench_peers.RUN_SECONDS_MAX)
    if done.returncode != 0:
        raise RuntimeError(f"{load.name}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout.splitlines()[-1])


def realtime_part(options, table) -> str:
    load = options.build / "bench" / "realtime_load"
    rows = [("Son1k", [options.build / "son1k", "bench", "realtime", "--serve", "0"])]
    missing = []
    try:
        rows.append(("Socket.IO", socketio_ready()))
    except (bench_peers.absent, OSError) as problem:
        missing.append(f"Socket.IO: not measured. {problem}.")
    kinds = list(dict.fromkeys(arguments for _, _, arguments, _ in MEASURES))
    runs = {(name, arguments): [] for name, _ in rows for arguments in kinds}
    for turn in range(options.runs):
        for arguments in kinds:
            for name, command in rows:
                print(f"  round {turn + 1} of {options.runs}: {name} {arguments[0]}", flush=True)
                runs[name, arguments].append(measured(load, command, arguments))
    mine = [run for run in runs["Son1k", SLOW] if run["cut"] != 1]
    if mine:
        raise RuntimeError(f"the one that never reads was not cut in {len(mine)} runs")
    lines = []
    for title, field, arguments, less in MEASURES:
        values = [statistics.median(run[field] for run in runs[name, arguments])
                  for name, _ in rows]
        ratio = "–"
        if len(values) == 2 and min(values) > 0:
            better = values[1] / values[0] if less else values[0] / values[1]
            ratio = f"{better:.2f} ×" if better < 10 else f"{better:.0f} ×"
        lines.append([title, f"`{field}`", *map(bench_peers.shown, values), ratio])
    heads = ["", "", *(name for name, _ in rows), "ours is better by"]
    return "\n\n".join([table(heads, lines), shares(rows, runs), *missing])


def shares(rows: list, runs: dict) -> str:
    """What the load client used beside each server: it was the bound where it used a whole core."""
    lines = []
    for name, _ in rows:
        told = []
        for arguments in dict.fromkeys(words for _, _, words, _ in MEASURES):
            each = runs[name, arguments]
            if "client_cpu" not in each[0]:
                continue
            client, server = (statistics.median(run[field] for run in each)
                              for field in ("client_cpu", "server_cpu"))
            told.append(f"{arguments[0]} {arguments[1]:,}: {client:.2f} beside {server:.2f}")
        lines.append(f"{name}: " + ", ".join(told))
    return "Cores that the load client used beside the server. " + ". ".join(lines) + "."

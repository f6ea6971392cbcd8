"""kill -9 of servers and workers of a cluster at random moments over work that waits, runs, ends.

Every accepted job ends, runs no more often than the kills explain, and no innocent job is taken for
poison; every accepted piece ends once. The full size of docs/reliability.md:
SON1K_STORM_JOBS=10000 SON1K_STORM_KILLS=200; SON1K_FAULT_SEED repeats the order of the kills.
"""

import concurrent.futures
import itertools
import os
import random
import re
import threading
import time
import unittest

import cluster_jobs
import probe_jobs
from support import servers
from support.cluster import cluster_case
from support.program import died_at_start, eventually

JOBS = int(os.environ.get("SON1K_STORM_JOBS", "1500"))
KILLS = int(os.environ.get("SON1K_STORM_KILLS", "20"))
PIECES = int(os.environ.get("SON1K_STORM_PIECES", str(max(10, JOBS // 100))))
SEED = int(os.environ.get("SON1K_FAULT_SEED", str(random.SystemRandom().randrange(1 << 32))))
SECONDS_MAX = 600
WORKERS, SERVERS, SLOTS = 3, 2, 8
LEASE_MS = 10_000
# Starts, stalls and the highest stalls of one job, over all that have completed.
SUMS = """
local starts, stalls, worst = 0, 0, 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1] .. 'completed', 0, -1)) do
  local f = redis.call('HMGET', KEYS[1] .. id, 'ats', 'stc')
  starts = starts + (tonumber(f[1]) or 0)
  stalls = stalls + (tonumber(f[2]) or 0)
  worst = math.max(worst, tonumber(f[2]) or 0)
end
return {starts, stalls, worst}"""


class storm(cluster_case):
    settings = {"GENERATION_RATE_LIMIT": "0", "SON1K_LEASE_MS": str(LEASE_MS)}

    def start_redis(self) -> servers.redis:
        return servers.redis("--appendfsync", "always")

    def test_kills_lose_no_job_and_condemn_none(self):
        print(f"SON1K_FAULT_SEED={SEED} jobs={JOBS} pieces={PIECES} kills={KILLS}", flush=True)
        dice = random.Random(SEED)
        homes = [self.serve("--probe") for _ in range(SERVERS)]
        ends = cluster_jobs.ends(self)
        asked = cluster_jobs.callers(*homes)
        fleet = [self.worker_in(self.folder()) for _ in range(WORKERS)]
        jobs = [probe_jobs.job(n, {"sleepMs": dice.randint(0, 60), "result": n},
                               priority=dice.randint(0, 2)) for n in range(JOBS)]
        batches = [jobs[n:n + 25] for n in range(0, JOBS, 25)]
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            pause = KILLS * 0.3 / max(1, len(batches))
            adding = [pool.submit(self.spread, asked.probes, batches, pause),
                      pool.submit(self.spread, asked.piece, range(PIECES), KILLS * 0.2 / PIECES)]
            self.kill_some(dice, homes, fleet, asked)
            for one in adding:
                one.result()
        print(f"{KILLS} kills in {time.monotonic() - began:.0f} s, {asked.refused} calls refused",
              flush=True)
        self.settle(homes[0], ends, asked)
        for one in fleet:
            self.assertEqual(one.end(), 0)

    def worker_in(self, home):
        one = self.work("--probe", "--queue", "probe,generation", "--concurrency", str(SLOTS),
                        home=home)
        one.home = home
        return one

    @staticmethod
    def spread(call, things, pause: float) -> None:
        for one in things:
            call(one)
            time.sleep(pause)

    def kill_some(self, dice, homes, fleet, asked) -> None:
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.05, 0.5))  # the fault's own moment: nothing is waited for
            which = dice.randrange(WORKERS + SERVERS)
            if which < WORKERS:
                fleet[which].kill()
                fleet[which] = self.worker_in(fleet[which].home)
                continue
            n = which - WORKERS
            homes[n].kill()
            homes[n] = self.serve("--probe", home=homes[n].data_dir.parent)
            with asked.lock:
                asked.homes = itertools.cycle(list(homes))

    def settle(self, home, ends, asked) -> None:
        ended = probe_jobs.wait_all_ended(home, JOBS, SECONDS_MAX)
        self.assertEqual(ended["failed"], 0, "a kill from outside condemns no innocent job")
        cluster_jobs.wait_ends(ends, PIECES, SECONDS_MAX)
        ends.check(self, [i for i in asked.owed if not i.startswith("p-")])
        told = self.redis.ask("EVAL", SUMS, "1", "bull:probe:")
        starts, stalls, worst = (int(n) for n in re.findall(rb":(-?\d+)", told))
        print(f"{JOBS} jobs, {starts} starts, {stalls} of them cut short and noted at the end, "
              f"{worst} of one job at most; {PIECES} pieces ended once", flush=True)
        self.assertLessEqual(starts - JOBS, KILLS * (SLOTS + 2048), "only what was in flight")


class many_submits(cluster_case):
    def test_a_hundred_submits_under_one_key_to_two_servers_make_one_piece(self):
        homes = [self.serve(), self.serve()]
        start = threading.Barrier(100)

        def submit(n: int):
            start.wait()
            return homes[n % 2].api.post("/api/generation/create",
                                         {"prompt": "one and the same", "duration": 5, "seed": 7},
                                         Idempotency_Key="the-one")

        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            replies = list(pool.map(submit, range(100)))
        made = [r for r in replies if r.status == 202]
        self.assertEqual({r.status for r in replies} - {202, 409}, set())
        self.assertEqual(len({r.data["generationId"] for r in made}), 1)
        self.assertEqual(self.postgres.rows("SELECT count(*) FROM generation"), [["1"]])
        eventually(lambda: cluster_jobs.counts(homes[0], "generation").get("waiting") == 1, 30,
                   "one job waits")
        print(f"100 submits: {len(made)} told of the piece, {100 - len(made)} told to wait")


class poison(cluster_case):
    settings = {"GENERATION_RATE_LIMIT": "0", "SON1K_LEASE_MS": "2000"}

    def test_a_job_that_kills_its_process_ends_and_all_others_complete(self):
        home = self.serve("--probe")
        jobs = [probe_jobs.job(n, {"sleepMs": 5}) for n in range(1000)]
        jobs[500]["data"] = {"crash": True}
        self.assertEqual(len(probe_jobs.add_many(home, jobs)), 1000)
        homes = [self.folder() for _ in range(2)]
        fleet: list = [None, None]
        self.deaths = 0

        def all_have_ended():
            for n, one in enumerate(fleet):
                if one is None or one.process.poll() is not None:
                    self.deaths += one is not None
                    fleet[n] = self.begin(homes[n])
            now = cluster_jobs.counts(home, "probe")
            return now.get("completed", 0) + now.get("failed", 0) == 1000 and now

        now = eventually(all_have_ended, 300, "all jobs have ended")
        self.assertEqual((now["completed"], now["failed"]), (999, 1))
        told = home.api.get("/api/jobs/p-500?queue=probe").data
        self.assertEqual(told["error"]["code"], "stalled", told)
        print(f"{self.deaths} deaths, then the verdict; 999 others completed", flush=True)
        self.assertLessEqual(self.deaths, 5)

    def begin(self, home):
        try:
            return self.work("--probe", "--queue", "probe", "--concurrency", "8", home=home)
        except died_at_start:  # its jobs were faster than its greeting
            self.deaths += 1
            return None


if __name__ == "__main__":
    unittest.main()

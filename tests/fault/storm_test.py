"""kill -9 of the whole program at random moments over probe jobs that wait, run and end.

Every acknowledged job ends exactly once, runs no more often than the kills explain, and none of
these innocent jobs is taken for poison. The full size of docs/reliability.md:
SON1K_STORM_JOBS=10000 SON1K_STORM_KILLS=200; SON1K_FAULT_SEED repeats the moments of a run.
"""

import os
import pathlib
import random
import tempfile
import threading
import time
import unittest

import probe_jobs
from support.program import environment, program_case, run

JOBS = int(os.environ.get("SON1K_STORM_JOBS", "1500"))
KILLS = int(os.environ.get("SON1K_STORM_KILLS", "30"))
SEED = int(os.environ.get("SON1K_FAULT_SEED", str(random.SystemRandom().randrange(1 << 32))))
SLOTS = 4
PER_LIFE = 10  # jobs added in each life, beside the backlog
SECONDS_MAX = 300


class storm(program_case):
    def begin(self, folder: pathlib.Path, *args: str):
        return self.serve("--probe", "--concurrency", str(SLOTS), *args, data_dir=folder / "data",
                          log=folder / "serve.log",
                          env=environment(folder, GENERATION_RATE_LIMIT="0"))

    def test_no_acknowledged_job_is_lost_or_ends_twice(self):
        print(f"SON1K_FAULT_SEED={SEED} jobs={JOBS} kills={KILLS}", flush=True)
        dice = random.Random(SEED)
        with tempfile.TemporaryDirectory(prefix="son1k-test-") as name:
            folder = pathlib.Path(name)
            (folder / "data").mkdir(mode=0o700)
            done = run("migrate", "up", "--data-dir", str(folder / "data"), cwd=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            probe_jobs.count_ends(folder / "data")
            began = time.monotonic()
            owed = self.live_and_die(folder, dice)
            self.settle(folder, owed)
            print(f"{time.monotonic() - began:.0f} s", flush=True)

    def live_and_die(self, folder: pathlib.Path, dice: random.Random) -> set:
        owed: set = set()
        jobs = [probe_jobs.job(n, {"sleepMs": dice.randint(0, 40), "progressSteps": 2, "result": n},
                               priority=dice.randint(0, 2)) for n in range(JOBS)]
        backlog, fresh = jobs[PER_LIFE * KILLS:], jobs[:PER_LIFE * KILLS]
        home = self.begin(folder, "--workers", "0")
        for first in range(0, len(backlog), 1000):
            owed.update(probe_jobs.add_many(home, backlog[first:first + 1000]))
        self.assertEqual(home.terminate(), 0, home.log_tail())
        restarts = []
        for life in range(KILLS):
            began = time.monotonic()
            home = self.begin(folder)
            restarts.append(time.monotonic() - began)
            killer = threading.Timer(dice.uniform(0.05, 0.6), home.process.kill)
            killer.start()
            mine = fresh[PER_LIFE * life:PER_LIFE * (life + 1)]
            for one in mine:
                owed.update(probe_jobs.add_many(home, [one]))
            killer.join()
            home.kill()
        restarts.sort()
        print(f"restart: median {restarts[len(restarts) // 2]:.2f} s, worst {restarts[-1]:.2f} s")
        return owed

    def settle(self, folder: pathlib.Path, owed: set) -> None:
        home = self.begin(folder)
        now = probe_jobs.counts(home)
        total = sum(now.values())
        self.assertGreaterEqual(total, len(owed))
        ended = probe_jobs.wait_all_ended(home, total, SECONDS_MAX)
        self.assertEqual(ended["failed"], 0, "a kill from outside condemns no innocent job")
        self.assertEqual(home.terminate(), 0, home.log_tail())
        data = folder / "data"
        times = probe_jobs.ended_times(data)
        self.assertEqual(owed - times.keys(), set(), "acknowledged jobs were lost")
        self.assertEqual({i: n for i, n in times.items() if n != 1}, {}, "a job ends once")
        wrong = probe_jobs.rows(data, "SELECT id, result FROM job_now WHERE queue = 'probe' AND "
                                      "(state <> ? OR id <> 'p-' || result)", probe_jobs.COMPLETED)
        self.assertEqual(wrong, [])
        (starts, stalls, worst), = probe_jobs.rows(
            data, "SELECT sum(starts), sum(stalls), max(stalls) FROM job_now "
                  "WHERE queue = 'probe'")
        print(f"{total} jobs ({len(owed)} acknowledged), {starts} starts, {stalls} of them cut "
              f"short, {worst} of one job at most")
        self.assertGreater(stalls, KILLS // 2, "the kills fell into work")
        # A start that was handed back at the drain is neither an execution nor cut short.
        handed_back = starts - total - stalls
        self.assertLessEqual(handed_back, 2 * (SLOTS + 2048), "only what was in flight runs again")


if __name__ == "__main__":
    unittest.main()

"""One process of a cluster dies, sleeps, or is cut off from the servers; Redis fails over.

Its jobs run elsewhere, what it says too late is refused, every piece ends once, and it works on
when it is back. SON1K_PROCESS_KILLS changes how often workers die; docs/reliability.md has the
figures.
"""

import itertools
import os
import signal
import time
import unittest

import cluster_jobs
import probe_jobs
from support import servers
from support.cluster import cluster_case
from support.program import eventually

KILLS = int(os.environ.get("SON1K_PROCESS_KILLS", "2"))
RUNNING = 50
SILENCE_SECONDS = 8


class dead_worker(cluster_case):
    settings = {"GENERATION_RATE_LIMIT": "0", "SON1K_LEASE_MS": "10000"}

    def waits(self, in_its_place: bool) -> list:
        """Seconds from the death of a worker to the next start of each job that it ran."""
        home = self.serve("--probe")
        numbers = itertools.count()
        seconds: list = []
        for _ in range(KILLS):
            folder = self.folder()
            dying = self.begin(folder)
            ids = [f"p-{next(numbers)}" for _ in range(RUNNING)]
            jobs = [probe_jobs.job(i[2:], {"sleepMs": 4_000}) for i in ids]
            self.assertEqual(len(probe_jobs.add_many(home, jobs)), RUNNING)
            cluster_jobs.wait_count(home, "probe", "active", RUNNING, 60)
            died_at = time.time() * 1000
            dying.kill()
            other = self.begin(folder if in_its_place else self.folder())
            cluster_jobs.wait_count(home, "probe", "completed", int(ids[-1][2:]) + 1, 240)
            for one in ids:
                told = self.redis.ask("HMGET", f"bull:probe:{one}", "processedOn", "ats")
                at, starts = told.split(b"\r\n")[2], told.split(b"\r\n")[4]
                if int(starts) > 1:  # else its end was told just before the death
                    seconds.append((int(at) - died_at) / 1000)
            other.kill()
        return sorted(seconds)

    def begin(self, folder):
        return self.work("--probe", "--queue", "probe", "--concurrency", str(2 * RUNNING),
                         home=folder)

    def told(self, what: str, waits: list) -> float:
        worst = waits[int(len(waits) * 0.99) - 1] if len(waits) > 1 else waits[0]
        print(f"{what}: {len(waits)} jobs, next start after {waits[len(waits) // 2]:.2f} s "
              f"(median), {worst:.2f} s (p99)", flush=True)
        return worst

    def test_jobs_of_a_dead_worker_start_elsewhere_when_their_leases_have_run_out(self):
        self.assertLess(self.told("nobody in its place", self.waits(False)), 2 * 15)

    def test_who_takes_its_place_gives_them_back_at_once(self):
        self.assertLess(self.told("somebody in its place", self.waits(True)), 10)


class silent_worker(cluster_case):
    """A worker that is alive and says nothing for longer than its leases."""

    settings = {"GENERATION_RATE_LIMIT": "0", "SON1K_LEASE_MS": "2000"}
    PIECES = 12

    def through_silence(self, begin_silent, silence, end_silence) -> None:
        home = self.serve()
        ends = cluster_jobs.ends(self)
        asked = cluster_jobs.callers(home)
        silent = begin_silent()
        asked.pieces(range(self.PIECES))
        eventually(lambda: cluster_jobs.counts(home, "generation").get("active", 0) > 0, 30,
                   "pieces are made")
        silence(silent)
        other = self.work("--concurrency", "2")
        cluster_jobs.wait_ends(ends, self.PIECES, 240)
        time.sleep(SILENCE_SECONDS)  # the fault's own length: connections are given up meanwhile
        end_silence(silent)
        ends.check(self, asked.owed)
        self.assertEqual(other.end(), 0)
        # It works on, and what it said too late has changed nothing.
        asked.pieces(range(self.PIECES, self.PIECES + 3))
        cluster_jobs.wait_ends(ends, self.PIECES + 3, 240)
        ends.check(self, asked.owed)
        self.assertEqual(silent.end(), 0)
        log = silent.log.read_text()
        self.assertRegex(log, "leases?_lost", "it was told that its jobs are somebody else's")

    def test_one_that_is_stopped_and_wakes_is_refused_and_works_on(self):
        self.through_silence(
            lambda: self.work("--concurrency", "2"),
            lambda one: one.process.send_signal(signal.SIGSTOP),
            lambda one: one.process.send_signal(signal.SIGCONT))

    def test_one_that_is_cut_off_from_both_servers_is_refused_and_works_on(self):
        doors = [servers.proxy(self.redis.port), servers.proxy(self.postgres.port)]
        for door in doors:
            self.addCleanup(door.close)

        def tell(what: str):
            return lambda one: [door.tell(what) for door in doors]

        redis, database = (f"127.0.0.1:{door.port}" for door in doors)
        self.through_silence(
            lambda: self.work("--concurrency", "2", REDIS_URL=f"redis://{redis}",
                              DATABASE_URL=f"postgresql://son1k@{database}/postgres"),
            tell("hold"), tell("go on"))


class failed_over_redis(cluster_case):
    def start_redis(self) -> servers.redis:
        return servers.redis("--appendfsync", "always")

    def test_pieces_go_on_when_a_sentinel_gives_redis_another_master(self):
        replica = servers.redis("--replicaof", "127.0.0.1", str(self.redis.port))
        self.addCleanup(replica.close)
        guard = servers.sentinel(self.redis.port)
        self.addCleanup(guard.close)
        eventually(guard.knows_a_replica, 60, "the sentinel knows the replica")
        self.settings = {"REDIS_URL": guard.url}
        homes = [self.serve(), self.serve()]
        ends = cluster_jobs.ends(self)
        asked = cluster_jobs.callers(*homes)
        fleet = self.work("--concurrency", "1")
        asked.pieces(range(20))
        self.redis.kill()
        began = time.monotonic()
        before = ends.count()
        asked.pieces([20])
        cluster_jobs.wait_ends(ends, before + 2, 240)
        print(f"works again {time.monotonic() - began:.1f} s after the master's death; "
              f"{asked.refused} calls refused", flush=True)
        cluster_jobs.wait_ends(ends, 21, 240)
        ends.check(self, asked.owed)
        self.assertEqual(fleet.end(), 0)


if __name__ == "__main__":
    unittest.main()

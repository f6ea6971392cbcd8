"""Redis or PostgreSQL is lost under a cluster that works: emptied, restarted, failed over, cut off.

Nothing that was accepted is lost, every piece ends once, and the service is back by itself. The
full size of docs/reliability.md: SON1K_LOSS_WAITING=10000 SON1K_LOSS_RESTARTS=20.
"""

import itertools
import os
import signal
import time
import unittest

import cluster_jobs
from support import servers
from support.cluster import cluster_case
from support.program import eventually

WAITING = int(os.environ.get("SON1K_LOSS_WAITING", "1000"))
RESTARTS = int(os.environ.get("SON1K_LOSS_RESTARTS", "3"))
# Four times what is promised: the machine may be busy with other work.
REBUILT_SECONDS_MAX = 40
BACK_SECONDS_MAX = 20


class emptied_redis(cluster_case):
    def test_the_jobs_of_an_emptied_redis_are_rebuilt_from_the_rows(self):
        first, second = self.serve(), self.serve()
        ends = cluster_jobs.ends(self)
        asked = cluster_jobs.callers(first, second)
        asked.pieces(range(WAITING))
        cluster_jobs.wait_count(first, "generation", "waiting", WAITING, 30)
        # What was answered is in Redis alone from here on, as far as jobs are concerned.
        eventually(lambda: self.postgres.rows("SELECT count(*) FROM queue_outbox")[0][0] == "0",
                   30, "the outbox is empty")
        self.assertIn(b"OK", self.redis.ask("FLUSHALL"))
        took = cluster_jobs.wait_count(first, "generation", "waiting", WAITING,
                                       REBUILT_SECONDS_MAX)
        print(f"{WAITING} jobs rebuilt in {took:.1f} s", flush=True)
        some = 20
        fleet = self.work("--concurrency", "2")
        cluster_jobs.wait_ends(ends, some, 120)
        # Once more while some of them run.
        self.assertIn(b"OK", self.redis.ask("FLUSHALL"))
        cluster_jobs.wait_ends(ends, 2 * some, 120)
        self.assertEqual(fleet.end(), 0)
        twice = self.postgres.rows("SELECT id FROM fault_end GROUP BY id HAVING count(*) > 1")
        self.assertEqual(twice, [])
        left = self.postgres.rows("SELECT count(*) FROM generation WHERE status IN "
                                  "('pending', 'processing')")[0][0]
        cluster_jobs.wait_count(second, "generation", "waiting", int(left), 30)


class absent_redis(cluster_case):
    def test_a_redis_that_stays_away_is_said_and_what_needs_none_goes_on(self):
        home = self.serve()
        self.work("--concurrency", "1")
        piece = home.api.create("before")
        home.api.wait_for(piece, "completed")
        self.redis.kill()

        def said(state: str):
            return lambda: home.api.get("/health").data["services"]["queue"] == state

        eventually(said("down"), 60, "the health of the queue is told")
        self.assertEqual(home.api.get("/health").data["status"], "degraded")
        began = time.monotonic()
        accepted = []
        for number in range(5):
            accepted.append(home.api.create(f"meanwhile {number}"))
            told = home.api.get(f"/api/generation/{accepted[-1]}/status")
            self.assertEqual((told.status, told.data["status"]), (200, "pending"))
            self.assertEqual(home.api.get(f"/api/generation/{piece}/audio").status, 200)
        print(f"5 creates and 5 pieces in {time.monotonic() - began:.1f} s")
        refused = home.api.get("/api/queues")
        self.assertEqual((refused.status, refused.error["code"]), (503, "SERVICE_UNAVAILABLE"))
        self.assertIn(b"son1k_redis_up 0", home.api.get("/metrics").body)
        self.redis.start()
        eventually(said("up"), 60, "the queue is back")
        for each in [*accepted, home.api.create("after")]:
            home.api.wait_for(each, "completed")
        self.assertIn(b"son1k_redis_up 1", home.api.get("/metrics").body)


class restarted_servers(cluster_case):
    """Redis writes through to the disk before it answers."""

    def start_redis(self) -> servers.redis:
        return servers.redis("--appendfsync", "always")

    def through_restarts(self, restart) -> None:
        """Pieces are asked for, made and served while `restart()` happens again and again."""
        first, second = self.serve(), self.serve()
        ends = cluster_jobs.ends(self)
        asked = cluster_jobs.callers(first, second)
        fleet = [self.work("--concurrency", "1") for _ in range(2)]
        asked.pieces(range(4))
        numbers = itertools.count(4)
        back = []
        for _ in range(RESTARTS):
            restart()
            began = time.monotonic()
            # Back is who takes a piece and lets a worker end one.
            before = ends.count()
            asked.pieces([next(numbers)])
            cluster_jobs.wait_ends(ends, before + 1, BACK_SECONDS_MAX)
            back.append(time.monotonic() - began)
            asked.pieces([next(numbers), next(numbers)])
        back.sort()
        print(f"{RESTARTS} restarts: back after {back[len(back) // 2]:.1f} s (median), "
              f"{back[-1]:.1f} s at most; {asked.refused} calls refused", flush=True)
        cluster_jobs.wait_ends(ends, len(asked.owed), 120)
        ends.check(self, asked.owed)
        for one in fleet:
            self.assertEqual(one.process.poll(), None, "no process ended by itself")
            self.assertEqual(one.end(), 0)

    def test_redis_is_killed_and_started_again_and_again(self):
        def restart():
            self.redis.kill()
            self.redis.start()

        self.through_restarts(restart)

    def test_postgres_is_stopped_and_started_again_and_again(self):
        ways = itertools.cycle((signal.SIGINT, signal.SIGQUIT))  # fast, and as if it had crashed

        def restart():
            self.postgres.kill(next(ways))
            self.postgres.start()

        self.through_restarts(restart)


if __name__ == "__main__":
    unittest.main()

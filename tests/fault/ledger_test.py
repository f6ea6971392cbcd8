"""kill -9 at random moments while pieces are asked for, cancelled, fail, run again and complete.

Afterwards the ledger of quotas tells of each piece what the piece's own row tells, each reservation
has ended once, and the counters are the sums of the ledger. SON1K_FAULT_SEED repeats the choices;
SON1K_FAULT_KILLS changes their number.
"""

import collections
import http.client
import os
import random
import sqlite3
import threading
import time
import unittest

from support import servers
from support.cluster import cluster_case
from support.program import died_at_start, eventually, program_case

KILLS = int(os.environ.get("SON1K_FAULT_KILLS", "20"))
SEED = int(os.environ.get("SON1K_FAULT_SEED", str(random.SystemRandom().randrange(1 << 32))))
ACTS = 24  # of the callers in a life
CALLERS = 3
SECONDS_MAX = 300
GONE = (OSError, http.client.HTTPException)  # what a caller sees of a server that died
# The tempo is wrong, which only the run finds out.
FAILS = "techno at 999 bpm"


class traffic:
    """What people do to pieces; an answer is never waited for twice."""

    def __init__(self, dice: random.Random):
        self.dice = dice
        self.lock = threading.Lock()
        self.known: list = []
        self.failing: list = []
        self.done: collections.Counter = collections.Counter()
        self.begun = threading.Semaphore(0)  # acts of this life

    def call(self, home, path: str, body=None) -> dict:
        """Empty if it was refused, or the server died."""
        try:
            got = home.api.post(path, body)
        except GONE:
            return {}
        if got.status not in (200, 202, 404, 409, 503):
            raise AssertionError(f"{path}: {got.status} {got.body[:500]!r}")
        return got.data if got.status < 300 else {}

    def act(self, home, number: int) -> None:
        with self.lock:
            what = self.dice.choice(["piece", "failing", "failing", "cancel", "remove", "retry",
                                     "again", "again"])
            one = self.dice.choice(self.known) if self.known else ""
            failed = self.dice.choice(self.failing) if self.failing else ""
        if what in ("piece", "failing"):
            prompt = FAILS if what == "failing" else "quiet solo flute"
            made = self.call(home, "/api/generation/create",
                             {"prompt": prompt, "duration": 5, "seed": number})
            with self.lock:
                if made:
                    self.known.append(made["generationId"])
                if made and what == "failing":
                    self.failing.append(made["generationId"])
        elif what == "cancel" and one:
            made = self.call(home, f"/api/generation/{one}/cancel")
        elif what == "remove" and one:
            made = self.call(home, f"/api/jobs/{one}/remove?queue=generation")
        elif what == "retry" and failed:
            made = self.call(home, f"/api/jobs/{failed}/retry?queue=generation")
        elif what == "again" and one:
            made = self.call(home, f"/api/generation/{one}/retry")
        else:
            return
        with self.lock:
            self.done[what if made else what + " refused"] += 1

    def life(self, homes: list, first: int) -> list:
        """Callers that go on, whoever of the servers dies."""

        def calls(n: int) -> None:
            for number in range(first + n, first + ACTS, CALLERS):
                self.begun.release()
                self.act(homes[number % len(homes)], number)

        self.begun = threading.Semaphore(0)
        threads = [threading.Thread(target=calls, args=(n,)) for n in range(CALLERS)]
        for one in threads:
            one.start()
        return threads

    def wait_for_the_fault(self, dice: random.Random) -> None:
        """Its moment: in the midst of what is asked for, or among the runs and ends behind."""
        for _ in range(dice.randint(1, ACTS)):
            self.begun.acquire()
        if dice.random() < 0.5:
            time.sleep(dice.uniform(0, 0.6))


def all_ended(home) -> bool:
    try:
        return home.api.total("pending") + home.api.total("processing") == 0
    except GONE:
        return False


def check(case, rows) -> None:
    """`rows(sql)`: of the database, each a list."""
    pieces = {row[0]: row[1] for row in rows("SELECT id, status FROM generation")}
    entries: dict = {}
    sums: collections.Counter = collections.Counter()
    for account, piece, step, kind, units, day in rows(
            "SELECT account, generation, step, kind, units, day FROM quota_entry "
            "ORDER BY account, generation, step"):
        entries.setdefault(piece, []).append((int(step), kind))
        signed = {"reserve": int(units), "refund": -int(units), "commit": 0}[kind]
        for period in (day, day[:7]):
            sums[account, period] += signed
    case.assertEqual(set(entries), set(pieces), "each piece has entries, and nothing else has")
    again = 0
    for piece, status in pieces.items():
        steps = [step for step, _ in entries[piece]]
        kinds = [kind for _, kind in entries[piece]]
        end = "commit" if status == "completed" else "refund"
        case.assertEqual(steps, list(range(1, len(steps) + 1)), piece)
        runs = len(steps) // 2
        case.assertEqual(kinds, ["reserve", "refund"] * (runs - 1) + ["reserve", end],
                         f"{piece} is {status}")
        again += runs - 1
    counted = {(row[0], row[1]): int(row[2])
               for row in rows("SELECT account, period, used FROM quota_use")}
    case.assertEqual(counted, dict(sums))
    print(f"{len(pieces)} pieces: {dict(collections.Counter(pieces.values()))}, "
          f"{again} charged anew after a refund", flush=True)


class embedded_ledger(program_case):
    def test_kills_leave_each_piece_charged_once_or_not_at_all(self):
        print(f"SON1K_FAULT_SEED={SEED} kills={KILLS}", flush=True)
        dice = random.Random(SEED)
        people = traffic(random.Random(dice.random()))
        data = self.folder() / "data"
        for kill in range(KILLS):
            home = self.serve("--concurrency", "2", data_dir=data)
            callers = people.life([home], kill * ACTS)
            people.wait_for_the_fault(dice)
            home.kill()
            for one in callers:
                one.join()
        home = self.serve("--concurrency", "2", data_dir=data)
        eventually(lambda: all_ended(home), SECONDS_MAX, "all pieces have ended")
        self.assertEqual(home.terminate(), 0)
        print(dict(people.done), flush=True)
        with sqlite3.connect(data / "son1k.db") as db:
            check(self, lambda sql: db.execute(sql).fetchall())
        db.close()


class cluster_ledger(cluster_case):
    settings = {"GENERATION_RATE_LIMIT": "0", "SON1K_LEASE_MS": "5000"}

    def start_redis(self) -> servers.redis:
        return servers.redis("--appendfsync", "always")

    def worker_in(self, home):
        try:
            return self.work("--queue", "generation", "--concurrency", "2", home=home)
        except died_at_start as e:
            raise AssertionError("a worker does not start") from e

    def test_kills_leave_each_piece_charged_once_or_not_at_all(self):
        print(f"SON1K_FAULT_SEED={SEED} kills={KILLS}", flush=True)
        dice = random.Random(SEED)
        people = traffic(random.Random(dice.random()))
        homes = [self.serve(), self.serve()]
        place = self.folder()
        works = self.worker_in(place)
        for kill in range(KILLS):
            callers = people.life(list(homes), kill * ACTS)
            people.wait_for_the_fault(dice)
            which = dice.randrange(3)
            if which == 2:
                works.kill()
                works = self.worker_in(place)
            else:
                homes[which].kill()
                homes[which] = self.serve(home=homes[which].data_dir.parent)
            for one in callers:
                one.join()
        eventually(lambda: all_ended(homes[0]), SECONDS_MAX, "all pieces have ended")
        self.assertEqual(works.end(), 0)
        print(dict(people.done), flush=True)
        check(self, self.postgres.rows)


if __name__ == "__main__":
    unittest.main()

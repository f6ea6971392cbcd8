"""Pieces and probe jobs of a cluster under faults: asked for again until they are accepted, and
looked at in PostgreSQL and Redis themselves."""

import concurrent.futures
import http.client
import itertools
import threading
import time

from support.cluster import cluster_case
from support.program import eventually

GONE = (OSError, http.client.HTTPException)  # what a caller sees of a server that died
LANES = 16  # callers at once


class ends:
    """From here on PostgreSQL itself notes each end of a piece, in the commit that makes it: an
    effect that no run can have without the others seeing it."""

    def __init__(self, case: cluster_case):
        self.postgres = case.postgres
        self.postgres.rows("""
            CREATE TABLE fault_end (id text NOT NULL, status text NOT NULL);
            CREATE FUNCTION fault_note() RETURNS trigger LANGUAGE plpgsql AS $$
              BEGIN INSERT INTO fault_end VALUES (NEW.id, NEW.status); RETURN NEW; END $$;
            CREATE TRIGGER fault_ends AFTER UPDATE OF status ON generation FOR EACH ROW
              WHEN (OLD.status IN ('pending', 'processing') AND
                    NEW.status NOT IN ('pending', 'processing'))
              EXECUTE FUNCTION fault_note();""")

    def count(self) -> int:
        return int(self.postgres.rows("SELECT count(*) FROM fault_end")[0][0])

    def check(self, case: cluster_case, accepted) -> None:
        """Each of the accepted pieces is completed, and each that there is has ended once."""
        found = dict(self.postgres.rows("SELECT id, status FROM generation"))
        case.assertEqual([i for i in accepted if i not in found], [], "accepted and lost")
        wrong = {i: s for i, s in found.items() if s != "completed"}
        case.assertEqual(wrong, {})
        twice = self.postgres.rows(
            "SELECT id, count(*) FROM fault_end GROUP BY id HAVING count(*) <> 1")
        case.assertEqual(twice, [])
        case.assertEqual(self.count(), len(found))


class callers:
    """Asks servers in turn, each thing again until it is accepted. What was answered is owed."""

    def __init__(self, *homes):
        self.homes = itertools.cycle(homes)
        self.lock = threading.Lock()
        self.owed: set = set()
        self.refused = 0  # calls that were answered with an error or not at all
        self.seconds: list = []  # of the calls that were accepted

    def home(self):
        with self.lock:
            return next(self.homes)

    def ask(self, path: str, body: dict, deadline: float, **headers: str):
        while True:
            began = time.monotonic()
            try:
                got = self.home().api.post(path, body, **headers)
                if got.status == 202:
                    self.seconds.append(time.monotonic() - began)
                    return got.data
                if got.status < 500:
                    raise AssertionError(f"{path}: {got.status} {got.body[:500]!r}")
            except GONE:
                pass
            with self.lock:
                self.refused += 1
            if time.monotonic() > deadline:
                raise AssertionError(f"{path}: refused up to the deadline")
            time.sleep(0.05)

    def piece(self, number: int, seconds: float = 60) -> None:
        key = f"piece-{number}"
        made = self.ask("/api/generation/create",
                        {"prompt": f"solo flute {number}", "duration": 5, "seed": number},
                        time.monotonic() + seconds, Idempotency_Key=key)
        with self.lock:
            self.owed.add(made["generationId"])

    def pieces(self, numbers) -> None:
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            for _ in pool.map(self.piece, numbers):
                pass

    def probes(self, jobs: list, seconds: float = 60) -> None:
        made = self.ask("/api/jobs/many", {"jobs": jobs}, time.monotonic() + seconds)
        with self.lock:
            self.owed.update(one["jobId"] for one in made["jobs"])


def counts(home, queue: str) -> dict:
    """Nothing while the server cannot say."""
    try:
        got = home.api.get(f"/api/queues/{queue}")
    except GONE:
        return {}
    return got.data["counts"] if got.status == 200 else {}


def wait_count(home, queue: str, state: str, number: int, seconds: float) -> float:
    """How long it took."""
    began = time.monotonic()
    eventually(lambda: counts(home, queue).get(state) == number, seconds,
               f"{number} of {queue} are {state}")
    return time.monotonic() - began


def wait_ends(of: ends, number: int, seconds: float) -> float:
    began = time.monotonic()
    eventually(lambda: of.count() >= number or time.sleep(0.2), seconds,
               f"{number} pieces have ended")
    return time.monotonic() - began

"""kill -9 of the server at random moments while accepted pieces wait, run and end.

After every restart each accepted id is there; in the end each is completed exactly once, and no
partial file was served at any moment. SON1K_FAULT_SEED repeats a run's moments; SON1K_FAULT_JOBS
and SON1K_FAULT_KILLS change its size.
"""

import concurrent.futures
import http.client
import itertools
import json
import os
import pathlib
import random
import sqlite3
import tempfile
import threading
import time
import unittest

from support.program import decoded_seconds, eventually, program_case, server

JOBS = int(os.environ.get("SON1K_FAULT_JOBS", "200"))
KILLS = int(os.environ.get("SON1K_FAULT_KILLS", "20"))
SEED = int(os.environ.get("SON1K_FAULT_SEED", str(random.SystemRandom().randrange(1 << 32))))
SLOTS = 2  # pieces that run at once
BURST = 6  # creates in the midst of which the server dies
SECONDS_MAX = 600  # for the pieces that are left after the last kill
GONE = (OSError, http.client.HTTPException)  # what a caller sees of a server that died


class storm:
    """The server's lives one after the other, and all that its callers saw."""

    def __init__(self, case: program_case, folder: pathlib.Path):
        self.case = case
        self.folder = folder
        self.random = random.Random(SEED)
        self.accepted: list = []
        self.completions: dict = {}  # id -> complete events heard
        self.runs = 0  # pieces that were worked on, summed over the lives
        self.served: dict = {}  # id -> bytes of the audio, when it was first served
        self.lock = threading.Lock()
        self.home: server = None
        self.streams: list = []

    def begin_life(self) -> None:
        self.home = self.case.serve("--concurrency", str(SLOTS), data_dir=self.folder / "data")
        self.streams.append(self.case.listen(self.home, "1"))

    def end_life(self) -> None:
        self.home.kill()
        stream = self.streams.pop()
        stream.close()
        worked_on = set()
        for e in stream.pending():
            if e.name == "generation:complete":
                self.completions[e.piece] = self.completions.get(e.piece, 0) + 1
            if e.data.get("progress", 0) > 0:
                worked_on.add(e.piece)
        self.runs += len(worked_on)

    def create(self, number: int) -> bool:
        """True if it was accepted; what was answered 202 is owed."""
        body = {"prompt": f"quiet solo flute {number}", "duration": 5, "seed": number}
        try:
            got = self.home.api.post("/api/generation/create", body)
        except GONE:
            return False
        self.case.assertEqual(got.status, 202, got.body)
        with self.lock:
            self.accepted.append(got.data["generationId"])
        return True

    def listen_to_one(self, piece_id: str) -> None:
        """Whatever is served as audio is whole, and stays the same."""
        try:
            got = self.home.api.get(f"/api/generation/{piece_id}/audio")
        except GONE:
            return
        if got.status != 200:
            self.case.assertEqual(got.status, 409, got.body)
            return
        self.case.assertEqual(int(got.headers["content-length"]), len(got.body))
        with self.lock:
            first = self.served.setdefault(piece_id, got.body)
        self.case.assertEqual(first, got.body)

    def all_accepted_are_there(self) -> None:
        known: dict = {}
        cursor = ""
        while True:
            page = self.home.api.get(f"/api/generation/history?limit=100{cursor}").json()
            known.update({p["generationId"]: p["status"] for p in page["data"]})
            if page["pagination"]["nextCursor"] is None:
                break
            cursor = "&cursor=" + page["pagination"]["nextCursor"]
        self.case.assertEqual([i for i in self.accepted if i not in known], [])
        wrong = [i for i, s in known.items() if s in ("failed", "cancelled")]
        self.case.assertEqual([self.home.api.get(f"/api/generation/{i}").body for i in wrong], [])

    def completed(self) -> int:
        return self.home.api.get("/api/queues/generation").data["counts"]["completed"]

    def live_a_while(self, burst: range) -> None:
        """Listens until the moment of the kill, which falls into a burst of creates: as soon as the
        chosen one of them is answered, so that no answer runs ahead of what is on disk."""
        moment = self.random.uniform(0.05, 1.4)
        begun_with = self.completed()
        chosen = self.random.randint(1, len(burst))
        sample = self.random.sample(self.accepted, 4)
        answered = itertools.count(1)

        def create_or_kill(number: int) -> None:
            if self.create(number) and next(answered) == chosen:
                self.home.process.kill()

        with concurrent.futures.ThreadPoolExecutor(len(burst)) as pool:
            listening = [pool.submit(self.listen_to_one, i) for i in sample]
            time.sleep(moment)  # the fault's own moment
            # A process that never lives as long as a piece takes is what condemns a piece: on a
            # slow machine the kill waits for one that has ended.
            eventually(lambda: self.completed() > begun_with, SECONDS_MAX, "a piece in this life")
            creating = [pool.submit(create_or_kill, n) for n in burst]
            for one in listening + creating:
                one.result()


class killed_server(program_case):
    def test_accepted_pieces_survive_kills_and_complete_exactly_once(self):
        print(f"SON1K_FAULT_SEED={SEED} jobs={JOBS} kills={KILLS}", flush=True)
        with tempfile.TemporaryDirectory(prefix="son1k-test-") as folder:
            run = storm(self, pathlib.Path(folder))
            began = time.monotonic()
            # The backlog first: it must be long enough for every kill to fall into work.
            run.begin_life()
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                for _ in pool.map(run.create, range(JOBS - KILLS)):
                    pass
            starts: list = []
            for kill in range(KILLS):
                run.live_a_while(range(JOBS + kill * BURST, JOBS + (kill + 1) * BURST))
                run.end_life()
                reborn = time.monotonic()
                run.begin_life()
                starts.append(time.monotonic() - reborn)
                run.all_accepted_are_there()
            left = run.home.api.total() - run.home.api.total("completed")
            self.assertGreater(left, 0, "the kills fell into work")
            self.assertGreaterEqual(len(run.accepted), JOBS)
            self.everything_completes(run)
            run.end_life()
            self.completed_once(run)
            print(f"{KILLS} kills over {time.monotonic() - began:.0f} s, restart in "
                  f"{max(starts):.2f} s at most, {left} pieces left after the last kill")

    def everything_completes(self, run: storm) -> None:
        api = run.home.api
        # A create that died without an answer may have been kept; it completes like the others.
        total = api.total()
        self.assertGreaterEqual(total, len(run.accepted))
        eventually(lambda: api.total("completed") == total, SECONDS_MAX, f"{total} completed")
        run.all_accepted_are_there()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(run.listen_to_one, run.accepted))
        self.assertEqual(set(run.served), set(run.accepted))
        file = run.folder / "served.mp3"
        for piece_id, audio in run.served.items():
            file.write_bytes(audio)
            told = api.piece(piece_id)["metadata"]["duration"]
            self.assertAlmostEqual(decoded_seconds(file), told, delta=0.1)

    def completed_once(self, run: storm) -> None:
        twice = {i: n for i, n in run.completions.items() if n > 1}
        self.assertEqual(twice, {})
        data = run.folder / "data"
        with sqlite3.connect(data / "son1k.db") as db:
            rows = db.execute("select id, status, fence, result from generation").fetchall()
        db.close()
        self.assertEqual({status for _, status, _, _ in rows}, {"completed"})
        self.assertEqual(len({row[0] for row in rows}), len(rows))
        for piece_id, _, fence, result in rows:
            folders = [f.name for f in (data / "artifacts" / piece_id).iterdir()]
            self.assertEqual(folders, [str(fence)], "one start's files are kept, the last one's")
            for file in json.loads(result)["files"]:
                size = (data / "artifacts" / file["path"]).stat().st_size
                self.assertEqual(size, file["bytes"], file)
        self.assertLessEqual(run.runs, len(rows) + KILLS * SLOTS, "only what ran at a kill reruns")
        print(f"{len(rows)} pieces, {run.runs} runs, {sum(row[2] for row in rows)} starts")


if __name__ == "__main__":
    unittest.main()

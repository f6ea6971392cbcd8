"""The wall clock of the running program is set by an hour, both ways, while jobs wait and run."""

import datetime
import os
import pathlib
import struct
import time

import probe_jobs
from support.program import environment, eventually, program_case

CLOCK = os.environ.get("SON1K_SHIFTED_CLOCK", "")
HOUR_MS = 3_600_000
DELAY_MS = 4_000
RUNNING = 20


class clock_that_is_set(program_case):
    def setUp(self) -> None:
        super().setUp()
        if not os.access(CLOCK, os.R_OK):
            self.fail("SON1K_SHIFTED_CLOCK names no library")
        self.place = self.folder()
        self.set_clock(0)
        self.home = self.serve("--probe", data_dir=self.place / "data", env=self.surroundings())

    def surroundings(self) -> dict:
        return environment(self.place, LD_PRELOAD=CLOCK, SHIFTED_CLOCK=str(self.file()),
                           GENERATION_CONCURRENCY="40")

    def file(self) -> pathlib.Path:
        return self.place / "shift"

    def set_clock(self, by_ms: int) -> None:
        at = os.open(self.file(), os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(at, struct.pack("<q", by_ms), 0)
        os.close(at)

    def add(self, number, data: dict, **options) -> str:
        (made,) = probe_jobs.add_many(self.home, [probe_jobs.job(number, data, **options)])
        return made

    def job(self, job_id: str) -> dict:
        return self.home.api.get(f"/api/jobs/{job_id}?queue=probe").data

    def end_of(self, job_id: str) -> float:
        def look():
            return self.job(job_id)["state"] == "completed"
        eventually(look, 60, f"{job_id} has ended")
        return time.monotonic()

    def jump(self, by_ms: int) -> None:
        """Jobs that wait and jobs that run when the clock is set."""
        name = f"{by_ms}".replace("-", "m")
        for n in range(RUNNING):
            self.add(f"{name}-{n}", {"sleepMs": 2_000})
        eventually(lambda: probe_jobs.counts(self.home)["active"] == RUNNING, 30, "all run")
        begun = time.monotonic()
        late = self.add(f"{name}-late", {}, delay=DELAY_MS)
        self.set_clock(by_ms)
        now = self.add(f"{name}-now", {})
        self.end_of(now)
        told = datetime.datetime.fromisoformat(self.job(now)["finishedAt"].replace("Z", "+00:00"))
        self.assertAlmostEqual(told.timestamp(), time.time() + by_ms / 1000, delta=600)
        self.assertGreaterEqual(self.end_of(late) - begun, DELAY_MS / 1000, "nothing runs early")
        for n in range(RUNNING):
            self.end_of(f"p-{name}-{n}")

    def test_nothing_runs_early_and_nothing_twice(self):
        for by_ms in (HOUR_MS, 0, -HOUR_MS):
            with self.subTest(by_ms=by_ms):
                self.jump(by_ms)
        self.assertEqual(self.home.terminate(), 0, self.home.log_tail())
        found = probe_jobs.rows(self.place / "data", "SELECT id, starts, stalls FROM job_now "
                                                     "WHERE queue = 'probe'")
        self.assertEqual(len(found), 3 * (RUNNING + 2))
        self.assertEqual([row for row in found if row[1:] != (1, 0)], [])

    def test_ids_of_events_grow_over_a_restart_with_a_clock_set_back(self):
        before = self.first_event()
        self.home.kill()
        self.set_clock(-HOUR_MS)
        self.home = self.serve("--probe", data_dir=self.place / "data", env=self.surroundings())
        self.assertGreater(self.first_event(), before)

    def first_event(self) -> int:
        self.home.api.create()
        stream = self.listen(self.home, last_id="1")
        return int(stream.until(lambda e: e.id.isdigit(), 30)[-1].id)

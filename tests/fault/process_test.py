"""Single faults of the program at work: a job that kills its process, a process that is stopped and
wakes, a death in the midst of long runs, a full disk, many submits of one job."""

import concurrent.futures
import os
import pathlib
import signal
import subprocess
import time
import unittest

import probe_jobs
from support.program import (BINARY, died_at_start, environment, eventually, must_run_here,
                             program_case, run)

UNAVAILABLE = 3
LEASE_MS = 30_000


class poison(program_case):
    def begin(self, folder: pathlib.Path):
        return self.serve("--probe", data_dir=folder / "data",
                          env=environment(folder, GENERATION_RATE_LIMIT="0"))

    def test_it_ends_in_the_dead_letters_and_takes_nobody_along(self):
        folder = self.folder()
        good = 1000
        home = self.begin(folder)
        jobs = [probe_jobs.job(n, {"sleepMs": 5, "result": n}) for n in range(good)]
        jobs.insert(good // 2, probe_jobs.job("poison", {"crash": True}))
        probe_jobs.add_many(home, jobs)
        crashes = 0
        while True:
            code = self.end_of(home, good) if home else code
            if code is None:
                break
            self.assertEqual(code, -signal.SIGKILL)
            crashes += 1
            self.assertLessEqual(crashes, 5, "a poison job kills its process five times at most")
            home = None
            try:
                home = self.begin(folder)
            except died_at_start as death:  # its workers were faster than its greeting
                code = death.code
        print(f"{crashes} crashes")
        self.assertGreaterEqual(crashes, 3, "the first deaths prove nothing")
        ended = probe_jobs.wait_all_ended(home, good + 1, 120)
        self.assertEqual((ended["completed"], ended["failed"]), (good, 1))
        self.assertEqual(home.terminate(), 0, home.log_tail())
        self.assertIn('stalled', probe_jobs.error_of(folder / "data", "p-poison"))

    def end_of(self, home, good: int):
        """The exit code of a server that crashed, None once every job has ended."""

        def look():
            if home.process.poll() is not None:
                return (home.process.returncode,)
            try:
                now = probe_jobs.counts(home)
            except probe_jobs.GONE:
                return None
            return (None,) if now["completed"] + now["failed"] == good + 1 else None

        return eventually(look, 120, "the server crashed or all jobs ended")[0]


class stopped_process(program_case):
    def test_nobody_else_gets_its_jobs_and_it_goes_on_when_it_wakes(self):
        folder = self.folder()
        home = self.serve("--probe", "--concurrency", "20", data_dir=folder / "data")
        jobs = [probe_jobs.job(n, {"sleepMs": 300, "progressSteps": 5, "result": n})
                for n in range(60)]
        probe_jobs.add_many(home, jobs)
        eventually(lambda: probe_jobs.counts(home)["active"] > 0, 30, "jobs run")
        home.process.send_signal(signal.SIGSTOP)
        # The file is its own as long as it lives, awake or not: nobody can start its jobs.
        other = run("worker", "--data-dir", str(folder / "data"), "--probe", cwd=folder, seconds=60)
        self.assertEqual(other.returncode, UNAVAILABLE, other.stderr)
        self.assertIn(str(home.process.pid), other.stderr.decode())
        time.sleep(1)  # the fault's own length
        home.process.send_signal(signal.SIGCONT)
        ended = probe_jobs.wait_all_ended(home, 60, 120)
        self.assertEqual(ended["failed"], 0)
        self.assertEqual(home.terminate(), 0, home.log_tail())

    def test_it_sleeps_past_its_leases_and_every_job_still_ends_once(self):
        folder = self.folder()
        (folder / "data").mkdir(mode=0o700)
        self.assertEqual(run("migrate", "up", "--data-dir", str(folder / "data"),
                             cwd=folder).returncode, 0)
        probe_jobs.count_ends(folder / "data")
        home = self.serve("--probe", "--concurrency", "10", data_dir=folder / "data")
        probe_jobs.add_many(home, [probe_jobs.job(n, {"sleepMs": 2_000, "result": n})
                                   for n in range(30)])
        eventually(lambda: probe_jobs.counts(home)["active"] > 0, 30, "jobs run")
        home.process.send_signal(signal.SIGSTOP)
        time.sleep(LEASE_MS / 1000 + 3)  # the fault's own length
        home.process.send_signal(signal.SIGCONT)
        ended = probe_jobs.wait_all_ended(home, 30, 120)
        self.assertEqual(ended["failed"], 0)
        self.assertEqual(home.terminate(), 0, home.log_tail())
        times = probe_jobs.ended_times(folder / "data")
        self.assertEqual(sorted(times.values()), [1] * 30, "late ends are refused")


class dead_process(program_case):
    KILLS = 5
    RUNNING = 50

    def test_its_jobs_start_again_within_fifteen_seconds(self):
        waits = []
        folder = self.folder()
        for kill in range(self.KILLS):
            home = self.serve("--probe", "--concurrency", str(self.RUNNING),
                              data_dir=folder / "data")
            names = [f"{kill}-{n}" for n in range(self.RUNNING)]
            probe_jobs.add_many(home, [probe_jobs.job(n, {"sleepMs": 1_000}) for n in names])
            eventually(lambda: probe_jobs.counts(home)["active"] == self.RUNNING, 30, "all run")
            home.kill()
            died_ms = time.time() * 1000
            home = self.serve("--probe", "--concurrency", str(self.RUNNING),
                              data_dir=folder / "data")
            probe_jobs.wait_all_ended(home, self.RUNNING * (kill + 1), 60)
            self.assertEqual(home.terminate(), 0, home.log_tail())
            started = probe_jobs.rows(folder / "data",
                                      "SELECT started_at_ms FROM job_now WHERE id LIKE ?",
                                      f"p-{kill}-%")
            waits += [at - died_ms for at, in started]
        waits.sort()
        self.assertEqual(len(waits), self.KILLS * self.RUNNING)
        p99 = waits[len(waits) * 99 // 100]
        print(f"started again after {waits[len(waits) // 2]:.0f} ms (median), {p99:.0f} ms (p99)")
        self.assertGreater(waits[0], 0, "every job ran again after the death")
        self.assertLessEqual(p99, 15_000)


class full_disk(program_case):
    """Needs a mount of its own, so it runs as root only."""

    def small_disk(self) -> pathlib.Path:
        if os.geteuid() != 0:
            raise unittest.SkipTest("mounting needs root")
        place = self.folder() / "mount"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(place)],
                              capture_output=True, check=False)
        if done.returncode != 0:
            must_run_here(f"mount: {done.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(place)], check=False)
        return place

    def test_acknowledged_jobs_are_all_there_when_there_is_room_again(self):
        place = self.small_disk()
        home = self.serve("--probe", data_dir=place / "data", log=self.folder() / "serve.log")
        api = home.api
        api.post("/api/jobs", probe_jobs.job("first", {}))
        api.post("/api/queues/probe/pause", {})
        owed = set(probe_jobs.add_many(home, [probe_jobs.job(f"early-{n}", {"result": n})
                                              for n in range(200)]))
        filler = place / "filler"
        with filler.open("wb", buffering=0) as out:
            try:
                while True:
                    out.write(b"x" * 65_536)
            except OSError:
                pass
        refused = None
        for n in range(10_000):
            got = api.post("/api/jobs", probe_jobs.job(n, {"result": "x" * 2_000}))
            if got.status != 202:
                refused = got
                break
            owed.add(got.data["jobId"])
        self.assertIsNotNone(refused, "the disk was full")
        self.assertEqual((refused.status, refused.error["code"]), (507, "STORAGE_FULL"))
        waiting = probe_jobs.counts(home)["waiting"]
        self.assertEqual(waiting, len(owed), "reads go on, and nothing refused is there")
        self.assertEqual(api.get("/api/jobs/p-first?queue=probe").status, 200)
        filler.unlink()
        eventually(lambda: api.post("/api/jobs", probe_jobs.job("fresh", {})).status == 202, 60,
                   "writes resume by themselves")
        self.assertEqual(api.post("/api/queues/probe/resume", {}).status, 200)
        ended = probe_jobs.wait_all_ended(home, len(owed) + 2, 120)
        self.assertEqual(ended["failed"], 0)
        self.assertEqual(home.terminate(), 0, home.log_tail())
        known = {i for i, in probe_jobs.rows(home.data_dir, "SELECT id FROM job_now")}
        self.assertEqual(owed - known, set())
        print(f"{len(owed)} acknowledged while the disk filled up, all completed")


class many_submits(program_case):
    CALLERS = 100

    def together(self, home, headers: dict, body: dict) -> list:
        with concurrent.futures.ThreadPoolExecutor(self.CALLERS) as pool:
            calls = [pool.submit(home.api.call, "POST", "/api/jobs", body, headers)
                     for _ in range(self.CALLERS)]
            return [c.result() for c in calls]

    def test_of_one_id_make_one_job(self):
        home = self.serve("--probe")
        replies = self.together(home, {}, probe_jobs.job("same", {"result": 1}))
        self.assertEqual({r.status for r in replies}, {202})
        self.assertEqual({r.data["jobId"] for r in replies}, {"p-same"})
        probe_jobs.wait_all_ended(home, 1, 30)
        again = home.api.post("/api/jobs", probe_jobs.job("same", {"result": 2}))
        self.assertTrue(again.data["duplicate"])
        self.assertEqual(home.terminate(), 0)
        self.assertEqual(probe_jobs.rows(home.data_dir, "SELECT count(*), sum(starts) FROM job_now "
                                         "WHERE queue = 'probe'"), [(1, 1)])

    def test_under_one_idempotency_key_make_one_job(self):
        home = self.serve("--probe")
        body = {"queue": "probe", "kind": "probe", "data": {"result": 1}}
        replies = self.together(home, {"Idempotency-Key": "order-7"}, body)
        self.assertEqual({r.status for r in replies}, {202})
        self.assertEqual(len({r.data["jobId"] for r in replies}), 1)
        probe_jobs.wait_all_ended(home, 1, 30)


class supervised(program_case):
    def start(self, *args: str) -> subprocess.Popen:
        folder = self.folder()
        self.log = folder / "supervised.log"
        with self.log.open("ab") as to:
            started = subprocess.Popen(
                [BINARY, *args, "--data-dir", str(folder / "data"), "--json"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=to,
                env=environment(folder))
        self.addCleanup(started.stdout.close)
        self.addCleanup(self.end, started)
        return started

    def end(self, started: subprocess.Popen) -> None:
        if started.poll() is None:
            started.kill()
        started.wait(30)

    def child_of(self, pid: int, not_one: int = 0) -> int:
        def look():
            text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
            return next((int(c) for c in text.split() if int(c) != not_one), None)

        return eventually(look, 30, "there is a child")

    def dead(self, pid: int) -> bool:
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            return True

    def test_a_killed_server_is_started_again_and_sigterm_drains_it(self):
        parent = self.start("serve", "--port", "0", "--probe", "--supervised")
        first = self.child_of(parent.pid)
        self.assertIn(b'"address"', parent.stdout.readline())
        os.kill(first, signal.SIGKILL)
        second = self.child_of(parent.pid, first)
        self.assertIn(b'"address"', parent.stdout.readline())
        parent.send_signal(signal.SIGTERM)
        self.assertEqual(parent.wait(60), 0)
        self.assertTrue(self.dead(second))
        log = self.log.read_text()
        for event in ("supervisor.starts_again", "supervisor.draining", "serve.stopped"):
            self.assertIn(event, log)

    def test_its_children_drain_when_the_supervisor_dies(self):
        parent = self.start("worker", "--processes", "1", "--probe")
        child = self.child_of(parent.pid)
        self.assertIn(b'"pid"', parent.stdout.readline())
        parent.kill()
        eventually(lambda: self.dead(child), 30, "the child has ended")
        self.assertIn("worker.stopped", self.log.read_text())

    def test_settings_that_are_refused_end_it_at_once(self):
        parent = self.start("worker", "--processes", "1", "--queue", "a,a")
        self.assertEqual(parent.wait(30), 2)

    def test_more_processes_than_the_profile_has_room_for_are_refused(self):
        home = self.folder()
        for args in (("--processes", "2"), ("--processes", "auto", "--min", "2")):
            done = run("worker", *args, "--data-dir", str(home / "data"), cwd=home)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("DATABASE_URL", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()

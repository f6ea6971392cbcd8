"""Whole queues, workers and figures: over HTTP and by `son1k queues` and `son1k workers`."""

import json
import re

from support.program import eventually, program_case, run

QUEUE = "probe"
OK, FAILED, USAGE = 0, 1, 2


class queues_case(program_case):
    def setUp(self) -> None:
        super().setUp()
        self.home = self.serve("--probe")
        self.api = self.home.api
        self.add()
        eventually(lambda: self.counts()["completed"] == 1, 30, "the first job has run")

    def add(self, count: int = 1, **fields) -> list:
        body = {"queue": QUEUE, "kind": "probe", **fields}
        made = self.api.post("/api/jobs/many", {"jobs": [body] * count})
        self.assertEqual(made.status, 202, made.body)
        return [job["jobId"] for job in made.data["jobs"]]

    def queue(self) -> dict:
        return self.api.get(f"/api/queues/{QUEUE}").data

    def counts(self) -> dict:
        return self.queue()["counts"]

    def tell(self, action: str, body=None, queue: str = QUEUE):
        return self.api.post(f"/api/queues/{queue}/{action}", body)

    def son1k(self, *args: str) -> dict:
        done = run(*args, "--json", "--data-dir", str(self.home.data_dir),
                   cwd=self.home.data_dir.parent)
        return {"code": done.returncode, **(json.loads(done.stdout) if done.stdout else {})}


class control(queues_case):
    def test_a_paused_queue_starts_nothing(self):
        self.assertEqual(self.tell("pause").data, {"queue": QUEUE, "paused": True})
        self.add(3)
        self.assertTrue(self.queue()["paused"])
        self.assertEqual(self.counts()["waiting"], 3)
        self.assertGreaterEqual(self.queue()["oldestReadyMs"], 0)
        self.tell("resume")
        eventually(lambda: self.counts()["completed"] == 4, 30, "all have run")

    def test_drain_removes_what_waits(self):
        self.tell("pause")
        self.add(3)
        self.add(2, options={"delay": 3_600_000})
        self.assertEqual(self.tell("drain").data["removed"], 3)
        self.assertEqual(self.counts()["delayed"], 2)
        self.assertEqual(self.tell("drain", {"delayed": True}).data["removed"], 2)

    def test_clean_obeys_state_age_and_limit(self):
        self.assertEqual(self.tell("clean", {"state": "completed", "age": 3_600_000}).data,
                         {"queue": QUEUE, "removed": 0})
        self.add(4)
        eventually(lambda: self.counts()["completed"] == 5, 30, "all have run")
        self.assertEqual(self.tell("clean", {"state": "completed", "limit": 2}).data["removed"], 2)
        self.assertEqual(self.tell("clean", {"state": "ended"}).data["removed"], 3)

    def test_obliterate_wants_a_paused_queue(self):
        self.add(options={"delay": 3_600_000})
        live = self.tell("obliterate")
        self.assertEqual((live.status, live.error["code"]), (409, "CONFLICT"))
        self.assertEqual(self.counts()["delayed"], 1)
        self.tell("pause")
        self.assertEqual(self.tell("obliterate").status, 200)
        gone = self.api.get("/api/queues").data
        self.assertEqual(sum(sum(q["counts"].values()) for q in gone if q["queue"] == QUEUE), 0)

    def test_limits_hold(self):
        limits = {"concurrency": 1, "rate": {"max": 100, "duration": 1000},
                  "eachGroup": {"concurrency": 2}, "ageing": 5000}
        put = self.api.call("PUT", f"/api/queues/{QUEUE}/limits", limits)
        self.assertEqual(put.status, 200, put.body)
        shown = self.queue()["limits"]
        self.assertEqual((shown["concurrency"], shown["rate"], shown["ageing"]),
                         (1, limits["rate"], 5000))
        self.add(2, data={"hang": True})
        eventually(lambda: self.counts()["active"] == 1, 30, "one runs")
        self.assertEqual(self.counts()["waiting"], 1)
        group = f"/api/queues/{QUEUE}/groups/ana/limits"
        self.assertEqual(self.api.call("PUT", group, {"concurrency": 1}).status, 200)
        self.assertEqual(self.api.call("DELETE", group).status, 200)

    def test_wrong_orders_are_refused_and_change_nothing(self):
        before = self.counts()
        for action, body, status, field in (
                ("clean", {}, 422, "state"), ("clean", {"state": "active"}, 422, "state"),
                ("clean", {"state": "failed", "age": -1}, 422, "age"),
                ("clean", {"state": "failed", "limit": 0}, 422, "limit"),
                ("clean", {"state": "failed", "all": 1}, 422, "all"),
                ("drain", {"delayed": 1}, 422, "delayed"), ("pause", {"x": 1}, 422, "x"),
                ("obliterate", {"force": "yes"}, 422, "force")):
            with self.subTest(action, body=body):
                got = self.tell(action, body)
                self.assertEqual((got.status, got.error["details"]["field"]), (status, field))
        for limits, field in (({"concurrency": -1}, "concurrency"), ({"rate": {}}, "rate.max"),
                              ({"eachGroup": {"rate": {"max": 0}}}, "eachGroup.rate.max"),
                              ({"speed": 1}, "speed")):
            got = self.api.call("PUT", f"/api/queues/{QUEUE}/limits", limits)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field))
        for action in ("pause", "resume", "drain", "clean", "obliterate"):
            got = self.tell(action, queue="nothing")
            self.assertEqual((got.status, got.error["code"]), (404, "NOT_FOUND"), action)
        self.assertEqual(self.api.get("/api/queues/nothing/stats").status, 404)
        self.assertEqual(self.counts(), before)


class workers(queues_case):
    def test_a_paused_worker_claims_no_more(self):
        seen = eventually(lambda: self.api.get("/api/workers").data, 30, "a worker is seen")
        name = next(w["name"] for w in seen if QUEUE in w["queues"])
        self.assertGreater(next(w["rssBytes"] for w in seen if w["name"] == name), 0)
        self.assertEqual(self.api.post(f"/api/workers/{name}/pause").status, 202)
        paused = lambda: [w for w in self.api.get("/api/workers").data
                          if w["name"] == name and w["paused"]]
        eventually(paused, 30, "the worker says that it is paused")
        job = self.add()[0]
        self.assertEqual(self.api.get(f"/api/jobs/{job}").data["state"], "waiting")
        self.api.post(f"/api/workers/{name}/resume")
        eventually(lambda: self.counts()["completed"] == 2, 30, "it has run")
        self.assertEqual(self.api.post("/api/workers/nobody/pause").status, 404)


class figures(queues_case):
    LINE = re.compile(r'^[a-z_0-9]+(\{([a-z]+="[^"]*",?)*\})? -?[0-9.e+-]+(inf|nan)?$', re.I)

    def test_metrics_are_well_formed_and_tell_what_happened(self):
        self.add(data={"failTimes": 9, "fatal": True})
        eventually(lambda: self.counts()["failed"] == 1, 30, "it has failed")
        self.tell("pause")
        self.add(2)
        wanted = {'son1k_queue_jobs{queue="probe",state="waiting"} 2',
                  'son1k_queue_completed_total{queue="probe"} 1',
                  'son1k_queue_failed_total{queue="probe"} 1',
                  'son1k_queue_added_total{queue="probe"} 4',
                  'son1k_queue_paused{queue="probe"} 1',
                  'son1k_queue_run_seconds_count{queue="probe"} 2',
                  'son1k_queue_wait_seconds_count{queue="probe"} 2',
                  'son1k_queue_retried_total{queue="probe"} 0',
                  'son1k_queue_stalled_total{queue="probe"} 0',
                  'son1k_dead_letters{queue="probe"} 1',
                  'son1k_dead_letter_groups{queue="probe"} 1',
                  'son1k_dead_letters{queue="generation"} 0',
                  'son1k_scheduler_leads 1',
                  'son1k_http_requests_total{route="/api/jobs/many",method="POST",code="202"} 3'}

        # What ended is told to listeners a moment after it has.
        def missing():
            lines = self.api.get("/metrics").body.decode().splitlines()
            return wanted.difference(lines)
        eventually(lambda: not missing(), 20, f"all figures: {wanted}")
        got = self.api.get("/metrics")
        self.assertIn("text/plain; version=0.0.4", got.headers["content-type"])
        lines = got.body.decode().splitlines()
        for line in lines:
            self.assertTrue(line.startswith("#") or self.LINE.match(line), line)
        for name in ('son1k_queue_oldest_ready_age_seconds{queue="probe"}',
                     "son1k_worker_slots{worker=", "son1k_worker_busy{worker=",
                     "son1k_worker_resident_memory_bytes{worker=", "son1k_worker_info{worker=",
                     "son1k_scheduler_behind_seconds ", "son1k_schedule_missed_total ",
                     "son1k_schedule_overlap_skipped_total ", "son1k_schedule_failed_total "):
            self.assertTrue(any(line.startswith(name) for line in lines), name)

    def test_stats_tell_totals_and_times(self):
        def look():
            now = self.api.get(f"/api/queues/{QUEUE}/stats").data
            return now if now.get("sinceStart", {}).get("completed") == 1 else None
        stats = eventually(look, 10, "the job is in the totals")
        self.assertEqual((stats["run"]["count"], stats["lastHour"]["added"]), (1, 1))


class commands(queues_case):
    def test_queues_are_told_what_to_do(self):
        listed = self.son1k("queues", "list")
        self.assertIn(QUEUE, [q["queue"] for q in listed["data"]])
        self.assertEqual(self.son1k("queues", "pause", QUEUE)["data"]["paused"], True)
        self.add(3)
        self.assertEqual(self.son1k("queues", "drain", QUEUE, "--yes")["data"]["removed"], 3)
        cleaned = self.son1k("queues", "clean", QUEUE, "--state", "completed", "--yes")
        self.assertEqual(cleaned["data"]["removed"], 1)
        self.assertEqual(self.son1k("queues", "obliterate", QUEUE, "--yes")["code"], OK)

    def test_refusals_have_their_exit_codes(self):
        self.assertEqual(self.son1k("queues", "stats", "nothing")["code"], FAILED)
        self.assertEqual(self.son1k("queues", "clean", QUEUE, "--state", "failed", "--age", "x",
                                    "--yes")["code"], USAGE)
        self.assertEqual(self.son1k("queues", "obliterate", QUEUE, "--yes")["code"], FAILED)

    def test_limits_are_set_and_shown(self):
        put = self.son1k("queues", "limits", QUEUE, "--concurrency", "3", "--rate", "5", "--per",
                         "1m")
        self.assertEqual(put["data"]["limits"]["rate"], {"max": 5, "duration": 60000})
        self.assertEqual(self.son1k("queues", "limits", QUEUE)["data"]["limits"]["concurrency"], 3)

    def test_workers_are_listed(self):
        eventually(lambda: self.son1k("workers", "list")["data"], 30, "a worker is seen")
        shown = run("queues", "list", "--data-dir", str(self.home.data_dir),
                    cwd=self.home.data_dir.parent)
        self.assertTrue(shown.stdout.decode().startswith("QUEUE"), shown.stdout)

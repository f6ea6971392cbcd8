"""Schedules as people meet them: over HTTP and by command, while they run, across kills."""

import contextlib
import json
import sqlite3
import unittest

from support.program import eventually, program_case, run

DAILY = {"id": "nightly", "queue": "probe", "kind": "probe", "cron": "0 3 * * *",
         "zone": "America/Santiago"}
SECONDS = {"id": "tick", "queue": "probe", "kind": "probe", "every": 1000, "overlap": "queue"}

# A change to a good body, and the status and field that must come back.
WRONG = [
    ({"cron": "61 * * * *"}, 422, "cron"),
    ({"cron": "* * * *"}, 422, "cron"),
    ({"cron": "0 0 30 2 *"}, 422, "cron"),
    ({"cron": "x" * 300}, 422, "cron"),
    ({"cron": 7}, 422, "cron"),
    ({"cron": None}, 422, "cron"),
    ({"zone": "Mars/Olympus"}, 422, "zone"),
    ({"every": 5000}, 422, "cron"),
    ({"cron": None, "every": 10}, 422, "every"),
    ({"id": ""}, 422, "id"),
    ({"id": "a:b"}, 422, "id"),
    ({"id": "preview"}, 422, "id"),
    ({"id": None}, 422, "id"),
    ({"queue": None}, 422, "queue"),
    ({"queue": "a b"}, 422, "queue"),
    ({"kind": ""}, 422, "kind"),
    ({"startAt": "tomorrow"}, 422, "startAt"),
    ({"startAt": -1}, 422, "startAt"),
    ({"endAt": "2001-01-01"}, 422, "endAt"),
    ({"limit": -1}, 422, "limit"),
    ({"missed": "twice"}, 422, "missed"),
    ({"overlap": "never"}, 422, "overlap"),
    ({"paused": 1}, 422, "paused"),
    ({"options": {"priority": -1}}, 422, "options.priority"),
    ({"options": {"delay": 5}}, 422, "options.delay"),
    ({"options": {"unknown": 5}}, 422, "options.unknown"),
    ({"nextRun": "2100-01-01"}, 422, "nextRun"),
    ({"data": "x" * 1_060_000}, 413, "data"),
]


class over_http(program_case):
    def setUp(self):
        super().setUp()
        self.server = self.serve("--probe", "--workers", "1")
        self.api = self.server.api

    def own(self) -> list:
        return [s["id"] for s in self.api.get("/api/schedules").data if not s["system"]]

    def test_a_schedule_is_created_read_edited_and_removed(self):
        made = self.api.post("/api/schedules", {**DAILY, "data": {"sleepMs": 1}})
        self.assertEqual(made.status, 201, made.body)
        self.assertEqual(made.headers["location"], "/api/schedules/nightly")
        self.assertEqual(made.headers["etag"], '"1"')
        seen = self.api.get("/api/schedules/nightly").data
        self.assertEqual(seen, made.data)
        self.assertEqual((seen["status"], seen["runs"]), ("active", 0))
        self.assertEqual(seen["data"], {"sleepMs": 1})
        self.assertRegex(seen["nextRun"], r"T0[67]:00:00.000Z$")
        self.assertEqual(self.own(), ["nightly"])
        self.assertEqual(self.api.post("/api/schedules", DAILY).status, 409)

        new = {**DAILY, "cron": "30 4 * * *"}
        put = lambda tag: self.api.call("PUT", "/api/schedules/nightly", new, {"If-Match": tag})
        edited = put('"1"')
        self.assertEqual((edited.status, edited.headers["etag"]), (200, '"2"'), edited.body)
        self.assertRegex(edited.data["nextRun"], r"T0[78]:30:00.000Z$")
        self.assertEqual(put('"1"').status, 412)
        self.assertEqual(put("1").status, 422)
        self.assertEqual(put("*").status, 200)

        paused = self.api.post("/api/schedules/nightly/pause")
        self.assertEqual((paused.status, paused.data["status"]), (200, "paused"))
        self.assertEqual(self.api.post("/api/schedules/nightly/resume").data["status"], "active")
        gone = self.api.call("DELETE", "/api/schedules/nightly")
        self.assertEqual(gone.status, 200)
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/run"),
                             ("GET", "/preview")):
            missing = self.api.call(method, "/api/schedules/nightly" + path)
            self.assertEqual((missing.status, missing.error["code"]), (404, "NOT_FOUND"))

    def test_wrong_input_is_refused_by_the_name_of_the_field_and_nothing_is_stored(self):
        for change, status, field in WRONG:
            with self.subTest(change=str(change)[:60]):
                got = self.api.post("/api/schedules", {**DAILY, **change})
                self.assertEqual(got.status, status, got.body)
                self.assertEqual(got.error["details"]["field"], field)
                es = self.api.post("/api/schedules", {**DAILY, **change}, Accept_Language="es")
                self.assertNotEqual(es.error["message"], got.error["message"])
        self.assertEqual(self.own(), [])

    def test_runs_are_previewed_with_and_without_a_schedule(self):
        asked = self.api.post("/api/schedules/preview",
                              {"cron": "30 2 * * *", "zone": "Europe/Madrid", "n": 3,
                               "startAt": "2027-03-27T12:00:00Z"})
        self.assertEqual([at[5:16] for at in asked.data["runs"]],
                         ["03-28T01:00", "03-29T00:30", "03-30T00:30"])
        self.assertEqual(self.api.post("/api/schedules/preview", {"cron": "*"}).status, 422)
        self.assertEqual(self.api.post("/api/schedules/preview",
                                       {"cron": "@daily", "n": 101}).status, 422)
        self.api.post("/api/schedules", DAILY)
        stored = "/api/schedules/nightly/preview?"
        self.assertEqual(len(self.api.get(stored + "n=100").data["runs"]), 100)
        self.assertEqual(self.api.get(stored + "n=0").status, 422)
        self.assertEqual(self.api.get(stored + "m=1").status, 422)

    def test_due_runs_happen_and_an_edit_takes_effect_at_once(self):
        self.api.post("/api/schedules", {**SECONDS, "every": 3_600_000})
        self.assertEqual(self.api.get("/api/schedules/tick").data["runs"], 0)
        self.api.call("PUT", "/api/schedules/tick", {**SECONDS, "limit": 2})
        done = eventually(lambda: self.ended("tick"), 20, "two runs, then the end")
        self.assertEqual(done["runs"], 2)

    def ended(self, name):
        seen = self.api.get(f"/api/schedules/{name}").data
        return seen if seen["status"] == "ended" else None

    def test_a_run_by_hand_is_a_job_of_its_own(self):
        self.api.post("/api/schedules", DAILY)
        ran = self.api.post("/api/schedules/nightly/run")
        self.assertEqual(ran.status, 202, ran.body)
        self.assertTrue(ran.data["jobId"].startswith("run:nightly:"))
        seen = self.api.get("/api/schedules/nightly").data
        self.assertEqual((seen["runs"], seen["lastJob"]["id"]), (0, ran.data["jobId"]))


class across_kills(program_case):
    def test_no_run_is_lost_or_doubled_when_the_server_is_killed(self):
        folder = self.folder() / "data"
        first = self.serve("--workers", "0", data_dir=folder)
        first.api.post("/api/schedules", SECONDS)
        runs = 0
        for _ in range(3):
            server = self.serve("--workers", "0", data_dir=folder) if runs else first
            before = runs
            eventually(lambda: self.runs(server) > before + 1, 20, "it runs again")
            server.kill()
            runs = self.runs_of_the_dead(folder)
        last = self.serve("--workers", "0", data_dir=folder)
        eventually(lambda: self.runs(last) > runs, 20, "it runs again")
        last.kill()
        with contextlib.closing(sqlite3.connect(folder / "son1k.db")) as db:
            (counted,) = db.execute("select runs from schedule where id = 'tick'").fetchone()
            jobs = [row[0] for row in db.execute("select id from job "
                                                "where queue = 'probe' order by id")]
        # Each run has its own second and its own job: as many jobs as runs, none twice.
        self.assertEqual(len(jobs), counted)
        self.assertEqual(len(set(jobs)), counted)
        self.assertGreaterEqual(counted, 8)

    def runs(self, server):
        return server.api.get("/api/schedules/tick").data["runs"]

    def runs_of_the_dead(self, folder):
        told = json.loads(run("schedules", "show", "tick", "--json", "--data-dir", str(folder),
                              cwd=folder.parent).stdout)
        return told["data"]["runs"]


class by_command(program_case):
    def tell(self, folder, *args, code=0):
        done = run("schedules", *args, "--data-dir", str(folder / "data"), cwd=folder)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout.decode() + done.stderr.decode()

    def every_command(self, folder):
        told = self.tell(folder, "add", "nightly", "--queue", "probe", "--kind", "probe", "--cron",
                         "0 3 * * *", "--zone", "America/Santiago", "--data", '{"sleepMs":1}')
        self.assertIn("America/Santiago", told)
        self.assertIn("nightly", self.tell(folder, "list"))
        self.tell(folder, "edit", "nightly", "--cron", "30 4 * * *")
        one = json.loads(self.tell(folder, "show", "nightly", "--json"))["data"]
        self.assertEqual((one["cron"], one["data"], one["version"]),
                         ("30 4 * * *", {"sleepMs": 1}, 2))
        self.tell(folder, "edit", "nightly", "--every", "10m")
        one = json.loads(self.tell(folder, "show", "nightly", "--json"))["data"]
        self.assertEqual((one.get("cron"), one["every"]), (None, 600_000))
        self.assertIn("paused", self.tell(folder, "pause", "nightly"))
        self.assertIn("active", self.tell(folder, "resume", "nightly"))
        self.assertIn("run:nightly:", self.tell(folder, "run", "nightly"))
        self.assertEqual(len(self.tell(folder, "preview", "nightly", "--n", "5").split()), 5)
        self.tell(folder, "remove", "nightly")
        self.assertIn("id", self.tell(folder, "show", "nightly", code=1))
        self.assertIn("cron", self.tell(folder, "add", "x", "--queue", "q", "--kind", "k", "--cron",
                                        "61 * * * *", code=2))
        self.assertIn("every", self.tell(folder, "add", "x", "--queue", "q", "--kind", "k",
                                         "--every", "soon", code=2))

    def test_commands_work_beside_a_running_server(self):
        folder = self.folder()
        self.serve("--probe", data_dir=folder / "data")
        self.every_command(folder)

    def test_retention_is_a_schedule_of_the_systems_own(self):
        folder = self.folder()
        home = self.serve("--probe", data_dir=folder / "data")
        own = json.loads(self.tell(folder, "list", "--json"))["data"]
        self.assertEqual([(one["id"], one["system"], one["overlap"], one["data"]) for one in own],
                         [(f"{what}-retention", True, "skip", {"task": f"{what}_retention"})
                          for what in ("history", "idempotency")])
        self.tell(folder, "remove", "history-retention", code=4)
        self.tell(folder, "edit", "history-retention", "--every", "10m")
        ran = home.api.post("/api/schedules/history-retention/run").data

        def ended():
            job = home.api.get(f"/api/jobs/{ran['jobId']}?queue=system").data
            return job if job["state"] == "completed" else None
        self.assertEqual(eventually(ended, 30, "it has run")["result"], {"removed": 0})
        home.terminate()
        self.serve(data_dir=folder / "data")
        kept, _ = json.loads(self.tell(folder, "list", "--json"))["data"]
        self.assertEqual((kept["every"], kept["version"]), (600_000, 2))

    def test_commands_work_on_the_data_folder_alone(self):
        folder = self.folder()
        self.serve("--probe", data_dir=folder / "data").terminate()
        self.every_command(folder)
        self.assertEqual(len(self.tell(folder, "preview", "--cron", "0 9 * * mon-fri", "--zone",
                                       "Europe/Madrid", "--n", "3").split()), 3)


if __name__ == "__main__":
    unittest.main()

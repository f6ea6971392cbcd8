"""Jobs of any kind as operators meet them: over HTTP, by `son1k jobs`, with a server or without."""

import concurrent.futures
import contextlib
import json
import sqlite3
import stat
import urllib.parse

from support.program import client, eventually, program_case, run, server

OK, FAILED, USAGE, UNAVAILABLE = 0, 1, 2, 3
QUEUE = "probe"


class jobs_case(program_case):
    def setUp(self) -> None:
        super().setUp()
        self.home: server = self.serve("--probe")
        self.api: client = self.home.api

    def add(self, **fields) -> str:
        """Adds a probe job and gives its id."""
        data = fields.pop("data", {})
        made = self.api.post("/api/jobs", {"queue": QUEUE, "kind": "probe", "data": data, **fields})
        self.assertEqual(made.status, 202, made.body)
        return made.data["jobId"]

    def later(self, **fields) -> str:
        options = {"delay": 3_600_000, **fields.pop("options", {})}
        return self.add(options=options, **fields)

    def job(self, job_id: str) -> dict:
        got = self.api.get(f"/api/jobs/{job_id}?queue={QUEUE}")
        self.assertEqual(got.status, 200, got.body)
        return got.data

    def in_state(self, job_id: str, state: str) -> dict:
        def look():
            now = self.job(job_id)
            return now if now["state"] == state else None
        return eventually(look, 30, f"{job_id} is {state}")

    def act(self, job_id: str, action: str, body=None):
        return self.api.post(f"/api/jobs/{job_id}/{action}?queue={QUEUE}", body)

    def son1k(self, *args: str) -> dict:
        """A command with --json on the server's folder: exit code and what it printed."""
        done = run(*args, "--json", "--data-dir", str(self.home.data_dir),
                   cwd=self.home.data_dir.parent)
        printed = json.loads(done.stdout) if done.stdout else {}
        return {"code": done.returncode, "stderr": done.stderr.decode(), **printed}


class adding(jobs_case):
    def test_a_job_runs_and_tells_its_story(self):
        made = self.api.post("/api/jobs", {"queue": QUEUE, "kind": "probe", "user": "ana",
                                           "data": {"sleepMs": 1, "result": {"ok": [1, "ñ"]}},
                                           "options": {"priority": 3, "group": "g"}}).data
        self.assertEqual((made["queue"], made["state"], made["duplicate"]),
                         (QUEUE, "prioritized", False))
        done = self.in_state(made["jobId"], "completed")
        self.assertEqual(done["result"], {"ok": [1, "ñ"]})
        self.assertEqual((done["user"], done["group"], done["options"]["priority"]),
                         ("ana", "g", 3))
        self.assertEqual(done["timeline"][0]["event"], "added")
        self.assertIn("completed", [e["event"] for e in done["timeline"]])

    def test_a_known_id_is_told_and_adds_nothing(self):
        first = self.later(id="order:7:a")
        again = self.api.post("/api/jobs", {"queue": QUEUE, "kind": "probe", "id": first}).data
        self.assertEqual((again["jobId"], again["duplicate"], again["state"]),
                         (first, True, "delayed"))

    def test_many_are_added_or_none(self):
        good = {"queue": QUEUE, "kind": "probe", "options": {"delay": 3_600_000}}
        made = self.api.post("/api/jobs/many", {"jobs": [good] * 50})
        self.assertEqual((made.status, len(made.data["jobs"])), (202, 50))
        bad = self.api.post("/api/jobs/many", {"jobs": [good, {**good, "kind": ""}]})
        self.assertEqual((bad.status, bad.error["details"]["field"]), (422, "jobs[1].kind"))
        counts = self.api.get(f"/api/queues/{QUEUE}").data["counts"]
        self.assertEqual(counts["delayed"], 50)

    def test_children_end_before_their_parent_runs(self):
        root = self.add(id="root", children=[{"kind": "probe", "data": {"result": n}}
                                             for n in range(3)])
        done = self.in_state(root, "completed")
        self.assertEqual(sorted(c["result"] for c in done["children"]), [0, 1, 2])


class idempotency(jobs_case):
    def submit(self, key: str, **fields):
        body = {"queue": QUEUE, "kind": "probe", "options": {"delay": 3_600_000}, **fields}
        return self.api.post("/api/jobs", body, Idempotency_Key=key)

    def age(self, key: str):
        """A day and a moment pass for one key while the server is away."""
        self.home.kill()
        with contextlib.closing(sqlite3.connect(self.home.data_dir / "son1k.db")) as db:
            db.execute("update idempotency_key set created_at_ms = created_at_ms - 86400001 "
                       "where key = ?", (key,))
            db.commit()
        self.home = self.serve("--probe", data_dir=self.home.data_dir)
        self.api = self.home.api

    def test_a_hundred_at_once_make_one_job(self):
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            replies = list(pool.map(lambda _: self.submit("same"), range(100)))
        self.assertEqual({r.status for r in replies}, {202})
        self.assertEqual(len({r.body for r in replies}), 1)
        self.assertEqual(self.api.get(f"/api/queues/{QUEUE}").data["counts"]["delayed"], 1)

    def test_a_reply_outlives_the_server(self):
        first = self.submit("kept", id="kept-job")
        self.home.kill()
        self.home = self.serve("--probe", data_dir=self.home.data_dir)
        self.api = self.home.api
        again = self.submit("kept", id="kept-job")
        self.assertEqual((again.status, again.body), (first.status, first.body))
        self.assertEqual(again.headers["idempotent-replayed"], "true")

    def test_a_key_that_holds_no_longer_is_removed_by_the_systems_schedule(self):
        for key in ("old", "fresh"):
            self.submit(key)
        self.age("old")
        self.assertNotIn("idempotent-replayed", self.submit("old").headers)
        self.age("old")
        ran = self.api.post("/api/schedules/idempotency-retention/run").data

        def ended():
            job = self.api.get(f"/api/jobs/{ran['jobId']}?queue=system").data
            return job if job["state"] == "completed" else None
        self.assertEqual(eventually(ended, 30, "it has run")["result"], {"removed": 1})
        self.assertEqual(self.submit("fresh").headers["idempotent-replayed"], "true")

    def test_another_request_under_the_key_is_refused(self):
        self.submit("mine")
        other = self.submit("mine", data={"sleepMs": 1})
        self.assertEqual((other.status, other.error["details"]["field"]),
                         (422, "Idempotency-Key"))
        self.assertEqual(self.submit("x" * 256).status, 422)

    def test_a_refused_request_leaves_its_key_free(self):
        self.assertEqual(self.submit("free", kind="").status, 422)
        self.assertEqual(self.submit("free").status, 202)


class acting(jobs_case):
    def test_promote_lets_a_delayed_job_run(self):
        job_id = self.later(data={"result": 1})
        self.assertEqual(self.act(job_id, "promote").status, 200)
        self.in_state(job_id, "completed")
        again = self.act(job_id, "promote")
        self.assertEqual((again.status, again.error["code"]), (409, "CONFLICT"))

    def test_a_failed_job_is_retried(self):
        job_id = self.add(data={"failTimes": 1, "fatal": True, "failWith": "no luck"})
        failed = self.in_state(job_id, "failed")
        self.assertEqual(failed["error"]["message"], "no luck")
        self.assertEqual(self.act(job_id, "retry").status, 200)

    def test_a_running_job_is_not_retried_but_cancelled(self):
        job_id = self.add(data={"hang": True})
        self.in_state(job_id, "active")
        refused = self.act(job_id, "retry")
        self.assertEqual((refused.status, refused.error["code"]), (409, "CONFLICT"))
        told = self.act(job_id, "cancel")
        self.assertEqual((told.status, told.data["state"]), (200, "active"))
        self.in_state(job_id, "cancelled")

    def test_a_waiting_job_is_cancelled_at_once(self):
        job_id = self.later()
        self.assertEqual(self.act(job_id, "cancel").data["state"], "cancelled")
        self.assertEqual(self.api.get(f"/api/queues/{QUEUE}").data["counts"]["delayed"], 0)

    def test_a_cancelled_piece_is_settled_with_its_job(self):
        self.api.post("/api/queues/generation/pause")
        piece = self.api.create()
        self.assertEqual(self.api.post(f"/api/jobs/{piece}/cancel").status, 200)
        self.assertEqual(self.api.piece(piece)["status"], "cancelled")

    def test_a_removed_piece_is_settled_with_its_job(self):
        self.api.post("/api/queues/generation/pause")
        piece = self.api.create()
        self.assertEqual(self.api.post(f"/api/jobs/{piece}/remove").status, 200)
        self.assertEqual(self.api.piece(piece)["status"], "failed")

    def test_a_retried_piece_is_made(self):
        self.api.post("/api/queues/generation/pause")
        piece = self.api.create()
        self.act(piece, "promote")  # refused: it does not wait for a time
        done = self.api.post(f"/api/jobs/{piece}/priority", {"priority": 7})
        self.assertEqual((done.status, self.api.piece(piece)["status"]), (200, "pending"))
        self.api.post("/api/queues/generation/resume")
        self.api.wait_for(piece, "completed")
        self.assertEqual(self.api.post(f"/api/jobs/{piece}/retry").status, 200)
        self.assertIn(self.api.piece(piece)["status"], ("pending", "processing", "completed"))
        self.api.wait_for(piece, "completed")
        self.assertEqual(self.api.get(f"/api/generation/{piece}/audio").status, 200)

    def test_priority_and_place_change(self):
        self.api.post(f"/api/queues/{QUEUE}/pause")
        first, second = self.add(), self.add()
        self.assertEqual(self.act(second, "front").status, 200)
        self.assertEqual(self.act(first, "priority", {"priority": 9}).data["state"], "prioritized")
        self.assertEqual(self.job(first)["priority"], 9)
        wrong = self.act(first, "priority", {"priority": 2**21})
        self.assertEqual((wrong.status, wrong.error["details"]["field"]), (422, "priority"))

    def test_unknown_jobs_are_not_found(self):
        for action in ("retry", "cancel", "promote", "remove", "front", "back"):
            self.assertEqual(self.act("nothing", action).status, 404, action)
        self.assertEqual(self.api.get("/api/jobs/nothing").status, 404)
        self.assertEqual(self.api.get("/api/jobs/nothing/logs").status, 404)


class searching(jobs_case):
    def found(self, query: str) -> list:
        got = self.api.get("/api/jobs?q=" + urllib.parse.quote(query))
        self.assertEqual(got.status, 200, got.body)
        return [job["jobId"] for job in got.data]

    def test_live_and_past_jobs_are_found(self):
        waits = self.later(data={"result": "needle"})
        ran = self.add(data={"failTimes": 1, "fatal": True, "failWith": "lost connection"})
        self.in_state(ran, "failed")
        self.assertEqual(self.found("data.result~needle"), [waits])
        eventually(lambda: self.found('error~"lost connection"') == [ran], 10, "it is found")
        self.assertEqual(self.found("state:active"), [])

    def test_bulk_counts_and_works(self):
        for _ in range(5):
            self.later(user="ana")
        self.later(user="eva")
        body = {"action": "remove", "query": "user:ana"}
        counted = self.api.post("/api/jobs/bulk", {**body, "preview": True})
        self.assertEqual((counted.status, counted.data["count"]), (200, 5))
        begun = self.api.post("/api/jobs/bulk", body)
        self.assertEqual(begun.status, 202, begun.body)
        eventually(lambda: self.api.get(f"/api/queues/{QUEUE}").data["counts"]["delayed"] == 1,
                   30, "five of six are gone")

    def test_bulk_of_nothing_makes_no_job(self):
        none = self.api.post("/api/jobs/bulk", {"action": "retry", "query": "user:nobody"})
        self.assertEqual((none.status, none.data["count"]), (200, 0))
        self.assertNotIn("jobId", none.data)


# What is sent, and the status, code and field that must come back.
JOB = {"queue": QUEUE, "kind": "probe"}
BAD = [
    ("POST", "/api/jobs", {}, 422, "VALIDATION", "queue"),
    ("POST", "/api/jobs", [], 422, "VALIDATION", "body"),
    ("POST", "/api/jobs", b"{", 400, "VALIDATION", "body"),
    ("POST", "/api/jobs", {**JOB, "tier": "PRO"}, 422, "VALIDATION", "tier"),
    ("POST", "/api/jobs", {**JOB, "queue": "a b"}, 422, "VALIDATION", "queue"),
    ("POST", "/api/jobs", {**JOB, "id": "a/b"}, 422, "VALIDATION", "id"),
    ("POST", "/api/jobs", {**JOB, "id": "17"}, 422, "VALIDATION", "id"),
    ("POST", "/api/jobs", {**JOB, "id": "a\u0007"}, 422, "VALIDATION", "id"),
    ("POST", "/api/jobs", {**JOB, "options": {"priority": -1}}, 422, "VALIDATION",
     "options.priority"),
    ("POST", "/api/jobs", {**JOB, "options": {"priority": 2**21}}, 422, "VALIDATION",
     "options.priority"),
    ("POST", "/api/jobs", {**JOB, "options": {"lifo": True}}, 422, "VALIDATION", "options.lifo"),
    ("POST", "/api/jobs", {**JOB, "data": "x" * 2_000_000}, 413, "PAYLOAD_TOO_LARGE", "data"),
    ("POST", "/api/jobs", {**JOB, "id": "a", "children": [{**JOB, "id": "a"}]}, 422, "VALIDATION",
     "children[0].id"),
    ("POST", "/api/jobs", {**JOB, "id": "a", "parent": {"queue": QUEUE, "id": "a"}}, 422,
     "VALIDATION", "parent"),
    ("POST", "/api/jobs", {**JOB, "parent": {"queue": QUEUE, "id": "b"}}, 404, "NOT_FOUND",
     "parent"),
    ("POST", "/api/jobs?x=1", JOB, 422, "VALIDATION", "x"),
    ("POST", "/api/jobs/many", {"jobs": []}, 422, "VALIDATION", "jobs"),
    ("GET", "/api/jobs?limit=101", None, 422, "VALIDATION", "limit"),
    ("GET", "/api/jobs?q=colour:red", None, 422, "VALIDATION", "query"),
    ("GET", "/api/jobs?cursor=x", None, 422, "VALIDATION", "cursor"),
    ("GET", "/api/jobs?sort=asc", None, 422, "VALIDATION", "sort"),
    ("POST", "/api/jobs/bulk", {"action": "explode", "query": "state:failed"}, 422, "VALIDATION",
     "action"),
    ("POST", "/api/jobs/bulk", {"action": "retry", "query": "colour:red"}, 422, "VALIDATION",
     "query"),
    ("POST", "/api/jobs/bulk", {"action": "priority", "query": "user:ana"}, 422, "VALIDATION",
     "priority"),
    ("POST", "/api/jobs/nothing/priority", {}, 422, "VALIDATION", "priority"),
]


class bad_input(jobs_case):
    def test_what_is_wrong_is_named_and_changes_nothing(self):
        for method, path, body, status, code, field in BAD:
            with self.subTest(path=path, field=field):
                got = self.api.call(method, path, body)
                self.assertEqual((got.status, got.error["code"]), (status, code), got.body[:300])
                self.assertEqual(got.error["details"]["field"], field, got.body[:300])
        counts = self.api.get(f"/api/queues/{QUEUE}").data["counts"]
        self.assertEqual(sum(counts.values()), 0)

    def test_messages_are_spanish_for_who_asks_in_spanish(self):
        got = self.api.post("/api/jobs", {**JOB, "id": "17"}, Accept_Language="es")
        self.assertIn("no debe", got.error["message"])


class commands(jobs_case):
    def test_the_address_is_found_in_the_folder_and_private(self):
        noted = self.home.data_dir / "server.json"
        self.assertEqual(stat.S_IMODE(noted.stat().st_mode), 0o600)
        self.assertEqual(json.loads(noted.read_text())["address"], self.home.hello["address"])
        self.home.terminate()
        self.assertFalse(noted.exists())

    def test_add_show_and_act(self):
        added = self.son1k("jobs", "add", "--queue", QUEUE, "--kind", "probe", "--delay", "1h",
                           "--data", '{"result": 1}', "--id", "mine")
        self.assertEqual((added["code"], added["data"]["state"]), (OK, "delayed"))
        self.assertEqual(self.son1k("jobs", "show", "mine")["data"]["kind"], "probe")
        self.assertEqual(self.son1k("jobs", "promote", "mine")["code"], OK)
        self.in_state("mine", "completed")
        self.assertEqual(self.son1k("jobs", "logs", "mine")["data"], [])
        self.assertEqual(self.son1k("jobs", "remove", "mine", "--yes")["code"], OK)

    def test_refusals_have_their_exit_codes(self):
        unknown = self.son1k("jobs", "show", "nothing")
        self.assertEqual((unknown["code"], unknown["error"]["code"]), (FAILED, "not_found"))
        wrong = self.son1k("jobs", "add", "--queue", QUEUE, "--kind", "probe", "--priority",
                           "9999999")
        self.assertEqual((wrong["code"], wrong["error"]["field"]), (USAGE, "options.priority"))
        away = self.son1k("jobs", "list", "--server", "http://127.0.0.1:9")
        self.assertEqual((away["code"], away["error"]["field"]), (UNAVAILABLE, "server"))
        self.assertEqual(self.son1k("jobs", "list", "--server", "nowhere")["code"], USAGE)

    def test_without_a_server_the_folder_answers(self):
        kept = self.later(id="kept")
        self.home.kill()  # leaves server.json behind
        shown = self.son1k("jobs", "show", kept)
        self.assertEqual((shown["code"], shown["data"]["state"]), (OK, "delayed"))
        added = self.son1k("jobs", "add", "--queue", QUEUE, "--kind", "probe", "--id", "offline")
        self.assertEqual(added["code"], OK)
        again = self.serve("--probe", data_dir=self.home.data_dir)
        self.api = again.api
        self.in_state("offline", "completed")

    def test_an_empty_folder_is_said_so(self):
        empty = self.folder()
        done = run("jobs", "list", "--data-dir", str(empty), cwd=empty)
        self.assertEqual(done.returncode, UNAVAILABLE)
        self.assertIn(b"son1k serve", done.stderr)

    def test_tables_are_for_people(self):
        self.later(id="seen")
        listed = run("jobs", "list", "--data-dir", str(self.home.data_dir),
                     cwd=self.home.data_dir.parent)
        self.assertEqual(listed.returncode, OK, listed.stderr)
        lines = listed.stdout.decode().splitlines()
        self.assertTrue(lines[0].startswith("JOB"), lines)
        self.assertTrue(lines[1].startswith("seen"), lines)
        self.assertNotIn(b"\033", listed.stdout)

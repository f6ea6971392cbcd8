"""What operators and administrators do is recorded, and the record says nothing it should not."""

import json
import sqlite3
import subprocess

from support.program import BINARY, environment, program_case

PASSWORD = "correct horse battery"


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


class audit(program_case):
    def setUp(self) -> None:
        super().setUp()
        self.home = self.serve("--probe", "--workers", "0",
                               env=environment(self.folder()))
        token = self.home.hello["setupUrl"].partition("#setup=")[2]
        made = self.home.api.post("/api/auth/setup", {"token": token, "email": "root@example.org",
                                                      "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        self.root = made.data["accessToken"]

    def ask(self, method: str, path: str, body=None, token: str = ""):
        return self.home.api.call(method, path, body, bearer(token or self.root))

    def records(self, query: str = "") -> list:
        got = self.ask("GET", f"/api/audit?{query}")
        self.assertEqual(got.status, 200, got.body)
        return got.data

    def test_the_first_administrator_is_the_first_record(self):
        first = self.records()[-1]
        self.assertEqual((first["action"], first["actor"], first["shownBy"], first["outcome"]),
                         ("auth.setup", "local", "setup", "done"))
        self.assertEqual(first["address"], "127.0.0.1")

    def test_a_change_of_an_account_says_who_what_whom_and_how(self):
        made = self.ask("POST", "/api/admin/users", {"email": "ana@example.org",
                                                     "password": "a canary password"})
        ana = made.data["id"]
        changed = self.ask("PUT", "/api/admin/users/ana@example.org",
                           {"role": "operator", "tier": "PRO"})
        self.assertEqual(changed.status, 200, changed.body)
        self.assertEqual(self.ask("POST", f"/api/admin/users/{ana}/password",
                                  {"password": "another canary word"}).status, 200)
        password, change, create = self.records(f"target={ana}")
        self.assertEqual([password["action"], change["action"], create["action"]],
                         ["users.password", "users.change", "users.create"])
        self.assertEqual((change["actor"], change["shownBy"], change["role"], change["outcome"]),
                         ("local", "session", "admin", "done"))
        self.assertEqual(change["details"], {"role": "operator", "tier": "PRO"})
        self.assertEqual(change["requestId"], changed.headers["x-request-id"])
        self.assertNotIn("canary", json.dumps(self.records()))

    def test_what_is_refused_is_recorded_once_and_as_refused(self):
        before = len(self.records())
        self.assertEqual(self.ask("PUT", "/api/admin/users/local", {"role": "user"}).status, 409)
        rows = self.records()
        self.assertEqual(len(rows), before + 1)
        self.assertEqual((rows[0]["outcome"], rows[0]["details"]), ("refused", {"status": 409}))

    def test_what_is_done_to_queues_and_jobs_is_asked_first_and_done_then(self):
        self.ask("POST", "/api/jobs", {"queue": "probe", "kind": "probe", "id": "one", "data": {}})
        before = len(self.records())
        self.assertEqual(self.ask("POST", "/api/queues/probe/pause").status, 200)
        self.assertEqual(self.ask("POST", "/api/queues/probe/clean",
                                  {"state": "waiting", "limit": 5}).status, 200)
        rows = self.records("action=queues.")
        self.assertEqual([(r["action"], r["target"], r["outcome"]) for r in rows],
                         [("queues.clean", "probe", "done"), ("queues.clean", "probe", "asked"),
                          ("queues.pause", "probe", "done"), ("queues.pause", "probe", "asked")])
        self.assertEqual(rows[1]["details"], {"state": "waiting", "limit": 5})
        self.assertEqual(rows[0]["requestId"], rows[1]["requestId"])
        self.assertEqual(len(self.records()), before + 4, "adding a job is no record of its own")

    def test_a_cancelled_job_a_schedule_and_a_key_are_recorded(self):
        self.ask("POST", "/api/jobs", {"queue": "probe", "kind": "probe", "id": "one", "data": {}})
        self.assertEqual(self.ask("POST", "/api/jobs/one/cancel?queue=probe").status, 200)
        self.assertEqual(self.ask("POST", "/api/schedules", {
            "id": "nightly", "queue": "probe", "kind": "probe", "cron": "0 3 * * *"}).status, 201)
        for order in ("pause", "resume", "run"):
            self.assertIn(self.ask("POST", f"/api/schedules/nightly/{order}").status, (200, 202))
        self.assertEqual(self.ask("DELETE", "/api/schedules/nightly").status, 200)
        key = self.ask("POST", "/api/user/tokens", {"name": "k"})
        self.assertEqual(key.status, 201, key.body)
        self.assertEqual([r["action"] for r in self.records("action=schedules.")],
                         ["schedules.remove", "schedules.run", "schedules.resume",
                          "schedules.pause", "schedules.create"])
        self.assertEqual({r["target"] for r in self.records("action=schedules.")}, {"nightly"})
        self.assertEqual([r["target"] for r in self.records("action=jobs.cancel")], ["one"])
        self.assertEqual([r["outcome"] for r in self.records("action=user.tokens")],
                         ["done", "asked"])
        self.assertNotIn(key.data["key"], json.dumps(self.records()))

    def test_who_may_read_it_and_what_is_no_record(self):
        ana = self.home.api.post("/api/auth/register", {"email": "ana@example.org",
                                                        "password": PASSWORD}).data
        token = ana["accessToken"]
        before = len(self.records())
        self.assertEqual(self.ask("GET", "/api/audit", token=token).status, 403)
        self.assertEqual(self.home.anyone.get("/api/audit").status, 401)
        self.assertEqual(self.ask("POST", "/api/queues/probe/pause", token=token).status, 403)
        self.assertEqual(self.ask("POST", "/api/user/tokens", {"name": "k"}, token).status, 201)
        self.home.api.post("/api/auth/login", {"email": "ana@example.org", "password": "wrong one"})
        self.assertEqual(len(self.records()), before, "nobody without power fills it")
        self.assertEqual(self.ask("PUT", f"/api/admin/users/{ana['user']['id']}",
                                  {"role": "viewer"}).status, 200)
        self.assertEqual(self.ask("GET", "/api/audit", token=token).status, 200)
        figures = self.home.api.call("GET", "/metrics", None, bearer(self.root)).body.decode()
        self.assertRegex(figures, r'(?m)^son1k_http_requests_total\{(?=.*code="401")'
                                  r'(?=.*route="/api/auth/login").*\} 1$')

    def test_pages_and_filters(self):
        for name in ("a", "b", "c"):
            self.ask("POST", "/api/admin/users", {"email": f"{name}@example.org"})
        got = self.ask("GET", "/api/audit?limit=2&action=users.create")
        self.assertEqual(len(got.data), 2)
        cursor = got.json()["pagination"]["nextCursor"]
        rest = self.ask("GET", f"/api/audit?limit=2&action=users.create&cursor={cursor}")
        self.assertEqual(len(rest.data), 1)
        self.assertIsNone(rest.json()["pagination"]["nextCursor"])
        at = rest.data[0]["at"]
        self.assertEqual(self.records(f"to={at}&action=users.create"), [])
        self.assertEqual(len(self.records(f"from={at}&action=users.create")), 3)
        self.assertEqual(self.ask("GET", "/api/audit?from=yesterday").status, 422)
        self.assertEqual(self.ask("GET", "/api/audit?who=root").status, 422)

    def test_commands_of_this_machine_are_recorded_beside_the_server_and_without_it(self):
        def users(*args: str) -> None:
            done = subprocess.run([BINARY, "users", *args, "--data-dir", str(self.home.data_dir)],
                                  capture_output=True, timeout=60, check=False,
                                  env=environment(self.home.data_dir.parent))
            self.assertEqual(done.returncode, 0, done.stderr)

        users("create", "--email", "ana@example.org")
        self.assertEqual(self.records()[0]["shownBy"], "local")
        self.home.terminate()
        users("set-tier", "ana@example.org", "PRO")
        with sqlite3.connect(self.home.data_dir / "son1k.db") as db:
            rows = db.execute("SELECT actor, action FROM audit ORDER BY id DESC").fetchall()
            self.assertEqual(rows[:2], [("local", "users.change"), ("local", "users.create")])
            with self.assertRaises(sqlite3.DatabaseError):
                db.execute("DELETE FROM audit")
            with self.assertRaises(sqlite3.DatabaseError):
                db.execute("UPDATE audit SET actor = 'nobody'")

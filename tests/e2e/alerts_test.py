"""What is amiss is told by the finished program, by its real figures, until it is over."""

from support.program import environment, eventually, program_case

PASSWORD = "correct horse battery"
LETTERS = 12  # failed jobs; ten are a warning
SEEN_SECONDS = 90  # a look every 15 s


class alerts(program_case):
    def setUp(self) -> None:
        super().setUp()
        home = self.folder()
        self.home = self.serve("--probe", data_dir=home / "data",
                               env=environment(home))
        token = self.home.hello["setupUrl"].partition("#setup=")[2]
        made = self.home.api.post("/api/auth/setup", {"token": token, "email": "root@example.org",
                                                      "password": PASSWORD})
        self.known = {"Authorization": f"Bearer {made.data['accessToken']}"}

    def ask(self, method: str, path: str, body=None, **fields):
        return self.home.api.call(method, path, body, {**self.known, **fields})

    def letters(self, state: str) -> list:
        rows = self.ask("GET", f"/api/admin/alerts?state={state}").data
        return [row for row in rows if row["rule"] == "dead-letters"]

    def test_dead_letters_fire_are_acknowledged_and_resolved(self):
        self.assertEqual(self.letters("firing"), [])
        jobs = [{"queue": "probe", "kind": "probe", "data": {"failTimes": 9},
                 "options": {"attempts": 1}} for _ in range(LETTERS)]
        self.assertEqual(self.ask("POST", "/api/jobs/many", {"jobs": jobs}).status, 202)
        fired = eventually(lambda: self.letters("firing"), SEEN_SECONDS, "the alert fires")[0]
        self.assertEqual((fired["subject"], fired["severity"], fired["unit"], fired["threshold"]),
                         ("probe", "warning", "jobs", 10))
        self.assertGreaterEqual(fired["value"], 10)
        seen = self.ask("POST", f"/api/admin/alerts/{fired['id']}/acknowledge")
        self.assertEqual(seen.status, 200, seen.body)
        self.assertEqual(seen.data["acknowledgedBy"], "local")
        spanish = self.ask("GET", "/api/admin/alerts?state=firing", **{"Accept-Language": "es"})
        self.assertIn("trabajos fallidos", spanish.body.decode())
        groups = self.ask("GET", "/api/dead-letters").data
        for group in groups:
            self.assertEqual(self.ask("DELETE", f"/api/dead-letters/{group['fingerprint']}").status,
                             200)
        over = eventually(lambda: self.letters("resolved"), SEEN_SECONDS, "it is over")[0]
        self.assertEqual(over["id"], fired["id"])
        self.assertIsNotNone(over["resolvedAt"])

    def test_who_may_and_what_is_refused(self):
        nobody = self.home.anyone
        self.assertEqual(nobody.get("/api/admin/alerts").status, 401)
        user = nobody.post("/api/auth/register", {"email": "ana@example.org",
                                                  "password": PASSWORD}).data["accessToken"]
        own = {"Authorization": f"Bearer {user}"}
        self.assertEqual(nobody.call("GET", "/api/admin/alerts", None, own).status, 403)
        self.assertEqual(nobody.call("POST", "/api/admin/alerts/x/acknowledge", None, own).status,
                         403)
        self.assertEqual(self.ask("POST", "/api/admin/alerts/x/acknowledge").status, 404)
        self.assertEqual(self.ask("GET", "/api/admin/alerts?state=loud").status, 422)

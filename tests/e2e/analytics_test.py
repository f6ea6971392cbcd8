"""Figures of one's own pieces and keys, of everybody's, and what clients report."""

import unittest

from support.program import environment, eventually, program_case

PASSWORD = "correct horse battery"
NO_LIMITS = "FREE:requests=0,month=0,day=0"
OWN = ("user", "generations", "tokens", "metrics")
CONSOLES = ("realtime", "admin/system", "admin/users", "admin/generations", "admin/tokens",
            "admin/performance")


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


class analytics_case(program_case):
    def start(self, *args: str) -> None:
        data = self.folder() / "data"
        self.home = self.serve(*args, data_dir=data,
                               env=environment(data.parent, TIERS=NO_LIMITS))
        self.api = self.home.api
        link = self.home.hello["setupUrl"]
        self.root = self.api.post("/api/auth/setup", {
            "token": link.partition("#setup=")[2], "email": "root@example.org",
            "password": PASSWORD}).data["accessToken"]
        self.ana, self.ben = (self.api.post("/api/auth/register", {
            "email": f"{name}@example.org", "password": PASSWORD}).data["accessToken"]
            for name in ("ana", "ben"))

    def get(self, path: str, token: str):
        return self.api.call("GET", path, None, bearer(token))

    def post(self, path: str, body: dict, token: str):
        return self.api.call("POST", path, body, bearer(token))

    def figures(self, name: str, token: str, query: str = "") -> dict:
        got = self.get(f"/api/analytics/{name}{query}", token)
        self.assertEqual(got.status, 200, got.body)
        return got.data

    def create(self, token: str) -> str:
        made = self.post("/api/generation/create", {"prompt": "lo-fi piano", "duration": 5}, token)
        self.assertEqual(made.status, 202, made.body)
        return made.data["generationId"]


class figures(analytics_case):
    def test_each_sees_their_own_and_an_operator_everybodys(self):
        self.start("--workers", "0")
        for token in (self.ana, self.ana, self.ben):
            self.create(token)
        cancelled = self.create(self.ana)
        self.assertEqual(self.post(f"/api/generation/{cancelled}/cancel", {}, self.ana).status, 200)
        ana = self.figures("user", self.ana)
        self.assertEqual((ana["pieces"]["total"], ana["pieces"]["open"],
                          ana["pieces"]["cancelled"]), (3, 2, 1))
        self.assertEqual(ana["quota"]["usedToday"], 2)
        self.assertEqual(self.figures("generations", self.ben)["pieces"]["total"], 1)
        everybody = self.figures("admin/generations", self.root)
        self.assertEqual(everybody["pieces"]["total"], 4)
        self.assertEqual(everybody["byQuality"][0]["total"], 4)
        users = self.figures("admin/users", self.root)
        self.assertEqual((users["active"], users["busiest"][0]["total"]), (2, 3))
        now = self.figures("realtime", self.root)
        self.assertEqual(now["lastHour"]["pieces"]["open"], 3)
        self.assertEqual(now["queues"]["generation"]["ready"], 3)
        system = self.figures("admin/system", self.root)
        self.assertGreaterEqual(system["accounts"], 3)
        self.assertGreater(system["disk"]["freeBytes"], 0)
        for name in CONSOLES:
            self.assertEqual(self.get(f"/api/analytics/{name}", self.ana).status, 403, name)
        for name in OWN + CONSOLES:
            self.assertEqual(self.home.anyone.get(f"/api/analytics/{name}").status, 401, name)

    def test_a_finished_piece_tells_its_times(self):
        self.start("--concurrency", "1")
        piece = self.create(self.ana)

        def ended():
            got = self.get(f"/api/generation/{piece}/status", self.ana).data
            return got["status"] == "completed"

        eventually(ended, 120, "the piece is finished")
        times = self.figures("metrics", self.ana)["times"]
        self.assertEqual(times["run"]["count"], 1)
        self.assertEqual(times["run"]["p50"], times["run"]["max"])
        self.assertGreater(times["whole"]["p99"], 0)
        self.assertIsNone(self.figures("metrics", self.ben)["times"]["run"])
        made = self.figures("generations", self.ana)
        self.assertEqual(made["pieces"]["successRate"], 1)
        self.assertAlmostEqual(made["pieces"]["soundSeconds"], 5, delta=1)
        self.assertNotEqual(made["byStyle"][0]["style"], "")
        stats = self.get("/api/user/stats", self.ana).data
        self.assertEqual(stats["pieces"]["completed"], 1)
        self.assertEqual(stats, self.get("/api/auth/stats", self.ana).data)
        self.assertEqual((stats["tier"], stats["sessions"], stats["apiKeys"]), ("FREE", 1, 0))
        slow = self.figures("admin/performance", self.root)
        self.assertEqual(slow["byQuality"][0]["run"]["count"], 1)

    def test_a_range_is_days_or_two_times(self):
        self.start("--workers", "0")
        self.create(self.ana)
        for query, total in (("?days=7", 1), ("?days=30", 1), ("?days=90", 1),
                             ("?from=2020-01-01&to=2020-02-01", 0)):
            self.assertEqual(self.figures("user", self.ana, query)["pieces"]["total"], total, query)
        for query, field in (("?days=8", "days"), ("?days=x", "days"), ("?from=x", "from"),
                             ("?to=2020-13-01", "to"), ("?days=7&from=2020-01-01", "days"),
                             ("?from=2020-01-01&to=2020-12-31", "from"),
                             ("?from=2020-02-01&to=2020-01-01", "to"), ("?week=1", "week")):
            got = self.get("/api/analytics/user" + query, self.ana)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), query)

    def test_what_a_key_did_is_counted_at_once_and_for_its_owner_only(self):
        self.start("--workers", "0")
        made = self.post("/api/user/tokens", {"name": "robot", "scopes": ["read"]}, self.ana).data
        for _ in range(3):
            self.assertEqual(self.get("/api/generation/history", made["key"]).status, 200)
        own = self.figures("tokens", self.ana)
        self.assertEqual(own["requests"], 3)
        self.assertEqual([(k["id"], k["name"], k["requests"]) for k in own["keys"]],
                         [(made["id"], "robot", 3)])
        self.assertEqual(self.figures("tokens", self.ben)["keys"], [])
        self.assertEqual(self.figures("admin/tokens", self.root)["requests"], 3)
        gone = self.api.call("DELETE", f"/api/user/tokens/{made['id']}", None, bearer(self.ana))
        self.assertEqual(gone.status, 200)
        self.assertTrue(self.figures("tokens", self.ana)["keys"][0]["revoked"])

    def test_counts_of_keys_outlive_a_drained_server(self):
        self.start("--workers", "0")
        key = self.post("/api/user/tokens", {"name": "robot"}, self.ana).data["key"]
        for _ in range(2):
            self.assertEqual(self.get("/api/generation/history", key).status, 200)
        self.assertEqual(self.home.terminate(), 0)
        data = self.home.data_dir
        again = self.serve("--workers", "0", data_dir=data,
                           env=environment(data.parent, TIERS=NO_LIMITS))
        got = again.api.call("GET", "/api/analytics/tokens", None, bearer(self.ana))
        self.assertEqual(got.data["requests"], 2)


class reports(analytics_case):
    def setUp(self) -> None:
        super().setUp()
        self.start("--workers", "0")

    def test_they_are_counted_for_who_made_them(self):
        for event in ("piece.played", "piece.played", "page:opened"):
            got = self.post("/api/analytics/track",
                            {"event": event, "properties": {"where": "studio", "n": 1}}, self.ana)
            self.assertEqual(got.status, 202, got.body)
        self.assertEqual(self.figures("user", self.ana)["events"],
                         [{"event": "piece.played", "count": 2},
                          {"event": "page:opened", "count": 1}])
        self.assertEqual(self.figures("user", self.ben)["events"], [])
        self.assertEqual(self.figures("realtime", self.root)["lastHour"]["events"][0]["count"], 2)

    def test_what_is_no_report_is_named(self):
        wrong = (({}, "event"), ({"event": ""}, "event"), ({"event": "a b"}, "event"),
                 ({"event": "x" * 65}, "event"), ({"event": "x", "properties": []}, "properties"),
                 ({"event": "x", "properties": {"deep": {}}}, "properties"),
                 ({"event": "x", "properties": {"long": "y" * 5000}}, "properties"),
                 ({"event": "x", "properties": {str(n): n for n in range(33)}}, "properties"),
                 ({"event": "x", "account": "ben"}, "account"))
        for body, field in wrong:
            got = self.post("/api/analytics/track", body, self.root)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), body)
        self.assertEqual(self.home.anyone.post("/api/analytics/track", {"event": "x"}).status, 401)

    def test_a_repeated_one_counts_once(self):
        for _ in range(3):
            got = self.api.call("POST", "/api/analytics/track", {"event": "x"},
                                {**bearer(self.ana), "Idempotency-Key": "one"})
            self.assertEqual(got.status, 202)
        self.assertEqual(self.figures("user", self.ana)["events"], [{"event": "x", "count": 1}])


if __name__ == "__main__":
    unittest.main()

"""What pieces are charged, as their owner sees it; and the table of tiers as a setting."""

import unittest

from support.program import environment, program_case, run


class ledger(program_case):
    def entries(self, api, piece: str) -> list:
        rows = api.get("/api/user/ledger?limit=100").json()["data"]
        return [row["kind"] for row in rows if row["generationId"] == piece][::-1]

    def test_a_piece_is_charged_when_it_is_asked_for_and_given_back_if_it_fails(self):
        api = self.serve("--concurrency", "1").api
        done = api.create("quiet solo flute")
        failing = api.create("techno at 999 bpm")
        api.wait_for(done, "completed")
        api.wait_for(failing, "failed")
        self.assertEqual(self.entries(api, done), ["reserve", "commit"])
        self.assertEqual(self.entries(api, failing), ["reserve", "refund"])
        month = api.get("/api/auth/limits").data["month"]
        self.assertEqual((month["used"], month["limit"] - month["remaining"]), (1, 1))

    def test_a_cancelled_piece_is_given_back_and_one_that_runs_again_charged_anew(self):
        api = self.serve("--workers", "0").api
        piece = api.create()
        removed = api.create()
        self.assertEqual(api.get("/api/auth/limits").data["day"]["used"], 2)
        self.assertEqual(api.post(f"/api/generation/{piece}/cancel").status, 200)
        self.assertEqual(api.post(f"/api/generation/{piece}/cancel").status, 409)
        self.assertEqual(api.post(f"/api/jobs/{removed}/remove?queue=generation").status, 200)
        self.assertEqual(self.entries(api, piece), ["reserve", "refund"])
        self.assertEqual(self.entries(api, removed), ["reserve", "refund"])
        self.assertEqual(api.get("/api/auth/limits").data["day"]["used"], 0)

    def test_one_request_under_one_key_is_charged_once(self):
        api = self.serve("--workers", "0").api
        body = {"prompt": "one and the same", "duration": 5, "seed": 7}
        for _ in range(3):
            got = api.post("/api/generation/create", body, Idempotency_Key="the-one")
            self.assertEqual(got.status, 202, got.body)
        self.assertEqual(api.get("/api/auth/limits").data["month"]["used"], 1)

    def test_pages_lead_on_and_a_wrong_cursor_is_named(self):
        api = self.serve("--workers", "0").api
        pieces = [api.create() for _ in range(3)]
        seen, cursor = [], ""
        while True:
            page = api.get("/api/user/ledger?limit=2" + cursor).json()
            seen += [row["generationId"] for row in page["data"]]
            if page["pagination"]["nextCursor"] is None:
                break
            cursor = "&cursor=" + page["pagination"]["nextCursor"]
        self.assertEqual(seen, pieces[::-1])
        for wrong in ("x", pieces[0], pieces[0] + ".", pieces[0] + ".x", "x.1"):
            got = api.get("/api/user/ledger?cursor=" + wrong)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, "cursor"), wrong)
        self.assertEqual(api.get("/api/auth/tier?x=1").status, 422)
        self.assertEqual(api.get("/api/auth/tier").data["tier"], "SYSTEM")


class tiers(program_case):
    def test_a_word_that_is_wrong_is_named_at_the_start(self):
        home = self.folder()
        got = run("serve", "--port", "0", "--data-dir", str(home / "data"), cwd=home,
                  env=environment(home, TIERS="FREE:pieces=3"))
        self.assertEqual(got.returncode, 2, got.stderr)
        self.assertIn(b'tiers: FREE: "pieces" is none of', got.stderr)


if __name__ == "__main__":
    unittest.main()

"""What the owner of a piece does with it: made again, named, found, shared, deleted."""

import json
import unittest

from support.program import environment, eventually, program_case

PASSWORD = "correct horse battery"
FAILS = "techno at 999 bpm"  # the tempo is wrong, which only the run finds out
PLENTY = "FREE:requests=0,month=0,day=0,longest=0"


class person:
    """One account of a server; calls carry its token."""

    def __init__(self, api, email: str):
        made = api.post("/api/auth/register", {"email": email, "password": PASSWORD})
        if made.status != 201:
            raise AssertionError(f"register: {made.status} {made.body!r}")
        self.api, self.fields = api, {"Authorization": "Bearer " + made.data["accessToken"]}

    def call(self, method: str, path: str, body=None, **headers: str):
        fields = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.api.call(method, path, body, {**self.fields, **fields})

    def get(self, path: str, **headers: str):
        return self.call("GET", path, None, **headers)

    def post(self, path: str, body=None, **headers: str):
        return self.call("POST", path, body, **headers)

    def create(self, prompt: str = "quiet solo flute", **fields) -> str:
        made = self.post("/api/generation/create", {"prompt": prompt, "duration": 5, **fields})
        if made.status != 202:
            raise AssertionError(f"create: {made.status} {made.body!r}")
        return made.data["generationId"]

    def ended(self, piece: str, status: str) -> dict:
        def look():
            now = self.get(f"/api/generation/{piece}/status").data
            if now["status"] != status and now["status"] in ("completed", "failed", "cancelled"):
                raise AssertionError(f"ended otherwise: {now}")
            return now if now["status"] == status else None

        return eventually(look, 120, f"{piece} is {status}")

    def charges(self, piece: str) -> list:
        rows = self.get("/api/user/ledger?limit=100").json()["data"]
        return [row["kind"] for row in rows if row["generationId"] == piece][::-1]

    def used(self) -> int:
        return self.get("/api/auth/limits").data["day"]["used"]


class pieces_case(program_case):
    def begin(self, *args: str, tiers: str = PLENTY, **how):
        folder = self.folder()
        self.home = self.serve(*args, data_dir=folder / "data",
                               env=environment(folder, TIERS=tiers), **how)
        self.ana = person(self.home.anyone, "ana@example.org")

    def someone_else(self) -> person:
        return person(self.home.anyone, "eve@example.org")


class again(pieces_case):
    def test_a_failed_piece_is_made_again_and_charged_for_each_try(self):
        self.begin("--concurrency", "1")
        piece = self.ana.create(FAILS)
        self.ana.ended(piece, "failed")
        got = self.ana.post(f"/api/generation/{piece}/retry")
        self.assertEqual((got.status, got.data["status"]), (202, "pending"), got.body)
        self.ana.ended(piece, "failed")
        self.assertEqual(self.ana.charges(piece), ["reserve", "refund"] * 2)
        self.assertEqual(self.ana.used(), 0)

    def test_a_cancelled_piece_is_made_again_and_finished(self):
        self.begin("--concurrency", "1")
        first = self.ana.create(duration=60)
        piece = self.ana.create()
        self.assertEqual(self.ana.post(f"/api/generation/{piece}/cancel").status, 200)
        got = self.ana.post(f"/api/generation/{piece}/retry")
        self.assertEqual(got.status, 202, got.body)
        self.ana.ended(first, "completed")
        self.ana.ended(piece, "completed")
        self.assertEqual(self.ana.charges(piece), ["reserve", "refund", "reserve", "commit"])
        self.assertEqual(self.ana.get(f"/api/generation/{piece}/audio").status, 200)
        got = self.ana.post(f"/api/generation/{piece}/retry")
        self.assertEqual((got.status, got.error["code"]), (409, "CONFLICT"))

    def test_one_key_is_one_try(self):
        self.begin("--workers", "0")
        piece = self.ana.create()
        self.ana.post(f"/api/generation/{piece}/cancel")
        path = f"/api/generation/{piece}/retry"
        first = self.ana.post(path, Idempotency_Key="one")
        second = self.ana.post(path, Idempotency_Key="one")
        self.assertEqual((first.status, second.status), (202, 202), second.body)
        self.assertEqual(second.headers["idempotent-replayed"], "true")
        self.assertEqual(self.ana.post(path).status, 409)
        self.assertEqual(self.ana.charges(piece), ["reserve", "refund", "reserve"])

    def test_the_quota_holds_for_a_try_too(self):
        self.begin("--workers", "0", tiers="FREE:requests=0,day=1")
        piece = self.ana.create()
        self.ana.post(f"/api/generation/{piece}/cancel")
        self.ana.create()
        got = self.ana.post(f"/api/generation/{piece}/retry")
        self.assertEqual((got.status, got.error["code"]), (429, "QUOTA_EXCEEDED"), got.body)
        self.assertEqual(self.ana.charges(piece), ["reserve", "refund"])


class owning(pieces_case):
    def test_a_piece_is_named_tagged_and_loved_under_its_version(self):
        self.begin("--workers", "0")
        piece = self.ana.create(tags=["first"])
        path = f"/api/generation/{piece}"
        read = self.ana.get(path)
        self.assertEqual((read.data["tags"], read.headers["etag"]), (["first"], '"1"'))
        got = self.ana.call("PUT", path, {"title": "Noche", "tags": ["a", "b"],
                                          "isFavourite": True}, If_Match='"1"')
        self.assertEqual((got.status, got.headers["etag"]), (200, '"2"'), got.body)
        now = self.ana.get(path).data
        self.assertEqual((now["title"], now["tags"], now["isFavourite"]),
                         ("Noche", ["a", "b"], True))
        stale = self.ana.call("PUT", path, {"title": "Other"}, If_Match='"1"')
        self.assertEqual(stale.status, 412, stale.body)
        self.assertEqual(self.ana.call("PUT", path, {"isFavourite": False}).headers["etag"], '"3"')
        for body, field in (({}, "body"), ({"title": ""}, "title"), ({"tags": "x"}, "tags"),
                            ({"tags": ["a\nb"]}, "tags"), ({"owner": "eve"}, "owner"),
                            ({"title": "x" * 201}, "title"), ({"isFavourite": 1}, "isFavourite")):
            got = self.ana.call("PUT", path, body)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), body)
        for odd in ("1", '"x"', "W/1"):
            self.assertEqual(self.ana.call("PUT", path, {"title": "x"}, If_Match=odd).status, 422)

    def test_a_deleted_piece_is_gone_with_its_files(self):
        self.begin("--concurrency", "1")
        piece = self.ana.create()
        self.ana.ended(piece, "completed")
        files = self.home.data_dir / "artifacts" / piece
        self.assertTrue(files.is_dir(), sorted(self.home.data_dir.iterdir()))
        got = self.ana.call("DELETE", f"/api/generation/{piece}")
        self.assertEqual((got.status, got.data["deleted"]), (200, True))
        for path in ("", "/status", "/audio", "/midi"):
            self.assertEqual(self.ana.get(f"/api/generation/{piece}{path}").status, 404, path)
        eventually(lambda: not files.exists(), 30, "the files are gone")
        self.assertEqual(self.ana.charges(piece), ["reserve", "commit"])
        self.assertEqual(self.ana.call("DELETE", f"/api/generation/{piece}").status, 404)
        self.assertEqual(self.ana.get("/api/generation/history").json()["data"], [])

    def test_a_running_piece_is_cancelled_and_given_back_when_it_is_deleted(self):
        self.begin("--concurrency", "1")
        running = self.ana.create(duration=600)
        waiting = self.ana.create()
        eventually(lambda: self.ana.get(f"/api/generation/{running}/status").data["status"] ==
                   "processing", 60, "it runs")
        for piece in (waiting, running):
            self.assertEqual(self.ana.call("DELETE", f"/api/generation/{piece}").status, 200)
            self.assertEqual(self.ana.charges(piece), ["reserve", "refund"])
        after = self.ana.create()
        self.ana.ended(after, "completed")
        folder = self.home.data_dir / "artifacts"
        eventually(lambda: [p.name for p in folder.iterdir()] == [after], 30, "no files are left")
        self.assertEqual(self.ana.used(), 1)

    def test_what_is_somebody_elses_is_not_found(self):
        self.begin("--workers", "0")
        piece = self.ana.create()
        eve = self.someone_else()
        path = f"/api/generation/{piece}"
        for method, tail, body in (("POST", "/retry", None), ("PUT", "", {"title": "x"}),
                                   ("DELETE", "", None), ("POST", "/share", {}),
                                   ("GET", "/share", None), ("DELETE", "/share/x", None),
                                   ("GET", "", None)):
            got = eve.call(method, path + tail, body)
            self.assertEqual((got.status, got.error["code"]), (404, "NOT_FOUND"), method + tail)
        self.assertEqual(self.ana.get(path).status, 200)

    def test_the_history_is_searched_and_sorted(self):
        self.begin("--workers", "0")
        one = self.ana.create("quiet piano", tags=["sleep"])
        two = self.ana.create("loud drums")
        self.ana.call("PUT", f"/api/generation/{two}", {"title": "Alba", "isFavourite": True})
        for query, found in (("q=alba", [two]), ("tag=sleep", [one]), ("favourite=true", [two]),
                             ("sort=oldest", [one, two]), ("sort=newest", [two, one]),
                             ("sort=title", [one, two]), ("style=lofi", []),
                             ("q=piano&tag=sleep&status=pending", [one]),
                             ("sort=oldest&cursor=" + one, [two]), ("offset=1", [one])):
            got = self.ana.get("/api/generation/history?" + query)
            self.assertEqual([p["generationId"] for p in got.json()["data"]], found, query)
        for query, field in (("sort=best", "sort"), ("favourite=1", "favourite"),
                             ("sort=title&cursor=" + one, "cursor"), ("tag=" + "x" * 201, "tag"),
                             ("limit=1&limit=2", "limit"), ("owner=eve", "owner")):
            got = self.ana.get("/api/generation/history?" + query)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), query)


class going_on(pieces_case):
    def test_an_extended_piece_begins_as_the_first_and_goes_on(self):
        self.begin("--concurrency", "1")
        first = self.ana.create("pop 120 bpm in G major", duration=30, seed=7, tags=["one"])
        self.assertEqual(self.ana.post(f"/api/generation/{first}/extend",
                                       {"duration": 20}).status, 409, "not finished")
        before = self.ana.ended(first, "completed")["metadata"]
        made = self.ana.post(f"/api/generation/{first}/extend", {"duration": 20},
                             Idempotency_Key="k")
        self.assertEqual(made.status, 202, made.body)
        again = self.ana.post(f"/api/generation/{first}/extend", {"duration": 20},
                              Idempotency_Key="k")
        self.assertEqual(again.data, made.data)
        second = made.data["generationId"]
        after = self.ana.ended(second, "completed")["metadata"]
        self.assertAlmostEqual(after["duration"], 50, delta=1.5)
        same = ("key", "tempo", "metre", "title")
        self.assertEqual([after[k] for k in same], [before[k] for k in same])
        ending = before["sections"][-1]["start"]
        begins = [c for c in before["chords"] if c["end"] <= ending]
        self.assertGreater(len(begins), 3)
        self.assertEqual(after["chords"][:len(begins)], begins)
        self.assertGreater(len(after["sections"]), len(before["sections"]))
        whole = self.ana.get(f"/api/generation/{second}").data
        self.assertEqual(whole["request"]["extends"], first)
        self.assertEqual(whole["tags"], ["one"])
        self.assertEqual(self.ana.charges(second), ["reserve", "commit"])
        longer = self.ana.post(f"/api/generation/{second}/extend", {"bars": 4, "prompt": "sad"})
        third = longer.data["generationId"]
        self.assertEqual([part["until"] for part in self.ana.get(
            f"/api/generation/{third}").data["request"]["parts"]], [30, 50, 58])

    def test_what_is_wrong_with_an_extension_is_named(self):
        self.begin("--concurrency", "1")
        piece = self.ana.create()
        self.ana.ended(piece, "completed")
        path = f"/api/generation/{piece}/extend"
        for body, field in (({}, "duration"), ({"duration": 4}, "duration"),
                            ({"duration": 596}, "duration"), ({"bars": 0}, "bars"),
                            ({"duration": 5, "bars": 2}, "duration"),
                            ({"duration": 5, "prompt": ""}, "prompt"),
                            ({"duration": 5, "seed": 1}, "seed")):
            got = self.ana.post(path, body)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), body)
        self.assertEqual(self.someone_else().post(path, {"duration": 5}).status, 404)

    def test_stems_are_rendered_when_they_are_asked_for(self):
        self.begin("--concurrency", "1")
        piece = self.ana.create("rock with drums and bass")
        path = f"/api/generation/{piece}/stems"
        self.assertEqual(self.ana.get(path).status, 409)
        self.ana.ended(piece, "completed")
        listed = self.ana.get(path).data
        names = [row["name"] for row in listed["stems"]]
        self.assertFalse(listed["ready"])
        self.assertTrue({"drums", "bass"} <= set(names), names)
        for name in ("drums", "bass"):
            got = self.ana.get(f"{path}/{name}")
            self.assertEqual((got.status, got.headers["content-type"]), (200, "audio/flac"))
            self.assertEqual(got.body[:4], b"fLaC")
        self.assertTrue(self.ana.get(path).data["ready"])
        self.assertEqual(self.ana.get(f"{path}/drums", Range="bytes=0-9").status, 206)
        for name in ("theremin", "..%2f1", "drums.flac"):
            self.assertEqual(self.ana.get(f"{path}/{name}").status, 404, name)
        self.assertEqual(self.someone_else().get(f"{path}/drums").status, 404)


class sharing(pieces_case):
    def test_whoever_has_the_link_hears_the_piece_until_it_is_revoked(self):
        self.begin("--concurrency", "1")
        piece = self.ana.create("a secret prompt for a flute")
        self.assertEqual(self.ana.post(f"/api/generation/{piece}/share", {}).status, 409)
        self.ana.ended(piece, "completed")
        made = self.ana.post(f"/api/generation/{piece}/share", {"expiresInDays": 7})
        self.assertEqual(made.status, 201, made.body)
        stranger = self.home.anyone
        shown = stranger.get(made.data["url"])
        self.assertEqual(shown.status, 200, shown.body)
        self.assertTrue(shown.data["title"])
        self.assertNotIn("secret", shown.body.decode())
        self.assertNotIn(piece, shown.body.decode())
        part = stranger.get(made.data["audioUrl"], Range="bytes=0-99")
        self.assertEqual((part.status, len(part.body)), (206, 100))
        whole = self.ana.get(f"/api/generation/{piece}/audio").body
        self.assertEqual(stranger.get(made.data["audioUrl"]).body, whole)
        listed = self.ana.get(f"/api/generation/{piece}/share")
        self.assertEqual([row["id"] for row in listed.data], [made.data["id"]])
        self.assertNotIn(made.data["token"], listed.body.decode())
        kept = (self.home.data_dir / "son1k.db").read_bytes()
        self.assertNotIn(made.data["token"].encode(), kept)
        self.assertNotIn(made.data["token"], self.home.log.read_text(errors="replace"))
        gone = self.ana.call("DELETE", f"/api/generation/{piece}/share/{made.data['id']}")
        self.assertEqual(gone.status, 200, gone.body)
        for path in (made.data["url"], made.data["audioUrl"], "/api/shared/x",
                     "/api/shared/" + "x" * 500):
            self.assertEqual(stranger.get(path).status, 404, path)

    def test_a_link_is_made_once_under_a_key_and_with_sane_days(self):
        self.begin("--concurrency", "1")
        piece = self.ana.create()
        self.ana.ended(piece, "completed")
        path = f"/api/generation/{piece}/share"
        made = [self.ana.post(path, {}, Idempotency_Key="k") for _ in range(2)]
        self.assertEqual(made[0].data["url"], made[1].data["url"])
        self.assertIsNone(made[0].data["expiresAt"])
        self.assertEqual(len(self.ana.get(path).data), 1)
        for body in ({"expiresInDays": 0}, {"expiresInDays": 4000}, {"days": 1}):
            self.assertEqual(self.ana.post(path, body).status, 422, json.dumps(body))


if __name__ == "__main__":
    unittest.main()

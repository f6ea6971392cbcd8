"""The published description of the API (/api/openapi.json) held against the running program: it is
whole, and each call, made as its example says, replies as its schema says."""

import json
import re
import unittest

from support.openapi import description, structural_faults
from support.program import client, environment, eventually, program_case

PASSWORD = "a long sentence of mine"
# Calls that go first, as others use what they make, and those that end what others use.
FIRST = ("POST /api/auth/setup", "POST /api/auth/register", "POST /api/generation/create")
LAST = ("DELETE /api/auth/sessions/{id}", "DELETE /api/auth/sessions", "POST /api/auth/password",
        "POST /api/auth/logout", "POST /api/queues/{queue}/obliterate",
        "POST /api/workers/{name}/drain")
# Calls of a person's own log-in; the others are made with the token of the machine.
OF_ANA = {key for key in LAST if "/auth/" in key}
OF_ANA |= {"GET /api/auth/sessions", "POST /api/nft/{id}/buy"}
# Of calls that are there to be kept open, only the head of the reply is read.
STREAMS = {"GET /api/events"}
# What scrapers add to the address is not held against them.
ANY_PARAMETER = {"GET /metrics"}


class described_case(program_case):
    def setUp(self) -> None:
        super().setUp()
        home = self.folder()
        self.home = self.serve("--workers", "1", data_dir=home / "data",
                               env=environment(home, SON1K_PROBE="true",
                                               TRUSTED_PROXIES="127.0.0.1"))
        self.calls = 0
        self.api = client(self.home.hello["address"])  # shows no credential of its own
        noted = json.loads((self.home.data_dir / "server.json").read_text())
        self.operator = noted["token"]
        document = self.api.get("/api/openapi.json")
        self.assertEqual(document.status, 200, document.body)
        self.known = description(document.json())

    def call(self, method: str, path: str, body=None, token: str = "", **headers: str):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        # Each from another address, so that the limits of one are not what answers.
        self.calls += 1
        fields["X-Forwarded-For"] = f"198.51.{self.calls // 250}.{self.calls % 250 + 1}"
        if token:
            fields["Authorization"] = f"Bearer {token}"
        return self.api.call(method, path, body, fields)

    def fits(self, of, got) -> None:
        """The reply is one that the document has for the call."""
        faults = self.known.reply_faults(of, got.status, got.headers.get("content-type", ""),
                                         got.body)
        self.assertEqual(faults, [], got.body[:1000])


class the_document(described_case):
    def test_it_is_an_openapi_document_without_a_fault(self):
        self.assertEqual(structural_faults(self.known.document), [])

    def test_bodies_say_that_they_take_no_unknown_members(self):
        for one in self.known.operations():
            media = self.known.body(one)
            if media is not None:
                schema = self.known.resolved(media["schema"])
                self.assertIs(schema.get("additionalProperties"), False, one.key)

    def test_it_is_kept_by_those_who_have_it(self):
        first = self.api.get("/api/openapi.json", Accept_Encoding="gzip")
        self.assertEqual(first.headers["content-encoding"], "gzip")
        again = self.api.get("/api/openapi.json", If_None_Match=first.headers["etag"])
        self.assertEqual((again.status, again.body), (304, b""))

    def test_every_call_that_needs_an_account_refuses_who_has_none(self):
        for one in self.known.operations():
            if not one.about["security"]:
                continue
            got = self.call(one.method, re.sub(r"{\w+}", "x", one.path))
            self.assertEqual(got.status, 401, one.key)
            self.fits(one, got)

    def test_the_page_loads_nothing_from_elsewhere(self):
        page = self.api.get("/api/docs")
        policy = page.headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        names = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
        scripts = self.api.get("/api/docs/page.js").body.decode()
        names += ["/api/docs/" + name for name in re.findall(r"from '\./([^']+)'", scripts)]
        self.assertGreaterEqual(len(names), 6)
        for name in names:
            self.assertTrue(name.startswith("/api/"), name)
            self.assertEqual(self.api.get(name).status, 200, name)


class story:
    """Each call once, as its example says, in an order in which things exist before they are used:
    what a POST to a collection made stands for the parameter in the paths below it."""

    def __init__(self, case: described_case):
        self.case, self.known, self.made = case, case.known, {}
        self.ana = ""  # what she got when she registered
        self.found = True  # what the path of the last call names was made before

    def order(self) -> list:
        ranks = {"POST": 0, "GET": 1, "DELETE": 3}

        def place(one):
            last = LAST.index(one.key) + 1 if one.key in LAST else 0
            first = FIRST.index(one.key) if one.key in FIRST else len(FIRST)
            acts = one.method not in ("GET", "DELETE") and "{" in one.path
            return last, first, 2 if acts else ranks.get(one.method, 2), one.path
        return sorted((one for one in self.known.operations() if one.key not in STREAMS), key=place)

    def value(self, one, name: str) -> str:
        """Of something that was made; else the example's, which may be of nothing."""
        found = self.made.get((one.path.partition("/{")[0], name))
        self.found = self.found and bool(found)
        example = next(p for p in self.known.parameters(one, "path") if p["name"] == name)
        return str(found or example.get("example", "none"))

    def log_in(self) -> dict:
        return self.case.call("POST", "/api/auth/login", {"email": "ana@example.org",
                                                          "password": PASSWORD}).data

    def make(self, one):
        """The reply to a call, made with its example and what PREPARED changes."""
        media = self.known.body(one)
        body = media.get("example") if media else None
        token = self.ana if one.key in OF_ANA else self.case.operator
        if one.key in PREPARED:
            body = PREPARED[one.key](self, body)
        self.found = True
        path = re.sub(r"{(\w+)}", lambda part: self.value(one, part[1]), one.path)
        got = self.case.call(one.method, path, body, token)
        if one.key == "POST /api/auth/register":
            self.ana = got.data["accessToken"]
        if one.method == "POST" and "{" not in one.path and got.status in (201, 202):
            for name in ("generationId", "jobId", "id"):
                if isinstance(got.data.get(name), str):
                    for collection in (one.path, one.path.rpartition("/")[0]):
                        self.made[(collection, "id")] = got.data[name]
        return got

    def job(self, wanted: str = "", **fields) -> None:
        """A job of its own for the next call, once it is in the state `wanted`."""
        added = self.case.call("POST", "/api/jobs", {"queue": "probe", "kind": "probe", **fields},
                               self.case.operator)
        ident = self.made[("/api/jobs", "id")] = added.data["jobId"]

        def there():
            return self.case.call("GET", f"/api/jobs/{ident}", None,
                                  self.case.operator).data["state"] == wanted
        if wanted:
            eventually(there, 30, f"{ident} is {wanted}")


def delayed(to: story, body):
    to.job(options={"delay": 3_600_000})
    return body


def waiting(to: story, body):
    to.job(queue="nobody")
    return body


def failed(to: story, body):
    to.job("failed", data={"failTimes": 9, "failWith": "upstream"}, options={"attempts": 1})
    return body


def letter(to: story, body):
    """A group of dead letters for the next call."""
    failed(to, body)

    def group():
        found = to.case.call("GET", "/api/dead-letters", None, to.case.operator).data
        return found and found[0]["fingerprint"]
    to.made[("/api/dead-letters", "fingerprint")] = eventually(group, 30, "there is a dead letter")
    return body


def paused(to: story, body):
    to.case.call("POST", "/api/queues/probe/pause", {}, to.case.operator)
    to.made[("/api/queues", "queue")] = "probe"
    return {"force": True}


def finished(to: story, body):
    ident = to.made[("/api/generation", "id")]

    def there():
        return to.case.call("GET", f"/api/generation/{ident}", None,
                            to.case.operator).data["status"] == "completed"
    eventually(there, 120, f"{ident} is completed")
    return body


def new_piece(to: story, body):
    made = to.case.call("POST", "/api/generation/create", {"prompt": "a long waltz",
                                                           "duration": 300}, to.case.operator)
    to.made[("/api/generation", "id")] = made.data["generationId"]
    return body


def short_piece(to: story, body):
    made = to.case.call("POST", "/api/generation/create", {"prompt": "quiet solo flute",
                                                           "duration": 5}, to.case.operator)
    to.made[("/api/generation", "id")] = made.data["generationId"]
    return finished(to, body)


def failed_piece(to: story, body):
    made = to.case.call("POST", "/api/generation/create", {"prompt": "techno at 999 bpm",
                                                           "duration": 5}, to.case.operator)
    ident = to.made[("/api/generation", "id")] = made.data["generationId"]
    eventually(lambda: to.case.call("GET", f"/api/generation/{ident}", None,
                                    to.case.operator).data["status"] == "failed", 60,
               f"{ident} has failed")
    return body


def offered(to: story, body):
    """A finished piece, for a listing of it."""
    short_piece(to, body)
    return {**body, "generationId": to.made[("/api/generation", "id")]}


def another_offer(to: story, body):
    made = to.case.call("POST", "/api/nft", offered(to, {"priceMinor": 1, "currency": "EUR"}),
                        to.case.operator)
    to.made[("/api/nft", "id")] = made.data["id"]
    return body


def given_to_ana(to: story, body):
    another_offer(to, body)
    return {"to": to.log_in()["user"]["id"]}


def room_with_ana(to: story, body):
    """One of the operator's own."""
    room, ana = "/api/collaboration/rooms", to.log_in()
    made = to.case.call("POST", room, {"name": "Rock", "isPublic": True}, to.case.operator)
    to.case.call("POST", f"{room}/{made.data['id']}/join", None, ana["accessToken"])
    to.made.update({(room, "id"): made.data["id"], (room, "userId"): ana["user"]["id"]})
    return body


def anas_room(to: story, body):
    """One that the operator is a member of, and may leave."""
    room = "/api/collaboration/rooms"
    ana = to.log_in()["accessToken"]
    made = to.case.call("POST", room, {"name": "Folk", "isPublic": True}, ana)
    to.made[(room, "id")] = made.data["id"]
    to.case.call("POST", f"{room}/{made.data['id']}/join", None, to.case.operator)
    return body


def worker(to: story, body):
    to.made[("/api/workers", "name")] = eventually(
        lambda: to.case.call("GET", "/api/workers", None, to.case.operator).data, 30,
        "a worker is heard of")[0]["name"]
    return body


def session(to: story, body):
    to.made[("/api/auth/sessions", "id")] = to.log_in()["sessionId"]
    return body


def alert(to: story, body):
    """Enough dead letters for an alert, once a look at the figures has found them."""
    for _ in range(10):
        failed(to, body)
    to.made[("/api/admin/alerts", "id")] = eventually(
        lambda: to.case.call("GET", "/api/admin/alerts?state=firing", None,
                             to.case.operator).data, 90, "an alert fires")[0]["id"]
    return body


# What a call needs that its example cannot have; gives the body.
PREPARED = {
    "POST /api/auth/setup": lambda to, body: {
        **body, "token": to.case.home.hello["setupUrl"].partition("#setup=")[2]},
    "POST /api/admin/alerts/{id}/acknowledge": alert,
    "POST /api/auth/refresh": lambda to, _: {"refreshToken": to.log_in()["refreshToken"]},
    "DELETE /api/auth/sessions/{id}": session,
    "POST /api/jobs/{id}/retry": failed,
    "POST /api/jobs/{id}/promote": delayed,
    "POST /api/jobs/{id}/cancel": delayed,
    "POST /api/jobs/{id}/remove": delayed,
    "POST /api/jobs/{id}/priority": waiting,
    "POST /api/jobs/{id}/front": waiting,
    "POST /api/jobs/{id}/back": waiting,
    "POST /api/dead-letters/replay": letter,
    "POST /api/dead-letters/{fingerprint}/replay": letter,
    "DELETE /api/dead-letters/{fingerprint}": letter,
    "GET /api/dead-letters/{fingerprint}": letter,
    "POST /api/queues/{queue}/obliterate": paused,
    "GET /api/generation/{id}/audio": finished,
    "GET /api/generation/{id}/midi": finished,
    "GET /api/generation/{id}/peaks": finished,
    "POST /api/generation/{id}/cancel": new_piece,
    "POST /api/generation/{id}/extend": short_piece,
    "POST /api/generation/{id}/share": short_piece,
    "POST /api/generation/{id}/retry": failed_piece,
    "DELETE /api/generation/{id}": new_piece,
    "GET /api/generation/{id}/stems": finished,
    "GET /api/generation/{id}/stems/{name}": finished,
    "POST /api/nft": offered,
    "POST /api/nft/{id}/transfer": given_to_ana,
    "DELETE /api/nft/{id}": another_offer,
    "POST /api/collaboration/rooms/{id}/leave": anas_room,
    "PUT /api/collaboration/rooms/{id}/members/{userId}": room_with_ana,
    "DELETE /api/collaboration/rooms/{id}/members/{userId}": room_with_ana,
    "POST /api/workers/{name}/pause": worker,
    "POST /api/workers/{name}/resume": worker,
    "POST /api/workers/{name}/drain": worker,
}

class every_call(described_case):
    def test_its_example_is_taken_and_the_reply_is_as_described(self):
        to = story(self)
        for one in to.order():
            got = to.make(one)
            with self.subTest(one.key):
                self.fits(one, got)
                if got.status != 404 or to.found or one.key in PREPARED:
                    self.assertLess(got.status, 300, got.body[:500])

    def test_what_nobody_described_is_refused_as_described(self):
        """An unknown member of the body, and an unknown parameter."""
        for one in self.known.operations():
            path = re.sub(r"{\w+}", "0192f0c1-7d1a-7c3e-9a44-5d8c2b6f1e07", one.path)
            media = self.known.body(one)
            with self.subTest(one.key):
                if media is not None:
                    body = {**(media.get("example") or {}), "surprise": 1}
                    got = self.call(one.method, path, body, self.operator)
                    self.fits(one, got)
                    self.assertIn(got.status, (404, 422), got.body[:300])
                if one.about["x-counts-as"] in ("none", "address") or one.key in ANY_PARAMETER:
                    continue
                got = self.call(one.method, path + "?surprise=1",
                                media and media.get("example"), self.operator)
                self.fits(one, got)
                self.assertGreaterEqual(got.status, 400, got.body[:300])


if __name__ == "__main__":
    unittest.main()

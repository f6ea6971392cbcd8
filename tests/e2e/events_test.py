"""Server-sent events of accounts: each hears what is its own, as long as it is let in."""

import http.client
import queue
import threading
import time
import urllib.parse

from support.program import environment, event_stream, program_case

PASSWORD = "correct horse battery"
REVOKED_SECONDS = 30  # a loaded machine's; at once is usual


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


class listener(event_stream):
    """GET /api/events with a token; `query` are its parameters."""

    def __init__(self, server, token: str, last_id: str = "", **query: str):
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=120)
        fields = {"Accept": "text/event-stream", **bearer(token)}
        if last_id:
            fields["Last-Event-ID"] = last_id
        path = "/api/events" + ("?" + urllib.parse.urlencode(query) if query else "")
        self._connection.request("GET", path, headers=fields)
        self._socket = self._connection.sock
        self.response = self._connection.getresponse()
        if self.response.status != 200:
            raise AssertionError(f"events: {self.response.status} {self.response.read()!r}")
        self._events: queue.Queue = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()


class events_case(program_case):
    def setUp(self) -> None:
        super().setUp()
        data_dir = self.folder() / "data"
        self.home = self.serve("--workers", "0", data_dir=data_dir,
                               env=environment(data_dir.parent))
        self.api = self.home.api
        self.ana = self.registered("ana@example.org")
        self.bob = self.registered("bob@example.org")

    def registered(self, email: str) -> str:
        made = self.api.post("/api/auth/register", {"email": email, "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        return self.log_in(email)

    def log_in(self, email: str) -> str:
        got = self.api.post("/api/auth/login", {"email": email, "password": PASSWORD})
        self.assertEqual(got.status, 200, got.body)
        return got.data["accessToken"]

    def administrator(self) -> str:
        link = (self.home.data_dir / "setup-url").read_text().strip()
        made = self.api.post("/api/auth/setup", {"token": link.partition("#setup=")[2],
                                                 "email": "root@example.org",
                                                 "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        return made.data["accessToken"]

    def hear(self, token: str, last_id: str = "", **query: str) -> listener:
        stream = listener(self.api, token, last_id, **query)
        self.addCleanup(stream.close)
        return stream

    def make(self, token: str) -> str:
        made = self.api.call("POST", "/api/generation/create",
                             {"prompt": "lo-fi piano", "duration": 5}, bearer(token))
        self.assertEqual(made.status, 202, made.body)
        return made.data["generationId"]

    def cancel(self, token: str, piece: str) -> None:
        got = self.api.call("POST", f"/api/generation/{piece}/cancel", None, bearer(token))
        self.assertEqual(got.status, 200, got.body)

    def status(self, token: str, query: str) -> int:
        return self.api.call("GET", "/api/events" + query, None, bearer(token)).status

    def assert_over(self, stream: listener) -> None:
        began = time.monotonic()
        while stream.next(REVOKED_SECONDS) is not None:
            self.assertLess(time.monotonic() - began, REVOKED_SECONDS)


class own_events(events_case):
    def test_each_account_hears_what_is_its_own(self):
        ana, bob = self.hear(self.ana), self.hear(self.bob)
        of_ana, of_bob = self.make(self.ana), self.make(self.bob)
        self.cancel(self.bob, of_bob)
        self.cancel(self.ana, of_ana)
        ended = lambda e: e.name == "generation:error"
        self.assertEqual({e.piece for e in ana.until(ended)}, {of_ana})
        self.assertEqual({e.piece for e in bob.until(ended)}, {of_bob})
        again = self.make(self.ana)
        heard = ana.until(lambda e: e.piece == again)
        self.assertEqual({e.piece for e in heard}, {again})
        self.assertEqual(bob.pending(), [])

    def test_what_is_another_ones_cannot_be_chosen(self):
        of_bob = self.make(self.bob)
        self.assertEqual(self.status(self.ana, f"?topics=generation:{of_bob}"), 404)
        self.assertEqual(self.status(self.ana, "?topics=generation:none"), 404)
        self.assertEqual(self.status(self.ana, "?all=true"), 403)
        self.assertEqual(self.status(self.ana, "?user=bob"), 422)
        self.assertEqual(self.status("", ""), 401)

    def test_those_who_read_the_consoles_hear_everybody_if_they_ask(self):
        root = self.administrator()
        everything, own = self.hear(root, all="true"), self.hear(root)
        of_ana, of_bob, of_root = self.make(self.ana), self.make(self.bob), self.make(root)
        heard = everything.until(lambda e: e.piece == of_root)
        self.assertEqual([e.piece for e in heard], [of_ana, of_bob, of_root])
        self.assertEqual({e.piece for e in own.until(lambda e: True)}, {of_root})
        one = self.hear(root, heard[0].id, topics=f"generation:{of_bob}")
        self.assertEqual(one.next().piece, of_bob)

    def test_a_replay_has_what_is_ones_own_in_order_and_once(self):
        first = self.make(self.ana)
        steady = self.hear(self.ana, "0")
        begun = steady.until(lambda e: e.piece == first)[-1]
        of_bob, second = self.make(self.bob), self.make(self.ana)
        self.cancel(self.ana, first)
        told = steady.until(lambda e: e.name == "generation:error")
        back = self.hear(self.ana, begun.id)
        self.assertEqual(back.until(lambda e: e.name == "generation:error"), told)
        self.assertEqual({e.piece for e in told}, {first, second})
        of_other = self.hear(self.bob, begun.id)
        self.assertEqual(of_other.next().piece, of_bob)
        self.assertEqual(of_other.pending(), [])


class ends_of_streams(events_case):
    def test_a_log_out_ends_the_streams_of_its_session(self):
        other = self.log_in("ana@example.org")
        here, there = self.hear(self.ana), self.hear(other)
        out = self.api.call("POST", "/api/auth/logout", None, bearer(self.ana))
        self.assertEqual(out.status, 200, out.body)
        self.assert_over(here)
        piece = self.make(other)
        self.assertEqual(there.next().piece, piece)

    def test_a_revoked_key_ends_its_streams(self):
        made = self.api.call("POST", "/api/user/tokens", {"name": "ear", "scopes": ["read"]},
                             bearer(self.ana))
        stream = self.hear(made.data["key"])
        gone = self.api.call("DELETE", f"/api/user/tokens/{made.data['id']}", None,
                             bearer(self.ana))
        self.assertEqual(gone.status, 200, gone.body)
        self.assert_over(stream)
        self.assertEqual(self.status(made.data["key"], ""), 401)

    def test_a_disabled_account_hears_no_more(self):
        root = self.administrator()
        stream = self.hear(self.ana)
        listed = self.api.call("GET", "/api/admin/users", None, bearer(root)).data
        ana = next(one["id"] for one in listed if one["email"] == "ana@example.org")
        done = self.api.call("PUT", f"/api/admin/users/{ana}", {"disabled": True}, bearer(root))
        self.assertEqual(done.status, 200, done.body)
        self.assert_over(stream)

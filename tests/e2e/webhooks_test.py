"""Messages to webhooks as their receiver meets them: signed, repeated, given up, never lost."""

import base64
import hashlib
import hmac
import http.server
import json
import queue
import threading
import unittest

from support.program import environment, eventually, program_case

PASSWORD = "correct horse battery"
SETTINGS = {"ACCOUNTS": "true", "TIERS": "FREE:requests=0,month=0,day=0,longest=0",
            "WEBHOOK_ALLOW_PRIVATE": "127.0.0.1", "WEBHOOK_RETRY_MS": "10",
            "WEBHOOK_ATTEMPTS": "3", "WEBHOOK_DISABLE_AFTER": "2"}
NOT_PUBLIC = ("http://example.org/", "http://127.0.0.1/", "https://127.0.0.1/",
              "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/",
              "https://100.64.0.1/", "https://169.254.169.254/latest/meta-data/",
              "https://0.0.0.0/", "https://[::1]/", "https://[fe80::1]/", "https://[fd00::1]/",
              "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
              "https://[2002:7f00:1::]/",
              "https://localhost/", "https://metadata.localhost/", "ftp://example.org/",
              "https://user:word@example.org/", "https://example.org/#part", "gopher://x", "x", "")


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


class receiver:
    """An HTTP server of the test's; answers as it is told, 204 unless, and keeps what came."""

    def __init__(self):
        self.got: queue.Queue = queue.Queue()
        self.answers: list = []
        self.held = threading.Event()
        self.held.set()
        owner = self

        class handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                owner.got.put((self.path, dict(self.headers), body))
                owner.held.wait(60)
                status = owner.answers.pop(0) if owner.answers else 204
                try:
                    self.send_response(status)
                    if status == 302:
                        self.send_header("Location", "/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # the server under test was killed

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def next(self) -> tuple:
        """Path, fields by their names in lower case, body of the next message."""
        path, fields, body = self.got.get(timeout=60)
        return path, {k.lower(): v for k, v in fields.items()}, body

    def close(self) -> None:
        self.held.set()
        self.server.shutdown()
        self.server.server_close()


def signature(secret: str, fields: dict, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class webhooks_case(program_case):
    def start(self, *args: str, **settings: str) -> None:
        self.data_dir = self.folder() / "data"
        self.settings = {**SETTINGS, **settings}
        self.begin(*args)
        self.ana, self.ben = (self.api.post("/api/auth/register", {
            "email": f"{name}@example.org", "password": PASSWORD}).data["accessToken"]
            for name in ("ana", "ben"))

    def begin(self, *args: str) -> None:
        self.home = self.serve(*args, data_dir=self.data_dir,
                               env=environment(self.data_dir.parent, **self.settings))
        self.api = self.home.api

    def receiver(self) -> receiver:
        made = receiver()
        self.addCleanup(made.close)
        return made

    def call(self, method: str, path: str, body=None, token: str = ""):
        return self.api.call(method, path, body, bearer(token or self.ana))

    def made(self, url: str, **fields) -> dict:
        got = self.call("POST", "/api/webhooks", {"url": url, **fields})
        self.assertEqual(got.status, 201, got.body)
        return got.data

    def cancel_a_piece(self) -> str:
        """An event that needs no music: a piece is asked for and cancelled."""
        piece = self.call("POST", "/api/generation/create",
                          {"prompt": "long slow ambient", "duration": 600}).data["generationId"]
        self.assertEqual(self.call("POST", f"/api/generation/{piece}/cancel").status, 200)
        return piece

    def log(self, hook: str, query: str = "") -> list:
        got = self.call("GET", f"/api/webhooks/{hook}/deliveries{query}")
        self.assertEqual(got.status, 200, got.body)
        return got.json()["data"]

    def ended(self, hook: str, state: str, count: int = 1) -> list:
        return eventually(lambda: len(rows := self.log(hook, f"?state={state}")) >= count and rows,
                          60, f"{count} of {hook} are {state}: {self.log(hook)}")


class messages(webhooks_case):
    def setUp(self) -> None:
        super().setUp()
        self.start("--concurrency", "1")
        self.to = self.receiver()

    def test_an_event_arrives_once_signed_by_the_secret_that_was_shown(self):
        hook = self.made(self.to.url, events=["generation.cancelled"])
        piece = self.cancel_a_piece()
        path, fields, body = self.to.next()
        self.assertEqual((path, fields["content-type"]), ("/hook", "application/json"))
        told = json.loads(body)
        self.assertEqual(told["type"], "generation.cancelled")
        self.assertEqual(told["data"], {"generationId": piece, "status": "cancelled"})
        self.assertEqual(fields["webhook-signature"], signature(hook["secret"], fields, body))
        row = self.ended(hook["id"], "delivered")[0]
        self.assertEqual((row["messageId"], row["attempts"], row["status"]),
                         (fields["webhook-id"], 1, 204))
        whole = self.call("GET", f"/api/webhooks/{hook['id']}/deliveries/{row['id']}").data
        self.assertEqual(whole["payload"], told)
        shown = self.call("GET", f"/api/webhooks/{hook['id']}")
        self.assertNotIn(b"whsec_", shown.body + self.call("GET", "/api/webhooks").body)
        self.assertEqual(len(self.log(hook["id"])), 1)

    def test_a_finished_piece_is_told_with_where_it_is(self):
        self.made(self.to.url)
        piece = self.call("POST", "/api/generation/create",
                          {"prompt": "quiet solo flute", "duration": 5}).data["generationId"]
        told = json.loads(self.to.next()[2])
        self.assertEqual(told["type"], "generation.completed")
        self.assertEqual(told["data"]["generationId"], piece)
        self.assertEqual(self.call("GET", told["data"]["audioUrl"]).status, 200)

    def test_a_refused_message_is_sent_again_under_the_same_id(self):
        hook = self.made(self.to.url)
        self.to.answers = [500, 429]
        self.cancel_a_piece()
        three = [self.to.next()[1]["webhook-id"] for _ in range(3)]
        self.assertEqual(len(set(three)), 1)
        self.assertEqual(self.ended(hook["id"], "delivered")[0]["attempts"], 3)
        self.assertEqual(self.call("GET", f"/api/webhooks/{hook['id']}").data["failures"], 0)

    def test_a_redirect_is_a_refusal_and_not_followed(self):
        hook = self.made(self.to.url)
        self.to.answers = [302, 302, 302]
        self.cancel_a_piece()
        self.assertEqual({self.to.next()[0] for _ in range(3)}, {"/hook"})
        row = self.ended(hook["id"], "failed")[0]
        self.assertEqual((row["status"], row["problem"]), (302, "the receiver answered 302"))
        self.assertTrue(self.to.got.empty())

    def test_who_keeps_refusing_is_disabled_and_the_others_are_told(self):
        hook = self.made(self.to.url, events=["generation.cancelled"])
        watch = self.receiver()
        self.made(watch.url, events=["webhook.disabled"])
        self.to.answers = [500] * 6
        self.cancel_a_piece()
        self.cancel_a_piece()
        self.ended(hook["id"], "failed", 2)
        told = json.loads(watch.next()[2])
        self.assertEqual((told["type"], told["data"]["webhookId"], told["data"]["why"]),
                         ("webhook.disabled", hook["id"], "failures"))
        row = self.call("GET", f"/api/webhooks/{hook['id']}").data
        self.assertEqual((row["active"], row["disabled"], row["disabledWhy"]),
                         (True, True, "failures"))
        self.cancel_a_piece()
        self.assertEqual(len(self.log(hook["id"])), 2)
        again = self.call("PUT", f"/api/webhooks/{hook['id']}", {"active": True}).data
        self.assertEqual((again["disabled"], again["failures"]), (False, 0))
        self.cancel_a_piece()
        self.ended(hook["id"], "delivered")

    def test_who_is_gone_is_not_asked_again(self):
        hook = self.made(self.to.url)
        self.to.answers = [410]
        self.cancel_a_piece()
        self.assertEqual(self.ended(hook["id"], "failed")[0]["attempts"], 1)
        row = self.call("GET", f"/api/webhooks/{hook['id']}").data
        self.assertEqual(row["disabledWhy"], "gone")

    def test_one_message_can_be_sent_again(self):
        hook = self.made(self.to.url)
        self.cancel_a_piece()
        first = self.to.next()
        row = self.ended(hook["id"], "delivered")[0]
        again = self.call("POST", f"/api/webhooks/{hook['id']}/deliveries/{row['id']}/replay")
        self.assertEqual(again.status, 202, again.body)
        second = self.to.next()
        self.assertEqual((second[1]["webhook-id"], second[2]), (first[1]["webhook-id"], first[2]))
        self.assertNotEqual(again.data["deliveryId"], row["id"])
        self.ended(hook["id"], "delivered", 2)

    def test_a_ping_reaches_also_one_that_is_switched_off(self):
        hook = self.made(self.to.url, active=False)
        self.cancel_a_piece()
        got = self.call("POST", f"/api/webhooks/{hook['id']}/ping")
        self.assertEqual(got.status, 202, got.body)
        told = json.loads(self.to.next()[2])
        self.assertEqual((told["type"], told["data"]), ("webhook.ping", {"webhookId": hook["id"]}))
        self.ended(hook["id"], "delivered")
        self.assertTrue(self.to.got.empty(), "nothing else was sent")

    def test_while_a_secret_is_replaced_both_sign(self):
        hook = self.made(self.to.url)
        turned = self.call("POST", f"/api/webhooks/{hook['id']}/rotate", {"overlapHours": 1})
        self.assertEqual(turned.status, 200, turned.body)
        self.assertIn("oldSecretUntil", turned.data)
        self.call("POST", f"/api/webhooks/{hook['id']}/ping")
        _, fields, body = self.to.next()
        self.assertEqual(fields["webhook-signature"].split(),
                         [signature(turned.data["secret"], fields, body),
                          signature(hook["secret"], fields, body)])
        last = self.call("POST", f"/api/webhooks/{hook['id']}/rotate", {"overlapHours": 0}).data
        self.call("POST", f"/api/webhooks/{hook['id']}/ping")
        _, fields, body = self.to.next()
        self.assertEqual(fields["webhook-signature"], signature(last["secret"], fields, body))


class rules(webhooks_case):
    def test_what_is_someone_elses_is_not_there(self):
        self.start("--workers", "0")
        hook = self.made("http://127.0.0.1:9/")["id"]
        sent = self.call("POST", f"/api/webhooks/{hook}/ping").data["deliveryId"]
        calls = (("GET", "", None), ("PUT", "", {"active": False}), ("DELETE", "", None),
                 ("POST", "/rotate", {}), ("POST", "/ping", None), ("GET", "/deliveries", None),
                 ("GET", f"/deliveries/{sent}", None), ("POST", f"/deliveries/{sent}/replay", None))
        for method, rest, body in calls:
            got = self.call(method, f"/api/webhooks/{hook}{rest}", body, token=self.ben)
            self.assertEqual(got.status, 404, (method, rest, got.body))
        self.assertEqual(self.call("GET", "/api/webhooks", token=self.ben).data, [])
        other = self.made("http://127.0.0.1:9/")["id"]
        self.assertEqual(self.call("GET", f"/api/webhooks/{other}/deliveries/{sent}").status, 404)
        self.assertEqual(self.call("DELETE", f"/api/webhooks/{hook}").status, 200)
        self.assertEqual(self.call("GET", f"/api/webhooks/{hook}").status, 404)

    def test_addresses_that_lead_inwards_are_refused(self):
        self.start("--workers", "0", WEBHOOK_ALLOW_PRIVATE="")
        for url in NOT_PUBLIC:
            got = self.call("POST", "/api/webhooks", {"url": url})
            self.assertEqual((got.status, got.error["details"]["field"]), (422, "url"), url)
        good = self.call("POST", "/api/webhooks", {"url": "https://example.org/x"})
        self.assertEqual(good.status, 201, good.body)

    def test_what_was_allowed_once_is_looked_at_again_before_it_is_sent(self):
        self.start("--workers", "0")
        to = self.receiver()
        hook = self.made(to.url)["id"]
        self.call("POST", f"/api/webhooks/{hook}/ping")
        self.home.terminate()
        self.settings["WEBHOOK_ALLOW_PRIVATE"] = ""
        self.begin()
        row = self.ended(hook, "failed")[0]
        self.assertIn("not public", row["problem"])
        self.assertTrue(to.got.empty())

    def test_fields_are_checked_by_name(self):
        self.start("--workers", "0")
        good = "http://127.0.0.1:9/"
        for body, field in (({}, "url"), ({"url": good, "events": ["x"]}, "events"),
                            ({"url": good, "events": ["generation.failed"] * 2}, "events"),
                            ({"url": good, "secret": "mine"}, "secret"),
                            ({"url": good, "active": "yes"}, "active"),
                            ({"url": good, "owner": "ben"}, "owner")):
            got = self.call("POST", "/api/webhooks", body)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), body)
        for _ in range(10):
            self.made(good)
        self.assertEqual(self.call("POST", "/api/webhooks", {"url": good}).status, 409)

    def test_one_key_makes_one(self):
        self.start("--workers", "0")
        body, fields = {"url": "http://127.0.0.1:9/"}, {**bearer(self.ana), "Idempotency-Key": "k"}
        first, second = (self.api.call("POST", "/api/webhooks", body, fields) for _ in range(2))
        self.assertEqual((first.status, second.status), (201, 201), second.body)
        self.assertEqual(second.headers["idempotent-replayed"], "true")
        self.assertEqual(first.data, second.data)
        self.assertEqual(len(self.call("GET", "/api/webhooks").data), 1)
        other = self.api.call("POST", "/api/webhooks", {**body, "active": False}, fields)
        self.assertEqual(other.status, 422, other.body)

    def test_an_edit_holds_over_the_version_that_was_read_only(self):
        self.start("--workers", "0")
        hook = self.made("http://127.0.0.1:9/")["id"]
        tag = self.call("GET", f"/api/webhooks/{hook}").headers["etag"]
        fields = {**bearer(self.ana), "If-Match": tag}
        first = self.api.call("PUT", f"/api/webhooks/{hook}", {"description": "a"}, fields)
        self.assertEqual((first.status, first.data["description"]), (200, "a"))
        second = self.api.call("PUT", f"/api/webhooks/{hook}", {"description": "b"}, fields)
        self.assertEqual(second.status, 412)


class deaths(webhooks_case):
    def test_what_was_committed_is_told_after_a_kill(self):
        self.start("--workers", "0")
        to = self.receiver()
        hook = self.made(to.url, events=["generation.cancelled"])["id"]
        pieces = {self.cancel_a_piece() for _ in range(3)}
        self.home.kill()
        self.assertTrue(to.got.empty())
        self.begin()
        told = {json.loads(to.next()[2])["data"]["generationId"] for _ in range(3)}
        self.assertEqual(told, pieces)
        self.ended(hook, "delivered", 3)

    def test_what_was_on_its_way_is_told_again_under_the_same_id(self):
        self.start("--concurrency", "1")
        to = self.receiver()
        to.held.clear()
        hook = self.made(to.url, events=["generation.cancelled"])["id"]
        self.cancel_a_piece()
        first = to.next()
        self.home.kill()
        to.held.set()
        self.begin()
        second = to.next()
        self.assertEqual((first[1]["webhook-id"], first[2]), (second[1]["webhook-id"], second[2]))
        self.assertEqual(len(self.ended(hook, "delivered")), 1)


if __name__ == "__main__":
    unittest.main()

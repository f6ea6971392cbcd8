"""Attacks on who one is, what is whose, and how often one may, each named after what it is known
as: on the server alone, and on one with PostgreSQL and Redis behind it.

What concerns the parser, paths and databases is in attacks_test.py. The servers stand behind a
proxy as far as they know (TRUSTED_PROXIES), so that a test may call from many addresses.
"""

import base64
import hashlib
import hmac
import itertools
import json
import os
import re
import socket
import time
import unittest

from support.cluster import cluster_case
from support.program import environment, eventually, program_case, reply

PASSWORD = "correct horse battery"
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
SERVICE = "9a8b7c6d5e4f30211203f4e5d6c7b8a99a8b7c6d5e4f3021"
SETTINGS = {"JWT_SECRET": SECRET, "BACKEND_SECRET": SERVICE,
            "TRUSTED_PROXIES": "127.0.0.1", "LOG_LEVEL": "debug",
            "TIERS": "FREE:requests=10000"}
TWICE = b'{"alg":"none","alg":"HS256"}'
GUESSES = 20  # wrong credentials of one address in a minute
CALLS_MAX = 60


def part(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(head: dict, claims: dict, secret: str = SECRET, digest=hashlib.sha256) -> str:
    text = f"{part(head)}.{part(claims)}"
    return f"{text}.{part(hmac.new(secret.encode(), text.encode(), digest).digest())}"


def same_words(got: reply) -> tuple:
    """What of a refusal may not depend on its reason: all but ids and times."""
    body = got.json()
    body["error"].pop("requestId")
    body["error"].pop("timestamp")
    skipped = ("date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit")
    return got.status, body, {k: v for k, v in got.headers.items() if k not in skipped}


class attacked:
    """`home` is the server."""

    def begin(self, home) -> None:
        self.home = home
        self.api = home.anyone
        self.addresses = (f"198.51.100.{n % 250 + 1}" if n < 250 else f"203.0.113.{n % 250 + 1}"
                          for n in itertools.count())
        token = home.hello["setupUrl"].partition("#setup=")[2]
        made = self.post("/api/auth/setup", {"token": token, "email": "root@example.org",
                                             "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        self.root = made.data["accessToken"]

    def ask(self, method: str, path: str, body=None, token: str = "", **fields) -> reply:
        """From an address of its own, so that no limit of an address stands in the way."""
        fields.setdefault("X-Forwarded-For", next(self.addresses))
        if token:
            fields["Authorization"] = f"Bearer {token}"
        return self.api.call(method, path, body, fields)

    def get(self, path: str, token: str = "", **fields) -> reply:
        return self.ask("GET", path, None, token, **fields)

    def post(self, path: str, body=None, token: str = "", **fields) -> reply:
        return self.ask("POST", path, body, token, **fields)

    def registered(self, name: str) -> dict:
        made = self.post("/api/auth/register", {"email": f"{name}@example.org",
                                                "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        return made.data

    def claims_of(self, token: str) -> dict:
        middle = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))

    def test_forged_tokens_get_one_and_the_same_401(self):
        good = self.registered("ana")["accessToken"]
        claims = self.claims_of(good)
        head = {"alg": "HS256", "typ": "JWT"}
        self.assertEqual(self.get("/api/auth/profile", signed(head, claims)).status, 200,
                         "the forger knows how tokens are made")
        text = good.rsplit(".", 1)[0]
        late, past = int(time.time()) + 3600, int(time.time()) - 3600
        forged = {
            "alg none": f"{part({'alg': 'none'})}.{part(claims)}.",
            "alg None": f"{part({'alg': 'None', 'typ': 'JWT'})}.{part(claims)}.",
            "alg none with the signature": f"{part({'alg': 'none'})}.{good.split('.', 1)[1]}",
            "no alg": signed({"typ": "JWT"}, claims),
            "no signature": text + ".",
            "signature cut": good[:-4],
            "another secret": signed(head, claims, "x" * 48),
            "an empty secret": signed(head, claims, ""),
            "confusion RS256": signed({**head, "alg": "RS256"}, claims),
            "confusion ES256": signed({**head, "alg": "ES256"}, claims),
            "confusion HS384": signed({**head, "alg": "HS384"}, claims, SECRET, hashlib.sha384),
            "kid of a file": signed({**head, "kid": "../../../../dev/null"}, claims, ""),
            "kid of SQL": signed({**head, "kid": "x' UNION SELECT 'secret"}, claims, "secret"),
            "jku": signed({**head, "jku": "https://evil.example/jwks.json"}, claims, "evil"),
            "jku though it is signed well": signed({**head, "jku": "https://evil.example/k"},
                                                   claims),
            "jwk": signed({**head, "jwk": {"kty": "oct", "k": part(b"evil")}}, claims, "evil"),
            "x5u": signed({**head, "x5u": "https://evil.example/c.pem"}, claims),
            "crit": signed({**head, "crit": ["exp"]}, claims),
            "expired and forged": signed(head, {**claims, "exp": past}, "x" * 48),
            "not yet valid": signed(head, {**claims, "nbf": late}),
            "made in the future": signed(head, {**claims, "iat": late}),
            "of another issuer": signed(head, {**claims, "iss": "evil"}),
            "for another audience": signed(head, {**claims, "aud": "evil"}),
            "for nobody": signed(head, {k: v for k, v in claims.items() if k != "aud"}),
            "without an end": signed(head, {k: v for k, v in claims.items() if k != "exp"}),
            "of nobody": signed(head, {k: v for k, v in claims.items() if k != "sub"}),
            "of an account that is not there": signed(head, {**claims, "sub": "evil"}),
            "of another one's session": signed(head, {**claims, "sub": "local"}),
            "without a session": signed(head, {k: v for k, v in claims.items() if k != "sid"}),
            "a member twice": f"{part(TWICE)}.{part(claims)}.x",
            "padding": good + "=",
            "four parts": good + ".x",
            "of 9 KiB": signed(head, {**claims, "more": "x" * 9216}),
            "a key that there is not": "sk_" + "A" * 43,
            "a service's secret, nearly": SERVICE[:-1] + "0",
            "words": "let me in",
        }
        wanted = same_words(self.get("/api/auth/profile", "nothing"))
        self.assertEqual(wanted[0], 401)
        for name, token in forged.items():
            with self.subTest(name):
                self.assertEqual(same_words(self.get("/api/auth/profile", token)), wanted)
        # The one thing that is told: that a token was good once, so that its owner renews it.
        old = self.get("/api/auth/profile", signed(head, {**claims, "exp": past}))
        self.assertEqual((old.status, old.error["code"]), (401, "TOKEN_EXPIRED"))

    def test_what_belongs_to_another_is_not_found_and_looks_like_nothing(self):
        ana, eve = (self.registered(name)["accessToken"] for name in ("ana", "eve"))
        made = self.post("/api/generation/create", {"prompt": "a bolero", "duration": 5}, ana)
        self.assertEqual(made.status, 202, made.body)
        piece = made.data["generationId"]
        nothing = "018f0000-0000-7000-8000-000000000000"
        for method, path in (("GET", "/api/generation/{}"), ("GET", "/api/generation/{}/status"),
                             ("GET", "/api/generation/{}/audio"),
                             ("GET", "/api/generation/{}/midi"),
                             ("GET", "/api/generation/{}/peaks"),
                             ("POST", "/api/generation/{}/cancel"),
                             ("DELETE", "/api/auth/sessions/{}"),
                             ("DELETE", "/api/user/tokens/{}")):
            with self.subTest(path):
                theirs = self.ask(method, path.format(piece), None, eve)
                none = self.ask(method, path.format(nothing), None, eve)
                self.assertEqual(theirs.status, 404, theirs.body)
                self.assertEqual(same_words(theirs)[:2], same_words(none)[:2])
        self.assertEqual(self.get(f"/api/generation/{piece}", ana).status, 200)
        self.assertEqual(self.get("/api/generation/history", eve).data, [])

    def test_anothers_private_room_is_not_there(self):
        ana, eve = (self.registered(name)["accessToken"] for name in ("ana", "eve"))
        made = self.post("/api/collaboration/rooms", {"name": "Private"}, ana)
        self.assertEqual(made.status, 201, made.body)
        room = f"/api/collaboration/rooms/{made.data['id']}"
        for method, path, body in (("GET", "", None), ("PUT", "", {"name": "stolen"}),
                                   ("DELETE", "", None), ("POST", "/join", None),
                                   ("POST", "/leave", None), ("GET", "/members", None),
                                   ("GET", "/messages", None),
                                   ("POST", "/messages", {"message": "hi"}),
                                   ("GET", "/invitations", None),
                                   ("POST", "/invite", {"email": "eve@example.org"})):
            with self.subTest(f"{method} {path}"):
                self.assertEqual(self.ask(method, room + path, body, eve).status, 404)
        self.assertEqual(self.get("/api/collaboration/rooms", eve).data, [])
        self.assertEqual(self.get(room, ana).data["name"], "Private")

    def test_sessions_and_keys_of_others_stay(self):
        ana, eve = self.registered("ana"), self.registered("eve")["accessToken"]
        token = ana["accessToken"]
        key = self.post("/api/user/tokens", {"name": "k"}, token).data
        for path in (f"/api/auth/sessions/{ana['sessionId']}", f"/api/user/tokens/{key['id']}"):
            self.assertEqual(self.ask("DELETE", path, None, eve).status, 404)
        self.assertEqual(self.get("/api/auth/profile", token).status, 200)
        self.assertEqual(self.get("/api/auth/profile", key["key"]).status, 200)

    def test_mass_assignment_gets_422_and_changes_nothing(self):
        token = self.registered("ana")["accessToken"]
        smuggled = {"tier": "ENTERPRISE", "role": "admin", "credits": 1_000_000, "is_admin": True,
                    "isAdmin": True, "id": "local", "userId": "local", "owner": "local",
                    "disabled": False, "scopes": ["operate"], "__proto__": {"role": "admin"}}
        for method, path, body in (("PUT", "/api/auth/profile", {"name": "Ana"}),
                                   ("POST", "/api/auth/password",
                                    {"currentPassword": PASSWORD, "newPassword": PASSWORD + "s"}),
                                   ("POST", "/api/generation/brief", {"prompt": "a bolero"}),
                                   ("POST", "/api/generation/create", {"prompt": "a bolero"}),
                                   ("POST", "/api/user/tokens", {"name": "k"})):
            for name, value in smuggled.items():
                if (path, name) == ("/api/user/tokens", "scopes"):
                    continue  # what a key may do is said by whoever makes it, see below
                with self.subTest(path=path, field=name):
                    got = self.ask(method, path, {**body, name: value}, token)
                    self.assertEqual(got.status, 422, got.body)
                    self.assertEqual(got.error["details"]["field"], name)
        who = self.get("/api/admin/users?search=ana@example.org", self.root).data[0]
        self.assertEqual((who["role"], who["tier"]), ("user", "FREE"))
        more = self.post("/api/user/tokens", {"name": "k", "scopes": ["operate"]}, token)
        self.assertIn(more.status, (403, 422), more.body)
        self.assertEqual(self.get("/api/auth/profile", token).status, 200)

    def test_rotating_x_forwarded_for_is_still_limited(self):
        # The rightmost hop that the proxy wrote is who called; what stands before it is the
        # attacker's own word, a new one in each call.
        for n in range(CALLS_MAX):
            got = self.get("/api/auth/profile", "guessed",
                           **{"X-Forwarded-For": f"10.9.{n}.1, 192.0.2.{n}, 203.0.113.250",
                              "X-Real-IP": f"192.0.2.{n}", "Forwarded": f"for=192.0.2.{n}",
                              "CF-Connecting-IP": f"192.0.2.{n}"})
            if got.status == 429:
                break
        self.assertEqual(got.status, 429)
        self.assertGreaterEqual(n, GUESSES)
        self.assertGreaterEqual(int(got.headers["retry-after"]), 1)

    def test_rotating_addresses_does_not_help_to_guess_one_password(self):
        self.registered("ana")
        for n in range(CALLS_MAX):
            got = self.post("/api/auth/login", {"email": "ana@example.org",
                                                "password": f"guess number {n}"})
            if got.status == 429:
                break
            self.assertEqual(got.status, 401)
        self.assertEqual(got.status, 429)

    def test_users_cannot_be_told_apart_from_nobody(self):
        self.registered("ana")
        wrong = self.post("/api/auth/login", {"email": "ana@example.org", "password": "not it at"})
        nobody = self.post("/api/auth/login", {"email": "eve@example.org", "password": "not it at"})
        ana = self.get("/api/admin/users?search=ana@example.org", self.root).data[0]["id"]
        off = self.ask("PUT", f"/api/admin/users/{ana}", {"disabled": True}, self.root)
        self.assertEqual(off.status, 200, off.body)
        disabled = self.post("/api/auth/login", {"email": "ana@example.org", "password": PASSWORD})
        self.assertEqual(wrong.status, 401)
        self.assertEqual(same_words(wrong), same_words(nobody))
        self.assertEqual(same_words(wrong), same_words(disabled))
        eve = self.registered("eve")["accessToken"]
        for path in (f"/api/admin/users/{ana}", "/api/admin/users/nobody"):
            self.assertEqual(self.get(path, eve).status, 403, "not even whether there is one")

    def own_page(self) -> dict:
        host = f"{self.home.api.host}:{self.home.api.port}"
        return {"Host": host, "Origin": f"http://{host}"}

    def raw_head(self, method: str, path: str, body: dict) -> str:
        content = json.dumps(body)
        own = self.own_page()
        sent = (f"{method} {path} HTTP/1.1\r\nHost: {own['Host']}\r\nOrigin: {own['Origin']}\r\n"
                f"X-Forwarded-For: {next(self.addresses)}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n{content}")
        with socket.create_connection((self.home.api.host, self.home.api.port), 60) as wire:
            wire.sendall(sent.encode())
            answer = b""
            while block := wire.recv(65536):
                answer += block
        return answer.decode()

    def cookie_of(self, name: str) -> str:
        """What the browser of a new account sends along whoever's page asks."""
        self.registered(name)
        head = self.raw_head("POST", "/api/auth/login", {"email": f"{name}@example.org",
                                                         "password": PASSWORD, "cookie": True})
        self.assertRegex(head, r"son1k_access=[^\r]*HttpOnly; SameSite=Strict")
        return re.search(r"son1k_access=[^;\s]+", head).group(0)

    def test_cross_site_request_forgery_gets_403(self):
        cookie = self.cookie_of("cora")
        own = self.own_page()
        body = {"name": "stolen"}
        origin, host = own["Origin"], own["Host"]
        forged = {
            "of no origin": {},
            "of another site": {"Origin": "https://evil.example"},
            "of a sandboxed frame": {"Origin": "null"},
            "of a site that begins alike": {"Origin": origin + ".evil.example"},
            "of a site that ends alike": {"Origin": f"http://evil-{host}"},
            "of a port beside": {"Origin": f"http://{self.home.api.host}:1"},
            "with a user in front": {"Origin": f"http://{host}@evil.example"},
            "of another scheme": {"Origin": f"file://{host}"},
            "sent across sites": {"Origin": origin, "Sec-Fetch-Site": "cross-site"},
            "sent by a neighbour": {"Origin": origin, "Sec-Fetch-Site": "same-site"},
            "typed by nobody": {"Origin": origin, "Sec-Fetch-Site": "none"},
        }
        for name, fields in forged.items():
            with self.subTest(name):
                got = self.ask("PUT", "/api/auth/profile", body,
                               **{"Cookie": cookie, "Host": host, **fields})
                self.assertEqual(got.status, 403, got.body)
                self.assertNotIn("access-control-allow-origin", got.headers)
                self.assertNotIn("access-control-allow-credentials", got.headers)
        evil = self.get("/api/auth/profile", **{"Cookie": cookie, "Origin": "https://evil.example"})
        self.assertNotIn("access-control-allow-origin", evil.headers, "no page of theirs reads it")
        kept = self.get("/api/auth/profile", **{"Cookie": cookie}).data
        self.assertNotEqual(kept["name"], "stolen")
        own_page = self.ask("PUT", "/api/auth/profile", {"name": "Cora"},
                            **{"Cookie": cookie, "Sec-Fetch-Site": "same-origin", **own})
        self.assertEqual(own_page.status, 200, own_page.body)

    def test_a_form_of_another_site_is_not_read(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            got = self.post("/api/auth/login", b'{"email":"a@example.org","password":"x"}',
                            **{"Content-Type": kind, "Origin": "https://evil.example"})
            self.assertIn(got.status, (403, 415))

    def websocket(self, fields: dict, first: str) -> tuple:
        """The status of the upgrade, and what comes back for the first packet of Socket.IO."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = {"Host": f"{self.home.api.host}:{self.home.api.port}", "Upgrade": "websocket",
                 "Connection": "Upgrade", "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13",
                 **fields}
        head = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n"
        with socket.create_connection((self.home.api.host, self.home.api.port), 60) as wire:
            wire.sendall(head.encode())
            stream = wire.makefile("rb")
            status = int(stream.readline().split()[1])
            while stream.readline().strip():
                pass
            if status != 101:
                return status, ""
            mask = b"\0\0\0\0"
            text = first.encode()
            length = (bytes([0x80 | len(text)]) if len(text) < 126
                      else b"\xfe" + len(text).to_bytes(2, "big"))
            wire.sendall(b"\x81" + length + mask + text)
            while True:
                lead = stream.read(2)
                if len(lead) < 2 or lead[0] & 15 == 8:
                    return status, "closed"
                size = lead[1] & 127
                if size == 126:
                    size = int.from_bytes(stream.read(2), "big")
                words = stream.read(size).decode(errors="replace")
                if words.startswith("4"):
                    return status, words

    def test_cross_site_websocket_hijacking_connects_nobody(self):
        cookie = self.cookie_of("cora")
        for origin in ("https://evil.example", "null", self.own_page()["Origin"] + ".evil.example"):
            with self.subTest(origin):
                status, words = self.websocket({"Origin": origin, "Cookie": cookie}, "40")
                self.assertFalse(status == 101 and words.startswith("40"), words)
        status, words = self.websocket({}, "40" + json.dumps({"token": "forged"}))
        self.assertFalse(status == 101 and words.startswith("40"), words)
        token = self.registered("ana")["accessToken"]
        status, words = self.websocket({}, "40" + json.dumps({"token": token}))
        self.assertEqual((status, words[:2]), (101, "40"), words)

    def test_secrets_are_in_no_log_figure_or_refusal(self):
        canaries = ["canary-password-1", "canary-wrong-2", "canary-token-3", "canary-key-4",
                    "canary-refresh-5", SECRET, SERVICE]
        said = [self.post("/api/auth/register", {"email": "cora@example.org",
                                                 "password": canaries[0]})]
        data = said[0].data
        secrets = canaries + [data["accessToken"], data["refreshToken"]]
        key = self.post("/api/user/tokens", {"name": "k"}, data["accessToken"]).data["key"]
        secrets.append(key)
        refused = [
            self.post("/api/auth/login", {"email": "cora@example.org", "password": canaries[1]}),
            self.post("/api/auth/login", {"email": "x", "password": canaries[1], "more": 1}),
            self.post("/api/auth/login", b'{"password":"canary-wrong-2"'),
            self.get("/api/auth/profile", canaries[2]),
            self.get(f"/api/auth/profile?token={canaries[2]}", data["accessToken"]),
            self.get("/api/auth/profile", **{"X-API-Key": canaries[3]}),
            self.get("/api/auth/profile", **{"Cookie": f"son1k_access={canaries[2]}"}),
            self.post("/api/auth/refresh", {"refreshToken": canaries[4]}),
            self.post("/api/auth/setup", {"token": canaries[2], "email": "a@example.org",
                                          "password": canaries[0]}),
            self.post("/api/admin/users", {"email": "not one", "password": canaries[0]}, self.root),
            self.get("/api/auth/profile", SERVICE + "x"),
        ]
        self.assertEqual(self.get("/api/queues", SERVICE).status, 200)
        for got in refused:
            self.assertGreaterEqual(got.status, 400)
        figures = self.get("/metrics", self.root)
        self.assertEqual(figures.status, 200)
        record = self.get("/api/audit?limit=100", self.root)
        self.assertEqual(record.status, 200)
        places = [one.body for one in (*refused, figures, record)]
        places.append(self.home.log.read_bytes())
        self.assertIn(b"http.request", places[-1], "the log is as talkative as it can be")
        for secret in secrets:
            for place in places:
                self.assertNotIn(secret.encode(), place)

    def test_a_bad_range_gets_416_and_the_length(self):
        ana = self.registered("ana")["accessToken"]
        self.make_pieces()
        made = self.post("/api/generation/create", {"prompt": "a bolero", "duration": 5}, ana)
        audio = f"/api/generation/{made.data['generationId']}/audio"
        eventually(lambda: self.get(audio, ana).status == 200, 120, "the piece is finished")
        whole = self.get(audio, ana)
        size = len(whole.body)
        for asked in (f"bytes={size}-", f"bytes={size + 7}-{size + 9}", "bytes=-0",
                      f"bytes={2**64}-"):
            with self.subTest(asked):
                got = self.get(audio, ana, Range=asked)
                self.assertEqual(got.status, 416, got.headers)
                self.assertEqual(got.headers["content-range"], f"bytes */{size}")
        # What is no range of bytes is no range at all (RFC 9110 section 14.2).
        for asked in ("bytes=9-2", "lines=0-1", "bytes=a-b", "bytes=", "bytes=0-1,-"):
            with self.subTest(asked):
                got = self.get(audio, ana, Range=asked)
                self.assertIn(got.status, (200, 416))
                if got.status == 200:
                    self.assertEqual(len(got.body), size)
        many = ",".join(f"{n}-{n}" for n in range(0, 2_000, 2))
        flood = self.get(audio, ana, Range=f"bytes={many}")
        self.assertIn(flood.status, (200, 206, 416, 431))
        self.assertLessEqual(len(flood.body), 2 * size)

    def routes(self) -> list:
        """Method, path and least role of every route that needs somebody, as the server itself
        publishes them; so a new route is looked at too."""
        got = self.get("/api/openapi.json")
        self.assertEqual(got.status, 200, "the description is published")
        out = []
        for path, methods in got.json()["paths"].items():
            for method, told in methods.items():
                if method in ("get", "put", "post", "delete", "patch") and told.get("security"):
                    out.append((method.upper(), re.sub(r"\{[^}]*\}", "x", path), told["x-role"]))
        return out

    def test_every_route_without_a_credential_gets_401(self):
        routes = self.routes()
        self.assertGreater(len(routes), 50)
        for method, path, _ in routes:
            with self.subTest(f"{method} {path}"):
                body = {} if method in ("POST", "PUT", "PATCH") else None
                got = self.ask(method, path, body)
                self.assertEqual(got.status, 401, got.body)
                self.assertEqual(got.headers.get("www-authenticate"), "Bearer")

    def test_every_route_of_the_consoles_gets_403_without_the_role(self):
        eve = self.registered("eve")["accessToken"]
        consoles = [one for one in self.routes() if one[2] != "user"]
        self.assertGreater(len(consoles), 40)
        for method, path, role in consoles:
            body = {} if method in ("POST", "PUT", "PATCH") else None
            with self.subTest(f"{method} {path}"):
                got = self.ask(method, path, body, eve)
                self.assertEqual(got.status, 403, got.body)
                self.assertIn(role, got.error["message"])


class AttacksOnIdentityTest(attacked, program_case):
    def setUp(self):
        super().setUp()
        home = self.folder()
        self.begin(self.serve("--workers", "1", data_dir=home / "data",
                              env=environment(home, **SETTINGS)))

    def make_pieces(self) -> None:
        """The server has a worker of its own."""


class AttacksOnIdentityOfAClusterTest(attacked, cluster_case):
    settings = SETTINGS

    def setUp(self):
        super().setUp()
        self.begin(self.serve())

    def make_pieces(self) -> None:
        self.work()


if __name__ == "__main__":
    unittest.main()

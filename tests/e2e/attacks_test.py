"""Attacks on the running program, each named after what it is known as, and what it must get.

The parser's own table of broken requests is tests/unit/net/http_strictness_test.cpp; what a body of
a piece may hold is bad_input_test.py. Here is what an attacker would want to come of it.
"""

import gzip
import json
import os
import pathlib
import secrets
import socket
import unittest
import urllib.parse

from support.cluster import cluster_case
from support.program import environment, eventually, program_case, server

SLOW_SOCKETS = 200
SLOW_READERS = 40
SLOW_SECONDS = 60  # the server's own limits are below ten; a busy machine may look at them late


SECRET = secrets.token_hex(32)  # a credential that every server here takes
KNOWN = b"Authorization: Bearer " + SECRET.encode() + b"\r\n"


def job(name: str, fields: bytes = b"") -> bytes:
    """A whole request that adds a job."""
    body = json.dumps({"queue": "probe", "kind": "probe", "id": name, "data": {}}).encode()
    return (b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
            KNOWN + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def post(fields: bytes, body: bytes) -> bytes:
    return (b"POST /api/generation/brief HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\n" + KNOWN + fields + b"\r\n" + body)


HIDDEN = job("smuggled")
CHUNKED = b"Transfer-Encoding: chunked\r\n"

# The bytes, and the status that they must get. What hides in each would add a job, if two readers
# of the stream could disagree about where a request ends.
SMUGGLED = [
    ("CL.TE", post(b"Content-Length: %d\r\n" % (5 + len(HIDDEN)) + CHUNKED,
                   b"0\r\n\r\n" + HIDDEN), 400),
    ("TE.CL", post(CHUNKED + b"Content-Length: 4\r\n",
                   b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n"), 400),
    ("TE.TE", post(CHUNKED + b"Transfer-Encoding: identity\r\n", b"0\r\n\r\n" + HIDDEN), 400),
    ("CL.CL", post(b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(HIDDEN), HIDDEN), 400),
    ("CL list", post(b"Content-Length: 0, %d\r\n" % len(HIDDEN), HIDDEN), 400),
    ("CL with a sign", post(b"Content-Length: +0\r\n", HIDDEN), 400),
    ("space before the colon", post(b"Transfer-Encoding : chunked\r\nContent-Length: %d\r\n"
                                    % len(HIDDEN), HIDDEN), 400),
    ("folded coding", post(b"X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
                           HIDDEN), 400),
    ("line feed alone", post(b"X: y\nContent-Length: 0\r\n", HIDDEN), 400),
    ("carriage return alone", post(b"X: y\rContent-Length: 0\r\n", HIDDEN), 400),
    ("chunk overflow", post(CHUNKED, b"10000000000000000\r\n" + HIDDEN), 400),
    ("longer chunk", post(CHUNKED, b"2\r\n{}x\r\n0\r\n\r\n" + HIDDEN), 400),
    ("chunk by line feeds", post(CHUNKED, b"2\n{}\n0\n\n" + HIDDEN), 400),
    ("coding over 1.0", post(CHUNKED, b"0\r\n\r\n" + HIDDEN).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
     400),
]

INJECTIONS = ["' OR '1'='1", "x'; DROP TABLE generation;--", "x\" OR \"\"=\"", "%27%3b--",
              "1 UNION SELECT sql FROM sqlite_master", "x') OR pg_sleep(9)--", "\\'; --",
              "(select version())", "name DESC; DELETE FROM job", "%", "_"]

DEEP = 30_000
BOMBS = [
    ("depth", b"[" * DEEP + b"]" * DEEP),
    ("depth of objects", b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    ("depth that never ends", b"[" * DEEP),
    ("NaN", b"NaN"),
    ("Infinity", b"-Infinity"),
    ("a number beyond all", b"1e999"),
    ("lone surrogate", rb'"\ud800"'),
    ("lone low surrogate", rb'"\udc00x"'),
    ("member twice", b'{"a":1,"a":2}'),
    ("not UTF-8", b'"\xff\xfe"'),
    ("overlong UTF-8", b'"\xc0\xaf"'),
]


class attacked:
    """What every server is attacked with; `home` is the server, with its probe jobs."""

    home: server

    def raw(self, sent: bytes) -> bytes:
        """Everything that the server answers until it closes."""
        with socket.create_connection((self.home.api.host, self.home.api.port), 60) as wire:
            answer = b""
            try:
                wire.sendall(sent)
                while block := wire.recv(65536):
                    answer += block
            except OSError:
                pass  # it may close while it is still being sent to
            return answer

    def jobs(self) -> int:
        counts = self.home.api.get("/api/queues/probe").data["counts"]
        return sum(v for v in counts.values() if isinstance(v, int))

    def test_request_smuggling_gets_400_and_hides_nothing(self):
        for name, sent, status in SMUGGLED:
            with self.subTest(name):
                answer = self.raw(sent + b"\r\n" + HIDDEN)
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer[:200])
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, "nothing after it was answered")
                self.assertIn(b"connection: close", answer.lower())
        self.assertEqual(self.jobs(), 0)
        answer = self.raw(job("open", b"Connection: close\r\n"))
        self.assertTrue(answer.startswith(b"HTTP/1.1 202"), answer[:200])
        self.assertEqual(self.jobs(), 1, "what was hidden would have been seen")

    def test_json_bombs_in_a_job_get_400(self):
        for name, bomb in BOMBS:
            for path, body in (("/api/jobs", b'{"queue":"probe","kind":"probe","data":%s}' % bomb),
                               ("/api/jobs", bomb),
                               ("/api/schedules", b'{"id":"a","queue":"probe","kind":"probe",'
                                                  b'"every":60000,"data":%s}' % bomb)):
                with self.subTest(name, path=path):
                    got = self.home.api.post(path, body)
                    self.assertEqual((got.status, got.error["code"]), (400, "VALIDATION"))
        flood = b"{" + b",".join(b'"m%d":1' % i for i in range(1_000)) + b"}"
        self.assertEqual(self.home.api.post("/api/generation/brief", flood).status, 400)
        self.assertEqual(self.jobs(), 0)
        self.assertEqual(self.home.api.get("/api/schedules/a").status, 404)

    def test_sql_injection_finds_nothing_and_harms_nothing(self):
        api = self.home.api
        kept = api.post("/api/jobs", {"queue": "probe", "kind": "probe", "id": "kept",
                                      "data": {"sleepMs": 1}}).status
        self.assertEqual(kept, 202)
        for words in INJECTIONS:
            text = urllib.parse.quote(words)
            for path in (f"/api/generation/history?q={text}",
                         f"/api/generation/history?sort={text}",
                         f"/api/generation/history?status={text}", f"/api/jobs?q={text}",
                         f"/api/generation/history?tag={text}&style={text}",
                         f"/api/shared/{text}", f"/api/generation/{text}/share",
                         f"/api/nft?q={text}&style={text}", f"/api/nft?sort={text}",
                         f"/api/nft/{text}", f"/api/nft/{text}/certificate",
                         f"/api/jobs?state={text}", f"/api/jobs?queue={text}",
                         f"/api/jobs?cursor={text}", f"/api/jobs/{text}?queue=probe",
                         f"/api/queues/{text}", f"/api/schedules/{text}",
                         f"/api/generation/{text}/status", f"/api/dead-letters?q={text}",
                         f"/api/webhooks/{text}", f"/api/webhooks/{text}/deliveries?state={text}",
                         f"/api/analytics/user?from={text}", f"/api/analytics/{text}",
                         f"/api/analytics/admin/users?days={text}",
                         f"/api/collaboration/rooms?search={text}",
                         f"/api/collaboration/rooms?cursor={text}",
                         f"/api/collaboration/rooms/{text}",
                         f"/api/collaboration/rooms/{text}/messages?cursor={text}"):
                with self.subTest(path=path):
                    got = api.get(path)
                    self.assertIn(got.status, (200, 400, 404, 422), got.body[:300])
                    self.assertNotRegex(got.body.lower(),
                                        rb"syntax error|no such (table|column)|sqlstate")
        self.assertEqual(api.get("/api/jobs/kept?queue=probe").status, 200)
        self.assertEqual(api.get("/api/generation/history").status, 200)
        self.assertEqual(api.get("/health").status, 200)

    def test_slowloris_is_ended_while_others_are_served(self):
        starts = (b"GET /live HTTP/1.1\r\nHost: local",
                  b"POST /api/generation/brief HTTP/1.1\r\nHost: localhost\r\n"
                  b"Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{",
                  b"POST /api/generation/brief HTTP/1.1\r\nHost: localhost\r\n"
                  b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
                  b"")
        slow = []
        for number in range(SLOW_SOCKETS):
            wire = socket.create_connection((self.home.api.host, self.home.api.port), SLOW_SECONDS)
            self.addCleanup(wire.close)
            wire.sendall(starts[number % len(starts)])
            slow.append(wire)
        for _ in range(20):
            self.assertEqual(self.home.api.get("/live").status, 200)
        for number, wire in enumerate(slow):
            answer = b""
            while block := wire.recv(65536):
                answer += block
            if starts[number % len(starts)]:
                self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer[:100])
        self.assertEqual(self.home.api.get("/live").status, 200)

    def test_path_traversal_finds_nothing(self):
        ups = ["../" * 3, "..%2f" * 3, "%2e%2e/" * 3, "%2e%2e%2f" * 3, "..%5c" * 3, "..\\" * 3,
               "%252e%252e%252f" * 3, "..%c0%af" * 3, "..;/" * 3, ".%00./" * 3, "%00", "//", "./"]
        for up in ups:
            for path in (f"/{up}etc/passwd", f"/assets/{up}etc/passwd",
                         f"/api/generation/{up}son1k.db/audio", f"/api/generation/{up}/audio",
                         f"/api/generation/x/stems/{up}son1k.db", f"/api/shared/{up}/audio",
                         f"/api/generation/x/audio?format={up}son1k.db"):
                with self.subTest(path=path):
                    answer = self.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                                      "Connection: close\r\n".encode() + KNOWN + b"\r\n")
                    status = int(answer.split(b" ", 2)[1])
                    self.assertIn(status, (400, 404, 422), answer[:200])
                    self.assertNotIn(b"root:", answer)
                    self.assertNotIn(b"SQLite format", answer)

    def test_dns_rebinding_gets_403_for_a_cookie_and_401_without(self):
        cookie = f"Cookie: son1k_access={SECRET}\r\n"
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0"):
            for shown, status in ((cookie, 403), ("", 401)):
                answer = self.raw(f"GET /api/queues HTTP/1.1\r\nHost: {host}\r\n{shown}"
                                  f"Origin: http://{host}\r\nConnection: close\r\n\r\n".encode())
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer[:200])
        answer = self.raw(f"GET /api/queues HTTP/1.1\r\nHost: localhost\r\n{cookie}"
                          "Connection: close\r\n\r\n".encode())
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), "the cookie is a good one")

    def test_a_page_of_another_site_changes_nothing_by_a_cookie(self):
        for origin in ("https://evil.example", "null", "http://localhost:1", ""):
            got = self.home.anyone.post("/api/jobs", {"queue": "probe", "kind": "probe"},
                                        Cookie=f"son1k_access={SECRET}", Origin=origin)
            self.assertEqual((got.status, got.error["details"]["field"]), (403, "Origin"))
        self.assertEqual(self.jobs(), 0)

    def test_a_page_of_another_site_is_given_no_leave_to_read(self):
        for method, path in (("GET", "/api/queues"), ("OPTIONS", "/api/jobs"), ("GET", "/health")):
            for origin in ("https://evil.example", "null"):
                answer = self.raw(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
                                  f"Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n"
                                  "Access-Control-Request-Headers: content-type\r\n"
                                  "Connection: close\r\n\r\n".encode())
                self.assertNotIn(b"access-control-allow-origin", answer.lower())
        # What a page may send without asking first is of no content type that is read here.
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            got = self.home.api.post("/api/jobs", b'{"queue":"probe","kind":"probe"}',
                                     Content_Type=kind, Origin="https://evil.example")
            self.assertIn(got.status, (403, 415))
        self.assertEqual(self.jobs(), 0)

    def test_header_splitting_adds_no_field(self):
        for path in ("/api/queues/x%0d%0aSet-Cookie:%20a=b",
                     "/api/generation/x%0d%0aX-Evil:1/status",
                     "/api/jobs/x%0aX-Evil:1?queue=probe", "/%0d%0aX-Evil:%201"):
            got = self.home.api.get(path)
            self.assertIn(got.status, (400, 404, 422))
            self.assertNotIn("x-evil", got.headers)
            self.assertNotIn("set-cookie", got.headers)
        answer = self.raw(b"GET /live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\tb<script>\r\n"
                          b"Connection: close\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "))
        self.assertNotIn(b"<script>", answer)

    def test_a_decompression_bomb_is_not_opened(self):
        bomb = gzip.compress(b'{"prompt":"' + b"a" * (64 << 20) + b'"}')
        before = self.resident_kib()
        for coding in ("gzip", "deflate", "br", "gzip, gzip"):
            got = self.home.api.post("/api/generation/brief", bomb, Content_Encoding=coding)
            self.assertEqual(got.status, 415)
        self.assertLess(self.resident_kib() - before, 32 << 10)

    def test_a_body_that_is_too_large_is_refused_before_it_is_there(self):
        before = self.resident_kib()
        for length in (64 << 20, 1 << 40, 2**63, 2**64 - 1):
            answer = self.raw(b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                              b"application/json\r\nContent-Length: %d\r\n\r\n" % length)
            self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer[:200])
        self.assertLess(self.resident_kib() - before, 16 << 10)

    def resident_kib(self) -> int:
        status = pathlib.Path(f"/proc/{self.home.process.pid}/status").read_text()
        return int(next(x for x in status.splitlines() if x.startswith("VmRSS")).split()[1])


class AttacksTest(attacked, program_case):
    def setUp(self):
        super().setUp()
        place = self.folder()
        self.home = self.serve("--probe", "--workers", "0", data_dir=place / "data",
                               env=environment(place, BACKEND_SECRET=SECRET))

    def test_a_symlink_among_the_pieces_is_not_followed(self):
        home = self.serve()
        piece = home.api.create("calm piano in C")
        home.api.wait_for(piece, "completed")
        audio = f"/api/generation/{piece}/audio"
        self.assertEqual(home.api.get(audio).status, 200)
        files = [f for f in home.data_dir.rglob("*") if f.is_file() and piece in str(f)]
        self.assertTrue(files, "the piece has files")
        for file in files:
            file.unlink()
            file.symlink_to("/etc/passwd")
        for path in (audio, f"/api/generation/{piece}/midi", f"/api/generation/{piece}/peaks"):
            got = home.api.get(path)
            self.assertNotEqual(got.status, 200, path)
            self.assertNotIn(b"root:", got.body)
        self.assertEqual(home.api.get("/live").status, 200)

    def test_a_reader_that_takes_nothing_is_cut(self):
        home = self.serve()
        piece = home.api.create("calm piano in C", duration=60, format="wav")
        home.api.wait_for(piece, "completed")

        def sockets() -> int:
            folder = pathlib.Path(f"/proc/{home.process.pid}/fd")
            count = 0
            for one in list(folder.iterdir()):
                try:
                    count += os.readlink(one).startswith("socket:")
                except OSError:
                    pass  # it was closed meanwhile
            return count

        before = sockets()
        for _ in range(SLOW_READERS):
            wire = socket.socket()
            self.addCleanup(wire.close)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.settimeout(SLOW_SECONDS)
            wire.connect((home.api.host, home.api.port))
            wire.sendall(f"GET /api/generation/{piece}/audio HTTP/1.1\r\nHost: localhost\r\n"
                         f"Authorization: Bearer {home.token}\r\n\r\n".encode())
            self.assertEqual(wire.recv(12), b"HTTP/1.1 200")
        self.assertEqual(home.api.get("/live").status, 200)
        eventually(lambda: sockets() < before + SLOW_READERS // 4, SLOW_SECONDS, "all are cut")
        self.assertEqual(home.api.get("/live").status, 200)


class AttacksOnAClusterTest(attacked, cluster_case):
    """The same where PostgreSQL and Redis are behind the server."""

    settings = {"BACKEND_SECRET": SECRET}

    def setUp(self):
        super().setUp()
        self.home = self.serve("--probe")


if __name__ == "__main__":
    unittest.main()

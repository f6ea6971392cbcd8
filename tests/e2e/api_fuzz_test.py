"""Requests made from the published description, most of them with something wrong, sent to the
finished program: no reply is a 500, none is other than its description says, nothing crashes.

    SON1K_FUZZ_REQUESTS=10000 SON1K_FUZZ_SEED=7   how many, and which; the seed stands in a failure
"""

import collections
import gzip
import json
import os
import socket
import time
import unittest

from support.cluster import cluster_case
from support.made_requests import made, request_maker
from support.openapi import description
from support.program import client, environment, program_case, server

REQUESTS = int(os.environ.get("SON1K_FUZZ_REQUESTS", "1500"))
SEED = int(os.environ.get("SON1K_FUZZ_SEED", "0")) or time.time_ns() % 1_000_000
FAULTS_MAX = 25
REPLY_SECONDS = 60
# Calls that would end the server's work or the caller's own account.
LEFT_OUT = {"POST /api/workers/{name}/drain", "PUT /api/admin/users/{id}",
            "POST /api/admin/users/{id}/password"}
WRONG_SHARE = 0.85


class wire:
    """One kept connection, and bytes on it as they are. A server may end it at any reply."""

    def __init__(self, host: str, port: int):
        self.place, self.file, self.socket, self.sent = (host, port), None, None, 0

    def close(self) -> None:
        if self.socket is not None:
            self.file.close()
            self.socket.close()
        self.socket = None

    def send(self, one: made, token: str) -> tuple:
        """(status, header fields in lower case, body) of the reply."""
        # Each from another address, so that what an address may is not what answers.
        self.sent += 1
        address = f"198.{18 + self.sent // 62500 % 2}.{self.sent // 250 % 250}.{self.sent % 250}"
        fields = [("Host", "127.0.0.1"), ("X-Forwarded-For", address), *one.headers]
        if not any(name in ("Authorization", "X-API-Key") for name, _ in one.headers):
            fields.append(("Authorization", f"Bearer {token}"))
        if one.body is not None:
            fields.append(("Content-Length", str(len(one.body))))
        head = f"{one.of.method} {one.target} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
        raw = head.encode("latin-1", "replace") + (one.body or b"")
        for again in (True, False):
            if self.socket is None:
                self.socket = socket.create_connection(self.place, REPLY_SECONDS)
                self.file = self.socket.makefile("rb")
            try:
                self._write(raw)
                return self._reply(one)
            except (ConnectionError, EOFError):
                # The server may have ended a kept connection; a fresh one must give a reply.
                self.close()
                if not again:
                    raise
        raise AssertionError("not reached")

    def _write(self, raw: bytes) -> None:
        try:
            self.socket.sendall(raw)
        except ConnectionError:
            pass  # refused before the body was read: the reply is there all the same

    def _line(self) -> bytes:
        line = self.file.readline()
        if not line:
            raise EOFError("the connection ended before the reply")
        return line.rstrip(b"\r\n")

    def _reply(self, one: made) -> tuple:
        status = 100
        while status == 100:
            status = int(self._line().split(b" ", 2)[1])
            fields = {}
            while line := self._line():
                name, _, value = line.partition(b":")
                fields[name.decode().lower()] = value.strip().decode("latin-1")
        body = b""
        if fields.get("content-type", "").startswith("text/event-stream"):
            self.close()  # it would stay open
        elif status not in (204, 304):
            body = self.file.read(int(fields.get("content-length", "0")))
        if fields.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if fields.get("connection", "").lower() == "close":
            self.close()
        return status, fields, body


def without_nulls(value):
    """A member that is null counts as absent."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


SETTINGS = {"SON1K_PROBE": "true", "TRUSTED_PROXIES": "127.0.0.1"}


class any_request:
    """What holds of a server, whatever it stands on; cases say which."""

    requests = REQUESTS

    def use(self, home: server) -> None:
        self.home = home
        self.api = client(self.home.hello["address"])
        # The machine's own account has no limit that could answer in place of a handler.
        self.token = json.loads((self.home.data_dir / "server.json").read_text())["token"]
        self.known = description(self.api.get("/api/openapi.json").json())
        self.wire = wire(self.api.host, self.api.port)
        self.addCleanup(self.wire.close)
        self.replies = collections.Counter()

    def things(self) -> dict:
        """Some that are there, for the parameters of paths."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        piece = self.api.call("POST", "/api/generation/create", {"prompt": "a waltz"}, bearer)
        job = self.api.call("POST", "/api/jobs", {"queue": "probe", "kind": "probe"}, bearer)
        self.api.call("POST", "/api/schedules", {"id": "hourly", "queue": "probe", "kind": "probe",
                                                 "cron": "@hourly"}, bearer)
        user = self.api.call("POST", "/api/admin/users", {"email": "bea@example.org"}, bearer)
        return {"id": [piece.data["generationId"], job.data["jobId"], "hourly", user.data["id"]],
                "queue": ["probe", "generation", "system"], "group": ["tenant"]}

    def faults(self, one: made, status: int, fields: dict, body: bytes) -> list:
        self.replies[status] += 1
        if status >= 500:
            return [f"{one.of.key}: {status} {body[:300]!r}"]
        out = self.known.reply_faults(one.of, status, fields.get("content-type", ""), body)
        media = self.known.body(one.of)
        if status < 300 and one.json is not None and media is not None:
            unlike = self.known.faults(media["schema"], without_nulls(one.json))
            out += [f"{one.of.key}: was taken, though {fault}" for fault in unlike]
        return out

    def test_is_answered_as_described(self):
        maker = request_maker(self.known, SEED, self.things())
        operations = [one for one in self.known.operations() if one.key not in LEFT_OUT]
        found: dict = {}
        for number in range(self.requests):
            of = maker.random.choice(operations)
            wrong = maker.random.random() < WRONG_SHARE
            one = maker.wrong(of) if wrong else maker.valid(of)
            try:
                faults = self.faults(one, *self.wire.send(one, self.token))
            except (OSError, EOFError, ValueError, IndexError) as why:
                faults = [f"{of.key}: no reply: {why!r}"]
            if self.home.process.poll() is not None:
                faults.append(f"{of.key}: the server ended\n{self.home.log_tail()}")
            for fault in faults:
                found.setdefault(fault[:120], f"request {number}: {fault}\n  {one.of.method} "
                                 f"{one.target[:200]} {one.headers} {(one.body or b'')[:300]!r}")
            if len(found) >= FAULTS_MAX or self.home.process.poll() is not None:
                break
        self.assertFalse(found, f"seed {SEED}\n" + "\n".join(found.values()))
        self.assertEqual(self.api.get("/health").status, 200)
        # It reached the handlers: some requests were good, most were refused for what they say.
        self.assertGreater(self.replies[200] + self.replies[202], self.requests // 50,
                           self.replies)
        self.assertGreater(self.replies[422], self.requests // 10, self.replies)
        # Links that need no account have a limit of the address, which a long run reaches.
        self.assertLess(self.replies[429], self.requests // 100, self.replies)


class of_one_machine(any_request, program_case):
    def setUp(self) -> None:
        super().setUp()
        home = self.folder()
        self.use(self.serve("--workers", "0", data_dir=home / "data",
                            env=environment(home, **SETTINGS)))


class of_a_cluster(any_request, cluster_case):
    """PostgreSQL refuses what SQLite takes."""

    settings = SETTINGS
    requests = REQUESTS // 3

    def setUp(self) -> None:
        super().setUp()
        self.use(self.serve())


if __name__ == "__main__":
    unittest.main()

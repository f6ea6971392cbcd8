"""The finished program as people meet it: started, asked over HTTP, listened to, ended.

Standard library only. The binary is named by SON1K_BINARY. What a test starts belongs to the test:
servers and folders are ended and removed by the cleanups that `program_case` registers. Waiting is
always for an event or a state, and every wait has a deadline.
"""

import http.client
import json
import os
import pathlib
import queue
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
from typing import Callable, NamedTuple, Optional

BINARY = os.environ.get("SON1K_BINARY", "")
START_SECONDS = 60  # until a started server says its address
STOP_SECONDS = 90  # until a drained server has ended
POLL_SECONDS = 0.02

# Settings that the caller's shell may hold and that must not reach the program under test.
SETTING_NAMES = ("DATA_DIR", "HOST", "PORT", "WORKERS", "GENERATION_CONCURRENCY", "LOG_LEVEL",
                 "GENERATION_RATE_LIMIT", "SON1K_SOUND_FONT", "SON1K_PROBE", "WORKER_ONLY",
                 "HISTORY_DAYS", "HISTORY_ROWS", "AUDIT_DAYS",
                 "DATABASE_URL", "REDIS_URL", "SON1K_CONFIG",
                 "DATABASE_POOL_MIN", "DATABASE_POOL_MAX", "REDIS_PREFIX", "SON1K_BULLMQ_VERSION",
                 "SON1K_BULLMQ_SHARED", "SON1K_BULLMQ_METRICS", "REALTIME", "REALTIME_ORIGINS",
                 "REALTIME_ADAPTER", "REALTIME_PREFIX", "REALTIME_ADDRESS",
                 "TRUSTED_PROXIES", "SON1K_BULLMQ_STALLS", "METRICS_PORT",
                 "PUBLIC_URL", "FRONTEND_URL", "ALLOWED_HOSTS", "REGISTRATION", "JWT_SECRET",
                 "BACKEND_SECRET",
                 "BACKEND_SECRET_PREVIOUS", "SON1K_SERVER", "SON1K_TOKEN",
                 "ARTIFACTS_DIR", "SON1K_LEASE_MS", "SUPABASE_URL",
                 "SUPABASE_JWT_SECRET", "TIERS", "WEBHOOK_ALLOW_PRIVATE",
                 "WEBHOOK_ATTEMPTS", "WEBHOOK_RETRY_MS", "WEBHOOK_TIMEOUT_MS",
                 "WEBHOOK_DISABLE_AFTER",
                 "XDG_DATA_HOME", "LC_MESSAGES", "LANG")


def environment(home: pathlib.Path, **more: str) -> dict:
    """A clean environment with `home` as the user's folder."""
    out = {k: v for k, v in os.environ.items() if k not in SETTING_NAMES}
    out.update(HOME=str(home), LC_ALL="C.UTF-8", **more)
    return out


def must_run_here(reason: str) -> None:
    """Skips on a developer's machine; where CI=true a test that cannot run is a failure."""
    if os.environ.get("CI") == "true":
        raise AssertionError(reason)
    raise unittest.SkipTest(reason)


def eventually(check: Callable, seconds: float, what: str):
    """The first true value of `check()`; fails with `what` when the deadline passes."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)


class reply(NamedTuple):
    """One HTTP reply; header names are lower case, the values of several of one name are lines."""

    status: int
    headers: dict
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def data(self):
        return self.json()["data"]

    @property
    def error(self) -> dict:
        return self.json()["error"]


CREDENTIALS = ("authorization", "x-api-key", "cookie")


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


class client:
    """Calls one server; each call is a connection of its own, so any thread may call. Calls that
    show no credential of their own show `token`, if there is one."""

    def __init__(self, address: str, seconds: float = 60, token: str = ""):
        parts = urllib.parse.urlsplit(address)
        self.address = address
        self.host, self.port, self.seconds = parts.hostname, parts.port, seconds
        self.token = token

    def known(self, headers: Optional[dict] = None) -> dict:
        """The fields of a request, with the token where they show no other credential."""
        fields = dict(headers or {})
        if self.token and not any(name.lower() in CREDENTIALS for name in fields):
            fields.update(bearer(self.token))
        return fields

    def call(self, method: str, path: str, body=None, headers: Optional[dict] = None) -> reply:
        """`body`: bytes as they are, anything else as JSON."""
        fields = self.known(headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None and not any(name.lower() == "content-type" for name in fields):
            fields["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.seconds)
        try:
            connection.request(method, path, body, fields)
            got = connection.getresponse()
            content = got.read()
            fields = {}
            for name, value in got.getheaders():
                before = fields.get(name.lower())
                fields[name.lower()] = value if before is None else f"{before}\n{value}"
            return reply(got.status, fields, content)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> reply:
        return self.call("GET", path, None, {k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path: str, body=None, **headers: str) -> reply:
        return self.call("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def create(self, prompt: str = "lo-fi piano", **fields) -> str:
        """Asks for a piece (5 seconds unless told) and gives its id."""
        fields.setdefault("duration", 5)
        made = self.post("/api/generation/create", {"prompt": prompt, **fields})
        if made.status != 202:
            raise AssertionError(f"create: {made.status} {made.body!r}")
        return made.data["generationId"]

    def piece(self, piece_id: str) -> dict:
        return self.get(f"/api/generation/{piece_id}/status").data

    def wait_for(self, piece_id: str, status: str, seconds: float = 120) -> dict:
        """The piece once it is in that status; fails at once if it ends in another one."""

        def look():
            now = self.piece(piece_id)
            if now["status"] != status and now["status"] in ("completed", "failed", "cancelled"):
                raise AssertionError(f"ended otherwise: {now}")
            return now if now["status"] == status else None

        return eventually(look, seconds, f"{piece_id} is {status}")

    def total(self, status: str = "") -> int:
        """How many pieces the history has, by status."""
        query = f"&status={status}" if status else ""
        return self.get(f"/api/generation/history?limit=1{query}").json()["pagination"]["total"]


class event(NamedTuple):
    """One server-sent event; `data` is parsed JSON."""

    id: str
    name: str
    data: dict

    @property
    def piece(self) -> str:
        return self.data.get("generationId", "")


class event_stream:
    """GET /api/events, read on a thread of its own; the events queue up until next() takes them."""

    def __init__(self, server: "client", last_id: str = "", topics: str = ""):
        query = "?" + urllib.parse.urlencode({"topics": topics}) if topics else ""
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=120)
        fields = server.known({"Accept": "text/event-stream"})
        if last_id:
            fields["Last-Event-ID"] = last_id
        self._connection.request("GET", "/api/events" + query, headers=fields)
        self._socket = self._connection.sock
        self.response = self._connection.getresponse()
        if self.response.status != 200:
            raise AssertionError(f"events: {self.response.status} {self.response.read()!r}")
        self._events: queue.Queue = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        fields: dict = {}
        try:
            for raw in iter(self.response.readline, b""):
                line = raw.decode().rstrip("\r\n")
                if not line:
                    if "data" in fields:
                        self._events.put(event(fields.get("id", ""), fields.get("event", ""),
                                               json.loads(fields["data"])))
                    fields = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # the connection ended, by us or by the server's death
        self._events.put(None)

    def next(self, seconds: float = 60) -> Optional[event]:
        """The next event, or None at the end of the stream; fails at the deadline."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"no event within {seconds} s") from None

    def until(self, wanted: Callable[[event], bool], seconds: float = 120) -> list:
        """All events up to and with the first that `wanted` accepts."""
        deadline = time.monotonic() + seconds
        out = []
        while True:
            got = self.next(max(0.01, deadline - time.monotonic()))
            if got is None:
                raise AssertionError(f"the stream ended after {len(out)} events")
            out.append(got)
            if wanted(got):
                return out

    def pending(self) -> list:
        """What has arrived already, without waiting."""
        out = []
        while True:
            try:
                got = self._events.get_nowait()
            except queue.Empty:
                return out
            if got is not None:
                out.append(got)

    def close(self) -> None:
        try:
            self._socket.shutdown(2)
        except OSError:
            pass  # the server went first
        self._thread.join(10)
        self._connection.close()


class died_at_start(AssertionError):
    """A process that ended before it said that it is there; `code` is its exit code."""

    def __init__(self, code: int, log: str):
        super().__init__(f"ended with {code} before it said that it is there\n{log}")
        self.code = code


def local_token(data_dir: pathlib.Path) -> str:
    """What commands of this machine show to the server of that folder; empty: it left none."""
    file = data_dir / "server.json"
    return json.loads(file.read_text()).get("token", "") if file.exists() else ""


class server:
    """A running `son1k serve`. `args` are added to the command line. Calls through `api` are the
    local account's, those through `anyone` show nothing."""

    def __init__(self, data_dir: pathlib.Path, *args: str, env: Optional[dict] = None,
                 log: Optional[pathlib.Path] = None):
        self.data_dir = data_dir
        self.log = log or data_dir.parent / "serve.log"
        with self.log.open("ab") as to:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--port", "0", "--data-dir", str(data_dir), "--json", *args],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=to,
                env=env or environment(data_dir.parent))
        try:
            self.hello = json.loads(self._first_line())
            self.token = local_token(data_dir)
            self.api = client(self.hello["address"], token=self.token)
            self.anyone = client(self.hello["address"])
        except BaseException:
            self.kill()
            raise

    def _first_line(self) -> bytes:
        readable, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if readable else b""
        if readable and not line:
            raise died_at_start(self._ended(STOP_SECONDS), self.log_tail())
        if b'"address"' not in line:
            raise AssertionError(f"serve did not start: {line!r}\n{self.log_tail()}")
        return line

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def events(self, last_id: str = "", topics: str = "") -> event_stream:
        return event_stream(self.api, last_id, topics)

    def terminate(self) -> int:
        """SIGTERM and its exit code; a drained server ends with 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended(STOP_SECONDS)

    def kill(self) -> int:
        if self.process.poll() is None:
            self.process.kill()
        return self._ended(START_SECONDS)

    def _ended(self, seconds: float) -> int:
        code = self.process.wait(seconds)
        self.process.stdout.close()
        return code


def run(*args, cwd: pathlib.Path, seconds: float = 300, **how) -> subprocess.CompletedProcess:
    """Runs the program to its end. Strings in and out are bytes, as prompts may be no text."""
    how.setdefault("env", environment(cwd))

    def ended(binary: str) -> subprocess.CompletedProcess:
        return subprocess.run([binary, *args], cwd=cwd, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=seconds, check=False, **how)

    if "user" not in how:
        return ended(BINARY)
    # Another user may not reach the folder that the program was built in.
    with tempfile.TemporaryDirectory(prefix="son1k-program-") as folder:
        os.chmod(folder, 0o755)
        return ended(shutil.copy(BINARY, folder))


def decoded_seconds(file: pathlib.Path) -> float:
    """Decodes the whole file with ffmpeg and gives the length of the sound; fails on any damage."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", str(file), "-f", "s16le", "-ac", "1",
         "-ar", "8000", "-"], capture_output=True, timeout=120, check=False)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{file.name} does not decode: {done.stderr.decode()}")
    return len(done.stdout) / 2 / 8000


def loudness(file: pathlib.Path) -> tuple:
    """Integrated loudness in LUFS and true peak in dBTP, by ffmpeg's ebur128 (EBU R 128)."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-i", str(file), "-filter_complex",
         "ebur128=peak=true:framelog=verbose", "-f", "null", "-"],
        capture_output=True, timeout=300, check=True)
    summary = done.stderr.decode().rsplit("Summary:", 1)[1]
    return (float(re.search(r"I:\s+(-?[\d.]+) LUFS", summary).group(1)),
            float(re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary).group(1)))


class program_case(unittest.TestCase):
    """A case with folders and servers that go away with it."""

    def setUp(self) -> None:
        if not os.access(BINARY, os.X_OK):
            self.fail("SON1K_BINARY names no program")

    def folder(self) -> pathlib.Path:
        made = pathlib.Path(tempfile.mkdtemp(prefix="son1k-test-"))
        self.addCleanup(shutil.rmtree, made, ignore_errors=True)
        return made

    def serve(self, *args: str, data_dir: Optional[pathlib.Path] = None, **how) -> server:
        started = server(data_dir or self.folder() / "data", *args, **how)
        self.addCleanup(started.kill)
        return started

    def listen(self, to: server, last_id: str = "", topics: str = "") -> event_stream:
        stream = to.events(last_id, topics)
        self.addCleanup(stream.close)
        return stream

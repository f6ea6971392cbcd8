"""A server of a build, for benchmarks that talk to one."""

import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

# Of an account whose limit and quota are counted and never reached.
AMPLE = {"TIERS": "ENTERPRISE:requests=1000000,month=999999999,day=999999999"}
START_SECONDS_MAX = 30
CALL_SECONDS_MAX = 120
STOP_SECONDS_MAX = 60


class served:
    """`son1k serve` on a free port over a folder of its own; ends with the block."""

    def __init__(self, program: pathlib.Path, folder: pathlib.Path, *options: str, **settings: str):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="son1k-bench-", dir=folder))
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [str(program), "serve", "--port", "0", "--data-dir", str(self.data),
             "--log-level", "warn", *options],
            env=dict(os.environ, **settings), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        address = re.search(r"http://([\d.]+):(\d+)", line)
        if not address:
            self.process.kill()
            raise RuntimeError(f"son1k serve did not say where it listens: {line!r}")
        self.host, self.port = address[1], address[2]
        self.url = f"http://{self.host}:{self.port}"
        self.token = ""
        self.fetch("/live", seconds_max=START_SECONDS_MAX)
        self.start_ms = (time.perf_counter() - begin) * 1000
        # That of this machine's own account.
        self.token = json.loads((self.data / "server.json").read_text())["token"]
        self.accounts = 0

    def account(self) -> str:
        """An access token of a new account that may call as often as AMPLE says, if the server was
        started with it."""
        self.accounts += 1
        body = {"email": f"bench-{self.accounts}@example.org", "password": secrets.token_hex(8)}
        made = self.fetch("/api/auth/register", json.dumps(body))["data"]
        self.fetch(f"/api/admin/users/{made['user']['id']}", '{"tier":"ENTERPRISE"}', "PUT")
        return made["accessToken"]

    def fetch(self, path: str, body: str = "", method: str = "", token: str = "",
              seconds_max: int = CALL_SECONDS_MAX) -> dict:
        """By default a GET or, with a body, a POST, of this machine's own account."""
        fields = {"Content-Type": "application/json"}
        if token or self.token:
            fields["Authorization"] = f"Bearer {token or self.token}"
        request = urllib.request.Request(self.url + path, data=body.encode() or None,
                                         headers=fields, method=method or None)
        with urllib.request.urlopen(request, timeout=seconds_max) as reply:
            return json.loads(reply.read())

    def rss_mib(self) -> float:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+)", status)[1]) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.data, ignore_errors=True)

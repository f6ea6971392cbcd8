"""Stock Socket.IO clients in one Node process, for tests of the finished program."""

import json
import os
import pathlib
import queue
import subprocess
import threading
import time
from typing import Callable

from support import npm
from support.program import server

TESTS = pathlib.Path(__file__).resolve().parent.parent
CLIENT = TESTS / "e2e" / "live_client.mjs"
WANTED = TESTS / "integration" / "socketio"


class live_clients:
    """Clients by name; what they hear is kept in order until a test takes it."""

    def __init__(self):
        modules = npm.locked(WANTED, "socketio")
        self.process = subprocess.Popen(
            ["node", str(CLIENT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "SON1K_CLIENT_MODULES": str(modules)})
        self._lines: queue.Queue = queue.Queue()
        self.heard: list = []
        self._given: set = set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def tell(self, **step) -> None:
        self.process.stdin.write(json.dumps(step) + "\n")
        self.process.stdin.flush()

    def until(self, wanted: Callable[[dict], bool], what: str, seconds: float = 120) -> dict:
        """The first line that `wanted` accepts and that was not given before."""
        deadline = time.monotonic() + seconds
        looked = 0
        while True:
            for at in range(looked, len(self.heard)):
                if at not in self._given and wanted(self.heard[at]):
                    self._given.add(at)
                    return self.heard[at]
            looked = len(self.heard)
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not within {seconds} s: {what}; {self.heard[-5:]}") from None
            if line is None:
                raise AssertionError(f"the clients ended before: {what}")
            self.heard.append(line)

    def begin(self, name: str, url: str, token: str, **options) -> None:
        options.setdefault("auth", {"token": token})
        self.tell(open={"name": name, "url": url, "options": options})

    def open(self, name: str, at: server, **options) -> dict:
        """Connects as the local account."""
        self.begin(name, at.hello["address"], at.token, **options)
        return self.event(name, "connect")

    def event(self, name: str, event: str, seconds: float = 120) -> dict:
        return self.until(lambda x: x["name"] == name and x.get("event") == event,
                          f"{name} hears {event}", seconds)

    def call(self, name: str, event: str, data) -> dict:
        self.tell(emit={"name": name, "event": event, "data": data})
        return self.until(lambda x: x["name"] == name and "ack" in x, f"{name}: {event}")["ack"]

    def events(self, name: str, prefix: str = "generation:") -> list:
        return [x for x in self.heard if x["name"] == name
                and x.get("event", "").startswith(prefix)]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

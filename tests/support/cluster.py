"""The cluster profile for tests of the finished program: one PostgreSQL, one Redis, and servers and
workers in processes of their own, each with a data folder that its next life has again."""

import os
import pathlib
import select
import subprocess

from support import servers
from support.program import BINARY, died_at_start, environment, program_case, server

START_SECONDS = 60
STOP_SECONDS = 60


class worker:
    """A running `son1k worker`."""

    def __init__(self, data_dir: pathlib.Path, log: pathlib.Path, env: dict, *args: str):
        self.log = log
        with self.log.open("ab") as to:
            self.process = subprocess.Popen(
                [BINARY, "worker", "--data-dir", str(data_dir), "--json", *args],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=to, env=env)
        readable, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        if not readable or not self.process.stdout.readline():
            code = self.end()
            raise died_at_start(code, self.log.read_text()[-3000:])

    def end(self) -> int:
        """Drains it; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self._ended()

    def kill(self) -> int:
        if self.process.poll() is None:
            self.process.kill()
        return self._ended()

    def _ended(self) -> int:
        code = self.process.wait(STOP_SECONDS)
        self.process.stdout.close()
        return code


class cluster_case(program_case):
    """`settings` are added to the environment of every process."""

    settings: dict = {}

    def setUp(self) -> None:
        super().setUp()
        self.postgres = servers.postgres()
        self.addCleanup(self.postgres.close)
        self.redis = self.start_redis()
        self.addCleanup(self.redis.close)
        self.artifacts = self.folder()

    def start_redis(self) -> servers.redis:
        return servers.redis()

    def env(self, home: pathlib.Path, **more: str) -> dict:
        return environment(home, **{"DATABASE_URL": self.postgres.url,
                                    "REDIS_URL": self.redis.url,
                                    "ARTIFACTS_DIR": str(self.artifacts), **self.settings, **more})

    def serve(self, *args: str, home: pathlib.Path = None, data: pathlib.Path = None,
              **more: str) -> server:
        home = home or self.folder()
        one = server(data or home / "data", "--workers", "0", *args, env=self.env(home, **more),
                     log=home / "serve.log")
        self.addCleanup(one.kill)
        return one

    def work(self, *args: str, home: pathlib.Path = None, data: pathlib.Path = None,
             **more: str) -> worker:
        home = home or self.folder()
        one = worker(data or home / "data", home / "worker.log", self.env(home, **more), *args)
        self.addCleanup(one.kill)
        return one

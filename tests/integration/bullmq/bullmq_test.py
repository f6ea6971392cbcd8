"""Our queue on Redis and stock BullMQ share queues: interop.mjs under each supported version."""
import os
import subprocess
import unittest
from pathlib import Path

from support import npm, servers

HERE = Path(__file__).resolve().parent
DRIVER = os.environ["SON1K_QUEUE_DRIVER"]


def modules(version):
    """The folder that holds this version."""
    return npm.packages(version, f"bullmq@{version}", "ioredis@^5.8.0")


def board():
    """The folder that holds what board/package-lock.json names."""
    npm.need("chromium")
    return npm.locked(HERE / "board", "board")


class held(unittest.TestCase):
    def hold(self, folder, name, at_least):
        redis = servers.redis("--appendonly", "no")
        self.addCleanup(redis.close)
        done = subprocess.run(["node", HERE / "interop.mjs", folder, DRIVER, str(redis.port),
                               redis.folder, name], capture_output=True, text=True, timeout=180)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(done.stdout.count("\nok ") + 1, at_least, done.stdout)


class rules:
    """Each file of rules beside each version."""

    version = ""

    def test_jobs(self):
        self.hold(modules(self.version), "rules_jobs.mjs", 9)

    def test_duties_of_workers(self):
        self.hold(modules(self.version), "rules_duties.mjs", 11)

    def test_control(self):
        self.hold(modules(self.version), "rules_control.mjs", 15)

    def test_crashes(self):
        self.hold(modules(self.version), "rules_crashes.mjs", 4)

    def test_bad_input(self):
        self.hold(modules(self.version), "rules_bad.mjs", 6)


class Version5(rules, held):
    version = "~5.81.0"


class Version6(rules, held):
    version = "6.7.0"


class Board(held):
    def test_board(self):
        self.hold(board(), "rules_board.mjs", 5)


if __name__ == "__main__":
    unittest.main()

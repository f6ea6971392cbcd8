"""Our nodes and servers of Socket.IO in Node share rooms over one Redis: interop.mjs for each wire
format."""
import os
import subprocess
import unittest
from pathlib import Path

from support import npm, servers

HERE = Path(__file__).resolve().parent
DRIVER = os.environ["SON1K_CLUSTER_DRIVER"]
SERVER = os.environ["SON1K_CLUSTER_SERVER"]


class held(unittest.TestCase):
    def hold(self, program, how, rules, at_least):
        redis = servers.redis("--appendonly", "no")
        self.addCleanup(redis.close)
        modules = npm.locked(HERE, "socketio-cluster")
        done = subprocess.run(["node", HERE / "interop.mjs", modules, program, str(redis.port),
                               how, rules], capture_output=True, text=True, timeout=180)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(done.stdout.count("\nok ") + 1, at_least, done.stdout)


class Formats(held):
    """What the formats say, part by part."""

    def test_streams(self):
        self.hold(DRIVER, "streams", "rules.mjs", 15)

    def test_streams_before_0_3(self):
        self.hold(DRIVER, "streams-0.2", "rules.mjs", 15)

    def test_classic(self):
        self.hold(DRIVER, "classic", "rules.mjs", 16)


class Servers(held):
    """A whole server of ours beside one in Node, with clients at both."""

    def test_streams(self):
        self.hold(SERVER, "streams", "rules_hub.mjs", 7)

    def test_streams_before_0_3(self):
        self.hold(SERVER, "streams-0.2", "rules_hub.mjs", 7)

    def test_classic(self):
        self.hold(SERVER, "classic", "rules_hub.mjs", 5)


if __name__ == "__main__":
    unittest.main()

"""Our queue on Redis and stock BullMQ share queues: interop.mjs under each supported version.

BullMQ comes from npm into a folder that is kept between runs (SON1K_NPM_FOLDER, or one in the
system's temporary folder). Without node, npm, redis-server or a way to the registry the test is
skipped, unless CI=true."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
DRIVER = os.environ["SON1K_QUEUE_DRIVER"]
KEPT = Path(os.environ.get("SON1K_NPM_FOLDER", Path(tempfile.gettempdir()) / "son1k-npm"))


def absent(test, why):
    if os.environ.get("CI") == "true":
        test.fail(why)
    test.skipTest(why)


def modules(test, version):
    """The folder that holds this version."""
    for program in ("node", "npm", "redis-server"):
        if not shutil.which(program):
            absent(test, f"{program} is not there")
    folder = KEPT / version
    if not (folder / "node_modules" / "bullmq").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"name": "bullmq-here", "private": true}\n')
        done = subprocess.run(["npm", "install", "--no-save", "--ignore-scripts", "--no-audit",
                               "--no-fund", f"bullmq@{version}", "ioredis@^5.8.0"],
                              cwd=folder, capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            absent(test, f"npm install failed: {done.stderr[-300:]}")
    return folder


class Redis:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.folder.name], stdout=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        raise RuntimeError("redis-server does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.folder.cleanup()


class BullMQ(unittest.TestCase):
    def share_a_queue(self, version):
        folder = modules(self, version)
        with Redis() as redis:
            database = Path(redis.folder.name) / "queue.db"
            done = subprocess.run(["node", HERE / "interop.mjs", folder, DRIVER, str(redis.port),
                                   database], capture_output=True, text=True, timeout=150)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(done.stdout.count("\nok ") + 1, 9, done.stdout)

    def test_version_5(self):
        self.share_a_queue("~5.81.0")

    def test_version_6(self):
        self.share_a_queue("6.7.0")


if __name__ == "__main__":
    unittest.main()

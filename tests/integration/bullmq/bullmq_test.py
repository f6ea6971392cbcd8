"""Our queue on Redis and stock BullMQ share queues: interop.mjs under each supported version.

BullMQ comes from npm into a folder that is kept between runs (SON1K_NPM_FOLDER, or one in the
system's temporary folder). Without node, npm, redis-server or a way to the registry the test is
skipped, unless CI=true."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import servers
from support.program import must_run_here

HERE = Path(__file__).resolve().parent
DRIVER = os.environ["SON1K_QUEUE_DRIVER"]
KEPT = Path(os.environ.get("SON1K_NPM_FOLDER", Path(tempfile.gettempdir()) / "son1k-npm"))


def modules(version):
    """The folder that holds this version."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            must_run_here(f"{program} is not there")
    folder = KEPT / version
    if not (folder / "node_modules" / "bullmq").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"name": "bullmq-here", "private": true}\n')
        done = subprocess.run(["npm", "install", "--no-save", "--ignore-scripts", "--no-audit",
                               "--no-fund", f"bullmq@{version}", "ioredis@^5.8.0"],
                              cwd=folder, capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            must_run_here(f"npm install failed: {done.stderr[-300:]}")
    return folder


class rules:
    """Each file of rules beside each version."""

    version = ""

    def hold(self, name, at_least):
        folder = modules(self.version)
        redis = servers.redis("--appendonly", "no")
        self.addCleanup(redis.close)
        done = subprocess.run(["node", HERE / "interop.mjs", folder, DRIVER, str(redis.port),
                               redis.folder, name], capture_output=True, text=True, timeout=180)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(done.stdout.count("\nok ") + 1, at_least, done.stdout)

    def test_jobs(self):
        self.hold("rules_jobs.mjs", 9)

    def test_duties_of_workers(self):
        self.hold("rules_duties.mjs", 10)

    def test_control(self):
        self.hold("rules_control.mjs", 15)

    def test_crashes(self):
        self.hold("rules_crashes.mjs", 4)

    def test_bad_input(self):
        self.hold("rules_bad.mjs", 6)


class Version5(rules, unittest.TestCase):
    version = "~5.81.0"


class Version6(rules, unittest.TestCase):
    version = "6.7.0"


if __name__ == "__main__":
    unittest.main()

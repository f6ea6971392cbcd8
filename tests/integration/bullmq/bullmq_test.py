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


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            must_run_here(f"{program} is not there")


def install(folder, *packages):
    done = subprocess.run(["npm", "install", "--no-save", "--ignore-scripts", "--no-audit",
                           "--no-fund", *packages], cwd=folder, capture_output=True, text=True,
                          timeout=180)
    if done.returncode != 0:
        must_run_here(f"npm install failed: {done.stderr[-300:]}")
    return folder


def modules(version):
    """The folder that holds this version."""
    need("node", "npm")
    folder = KEPT / version
    if (folder / "node_modules" / "bullmq").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"name": "bullmq-here", "private": true}\n')
    return install(folder, f"bullmq@{version}", "ioredis@^5.8.0")


def board():
    """The folder that holds what board/package-lock.json names."""
    need("node", "npm", "chromium")
    wanted = (HERE / "board" / "package-lock.json").read_text()
    folder = KEPT / "board"
    there = folder / "package-lock.json"
    if there.exists() and there.read_text() == wanted and (folder / "node_modules").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "board", folder)
    install(folder)
    there.write_text(wanted)
    return folder


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

"""Stock socket.io-client against our Socket.IO server, in Node (clients.mjs) and in Debian's
Chromium (browser.mjs)."""
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from support import npm
from support.program import must_run_here

HERE = Path(__file__).resolve().parent
FIXTURE = os.environ["SON1K_SOCKETIO_FIXTURE"]
SECONDS = 240


class stock_clients(unittest.TestCase):
    def hold(self, script: str, rules: int) -> None:
        folder = npm.locked(HERE, "socketio")
        shutil.copy(HERE / script, folder)
        with subprocess.Popen([FIXTURE, "--suite", "clients", "--port", "0"],
                              stdout=subprocess.PIPE, text=True) as server:
            try:
                port = server.stdout.readline().split()[-1]
                done = subprocess.run(["node", script, port], cwd=folder, text=True,
                                      capture_output=True, timeout=SECONDS)
                self.assertIsNone(server.poll(), "the server died")
            finally:
                server.terminate()
                self.assertEqual(server.wait(20), 0)
        held = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(len(held), rules, done.stdout)

    def test_every_rule_holds(self):
        self.hold("clients.mjs", 10)

    def test_every_rule_holds_in_a_browser(self):
        if not shutil.which("chromium"):
            must_run_here("chromium is not installed")
        self.hold("browser.mjs", 3)


if __name__ == "__main__":
    unittest.main()

"""The tour of docs/api.md, run as it is written."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from support.program import decoded_seconds, environment, must_run_here, program_case

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCKS_MIN = 8
TOUR_SECONDS = 240


def blocks() -> list:
    """The fenced blocks that are part of the tour, in order."""
    return re.findall(r"^```bash tour\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S)


class tour(program_case):
    def test_its_commands_lead_from_an_account_to_a_finished_song(self):
        for tool in ("bash", "curl", "sed", "seq"):
            if shutil.which(tool) is None:
                must_run_here(f"{tool} is not installed (tools/setup)")
        told = blocks()
        self.assertGreaterEqual(len(told), BLOCKS_MIN)
        home = self.folder()
        server = self.serve("--workers", "1", data_dir=home / "data",
                            env=environment(home))
        here = home / "here"
        here.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": str(here), "LC_ALL": "C.UTF-8",
               "SON1K_URL": server.hello["address"]}
        script = "set -euo pipefail\n" + "".join(told)
        done = subprocess.run(["bash", "-c", script], cwd=here, env=env, timeout=TOUR_SECONDS,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, (done.stdout[-2000:], done.stderr[-2000:]))
        self.assertAlmostEqual(decoded_seconds(here / "song.mp3"), 5, delta=0.5)
        self.assertEqual((here / "start.mp3").read_bytes(),
                         (here / "song.mp3").read_bytes()[:10_000])
        self.assertEqual((here / "song.mid").read_bytes()[:4], b"MThd")
        self.assertEqual({f.name for f in here.iterdir()}, {"song.mp3", "start.mp3", "song.mid"})
        said = done.stdout.decode()
        self.assertIn('"email":"ana@example.org"', said)
        self.assertIn('"revoked":true', said)
        self.assertIn('"loggedOut":true', said)


if __name__ == "__main__":
    unittest.main()

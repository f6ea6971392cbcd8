"""`son1k worker` beside a program that has BullMQ: it runs that one's jobs, and refuses a fleet of
another version than it was told."""
import json
import subprocess

from bullmq_test import HERE, modules
from support.cluster import cluster_case
from support.program import eventually, run

QUEUE = "shared-1"  # as interop.mjs names the first


class Program(cluster_case):
    settings = {"SON1K_BULLMQ_SHARED": "true", "SON1K_BULLMQ_METRICS": "60"}

    def node(self, folder):
        done = subprocess.run(["node", HERE / "interop.mjs", folder, "none", str(self.redis.port),
                               self.folder(), "rules_program.mjs"], capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("ok ", done.stdout)

    def test_jobs_of_both_versions_are_run_and_no_version_beside_another(self):
        for version, setting, other in (("~5.81.0", "5", "6"), ("6.7.0", "6", "5")):
            with self.subTest(version=version):
                folder = modules(version)
                self.redis.ask("FLUSHALL")
                ours = self.work("--queue", QUEUE, "--probe", SON1K_BULLMQ_VERSION=setting)
                self.node(folder)
                self.assertEqual(ours.end(), 0)
                self.assertEqual(self.fleet(setting), "ok")
                self.assertEqual(self.fleet(other), "bad")
                wrong = self.work("--queue", QUEUE, "--probe", SON1K_BULLMQ_VERSION=other)
                eventually(lambda: f"SON1K_BULLMQ_VERSION is {other}" in wrong.log.read_text(), 30,
                           "it says why it takes no jobs")
                wrong.end()

    def fleet(self, setting):
        """What doctor says of the fleet."""
        home = self.folder()
        done = run("doctor", "--data-dir", str(home / "data"), "--json", cwd=home,
                   env=self.env(home, SON1K_BULLMQ_VERSION=setting))
        rows = json.loads(done.stdout)["data"]
        return {row["about"]: row["verdict"] for row in rows}["redis fleet"]

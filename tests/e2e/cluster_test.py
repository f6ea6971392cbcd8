"""The cluster profile as people meet it: servers and workers in processes of their own, over one
PostgreSQL and one Redis."""

import unittest

from support import servers
from support.cluster import cluster_case
from support.program import environment, eventually, run


class ClusterTest(cluster_case):
    def test_a_piece_asked_of_one_server_is_made_by_a_worker_and_served_by_another(self):
        first, second = self.serve(), self.serve()
        piece = first.api.create("calm piano in C", duration=5)
        self.assertEqual(first.api.piece(piece)["status"], "pending")
        self.work()
        told = second.api.wait_for(piece, "completed")
        self.assertEqual(told["progress"], 100)
        audio = second.api.get(f"/api/generation/{piece}/audio")
        self.assertEqual(audio.status, 200)
        self.assertGreater(len(audio.body), 10_000)

    def test_the_jobs_of_one_server_are_seen_counted_and_cancelled_by_another(self):
        first, second = self.serve("--probe"), self.serve("--probe")
        for number in range(20):
            made = first.api.post("/api/jobs", {"queue": "probe", "kind": "probe",
                                                "id": f"p-{number}", "data": {}})
            self.assertEqual(made.status, 202, made.body)
        self.assertEqual(second.api.get("/api/queues/probe").data["counts"]["waiting"], 20)
        self.assertEqual(second.api.post("/api/jobs/p-3/cancel?queue=probe").status, 200)
        self.assertEqual(first.api.get("/api/queues/probe").data["counts"]["waiting"], 19)
        self.work("--probe", "--queue", "probe")
        eventually(lambda: first.api.get("/api/queues/probe").data["counts"]["completed"] == 19,
                   30, "all but the cancelled one have completed")

    def test_a_fleet_of_worker_processes_drains_at_the_end(self):
        home = self.serve("--probe")
        fleet = self.work("--probe", "--queue", "probe", "--processes", "2")
        jobs = [{"queue": "probe", "kind": "probe", "data": {"sleepMs": 20}} for _ in range(200)]
        self.assertEqual(home.api.post("/api/jobs/many", {"jobs": jobs}).status, 202)
        eventually(lambda: home.api.get("/api/queues/probe").data["counts"]["completed"] == 200,
                   60, "all have completed")
        self.assertEqual(fleet.end(), 0)

    def test_what_is_wrong_with_the_two_urls_is_said(self):
        home = self.folder()
        both = {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.redis.url}
        nobody = f"127.0.0.1:{servers.free_port()}"
        wrong = (
            ("REDIS_URL", "", "redis_url", 4),
            ("DATABASE_URL", "", "database_url", 4),
            ("DATABASE_URL", f"postgresql://u:hunter2@{nobody}/x", nobody, 3),
            ("REDIS_URL", f"redis://:hunter2@{nobody}", nobody, 3),
            ("REDIS_URL", "rodis://:hunter2@h", "redis_url", 2),
        )
        for name, value, told, code in wrong:
            with self.subTest(name=name, value=value):
                env = environment(home, **{**both, name: value})
                done = run("serve", "--port", "0", "--data-dir", str(home / "data"), "--json",
                           cwd=home, env=env)
                said = done.stdout + done.stderr
                self.assertEqual(done.returncode, code, said)
                self.assertIn(told.encode(), said)
                self.assertNotIn(b"hunter2", said)


if __name__ == "__main__":
    unittest.main()

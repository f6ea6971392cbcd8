"""The cluster profile as people meet it: servers and workers in processes of their own, over one
PostgreSQL and one Redis."""

import json
import pathlib
import secrets
import unittest
import urllib.parse

from support import servers
from support.cluster import cluster_case
from support.program import client, environment, eventually, run, server


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
        # What was acknowledged stands in PostgreSQL; Redis is told at once, but afterwards.
        def waiting(home, count: int) -> None:
            eventually(lambda: home.api.get("/api/queues/probe").data["counts"]["waiting"] == count,
                       30, f"{count} wait")
        waiting(second, 20)
        self.assertEqual(second.api.post("/api/jobs/p-3/cancel?queue=probe").status, 200)
        waiting(first, 19)
        self.work("--probe", "--queue", "probe")
        eventually(lambda: first.api.get("/api/queues/probe").data["counts"]["completed"] == 19,
                   30, "all but the cancelled one have completed")

    def test_who_serves_no_api_tells_its_figures_on_a_port_of_its_own(self):
        ports = [servers.free_port(), servers.free_port()]
        self.work("--metrics-port", str(ports[0]))
        self.work("--processes", "1", METRICS_PORT=str(ports[1]))
        for port in ports:
            api = client(f"http://127.0.0.1:{port}")
            told = api.get("/metrics").body.decode()
            for name in ("son1k_build_info", "son1k_reconciler_leads", "son1k_redis_up",
                         "son1k_history_recorded_total", "process_resident_memory_bytes"):
                self.assertIn(name, told)
            self.assertEqual(api.get("/health").data["services"]["queue"], "up")
            self.assertEqual(api.get("/ready").status, 200)
            self.assertEqual(api.get("/api/queues").status, 404, "nothing else is there")
        home = self.folder()
        taken = run("worker", "--data-dir", str(home / "data"), "--metrics-port", str(ports[0]),
                    cwd=home, env=self.env(home))
        self.assertNotEqual(taken.returncode, 0)
        self.assertIn(b"metrics_port", taken.stderr)

    def test_a_fleet_of_worker_processes_drains_at_the_end(self):
        home = self.serve("--probe")
        fleet = self.work("--probe", "--queue", "probe", "--processes", "2")
        jobs = [{"queue": "probe", "kind": "probe", "data": {"sleepMs": 20}} for _ in range(200)]
        self.assertEqual(home.api.post("/api/jobs/many", {"jobs": jobs}).status, 202)
        eventually(lambda: home.api.get("/api/queues/probe").data["counts"]["completed"] == 200,
                   60, "all have completed")
        self.assertEqual(fleet.end(), 0)

    def add(self, to: server, count: int, **data) -> None:
        jobs = [{"queue": "probe", "kind": "probe", "data": data, "options": {"attempts": 1}}
                for _ in range(count)]
        self.assertEqual(to.api.post("/api/jobs/many", {"jobs": jobs}).status, 202)

    def found(self, by: server, query: str) -> list:
        return by.api.get(f"/api/jobs?limit=100&q={urllib.parse.quote(query)}").data

    def test_a_job_that_a_worker_ran_is_found_by_every_server_when_the_queue_has_forgotten_it(self):
        first, second = self.serve("--probe"), self.serve("--probe")
        hand = self.work("--probe", "--queue", "probe")
        self.add(first, 30, result={"note": "the quick brown fox"})
        query = 'data.result.note~"brown fox" state:completed'
        for one in (first, second):
            eventually(lambda: len(self.found(one, query)) == 30, 30, "all are found")
        cleaned = first.api.post("/api/queues/probe/clean",
                                 {"state": "completed", "limit": 1000})
        self.assertLess(cleaned.status, 300, cleaned.body)
        eventually(lambda: first.api.get("/api/queues/probe").data["counts"]["completed"] == 0,
                   30, "the queue has forgotten them")
        self.assertEqual(len(self.found(second, query)), 30)
        self.assertEqual(hand.end(), 0)
        one = self.found(first, query)[0]
        story = second.api.get(f"/api/jobs/{one['jobId']}?queue=probe").data
        self.assertEqual(story["state"], "completed")

    def test_dead_letters_of_a_worker_are_seen_by_one_server_and_replayed_by_another(self):
        first, second = self.serve("--probe"), self.serve("--probe")
        self.work("--probe", "--queue", "probe")
        self.add(first, 5, failTimes=9, failWith="no answer from 10.0.0.7:80")

        def group():
            groups = first.api.get("/api/dead-letters").data
            return groups[0] if groups and groups[0]["jobs"] == 5 else None
        path = f"/api/dead-letters/{eventually(group, 30, 'a group of five')['fingerprint']}/replay"
        done = second.api.post(path, {})
        self.assertEqual((done.status, done.data["retried"]), (200, 5), done.body)
        one = self.found(second, "queue:probe state:failed")[0]["jobId"]

        def starts():
            story = first.api.get(f"/api/jobs/{one}?queue=probe").data
            return len([e for e in story["timeline"] if e["event"] == "started"])
        eventually(lambda: starts() == 2, 30, "the second run is in the history")
        # They failed once more, so they are letters again.
        path = f"/api/dead-letters/{eventually(group, 30, 'a group again')['fingerprint']}"
        gone = second.api.call("DELETE", path)
        self.assertEqual((gone.status, gone.data["purged"]), (200, 5), gone.body)
        self.assertEqual(first.api.get(path).status, 404)

    def test_processes_may_share_a_data_folder_or_have_none(self):
        data = self.folder() / "data"
        first, second = self.serve("--probe", data=data), self.serve("--probe", data=data)
        self.work("--probe", "--queue", "probe", data=data)
        # Without a folder nobody can read a token in it.
        secret = secrets.token_hex(32)
        third = self.serve("--probe", data=pathlib.Path("/proc/nowhere/data"),
                           BACKEND_SECRET=secret)
        self.assertEqual((third.token, third.api.get("/api/jobs").status), ("", 401))
        third.api.token = secret
        self.work("--probe", "--queue", "probe", data=pathlib.Path("/proc/nowhere/data"))
        self.add(first, 20, result=1)
        for one in (first, second, third):
            eventually(lambda: len(self.found(one, "queue:probe state:completed")) == 20, 30,
                       "all are found")
        # Commands find the one that started last, whichever ends first.
        self.assertEqual(first.terminate(), 0)
        noted = json.loads((data / "server.json").read_text())["address"]
        self.assertEqual(noted, second.hello["address"])

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

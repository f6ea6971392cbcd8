"""The lasting history in the running program, in the data folder and on the servers of a cluster:
dead letters, replay, and what a crash leaves."""

import unittest
import urllib.parse

from support import servers
from support.program import client, environment, eventually, program_case, server

QUEUE = "probe"


class history_case(program_case):
    def start(self) -> None:
        env = environment(self.data.parent, **self.place)
        self.home: server = self.serve("--probe", data_dir=self.data, env=env)
        self.api: client = self.home.api

    def setUp(self) -> None:
        super().setUp()
        self.data = self.folder() / "data"
        self.place = self.open_place()
        self.start()

    def open_place(self) -> dict:
        """Settings of where the history is."""
        return {}

    def add(self, count: int, **data) -> list:
        jobs = [{"queue": QUEUE, "kind": "probe", "data": data, "options": {"attempts": 1}}
                for _ in range(count)]
        made = self.api.post("/api/jobs/many", {"jobs": jobs})
        self.assertEqual(made.status, 202, made.body)
        return [one["jobId"] for one in made.data["jobs"]]

    def groups(self) -> list:
        return self.api.get("/api/dead-letters").data

    def group_of(self, letters: int) -> dict:
        def look():
            found = [g for g in self.groups() if g["jobs"] == letters]
            return found[0] if found else None
        return eventually(look, 30, f"a group of {letters}")

    def found(self, query: str) -> int:
        words = urllib.parse.quote(query)
        return len(self.api.get(f"/api/jobs?q={words}&limit=100").data)


class on_servers:
    """The same over PostgreSQL and Redis."""

    def open_place(self) -> dict:
        postgres, redis = servers.postgres(), servers.redis()
        self.addCleanup(postgres.close)
        self.addCleanup(redis.close)
        return {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url}


class dead_letters(history_case):
    def test_failures_alike_are_replayed_together(self):
        self.add(3, failTimes=9, failWith="no answer from 10.0.0.7:80 after 12 s")
        self.add(2, failTimes=9, failWith="the disk is full")
        group = self.group_of(3)
        wanted = ("son1k_history_recorded_total 5", "son1k_history_dropped_total 0",
                  "son1k_history_buffered 0", 'son1k_dead_letters{queue="probe"} 5',
                  'son1k_dead_letter_groups{queue="probe"} 2')
        eventually(lambda: set(wanted) <= set(self.api.get("/metrics").body.decode().splitlines()),
                   30, "the figures tell of it")
        self.assertEqual((group["queue"], group["kind"]), (QUEUE, "probe"))
        self.assertEqual(group["error"]["message"], "no answer from 10.0.0.7:80 after 12 s")
        path = f"/api/dead-letters/{group['fingerprint']}"
        letters = self.api.get(path).data["jobs"]
        self.assertEqual(len(letters), 3)

        first = letters[0]["jobId"]
        done = self.api.post(path + "/replay", {"queue": QUEUE, "id": first})
        self.assertEqual((done.status, done.data["retried"]), (200, 1), done.body)
        # It fails once more, so it is a letter again, with two runs behind it.
        self.group_of(3)

        def runs():
            story = self.api.get(f"/api/jobs/{first}?queue={QUEUE}").data
            starts = [e for e in story["timeline"] if e["event"] == "started"]
            return story if len(starts) == 2 else None
        eventually(runs, 30, "two starts")

        gone = self.api.call("DELETE", path)
        self.assertEqual((gone.status, gone.data["purged"]), (200, 3), gone.body)
        self.assertEqual(self.api.get(path).status, 404)
        self.assertEqual(len(self.groups()), 1)
        self.assertEqual(self.found("state:failed"), 5)

    def test_a_replay_by_filter_is_a_job(self):
        self.add(4, failTimes=9, failWith="sorry")
        self.group_of(4)
        made = self.api.post("/api/dead-letters/replay", {"query": "error~sorry queue:probe"})
        self.assertEqual((made.status, made.data["matches"]), (202, 4), made.body)

        def ended():
            job = self.api.get(f"/api/jobs/{made.data['jobId']}?queue=system").data
            return job if job["state"] == "completed" else None
        result = eventually(ended, 30, "the replay ends")["result"]
        self.assertEqual(result["changed"], 4)

    def test_bad_requests_are_told_what_is_wrong(self):
        for body, field in (({}, "query"), ({"query": ""}, "query"), ({"query": "x"}, "query"),
                            ({"query": "state:failed", "more": 1}, "more")):
            bad = self.api.post("/api/dead-letters/replay", body)
            self.assertEqual((bad.status, bad.error["details"]["field"]), (422, field), bad.body)
        none = self.api.post("/api/dead-letters/replay", {"query": "user:nobody"})
        self.assertEqual(none.status, 404)
        self.assertEqual(self.api.get("/api/dead-letters?limit=0").status, 422)
        self.assertEqual(self.api.get("/api/dead-letters?cursor=zz").status, 422)
        self.assertEqual(self.api.get("/api/dead-letters/0123").status, 404)


class crashes(history_case):
    def test_what_ended_before_a_kill_is_in_the_history_after_it(self):
        ids = self.add(40, result="ok") + self.add(10, failTimes=9, failWith="no")
        eventually(lambda: self.found("state:failed") == 10, 30, "all ended")
        late = self.add(50, result="ok")

        def all_ended():
            states = [self.api.get(f"/api/jobs/{i}?queue={QUEUE}").data["state"] for i in late]
            return all(s == "completed" for s in states)
        eventually(all_ended, 30, "the late ones ended")
        self.home.kill()
        self.start()
        # On servers somebody else may have to read the last moment's from the queue.
        eventually(lambda: self.found("state:completed queue:probe") == 90, 150, "all are found")
        self.assertEqual(self.found("state:failed queue:probe"), 10)
        self.assertEqual(self.group_of(10)["jobs"], 10)
        self.assertEqual(len(ids) + len(late), 100)


class dead_letters_on_servers(on_servers, dead_letters):
    pass


class crashes_on_servers(on_servers, crashes):
    pass


if __name__ == "__main__":
    unittest.main()

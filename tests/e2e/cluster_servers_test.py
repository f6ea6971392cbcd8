"""Servers that the cluster profile cannot work with: what is said at the start, and by doctor."""

import json
import pathlib
import unittest

from support import servers
from support.cluster import cluster_case
from support.program import eventually, run

REFUSED, AWAY = 4, 3  # exit codes


class ClusterServersTest(cluster_case):
    def ran(self, *args: str, **urls: str) -> tuple:
        """Exit code, and all that was said."""
        home = self.folder()
        done = run(*args, "--data-dir", str(home / "data"), "--json", cwd=home,
                   env=self.env(home, **urls))
        return done.returncode, (done.stdout + done.stderr).decode()

    def advised(self, **urls: str) -> dict:
        """What doctor finds amiss: about -> verdict."""
        home = self.folder()
        done = run("doctor", "--data-dir", str(home / "data"), "--json", cwd=home,
                   env=self.env(home, **urls))
        rows = json.loads(done.stdout)["data"]
        for row in rows:
            if row["verdict"] != "ok":
                self.assertTrue(row["advice"] or row["what"], row)
        return {row["about"]: row["verdict"] for row in rows if row["verdict"] != "ok"}

    def refused_at_start(self, code: int, words: str, **urls: str) -> None:
        for command in (["serve", "--port", "0"], ["worker"], ["scheduler"]):
            with self.subTest(command=command[0], words=words):
                got, said = self.ran(*command, **urls)
                self.assertEqual(got, code, said)
                self.assertIn(words, said)
                self.assertNotIn("hunter2", said)

    def more_redis(self, *options: str) -> servers.redis:
        one = servers.redis(*options)
        self.addCleanup(one.close)
        return one

    def test_servers_in_order_leave_doctor_nothing_to_say(self):
        self.assertEqual(self.ran("migrate", "up")[0], 0)
        self.assertEqual(self.advised(), {})

    def test_a_replica_of_redis_is_named(self):
        replica = self.more_redis("--replicaof", f"127.0.0.1 {self.redis.port}")
        eventually(lambda: b"master_link_status:up" in replica.ask("INFO", "replication"), 30,
                   "the replica follows")
        self.refused_at_start(AWAY, "it takes no writes", REDIS_URL=replica.url)
        self.assertEqual(self.advised(REDIS_URL=replica.url).get("redis"), "bad")

    def test_a_redis_that_evicts_is_warned_about_and_refused_by_doctor(self):
        evicting = self.more_redis("--maxmemory-policy", "allkeys-lru", "--maxmemory", "50mb")
        server = self.serve(REDIS_URL=evicting.url)
        self.assertIn("allkeys-lru", server.log_tail())
        self.assertEqual(self.advised(REDIS_URL=evicting.url).get("redis memory"), "bad")

    def test_wrong_passwords_are_told_and_not_shown(self):
        locked = self.more_redis()
        locked.ask("CONFIG", "SET", "requirepass", "right")
        self.refused_at_start(REFUSED, "WRONGPASS",
                              REDIS_URL=f"redis://:hunter2@127.0.0.1:{locked.port}")
        self.refused_at_start(REFUSED, "NOAUTH", REDIS_URL=locked.url)
        self.postgres.rows("CREATE ROLE locked LOGIN PASSWORD 'right'")
        rules = pathlib.Path(self.postgres.folder) / "data" / "pg_hba.conf"
        rules.write_text("host all locked all scram-sha-256\n" + rules.read_text())
        self.postgres.rows("SELECT pg_reload_conf()")
        where = f"127.0.0.1:{self.postgres.port}/postgres"
        self.refused_at_start(REFUSED, "password",
                              DATABASE_URL=f"postgresql://locked:hunter2@{where}")

    def test_a_database_for_reading_is_named(self):
        self.postgres.rows("ALTER DATABASE postgres SET default_transaction_read_only = on")
        self.refused_at_start(REFUSED, "reading only")
        self.assertEqual(self.advised().get("postgres"), "bad")

    def test_a_schema_of_a_newer_program_is_left_alone(self):
        self.assertEqual(self.ran("migrate", "up")[0], 0)
        self.postgres.rows("INSERT INTO schema_migration (version, name, applied_at_ms, checksum) "
                           "VALUES (9999, 'of the future', 0, '')")
        self.refused_at_start(REFUSED, "newer")
        self.assertEqual(self.advised().get("jobs database"), "bad")


if __name__ == "__main__":
    unittest.main()

"""Webhooks where servers and workers are many: each message is sent once while nothing dies, and
what a Redis forgets is sent all the same."""

import json
import unittest

from support.cluster import cluster_case
from support.program import eventually
from webhooks_test import receiver

MESSAGES = 12


class webhooks_cluster(cluster_case):
    settings = {"WEBHOOK_ALLOW_PRIVATE": "127.0.0.1"}

    def setUp(self) -> None:
        super().setUp()
        self.to = receiver()
        self.addCleanup(self.to.close)
        self.servers = [self.serve(), self.serve()]
        made = self.servers[0].api.post("/api/webhooks", {"url": self.to.url})
        self.assertEqual(made.status, 201, made.body)
        self.hook = made.data["id"]

    def cancel_pieces(self, count: int) -> set:
        """On one server and the other by turns; their ids."""
        out = set()
        for number in range(count):
            api = self.servers[number % 2].api
            piece = api.create("long slow ambient", duration=60)
            self.assertEqual(api.post(f"/api/generation/{piece}/cancel").status, 200)
            out.add(piece)
        return out

    def told(self, count: int) -> list:
        return [json.loads(self.to.next()[2])["data"]["generationId"] for _ in range(count)]

    def in_state(self, state: str) -> int:
        path = f"/api/webhooks/{self.hook}/deliveries?limit=100&state={state}"
        return len(self.servers[1].api.get(path).json()["data"])

    def test_many_processes_send_each_message_once(self):
        self.work()
        self.work()
        pieces = self.cancel_pieces(MESSAGES)
        self.assertEqual(set(self.told(MESSAGES)), pieces)
        eventually(lambda: self.in_state("delivered") == MESSAGES, 60, "all are delivered")
        self.assertTrue(self.to.got.empty(), "no message came twice")

    def test_an_emptied_redis_loses_no_message(self):
        pieces = self.cancel_pieces(MESSAGES)

        def queued():
            counts = self.servers[0].api.get("/api/queues/webhooks").data["counts"]
            return counts["waiting"] == MESSAGES
        eventually(queued, 60, "every message has its job")
        self.assertIn(b"OK", self.redis.ask("FLUSHALL"))
        self.work()
        seen: set = set()
        while seen != pieces:
            seen.update(self.told(1))
        eventually(lambda: self.in_state("delivered") == MESSAGES, 60, "all are delivered")
        self.assertEqual(self.in_state("pending"), 0)


if __name__ == "__main__":
    unittest.main()

"""Two servers behind a balancer without memory: each request of the stock client, polls included,
lands at another server than the one before."""

import json
import re
import unittest

from support.cluster import cluster_case
from support.program import eventually
from support.socketio import live_clients
from support.turning_proxy import turning_proxy

EVENTS = 1_000
POLLING = {"transports": ["polling"]}


class TurningTest(cluster_case):
    def setUp(self) -> None:
        super().setUp()
        self.clients = live_clients()
        self.addCleanup(self.clients.close)
        self.servers = [self.serve(), self.serve()]
        # The local account's, and good at both.
        self.key = self.servers[0].api.post("/api/user/tokens", {"name": "all"}).data["key"]
        self.proxy = turning_proxy(*(one.hello["address"] for one in self.servers))
        self.addCleanup(self.proxy.close)

    def say(self, first: int, count: int, room: str = "") -> None:
        """Broadcasts as any program that emits through this Redis does."""
        for n in range(first, first + count):
            data = {"packet": {"type": 2, "data": ["news", {"n": n}], "nsp": "/"},
                    "opts": {"rooms": [room] if room else [], "except": [], "flags": {}}}
            self.redis.ask("XADD", "socket.io", "*", "uid", "emitter", "nsp", "/", "type", "3",
                           "data", json.dumps(data))

    def heard(self, name: str) -> list:
        return [x["data"]["n"] for x in self.clients.heard
                if x["name"] == name and x.get("event") == "news"]

    def hears(self, name: str, last: int) -> None:
        self.clients.until(lambda x: x["name"] == name and x.get("event") == "news"
                           and x["data"]["n"] == last, f"{name} hears {last}", 300)

    def ends(self, name: str) -> list:
        return [x["reason"] for x in self.clients.heard
                if x["name"] == name and x.get("event") == "disconnect"]

    def figure(self, server, pattern: str) -> float:
        text = server.api.get("/metrics").body.decode()
        return float(re.search(rf"^{pattern} (\S+)$", text, re.MULTILINE).group(1))

    def hold_both(self, name: str, **options) -> None:
        """Eight clients, half of them at each server."""
        for n in range(8):
            self.clients.begin(f"{name}{n}", self.proxy.url, self.key, **options)
            self.clients.event(f"{name}{n}", "connect")
        for server in self.servers:
            self.assertEqual(self.figure(server, "son1k_realtime_sockets"), 4)

    def test_over_polling_each_of_1000_events_comes_once_and_calls_are_answered(self):
        self.hold_both("p", **POLLING)
        room = self.servers[0].api.post("/api/collaboration/rooms", {"name": "studio"}).data["id"]
        for n in range(8):
            ack = self.clients.call(f"p{n}", "join_room", {"roomId": room})
            self.assertTrue(ack["success"], ack)
        self.say(0, EVENTS, f"room:{room}")
        for n in range(8):
            self.hears(f"p{n}", EVENTS - 1)
            self.assertEqual(self.heard(f"p{n}"), list(range(EVENTS)))
            self.assertEqual(self.ends(f"p{n}"), [])
        for server in self.servers:
            self.assertGreater(
                self.figure(server, r'son1k_realtime_forwarded_total\{outcome="answered"\}'), 0)
            self.assertEqual(self.figure(server, "son1k_realtime_forwards_forged_total"), 0)

    def test_polling_that_is_upgraded_goes_on_over_a_websocket(self):
        self.hold_both("u")

        def all_upgraded() -> bool:
            return sum(self.figure(one, r'son1k_realtime_connections\{transport="websocket"\}')
                       for one in self.servers) == 8

        eventually(all_upgraded, 120, "all are upgraded")
        self.assertGreater(sum(self.figure(one, "son1k_realtime_tunnels")
                               for one in self.servers), 0)
        self.say(0, EVENTS)
        for n in range(8):
            self.hears(f"u{n}", EVENTS - 1)
            self.assertEqual(self.heard(f"u{n}"), list(range(EVENTS)))
            self.assertEqual(self.ends(f"u{n}"), [])

    def test_a_normal_stop_warns_of_nothing_and_its_clients_miss_nothing(self):
        self.hold_both("s", **POLLING)
        self.say(0, 10)
        for n in range(8):
            self.hears(f"s{n}", 9)
        leaving, staying = self.servers
        self.assertEqual(leaving.terminate(), 0)
        warnings = [line for line in leaving.log.read_text().splitlines()
                    if json.loads(line)["level"] in ("warn", "error")]
        self.assertEqual(warnings, [])
        self.say(10, 100)
        for n in range(8):
            self.hears(f"s{n}", 109)
            self.assertEqual(self.heard(f"s{n}"), list(range(110)))
        self.assertGreaterEqual(self.figure(staying, "son1k_realtime_recovered_total"), 4)

    def test_after_a_kill_all_clients_go_on_at_the_other_server(self):
        self.hold_both("k", **POLLING)
        self.say(0, 10)
        for n in range(8):
            self.hears(f"k{n}", 9)
        dead, alive = self.servers
        dead.kill()
        eventually(lambda: self.figure(alive, "son1k_realtime_sockets") == 8, 120,
                   "all are at the other server")
        names = [f"k{n}" for n in range(8)]
        self.say(10, 100)
        for name in names:
            self.hears(name, 109)
            told = self.heard(name)
            self.assertEqual(told[-100:], list(range(10, 110)))
            self.assertEqual(len(told), len(set(told)))
        # Those of the dead server, and who had a request on its way through it.
        self.assertGreaterEqual(len([name for name in names if self.ends(name)]), 4)


if __name__ == "__main__":
    unittest.main()

"""What the application says over Socket.IO, heard by the stock client of socket.io."""

import unittest

from support.cluster import cluster_case
from support.program import environment, program_case
from support.socketio import live_clients


def rising(progress: list) -> bool:
    return all(a <= b for a, b in zip(progress, progress[1:]))


class live_case(program_case):
    def setUp(self) -> None:
        super().setUp()
        self.clients = live_clients()
        self.addCleanup(self.clients.close)

    @staticmethod
    def make_room(server) -> str:
        made = server.api.post("/api/collaboration/rooms", {"name": "a room"})
        assert made.status == 201, made.body
        return made.data["id"]

    def check_story(self, name: str, piece: str) -> None:
        """The piece's events as `name` heard them: progress that rises, one end, nothing twice."""
        heard = [x for x in self.clients.events(name) if x["data"]["generationId"] == piece]
        progress = [x["data"]["progress"] for x in heard if x["event"] == "generation:progress"]
        self.assertTrue(progress and rising(progress), progress)
        ends = [x for x in heard if x["event"] != "generation:progress"]
        self.assertEqual([x["event"] for x in ends], ["generation:complete"])
        self.assertEqual(heard[-1], ends[0])
        ids = [x["id"] for x in heard]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertIn(piece, ends[0]["data"]["audioUrl"])


class LiveTest(live_case):
    def test_a_piece_is_followed_from_its_order_to_its_end(self):
        server = self.serve()
        for name, transports in (("ws", ["websocket"]), ("poll", ["polling"])):
            self.clients.open(name, server, transports=transports)
        piece = server.api.create("calm piano in C", duration=5)
        for name in ("ws", "poll"):
            self.clients.event(name, "generation:complete")
        for name in ("ws", "poll"):
            self.check_story(name, piece)
        figures = server.api.get("/metrics").body.decode()
        self.assertIn("son1k_realtime_sockets 2", figures)

    def test_since_gives_what_was_missed(self):
        server = self.serve()
        self.clients.open("a", server)
        piece = server.api.create("calm piano in C", duration=5)
        first = self.clients.event("a", "generation:progress")
        self.clients.tell(close={"name": "a"})
        server.api.wait_for(piece, "completed")
        self.clients.open("b", server)
        ack = self.clients.call("b", "subscribe",
                                {"topic": "generation", "id": piece, "since": first["id"]})
        self.assertTrue(ack["success"], ack)
        self.assertFalse(ack["gap"])
        missed = self.clients.events("b")
        self.assertEqual(len(missed), ack["missed"])
        self.assertEqual(missed[-1]["event"], "generation:complete")
        self.assertTrue(all(int(x["id"]) > int(first["id"]) for x in missed))

    def test_a_connection_that_breaks_in_between_misses_nothing(self):
        server = self.serve()
        self.clients.open("a", server, transports=["websocket"])
        piece = server.api.create("calm piano in C", duration=20)
        self.clients.event("a", "generation:progress")
        self.clients.tell(drop={"name": "a"})
        self.assertTrue(self.clients.event("a", "connect")["recovered"])
        self.clients.event("a", "generation:complete")
        self.assertEqual(server.api.piece(piece)["status"], "completed")

    def test_what_is_not_there_and_what_is_wrong_are_refused(self):
        server = self.serve()
        self.clients.open("a", server,
                          extraHeaders={"Accept-Language": "es"})
        none = self.clients.call("a", "subscribe", {"topic": "generation", "id": "none"})
        self.assertEqual(none["error"]["code"], "NOT_FOUND")
        wrong = self.clients.call("a", "subscribe", {"topic": "weather", "id": "x"})
        self.assertEqual((wrong["error"]["field"], wrong["error"]["message"]),
                         ("topic", "no hay ningún tema así que seguir"))

    def test_a_flood_of_subscriptions_is_bounded_and_the_server_lives_on(self):
        server = self.serve()
        self.clients.open("a", server, transports=["websocket"])
        for number in range(400):
            self.clients.tell(emit={"name": "a", "event": "subscribe",
                                    "data": {"topic": "generation", "id": f"g{number}"}})
        self.clients.until(lambda x: x.get("event") == "disconnect" or (
            x.get("ack", {}).get("error", {}).get("code") == "RATE_LIMITED"), "it is refused")
        self.assertEqual(server.api.get("/health").status, 200)

    def test_a_page_of_another_site_is_not_let_in(self):
        server = self.serve()
        cookie = {"Cookie": f"son1k_access={server.token}"}
        own = {**cookie, "Origin": server.hello["address"]}
        self.clients.open("own", server, auth={}, extraHeaders=own)
        for name, transports in (("poll", ["polling"]), ("ws", ["websocket"])):
            self.clients.begin(name, server.hello["address"], "", transports=transports,
                               extraHeaders={**cookie, "Origin": "http://evil.example"})
            refused = self.clients.event(name, "connect_error")
            self.assertEqual(refused["data"]["code"], "AUTHORIZATION")

    def test_who_shows_nothing_is_not_let_in(self):
        server = self.serve()
        for name, token in (("nothing", ""), ("wrong", "lt_wrong")):
            self.clients.begin(name, server.hello["address"], token)
            refused = self.clients.event(name, "connect_error")
            self.assertEqual(refused["data"]["code"], "AUTHENTICATION")

    def test_people_in_a_room_hear_each_other_and_an_old_version_is_refused(self):
        server = self.serve()
        room = self.make_room(server)
        for name in ("a", "b"):
            self.clients.open(name, server)
            self.assertTrue(self.clients.call(name, "join_room", {"roomId": room})["success"])
        said = self.clients.call("a", "collaboration_message", {"roomId": room, "message": "hi"})
        heard = self.clients.event("b", "collaboration_message")
        self.assertEqual((heard["data"]["id"], heard["data"]["message"]), (said["id"], "hi"))
        state = {"roomId": room, "version": 0, "state": {"tempo": 90}}
        self.assertEqual(self.clients.call("a", "state:update", state)["version"], 1)
        self.assertEqual(self.clients.event("b", "state:changed")["data"]["version"], 1)
        stale = self.clients.call("b", "state:update", {**state, "state": {"tempo": 60}})
        self.assertEqual(stale["error"]["code"], "CONFLICT")
        self.assertEqual(stale["error"]["details"], {"version": 1, "state": {"tempo": 90}})

    def test_without_it_there_is_nothing_at_its_path(self):
        server = self.serve(env=environment(self.folder(), REALTIME="off"))
        self.assertEqual(server.api.get("/socket.io/?EIO=4&transport=polling").status, 404)


class ClusterLiveTest(cluster_case, live_case):
    def test_progress_reaches_sockets_of_every_server_once(self):
        first, second = self.serve(), self.serve()
        self.clients.open("one", first)
        self.clients.open("two", second, transports=["websocket"])
        piece = first.api.create("calm piano in C", duration=5)
        self.work()
        for name in ("one", "two"):
            self.clients.event(name, "generation:complete")
        for name in ("one", "two"):
            self.check_story(name, piece)

    def test_people_on_two_servers_share_a_room(self):
        first, second = self.serve(), self.serve()
        room = self.make_room(first)
        for name, server in (("one", first), ("two", second)):
            self.clients.open(name, server)
            self.assertTrue(self.clients.call(name, "join_room", {"roomId": room})["success"])
        self.clients.call("one", "collaboration_message", {"roomId": room, "message": "hi"})
        self.assertEqual(self.clients.event("two", "collaboration_message")["data"]["message"],
                         "hi")
        state = {"roomId": room, "version": 0, "state": {"tempo": 90}}
        self.assertEqual(self.clients.call("two", "state:update", state)["version"], 1)
        self.clients.event("one", "state:changed")
        self.assertEqual(self.clients.call("one", "state:update", state)["error"]["code"],
                         "CONFLICT")

    def test_since_works_on_another_server_than_before(self):
        first, second = self.serve(), self.serve()
        self.clients.open("one", first)
        piece = first.api.create("calm piano in C", duration=5)
        seen = self.clients.event("one", "generation:progress")
        self.clients.tell(close={"name": "one"})
        self.work()
        first.api.wait_for(piece, "completed")
        self.clients.open("two", second)
        ack = self.clients.call("two", "subscribe",
                                {"topic": "generation", "id": piece, "since": seen["id"]})
        self.assertTrue(ack["success"] and ack["missed"] > 0, ack)
        self.assertEqual(self.clients.events("two")[-1]["event"], "generation:complete")


if __name__ == "__main__":
    unittest.main()

"""Rooms of accounts: over HTTP, and live for stock clients of socket.io, on one and two servers."""

import time
import urllib.parse

from support.cluster import cluster_case
from support.program import client, environment, program_case
from support.socketio import live_clients

PASSWORD = "correct horse battery"
ROOMS = "/api/collaboration/rooms"
INVITATIONS = "/api/collaboration/invitations"
NOWHERE = "01890000-0000-7000-8000-000000000000"
OUT_SECONDS = 30  # a loaded machine's; two seconds are usual


class person:
    """One account at one server; calls with its API key."""

    def __init__(self, api, user: str, email: str, key: str):
        self.api, self.user, self.email, self.key = api, user, email, key

    def at(self, api) -> "person":
        return person(api, self.user, self.email, self.key)

    def call(self, method: str, path: str, body=None, **fields: str):
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        return self.api.call(method, path, body, {"Authorization": f"Bearer {self.key}", **headers})

    def get(self, path: str):
        return self.call("GET", path)

    def post(self, path: str, body=None, **fields: str):
        return self.call("POST", path, body, **fields)

    def make(self, name: str = "Jam", **more) -> str:
        made = self.post(ROOMS, {"name": name, **more})
        assert made.status == 201, made.body
        return f"{ROOMS}/{made.data['id']}"

    def said(self, room: str) -> list:
        """The messages of a room, the oldest first."""
        return [one["message"] for one in reversed(self.get(f"{room}/messages").data)]


def id_of(room: str) -> str:
    return room.rpartition("/")[2]


class people_case(program_case):
    def set_up(self, server) -> None:
        """Ana, Bob and Eve, who may call often."""
        link = server.hello["setupUrl"]
        made = server.api.post("/api/auth/setup", {"token": link.partition("#setup=")[2],
                                                   "email": "root@example.org",
                                                   "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        self.root = {"Authorization": f"Bearer {made.data['accessToken']}"}
        self.ana, self.bob, self.eve = (self.person(server.api, name)
                                        for name in ("ana", "bob", "eve"))

    def person(self, api, name: str) -> person:
        email = f"{name}@example.org"
        made = api.call("POST", "/api/admin/users", {
            "email": email, "name": name, "password": PASSWORD, "tier": "ENTERPRISE",
            "apiKey": True}, self.root)
        self.assertEqual(made.status, 201, made.body)
        return person(api, made.data["id"], email, made.data["apiKey"])

    def refused(self, got, status: int, field: str = "") -> None:
        self.assertEqual(got.status, status, got.body)
        if field:
            self.assertEqual(got.error["details"]["field"], field)


class rooms_case(people_case):
    def setUp(self) -> None:
        super().setUp()
        data_dir = self.folder() / "data"
        self.home = self.serve("--workers", "0", data_dir=data_dir,
                               env=environment(data_dir.parent))
        self.set_up(self.home)


class rooms_over_http(rooms_case):
    def test_a_room_is_made_edited_and_deleted(self):
        made = self.ana.post(ROOMS, {"name": "Jam", "description": "d", "isPublic": False})
        self.assertEqual(made.status, 201, made.body)
        room = made.headers["location"]
        self.assertEqual((made.data["role"], made.data["ownerId"], made.data["memberCount"]),
                         ("owner", self.ana.user, 1))
        seen = self.ana.get(room)
        self.assertEqual((seen.data["name"], seen.headers["etag"]), ("Jam", '"1"'))
        edited = self.ana.call("PUT", room, {"name": "Blues"}, If_Match='"1"')
        self.assertEqual((edited.status, edited.headers["etag"]), (200, '"2"'), edited.body)
        self.assertEqual(edited.data["description"], "d")
        self.refused(self.ana.call("PUT", room, {"name": "Rock"}, If_Match='"1"'), 412)
        self.refused(self.ana.call("PUT", room, {"name": "x"}, If_Match="1"), 422, "If-Match")
        self.assertEqual(self.ana.call("DELETE", room).status, 200)
        self.refused(self.ana.get(room), 404)

    def test_who_is_not_known_gets_nothing(self):
        room = self.ana.make()
        nobody = client(self.home.hello["address"])
        for method, path in (("GET", ROOMS), ("POST", ROOMS), ("GET", room), ("PUT", room),
                             ("DELETE", room), ("POST", f"{room}/join"),
                             ("GET", f"{room}/messages"), ("GET", INVITATIONS)):
            self.refused(nobody.call(method, path, {} if method != "GET" else None), 401)

    def test_a_private_room_is_as_if_it_were_not_there_by_every_route(self):
        room = self.ana.make()
        self.ana.post(f"{room}/messages", {"message": "secret"})
        invitation = self.ana.post(f"{room}/invite", {"userId": self.bob.user}).data["id"]
        calls = (("GET", "", None), ("PUT", "", {"name": "x"}), ("DELETE", "", None),
                 ("POST", "/join", {}), ("POST", "/leave", {}), ("GET", "/members", None),
                 ("PUT", f"/members/{self.ana.user}", {"role": "viewer"}),
                 ("DELETE", f"/members/{self.ana.user}", None),
                 ("POST", "/invite", {"userId": self.eve.user}), ("GET", "/invitations", None),
                 ("GET", "/messages", None), ("POST", "/messages", {"message": "x"}))
        for method, path, body in calls:
            told = self.eve.call(method, room + path, body)
            none = self.eve.call(method, f"{ROOMS}/{NOWHERE}{path}", body)
            self.refused(told, 404)
            self.assertEqual((told.error["code"], told.error["message"]),
                             (none.error["code"], none.error["message"]), (method, path))
        self.refused(self.eve.call("DELETE", f"{INVITATIONS}/{invitation}"), 404)
        self.assertEqual(self.eve.get(INVITATIONS).data, [])
        self.assertEqual(self.eve.get(f"{ROOMS}?search=jam").data, [])
        self.assertEqual(self.ana.said(room), ["secret"])

    def test_a_public_room_is_found_joined_and_left(self):
        room = self.ana.make("Open", isPublic=True)
        self.assertEqual([one["name"] for one in self.bob.get(f"{ROOMS}?scope=public").data],
                         ["Open"])
        self.assertIsNone(self.bob.get(room).data["role"])
        self.refused(self.bob.get(f"{room}/messages"), 403)
        self.assertEqual(self.bob.post(f"{room}/join").data["role"], "editor")
        self.assertEqual([one["username"] for one in self.bob.get(f"{room}/members").data],
                         ["ana", "bob"])
        self.assertEqual(self.bob.post(f"{room}/messages", {"message": "hi"}).status, 201)
        self.assertEqual(self.bob.post(f"{room}/leave", {}).status, 200)
        self.refused(self.bob.get(f"{room}/messages"), 403)
        self.refused(self.ana.post(f"{room}/leave"), 409)

    def test_the_invited_by_id_or_e_mail_see_it_and_join(self):
        room = self.ana.make()
        self.assertEqual(self.ana.post(f"{room}/invite", {"userId": self.bob.user,
                                                          "role": "viewer"}).status, 201)
        by_mail = self.ana.post(f"{room}/invite", {"email": "EVE@example.org"})
        nobody = self.ana.post(f"{room}/invite", {"email": "nobody@example.org"})
        self.assertEqual({**by_mail.data, **dict.fromkeys(("id", "email", "createdAt",
                                                           "expiresAt"))},
                         {**nobody.data, **dict.fromkeys(("id", "email", "createdAt",
                                                          "expiresAt"))})
        mine = self.bob.get(INVITATIONS).data
        self.assertEqual([(one["roomName"], one["role"], one["invitedBy"]["username"])
                          for one in mine], [("Jam", "viewer", "ana")])
        self.assertEqual(self.bob.get(room).data["invitedAs"], "viewer")
        self.assertEqual(self.bob.post(f"{room}/join").data["role"], "viewer")
        self.assertEqual(self.eve.post(f"{room}/join").data["role"], "editor")
        self.refused(self.bob.post(f"{room}/messages", {"message": "x"}), 403)
        self.refused(self.ana.post(f"{room}/invite", {"userId": NOWHERE}), 422, "userId")
        self.refused(self.ana.post(f"{room}/invite", {"userId": self.bob.user}), 409)
        left = [one["email"] for one in self.ana.get(f"{room}/invitations").data]
        self.assertEqual(left, ["nobody@example.org"])

    def test_an_invitation_is_taken_back_or_declined(self):
        room = self.ana.make()
        for who, by in ((self.bob, self.ana), (self.eve, self.eve)):
            made = self.ana.post(f"{room}/invite", {"userId": who.user}).data
            self.assertEqual(by.call("DELETE", f"{INVITATIONS}/{made['id']}").status, 200)
            self.refused(who.post(f"{room}/join"), 404)

    def test_roles_are_given_and_members_removed_by_the_owner(self):
        room = self.ana.make(isPublic=True)
        for who in (self.bob, self.eve):
            self.assertEqual(who.post(f"{room}/join").status, 200)
        of_eve = f"{room}/members/{self.eve.user}"
        self.refused(self.bob.call("PUT", of_eve, {"role": "viewer"}), 403)
        self.refused(self.bob.call("DELETE", of_eve), 403)
        self.refused(self.bob.call("PUT", room, {"name": "mine"}), 403)
        self.refused(self.bob.call("DELETE", room), 403)
        self.assertEqual(self.ana.call("PUT", of_eve, {"role": "viewer"}).data["role"], "viewer")
        self.refused(self.ana.call("PUT", of_eve, {"role": "admin"}), 422, "role")
        self.assertEqual(self.ana.call("DELETE", of_eve).status, 200)
        self.refused(self.ana.call("DELETE", of_eve), 404)
        self.refused(self.ana.call("DELETE", f"{room}/members/{self.ana.user}"), 409)
        of_bob = f"{room}/members/{self.bob.user}"
        self.assertEqual(self.ana.call("PUT", of_bob, {"role": "owner"}).status, 200)
        self.assertEqual(self.bob.get(room).data["ownerId"], self.bob.user)
        self.assertEqual(self.ana.get(room).data["role"], "editor")

    def test_the_history_has_pages(self):
        room = self.ana.make()
        for n in range(5):
            said = self.ana.post(f"{room}/messages", {"message": str(n), "type": "action"})
            self.assertEqual(said.status, 201, said.body)
        page = self.ana.get(f"{room}/messages?limit=2").json()
        self.assertEqual([one["message"] for one in page["data"]], ["4", "3"])
        self.assertEqual(page["data"][0], said.data)
        rest = self.ana.get(f"{room}/messages?limit=100&cursor={page['pagination']['nextCursor']}")
        self.assertEqual([one["message"] for one in rest.data], ["2", "1", "0"])
        self.assertIsNone(rest.json()["pagination"]["nextCursor"])
        self.refused(self.ana.get(f"{room}/messages?cursor=x"), 422, "cursor")
        self.refused(self.ana.get(f"{room}/messages?cursor={2 ** 64}"), 422, "cursor")
        self.assertEqual(len(self.ana.get(f"{room}/messages?cursor={2 ** 62}").data), 5)
        self.refused(self.ana.get(f"{room}/messages?limit=101"), 422, "limit")

    def test_a_list_has_pages(self):
        for n in range(3):
            self.ana.make(str(n))
        page = self.ana.get(f"{ROOMS}?scope=mine&limit=2").json()
        self.assertEqual([one["name"] for one in page["data"]], ["2", "1"])
        rest = self.ana.get(f"{ROOMS}?limit=2&cursor={page['pagination']['nextCursor']}").json()
        self.assertEqual([one["name"] for one in rest["data"]], ["0"])
        self.assertIsNone(rest["pagination"]["nextCursor"])

    def test_what_is_not_the_callers_to_say_or_too_long_is_refused(self):
        for field, value in (("id", NOWHERE), ("ownerId", self.bob.user), ("role", "owner"),
                             ("version", 7), ("memberCount", 0), ("members", []),
                             ("isPublic", "yes"), ("description", "x" * 1001)):
            self.refused(self.ana.post(ROOMS, {"name": "x", field: value}), 422, field)
        for name in ("", "  ", "x" * 101, 7, None):
            self.refused(self.ana.post(ROOMS, {"name": name}), 422, "name")
        room = self.ana.make(isPublic=True)
        for path, body, field in (
                ("/messages", {"message": "x", "userId": self.bob.user}, "userId"),
                ("/messages", {"message": "x" * 4001}, "message"),
                ("/messages", {"message": "x", "type": "shout"}, "type"),
                ("/join", {"role": "owner"}, "role"),
                ("/invite", {"email": "not one"}, "email"),
                ("/invite", {}, "email"),
                ("/invite", {"email": "a@b.org", "userId": self.bob.user}, "userId"),
                ("/invite", {"userId": self.bob.user, "role": "owner"}, "role")):
            self.refused(self.ana.post(room + path, body), 422, field)
        self.refused(self.ana.call("PUT", room, {"ownerId": self.bob.user}), 422, "ownerId")
        self.refused(self.ana.get(f"{ROOMS}?search={'x' * 101}"), 422, "search")
        self.refused(self.ana.get(f"{ROOMS}?owner=x"), 422, "owner")
        for odd in ("%ff", "x' OR '1'='1", "..%2f.."):
            self.refused(self.ana.get(f"{ROOMS}/{urllib.parse.quote(odd, safe='%')}"), 404)
        words = urllib.parse.quote("%' OR 1=1 --")
        self.assertEqual(self.eve.get(f"{ROOMS}?search={words}").data, [])

    def test_what_is_sent_again_under_its_key_is_done_once(self):
        once = self.ana.post(ROOMS, {"name": "Jam"}, Idempotency_Key="k")
        again = self.ana.post(ROOMS, {"name": "Jam"}, Idempotency_Key="k")
        self.assertEqual((once.status, once.data), (201, again.data))
        self.refused(self.ana.post(ROOMS, {"name": "Other"}, Idempotency_Key="k"), 422)
        room = f"{ROOMS}/{once.data['id']}"
        for path, body in (("/messages", {"message": "x"}), ("/invite", {"email": "a@b.org"})):
            first, second = (self.ana.post(room + path, body, Idempotency_Key=path)
                             for _ in range(2))
            self.assertEqual((first.status, first.data), (201, second.data))
        self.assertEqual(self.ana.said(room), ["x"])
        self.assertEqual(len(self.ana.get(f"{ROOMS}?scope=mine").data), 1)

    def test_a_key_does_what_its_scopes_say(self):
        made = self.ana.post("/api/user/tokens", {"name": "r", "scopes": ["read"]})
        reader = person(self.ana.api, self.ana.user, "", made.data["key"])
        room = self.ana.make()
        self.assertEqual(reader.get(room).status, 200)
        self.refused(reader.post(ROOMS, {"name": "x"}), 403)
        self.refused(reader.post(f"{room}/messages", {"message": "x"}), 403)


class live_rooms:
    """What holds for sockets in rooms, wherever they are connected."""

    def connect(self, name: str, who: person, server) -> None:
        self.clients.begin(name, server.hello["address"], who.key, transports=["websocket"])
        self.clients.event(name, "connect")

    def enter(self, name: str, room: str) -> dict:
        got = self.clients.call(name, "join_room", {"roomId": id_of(room)})
        self.assertTrue(got["success"], got)
        return got

    def code(self, name: str, event: str, room: str, **more) -> str:
        got = self.clients.call(name, event, {"roomId": id_of(room), **more})
        return "" if got["success"] else got["error"]["code"]

    def is_out(self, name: str, room: str, began: float) -> None:
        left = self.clients.event(name, "room_left", OUT_SECONDS)
        self.assertLess(time.monotonic() - began, OUT_SECONDS)
        self.assertEqual(left["data"], {"roomId": id_of(room), "reason": "removed"})
        self.assertEqual(self.code(name, "collaboration_message", room, message="x"), "NOT_FOUND")
        self.assertEqual(self.code(name, "join_room", room), "NOT_FOUND")

    def hold_one_history(self, here, there) -> None:
        """Ana at one server, Bob at another, perhaps the same one."""
        room = self.ana.make(isPublic=True)
        self.connect("ana", self.ana, here)
        self.connect("bob", self.bob, there)
        self.assertEqual(self.code("bob", "join_room", room), "NOT_FOUND")
        bob = self.bob.at(there.api)
        self.assertEqual(bob.post(f"{room}/join").status, 200)
        self.assertEqual(self.enter("ana", room)["role"], "owner")
        self.assertEqual(self.enter("bob", room)["role"], "editor")
        self.clients.call("ana", "collaboration_message",
                          {"roomId": id_of(room), "message": "live"})
        self.assertEqual(self.clients.event("bob", "collaboration_message")["data"]["message"],
                         "live")
        said = bob.post(f"{room}/messages", {"message": "by http"})
        self.clients.until(lambda x: x["name"] == "ana" and x.get("data") == said.data,
                           "ana hears what was said over HTTP")
        for at in (here, there):
            self.assertEqual(self.ana.at(at.api).said(room), ["live", "by http"])
        self.clients.tell(close={"name": "bob"})
        self.connect("bob again", self.bob, there)
        self.enter("bob again", room)
        state = self.clients.event("bob again", "room:state")["data"]
        self.assertEqual([one["message"] for one in state["messages"]], ["live", "by http"])
        self.assertEqual(self.code("bob again", "join_room", f"{ROOMS}/{NOWHERE}"), "NOT_FOUND")

    def hold_that_who_is_out_is_out(self, here, there) -> None:
        room = self.ana.make(isPublic=True)
        for name, who in (("bob", self.bob), ("eve", self.eve)):
            self.assertEqual(who.post(f"{room}/join").status, 200)
            self.connect(name, who, there)
            self.enter(name, room)
        self.assertEqual(self.ana.call("PUT", room, {"isPublic": False}).status, 200)
        of_bob = f"{room}/members/{self.bob.user}"
        self.ana.call("PUT", of_bob, {"role": "viewer"})
        role = self.clients.event("bob", "room_role", OUT_SECONDS)
        self.assertEqual(role["data"]["role"], "viewer")
        self.assertEqual(self.code("bob", "state:update", room, version=0, state=1),
                         "AUTHORIZATION")
        began = time.monotonic()
        self.assertEqual(self.ana.call("DELETE", of_bob).status, 200)
        self.is_out("bob", room, began)
        self.clients.until(lambda x: x["name"] == "eve" and x.get("event") == "user_left"
                           and x["data"]["userId"] == self.bob.user, "eve hears that bob left")
        self.ana.post(f"{room}/messages", {"message": "without bob"})
        self.assertEqual(self.clients.event("eve", "collaboration_message")["data"]["message"],
                         "without bob")
        began = time.monotonic()
        self.assertEqual(self.ana.call("DELETE", room).status, 200)
        self.is_out("eve", room, began)
        heard = [x for x in self.clients.heard
                 if x["name"] == "bob" and x.get("event") == "collaboration_message"]
        self.assertEqual(heard, [])


class rooms_live(rooms_case, live_rooms):
    def setUp(self) -> None:
        super().setUp()
        self.clients = live_clients()
        self.addCleanup(self.clients.close)

    def test_history_and_sockets_are_one(self):
        self.hold_one_history(self.home, self.home)

    def test_who_is_put_out_or_whose_room_is_deleted_is_out_of_it(self):
        self.hold_that_who_is_out_is_out(self.home, self.home)

    def test_the_invited_are_told(self):
        room = self.ana.make("Blues")
        self.connect("bob", self.bob, self.home)
        self.ana.post(f"{room}/invite", {"email": self.bob.email})
        told = self.clients.event("bob", "notification")["data"]
        self.assertEqual((told["kind"], told["title"], told["body"]),
                         ("invitation", "Blues", id_of(room)))


class rooms_on_two_servers(cluster_case, people_case, live_rooms):
    def setUp(self) -> None:
        super().setUp()
        self.one = self.serve()
        self.two = self.serve()
        self.set_up(self.two)  # the link of the server that started last is the one that holds
        self.ana, self.bob, self.eve = (who.at(self.one.api)
                                        for who in (self.ana, self.bob, self.eve))
        self.clients = live_clients()
        self.addCleanup(self.clients.close)

    def test_history_and_sockets_are_one(self):
        self.hold_one_history(self.one, self.two)

    def test_who_is_put_out_or_whose_room_is_deleted_is_out_of_it(self):
        self.hold_that_who_is_out_is_out(self.one, self.two)


class servers_that_hear_nothing_of_each_other(rooms_on_two_servers):
    """Sockets of each server are its own: the database alone tells who is out."""

    settings = {"REALTIME_ADAPTER": "local"}

    def test_history_and_sockets_are_one(self):
        self.skipTest("sockets of other servers hear nothing here")

    def test_who_is_put_out_or_whose_room_is_deleted_is_out_of_it(self):
        room = self.ana.make(isPublic=True)
        self.assertEqual(self.bob.post(f"{room}/join").status, 200)
        self.connect("bob", self.bob, self.two)
        self.enter("bob", room)
        began = time.monotonic()
        self.assertEqual(self.ana.call("PUT", room, {"isPublic": False}).status, 200)
        self.assertEqual(self.ana.call("DELETE", f"{room}/members/{self.bob.user}").status, 200)
        self.is_out("bob", room, began)

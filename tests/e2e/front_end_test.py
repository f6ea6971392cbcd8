"""A session of a front end, replayed: what pages that speak this API ask, in their order, and what
they read of the replies.

A step is a request and what must come back: the status, and under `has` the members that pages
read, by their path, with their type or value. `keep` remembers members for later steps, which name
them in braces. `until` repeats a request until a member has one of the values.
"""

import json
import unittest
from typing import Any, NamedTuple, Optional

from support.program import decoded_seconds, environment, eventually, program_case

EMAIL, PASSWORD = "ana@example.org", "a good long password"
NUMBER = (int, float)
MAYBE_TEXT = (str, type(None))
DONE_SECONDS = 120


class step(NamedTuple):
    method: str
    path: str
    body: Optional[dict] = None
    status: int = 200
    has: dict = {}
    keep: dict = {}
    until: Optional[tuple] = None
    who: str = "token"  # the name under which the token was kept that is shown


AUTH = (
    step("POST", "/api/auth/register", {"email": EMAIL, "password": PASSWORD, "name": "Ana"}, 201,
         {"data.user.id": str, "data.user.email": EMAIL, "data.user.name": "Ana",
          "data.user.tier": "FREE", "data.user.role": "user", "data.accessToken": str,
          "data.refreshToken": str, "data.expiresIn": int}),
    step("POST", "/api/auth/register", {"email": EMAIL, "password": PASSWORD}, 409,
         {"error.code": "CONFLICT", "error.message": str, "error.requestId": str,
          "error.timestamp": str}),
    step("POST", "/api/auth/login", {"email": EMAIL, "password": "wrong"}, 401,
         {"error.code": "AUTHENTICATION"}),
    step("POST", "/api/auth/login", {"email": EMAIL, "password": PASSWORD}, 200,
         {"data.user.id": str, "data.accessToken": str, "data.refreshToken": str},
         {"token": "data.accessToken", "refresh": "data.refreshToken"}),
    step("GET", "/api/auth/profile", None, 200, {"data.email": EMAIL, "data.tier": "FREE"}),
    step("PUT", "/api/auth/profile", {"name": "Ana María"}, 200, {"data.name": "Ana María"}),
    step("GET", "/api/auth/tier", None, 200,
         {"data.tier": "FREE", "data.longestSeconds": int, "data.qualities": list}),
    step("GET", "/api/auth/limits", None, 200,
         {"data.day.used": 0, "data.day.remaining": int, "data.month.limit": int,
          "data.month.resetAt": str}),
    step("POST", "/api/auth/refresh", {"refreshToken": "{refresh}"}, 200,
         {"data.accessToken": str, "data.refreshToken": str}, {"token": "data.accessToken"}),
)
SOMEBODY_ELSE = (
    step("POST", "/api/auth/register", {"email": "bea@example.org", "password": PASSWORD}, 201,
         {"data.user.name": "bea"}, {"bea": "data.accessToken", "beaId": "data.user.id"}, who=""),
)
GENERATION = (
    step("POST", "/api/generation/create", {"prompt": "", "duration": 5}, 422,
         {"error.code": "VALIDATION", "error.details.field": "prompt"}),
    step("POST", "/api/generation/create",
         {"prompt": "bolero lento con guitarra", "style": "bolero", "duration": 5,
          "quality": "standard", "instrumental": True, "title": "Mi bolero"}, 202,
         {"data.generationId": str, "data.status": "pending", "data.message": str,
          "data.estimatedTime": (int, float, type(None))}, {"piece": "data.generationId"}),
    step("GET", "/api/generation/{piece}/status", None, 200,
         {"data.generationId": "{piece}", "data.status": "completed", "data.progress": 100,
          "data.audioUrl": str, "data.metadata": dict, "data.metadata.duration": NUMBER},
         {"audio": "data.audioUrl"}, ("data.status", ("completed", "failed", "cancelled"))),
    step("GET", "/api/generation/{piece}", None, 200,
         {"data.generationId": "{piece}", "data.prompt": "bolero lento con guitarra",
          "data.createdAt": str, "data.request": dict}),
    step("GET", "/api/generation/history?limit=20&offset=0", None, 200,
         {"data": list, "data.0.generationId": "{piece}", "data.0.status": "completed",
          "data.0.audioUrl": str, "data.0.prompt": str, "data.0.createdAt": str,
          "pagination.limit": 20, "pagination.offset": 0, "pagination.total": 1}),
    step("GET", "/api/generation/history?limit=20&offset=20", None, 200,
         {"data": [], "pagination.total": 1}),
    step("GET", "/api/generation/no-such-piece/status", None, 404, {"error.code": "NOT_FOUND"}),
    step("POST", "/api/generation/{piece}/cancel", None, 409, {"error.code": "CONFLICT"}),
    step("GET", "/api/auth/limits", None, 200, {"data.day.used": 1, "data.month.used": 1}),
)
USER = (
    step("GET", "/api/user/profile", None, 200, {"data.id": str, "data.name": "Ana María"}),
    step("PUT", "/api/user/profile", {"name": "Ana"}, 200, {"data.name": "Ana"}),
    step("PUT", "/api/user/profile", {"name": "Ana", "tier": "ENTERPRISE"}, 422,
         {"error.details.field": "tier"}),
    step("POST", "/api/user/tokens", {"name": "player", "scopes": ["read"]}, 201,
         {"data.id": str, "data.key": str, "data.name": "player", "data.scopes": ["read"]},
         {"key": "data.id"}),
    step("GET", "/api/user/tokens", None, 200,
         {"data": list, "data.0.id": "{key}", "data.0.lastFour": str}),
    step("DELETE", "/api/user/tokens/{key}", None, 200, {"data.id": "{key}"}),
    step("GET", "/api/user/ledger", None, 200,
         {"data.0.generationId": "{piece}", "data.0.kind": str, "data.0.units": int,
          "pagination.limit": int}),
)
ANALYTICS = (
    step("POST", "/api/analytics/track",
         {"event": "song_played", "properties": {"generationId": "{piece}", "seconds": 5}}, 202,
         {"data.id": str, "data.event": "song_played"}),
    step("GET", "/api/analytics/user", None, 200,
         {"data.pieces.total": 1, "data.pieces.completed": 1, "data.pieces.successRate": NUMBER,
          "data.byDay": list, "data.quota.usedToday": 1, "data.events.0.event": "song_played",
          "data.range": dict}),
    step("GET", "/api/analytics/generations?days=7", None, 200,
         {"data.pieces.total": 1, "data.byDay": list, "data.byQuality.0.quality": "standard",
          "data.byStyle": list}),
    step("GET", "/api/analytics/tokens?days=30", None, 200,
         {"data.requests": int, "data.keys": list}),
    step("GET", "/api/analytics/metrics", None, 200,
         {"data.times.whole.p95": NUMBER, "data.times.run.count": 1}),
    step("GET", "/api/user/stats", None, 200,
         {"data.pieces.total": 1, "data.tier": "FREE", "data.memberSince": str,
          "data.quota.usedThisMonth": 1}),
    step("GET", "/api/auth/stats", None, 200, {"data.pieces.completed": 1}),
    step("GET", "/api/analytics/admin/users", None, 403, {"error.code": "AUTHORIZATION"}),
)
COLLABORATION = (
    step("POST", "/api/collaboration/rooms",
         {"name": "Bolero", "description": "a dos voces", "isPublic": False}, 201,
         {"data.id": str, "data.name": "Bolero", "data.isPublic": False, "data.role": "owner",
          "data.memberCount": 1, "data.createdAt": str}, {"room": "data.id"}),
    step("GET", "/api/collaboration/rooms?limit=20", None, 200,
         {"data.0.id": "{room}", "pagination.limit": 20}),
    step("GET", "/api/collaboration/rooms/{room}", None, 404, {"error.code": "NOT_FOUND"},
         who="bea"),
    step("POST", "/api/collaboration/rooms/{room}/invite",
         {"email": "bea@example.org", "role": "editor"}, 201, {"data.roomId": "{room}"}),
    step("GET", "/api/collaboration/invitations", None, 200,
         {"data.0.roomId": "{room}", "data.0.roomName": "Bolero",
          "data.0.invitedBy.username": str}, who="bea"),
    step("POST", "/api/collaboration/rooms/{room}/join", None, 200,
         {"data.roomId": "{room}", "data.role": "editor"}, who="bea"),
    step("GET", "/api/collaboration/rooms/{room}/members", None, 200,
         {"data.0.userId": str, "data.1.username": str, "data.1.role": str}),
    step("POST", "/api/collaboration/rooms/{room}/messages", {"message": "¿más lento?"}, 201,
         {"data.message": "¿más lento?", "data.username": "bea", "data.timestamp": str}, who="bea"),
    step("GET", "/api/collaboration/rooms/{room}/messages?limit=20", None, 200,
         {"data.0.message": "¿más lento?", "data.0.type": "text", "pagination.limit": 20}),
    step("PUT", "/api/collaboration/rooms/{room}", {"name": "stolen"}, 403, who="bea"),
    step("PUT", "/api/collaboration/rooms/{room}", {"name": "Bolero lento"}, 200,
         {"data.name": "Bolero lento"}),
    step("POST", "/api/collaboration/rooms/{room}/leave", None, 200, {"data.left": True},
         who="bea"),
    step("DELETE", "/api/collaboration/rooms/{room}", None, 200, {"data.deleted": True}),
    step("GET", "/api/collaboration/rooms/{room}", None, 404),
)
LISTINGS = (
    step("POST", "/api/nft",
         {"generationId": "{piece}", "title": "Mi bolero", "priceMinor": 500, "currency": "EUR"},
         201, {"data.id": str, "data.status": "listed", "data.title": "Mi bolero",
               "data.priceMinor": 500, "data.currency": "EUR", "data.certificateUrl": str,
               "data.notice": str},
         {"listing": "data.id"}),
    step("POST", "/api/nft",
         {"generationId": "{piece}", "title": "Mi bolero", "priceMinor": 1, "currency": "EUR"},
         409, {"error.code": "CONFLICT"}),
    step("GET", "/api/nft?status=listed&sort=newest&limit=20", None, 200,
         {"data.0.id": "{listing}", "pagination.limit": 20}, who="bea"),
    step("GET", "/api/nft/{listing}", None, 200,
         {"data.sellerId": str, "data.music": dict}, who="bea"),
    step("GET", "/api/nft/{listing}/audio", None, 404, who="bea"),
    step("POST", "/api/nft/{listing}/buy", None, 200, {"data.status": "sold"}, who="bea"),
    step("POST", "/api/nft/{listing}/buy", None, 409, {"error.code": "CONFLICT"}, who="bea"),
    step("GET", "/api/nft/{listing}/ledger", None, 200, {"data": list}, who="bea"),
    step("DELETE", "/api/nft/{listing}", None, 409, {"error.code": "CONFLICT"}),
)
LEAVING = (
    step("POST", "/api/auth/logout", None, 200),
    step("GET", "/api/auth/profile", None, 401, {"error.code": "AUTHENTICATION"}),
)


class front_end(program_case):
    """One page and its server. What a step keeps is there for all that follow."""

    def setUp(self) -> None:
        super().setUp()
        home = self.folder()
        # A page asks more often in a test than a person's does.
        self.home = self.serve("--workers", "1", data_dir=home / "data",
                               env=environment(home, TIERS="FREE:requests=1000"))
        self.kept: dict = {}

    def filled(self, value: Any) -> Any:
        if isinstance(value, str):
            for name, kept in self.kept.items():
                value = value.replace("{" + name + "}", str(kept))
            return value
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        return value

    @staticmethod
    def at(reply: Any, path: str) -> Any:
        """The member under "data.0.id"; KeyError names what is missing."""
        for name in path.split("."):
            if isinstance(reply, list) and name.isdigit() and int(name) < len(reply):
                reply = reply[int(name)]
            elif isinstance(reply, dict) and name in reply:
                reply = reply[name]
            else:
                raise KeyError(f"{path}: no {name} in {json.dumps(reply)[:300]}")
        return reply

    def send(self, one: step):
        token = self.kept.get(one.who)
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        return self.home.anyone.call(one.method, self.filled(one.path), self.filled(one.body),
                                     fields)

    def play(self, one: step):
        got = self.send(one)
        if one.until is not None:
            path, values = one.until

            def look():
                now = self.send(one)
                return now if self.at(now.json(), path) in values else None

            got = eventually(look, DONE_SECONDS, f"{one.path}: {path} is one of {values}")
        self.assertEqual(got.status, one.status, got.body)
        reply = got.json()
        self.assertEqual(reply["success"], one.status < 400)
        self.assertTrue(got.headers["content-type"].startswith("application/json"))
        for path, wanted in one.has.items():
            value = self.at(reply, path)
            if isinstance(wanted, (type, tuple)):
                self.assertIsInstance(value, wanted, path)
            else:
                self.assertEqual(value, self.filled(wanted), path)
        for name, path in one.keep.items():
            self.kept[name] = self.at(reply, path)

    def play_all(self, *groups: tuple) -> None:
        for group in groups:
            for one in group:
                with self.subTest(f"{one.method} {one.path} {one.status}"):
                    self.play(one)

    def test_a_session_from_registering_to_logging_out(self):
        self.play_all(AUTH, GENERATION, USER, ANALYTICS, SOMEBODY_ELSE, COLLABORATION, LISTINGS)
        audio = self.send(step("GET", "{audio}"))
        self.assertEqual((audio.status, audio.headers["content-type"]), (200, "audio/mpeg"))
        song = self.home.data_dir / "song.mp3"
        song.write_bytes(audio.body)
        self.assertAlmostEqual(decoded_seconds(song), 5, delta=0.5)
        self.play_all(LEAVING)


if __name__ == "__main__":
    unittest.main()

"""Accounts that several servers share: one secret, one set-up, and what one revokes all know."""

from support.cluster import cluster_case
from support.program import eventually

PASSWORD = "correct horse battery"
REVOKED_SECONDS = 30  # a loaded machine's; a second is usual


class shared_accounts(cluster_case):
    def setUp(self) -> None:
        super().setUp()
        self.one = self.serve()
        self.two = self.serve()

    def profile(self, at, token: str) -> int:
        return at.api.get("/api/auth/profile", Authorization=f"Bearer {token}").status

    def test_what_one_server_revokes_the_other_lets_in_no_more(self):
        # The link of the server that started last is the one that holds.
        token = self.two.hello["setupUrl"].partition("#setup=")[2]
        made = self.one.api.post("/api/auth/setup", {"token": token, "email": "root@example.org",
                                                     "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        access = made.data["accessToken"]
        known = {"Authorization": f"Bearer {access}"}
        key = self.two.api.call("POST", "/api/user/tokens", {"name": "k", "scopes": ["read"]},
                                known).data
        for at in (self.one, self.two):
            self.assertEqual(self.profile(at, access), 200)
            self.assertEqual(self.profile(at, key["key"]), 200)
        gone = self.one.api.call("DELETE", f"/api/user/tokens/{key['id']}", None, known)
        self.assertEqual(gone.status, 200, gone.body)
        self.assertEqual(self.profile(self.one, key["key"]), 401)
        eventually(lambda: self.profile(self.two, key["key"]) == 401, REVOKED_SECONDS,
                   "the other server has heard of the key")
        renewed = self.two.api.post("/api/auth/refresh",
                                    {"refreshToken": made.data["refreshToken"]})
        self.assertEqual(renewed.status, 200, renewed.body)
        out = self.two.api.call("POST", "/api/auth/logout", None, known)
        self.assertEqual(out.status, 200, out.body)
        for token in (access, renewed.data["accessToken"]):
            self.assertEqual(self.profile(self.two, token), 401)
            eventually(lambda t=token: self.profile(self.one, t) == 401, REVOKED_SECONDS,
                       "the other server has heard of the session")
        self.assertEqual(self.one.api.post("/api/auth/refresh", {
            "refreshToken": renewed.data["refreshToken"]}).status, 401)

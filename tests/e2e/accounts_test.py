"""Accounts of the finished program: set-up, log-in, sessions, keys, the users command."""

import concurrent.futures
import json
import stat
import subprocess
import time

from support.program import BINARY, bearer, client, environment, program_case, run

PASSWORD = "correct horse battery"
CUT_SECONDS = 20  # a loaded machine's; 5 are promised, and none is usual


class accounts_case(program_case):
    def setUp(self) -> None:
        super().setUp()
        self.home = self.serve("--workers", "0")
        self.api = self.home.anyone

    def set_up(self) -> dict:
        """The first administrator, by the link; what a log-in replies."""
        link = (self.home.data_dir / "setup-url").read_text().strip()
        self.assertEqual(link, self.home.hello["setupUrl"])
        made = self.api.post("/api/auth/setup", {"token": link.partition("#setup=")[2],
                                                 "email": "root@example.org",
                                                 "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        return made.data

    def registered(self, email: str) -> dict:
        made = self.api.post("/api/auth/register", {"email": email, "password": PASSWORD})
        self.assertEqual(made.status, 201, made.body)
        return made.data

    def get(self, path: str, token: str):
        return self.api.call("GET", path, None, bearer(token))

    def users(self, *args: str, typed: str = "") -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, "users", *args, "--data-dir", str(self.home.data_dir)],
                              input=typed.encode(), capture_output=True, timeout=60, check=False,
                              env=environment(self.home.data_dir.parent))


class made_once(accounts_case):
    """Under an Idempotency-Key; what holds a secret is kept sealed."""

    def make(self, token: str, path: str, body: dict, key: str):
        return self.api.call("POST", path, body, {**bearer(token), "Idempotency-Key": key})

    def twice(self, token: str, path: str, body: dict, other: dict) -> dict:
        key = f"3f7c1d8a-{path}"
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(lambda _: self.make(token, path, body, key), range(4)))
        self.assertEqual({r.status for r in replies}, {201}, replies[0].body)
        self.assertEqual(len({r.body for r in replies}), 1)
        again = self.make(token, path, body, key)
        self.assertEqual((again.status, again.body), (201, replies[0].body))
        self.assertEqual(again.headers["idempotent-replayed"], "true")
        refused = self.make(token, path, other, key)
        self.assertEqual((refused.status, refused.error["details"]["field"]),
                         (422, "Idempotency-Key"))
        return again.data

    def stored(self) -> bytes:
        self.home.terminate()
        return b"".join(f.read_bytes() for f in self.home.data_dir.glob("son1k.db*"))

    def test_an_api_key(self):
        ana = self.registered("ana@example.org")["accessToken"]
        made = self.twice(ana, "/api/user/tokens", {"name": "radio"}, {"name": "television"})
        self.assertEqual([row["id"] for row in self.get("/api/user/tokens", ana).data],
                         [made["id"]])
        self.assertEqual(self.get("/api/user/profile", made["key"]).status, 200)
        kept = self.stored()
        self.assertNotIn(made["key"].encode(), kept)
        self.assertNotIn(b"3f7c1d8a", kept)

    def test_an_account_with_its_first_key(self):
        root = self.set_up()["accessToken"]
        body = {"email": "leo@example.org", "apiKey": True}
        made = self.twice(root, "/api/admin/users", body, {**body, "apiKey": False})
        self.assertEqual(self.get("/api/user/profile", made["apiKey"]).status, 200)
        self.assertEqual(len(self.get("/api/user/tokens", made["apiKey"]).data), 1)
        taken = self.make(root, "/api/admin/users", body, "another")
        self.assertEqual((taken.status, taken.error["details"]["field"]), (409, "email"))
        done = [row for row in self.get("/api/audit", root).data
                if (row["action"], row["outcome"]) == ("users.create", "done")]
        self.assertEqual(len(done), 1)
        self.assertNotIn(made["apiKey"].encode(), self.stored())

    def test_a_schedule(self):
        root = self.set_up()["accessToken"]
        body = {"id": "nightly", "queue": "probe", "kind": "probe", "every": 60_000}
        self.twice(root, "/api/schedules", body, {**body, "every": 1_000})
        ran = [self.make(root, "/api/schedules/nightly/run", {}, "by hand") for _ in range(2)]
        self.assertEqual([r.status for r in ran], [202, 202])
        self.assertEqual(ran[0].body, ran[1].body)
        taken = self.make(root, "/api/schedules", body, "another")
        self.assertEqual((taken.status, taken.error["details"]["field"]), (409, "id"))

    def test_a_webhook(self):
        ana = self.registered("ana@example.org")["accessToken"]
        body = {"url": "https://93.184.216.34/hook"}
        self.twice(ana, "/api/webhooks", body, {"url": "https://93.184.216.34/other"})
        self.assertEqual(len(self.get("/api/webhooks", ana).data), 1)


class first_administrator(accounts_case):
    def test_the_link_makes_one_and_is_gone(self):
        file = self.home.data_dir / "setup-url"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(self.api.get("/api/auth/setup").data,
                         {"open": True, "registration": True})
        root = self.set_up()
        self.assertEqual(root["user"]["role"], "admin")
        self.assertFalse(file.exists())
        self.assertEqual(self.api.get("/api/auth/setup").data,
                         {"open": False, "registration": True})
        again = self.api.post("/api/auth/setup", {"token": "x" * 43, "email": "eve@example.org",
                                                  "password": PASSWORD})
        self.assertEqual(again.status, 401)
        self.assertEqual(self.get("/api/admin/users", root["accessToken"]).status, 200)
        self.home.terminate()
        second = self.serve("--workers", "0", data_dir=self.home.data_dir)
        self.assertNotIn("setupUrl", second.hello)
        self.assertEqual(second.api.call("GET", "/api/auth/profile", None,
                                         bearer(root["accessToken"])).status, 200)


class credentials(accounts_case):
    def test_nobody_gets_in_without_one(self):
        for path in ("/api/auth/profile", "/api/generation/history", "/api/jobs", "/api/queues",
                     "/api/admin/users"):
            self.assertEqual(self.api.get(path).status, 401, path)
        self.assertEqual(self.api.get("/health").status, 200)

    def test_a_user_logs_in_renews_and_logs_out(self):
        ana = self.registered("ana@example.org")
        self.assertEqual(ana["user"]["tier"], "FREE")
        self.assertEqual(self.get("/api/auth/profile", ana["accessToken"]).data["email"],
                         "ana@example.org")
        self.assertEqual(self.get("/api/admin/users", ana["accessToken"]).status, 403)
        wrong = self.api.post("/api/auth/login", {"email": "ana@example.org",
                                                  "password": "not the password"})
        nobody = self.api.post("/api/auth/login", {"email": "nobody@example.org",
                                                   "password": PASSWORD})
        self.assertEqual((wrong.status, wrong.error["message"]),
                         (nobody.status, nobody.error["message"]))
        self.assertEqual(wrong.status, 401)
        first = self.api.post("/api/auth/login", {"email": "ANA@example.org",
                                                  "password": PASSWORD})
        self.assertEqual(first.headers["cache-control"], "no-store")
        token = first.data["refreshToken"]
        renewed = self.api.post("/api/auth/refresh", {"refreshToken": token})
        self.assertEqual(renewed.data["sessionId"], first.data["sessionId"])
        self.assertNotEqual(renewed.data["refreshToken"], token)
        out = self.api.call("POST", "/api/auth/logout", None,
                            bearer(renewed.data["accessToken"]))
        self.assertEqual(out.status, 200, out.body)
        for gone in (first, renewed):
            self.assertEqual(self.get("/api/auth/profile", gone.data["accessToken"]).status, 401)
        self.assertEqual(self.api.post("/api/auth/refresh", {
            "refreshToken": renewed.data["refreshToken"]}).status, 401)

    def test_a_page_gets_its_tokens_in_cookies_no_script_reads(self):
        self.registered("ana@example.org")
        own = {"Origin": f"http://{self.api.host}:{self.api.port}",
               "Host": f"{self.api.host}:{self.api.port}"}
        body = {"email": "ana@example.org", "password": PASSWORD, "cookie": True}
        evil = self.api.post("/api/auth/login", body, Origin="http://evil.example")
        self.assertEqual(evil.status, 403)
        got = self.api.call("POST", "/api/auth/login", body, own)
        self.assertEqual(got.status, 200, got.body)
        self.assertNotIn("accessToken", got.data)
        self.assertNotIn("refreshToken", got.data)
        self.assertIn("HttpOnly", got.headers["set-cookie"])
        self.assertIn("SameSite=Strict", got.headers["set-cookie"])

    def test_a_pages_session_carries_its_sockets_and_ends_with_them(self):
        self.registered("ana@example.org")
        own = {"Origin": self.api.address}
        got = self.api.call("POST", "/api/auth/login", {
            "email": "ana@example.org", "password": PASSWORD, "cookie": True}, own)
        given = [line.partition(";")[0] for line in got.headers["set-cookie"].splitlines()]
        cookie = {"Cookie": next(one for one in given if one.startswith("son1k_access="))}
        poll = "/socket.io/?EIO=4&transport=polling"

        def connected(fields: dict) -> tuple:
            """The connection's path, and what its first packet says."""
            opened = json.loads(self.api.call("GET", poll, None, fields).body[1:])
            path = f"{poll}&sid={opened['sid']}"
            self.assertEqual(self.api.call("POST", path, b"40", {
                "Content-Type": "text/plain"}).status, 200)
            return path, self.api.get(path).body

        evil = connected({**cookie, "Origin": "http://evil.example"})[1]
        self.assertTrue(evil.startswith(b"44{"), evil)
        path, said = connected(cookie)
        self.assertTrue(said.startswith(b"40{"), said)
        out = self.api.call("POST", "/api/auth/logout", None, {**cookie, **own})
        self.assertEqual(out.status, 200, out.body)
        began = time.monotonic()
        ended = self.api.get(path)
        self.assertLess(time.monotonic() - began, CUT_SECONDS)
        self.assertTrue(ended.status == 400 or ended.body.endswith(b"1"), ended)
        self.assertEqual(self.api.call("GET", "/api/auth/profile", None, cookie).status, 401)

    def test_another_e_mail_needs_the_password(self):
        self.registered("bea@example.org")
        ana = bearer(self.registered("ana@example.org")["accessToken"])

        def put(body: dict):
            return self.api.call("PUT", "/api/auth/profile", {"name": "Ana", **body}, ana)

        for body, field in (({"name": " "}, "name"),
                            ({"email": "eve@example.org"}, "currentPassword"),
                            ({"email": "eve@example.org", "currentPassword": "no"},
                             "currentPassword"),
                            ({"email": "eve", "currentPassword": PASSWORD}, "email")):
            refused = put(body)
            self.assertEqual((refused.status, refused.error["details"]["field"]), (422, field))
        taken = put({"email": "BEA@example.org", "currentPassword": PASSWORD})
        self.assertEqual((taken.status, taken.error["details"]["field"]), (409, "email"))
        moved = put({"email": "ana.perez@example.org", "currentPassword": PASSWORD})
        self.assertEqual(moved.data["email"], "ana.perez@example.org")
        self.assertEqual(put({}).data["name"], "Ana")
        self.assertEqual(self.api.post("/api/auth/login", {
            "email": "ana.perez@example.org", "password": PASSWORD}).status, 200)

    def test_nothing_that_is_not_the_callers_to_say_is_taken(self):
        for field in ("tier", "role", "credits", "is_admin", "id"):
            got = self.api.post("/api/auth/register", {"email": "eve@example.org",
                                                       "password": PASSWORD, field: "admin"})
            self.assertEqual(got.status, 422, field)
            self.assertEqual(got.error["details"]["field"], field)

    def test_a_key_does_what_its_scopes_say_until_it_is_revoked(self):
        root = self.set_up()["accessToken"]
        made = self.api.call("POST", "/api/user/tokens", {"name": "reader", "scopes": ["read"]},
                             bearer(root))
        self.assertEqual(made.status, 201, made.body)
        key = made.data["key"]
        self.assertEqual(self.api.get("/api/generation/history", X_API_Key=key).status, 200)
        self.assertEqual(self.get("/api/generation/history", key).status, 200)
        self.assertEqual(self.api.call("POST", "/api/generation/create", {"prompt": "x"},
                                       bearer(key)).status, 403)
        self.assertEqual(self.api.call("POST", "/api/user/tokens", {"name": "more"},
                                       bearer(key)).status, 403)
        listed = self.get("/api/user/tokens", root)
        self.assertNotIn(key, listed.body.decode())
        self.assertEqual(listed.data[0]["lastFour"], key[-4:])
        gone = self.api.call("DELETE", f"/api/user/tokens/{made.data['id']}", None, bearer(root))
        self.assertEqual(gone.status, 200)
        self.assertEqual(self.get("/api/generation/history", key).status, 401)

    def test_log_ins_of_one_account_are_limited_whoever_tries(self):
        body = {"email": "ana@example.org", "password": "a wrong password"}
        answers = [self.api.post("/api/auth/login", body) for _ in range(11)]
        self.assertEqual([one.status for one in answers], [401] * 10 + [429])
        self.assertGreaterEqual(int(answers[-1].headers["retry-after"]), 1)

    def test_what_another_made_is_not_found(self):
        root = self.set_up()["accessToken"]
        ana = self.registered("ana@example.org")["accessToken"]
        made = self.api.call("POST", "/api/generation/create", {"prompt": "a bolero",
                                                                "duration": 5}, bearer(ana))
        self.assertEqual(made.status, 202, made.body)
        path = f"/api/generation/{made.data['generationId']}"
        self.assertEqual(self.get(path, ana).status, 200)
        self.assertEqual(self.get(path, root).status, 404)


class users_command(accounts_case):
    def test_accounts_are_made_and_changed_beside_the_server_and_without_it(self):
        made = self.users("create", "--email", "ana@example.org", "--admin", "--password", "--json",
                          typed=PASSWORD + "\n")
        self.assertEqual(made.returncode, 0, made.stderr)
        ana = json.loads(made.stdout)
        self.assertEqual(set(ana), {"userId", "apiKey"})
        self.assertEqual(self.get("/api/admin/users", ana["apiKey"]).status, 200)
        other = json.loads(self.users("create", "--email", "bea@example.org", "--tier", "PRO",
                                      "--json").stdout)
        profile = self.get("/api/auth/profile", other["apiKey"]).data
        self.assertEqual(profile["tier"], "PRO")
        self.assertEqual(self.users("disable", "bea@example.org", "--yes").returncode, 0)
        self.assertEqual(self.get("/api/auth/profile", other["apiKey"]).status, 401)
        self.home.terminate()
        self.assertEqual(self.users("enable", "bea@example.org").returncode, 0)
        self.assertEqual(self.users("set-tier", "bea@example.org", "ENTERPRISE").returncode, 0)
        self.assertNotEqual(self.users("set-tier", "bea@example.org", "GOLD").returncode, 0)
        listed = json.loads(self.users("list", "--search", "bea", "--json").stdout)
        self.assertEqual([one["tier"] for one in listed["data"]], ["ENTERPRISE"])

    def test_commands_of_this_machine_are_the_local_account(self):
        file = self.home.data_dir / "server.json"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        token = json.loads(file.read_text())["token"]
        self.assertEqual(self.get("/api/auth/profile", token).data["id"], "local")
        self.assertEqual(self.users("list", "--json").returncode, 0)


class refused_starts(program_case):
    def test_a_placeholder_or_short_secret_does_not_start(self):
        for name in ("JWT_SECRET", "BACKEND_SECRET"):
            for secret in ("changeme", "short", "your-256-bit-secret-goes-in-here-please"):
                done = run("serve", "--port", "0", "--workers", "0", "--data-dir",
                           str(self.folder() / "data"), cwd=self.folder(),
                           env=environment(self.folder(), **{name: secret}))
                self.assertEqual(done.returncode, 2, (name, secret, done.stderr))
                self.assertNotIn(secret.encode(), done.stderr)

    def test_a_site_that_is_none_does_not_start(self):
        for name, value in (("PUBLIC_URL", "studio.example.org"), ("FRONTEND_URL", "https://a/b"),
                            ("ALLOWED_HOSTS", "*")):
            done = run("serve", "--port", "0", "--workers", "0", "--data-dir",
                       str(self.folder() / "data"), cwd=self.folder(),
                       env=environment(self.folder(), **{name: value}))
            self.assertEqual(done.returncode, 2, (name, done.stderr))
            self.assertIn(name.lower().encode(), done.stderr)


class other_machines(program_case):
    def test_are_served_as_this_one_and_show_a_credential_too(self):
        home = self.serve("--host", "0.0.0.0", "--workers", "0")
        there = client(f"http://127.0.0.1:{home.api.port}")
        self.assertEqual(there.get("/api/generation/history").status, 401)
        known = bearer(home.token)
        self.assertEqual(there.call("GET", "/api/generation/history", None, known).status, 200)
        # Nobody's browser opens 0.0.0.0.
        self.assertTrue(home.hello["setupUrl"].startswith(there.address + "/#setup="))
        told = json.loads((home.data_dir / "server.json").read_text())
        self.assertEqual(told["address"], there.address)

    def test_names_of_the_deployment_are_those_at_which_cookies_count(self):
        place = self.folder()
        home = self.serve("--workers", "0", data_dir=place / "data", env=environment(
            place, FRONTEND_URL="https://studio.example.org", ALLOWED_HOSTS="music.lan"))
        cookie = {"Cookie": f"son1k_access={home.token}"}
        for host, status in (("studio.example.org", 200), ("music.lan:8080", 200),
                             ("localhost:3001", 200), ("evil.example", 403)):
            got = home.anyone.call("GET", "/api/generation/history", None,
                                   {**cookie, "Host": host})
            self.assertEqual(got.status, status, host)
        self.assertTrue(home.hello["setupUrl"].startswith("https://studio.example.org/#setup="))


class token_command(program_case):
    def test_prints_what_curl_may_show_as_long_as_the_server_runs(self):
        home = self.serve("--workers", "0")
        where = ("--data-dir", str(home.data_dir))
        told = run("token", *where, cwd=home.data_dir.parent)
        self.assertEqual((told.returncode, told.stdout.decode().strip()), (0, home.token))
        facts = json.loads(run("token", "--json", *where, cwd=home.data_dir.parent).stdout)
        self.assertEqual(facts["data"], {"address": home.hello["address"], "token": home.token})
        home.kill()
        gone = run("token", *where, cwd=home.data_dir.parent)
        self.assertEqual((gone.returncode, gone.stdout), (3, b""))
        self.assertIn(b"son1k serve", gone.stderr)

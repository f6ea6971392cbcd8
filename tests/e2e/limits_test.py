"""How often callers may call the finished program, and what its replies say of that.

The machine may be slow: a limit gives back a unit every few seconds meanwhile, so what is expected
is said for the time that has passed.
"""

import math
import time
import unittest

from support.cluster import cluster_case
from support.program import bearer, environment, eventually, program_case, run, server

PASSWORD = "correct horse battery"
FREE = 10  # requests a minute
GUESSES = 20  # log-ins, and credentials that are not valid, of one address in a minute
CALLS_MAX = 200
USAGE = 2  # exit code


def registered(at: server, email: str) -> dict:
    """The fields with which a new account of the tier FREE calls."""
    made = at.anyone.post("/api/auth/register", {"email": email, "password": PASSWORD})
    if made.status != 201:
        raise AssertionError(f"register: {made.status} {made.body!r}")
    return bearer(made.data["accessToken"])


class limited:
    """Calls again and again, and knows how many of them a limit of a minute may let through."""

    def __init__(self, count: int):
        self.count, self.begun, self.let_through = count, 0.0, 0

    def until_refused(self, call):
        """The first reply with 429; `call` is called CALLS_MAX times at most."""
        self.begun = self.begun or time.monotonic()
        for _ in range(CALLS_MAX):
            got = call()
            if got.status == 429:
                return got
            self.let_through += 1
        raise AssertionError(f"{self.let_through} calls and no end")

    def came_back(self) -> int:
        return int((time.monotonic() - self.begun) * self.count / 60)


class limits_case(program_case):
    def start(self, **settings: str) -> server:
        home = self.folder()
        return self.serve("--workers", "0", data_dir=home / "data",
                          env=environment(home, **settings))

    def assert_limit(self, was: limited) -> None:
        self.assertGreaterEqual(was.let_through, was.count)
        self.assertLessEqual(was.let_through, was.count + was.came_back())


class requests_of_an_account(limits_case):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.start()
        self.ana = registered(self.server, "ana@example.org")

    def profile(self, who: dict):
        return self.server.anyone.call("GET", "/api/auth/profile", None, who)

    def test_replies_say_how_much_is_left_and_when_nothing_counts_any_more(self):
        begun = time.monotonic()
        for n in range(FREE):
            got = self.profile(self.ana)
            passed = time.monotonic() - begun
            self.assertEqual(got.status, 200, got.body)
            self.assertEqual(got.headers["x-ratelimit-limit"], str(FREE))
            left = int(got.headers["x-ratelimit-remaining"])
            self.assertIn(left, range(FREE - 1 - n, FREE - n + int(passed * FREE / 60)))
            reset = int(got.headers["x-ratelimit-reset"])
            full = 60 / FREE * (n + 1)
            self.assertLessEqual(reset, full)
            self.assertGreaterEqual(reset, math.ceil(full - passed))
            self.assertEqual(got.headers["ratelimit-policy"], f'"minute";q={FREE};w=60')
            self.assertEqual(got.headers["ratelimit"], f'"minute";r={left};t={reset}')
            self.assertNotIn("retry-after", got.headers)

    def test_a_refusal_names_the_wait_after_which_a_call_is_let_through(self):
        calls = limited(FREE)
        over = calls.until_refused(lambda: self.profile(self.ana))
        self.assert_limit(calls)
        self.assertEqual(over.error["code"], "RATE_LIMITED")
        self.assertEqual(over.headers["x-ratelimit-remaining"], "0")
        wait = int(over.headers["retry-after"])
        self.assertIn(wait, range(1, 60 // FREE + 1))
        self.assertEqual(over.error["details"]["retryAfterSeconds"], wait)
        spanish = self.server.anyone.call("GET", "/api/auth/profile", None,
                                       {**self.ana, "Accept-Language": "es"})
        if spanish.status == 429:
            self.assertIn("reintente", spanish.error["message"])
        time.sleep(wait)
        self.assertEqual(self.profile(self.ana).status, 200)

    def test_one_account_does_not_use_up_what_another_has(self):
        bob = registered(self.server, "bob@example.org")
        limited(FREE).until_refused(lambda: self.profile(self.ana))
        got = self.profile(bob)
        self.assertEqual((got.status, got.headers["x-ratelimit-remaining"]), (200, str(FREE - 1)))

    def test_looking_at_what_is_under_way_has_a_larger_limit_of_its_own(self):
        limited(FREE).until_refused(lambda: self.profile(self.ana))
        status = "/api/generation/00000000-0000-7000-8000-000000000000/status"
        got = self.server.anyone.call("GET", status, None, self.ana)
        self.assertEqual((got.status, got.headers["x-ratelimit-limit"]), (404, str(20 * FREE)))

    def test_another_address_or_another_credential_is_the_same_account(self):
        limited(FREE).until_refused(lambda: self.profile(self.ana))
        again = self.server.anyone.post("/api/auth/login", {"email": "ana@example.org",
                                                         "password": PASSWORD})
        other = {**bearer(again.data["accessToken"]), "X-Forwarded-For": "198.51.100.9"}
        calls = limited(FREE)
        calls.until_refused(lambda: self.profile(other))
        self.assertLess(calls.let_through, FREE)


class callers_without_an_account(limits_case):
    def guess(self, at: server, **fields: str):
        """A token that is none."""
        return at.anyone.get("/api/auth/profile", Authorization="Bearer guessed",
                          **fields)

    def come_from(self, at: server, *forwarded: str):
        return self.guess(at, X_Forwarded_For=", ".join(forwarded))

    def test_who_tries_log_ins_is_stopped(self):
        home = self.start()
        calls = limited(GUESSES)
        over = calls.until_refused(lambda: home.anyone.post("/api/auth/login", {}))
        self.assert_limit(calls)
        self.assertEqual(over.error["code"], "RATE_LIMITED")
        self.assertIn(int(over.headers["retry-after"]), range(1, 60 // GUESSES + 1))

    def test_naming_another_address_in_every_call_changes_nothing(self):
        home = self.start()
        calls = limited(GUESSES)
        names = iter(range(CALLS_MAX))
        calls.until_refused(lambda: self.come_from(home, f"198.51.100.{next(names) % 250}"))
        self.assert_limit(calls)

    def test_behind_a_trusted_proxy_each_client_counts_alone(self):
        home = self.start(TRUSTED_PROXIES="127.0.0.0/8")
        calls = limited(GUESSES)
        names = iter(range(CALLS_MAX))
        calls.until_refused(lambda: self.come_from(home, f"203.0.113.{next(names) % 250}",
                                                   "198.51.100.7"))
        self.assert_limit(calls)
        for hops in (("198.51.100.8",), ("198.51.100.7", "198.51.100.8"), ("198.51.100.9", "::1"),
                     ("2001:db8::1",)):
            self.assertEqual(self.come_from(home, *hops).status, 401, hops)

    def test_an_ipv6_subscriber_counts_once(self):
        home = self.start(TRUSTED_PROXIES="127.0.0.1")
        calls = limited(GUESSES)
        names = iter(range(CALLS_MAX))
        calls.until_refused(lambda: self.come_from(home, f"2001:db8:0:1::{next(names):x}"))
        self.assert_limit(calls)
        self.assertEqual(self.come_from(home, "2001:db8:0:2::1").status, 401)

    def test_proxies_that_would_trust_everybody_are_refused_at_the_start(self):
        home = self.folder()
        for proxies in ("0.0.0.0/0", "nginx", "10.0.0.1/8"):
            ended = run("serve", "--port", "0", "--data-dir", str(home / "data"), "--json",
                        cwd=home, env=environment(home, TRUSTED_PROXIES=proxies))
            self.assertEqual(ended.returncode, USAGE, ended.stderr)
            self.assertIn(b'"field":"trusted_proxies"', ended.stdout)


class servers_of_a_cluster(cluster_case):
    def wait_until_each_knows_both(self, one: server, two: server) -> None:
        # The link of the server that started last is the one that holds.
        secret = two.hello["setupUrl"].partition("#setup=")[2]
        root = two.anyone.post("/api/auth/setup", {"token": secret, "email": "root@example.org",
                                                "password": PASSWORD})
        self.assertEqual(root.status, 201, root.body)
        who = bearer(root.data["accessToken"])
        for at in (one, two):
            eventually(lambda at=at: b"\nson1k_limits_servers 2\n" in
                       at.anyone.call("GET", "/metrics", None, who).body, 60, "both are known")

    def test_share_the_limits_and_divide_them_while_redis_is_gone(self):
        one, two = self.serve(), self.serve()
        ana, bob = registered(one, "ana@example.org"), registered(two, "bob@example.org")

        def profile(at: server, who: dict):
            return at.anyone.call("GET", "/api/auth/profile", None, who)

        calls = limited(FREE)
        calls.until_refused(lambda: profile(one, ana))
        calls.until_refused(lambda: profile(two, ana))
        self.assertIn(calls.let_through, range(FREE, FREE + calls.came_back() + 1))
        self.wait_until_each_knows_both(one, two)
        self.redis.kill()
        for at in (one, two):
            part = limited(FREE // 2)
            part.until_refused(lambda at=at: profile(at, bob))
            self.assertIn(part.let_through, range(FREE // 2, FREE // 2 + part.came_back() + 1))


if __name__ == "__main__":
    unittest.main()

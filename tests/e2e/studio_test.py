"""The web page: each rule of studio/rules.mjs in Debian's Chromium, and how the page is sent."""

import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import unittest

from support import npm
from support.program import BINARY, must_run_here, program_case, server

HERE = pathlib.Path(__file__).resolve().parent / "studio"
WEB = HERE.parents[2] / "web"
UNIT = HERE.parents[1] / "unit" / "web"
RULE_SECONDS = 240
# What the page's cookie shows: a credential of all servers, that outlives each of them.
SECRET = {"BACKEND_SECRET": secrets.token_hex(32)}
NO_PAGE = "the program was built without its web page"


def scratch(case: unittest.TestCase) -> pathlib.Path:
    made = tempfile.TemporaryDirectory(prefix="son1k-test-")
    case.addCleanup(made.cleanup)
    return pathlib.Path(made.name)


def modules() -> pathlib.Path:
    return npm.locked(HERE, "studio")


def has_page(home: server) -> bool:
    return "/assets/" in home.api.get("/").body.decode()


def hold(case: program_case, rule: str, *addresses: str) -> None:
    """The rule in a browser, at servers of its own or at those of `addresses`."""
    if not shutil.which("chromium"):
        must_run_here("chromium is not installed")
    tools, folder = modules(), case.folder()
    running = subprocess.Popen(
        ["node", HERE / "run.mjs", tools, BINARY, folder, rule, *addresses],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env={**os.environ, **SECRET})
    try:
        said = running.communicate(timeout=RULE_SECONDS)[0]
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        said = running.communicate()[0] + f"\nnot done within {RULE_SECONDS} s"
    case.assertEqual(running.returncode, 0, said)


class page_case(program_case):
    there = None  # whether the program was built with its page; asked once

    def setUp(self) -> None:
        super().setUp()
        if page_case.there is None:
            page_case.there = has_page(self.serve("--workers", "0"))
        if not page_case.there:
            must_run_here(NO_PAGE)


def add_rules(to: type, file: str) -> None:
    """A test in `to` for each rule of that file of studio/."""
    for rule in re.findall(r"^  async (\w+)\(scene\)", (HERE / file).read_text(), re.M):
        setattr(to, f"test_{rule}", lambda self, rule=rule: hold(self, rule))


class in_a_browser(page_case):
    """Each rule of studio/rules.mjs."""


add_rules(in_a_browser, "rules.mjs")


class how_it_is_sent(page_case):
    def test_the_page_is_guarded_and_asked_for_again(self):
        home = self.serve("--workers", "0")
        page = home.api.get("/")
        self.assertEqual(page.headers["cache-control"], "no-cache")
        self.assertEqual(page.headers["x-content-type-options"], "nosniff")
        self.assertEqual(page.headers["referrer-policy"], "no-referrer")
        policy = page.headers["content-security-policy"]
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'",
                     "frame-ancestors 'none'", "base-uri 'none'"):
            self.assertIn(part, policy.split("; "))
        self.assertNotIn("unsafe", policy)
        again = home.api.get("/", If_None_Match=page.headers["etag"])
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(again.headers["content-security-policy"], policy)
        other = home.api.get("/pieces/01890000-0000-7000-8000-000000000000")
        self.assertEqual(other.body, page.body)

    def test_files_are_kept_for_good_and_small(self):
        home = self.serve("--workers", "0")
        names = re.findall(r'"(/assets/[^"]+)"', home.api.get("/").body.decode())
        self.assertGreaterEqual(len(names), 4)
        total = 0
        for name in names:
            plain = home.api.get(name)
            packed = home.api.get(name, Accept_Encoding="gzip")
            self.assertIn("immutable", plain.headers["cache-control"])
            self.assertNotIn("content-encoding", plain.headers)
            self.assertEqual(packed.headers.get("content-encoding"), "gzip", name)
            self.assertLess(len(packed.body), len(plain.body))
            elsewhere = set(re.findall(r"https?://[\w-]+(?:\.[\w-]+)+", plain.body.decode()))
            # A name of SVG, and a link in a message for developers.
            self.assertLessEqual(elsewhere, {"http://www.w3.org", "https://socket.io"}, name)
            total += len(packed.body)
        self.assertLess(total, 90 * 1024)


class the_source(unittest.TestCase):
    def test_its_types_hold(self):
        tools = modules()
        web = npm.locked(WEB, "web")
        folder = scratch(self)
        (folder / "tsconfig.json").write_text(
            '{"extends": "%s", "compilerOptions": {"paths": {"*": ["%s/*"]}}, "include": ["%s"]}'
            % (WEB / "tsconfig.json", web / "node_modules", WEB / "src"))
        done = subprocess.run([tools / "node_modules/.bin/tsc", "-p", folder], timeout=400,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_its_pure_parts_do_what_they_say(self):
        web, out = npm.locked(WEB, "web"), scratch(self) / "pure_test.mjs"
        made = subprocess.run(
            [web / "node_modules/.bin/esbuild", UNIT / "pure_test.ts", "--bundle", "--format=esm",
             "--platform=node", f"--outfile={out}", "--log-level=warning"],
            capture_output=True, text=True, timeout=180, check=False)
        self.assertEqual(made.returncode, 0, made.stderr)
        done = subprocess.run(["node", "--test", out], capture_output=True, text=True, timeout=180,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

"""The web page's files: how they are sent, and whether their source holds."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import studio_test
from support import npm

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
UNIT = ROOT / "tests" / "unit" / "web"


def scratch(case: unittest.TestCase) -> pathlib.Path:
    made = tempfile.TemporaryDirectory(prefix="son1k-test-")
    case.addCleanup(made.cleanup)
    return pathlib.Path(made.name)


class how_it_is_sent(studio_test.page_case):
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
        tools = studio_test.modules()
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

"""The web page: each rule of studio/rules.mjs in Debian's Chromium."""

import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import unittest

from support import npm
from support.program import BINARY, must_run_here, program_case, server

HERE = pathlib.Path(__file__).resolve().parent / "studio"
RULE_SECONDS = 240
# What the page's cookie shows: a credential of all servers, that outlives each of them.
SECRET = {"BACKEND_SECRET": secrets.token_hex(32)}
NO_PAGE = "the program was built without its web page"


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

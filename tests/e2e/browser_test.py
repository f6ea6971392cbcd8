"""A piece in a real browser: Debian's Chromium, driven over WebDriver (W3C) with http.client.

The page is one of the server's own addresses, so that the audio and the events are same-origin.
"""

import http.client
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import threading
import unittest

from support.program import environment, must_run_here, program_case

FLAGS = ["--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--autoplay-policy=no-user-gesture-required", "--mute-audio", "--disable-dev-shm-usage"]
SCRIPT_MS = 60_000

# Each script gets `done`, a function that ends it, after its own arguments.
PLAY = """
const [url, done] = arguments;
const seen = {errors: []};
const audio = document.createElement('audio');
const on = (name) => new Promise((go) => audio.addEventListener(name, go, {once: true}));
const moves = (from) => new Promise((go) => {
  const look = () => {
    if (audio.currentTime > from) { audio.removeEventListener('timeupdate', look); go(); }
  };
  audio.addEventListener('timeupdate', look);
});
audio.addEventListener('error', () => {
  seen.errors.push(audio.error.message || String(audio.error.code));
  done(seen);
});
audio.preload = 'metadata';
audio.src = url;
document.documentElement.append(audio);
(async () => {
  await on('loadedmetadata');
  seen.duration = audio.duration;
  await audio.play();
  const start = audio.currentTime;
  await moves(start + 0.3);
  seen.played = audio.currentTime - start;
  const sought = on('seeked');
  audio.currentTime = audio.duration - 3;
  await sought;
  seen.sought = audio.currentTime;
  await moves(seen.sought + 0.3);
  seen.playedLate = audio.currentTime - seen.sought;
  await on('ended');
  seen.ended = audio.ended;
  done(seen);
})().catch((e) => { seen.errors.push(String(e)); done(seen); });
"""

FOLLOW = """
const [done] = arguments;
const seen = [];
const events = new EventSource('/api/events');
const keep = (e) => {
  const data = JSON.parse(e.data);
  seen.push({name: e.type, id: e.lastEventId, piece: data.generationId, at: data.progress});
  if (e.type !== 'generation:progress') { events.close(); done(seen); }
};
for (const name of ['progress', 'complete', 'error']) {
  events.addEventListener('generation:' + name, keep);
}
events.onopen = () => fetch('/api/generation/create', {
  method: 'POST', headers: {'Content-Type': 'application/json'},
  body: JSON.stringify({prompt: 'slow piano', duration: 5}),
});
"""


class driver:
    """One browser session."""

    def __init__(self, case: program_case, program: str, browser: str):
        home = case.folder()
        # Unbuffered: lines that were read ahead are not seen by select().
        self.process = subprocess.Popen([program, "--port=0"], bufsize=0, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=environment(home))
        case.addCleanup(self._end)
        self.port = self._port()
        flags = FLAGS + [f"--user-data-dir={home / 'profile'}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # Chromium refuses to run as root with it
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "timeouts": {"script": SCRIPT_MS},
            "goog:chromeOptions": {"binary": browser, "args": flags}}}})
        self.session = "/session/" + made["sessionId"]

    def _port(self) -> int:
        while select.select([self.process.stdout], [], [], 30)[0]:
            line = self.process.stdout.readline().decode()
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
            if not line:
                break
        raise AssertionError("chromedriver did not start")

    def call(self, method: str, path: str, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=SCRIPT_MS / 1000 + 60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{value['error']}: {value['message']}")
        return value

    def open(self, url: str) -> None:
        self.call("POST", self.session + "/url", {"url": url})

    def keep_cookie(self, name: str, value: str) -> None:
        """For the host of the page that is open."""
        self.call("POST", self.session + "/cookie", {"cookie": {
            "name": name, "value": value, "httpOnly": True, "sameSite": "Strict"}})

    def run(self, script: str, *args):
        return self.call("POST", self.session + "/execute/async",
                         {"script": script, "args": list(args)})

    def _end(self) -> None:
        quitting = threading.Thread(target=self._quit, daemon=True)
        quitting.start()
        quitting.join(20)
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()

    def _quit(self) -> None:
        try:
            self.call("DELETE", self.session)
        except (AttributeError, AssertionError, OSError):
            pass  # there was no session, or it went before


class in_a_browser(program_case):
    def setUp(self):
        super().setUp()
        program, browser = shutil.which("chromedriver"), shutil.which("chromium")
        if program is None or browser is None:
            must_run_here("chromium and chromium-driver are not installed")
        self.home = self.serve()
        self.browser = driver(self, program, str(pathlib.Path(browser)))
        self.browser.open(self.home.hello["address"] + "/live")
        self.browser.keep_cookie("son1k_access", self.home.token)

    def test_a_piece_plays_and_seeks_to_its_end(self):
        piece_id = self.home.api.create("melancholic lo-fi piano", duration=30, seed=7)
        told = self.home.api.wait_for(piece_id, "completed")
        for form in ("", "?format=ogg", "?format=flac", "?format=wav"):
            with self.subTest(format=form or "mp3"):
                seen = self.browser.run(PLAY, told["audioUrl"] + form)
                self.assertEqual(seen["errors"], [])
                self.assertAlmostEqual(seen["duration"], told["metadata"]["duration"], delta=0.2)
                self.assertGreater(seen["played"], 0.3)
                self.assertAlmostEqual(seen["sought"], seen["duration"] - 3, delta=0.2)
                self.assertGreater(seen["playedLate"], 0.3)
                self.assertIs(seen["ended"], True)

    def test_event_source_follows_a_piece(self):
        seen = self.browser.run(FOLLOW)
        self.assertEqual(seen[-1]["name"], "generation:complete")
        percents = [e["at"] for e in seen]
        self.assertEqual(percents, sorted(percents))
        self.assertEqual(percents[-1], 100)
        self.assertEqual(len({e["piece"] for e in seen}), 1)
        self.assertEqual(len({e["id"] for e in seen}), len(seen))


if __name__ == "__main__":
    unittest.main()

"""Pieces over HTTP: created, followed, listened to, cancelled, carried over a restart."""

import pathlib
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

from support.program import (client, decoded_seconds, event, eventually, program_case, server)

LONG = {"duration": 600, "quality": "standard"}  # seconds of work: there is time to interfere
CREATES_AT_ONCE = 200


def is_end_of(piece_id: str):
    return lambda e: e.piece == piece_id and e.name in ("generation:complete", "generation:error")


class smoke(program_case):
    """Small enough for the sanitizer builds."""

    def test_a_piece_is_made_and_served(self):
        home = self.serve()
        piece_id = home.api.create()
        home.api.wait_for(piece_id, "completed", 400)
        self.assertEqual(home.api.get(f"/api/generation/{piece_id}/audio").status, 200)
        self.assertEqual(home.terminate(), 0, home.log_tail())


class creating(program_case):
    def test_a_create_is_accepted_and_its_progress_only_grows_to_complete(self):
        home = self.serve()
        stream = self.listen(home)
        began = time.monotonic()
        made = home.api.post("/api/generation/create",
                             {"prompt": "lo-fi piano 80 bpm in D minor", "duration": 5, "seed": 7})
        took_ms = (time.monotonic() - began) * 1000
        self.assertEqual(made.status, 202)
        self.assertIs(made.json()["success"], True)
        self.assertEqual(made.data["status"], "pending")
        self.assertEqual(made.data["position"], 0)
        piece_id = made.data["generationId"]
        seen = [e for e in stream.until(is_end_of(piece_id)) if e.piece == piece_id]
        self.assertEqual(seen[-1].name, "generation:complete", seen[-1])
        percents = [e.data["progress"] for e in seen]
        self.assertEqual(percents, sorted(percents))
        self.assertEqual(percents[-1], 100)
        self.assertGreater(len(set(percents)), 5, "progress comes from the stages of the work")
        self.assertEqual([e.data["status"] for e in seen[:2]], ["pending", "processing"])
        self.assertEqual([int(e.id) for e in seen], sorted({int(e.id) for e in seen}))
        print(f"create answered after {took_ms:.1f} ms, {len(seen)} events")

    def test_a_finished_piece_is_found_by_id_status_and_history(self):
        home = self.serve()
        ids = [home.api.create(f"piano {i}") for i in range(3)]
        for piece_id in ids:
            done = home.api.wait_for(piece_id, "completed")
        self.assertEqual(done["progress"], 100)
        self.assertEqual(done["audioUrl"], f"/api/generation/{ids[-1]}/audio")
        self.assertNotIn("files", done["metadata"])
        whole = home.api.get(f"/api/generation/{ids[0]}").data
        self.assertEqual((whole["prompt"], whole["request"]["duration"]), ("piano 0", 5))
        page = home.api.get("/api/generation/history?limit=2").json()
        self.assertEqual([p["generationId"] for p in page["data"]], ids[:0:-1])
        self.assertEqual(page["pagination"]["total"], 3)
        cursor = page["pagination"]["nextCursor"]
        rest = home.api.get(f"/api/generation/history?limit=2&cursor={cursor}").json()
        self.assertEqual([p["generationId"] for p in rest["data"]], ids[:1])
        self.assertIsNone(rest["pagination"]["nextCursor"])
        for part, found in (("IANO%201", ids[1:2]), ("%25", []), ("piano__", [])):
            page = home.api.get(f"/api/generation/history?q={part}").json()
            self.assertEqual([p["generationId"] for p in page["data"]], found, part)
            self.assertEqual(page["pagination"]["total"], len(found))
        self.assertEqual(home.api.total("completed"), 3)
        self.assertEqual(home.api.total("failed"), 0)

    def test_creates_at_once_all_complete_exactly_once(self):
        home = self.serve()
        stream = self.listen(home)
        ids: list = []
        together = threading.Barrier(CREATES_AT_ONCE)

        def create(number: int) -> None:
            together.wait()
            ids.append(home.api.create(f"quiet solo flute {number}", seed=number))

        threads = [threading.Thread(target=create, args=(i,)) for i in range(CREATES_AT_ONCE)]
        began = time.monotonic()
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        accepted_s = time.monotonic() - began
        self.assertEqual(len(set(ids)), CREATES_AT_ONCE)
        completed: dict = {}
        while len(completed) < CREATES_AT_ONCE:
            got = stream.next(120)
            self.assertNotEqual(got.name, "generation:error", got)
            if got.name == "generation:complete":
                completed[got.piece] = completed.get(got.piece, 0) + 1
        self.assertEqual(completed, dict.fromkeys(ids, 1))
        self.assertEqual(home.api.total("completed"), CREATES_AT_ONCE)
        self.assertEqual([e for e in stream.pending() if e.name == "generation:complete"], [])
        print(f"{CREATES_AT_ONCE} creates accepted in {accepted_s:.2f} s, "
              f"completed in {time.monotonic() - began:.1f} s")

    def test_every_reply_carries_a_request_id(self):
        home = self.serve()
        given = home.api.get("/live", X_Request_Id="my-request-1")
        self.assertEqual(given.headers["x-request-id"], "my-request-1")
        ours = home.api.get("/api/generation/" + str(uuid.uuid4()))
        self.assertEqual(ours.error["requestId"], ours.headers["x-request-id"])
        odd = home.api.get("/live", X_Request_Id="<script>")
        self.assertNotIn("<", odd.headers["x-request-id"])

    def test_an_unknown_piece_is_not_found_in_the_callers_language(self):
        home = self.serve()
        unknown = str(uuid.uuid4())
        for path in ("", "/status", "/audio", "/midi", "/peaks"):
            for one in (unknown, "abc", "..%2f..%2fetc%2fpasswd"):
                got = home.api.get(f"/api/generation/{one}{path}")
                self.assertEqual((got.status, got.error["code"]), (404, "NOT_FOUND"), one + path)
        got = home.api.post(f"/api/generation/{unknown}/cancel")
        self.assertEqual((got.status, got.error["code"]), (404, "NOT_FOUND"))
        spanish = home.api.get(f"/api/generation/{unknown}", Accept_Language="es-CL,en;q=0.5")
        self.assertIn("no hay ninguna pieza", spanish.error["message"])
        self.assertEqual(spanish.headers["content-language"], "es")
        english = home.api.get(f"/api/generation/{unknown}", Accept_Language="es;q=0.3,en")
        self.assertIn("there is no piece", english.error["message"])

    def test_health_live_and_ready_answer(self):
        home = self.serve()
        health = home.api.get("/health")
        self.assertEqual((health.status, health.data["status"]), (200, "ok"))
        self.assertEqual(health.data["services"]["database"], "up")
        self.assertEqual(home.api.get("/live").status, 200)
        self.assertEqual(home.api.get("/ready").status, 200)


class files(program_case):
    """One finished piece, fetched in every way a player does."""

    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory(prefix="son1k-test-")
        cls.addClassCleanup(cls.temp.cleanup)
        cls.home = server(pathlib.Path(cls.temp.name) / "data")
        cls.addClassCleanup(cls.home.kill)
        cls.api: client = cls.home.api
        cls.id = cls.api.create("cumbia alegre con acordeón", seed=3)
        cls.facts = cls.api.wait_for(cls.id, "completed")["metadata"]
        cls.url = f"/api/generation/{cls.id}/audio"
        cls.whole = cls.api.get(cls.url)

    def save(self, content: bytes, name: str) -> pathlib.Path:
        file = self.folder() / name
        file.write_bytes(content)
        return file

    def test_the_audio_is_whole_and_as_long_as_told(self):
        self.assertEqual(self.whole.status, 200)
        self.assertEqual(self.whole.headers["content-type"], "audio/mpeg")
        self.assertEqual(int(self.whole.headers["content-length"]), len(self.whole.body))
        self.assertEqual(self.whole.headers["accept-ranges"], "bytes")
        seconds = decoded_seconds(self.save(self.whole.body, "a.mp3"))
        self.assertAlmostEqual(seconds, self.facts["duration"], delta=0.1)

    def test_ranges_are_parts_of_the_same_bytes(self):
        size = len(self.whole.body)
        for field, begin, end in (("bytes=0-0", 0, 1), ("bytes=100-299", 100, 300),
                                  (f"bytes={size - 10}-", size - 10, size),
                                  ("bytes=-500", size - 500, size),
                                  (f"bytes=5-{size * 2}", 5, size)):
            got = self.api.get(self.url, Range=field)
            self.assertEqual(got.status, 206, field)
            self.assertEqual(got.headers["content-range"], f"bytes {begin}-{end - 1}/{size}")
            self.assertEqual(got.body, self.whole.body[begin:end], field)
        for field in (f"bytes={size}-", "bytes=9-3", "bytes=-0"):
            got = self.api.get(self.url, Range=field)
            self.assertEqual(got.status, 416, field)
            self.assertEqual(got.headers["content-range"], f"bytes */{size}")

    def test_a_known_etag_saves_the_transfer(self):
        tag = self.whole.headers["etag"]
        same = self.api.get(self.url, If_None_Match=tag)
        self.assertEqual((same.status, same.body), (304, b""))
        self.assertEqual(self.api.get(self.url, If_None_Match='"other"').status, 200)
        part = self.api.get(self.url, Range="bytes=0-9", If_Range=tag)
        self.assertEqual(part.status, 206)
        changed = self.api.get(self.url, Range="bytes=0-9", If_Range='"other"')
        self.assertEqual((changed.status, changed.body), (200, self.whole.body))

    def test_head_tells_the_same_without_the_body(self):
        head = self.api.call("HEAD", self.url)
        self.assertEqual((head.status, head.body), (200, b""))
        for name in ("content-length", "content-type", "etag"):
            self.assertEqual(head.headers[name], self.whole.headers[name])

    def test_every_format_decodes_and_is_as_long(self):
        for form, kind, codec in (("mp3", "audio/mpeg", "mp3"), ("ogg", "audio/ogg", None),
                                  ("flac", "audio/flac", "flac"), ("wav", "audio/", "pcm_s")):
            with self.subTest(format=form):
                got = self.api.get(f"{self.url}?format={form}")
                self.assertEqual(got.status, 200, got.body[:200])
                self.assertTrue(got.headers["content-type"].startswith(kind))
                file = self.save(got.body, "a." + form)
                self.assertAlmostEqual(decoded_seconds(file), self.facts["duration"], delta=0.1)
                named = subprocess.run(
                    ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of",
                     "csv=p=0", str(file)], capture_output=True, check=True).stdout.decode()
                self.assertIn(codec or "", named)
                again = self.api.get(f"{self.url}?format={form}", Range="bytes=10-19")
                self.assertEqual((again.status, again.body), (206, got.body[10:20]))

    def test_conversions_asked_for_at_once_give_the_same_bytes(self):
        piece_id = self.api.create("slow ambient pad", seed=4)
        self.api.wait_for(piece_id, "completed")
        got: list = []
        url = f"/api/generation/{piece_id}/audio?format=wav"
        threads = [threading.Thread(target=lambda: got.append(self.api.get(url)))
                   for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        self.assertEqual([r.status for r in got], [200] * 8)
        self.assertEqual(len({r.body for r in got}), 1)

    def test_an_unknown_format_is_refused_by_name(self):
        got = self.api.get(f"{self.url}?format=aiff")
        self.assertEqual((got.status, got.error["details"]["field"]), (422, "format"))

    def test_midi_and_peaks_are_what_they_say(self):
        midi = self.api.get(f"/api/generation/{self.id}/midi")
        self.assertEqual((midi.status, midi.headers["content-type"]), (200, "audio/midi"))
        self.assertEqual(midi.body[:4], b"MThd")
        self.assertEqual(midi.body[14:18], b"MTrk")
        peaks = self.api.get(f"/api/generation/{self.id}/peaks")
        self.assertEqual(peaks.status, 200)
        self.assertIsInstance(peaks.json(), dict)

    def test_the_same_seed_gives_the_same_bytes(self):
        again = self.api.create("cumbia alegre con acordeón", seed=3)
        other = self.api.create("cumbia alegre con acordeón", seed=4)
        for piece_id in (again, other):
            self.api.wait_for(piece_id, "completed")
        self.assertEqual(self.api.get(f"/api/generation/{again}/audio").body, self.whole.body)
        self.assertNotEqual(self.api.get(f"/api/generation/{other}/audio").body, self.whole.body)


class cancelling(program_case):
    def pieces_left(self, home: server) -> list:
        return list((home.data_dir / "artifacts").iterdir())

    def test_a_running_piece_stops_and_leaves_no_files(self):
        home = self.serve()
        stream = self.listen(home)
        piece_id = home.api.create("epic rock", **LONG)
        stream.until(lambda e: e.piece == piece_id and e.data.get("progress", 0) >= 3)
        began = time.monotonic()
        got = home.api.post(f"/api/generation/{piece_id}/cancel")
        self.assertEqual((got.status, got.data["status"]), (200, "cancelled"))
        end = stream.until(is_end_of(piece_id), 20)[-1]
        took_ms = (time.monotonic() - began) * 1000
        self.assertEqual(end.data["status"], "cancelled")
        self.assertEqual(home.api.piece(piece_id)["status"], "cancelled")
        self.assertEqual(home.api.get(f"/api/generation/{piece_id}/audio").status, 409)
        eventually(lambda: not self.pieces_left(home), 20, "the cancelled piece's files are gone")
        # The slot is free again.
        home.api.wait_for(home.api.create(), "completed")
        print(f"the cancelled event arrived after {took_ms:.0f} ms")

    def test_a_waiting_piece_never_starts(self):
        home = self.serve("--concurrency", "1")
        stream = self.listen(home)
        first = home.api.create("long jazz", **LONG)
        stream.until(lambda e: e.piece == first and e.data.get("status") == "processing")
        second = home.api.create("never heard")
        self.assertEqual(home.api.piece(second)["status"], "pending")
        self.assertEqual(home.api.post(f"/api/generation/{second}/cancel").status, 200)
        seen = stream.until(is_end_of(second))
        self.assertEqual(seen[-1].data["status"], "cancelled")
        self.assertEqual(home.api.post(f"/api/generation/{first}/cancel").status, 200)
        seen += stream.until(is_end_of(first))
        third = home.api.create()
        seen += stream.until(is_end_of(third))
        states = {e.data["status"] for e in seen if e.piece == second}
        self.assertEqual(states, {"pending", "cancelled"})

    def test_what_has_ended_cannot_be_cancelled(self):
        home = self.serve()
        piece_id = home.api.create()
        home.api.wait_for(piece_id, "completed")
        got = home.api.post(f"/api/generation/{piece_id}/cancel")
        self.assertEqual((got.status, got.error["code"]), (409, "CONFLICT"))
        self.assertEqual(home.api.piece(piece_id)["status"], "completed")


class event_replay(program_case):
    def test_a_listener_that_comes_back_misses_nothing_and_hears_nothing_twice(self):
        home = self.serve()
        steady = self.listen(home)
        ids = [home.api.create(f"folk guitar {i}") for i in range(6)]
        last = ids[-1]
        heard: list = []
        breaks = 0
        stream = self.listen(home)
        heard += stream.until(lambda e: True)
        while not is_end_of(last)(heard[-1]):
            # Cut in the middle of the work, again and again.
            for _ in range(7):
                heard.append(stream.next())
                if is_end_of(last)(heard[-1]):
                    break
            stream.close()
            breaks += 1
            stream = self.listen(home, heard[-1].id)
        everything = steady.until(is_end_of(last))
        begin = [e.id for e in everything].index(heard[0].id)
        self.assertEqual(heard, everything[begin:])
        self.assertGreater(breaks, 2)

    def test_topics_choose_the_pieces(self):
        home = self.serve()
        first = home.api.create()
        home.api.wait_for(first, "completed")
        second = home.api.create()
        home.api.wait_for(second, "completed")
        stream = self.listen(home, "1", f"generation:{second}")
        self.assertEqual(stream.next().name, "gap")
        seen = stream.until(is_end_of(second))
        self.assertEqual({e.piece for e in seen}, {second})

    def test_a_restart_says_that_events_are_missing(self):
        home = self.serve()
        stream = self.listen(home)
        piece_id = home.api.create()
        last: event = stream.until(is_end_of(piece_id))[-1]
        self.assertEqual(home.terminate(), 0)
        again = self.serve(data_dir=home.data_dir)
        stream = self.listen(again, last.id)
        self.assertEqual(stream.next().name, "gap")
        after = again.api.create()
        seen = stream.until(is_end_of(after))
        self.assertTrue(all(int(e.id) > int(last.id) for e in seen))
        self.assertNotIn(piece_id, {e.piece for e in seen})

    def test_who_only_looks_at_the_stream_takes_no_place(self):
        home = self.serve("--workers", "0")
        for _ in range(4097):  # one more than may listen at once
            self.assertEqual(home.api.call("HEAD", "/api/events").status, 200)
        stream = self.listen(home)
        piece_id = home.api.create()
        self.assertEqual(stream.next().piece, piece_id)

    def test_a_broken_last_event_id_is_refused(self):
        home = self.serve()
        got = home.api.get("/api/events", Last_Event_ID="12x")
        self.assertEqual((got.status, got.error["details"]["field"]), (422, "Last-Event-ID"))
        got = home.api.get("/api/events?topics=rooms:1")
        self.assertEqual((got.status, got.error["details"]["field"]), (422, "topics"))


class draining(program_case):
    def test_sigterm_finishes_or_hands_back_and_a_restart_completes_the_rest(self):
        home = self.serve()
        stream = self.listen(home)
        ids = [home.api.create(f"reggae {i}") for i in range(30)]
        stream.until(lambda e: e.name == "generation:complete")
        self.assertEqual(home.terminate(), 0, home.log_tail())
        again = self.serve(data_dir=home.data_dir)
        before = again.api.total("completed")
        self.assertLess(before, 30, "the drain takes no new work")
        stream = self.listen(again, "1")
        eventually(lambda: again.api.total("completed") == 30, 120, "all are completed")
        ends: list = []
        # A row says that its piece is complete before everybody has been told so.
        eventually(lambda: ends.extend(e.piece for e in stream.pending()
                                       if e.name == "generation:complete")
                   or len(ends) >= 30 - before, 30, "the ends are told")
        self.assertEqual(len(ends), len(set(ends)))
        self.assertEqual(len(ends), 30 - before)
        self.assertEqual({p["generationId"] for p in
                          again.api.get("/api/generation/history?limit=100").data}, set(ids))

    def test_what_does_not_finish_in_the_grace_is_handed_back_at_once(self):
        # More work at once than the cores can do in the grace (25 s).
        home = self.serve("--concurrency", "16")
        stream = self.listen(home)
        ids = [home.api.create("dense orchestral rock", duration=600, quality="ultra")
               for _ in range(16)]
        stream.until(lambda e: e.data.get("progress", 0) >= 1)
        self.assertEqual(home.terminate(), 0, home.log_tail())
        with sqlite3.connect(home.data_dir / "son1k.db") as db:
            rows = dict(db.execute("select id, status from generation"))
            half = db.execute("select count(*) from generation where result is not null "
                              "and status <> 'completed'").fetchone()[0]
        self.assertEqual(set(rows), set(ids))
        self.assertLessEqual(set(rows.values()), {"pending", "processing", "completed"})
        self.assertIn("processing", rows.values(), "some were running when the grace was over")
        self.assertEqual(half, 0)
        kept = {f.parts[-3] for f in (home.data_dir / "artifacts").rglob("*") if f.is_file()}
        self.assertEqual(kept, {i for i, status in rows.items() if status == "completed"})
        again = self.serve(data_dir=home.data_dir)
        stream = self.listen(again, "1")
        # Sooner than any lease (30 s) could have run out.
        stream.until(lambda e: e.data.get("status") == "processing", 15)
        for piece_id, status in rows.items():
            if status != "completed":
                self.assertEqual(again.api.post(f"/api/generation/{piece_id}/cancel").status, 200)


if __name__ == "__main__":
    unittest.main()

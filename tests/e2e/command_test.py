"""The commands as a person types them: songs, progress, interruption, the small ones."""

import contextlib
import json
import os
import pathlib
import pty
import select
import signal
import sqlite3
import subprocess
import time
import unittest

from support.program import (BINARY, decoded_seconds, environment, eventually, loudness,
                             program_case, run)

LOFI = "melancholic lo-fi piano 80 bpm in D minor with soft drums"
CUMBIA = "cumbia alegre con acordeón, 100 bpm, 45 segundos"
COMMANDS = ("serve", "generate", "migrate", "doctor", "config", "bench", "version")


class generate(program_case):
    def make(self, home: pathlib.Path, *args: str) -> subprocess.CompletedProcess:
        done = run("generate", *args, "--data-dir", str(home / "data"), cwd=home)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done

    def is_mastered(self, file: pathlib.Path, seconds: float) -> None:
        lufs, peak = loudness(file)
        length = decoded_seconds(file)
        print(f"{file.name}: {lufs} LUFS, {peak} dBTP, {length:.2f} s")
        self.assertAlmostEqual(lufs, -14.0, delta=0.5)
        self.assertLessEqual(peak, -1.0)
        self.assertAlmostEqual(length, seconds, delta=seconds * 0.02)

    def test_the_same_seed_gives_the_same_bytes_at_the_right_loudness(self):
        home = self.folder()
        ask = (LOFI, "--duration", "60", "--seed", "7", "--out")
        told = self.make(home, *ask, "a.mp3").stdout.decode()
        for word in ("key", "D minor", "tempo", "80 bpm", "form", "LUFS", "real time", "a.mp3"):
            self.assertIn(word, told)
        self.make(home, *ask, "b.mp3")
        self.assertEqual((home / "a.mp3").read_bytes(), (home / "b.mp3").read_bytes())
        self.is_mastered(home / "a.mp3", 60)
        other = home / "other"
        other.mkdir()
        self.make(other, *ask, "c.mp3")  # in a data folder of its own
        self.assertEqual((home / "a.mp3").read_bytes(), (other / "c.mp3").read_bytes())

    def test_a_spanish_prompt_is_understood_and_its_length_kept(self):
        home = self.folder()
        told = json.loads(self.make(home, CUMBIA, "--json", "--out", "c.mp3").stdout)
        self.assertIs(told["success"], True)
        self.assertEqual(told["data"]["out"], "c.mp3")
        self.assertAlmostEqual(told["data"]["tempo"], 100, delta=0.01)
        self.assertIn("cumbia", json.dumps(told["data"]["understood"], ensure_ascii=False))
        self.assertGreater(told["data"]["timesRealTime"], 0)
        self.is_mastered(home / "c.mp3", 45)

    def test_every_format_is_what_its_name_says(self):
        home = self.folder()
        for form in ("ogg", "flac", "wav"):
            self.make(home, "slow piano", "--duration", "5", "--out", f"a.{form}")
            kind = subprocess.run(
                ["ffprobe", "-v", "error", "-show_entries", "format=format_name", "-of",
                 "csv=p=0", str(home / f"a.{form}")], capture_output=True, check=True).stdout
            self.assertIn(form, kind.decode())
            self.assertGreater(decoded_seconds(home / f"a.{form}"), 4)

    def test_without_out_a_file_stands_in_this_folder(self):
        home = self.folder()
        self.make(home, "slow piano", "--duration", "5")
        self.assertEqual([f.suffix for f in home.iterdir() if f.is_file()], [".mp3"])

    def test_an_existing_file_is_replaced_whole(self):
        home = self.folder()
        (home / "a.mp3").write_bytes(b"old")
        self.make(home, "slow piano", "--duration", "5", "--out", "a.mp3")
        self.assertGreater((home / "a.mp3").stat().st_size, 10_000)
        self.assertEqual(sorted(f.name for f in home.iterdir()), ["a.mp3", "data"])

    def test_progress_is_plain_lines_where_there_is_no_terminal(self):
        done = self.make(self.folder(), "slow piano", "--duration", "5", "--out", "a.mp3")
        lines = done.stderr.decode().splitlines()
        percents = [int(line.split("%")[0]) for line in lines if "%" in line]
        self.assertEqual(percents, sorted(percents))
        self.assertEqual(percents[-1], 100)
        self.assertGreater(len(percents), 4)
        self.assertLess(len(percents), 30)
        self.assertNotIn("\r", done.stderr.decode())
        self.assertNotIn("\033", done.stderr.decode())

    def test_progress_is_a_bar_on_a_terminal(self):
        home = self.folder()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen(
            [BINARY, "generate", "slow piano", "--duration", "5", "--out", "a.mp3", "--data-dir",
             str(home / "data")], cwd=home, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs,
            env=environment(home))
        self.addCleanup(process.kill)
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + 120
        while select.select([ours], [], [], max(0, deadline - time.monotonic()))[0]:
            try:
                block = os.read(ours, 4096)
            except OSError:
                break  # the other side is closed
            if not block:
                break
            shown += block
        self.assertEqual(process.wait(30), 0, shown)
        text = shown.decode()
        self.assertIn("\r", text)
        self.assertIn("█", text)
        self.assertIn("100 %", text)

    def test_an_interrupt_cancels_and_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number.name):
                home = self.folder()
                process = subprocess.Popen(
                    [BINARY, "generate", "dense rock", "--duration", "600", "--out", "a.mp3",
                     "--data-dir", str(home / "data")], cwd=home, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(home))
                self.addCleanup(process.kill)
                line = b""
                while b"playing" not in line:
                    line = process.stderr.readline()
                    self.assertTrue(line, "it ended before it was interrupted")
                began = time.monotonic()
                process.send_signal(number)
                _, told = process.communicate(timeout=30)
                print(f"{number.name}: ended after {(time.monotonic() - began) * 1000:.0f} ms")
                self.assertEqual(process.returncode, 1, told)
                self.assertIn(b"cancelled", told)
                left = [f for f in home.rglob("*") if f.is_file() and f.parent.name != "data"]
                self.assertEqual(left, [])
                # The data folder is fit for the next one, which does not run the cancelled one.
                self.make(home, "slow piano", "--duration", "5", "--out", "b.mp3")


class small_commands(program_case):
    def test_migrate_tells_what_is_missing_and_applies_it(self):
        home = self.folder()

        def migrate(what: str) -> list:
            done = run("migrate", what, "--data-dir", str(home / "data"), "--json", cwd=home)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)["data"]

        planned = migrate("dry-run")
        self.assertGreaterEqual(len(planned), 2)
        self.assertEqual({row["applied"] for row in migrate("status")}, {False})
        self.assertEqual({row["applied"] for row in migrate("up")}, {True})
        self.assertEqual(migrate("dry-run"), [])
        told = migrate("status")
        self.assertEqual([(row["database"], row["version"]) for row in told],
                         [(row["database"], row["version"]) for row in planned])
        self.assertEqual({row["database"] for row in told}, {"jobs", "history"})
        (home / "data" / "history.db").unlink()
        self.assertEqual({row["database"] for row in migrate("dry-run")}, {"history"})
        again = run("migrate", "up", "--data-dir", str(home / "data"), cwd=home)
        self.assertEqual(again.returncode, 0)

    def test_dry_run_shows_the_sql(self):
        home = self.folder()
        done = run("migrate", "dry-run", "--data-dir", str(home / "data"), cwd=home)
        self.assertIn("create table", done.stdout.decode().lower())

    def test_doctor_says_what_is_well_and_what_is_not(self):
        home = self.folder()
        data = ("--data-dir", str(home / "data"), "--json")
        done = run("doctor", *data, cwd=home)
        told = json.loads(done.stdout)
        bad = [one for one in told["data"] if one["verdict"] == "bad"]
        self.assertEqual((done.returncode, bad), (0, []))
        missing = run("doctor", *data, "--sound-font", "/absent.sf2", cwd=home)
        bad = [one for one in json.loads(missing.stdout)["data"] if one["verdict"] == "bad"]
        self.assertEqual((missing.returncode, len(bad)), (1, 1))
        self.assertIn("absent.sf2", json.dumps(bad))
        self.assertTrue(bad[0]["advice"])

    def test_doctor_looks_beside_a_running_server(self):
        home = self.serve()
        done = run("doctor", "--data-dir", str(home.data_dir), cwd=home.data_dir.parent)
        self.assertEqual(done.returncode, 0, done.stdout)
        for name in ("jobs", "history"):
            self.assertRegex(done.stdout.decode(), rf"ok +{name} database +\d+ .*, 0 ")
        self.assertEqual(home.api.get("/live").status, 200)

    def test_config_tells_where_each_value_comes_from(self):
        home = self.folder()
        (home / "son1k.toml").write_text("port = 4000\nworkers = 2\nlog_level = \"warn\"\n")
        done = run("config", "--config", "son1k.toml", "--workers", "3", "--json", cwd=home,
                   env=environment(home, PORT="5000", SUPABASE_JWT_SECRET="hush" * 8,
                                   DATABASE_URL="postgres://user:pa55word@host/db"))
        told = json.loads(done.stdout)["data"]
        self.assertEqual(told["log_level"], {"value": "warn", "source": "file"})
        self.assertEqual(told["port"], {"value": "5000", "source": "environment PORT"})
        self.assertEqual(told["workers"], {"value": "3", "source": "flag"})
        self.assertEqual(told["host"], {"value": "127.0.0.1", "source": "default"})
        self.assertNotIn(b"pa55word", done.stdout)
        self.assertNotIn(b"hush", done.stdout)
        self.assertEqual(told["supabase_jwt_secret"],
                         {"value": "[redacted]", "source": "environment SUPABASE_JWT_SECRET"})
        plain = run("config", cwd=home)
        self.assertIn(b"data_dir", plain.stdout)

    def test_version_is_one_line_and_one_object(self):
        home = self.folder()
        plain = run("version", cwd=home).stdout.decode()
        self.assertRegex(plain, r"^son1k \d+\.\d+\.\d+\S*\n$")
        told = json.loads(run("version", "--json", cwd=home).stdout)
        self.assertEqual(plain.split()[1], told["version"])

    def test_bench_queue_prints_one_object(self):
        home = self.folder()
        (home / "bench").mkdir()
        done = run("bench", "queue", "--jobs", "2000", "--concurrency", "16", "--progress", "1",
                   "--data-dir", str(home / "bench"), "--json", cwd=home)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(told["backend"], "embedded")
        self.assertIs(told["fsync"], True)
        for name in ("add_per_s", "add_many_per_s", "process_per_s", "lifecycle_per_s",
                     "latency_ms_p50", "latency_ms_p99", "rss_mib"):
            self.assertGreater(told[name], 0, name)
        self.assertEqual([f for f in (home / "bench").rglob("*") if f.is_file()], [])

    def test_help_tells_every_command_with_an_example(self):
        home = self.folder()
        top = run("--help", cwd=home)
        self.assertEqual(top.returncode, 0)
        for name in COMMANDS:
            self.assertIn(name, top.stdout.decode())
            one = run(name, "--help", cwd=home)
            self.assertEqual(one.returncode, 0)
            self.assertIn("Usage", one.stdout.decode())
        for name in ("serve", "generate"):
            self.assertIn(f"Example:  son1k {name}", run(name, "--help", cwd=home).stdout.decode())
        self.assertIn("[PORT]", run("serve", "--help", cwd=home).stdout.decode())
        self.assertEqual(sorted(home.iterdir()), [])

    def test_messages_follow_the_users_language(self):
        home = self.folder()
        spanish = environment(home)
        spanish["LC_ALL"] = "es_CL.UTF-8"
        done = run("generate", "", cwd=home, env=spanish)
        self.assertIn("no puede estar vacío", done.stderr.decode())


class serve(program_case):
    def test_it_says_where_it_listens(self):
        home = self.folder()
        process = subprocess.Popen([BINARY, "serve", "--port", "0", "--data-dir",
                                    str(home / "data")], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env=environment(home))
        self.addCleanup(process.kill)
        line = process.stdout.readline().decode()
        self.assertRegex(line, r"^son1k \S+ listens on http://127\.0\.0\.1:\d+\n$")
        # At once: whoever starts it may end it at any moment.
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)
        process.stdout.close()

    def test_without_workers_pieces_are_accepted_and_wait(self):
        home = self.serve("--workers", "0", "--sound-font", "/absent.sf2")
        piece_id = home.api.create()
        self.assertEqual(home.api.piece(piece_id)["status"], "pending")
        self.assertEqual(home.api.get("/health").data["services"]["workers"], "elsewhere")
        self.assertEqual(home.terminate(), 0)
        again = self.serve(data_dir=home.data_dir)
        again.api.wait_for(piece_id, "completed")

    def test_worker_only_runs_jobs_and_serves_no_api(self):
        home = self.folder()
        where = ("--data-dir", str(home / "data"))
        added = run("jobs", "add", "--queue", "probe", "--kind", "probe", "--id", "one", *where,
                    cwd=home)
        self.assertEqual(added.returncode, 0, added.stderr)
        refused = run("serve", *where, cwd=home,
                      env=environment(home, WORKER_ONLY="true", WORKERS="0"))
        self.assertEqual(refused.returncode, 2)
        self.assertIn("workers", refused.stderr.decode())
        with (home / "log").open("wb") as log:
            worker = subprocess.Popen([BINARY, "serve", "--probe", "--json", *where],
                                      stdout=subprocess.PIPE, stderr=log,
                                      env=environment(home, WORKER_ONLY="true"))
        self.addCleanup(worker.kill)
        hello = json.loads(worker.stdout.readline())
        self.assertEqual(hello.keys(), {"pid", "version"})
        self.assertFalse((home / "data" / "server.json").exists())

        def ended() -> bool:
            with contextlib.closing(sqlite3.connect(home / "data" / "history.db")) as db:
                return db.execute("select 1 from history where id = 'one'").fetchone() is not None
        eventually(ended, 30, "the job has run")
        worker.terminate()
        self.assertEqual(worker.wait(60), 0)
        worker.stdout.close()
        shown = run("jobs", "show", "one", "--json", *where, cwd=home)
        self.assertEqual(json.loads(shown.stdout)["data"]["state"], "completed")

    def test_it_listens_on_ipv6_loopback_too(self):
        home = self.serve("--host", "::1")
        self.assertEqual(home.api.get("/live").status, 200)


if __name__ == "__main__":
    unittest.main()

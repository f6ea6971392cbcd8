"""What cannot work is refused: by name, with advice, with its exit code, and nothing is left."""

import json
import os
import pathlib
import socket
import sqlite3
import subprocess
import unittest

from support.program import environment, eventually, must_run_here, program_case, run, server

FAILED, USAGE, UNAVAILABLE, REFUSED = 1, 2, 3, 4
NOBODY = 65534

# What is posted, and the status, code and field (or word of the message) that must come back.
BODIES = [
    ("no prompt", {}, 422, "prompt"),
    ("null prompt", {"prompt": None}, 422, "prompt"),
    ("empty prompt", {"prompt": ""}, 422, "prompt"),
    ("blank prompt", {"prompt": " \t\n\u3000"}, 422, "prompt"),
    ("prompt of 2,001 characters", {"prompt": "ñ" * 2001}, 422, "prompt"),
    ("prompt that is a number", {"prompt": 7}, 422, "prompt"),
    ("prompt with a NUL", {"prompt": "a\0b"}, 422, "prompt"),
    ("prompt that is not UTF-8", b'{"prompt":"caf\xe9"}', 400, "body"),
    ("overlong UTF-8", b'{"prompt":"a\xc0\xafb"}', 400, "body"),
    ("lone surrogate", rb'{"prompt":"a\ud800b"}', 400, "body"),
    ("duration 4", {"prompt": "a", "duration": 4}, 422, "duration"),
    ("duration 601", {"prompt": "a", "duration": 601}, 422, "duration"),
    ("duration as text", {"prompt": "a", "duration": "x"}, 422, "duration"),
    ("duration 1e9", b'{"prompt":"a","duration":1e9}', 422, "duration"),
    ("duration 1e999", b'{"prompt":"a","duration":1e999}', None, "duration"),
    ("duration 5.5", {"prompt": "a", "duration": 5.5}, 422, "duration"),
    ("negative duration", {"prompt": "a", "duration": -5}, 422, "duration"),
    ("unknown quality", {"prompt": "a", "quality": "best"}, 422, "quality"),
    ("unknown format", {"prompt": "a", "format": "aiff"}, 422, "format"),
    ("unknown provider", {"prompt": "a", "provider": "other"}, 422, "provider"),
    ("negative seed", {"prompt": "a", "seed": -1}, 422, "seed"),
    ("seed past 2^53", {"prompt": "a", "seed": 2**53}, 422, "seed"),
    ("smuggled tier", {"prompt": "a", "tier": "ENTERPRISE"}, 422, "tier"),
    ("smuggled credits", {"prompt": "a", "credits": 999}, 422, "credits"),
    ("smuggled is_admin", {"prompt": "a", "is_admin": True}, 422, "is_admin"),
    ("too many tags", {"prompt": "a", "tags": ["x"] * 21}, 422, "tags"),
    ("array for an object", [], 422, "body"),
    ("empty body", b"", 400, "body"),
    ("broken JSON", b'{"prompt":', 400, "body"),
    ("text after the JSON", b'{"prompt":"a"} x', 400, "body"),
    ("member twice", b'{"prompt":"a","prompt":"b"}', 400, "body"),
    ("NaN", b'{"prompt":"a","duration":NaN}', 400, "body"),
    ("depth bomb", b"[" * 30_000 + b"]" * 30_000, 400, "body"),
    ("depth bomb in a field", b'{"tags":' + b"[" * 30_000, 400, "body"),
]


class over_http(program_case):
    @classmethod
    def setUpClass(cls):
        cls.home = None

    def setUp(self):
        super().setUp()
        self.home: server = self.serve()

    def goes_on(self):
        """The server still works and has kept nothing of what it refused."""
        self.assertEqual(self.home.api.get("/live").status, 200)
        self.assertEqual(self.home.api.total(), 0)

    def test_bodies_are_refused_by_field(self):
        for what, body, status, field in BODIES:
            for path in ("create", "brief"):
                with self.subTest(what, path=path):
                    got = self.home.api.post(f"/api/generation/{path}", body)
                    self.assertIn(got.status, [status] if status else [400, 422], got.body)
                    self.assertIs(got.json()["success"], False)
                    self.assertEqual(got.error["code"], "VALIDATION")
                    if status:
                        self.assertEqual(got.error["details"]["field"], field)
                        self.assertTrue(got.error["message"].startswith(field + ": "))
        self.goes_on()

    def test_two_thousand_characters_are_still_a_prompt(self):
        self.assertEqual(self.home.api.post("/api/generation/brief",
                                            {"prompt": "ñ" * 2000}).status, 200)

    def test_messages_are_spanish_for_who_asks_in_spanish(self):
        got = self.home.api.post("/api/generation/create", {"prompt": ""}, Accept_Language="es")
        self.assertIn("no puede estar vacío", got.error["message"])

    def test_other_content_types_are_refused(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
            got = self.home.api.post("/api/generation/create", b'{"prompt":"a"}',
                                     Content_Type=kind)
            self.assertEqual((got.status, got.error["code"]), (415, "UNSUPPORTED_MEDIA_TYPE"))
        with_charset = self.home.api.post("/api/generation/brief", b'{"prompt":"a"}',
                                          Content_Type="application/json; charset=utf-8")
        self.assertEqual(with_charset.status, 200)
        self.goes_on()

    def test_unknown_routes_and_methods_are_told_apart(self):
        self.assertEqual(self.home.api.get("/api/nothing").status, 404)
        got = self.home.api.call("DELETE", "/api/generation/create")
        self.assertEqual((got.status, got.error["code"]), (405, "METHOD_NOT_ALLOWED"))
        self.assertIn("POST", got.headers["allow"])

    def test_history_parameters_are_refused_by_name(self):
        for query, field in (("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"),
                             ("offset=-1", "offset"), ("cursor=x", "cursor"),
                             ("status=done", "status"), ("sort=asc", "sort"),
                             ("q=" + 201 * "a", "q"),
                             ("status=failed%27%20or%201=1", "status")):
            got = self.home.api.get("/api/generation/history?" + query)
            self.assertEqual((got.status, got.error["details"]["field"]), (422, field), query)

    def test_a_query_that_is_no_text_is_malformed(self):
        for query in ("q=%ff", "q=%zz", "%ff=a"):
            got = self.home.api.get("/api/generation/history?" + query)
            self.assertEqual((got.status, got.json().get("success")), (400, False), query)
            self.assertEqual(got.error["details"]["field"], "query", query)

    def raw(self, *parts: bytes) -> bytes:
        """Sends parts as far as the server takes them, then reads its whole answer."""
        with socket.create_connection((self.home.api.host, self.home.api.port), 30) as wire:
            try:
                for part in parts:
                    wire.sendall(part)
            except OSError:
                pass  # it has closed, as it may after its refusal
            answer = b""
            try:
                while block := wire.recv(65536):
                    answer += block
            except OSError:
                pass
            return answer

    def test_eleven_megabytes_are_refused_before_they_are_kept(self):
        head = (b"POST /api/generation/create HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\n")
        megabyte = b"x" * (1 << 20)
        for framing, parts in (
                (b"Content-Length: %d\r\n\r\n" % (11 << 20), [megabyte] * 11),
                (b"Transfer-Encoding: chunked\r\n\r\n",
                 [b"100000\r\n" + megabyte + b"\r\n"] * 11 + [b"0\r\n\r\n"])):
            answer = self.raw(head + framing, *parts)
            self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer[:200])
            body = json.loads(answer.split(b"\r\n\r\n", 1)[1])
            self.assertEqual(body["error"]["code"], "PAYLOAD_TOO_LARGE")
        self.goes_on()

    def test_two_ways_to_read_one_request_are_refused(self):
        start = b"POST /api/generation/create HTTP/1.1\r\nHost: localhost\r\n"
        for fields in (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                       b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
                       b"Content-Length : 2\r\n\r\n{}",
                       b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"):
            answer = self.raw(start + fields)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:200])
        self.goes_on()


class over_the_command_line(program_case):
    def refused(self, code: int, *args, says: tuple, cwd: pathlib.Path, **how) -> None:
        """The command ends with that code and says these words, also as JSON."""
        before = sorted(cwd.rglob("*"))
        done = run(*args, cwd=cwd, **how)
        told = done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, code, told)
        for word in says:
            self.assertIn(word, told)
        self.assertNotIn("terminate called", told)
        left = [f for f in sorted(cwd.rglob("*")) if f not in before and f.is_file()
                and "data" not in f.relative_to(cwd).parts]
        self.assertEqual(left, [], "nothing half-written is left")

    def test_prompts_and_options_are_refused_as_usage(self):
        home = self.folder()
        make = ("generate", "--data-dir", str(home / "data"))
        for args, says in (
                (("",), ("prompt",)),
                ((" \t ",), ("prompt",)),
                (("ñ" * 2001,), ("prompt", "2000")),
                ((b"caf\xe9 jazz",), ("prompt", "UTF-8")),
                (("a", "--duration", "4"), ("duration", "5 to 600")),
                (("a", "--duration", "601"), ("duration", "5 to 600")),
                (("a", "--duration", "x"), ("duration", "5 to 600")),
                (("a", "--duration", "1e9"), ("duration", "5 to 600")),
                (("a", "--duration", "5.5"), ("duration", "5 to 600")),
                (("a", "--duration", "99999999999999999999"), ("duration", "5 to 600")),
                (("a", "--quality", "best"), ("quality",)),
                (("a", "--format", "aiff"), ("format",)),
                (("a", "--out", "a.aiff"), ("format",)),
                (("a", "--seed", "-1"), ("seed",)),
                (("a", "--colour", "red"), ("--colour",)),
                ((), ("prompt",))):
            with self.subTest(args=str(args)[:60]):
                self.refused(USAGE, *make, *args, says=says, cwd=home)
        self.assertFalse((home / "data").exists(), "nothing is opened for a wrong request")
        self.refused(USAGE, "compose", says=("son1k",), cwd=home)
        self.refused(USAGE, says=("subcommand",), cwd=home)

    def test_an_error_is_one_json_object_when_asked_for(self):
        home = self.folder()
        done = run("generate", "a", "--duration", "4", "--json", cwd=home)
        told = json.loads(done.stdout)
        self.assertIs(told["success"], False)
        self.assertEqual(told["error"]["field"], "duration")

    def test_an_out_file_that_cannot_be_written_is_told_before_the_work(self):
        home = self.folder()
        make = ("generate", "a", "--duration", "600", "--data-dir", str(home / "data"), "--out")
        missing = str(home / "no" / "such" / "a.mp3")
        self.refused(UNAVAILABLE, *make, missing, says=("out", missing), cwd=home)
        (home / "here.mp3").mkdir()
        self.refused(USAGE, *make, "here.mp3", says=("out", "folder"), cwd=home)
        closed = home / "closed"
        closed.mkdir(0o555)
        target = str(closed / "a.mp3")
        if os.geteuid() == 0:
            home.chmod(0o755)
            os.chown(home, NOBODY, NOBODY)
            self.refused(REFUSED, *make, target, says=("out", target), cwd=home, user=NOBODY,
                         group=NOBODY, extra_groups=[])
        else:
            self.refused(REFUSED, *make, target, says=("out", target), cwd=home)
        self.assertFalse((home / "data" / "son1k.db").exists())

    def test_a_missing_sound_font_is_told_before_the_work(self):
        home = self.folder()
        absent = str(home / "absent.sf2")
        data = ("--data-dir", str(home / "data"))
        self.refused(UNAVAILABLE, "generate", "a", "--out", "a.mp3", "--sound-font", absent, *data,
                     says=("sound_font", absent, "fluid-soundfont-gm"), cwd=home)
        self.refused(UNAVAILABLE, "serve", "--port", "0", "--sound-font", absent, *data,
                     says=("sound_font", absent, "fluid-soundfont-gm"), cwd=home)
        broken = home / "broken.sf2"
        broken.write_bytes(b"RIFF\xff\xff\xff\x00sfbk")
        self.refused(UNAVAILABLE, "generate", "a", *data, says=("sound_font", str(broken)),
                     cwd=home, env=environment(home, SON1K_SOUND_FONT=str(broken)))

    def test_settings_are_refused_by_name_and_source(self):
        home = self.folder()
        data = ("--data-dir", str(home / "data"))
        for name, value, says in (
                ("PORT", "abc", ("port", "PORT", "0 to 65535")),
                ("PORT", "70000", ("port", "PORT")),
                ("WORKERS", "-1", ("workers", "WORKERS")),
                ("GENERATION_CONCURRENCY", "1e3", ("concurrency", "GENERATION_CONCURRENCY")),
                ("GENERATION_RATE_LIMIT", "fast", ("rate_limit", "GENERATION_RATE_LIMIT")),
                ("SON1K_PROBE", "maybe", ("probe", "SON1K_PROBE")),
                ("LOG_LEVEL", "loud", ("log_level", "debug, info"))):
            with self.subTest(name=name, value=value):
                self.refused(USAGE, "serve", *data, says=says, cwd=home,
                             env=environment(home, **{name: value}))
        self.refused(USAGE, "serve", "--port", "x", *data, says=("port", "flag"), cwd=home)
        for name in ("DATABASE_URL", "REDIS_URL"):
            self.refused(REFUSED, "serve", *data, says=(name, "needs both"), cwd=home,
                         env=environment(home, **{name: "scheme://user:secret@host/x"}))
        config = home / "son1k.toml"
        for content, word in (("colour = 1\n", "colour"), ("port = [1]\n", "port"),
                              ("port = 1.5\n", "port"), ("port =\n", "son1k.toml:1")):
            config.write_text(content)
            self.refused(USAGE, "serve", *data, "--config", str(config), says=(word,), cwd=home)
        self.refused(USAGE, "serve", *data, "--config", str(home / "absent.toml"),
                     says=("config", "absent.toml"), cwd=home)

    def test_a_busy_port_and_a_used_data_folder_are_told(self):
        first = self.serve()
        home = self.folder()
        port = str(first.api.port)
        self.refused(UNAVAILABLE, "serve", "--port", port, "--data-dir", str(home / "data"),
                     says=(port,), cwd=home)
        self.refused(UNAVAILABLE, "serve", "--port", "0", "--data-dir", str(first.data_dir),
                     says=(str(first.data_dir), str(first.process.pid)), cwd=home)
        self.refused(UNAVAILABLE, "generate", "a", "--out", "a.mp3", "--data-dir",
                     str(first.data_dir), says=(str(first.data_dir),), cwd=home)
        self.assertEqual(first.api.get("/live").status, 200)


class damaged_storage(program_case):
    def opened_as(self, code: int, data: pathlib.Path, *says: str) -> None:
        """serve, generate and migrate all refuse that folder and leave its database as it is."""
        file = data / "son1k.db"
        before = file.read_bytes()
        for args in (("serve", "--port", "0"), ("generate", "a"), ("migrate", "up")):
            done = run(*args, "--data-dir", str(data), cwd=data.parent)
            told = done.stderr.decode() + done.stdout.decode()
            self.assertEqual(done.returncode, code, (args, told))
            for word in (str(file), *says):
                self.assertIn(word, told, args)
        self.assertEqual(file.read_bytes(), before)
        self.assertEqual([f for f in data.parent.iterdir() if f.suffix == ".mp3"], [])

    def migrated(self) -> pathlib.Path:
        data = self.folder() / "data"
        self.assertEqual(run("migrate", "up", "--data-dir", str(data), cwd=data.parent).returncode,
                         0)
        return data

    def test_a_file_that_is_no_database_is_left_alone(self):
        data = self.folder() / "data"
        data.mkdir()
        (data / "son1k.db").write_bytes(b"not a database at all\n" * 500)
        self.opened_as(UNAVAILABLE, data, "left as it")

    def test_damaged_pages_are_found_before_anything_is_written(self):
        data = self.migrated()
        file = data / "son1k.db"
        whole = bytearray(file.read_bytes())
        whole[4096:] = b"\xa5" * (len(whole) - 4096)
        file.write_bytes(whole)
        self.opened_as(UNAVAILABLE, data, "restore a backup")

    def test_another_programs_database_is_left_alone(self):
        data = self.folder() / "data"
        data.mkdir()
        with sqlite3.connect(data / "son1k.db") as db:
            db.execute("create table theirs (x)")
        db.close()
        with self.subTest("its tables are untouched"):
            done = run("serve", "--port", "0", "--data-dir", str(data), cwd=data.parent)
            self.assertEqual(done.returncode, UNAVAILABLE, done.stderr)
            self.assertIn(b"another program", done.stderr)
        with sqlite3.connect(data / "son1k.db") as db:
            names = [r[0] for r in db.execute("select name from sqlite_master")]
        db.close()
        self.assertEqual(names, ["theirs"])

    def test_a_newer_schema_is_refused(self):
        data = self.migrated()
        with sqlite3.connect(data / "son1k.db") as db:
            columns = [r[1] for r in db.execute("pragma table_info(schema_migration)")]
            row = dict(zip(columns, db.execute("select * from schema_migration").fetchone()))
            row["version"] = 9999
            marks = ",".join("?" * len(columns))
            db.execute(f"insert into schema_migration values ({marks})",
                       [row[c] for c in columns])
            db.commit()
            db.execute("pragma wal_checkpoint(truncate)")
        db.close()
        self.opened_as(REFUSED, data, "newer")


class mounted(program_case):
    """Needs mounts of its own, so it runs as root only."""

    def mount(self, megabytes: int) -> pathlib.Path:
        if os.geteuid() != 0:
            raise unittest.SkipTest("mounting needs root")
        place = self.folder() / "mount"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs",
                               str(place)], capture_output=True, check=False)
        if done.returncode != 0:
            must_run_here(f"mount: {done.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(place)], check=False)
        return place

    def fill(self, place: pathlib.Path) -> pathlib.Path:
        """Leaves not a byte on that disk; the file to remove for room."""
        file = place / "filler"
        with file.open("wb", buffering=0) as out:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        out.write(b"x" * size)
                except OSError:
                    continue
        return file

    def test_a_read_only_data_folder_is_refused(self):
        place = self.mount(64)
        data = place / "data"
        self.assertEqual(run("migrate", "up", "--data-dir", str(data), cwd=place).returncode, 0)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        elsewhere = self.folder()
        for args in (("serve", "--port", "0"), ("generate", "a", "--out", "a.mp3"),
                     ("migrate", "up")):
            for folder in (data, place / "new"):
                done = run(*args, "--data-dir", str(folder), cwd=elsewhere)
                self.assertEqual(done.returncode, REFUSED, done.stderr)
                self.assertIn(str(folder), done.stderr.decode())
                self.assertIn("Read-only", done.stderr.decode())
        self.assertEqual(list(elsewhere.iterdir()), [])
        done = run("generate", "a", "--out", str(place / "a.mp3"), cwd=elsewhere)
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertIn(b"out: ", done.stderr)

    def test_commands_on_a_full_disk_leave_nothing(self):
        place = self.mount(8)
        self.fill(place)
        home = self.folder()
        before = sorted(place.rglob("*"))
        out = place / "a.mp3"
        done = run("generate", "a", "--duration", "5", "--out", str(out), cwd=home)
        self.assertEqual(done.returncode, UNAVAILABLE, done.stderr)
        self.assertIn(str(out), done.stderr.decode())
        self.assertIn("No space left", done.stderr.decode())
        for args in (("serve", "--port", "0"), ("generate", "a", "--out", "b.mp3")):
            done = run(*args, "--data-dir", str(place / "data"), cwd=home)
            self.assertEqual(done.returncode, UNAVAILABLE, done.stderr)
            self.assertIn("data_dir", done.stderr.decode())
        self.assertEqual([f for f in place.rglob("*") if f not in before and f.is_file()], [])
        self.assertEqual([f for f in home.iterdir() if f.is_file()], [])

    def test_a_full_disk_refuses_writes_serves_reads_and_heals_by_itself(self):
        place = self.mount(48)
        home = self.serve(data_dir=place / "data", log=self.folder() / "serve.log")
        kept = home.api.create("quiet piano")
        home.api.wait_for(kept, "completed")
        audio = home.api.get(f"/api/generation/{kept}/audio").body
        filler = self.fill(place)
        # What the log of the database still holds in room may take a few more rows.
        got = eventually(lambda: self.refusal(home), 60, "a create is refused")
        self.assertEqual((got.status, got.error["code"]), (507, "STORAGE_FULL"))
        accepted = home.api.total()
        for path in (f"/api/generation/{kept}", "/api/generation/history", "/live"):
            self.assertEqual(home.api.get(path).status, 200, path)
        self.assertEqual(home.api.get(f"/api/generation/{kept}/audio").body, audio)
        converted = home.api.get(f"/api/generation/{kept}/audio?format=wav")
        self.assertEqual((converted.status, converted.error["code"]), (507, "STORAGE_FULL"))
        self.assertEqual([f for f in (home.data_dir / "artifacts" / kept).rglob("*wav*")], [])
        filler.unlink()
        fresh = eventually(lambda: self.accepted(home), 60, "creates are taken again")
        home.api.wait_for(fresh, "completed")
        self.assertEqual(home.api.get(f"/api/generation/{kept}/audio?format=wav").status, 200)
        # What was accepted while the disk filled up has ended one way or the other, and is there.
        eventually(lambda: home.api.total("completed") + home.api.total("failed") == accepted + 1,
                   60, "every accepted piece has ended")
        self.assertEqual(home.terminate(), 0, home.log_tail())

    def refusal(self, home: server):
        got = home.api.post("/api/generation/create", {"prompt": "x " * 900, "duration": 5})
        return None if got.status == 202 else got

    def accepted(self, home: server):
        got = home.api.post("/api/generation/create", {"prompt": "room again", "duration": 5})
        return got.data["generationId"] if got.status == 202 else None


class sound_font_gone(program_case):
    def test_a_font_that_vanishes_fails_the_piece_and_says_so(self):
        real = next((f for f in map(pathlib.Path, (
            "/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2"))
            if f.exists()), None)
        if real is None:
            must_run_here("no sound font is installed")
        link = self.folder() / "font.sf2"
        link.symlink_to(real)
        home = self.serve("--sound-font", str(link))
        link.unlink()
        piece_id = home.api.create()
        ended = home.api.wait_for(piece_id, "failed", 60)
        self.assertIn("sound_font", ended["error"]["message"])
        self.assertIn("fluid-soundfont-gm", ended["error"]["message"])
        self.assertEqual(home.api.get(f"/api/generation/{piece_id}/audio").status, 409)
        left = [f for f in (home.data_dir / "artifacts").rglob("*") if f.is_file()]
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()

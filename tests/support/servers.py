"""PostgreSQL and Redis of Debian's packages for tests of the finished program: each on a free port
of the loopback in a folder of its own, ended by its process id and removed with the test.

As root PostgreSQL runs as the user `postgres`, because it refuses to run as root.
"""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from support.program import eventually, must_run_here

START_SECONDS = 60
STOP_SECONDS = 30
INSTALLED = pathlib.Path("/usr/lib/postgresql")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def postgres_programs() -> pathlib.Path:
    found = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    if not found:
        must_run_here("PostgreSQL is not installed")
    return found[-1].parent


class a_server:
    """A process in a folder; start() and kill() may follow each other."""

    def __init__(self, name: str):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"son1k-test-{name}-"))
        self.port = free_port()
        self.process = None

    def command(self) -> tuple:
        """Words, and what Popen is told beside them."""
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        words, more = self.command()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, **more)

        def ready():
            if self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text()[-2000:])
            return self.answers()

        eventually(ready, START_SECONDS, f"{words[0]} answers")

    def kill(self, how: int = signal.SIGKILL) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class redis(a_server):
    """Append-only with an fsync each second unless `options` say otherwise."""

    def __init__(self, *options: str):
        if not shutil.which("redis-server"):
            must_run_here("redis-server is not installed")
        super().__init__("redis")
        self.options = options
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def command(self) -> tuple:
        return (["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir",
                 str(self.folder), "--save", "", "--appendonly", "yes", "--maxmemory-policy",
                 "noeviction", *self.options], {})

    def ask(self, *words: str) -> bytes:
        """One command by a connection of its own; the reply's bytes as they come first."""
        said = b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words)
        with socket.create_connection(("127.0.0.1", self.port), 5) as to:
            to.sendall(b"*%d\r\n" % len(words) + said)
            return to.recv(65_536)

    def answers(self) -> bool:
        try:
            return self.ask("PING").startswith(b"+PONG")
        except OSError:
            return False


class sentinel(a_server):
    """Watches a master of the name "main" and decides alone."""

    def __init__(self, master_port: int):
        super().__init__("sentinel")
        (self.folder / "conf").write_text(
            f"bind 127.0.0.1\nport {self.port}\ndir {self.folder}\n"
            f"sentinel monitor main 127.0.0.1 {master_port} 1\n"
            "sentinel down-after-milliseconds main 1000\n"
            "sentinel failover-timeout main 5000\n")
        self.url = f"redis+sentinel://127.0.0.1:{self.port}/main"
        self.start()

    def command(self) -> tuple:
        return (["redis-server", str(self.folder / "conf"), "--sentinel"], {})

    def knows_a_replica(self) -> bool:
        return b"flags" in redis.ask(self, "SENTINEL", "REPLICAS", "main")

    def answers(self) -> bool:
        return redis.answers(self)

    def ask(self, *words: str) -> bytes:
        return redis.ask(self, *words)


class proxy:
    """The fault proxy of tests/support before a port of the loopback: hold() leaves connections
    open and forwards nothing."""

    def __init__(self, port: int):
        program = os.environ.get("SON1K_FAULT_PROXY", "")
        if not program:
            must_run_here("SON1K_FAULT_PROXY names no program")
        self.process = subprocess.Popen([program, str(port)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def tell(self, what: str) -> None:
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "ok\n":
            raise AssertionError("the proxy has ended")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(STOP_SECONDS)
        self.process.stdout.close()


class postgres(a_server):
    """fsync on. The superuser `son1k` needs no password on the loopback."""

    def __init__(self):
        programs = postgres_programs()
        super().__init__("postgres")
        self.programs = programs
        self.url = f"postgresql://son1k@127.0.0.1:{self.port}/postgres"
        self.account = {}
        if os.getuid() == 0:
            who = pwd.getpwnam("postgres")
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            self.account = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        subprocess.run([programs / "initdb", "-D", self.folder / "data", "-U", "son1k", "-A",
                        "trust", "-E", "UTF8"], check=True, capture_output=True, cwd=self.folder,
                       **self.account)
        self.start()

    def command(self) -> tuple:
        return ([str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-p",
                 str(self.port), "-c", "listen_addresses=127.0.0.1", "-k", str(self.folder)],
                {"cwd": self.folder, **self.account})

    def answers(self) -> bool:
        return subprocess.run([self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p",
                               str(self.port)]).returncode == 0

    def rows(self, sql: str) -> list:
        """Each row a list of texts."""
        done = subprocess.run([self.programs / "psql", self.url, "-X", "-A", "-t", "-F", "\t", "-c",
                               sql], capture_output=True, text=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def kill(self, how: int = signal.SIGINT) -> None:
        super().kill(how)

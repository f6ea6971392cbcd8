"""A PostgreSQL server for one benchmark: Debian's, in a folder of its own, with fsync."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time
import urllib.parse

START_SECONDS_MAX = 60
USER = "son1k"


def programs() -> pathlib.Path | None:
    """The folder of the newest installed version, if there is one."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def as_server(words: list) -> list:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return words
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *words]


@contextlib.contextmanager
def postgres_server(below: pathlib.Path):
    """Yields the URL of a server whose files stand in a folder below `below`, removed afterwards.

    RuntimeError: there is no PostgreSQL, or it does not start.
    """
    bin_folder = programs()
    if bin_folder is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="son1k-postgres-", dir=below))
    server = None
    try:
        if os.getuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        data, log = str(folder / "data"), folder / "log"
        with log.open("w") as said:
            made = subprocess.run(as_server([str(bin_folder / "initdb"), "-D", data, "-U", USER,
                                             "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]),
                                  stdout=said, stderr=said, cwd="/")
            if made.returncode != 0:
                raise RuntimeError(log.read_text())
            server = subprocess.Popen(as_server([str(bin_folder / "postgres"), "-D", data, "-k",
                                                 str(folder), "-c", "listen_addresses="]),
                                      stdout=said, stderr=said, cwd="/")
        ready = [str(bin_folder / "pg_isready"), "-q", "-h", str(folder), "-U", USER]
        until = time.monotonic() + START_SECONDS_MAX
        while subprocess.run(ready).returncode != 0:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(log.read_text())
            time.sleep(0.05)
        yield f"postgresql://{USER}@{urllib.parse.quote(str(folder), safe='')}/postgres"
    finally:
        if server is not None:
            server.send_signal(2)  # SIGINT: a fast stop
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)

"""Packages from npm, in folders that are kept between runs (SON1K_NPM_FOLDER, or one in the
system's temporary folder). Without node, npm or a way to the registry a test is skipped, unless
CI=true."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

from support.program import must_run_here

KEPT = pathlib.Path(os.environ.get("SON1K_NPM_FOLDER",
                                   pathlib.Path(tempfile.gettempdir()) / "son1k-npm"))
INSTALL_SECONDS = 180


def need(*programs: str) -> None:
    for program in programs:
        if not shutil.which(program):
            must_run_here(f"{program} is not there")


@contextlib.contextmanager
def alone(name: str):
    """Of tests that run at the same time one installs; the others wait and find it done."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def install(folder: pathlib.Path, *packages: str) -> None:
    # Not `npm ci`: npm 11 misses, in a lock file without download addresses, the packages for other
    # platforms. The versions are the lock file's here too.
    done = subprocess.run(["npm", "install", "--no-save", "--ignore-scripts", "--no-audit",
                           "--no-fund", "--fetch-retries=5", *packages], cwd=folder,
                          capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode != 0:
        must_run_here(f"npm install failed: {done.stderr[-300:]}")


def locked(wanted: pathlib.Path, name: str) -> pathlib.Path:
    """The folder that holds what package-lock.json in `wanted` names."""
    need("node", "npm")
    lock = (wanted / "package-lock.json").read_text()
    folder = KEPT / name
    note = folder / "installed-lock.json"
    with alone(name):
        if note.exists() and note.read_text() == lock:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in ("package.json", "package-lock.json"):
            shutil.copy(wanted / file, folder)
        install(folder)
        note.write_text(lock)
    return folder


def packages(name: str, *wanted: str) -> pathlib.Path:
    """The folder of that name, which holds these packages; the name says which versions."""
    need("node", "npm")
    folder = KEPT / name
    note = folder / "installed"
    with alone(name):
        if note.exists() and note.read_text() == " ".join(wanted):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "package.json").write_text('{"name": "of-a-test", "private": true}\n')
        install(folder, *wanted)
        note.write_text(" ".join(wanted))
    return folder

"""Probe jobs on the finished program, as the fault tests use them: added over HTTP, counted over
HTTP, and looked at in the database once the program has ended."""

import http.client
import pathlib
import sqlite3
from typing import Optional

from support.program import eventually, server

GONE = (OSError, http.client.HTTPException)  # what a caller sees of a server that died
KEEP = {"age": 86_400_000, "count": 1_000_000}
COMPLETED, FAILED = 5, 6  # job_state, as the table has it


def job(number, data: dict, **options) -> dict:
    """A job that is kept when it has ended, so that the test can look at it."""
    options.setdefault("keepCompleted", KEEP)
    options.setdefault("keepFailed", KEEP)
    return {"queue": "probe", "kind": "probe", "id": f"p-{number}", "data": data,
            "options": options}


def add_many(home: server, jobs: list) -> list:
    """The ids that were acknowledged: all, or none if the server died meanwhile."""
    try:
        got = home.api.post("/api/jobs/many", {"jobs": jobs})
    except GONE:
        return []
    if got.status != 202:
        raise AssertionError(f"add: {got.status} {got.body[:500]!r}")
    return [one["jobId"] for one in got.data["jobs"]]


def counts(home: server) -> dict:
    return home.api.get("/api/queues/probe").data["counts"]


def wait_all_ended(home: server, total: int, seconds: float) -> dict:
    def look():
        try:
            now = counts(home)
        except GONE:
            return None  # a server that has just woken drops connections that waited too long
        return now if now["completed"] + now["failed"] == total else None

    return eventually(look, seconds, f"{total} jobs have ended")


def rows(data_dir: pathlib.Path, sql: str, *values) -> list:
    """Asks the database of a program that has ended."""
    with sqlite3.connect(data_dir / "son1k.db") as db:
        found = db.execute(sql, values).fetchall()
    db.close()
    return found


def count_ends(data_dir: pathlib.Path) -> None:
    """From here on the database itself notes every end of a probe job (the system has jobs too), in
    the commit that makes it: an effect that no run can have without the others seeing it."""
    with sqlite3.connect(data_dir / "son1k.db") as db:
        db.executescript("""
            CREATE TABLE fault_end (id TEXT NOT NULL);
            CREATE TRIGGER fault_ends AFTER INSERT ON job_end
            BEGIN
              INSERT INTO fault_end SELECT id FROM job WHERE seq = NEW.seq AND queue = 'probe';
            END;""")
    db.close()


def ended_times(data_dir: pathlib.Path) -> dict:
    return dict(rows(data_dir, "SELECT id, count(*) FROM fault_end GROUP BY id"))


def error_of(data_dir: pathlib.Path, job_id: str) -> Optional[str]:
    found = rows(data_dir, "SELECT error FROM job_now WHERE id = ?", job_id)
    return found[0][0] if found else None

"""A year of runs, compared run by run with an independent implementation (python3-croniter).

Two comparisons. The first holds our rules: croniter finds the matches of a calendar without time
zones, Python's own zoneinfo says when clocks show them, and the rules for skipped and repeated
times are applied here a second time; not one run may differ. The second sets us beside croniter's
own handling of time zones: away from the days on which clocks change not one run may differ; what
differs near them is printed, and is explained in the decision page on schedules.
"""

import datetime
import os
import subprocess
import unittest
import zoneinfo

try:
    import croniter
    import pytz
except ImportError:
    croniter = None

RUNS = os.environ.get("SON1K_SCHEDULE_RUNS", "")
UTC = datetime.timezone.utc
YEAR = 2026
BEGIN = int(datetime.datetime(YEAR, 1, 2, tzinfo=UTC).timestamp())
END = int(datetime.datetime(YEAR + 1, 1, 2, tzinfo=UTC).timestamp())
DAY = 86_400
NEAR = 8 * DAY  # what croniter does wrong at a change it does again at the run after it
ZONES = ("UTC", "Europe/Madrid", "America/Santiago", "Australia/Lord_Howe")
PATTERNS = (
    "0 * * * *", "30 * * * *", "*/15 * * * *", "7-52/9 * * * *",  # all hours
    "0 0 * * *", "@daily", "0 3 * * *", "30 2 * * *", "*/15 2 * * *", "59 1,2,3 * * *",
    "15 1 * * *", "30 23 * * *", "*/20 23,0 * * *", "0 */2 * * *", "10 1-5 * * *",
    "0 12 1 * *", "0 2 * * 0", "@weekly", "@monthly", "@yearly", "0 9 * * mon-fri",
    "0 0 13 * fri", "0 6 29 2,3 *", "45 5 l * *", "0 0 1 jan,JUL *", "5/10 4 * * sat",
    "*/30 0 2 * * *", "15,45 59 * 1 * *",  # six fields, seconds first
)


def theirs(pattern: str) -> str:
    """The pattern as croniter writes it: seconds stand last."""
    fields = pattern.split()
    return " ".join(fields[1:] + fields[:1]) if len(fields) == 6 else pattern


def all_hours(pattern: str) -> bool:
    fields = pattern.split()
    return not pattern.startswith("@") and fields[-4] == "*"


def stamp(local: datetime.datetime) -> float:
    return local.astimezone(UTC).timestamp()


def local_matches(pattern: str) -> list:
    """All matches of the year and a day around it, as clock times without a zone."""
    start = datetime.datetime(YEAR, 1, 1) - datetime.timedelta(days=1)
    until = datetime.datetime(YEAR + 1, 1, 4)
    found = croniter.croniter(theirs(pattern), start - datetime.timedelta(seconds=1))
    out = []
    while True:
        at = found.get_next(datetime.datetime)
        if at >= until:
            return out
        out.append(at)


def change_within(zone, low: int, high: int) -> int:
    """The second in (low, high] from which the zone has another offset than at `low`."""
    def offset(at: int):
        return datetime.datetime.fromtimestamp(at, zone).utcoffset()

    before = offset(low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(middle) == before:
            low = middle
        else:
            high = middle
    return high


def instants(local: datetime.datetime, zone) -> list:
    """When clocks of the zone show this time: never, once or twice."""
    out = []
    for fold in (0, 1):
        at = int(stamp(local.replace(tzinfo=zone, fold=fold)))
        shown = datetime.datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0)
        if shown == local and at not in out:
            out.append(at)
    return out


def by_our_rules(pattern: str, matches: list, zone) -> list:
    out = set()
    for local in matches:
        shown = instants(local, zone)
        if all_hours(pattern):
            out.update(shown)
        elif shown:
            out.add(shown[0])
        else:
            near = int(local.replace(tzinfo=UTC).timestamp())
            out.add(change_within(zone, near - DAY, near + DAY))
    return sorted(at for at in out if BEGIN <= at < END)


def changes_of(zone) -> list:
    out = []
    for day in range(BEGIN, END, DAY):
        offsets = [datetime.datetime.fromtimestamp(at, zone).utcoffset() for at in (day, day + DAY)]
        if offsets[0] != offsets[1]:
            out.append(change_within(zone, day, day + DAY))
    return out


def by_croniter(pattern: str, name: str) -> tuple:
    """(runs, what went wrong): it may give a time twice, go back, or never come past a change."""
    start = datetime.datetime.fromtimestamp(BEGIN - 1, pytz.timezone(name))
    found = croniter.croniter(theirs(pattern), start)
    out = []
    while True:
        at = int(found.get_next(float))
        if at >= END:
            return out, ""
        if out and at <= out[-1]:
            return out, f"gives {at} after {out[-1]} and goes no further"
        out.append(at)


def ours(asked: list) -> list:
    lines = "".join(f"{pattern}\t{zone}\t{BEGIN}\t{END}\n" for pattern, zone in asked)
    done = subprocess.run([RUNS], input=lines.encode(), capture_output=True, check=True,
                          timeout=120)
    return [[int(at) for at in line.split()] for line in done.stdout.decode().splitlines()]


def shown(at: int, zone) -> str:
    return datetime.datetime.fromtimestamp(at, zone).strftime("%F %T %z")


@unittest.skipIf(croniter is None and os.environ.get("CI") != "true", "needs python3-croniter")
class a_year_of_runs(unittest.TestCase):
    def test_every_run_is_where_our_rules_put_it(self):
        asked = [(pattern, name) for pattern in PATTERNS for name in ZONES]
        matches = {pattern: local_matches(pattern) for pattern in PATTERNS}
        runs = 0
        for (pattern, name), got in zip(asked, ours(asked)):
            with self.subTest(pattern=pattern, zone=name):
                zone = zoneinfo.ZoneInfo(name)
                self.assertEqual(got, by_our_rules(pattern, matches[pattern], zone))
                runs += len(got)
        print(f"{len(PATTERNS)} patterns in {len(ZONES)} zones: {runs} runs compared, all equal")
        self.assertGreater(runs, 300_000)

    def test_away_from_clock_changes_croniter_says_the_same(self):
        asked = [(pattern, name) for pattern in PATTERNS for name in ZONES]
        compared = 0
        for (pattern, name), got in zip(asked, ours(asked)):
            with self.subTest(pattern=pattern, zone=name):
                zone = zoneinfo.ZoneInfo(name)
                near = changes_of(zone)
                other, stuck = by_croniter(pattern, name)
                if stuck:
                    print(f"{pattern} in {name}: croniter {stuck}")
                    self.assertTrue(any(abs(other[-1] - at) <= NEAR for at in near))
                    got = [at for at in got if at < other[-1] - NEAR]
                    other = [at for at in other if at < other[-1] - NEAR]
                compared += len(got)
                for who, only in (("ours alone", set(got) - set(other)),
                                  ("croniter alone", set(other) - set(got))):
                    for at in sorted(only):
                        print(f"{pattern} in {name}: {who}: {shown(at, zone)}")
                        self.assertTrue(any(abs(at - change) <= NEAR for change in near))
        print(f"{compared} runs compared")


if __name__ == "__main__":
    unittest.main()

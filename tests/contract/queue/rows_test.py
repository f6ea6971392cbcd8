"""Every capability of docs/queue.md has test cases: the rows of its last table are held against
what the test programs list. SON1K_TESTS_DIR is the folder of these programs."""
import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(os.environ["SON1K_TESTS_DIR"])
BACKENDS = ("memory", "embedded", "redis")


def rows():
    text = (ROOT / "docs/queue.md").read_text()
    table = text.split("| key | capability | tested by |")[1].split("\n\n")[0]
    for line in table.splitlines()[2:]:
        key, _, tested_by = (cell.strip() for cell in line.strip("|").split("|"))
        program, _, prefix = tested_by.partition(":")
        yield key, program.strip(), prefix.strip()


def listing(program, cache={}):
    """The program's cases as suite.case."""
    if program not in cache:
        out = subprocess.run([PROGRAMS / program, "--gtest_list_tests"], check=True,
                             capture_output=True, text=True).stdout
        cases, suite = [], ""
        for line in out.splitlines():
            if re.match(r"^\S+\.$", line.split("  #")[0]):
                suite = line.split("  #")[0]
            elif line.startswith("  "):
                cases.append(suite + line.split("#")[0].strip())
        cache[program] = cases
    return cache[program]


def missing(key, program, prefix):
    """What there is no case for; empty when the row is covered."""
    if prefix:
        found = [c for c in listing(program) if c.startswith(prefix)]
        return [] if found else [f"{key}: no case of {program} begins with {prefix}"]
    suite = re.compile(rf"^queue_contract_{key}(_\w+)?\.")
    found = [c for c in listing(program) if suite.match(c)]
    if program == "contract_queue":
        found += [c for c in listing("contract_queue_redis") if suite.match(c)]
    return [f"{key}: no case for the {backend} backend" for backend in BACKENDS
            if not any(c.endswith("/" + backend) for c in found)]


class Rows(unittest.TestCase):
    def test_every_row_has_cases(self):
        faults = [m for row in rows() for m in missing(*row)]
        self.assertEqual(faults, [])

    def test_every_suite_has_a_row(self):
        keys = [key for key, _, _ in rows()]
        suites = {c.split(".")[0] for c in listing("contract_queue")}
        prefix = "queue_contract_"
        suites = {s.removeprefix(prefix) for s in suites if s.startswith(prefix)}
        strays = [s for s in suites if not any(s == k or s.startswith(k + "_") for k in keys)]
        self.assertEqual(strays, [])

    def test_a_row_without_cases_is_seen(self):
        self.assertEqual(len(missing("teleport", "contract_queue", "")), len(BACKENDS))
        self.assertEqual(len(missing("teleport", "contract_queue", "beam_")), 1)


if __name__ == "__main__":
    unittest.main()

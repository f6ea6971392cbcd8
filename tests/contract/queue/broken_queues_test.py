"""The contract suite fails for queues that break it: the memory queue, broken on purpose in one way
at a time. SON1K_TESTS_DIR is the folder of the test programs."""
import os
import re
import subprocess
import unittest
from pathlib import Path

PROGRAM = Path(os.environ["SON1K_TESTS_DIR"]) / "contract_queue"
SOURCE = Path(__file__).resolve().parents[2] / "support/queue/memory_fault.hpp"

# What is broken, and the row of docs/queue.md whose cases must see it.
SEEN_BY = {
    "late_writes_taken": "lease",
    "fence_not_raised": "lease",
    "order_reversed": "claim",
    "claimed_twice": "claim",
    "ageing_off": "ageing",
    "groups_forgotten": "groups",
    "limits_ignored": "limits",
    "pause_ignored": "control",
    "dedup_forgotten": "dedup",
    "expired_run": "expiry",
    "parent_not_released": "flows",
    "events_swapped": "events",
    "stall_spends_try": "stalled",
    "suspects_mixed": "stalled",
    "settle_ignored": "finish",
    "cancel_forgotten": "cancel",
    "restart_forgets": "durability",
    "rates_forgotten": "durability",
    "retention_off": "retention",
    "progress_backwards": "progress",
    "clean_takes_all": "control",
    "records_lost": "records",
    "workers_never_leave": "workers",
}


def failures(fault, row):
    """The cases of a row that the broken queue fails."""
    env = dict(os.environ, **({"SON1K_QUEUE_FAULT": fault} if fault else {}))
    done = subprocess.run([PROGRAM, f"--gtest_filter=queue_contract_{row}*.*/memory",
                           "--gtest_brief=1"], env=env, capture_output=True, text=True, timeout=60)
    found = set(re.findall(r"\[  FAILED  \] (queue_contract_\w+\.\w+)", done.stdout))
    if done.returncode < 0:  # a case took for granted what is broken
        found.add(f"(signal {-done.returncode})")
    elif done.returncode > 1:
        raise RuntimeError(f"{fault}: the program ended with {done.returncode}\n{done.stderr}")
    return found


class BrokenQueues(unittest.TestCase):
    def test_every_fault_is_tried(self):
        known = set(re.findall(r'\{"(\w+)", memory_fault::', SOURCE.read_text()))
        self.assertEqual(known, set(SEEN_BY))

    def test_the_whole_queue_passes_what_broken_ones_fail(self):
        for row in sorted(set(SEEN_BY.values())):
            self.assertEqual(failures(None, row), set(), row)

    def test_every_broken_queue_is_seen(self):
        for fault, row in SEEN_BY.items():
            with self.subTest(fault):
                seen = failures(fault, row)
                print(f"{fault}: {len(seen)} cases of {row} fail")
                self.assertTrue(seen, f"no case of {row} sees {fault}")


if __name__ == "__main__":
    unittest.main()

"""churn.py, run as the runner runs it: what each pattern keeps is found in the readings, and in the part that it is of.

    python3.14 -I tests/python/test_churn.py          (or python3.14t: the workload runs in the same interpreter)
"""

import os
import sys
import sysconfig
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, RunnerLedger, WorkloadTest, for_each, still_there

PROGRAMS = workload.programs("churn")
ITERATIONS, STRIDE, WARMUP = 96, 12, 16  # eight readings, of which the fourth and the last have the split
KEEP = 1 << 18
BETWEEN = ITERATIONS // 2  # iterations from the one to the other
PARTS = ("live", "cycles", "free", "stacks", "children", "files")

# By pattern: what it keeps an iteration, the part that it is in, and how much of it its own cost may be
PLANTED = {
    "leak": (KEEP, "live", 0.02),
    "threads": (KEEP, "live", 0.02),
    "lists": (KEEP, "live", 0.04),  # a list's own slots and the blocks' heads
    "cycles": (KEEP, "cycles", 0.02),
    "blocks": (KEEP, "live", 0.02),
    "stacks": (KEEP, "stacks", 0.05),
    "forked": (16 * KEEP, "children", 0.2),  # a child has pages of its own besides
}


def arguments(pattern: str, **changes) -> list[str]:
    given = dict(mode="threads", profile="growth", iterations=ITERATIONS, warmup=WARMUP, workers=2, pids=1)
    return workload.words(**(given | dict(pattern=pattern, keep_bytes=KEEP) | changes))


@unittest.skipUnless(PROGRAMS, "with a sanitizer the C programs are run, and it has none")
class Churn(WorkloadTest):
    def readings_of(self, pattern: str, **changes) -> list[dict[str, int]]:
        ledger = RunnerLedger(ITERATIONS, 2, STRIDE)
        status, out, err = self.run_it(PROGRAMS[0][1], arguments(pattern, **changes), ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.iterations_done), (DONE, ITERATIONS))
        self.assertEqual([r["iteration"] for r in ledger.readings], list(range(STRIDE, ITERATIONS + 1, STRIDE)))
        self.assertEqual(ledger.why, [""] * len(workload.MEMORIES))
        self.assertEqual(still_there(10), [])
        return ledger.readings

    @for_each(PLANTED.items())
    def test_what_a_pattern_keeps_is_found_where_it_is(self, pattern, planted):
        keep, part, own = planted
        readings = self.readings_of(pattern, keep_bytes=keep)
        before, after = readings[3], readings[7]
        grown = {name: after[name] - before[name] for name in ("pss", *PARTS)}
        self.assertAlmostEqual(grown[part] / (keep * BETWEEN), 1, delta=own + 0.02, msg=grown)
        self.assertAlmostEqual(sum(grown[name] for name in PARTS) / grown["pss"], 1, delta=0.05, msg=grown)

    @for_each([("flat",), ("queue",)])
    def test_a_pattern_that_keeps_nothing_does_not_grow(self, pattern):
        readings = self.readings_of(pattern)
        self.assertLess(readings[7]["pss"] - readings[3]["pss"], KEEP, readings)

    def test_a_split_is_read_of_every_fourth_and_the_rest_is_cheap(self):
        readings = self.readings_of("flat")
        self.assertEqual([i for i, r in enumerate(readings) if "live" in r], [3, 7])
        self.assertTrue(all({"pss", "children", "files", "page_tables"} <= r.keys() for r in readings))

    def test_it_ends_early_when_it_is_told_to(self):
        ledger = RunnerLedger(ITERATIONS, 2, STRIDE)
        ledger.end_after(30)
        status, _, err = self.run_it(PROGRAMS[0][1], arguments("leak"), ledger)
        self.assertEqual((status, ledger.phase, ledger.iterations_done), (0, DONE, 30), err)

    def test_a_ledger_that_asks_for_no_readings_gets_none(self):
        ledger = RunnerLedger(ITERATIONS, 2)
        status, _, err = self.run_it(PROGRAMS[0][1], arguments("leak"), ledger)
        self.assertEqual((status, ledger.iterations_done, ledger.readings), (0, ITERATIONS, []), err)

    def test_a_worker_that_fails_fails_the_run(self):
        ledger = RunnerLedger(ITERATIONS, 2, STRIDE)
        self.fail_it(PROGRAMS[0][1], arguments("threads", fault="worker-raise"), ledger, "worker-raise")
        self.assertEqual(still_there(10), [])

    @unittest.skipIf(sysconfig.get_config_var("Py_GIL_DISABLED"), "the free-threaded build has mimalloc alone")
    def test_all_is_found_where_the_c_allocator_has_all(self):
        os.environ["PYTHONMALLOC"] = "malloc"
        self.addCleanup(os.environ.pop, "PYTHONMALLOC")
        readings = self.readings_of("leak")
        self.assertAlmostEqual((readings[7]["live"] - readings[3]["live"]) / (KEEP * BETWEEN), 1, delta=0.02)


if __name__ == "__main__":
    unittest.main()

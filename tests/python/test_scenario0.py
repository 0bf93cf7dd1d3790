"""scenario0.py, run as the runner runs it: the life of scenario1's iterations, and nothing in the worker.

    python3.14 -I tests/python/test_scenario0.py          (or python3.14t: the workload runs in the same interpreter)
"""

import itertools
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, KINDS, RunnerLedger, WorkloadTest, for_each, still_there

PROGRAMS = workload.programs("scenario0")
WORKERS, ITERATIONS, WARMUP, HOLD_MS = 2, 2, 1, 50


def arguments(mode, mp_start, profile, **changes) -> list[str]:
    given = dict(mode=mode, profile=profile, iterations=ITERATIONS, warmup=WARMUP, workers=WORKERS, pids=1)
    given |= dict(mp_start=mp_start, hold_ms=HOLD_MS if profile == "memory" else 0)
    return workload.words(**(given | changes))


CASES = [
    (program, kind, profile)
    for (name, program), kind, profile in itertools.product(PROGRAMS, KINDS, ("overhead", "memory"))
    if name == "python" or kind[0] != "interpreters"
]


class Scenario0(WorkloadTest):
    @for_each(CASES)
    def test_every_kind_runs_to_its_end(self, program, kind, profile):
        ledger = RunnerLedger(ITERATIONS, WORKERS)
        status, out, err = self.run_it(program, arguments(*kind, profile), ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.iterations_done), (DONE, ITERATIONS))
        self.assertEqual((ledger.check, ledger.figures), (0, {}))  # nothing was computed
        if profile == "memory":
            for start, end in zip(ledger.start_ns, ledger.end_ns, strict=True):
                self.assertGreaterEqual(end - start, HOLD_MS * 1_000_000)
        self.assertEqual(still_there(10), [])

    @for_each(CASES)
    def test_a_worker_that_fails_fails_the_run(self, program, kind, profile):
        ledger = RunnerLedger(ITERATIONS, WORKERS)
        args = arguments(*kind, profile, fault="worker-exit")
        self.fail_it(program, args, ledger, r"worker 0 \((a thread|pid \d+)\).*(SystemExit: |status )3")
        self.assertEqual(still_there(10), [])


if __name__ == "__main__":
    unittest.main()

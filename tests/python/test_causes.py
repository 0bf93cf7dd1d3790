"""causes.py, run as the runner runs it: in every mode each pattern does its calls.

    python3.14 -I tests/python/test_causes.py          (or python3.14t: the workload runs in the same interpreter)
"""

import itertools
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, RunnerLedger, WorkloadTest, for_each

FOLDER = workload.WORKLOADS / "causes"
PROGRAM = [sys.executable, "-s", "-B", str(workload.WORKLOADS / "tare_bench.py"), f"{FOLDER}/causes.py:work"]
PATTERNS = ("drop", "garbage", "global", "faults", "bandwidth", "pure")
KINDS = [("threads", None), ("processes", "forkserver"), ("interpreters", None)]
WORKERS, CALLS = 2, 2


class Causes(WorkloadTest):
    @for_each(itertools.product(PATTERNS, KINDS))
    def test_every_pattern_does_its_calls_in_every_mode(self, pattern, kind):
        ledger = RunnerLedger(1, WORKERS)
        given = dict(mode=kind[0], mp_start=kind[1], profile="overhead", iterations=1, warmup=0, workers=WORKERS, pids=1)
        status, _, err = self.run_it(PROGRAM, workload.words(**given, pattern=pattern, calls=CALLS, results="discarded"), ledger)
        self.assertEqual((status, ledger.error, ledger.phase), (0, "", DONE), err)
        took_s = (ledger.end_ns[0] - ledger.start_ns[0]) / 1e9
        self.assertAlmostEqual(ledger.figures["calls_per_s"], WORKERS * CALLS / took_s, delta=1 + 0.01 * WORKERS * CALLS / took_s)

    def test_a_pattern_that_is_none_fails(self):
        ledger = RunnerLedger(1, WORKERS)
        given = dict(mode="threads", profile="overhead", iterations=1, warmup=0, workers=1, pids=1, pattern="nope")
        self.fail_it(PROGRAM, workload.words(**given), ledger, "KeyError: 'nope'")

    @unittest.skipIf(getattr(sys, "_is_gil_enabled", lambda: True)(), "constants are contended for without a GIL alone")
    def test_threads_contend_for_no_constant_of_a_module_without_bytecode(self):
        said = "import sys; sys.path += sys.argv[1:]; import driver, causes; print([c for c in causes.pure.__code__.co_consts if not sys._is_immortal(c)])"
        words = [sys.executable, "-I", "-B", "-c", said, str(workload.WORKLOADS), str(FOLDER)]
        self.assertEqual(subprocess.run(words, capture_output=True, text=True, check=True).stdout, "[]\n")

    def test_the_patterns_are_those_of_its_scenario(self):
        text = (FOLDER / "scenario.yml").read_text()
        self.assertIn(f"choices: [{', '.join(PATTERNS)}]", text)


if __name__ == "__main__":
    unittest.main()

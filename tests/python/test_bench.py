"""tare_bench.py, run as the runner runs it: a reader's own function, and what is said where it fails.

    python3.14 -I tests/python/test_bench.py          (or python3.14t: the workload runs in the same interpreter)
"""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, RunnerLedger, WorkloadTest, for_each

ARGUMENTS = workload.words(mode="threads", profile="overhead", iterations=2, warmup=0, workers=2, pids=1)


class Bench(WorkloadTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "mine.py"
        self.ledger = RunnerLedger(2, 2)

    def run_file(self, text: str) -> tuple[int, str]:
        self.file.write_text(text)
        program = [sys.executable, "-s", "-B", str(workload.WORKLOADS / "tare_bench.py"), str(self.file)]
        status, _, err = self.run_it(program, ARGUMENTS, self.ledger)
        return status, err

    def test_it_calls_the_function(self):
        status, err = self.run_file("def work():\n    pass\n")
        self.assertEqual((status, self.ledger.phase), (0, DONE), err)

    @for_each([
        ("def work():\n    x = = 1\n", "SyntaxError: invalid syntax (mine.py, line 2)"),
        ("def work():\nx = 1\n", "(mine.py, line 2)"),
        ("\nimport no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module' (mine.py, line 2)"),
    ])
    def test_a_file_that_cannot_be_read_is_named_with_the_line(self, text, reason):
        status, err = self.run_file(text)
        self.assertNotEqual(status, 0)
        self.assertTrue(err.splitlines()[-1].endswith(reason), err)  # the runner records the last line

    def test_what_it_raises_is_named_with_the_line(self):
        status, err = self.run_file("def work():\n    {}['key']\n")
        self.assertEqual(status, 70, err)
        self.assertEqual(self.ledger.error, "iteration 0: worker 0 (a thread): KeyError: 'key' (mine.py, line 2)")


if __name__ == "__main__":
    unittest.main()

"""tare_bench.py, run as the runner runs it: a reader's own function, and what is said where it fails.

    python3.14 -I tests/python/test_bench.py          (or python3.14t: the workload runs in the same interpreter)
"""

import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, RunnerLedger, WorkloadTest, for_each

ARGUMENTS = dict(mode="threads", profile="overhead", iterations=2, warmup=0, workers=2, pids=1)


class Bench(WorkloadTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "mine.py"
        self.ledger = RunnerLedger(2, 2)

    def run_file(self, text: str, **options) -> tuple[int, str]:
        self.file.write_text(text)
        arguments = workload.words(**ARGUMENTS | options)
        program = [sys.executable, "-s", "-B", str(workload.WORKLOADS / "tare_bench.py"), str(self.file)]
        status, _, err = self.run_it(program, arguments, self.ledger)
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

    @for_each(workload.KINDS)
    def test_whatever_kind_of_worker_raises_type_and_message_and_place_are_told(self, mode, start):
        text = "import os\ndef work():\n    raise ValueError('the data file is missing')\n"
        self.ledger = RunnerLedger(2, 2)
        status, err = self.run_file(text, mode=mode, mp_start=start)
        self.assertEqual(status, 70, err)
        who = r"\(pid \d+\)" if start else r"\(a thread\)" if mode == "threads" else r"\(a thread\): in its interpreter"
        self.assertRegex(self.ledger.error, rf"\Aiteration 0: worker 0 {who}: ValueError: the data file is missing \(mine\.py, line 3\)\Z")

    @for_each([kind for kind in workload.KINDS if kind[0] == "processes"])
    def test_words_that_a_process_leaves_with_are_told_and_nothing_of_them_stays(self, mode, start):
        self.ledger = RunnerLedger(2, 2)
        with tempfile.TemporaryDirectory() as tmp, mock.patch.dict(os.environ, TMPDIR=tmp):
            status, err = self.run_file("def work():\n    raise SystemExit('no data')\n", mode=mode, mp_start=start)
            self.assertEqual([name for name in os.listdir(tmp) if "worker" in name], [])
        self.assertEqual(status, 70, err)
        self.assertRegex(self.ledger.error, r"worker 0 \(pid \d+\): SystemExit: no data")


if __name__ == "__main__":
    unittest.main()

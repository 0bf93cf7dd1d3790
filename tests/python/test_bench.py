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

    def test_a_parameter_that_has_a_default_can_be_a_knob(self):
        text = "def work(max_size: int = 3, workers: int = 5):\n    assert (max_size, workers) == (7, 5)\n"
        status, err = self.run_file(text, max_size=7)
        self.assertEqual((status, self.ledger.phase), (0, DONE), err)

    def test_a_parameter_that_has_a_default_keeps_it(self):
        status, err = self.run_file("def work(max_size: int = 3):\n    assert max_size == 3\n")
        self.assertEqual((status, self.ledger.phase), (0, DONE), err)

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

    def run_kind(self, text: str, mode, start, **options) -> str:
        """Runs it, which goes well; returns what it printed."""
        self.ledger = RunnerLedger(2, 2)
        status, err = self.run_file(text, mode=mode, mp_start=start, **options)
        self.assertEqual((status, self.ledger.phase), (0, DONE), (mode, start, options, err))
        return err

    @for_each([(*kind, lifecycle) for kind in workload.KINDS for lifecycle in ("fresh", "pool")])
    def test_setup_has_been_called_before_the_function_whatever_kind_of_worker_calls_it(self, mode, start, lifecycle):
        text = "DATA = []\ndef setup():\n    DATA.append(1)\ndef work():\n    assert DATA == [1], DATA\n"
        self.run_kind(text, mode, start, lifecycle=lifecycle)
        self.run_kind("import functools\n" + text.replace("def setup", "@functools.cache\ndef setup"), mode, start, lifecycle=lifecycle)

    @for_each([(*kind, lifecycle) for kind in workload.KINDS if kind[1] for lifecycle in ("fresh", "pool")])
    def test_what_calls_return_goes_to_the_main_process_unless_it_is_discarded(self, mode, start, lifecycle):
        text = """
import os
class Result:
    def __init__(self):
        self.filling = b"x" * (1 << 20)  # more than a pipe holds
    def __setstate__(self, state):  # where it arrives
        with open(os.environ["ARRIVALS"], "a") as file:
            print(os.getpid(), file=file)
def work():
    return Result()
"""
        for results, times in ("returned", 2 * 2 * 3), ("discarded", 0):
            with tempfile.NamedTemporaryFile("r") as arrivals, mock.patch.dict(os.environ, ARRIVALS=arrivals.name):
                self.run_kind(text, mode, start, lifecycle=lifecycle, results=results, calls=3)
                self.assertEqual(arrivals.read().split(), [str(self.ledger.main_pid)] * times)

    def test_a_process_that_leaves_without_a_result_fails_the_run(self):
        status, err = self.run_file("import os\ndef work():\n    os._exit(0)\n", mode="processes", mp_start="fork")
        self.assertEqual(status, 70, err)
        self.assertRegex(self.ledger.error, r"worker 0 \(pid \d+\) ended without a result")

    def test_parameters_without_a_value_are_knobs_and_values_come_as_they_are_annotated(self):
        text = "def work(n: int, share: float, name, flag: bool, more, *, late=5):\n    assert (n, share, name, flag, more, late) == (3, 2.0, 'x', True, [1, 2], 5)\n"
        self.file.write_text(text)
        program = [sys.executable, "-P", "-s", "-B", str(workload.WORKLOADS / "tare_bench.py"), f"{self.file}:work", "name=x", "more=[1, 2]"]
        args = workload.words(**ARGUMENTS, n=3, share=2, flag="true", calls=4)
        status, _, err = self.run_it(program, args, self.ledger)
        self.assertEqual((status, self.ledger.phase), (0, DONE), err)
        busy_s = sum(self.ledger.end_ns[i] - self.ledger.start_ns[i] for i in range(2)) / 1e9
        self.assertAlmostEqual(self.ledger.figures["calls_per_s"] * busy_s, 2 * 2 * 4)

    def test_the_way_that_an_exception_came_is_told(self):
        text = "def inner():\n    {}['key']\ndef work():\n    inner()\n"
        for mode, start in workload.KINDS:
            self.ledger = RunnerLedger(2, 2)
            status, err = self.run_file(text, mode=mode, mp_start=start)
            self.assertEqual(status, 70, err)
            self.assertTrue(self.ledger.error.endswith("KeyError: 'key' (mine.py, line 2, from mine.py, line 4)"), self.ledger.error)

    def test_a_place_of_a_recursion_is_told_once(self):
        self.ledger = RunnerLedger(2, 2)
        status, err = self.run_file("def down(n):\n    return down(n - 1) if n else {}['key']\ndef work():\n    down(9)\n", mode="threads")
        self.assertEqual(status, 70, err)
        self.assertTrue(self.ledger.error.endswith("KeyError: 'key' (mine.py, line 2, from mine.py, line 4)"), self.ledger.error)


if __name__ == "__main__":
    unittest.main()

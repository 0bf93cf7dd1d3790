"""churn.py, run as the runner runs it: what each pattern keeps is found in the readings, and in the part that it is of.

    python3.14 -I tests/python/test_churn.py          (or python3.14t: the workload runs in the same interpreter)
"""

import errno
import os
import resource
import signal
import sys
import sysconfig
import threading
import time
import unittest
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, RunnerLedger, WorkloadTest, for_each, still_there

sys.path.append(str(workload.WORKLOADS))
import tare_growth

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
    "stacks": (8 * KEEP, "stacks", 0.05),  # what a thread costs besides is elsewhere
    "forked": (16 * KEEP, "children", 0.05),  # beside which what a child costs by itself, some 0.5 to 1 MiB, is little
}


def arguments(pattern: str, **changes) -> list[str]:
    given = dict(mode="threads", profile="growth", iterations=ITERATIONS, warmup=WARMUP, workers=2, pids=1)
    return workload.words(**(given | dict(pattern=pattern, keep_bytes=KEEP) | changes))


@unittest.skipUnless(PROGRAMS, "with a sanitizer the C programs are run, and it has none")
class Churn(WorkloadTest):
    def readings_of(self, pattern: str, stride: int = STRIDE, **changes) -> list[dict[str, int]]:
        ledger = RunnerLedger(ITERATIONS, 2, stride)
        status, out, err = self.run_it(PROGRAMS[0][1], arguments(pattern, **changes), ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.iterations_done), (DONE, ITERATIONS))
        self.assertEqual([r["iteration"] for r in ledger.readings], list(range(stride, ITERATIONS + 1, stride)))
        self.assertEqual(ledger.why, [""] * len(workload.MEMORIES))
        self.assertEqual(still_there(10), [])
        return ledger.readings

    @for_each(PLANTED.items())
    def test_what_a_pattern_keeps_is_found_where_it_is(self, pattern, planted):
        keep, part, own = planted
        stride = 1 if pattern == "forked" else STRIDE  # readings with a split in each of its steps, as in a run: a child costs them
        readings = self.readings_of(pattern, stride, keep_bytes=keep)
        before, after = (next(r for r in readings if r["iteration"] == n) for n in (ITERATIONS - BETWEEN, ITERATIONS))
        grown = {name: after[name] - before[name] for name in ("pss", *PARTS)}
        self.assertAlmostEqual(grown[part] / (keep * BETWEEN), 1, delta=own + 0.02, msg=grown)
        if pattern in ("stacks", "forked"):  # else pages that were free before are used, and so few iterations show it
            self.assertAlmostEqual(grown["pss"] / (keep * BETWEEN), 1, delta=0.05, msg=grown)
        self.assertAlmostEqual(sum(grown[name] for name in PARTS) / grown["pss"], 1, delta=0.05, msg=grown)

    @for_each([("stacks",), ("forked",)])
    def test_a_step_that_keeps_less_than_it_costs_is_refused(self, pattern):
        ledger = RunnerLedger(ITERATIONS, 2, STRIDE)
        self.fail_it(PROGRAMS[0][1], arguments(pattern, keep_bytes=1024), ledger, "--keep-bytes 1024: a step of")
        self.assertEqual(still_there(10), [])

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


class Told:
    """A ledger that keeps the reasons."""

    READING_STRIDE, words = 0, [1]

    def __init__(self):
        self.why: dict[str, str] = {}

    def reading_why(self, name: str, reason: str) -> None:
        self.why[name] = reason


@contextmanager
def file_of_proc(ending: str, answer):
    """Files of /proc whose name so ends are what answer says: bytes, or an error that is raised."""
    usual = tare_growth.read

    def read(path: str) -> bytes:
        if not path.endswith(ending):
            return usual(path)
        if isinstance(answer, OSError):
            raise answer
        return answer

    with patch.object(tare_growth, "read", read):
        yield


@contextmanager
def child():
    """A forked child, which waits."""
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


class Readings(unittest.TestCase):
    """A reading that is not to be had is left out and says why; it never fails the run."""

    SPLIT, FAMILY = {"live", "cycles", "free"}, {"pss", "children", "files", "page_tables"}

    def setUp(self):
        self.told = Told()
        self.growth = tare_growth.Growth(self.told)
        self.assertEqual(self.told.why, {})

    def expect_no_split(self, why: str) -> None:
        values = self.growth.take(with_split=True)
        self.assertEqual(values.keys(), self.FAMILY | {"stacks"})
        self.assertEqual(self.told.why.keys(), self.SPLIT)
        self.assertIn(why, self.told.why["live"])

    def expect_no_family(self, why: str) -> None:
        self.assertEqual(self.growth.take(with_split=False), {})
        self.assertEqual(self.told.why.keys(), self.FAMILY)
        self.assertIn(why, self.told.why["pss"])

    def test_a_fork_that_is_refused_leaves_the_split_out(self):
        before = len(os.listdir("/proc/self/fd"))
        with patch.object(os, "fork", side_effect=OSError(errno.EAGAIN, "Resource temporarily unavailable")):
            self.expect_no_split("a forked copy: Resource temporarily unavailable")
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)
        self.assertIn("live", self.growth.take(with_split=True))  # the next one may do

    def test_a_forked_copy_that_fails_says_why(self):
        with patch.object(self.growth, "answer", side_effect=MemoryError("no room")):
            self.expect_no_split("a forked copy failed: MemoryError: no room")
        with patch.object(self.growth, "answer", side_effect=lambda maps: os.kill(os.getpid(), signal.SIGKILL)):
            self.expect_no_split("a forked copy failed: it ended without a word")

    def test_after_a_forked_copy_that_took_too_long_there_is_no_other(self):
        with (
            patch.object(tare_growth, "PROBE_S", 0.05),
            patch.object(self.growth, "answer", side_effect=lambda maps: time.sleep(600)),
        ):
            self.expect_no_split("had not told after 0.05 s")
        with patch.object(os, "fork", side_effect=AssertionError("it is asked again")):
            self.expect_no_split("had not told after 0.05 s")
        self.assertEqual(workload.children(), [])

    def test_children_that_the_kernel_reaps_are_asked_too(self):
        self.addCleanup(signal.signal, signal.SIGCHLD, signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertIn("live", self.growth.take(with_split=True))
        self.assertEqual(self.told.why, {})

    def test_more_descriptors_than_select_takes_are_no_hindrance(self):
        usual = resource.getrlimit(resource.RLIMIT_NOFILE)
        if usual[1] < 1200:
            self.skipTest(f"the limit of descriptors is {usual[1]}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(usual[0], 1200), usual[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, usual)
        held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
        try:
            self.assertIn("live", self.growth.take(with_split=True))
        finally:
            for fd in held:
                os.close(fd)

    def test_a_child_that_ends_while_it_is_read_is_left_out_of_all_sums(self):
        with child() as pid:
            whole = self.growth.take(with_split=False)
            with file_of_proc(f"/{pid}/status", b"Name:\tended\nState:\tZ (zombie)\n"):
                rest = self.growth.take(with_split=False)
        self.assertEqual((rest["children"], self.told.why), (0, {}))
        self.assertGreater(whole["children"], 0)

    def test_a_child_that_may_not_be_read_makes_the_whole_unknown(self):
        with child() as pid:
            path = f"/proc/{pid}/smaps_rollup"
            with file_of_proc(path, PermissionError(errno.EACCES, "Permission denied", path)):
                self.expect_no_family(f"{path}: Permission denied")

    def test_a_kernel_that_does_not_tell_children_makes_the_whole_unknown(self):
        with file_of_proc("/children", FileNotFoundError(errno.ENOENT, "No such file or directory", "/proc/1/task/1/children")):
            self.expect_no_family("children: No such file or directory")

    def test_a_kernel_that_does_not_tell_page_tables_is_no_zero(self):
        with file_of_proc("self/status", b"Name:\tpython\n"):
            self.expect_no_family("/proc has no VmPTE:")

    def test_a_thread_that_has_ended_hides_no_child_of_the_others(self):
        leave = threading.Event()
        thread = threading.Thread(target=leave.wait)
        ended = FileNotFoundError(errno.ENOENT, "No such file or directory")
        with child() as pid:
            thread.start()
            self.addCleanup(thread.join)
            self.addCleanup(leave.set)
            with file_of_proc(f"/task/{thread.native_id}/children", ended):
                self.assertEqual(tare_growth.descendants(), [pid])

    def test_pages_are_awaited_no_longer_than_said(self):
        def slow() -> float:
            time.sleep(0.05)
            return 0.5

        with patch.object(tare_growth, "AWAIT_S", 0.1), patch.object(self.growth, "sharing", slow):
            begin = time.monotonic()
            self.growth.await_pages(1)
        self.assertLess(time.monotonic() - begin, 5)  # two thousand times 50 ms is 100 s

    def test_a_thread_that_cannot_be_started_is_the_reason_for_no_stacks(self):
        with patch.object(threading.Thread, "start", side_effect=RuntimeError("can't start new thread")):
            told = Told()
            tare_growth.Growth(told)
        self.assertEqual(told.why.keys(), {"stacks"})
        self.assertIn("can't start new thread", told.why["stacks"])


if __name__ == "__main__":
    unittest.main()

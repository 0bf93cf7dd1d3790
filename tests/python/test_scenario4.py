"""scenario4.py, run as the runner runs it: in every mode each pattern does all of its operations, and a worker that fails
is the end of the run.

    python3.14 -I tests/python/test_scenario4.py          (or python3.14t: the workload runs in the same interpreter)
"""

import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, KINDS, WORKLOADS, RunnerLedger, WorkloadTest, for_each, still_there

sys.dont_write_bytecode = True
sys.path[:0] = [str(WORKLOADS / "scenario4"), str(WORKLOADS)]
import scenario4_worker as worker

PYTHON = workload.python_program("scenario4")
WORKERS, ITERATIONS, OPERATIONS = 3, 2, 2000


def arguments(mode, mp_start=None, **changes) -> list[str]:
    given = dict(mode=mode, profile="overhead", iterations=ITERATIONS, warmup=1, workers=WORKERS, pids=1)
    given |= dict(mp_start=mp_start, pattern="list", sharing="shared", operations=OPERATIONS)
    return workload.words(**(given | changes))


def wrong(run) -> list[str]:
    """The program, with another run() of the pattern list."""
    return [
        sys.executable, "-I", "-B", "-c",
        f"import sys; sys.path += ['{WORKLOADS / 'scenario4'}', '{WORKLOADS}']; import driver, scenario4_main as s\n"
        f"s.worker.PATTERNS['list'] = s.worker.PATTERNS['list']._replace(run={run})\n"
        "sys.exit(driver.main(s.Scenario4, sys.argv[1:]))",
    ]  # fmt: skip


class Scenario4(WorkloadTest):
    # --- the patterns

    @for_each(worker.PATTERNS.items())
    def test_a_pattern_does_each_operation(self, name, pattern):
        thing = pattern.make(1)
        self.assertEqual(pattern.run(7, thing), 7 * pattern.per_round)
        pattern.end(thing)

    def test_what_is_put_is_taken(self):
        """Nothing is left, or the next iteration would find it: append and pop, put and get go in pairs."""
        for name, size in (("list", len), ("queue", lambda q: q.qsize()), ("interpreter-queue", lambda q: q.qsize())):
            pattern = worker.PATTERNS[name]
            thing = pattern.make(WORKERS)
            threads = [threading.Thread(target=pattern.run, args=(50, thing)) for _ in range(WORKERS)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(size(thing), 0, name)

    def test_a_lock_that_another_holds_is_waited_for(self):
        pattern = worker.PATTERNS["lock"]
        lock = pattern.make(2)
        lock.acquire()
        thread = threading.Thread(target=pattern.run, args=(1, lock))
        thread.start()
        thread.join(0.05)
        self.assertTrue(thread.is_alive())
        lock.release()
        thread.join()

    def test_the_references_of_what_is_shared_are_counted(self):
        """A constant's are not, so that nothing would be contended: it is immortal."""
        immortal = sys.getrefcount(None)
        for one in (worker.make_number(), *worker.make_pair(1), worker.make_thing(1)):
            self.assertLess(sys.getrefcount(one), immortal)

    def test_a_private_global_is_not_anothers(self):
        one, other = worker.make_reader(1), worker.make_reader(1)
        self.assertIsNot(one.__globals__, other.__globals__)
        other.__globals__["million"] = "not a number"
        self.assertEqual(one(3), 12)

    # --- a run

    def done(self, args, operations):
        ledger = RunnerLedger(ITERATIONS, WORKERS)
        status, out, err = self.run_it(PYTHON, args, ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.iterations_done), (DONE, ITERATIONS))
        self.assertEqual(ledger.check, WORKERS * operations)
        self.assertEqual(set(ledger.figures), {"ops_per_s", "avg_op_ns"})
        for start, ready, end in zip(ledger.start_ns, ledger.ready_ns, ledger.end_ns, strict=True):
            self.assertLess(start, ready)
            self.assertLess(ready, end)
        # The workers' span lies within their iterations, and is no shorter than they were busy for, each its share.
        total = ITERATIONS * WORKERS * operations
        within_s = (sum(ledger.end_ns) - sum(ledger.ready_ns)) / 1e9
        self.assertGreaterEqual(ledger.figures["ops_per_s"], total / within_s * 0.999)
        self.assertLessEqual(ledger.figures["avg_op_ns"] / WORKERS, 1e9 / ledger.figures["ops_per_s"] * 1.001)
        self.assertEqual(still_there(10), [])

    @for_each([*((name, "shared") for name in worker.PATTERNS), *((name, "private") for name in ("list", "asyncio", "pools"))])
    def test_both_twins_of_a_pattern_run_in_threads(self, name, sharing):
        pattern = worker.PATTERNS[name]
        per_round = pattern.per_round
        self.done(arguments("threads", pattern=name, sharing=sharing), OPERATIONS // pattern.cost // per_round * per_round)

    @for_each([*((*kind, "list") for kind in KINDS[1:]), ("processes", "forkserver", "pools"), ("interpreters", None, "pools")])
    def test_processes_and_interpreters_have_their_own(self, mode, mp_start, name):
        self.done(arguments(mode, mp_start, pattern=name), OPERATIONS // worker.PATTERNS[name].cost)

    @for_each([("lambda rounds, thing: 4 * rounds - 1", "worker 0 was to do 2000 operations, and saw 1999 done")])
    def test_an_operation_that_went_wrong_fails_the_run(self, run, reason):
        reason = "warm-up iteration 0: the counts do not add up: " + reason
        self.fail_it(wrong(run), arguments("threads"), RunnerLedger(ITERATIONS, WORKERS), reason)

    # --- workers that fail

    @for_each(KINDS)
    def test_a_worker_that_raises_fails_the_run(self, mode, mp_start):
        reason = r"worker 0 \(.*RuntimeError: --fault worker-raise asks for this"
        self.fail_it(PYTHON, arguments(mode, mp_start, fault="worker-raise"), RunnerLedger(ITERATIONS, WORKERS), reason)
        self.assertEqual(still_there(10), [])

    @for_each(KINDS[1:4])
    def test_a_worker_that_is_killed_fails_the_run(self, mode, mp_start):
        reason = r"worker 0 \(pid \d+\) was ended by signal 9 \(SIGKILL\)"
        self.fail_it(PYTHON, arguments(mode, mp_start, fault="worker-kill"), RunnerLedger(ITERATIONS, WORKERS), reason)
        self.assertEqual(still_there(10), [])

    @for_each([("pattern", "telepathy", "not one of attribute, dict"), ("operations", 999, "not a number from 1000 to")])
    def test_bad_arguments_are_in_the_ledger(self, name, value, reason):
        args = arguments("threads", **{name: value})
        self.fail_it(PYTHON, args, RunnerLedger(ITERATIONS, WORKERS), f"--{name} '{value}': {reason}")


if __name__ == "__main__":
    unittest.main()

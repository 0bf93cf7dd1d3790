"""scenario1.py, run as the runner runs it: every mode to its end, every fault to its reason, nothing left behind.

    python3.14 -I tests/python/test_scenario1.py          (or python3.14t: the workload runs in the same interpreter)
"""

import functools
import itertools
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, FAILED, KINDS, TIMEOUT_S, WORKLOADS, WorkloadTest, children, end_all, still_there

SCENARIO1 = WORKLOADS / "scenario1" / "scenario1.py"
PROGRAMS = workload.programs("scenario1")
PYTHON, NATIVE = (dict(PROGRAMS).get(name) for name in ("python", "native"))
WORKERS, ITERATIONS, WARMUP, STEPS, HOLD_MS = 3, 2, 1, 2000, 50


def expected_hash(steps: int) -> int:
    """Written in another way than the loop that it tests."""
    return functools.reduce(lambda x, _: (y := (x * 1103515245 + 12345) % 2**32) ^ (y >> 16), range(steps), 0x12345678)


def TestLedger() -> workload.RunnerLedger:
    return workload.RunnerLedger(ITERATIONS, WORKERS)


def arguments(mode: str, mp_start: str | None, profile: str, **changes) -> list[str]:
    given = dict(mode=mode, profile=profile, iterations=ITERATIONS, warmup=WARMUP, workers=WORKERS)
    given |= dict(work_iters=STEPS, hold_ms=HOLD_MS if profile == "memory" else 0, mp_start=mp_start, pids=1)
    given |= changes
    return workload.words(**given)


def for_each(kinds=KINDS, profiles=("overhead", "memory")):
    """Runs a test for every program, kind and profile."""

    def decorate(test):
        @functools.wraps(test)
        def run(self):
            for (name, program), kind, profile in itertools.product(PROGRAMS, kinds, profiles):
                if name == "native" and kind[0] == "interpreters":
                    continue
                with self.subTest(program=name, kind=kind, profile=profile):
                    test(self, program, kind, profile)

        return run

    return decorate


class Scenario1(WorkloadTest):
    def run_fault(self, program: list[str], kind, profile: str, fault: str, reason: str, wrapper=(), **changes):
        args = arguments(*kind, profile, fault=fault, **changes)
        return self.fail_it(program, args, TestLedger(), reason, wrapper)

    # --- the loop

    def test_the_loop_gives_the_known_values(self):
        hash_loop = runpy.run_path(str(SCENARIO1))["hash_loop"]
        known = {0: 305419896, 1: 191994400, 2: 3507773133, 10: 450427464, 1000: 2632750054, 20000: 3657859181}
        for steps, result in known.items():
            self.assertEqual(hash_loop(steps), result)
            self.assertEqual(expected_hash(steps), result)

    # --- a run

    @for_each()
    def test_every_kind_runs_to_its_end(self, program, kind, profile):
        ledger = TestLedger()
        status, out, err = self.run_it(program, arguments(*kind, profile), ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual(ledger.phase, DONE)
        self.assertEqual(ledger.warmup_done, WARMUP)
        self.assertEqual(ledger.iterations_done, ITERATIONS)
        self.assertEqual(ledger.check, expected_hash(STEPS if profile == "overhead" else 1000))
        self.assertEqual(ledger.worker_count, 0)
        self.assertEqual(still_there(10), [])

    @for_each()
    def test_the_stamps_are_in_order_on_the_monotonic_clock(self, program, kind, profile):
        ledger = TestLedger()
        before = time.monotonic_ns()
        self.run_it(program, arguments(*kind, profile), ledger)
        stamps = [before, ledger.wall_start]
        for pair in zip(ledger.start_ns, ledger.end_ns, strict=True):
            stamps += pair
        stamps += [ledger.wall_end, time.monotonic_ns()]
        self.assertEqual(stamps, sorted(stamps))

    @for_each(profiles=["memory"])
    def test_an_iteration_of_the_memory_profile_holds(self, program, kind, profile):
        ledger = TestLedger()
        self.run_it(program, arguments(*kind, profile), ledger)
        for start, end in zip(ledger.start_ns, ledger.end_ns, strict=True):
            self.assertGreaterEqual(end - start, HOLD_MS * 1_000_000)
        self.assertEqual(ledger.hold_ns, HOLD_MS * 1_000_000)
        for start, ready, end in zip(ledger.start_ns, ledger.ready_ns, ledger.end_ns, strict=True):
            self.assertLess(start, ready)
            self.assertGreaterEqual(end - ready, HOLD_MS * 1_000_000)

    @for_each(profiles=["overhead"])
    def test_without_a_gate_nobody_says_when_all_are_ready(self, program, kind, profile):
        ledger = TestLedger()
        self.run_it(program, arguments(*kind, profile), ledger)
        self.assertEqual((ledger.hold_ns, set(ledger.ready_ns)), (0, {0}))

    def test_the_gil_is_reported(self):
        for name, program in PROGRAMS:
            ledger = TestLedger()
            self.run_it(program, arguments("threads", None, "overhead"), ledger)
            self.assertEqual(ledger.gil, 3 if name == "native" else 2 if sys._is_gil_enabled() else 1)
            if name != "native":
                self.assertEqual((ledger.gil_last, ledger.gil_turned), (ledger.gil, 0))

    def test_the_default_start_method_is_forkserver(self):
        for name, program in PROGRAMS:
            with self.subTest(program=name):
                ledger = TestLedger()
                status, _, err = self.run_it(program, arguments("processes", None, "overhead"), ledger)
                self.assertEqual((status, ledger.error), (0, ""), err)

    @for_each(kinds=KINDS[:2], profiles=["overhead"])
    def test_without_a_ledger_it_prints_a_summary(self, program, kind, profile):
        status, out, err = self.run_it(program, arguments(*kind, profile, iterations=20), None)
        self.assertEqual(status, 0, err)
        printed = {line.partition(":")[0] for line in out.splitlines()}
        self.assertLessEqual({"total_wall_s", "avg_iter_s", "check"}, printed)

    # --- worker pids

    @for_each(kinds=KINDS[1:4], profiles=["memory"])
    def test_worker_pids_are_in_the_ledger_while_the_workers_run(self, program, kind, profile):
        for pids in (1, 0):
            ledger = TestLedger()
            args = arguments(*kind, profile, hold_ms=500, iterations=1, warmup=0, pids=pids)
            seen = self.pids_seen(program, args, ledger)
            self.assertEqual(len(seen), WORKERS if pids else 0)
            self.assertEqual(ledger.worker_pids, (0,) * WORKERS)  # taken out as they are joined

    @for_each(kinds=[KINDS[0], KINDS[4]], profiles=["overhead"])
    def test_threads_and_interpreters_have_no_worker_pids(self, program, kind, profile):
        ledger = TestLedger()
        self.run_it(program, arguments(*kind, profile), ledger)
        self.assertEqual(ledger.worker_pids, (0,) * WORKERS)
        self.assertNotEqual(ledger.main_pid, 0)

    # --- faults

    @for_each()
    def test_a_worker_that_raises_fails_the_run(self, program, kind, profile):
        if program is not PYTHON:
            reason = r"worker 0 \((a thread|pid \d+)\) ended with (exit )?status 1"
        elif kind[0] == "processes":
            reason = r"worker 0 \(pid \d+\): RuntimeError: --fault worker-raise asks for this \(scenario1\.py, line \d+(, from scenario1\.py, line \d+)*\)"
        else:
            reason = r"worker 0 \(a thread\): .*RuntimeError: --fault worker-raise asks for this \(scenario1\.py, line \d+(, from scenario1\.py, line \d+)*\)"
        self.run_fault(program, kind, profile, "worker-raise", reason)
        self.assertEqual(still_there(10), [])

    @for_each()
    def test_a_worker_that_exits_fails_the_run(self, program, kind, profile):
        reason = r"worker 0 \(a thread\).*(SystemExit: |status )3"
        if kind[0] == "processes":
            reason = r"worker 0 \(pid \d+\) ended with exit status 3"
        self.run_fault(program, kind, profile, "worker-exit", reason)
        self.assertEqual(still_there(10), [])

    @for_each(kinds=KINDS[1:4])
    def test_a_worker_process_that_is_killed_fails_the_run(self, program, kind, profile):
        reason = r"worker 0 \(pid \d+\) was ended by signal 9 \(SIGKILL\) \(the kernel's OOM killer, where"
        self.run_fault(program, kind, profile, "worker-kill", reason)
        self.assertEqual(still_there(10), [])

    @for_each(kinds=[KINDS[0], KINDS[4]])
    def test_a_killed_thread_is_the_end_of_the_whole_process(self, program, kind, profile):
        ledger = TestLedger()
        status, _, _ = self.run_it(program, arguments(*kind, profile, fault="worker-kill"), ledger)
        self.assertEqual(status, -signal.SIGKILL)
        self.assertEqual((ledger.phase, ledger.error), (1, ""))

    @for_each()
    def test_a_fault_of_the_main_process_fails_the_run(self, program, kind, profile):
        ledger = self.run_fault(program, kind, profile, "main-raise", "--fault main-raise asks for this")
        self.assertEqual(ledger.warmup_done, WARMUP)
        self.assertEqual(still_there(10), [])

    @for_each()
    def test_a_hanging_worker_hangs_the_run(self, program, kind, profile):
        ledger = TestLedger()
        args = arguments(*kind, profile, fault="hang")
        environment = os.environ | {"TARE_LEDGER_FD": str(ledger.fd)}
        with subprocess.Popen([*program, *args], pass_fds=[ledger.fd], env=environment) as running:
            with self.assertRaises(subprocess.TimeoutExpired):
                running.wait(1.5)
            running.send_signal(signal.SIGTERM)  # its default action: nothing of ours stands between
            self.assertEqual(running.wait(TIMEOUT_S), -signal.SIGTERM)
        end_all()

    @for_each(kinds=KINDS[:1], profiles=["overhead"])
    def test_a_daemon_is_left_behind_and_the_run_goes_on(self, program, kind, profile):
        ledger = TestLedger()
        status, _, _ = self.run_it(program, arguments(*kind, profile, fault="daemon"), ledger)
        self.assertEqual((status, ledger.phase), (0, DONE))
        left = still_there(0.3)
        self.assertEqual(len(left), 1)
        self.assertNotEqual(os.getsid(left[0]), os.getsid(0))
        end_all()

    @unittest.skipIf(workload.SANITIZED, "the sanitizer takes the address space that is to be short")
    @for_each(kinds=KINDS[:1], profiles=["overhead"])
    def test_memory_that_runs_out_is_named(self, program, kind, profile):
        limit = ["prlimit", f"--as={600 << 20}"]
        self.run_fault(program, kind, profile, "eat-memory", "MemoryError|after [0-9]+ MiB", limit)

    @unittest.skipIf(workload.SANITIZED, "the sanitizer takes the address space that is to be short")
    @for_each(kinds=[KINDS[0], KINDS[4]])
    def test_threads_that_cannot_be_started_are_named(self, program, kind, profile):
        limit = ["prlimit", f"--stack={1 << 46}"]  # of which every thread's stack would have to be
        ledger = TestLedger()
        status, _, err = self.run_it(program, arguments(*kind, profile), ledger, limit)
        self.assertEqual(status, 70, err)
        self.assertRegex(ledger.error, r"worker \d+.*(could not be started|pthread_create).*RLIMIT_AS")

    # --- a pool

    @for_each()
    def test_a_pool_runs_to_its_end(self, program, kind, profile):
        ledger = TestLedger()
        status, out, err = self.run_it(program, arguments(*kind, profile, lifecycle="pool"), ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.iterations_done), (DONE, ITERATIONS))
        self.assertEqual(ledger.check, expected_hash(STEPS if profile == "overhead" else 1000))
        self.assertEqual(still_there(10), [])

    @for_each(kinds=KINDS[1:4], profiles=["memory"])
    def test_the_processes_of_a_pool_are_the_same_in_all_iterations(self, program, kind, profile):
        ledger = TestLedger()
        args = arguments(*kind, profile, lifecycle="pool", hold_ms=300)
        self.assertEqual(len(self.pids_seen(program, args, ledger)), WORKERS)
        self.assertEqual(ledger.phase, DONE)
        self.assertEqual(ledger.worker_count, WORKERS)

    @for_each()
    def test_a_task_that_raises_fails_the_run(self, program, kind, profile):
        reason = "RuntimeError: --fault worker-raise asks for this" if program is PYTHON else "ended with status 1"
        reason = r"worker 0 \(a task in a pool\):? " + reason
        self.run_fault(program, kind, profile, "worker-raise", reason, lifecycle="pool")
        self.assertEqual(still_there(10), [])

    @for_each()
    def test_a_task_that_exits_fails_the_run(self, program, kind, profile):
        reason = r"worker 0 \(a task in a pool\):? (SystemExit: |ended with status )3"
        self.run_fault(program, kind, profile, "worker-exit", reason, lifecycle="pool")
        self.assertEqual(still_there(10), [])

    @for_each(kinds=KINDS[1:4])
    def test_a_process_of_a_pool_that_is_killed_fails_the_run(self, program, kind, profile):
        reason = r"pool.* \(pid \d+\) was ended by signal 9 \(SIGKILL\)"
        self.run_fault(program, kind, profile, "worker-kill", reason, lifecycle="pool")
        self.assertEqual(still_there(10), [])

    # --- arguments

    def test_bad_arguments_are_in_the_ledger(self):
        for name, program in PROGRAMS:
            for changes, reason in [
                (dict(workers=0), "--workers '0': not a number from 1 to"),
                (dict(iterations="1e3"), "--iterations '1e3': not a number"),
                (dict(profile="fast"), "--profile 'fast'"),
                (dict(pids=None), "--pids is missing"),
                (dict(colour="red"), "'--colour': no such option"),
                (dict(iterations=ITERATIONS + 1), "the ledger has .*room"),
                (dict(workers=WORKERS + 1), "the ledger has .*room"),
            ]:
                with self.subTest(program=name, changes=changes):
                    ledger = TestLedger()
                    args = arguments("threads", None, **({"profile": "overhead"} | changes))
                    status, _, _ = self.run_it(program, args, ledger)
                    self.assertEqual((status, ledger.phase), (70, FAILED))
                    self.assertRegex(ledger.error, reason)
                    self.assertNotIn("Error", ledger.error)

    @unittest.skipUnless(NATIVE, "no native program")
    def test_the_native_program_refuses_interpreters(self):
        ledger = TestLedger()
        status, _, _ = self.run_it(NATIVE, arguments("interpreters", None, "overhead"), ledger)
        self.assertEqual(status, 70)
        self.assertIn("there are no interpreters in C", ledger.error)

    def test_a_descriptor_that_is_no_ledger_is_refused(self):
        for name, program in PROGRAMS:
            with self.subTest(program=name), tempfile.TemporaryFile() as no_ledger:
                no_ledger.truncate(8192)
                environment = os.environ | {"TARE_LEDGER_FD": str(no_ledger.fileno())}
                done = subprocess.run(
                    [*program, *arguments("threads", None, "overhead")],
                    env=environment,
                    pass_fds=[no_ledger.fileno()],
                    capture_output=True,
                )
                self.assertEqual(done.returncode, 70)
                self.assertIn(b"ledger", done.stderr)


if __name__ == "__main__":
    unittest.main()

"""scenario3.py, run as the runner runs it: in every mode the counts add up, and a producer or a writer that dies is the
end of the run and no hang.

    python3.14 -I tests/python/test_scenario3.py          (or python3.14t: the workload runs in the same interpreter)
"""

import itertools
import os
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, FAILED, KINDS, MEASURING, WORKLOADS
from workload import RunnerLedger, WorkloadTest, for_each, still_there, worker_ids

PROGRAMS = workload.programs("scenario3")
WORKERS, WRITERS, ITERATIONS, WARMUP, DURATION_MS, SPACE, SEED = 3, 2, 2, 1, 100, 1000, 42
FIGURES = {"attempts", "inserts", "dup_rate_pct", "ops_per_s", "inserts_per_s", "avg_queue_put_ns", "avg_ack_wait_ns"}


def arguments(mode, mp_start=None, transport=None, **changes) -> list[str]:
    given = dict(mode=mode, profile="overhead", iterations=ITERATIONS, warmup=WARMUP, workers=WORKERS, pids=1)
    given |= dict(mp_start=mp_start, duration_ms=DURATION_MS, id_space=SPACE, seed=SEED, writers=WRITERS)
    return workload.words(**(given | dict(transport=transport) | changes))


def cases(*modes: str) -> list:
    """(program, (mode, start method, transport)) of these modes, or of all."""
    return [
        (program, (*kind, transport))
        for (name, program), kind in itertools.product(PROGRAMS, KINDS)
        for transport in (("pipe", "ring") if name == "native" else (None,))
        if kind[0] in (modes or kind) and (name == "python" or kind[0] != "interpreters")
    ]


class Scenario3(WorkloadTest):
    def ledger(self):
        return RunnerLedger(ITERATIONS, WORKERS + WRITERS)

    # --- a run

    @for_each(cases())
    def test_every_kind_runs_to_its_end(self, program, kind):
        check = sum(worker_ids(SEED, worker, SPACE, 1)[0] for worker in range(WORKERS))
        ledger = self.ledger()
        status, out, err = self.run_it(program, arguments(*kind), ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.iterations_done), (DONE, ITERATIONS))
        self.assertEqual(ledger.check, check)
        self.assertEqual(ledger.worker_pids, (0,) * (WORKERS + WRITERS))
        self.look_at(ledger.figures)
        self.assertEqual(still_there(10), [])

    def look_at(self, figures) -> None:
        self.assertEqual(set(figures), FIGURES)
        attempts, inserts = figures["attempts"], figures["inserts"]
        self.assertGreaterEqual(attempts, ITERATIONS * WORKERS)
        self.assertLessEqual(inserts, min(attempts, ITERATIONS * SPACE))
        self.assertAlmostEqual(figures["dup_rate_pct"], 100 * (1 - inserts / attempts))
        self.assertAlmostEqual(figures["inserts_per_s"] / figures["ops_per_s"], inserts / attempts)
        self.assertLessEqual(figures["ops_per_s"], attempts / (ITERATIONS * DURATION_MS / 1000))
        # A producer does one thing after the other: what its attempts took fits into the time.
        each_ns = figures["avg_queue_put_ns"] + figures["avg_ack_wait_ns"]
        self.assertLessEqual(each_ns * figures["ops_per_s"] / WORKERS, 1e9)
        self.assertGreater(min(figures["avg_queue_put_ns"], figures["avg_ack_wait_ns"]), 0)

    @for_each(cases())
    def test_inserts_are_the_distinct_ids_and_attempts_the_workers_sum(self, program, kind):
        for writers in (1, 3):
            args = arguments(*kind, iterations=1, warmup=0, writers=writers)
            status, out, err = self.run_it(program, args, None)
            self.assertEqual(status, 0, err)
            printed = dict(line.split(": ", 1) for line in out.splitlines())
            counts = [int(count) for count in printed["worker_attempts"].split()]
            ids = [id for worker, n in enumerate(counts) for id in worker_ids(SEED, worker, SPACE, n)]
            self.assertEqual(int(printed["attempts"]), len(ids))
            self.assertEqual(int(printed["inserts"]), len(set(ids)))

    def test_a_request_that_nobody_served_fails_the_run(self):
        folder = WORKLOADS / "scenario3"
        program = (
            f"import sys; sys.path += ['{folder}', '{WORKLOADS}']; import driver, scenario3_main as s\n"
            "write = s.worker.write\n"
            "def forgets_one(*arguments):\n"
            "    served, inserts, distinct = write(*arguments)\n"
            "    return served - 1, inserts, distinct\n"
            "s.worker.write = forgets_one\n"
            "sys.exit(driver.main(s.Scenario3, sys.argv[1:]))"
        )
        reason = r"the counts do not add up: (\d+) attempts, \d+ of them served by the writers"
        self.fail_it([sys.executable, "-I", "-B", "-c", program], arguments("threads"), self.ledger(), reason)

    # --- pids, and workers that die

    @for_each(cases("processes"))
    def test_a_writer_that_is_killed_fails_the_run(self, program, kind):
        def kill_the_last(ledger) -> bool:
            pids = [pid for pid in ledger.worker_pids[: ledger.worker_count] if pid]
            if ledger.phase != MEASURING or len(pids) < WORKERS + WRITERS:
                return False
            os.kill(pids[-1], signal.SIGKILL)
            return True

        ledger = self.ledger()
        args = arguments(*kind, duration_ms=60_000, warmup=0)
        self.pids_seen(program, args, ledger, kill_the_last)
        self.assertEqual(ledger.phase, FAILED)
        last = WORKERS + WRITERS - 1
        reason = rf"iteration 0: (no ready sign: )?worker {last} \(pid \d+\) was ended by signal 9 \(SIGKILL\)"
        self.assertRegex(ledger.error, reason)
        self.assertEqual(still_there(10), [])

    def fault(self, program, kind, fault, reason, **changes):
        self.fail_it(program, arguments(*kind, fault=fault, duration_ms=1000, **changes), self.ledger(), reason)
        self.assertEqual(still_there(10), [])

    @for_each(cases("processes"))
    def test_a_producer_that_is_killed_fails_the_run(self, program, kind):
        self.fault(program, kind, "worker-kill", r"worker 0 \(pid \d+\) was ended by signal 9 \(SIGKILL\)")

    @for_each(cases())
    def test_a_producer_that_leaves_fails_the_run(self, program, kind):
        self.fault(program, kind, "worker-exit", r"worker 0 \((a thread|pid \d+)\).*(SystemExit: |status )3")

    @for_each(cases())
    def test_a_producer_that_hangs_is_given_up(self, program, kind):
        self.fault(program, kind, "hang", r"worker 0 had not ended after \d", grace_ms=300)

    def test_bad_arguments_are_in_the_ledger(self):
        for (name, program), (changes, reason) in itertools.product(
            PROGRAMS,
            [
                (dict(writers=0), "--writers '0': not a number from 1 to 64"),
                (dict(writers=65), "--writers '65': not a number from 1 to 64"),
                (dict(workers=257), "--workers '257': not a number from 1 to 256"),
                (dict(transport="carrier pigeon"), "--transport 'carrier pigeon': "),
                (dict(workers=WORKERS + 1), "the ledger has .*room"),
            ],
        ):
            with self.subTest(program=name, changes=changes):
                self.fail_it(program, arguments("threads", **changes), self.ledger(), reason)


if __name__ == "__main__":
    unittest.main()

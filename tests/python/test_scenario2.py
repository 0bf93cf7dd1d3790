"""scenario2.py, run as the runner runs it: in every mode the counts add up, and a worker that dies, with the lock too,
is the end of the run and no hang.

    python3.14 -I tests/python/test_scenario2.py          (or python3.14t: the workload runs in the same interpreter)
"""

import itertools
import mmap
import os
import random
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, KINDS, WORKLOADS, RunnerLedger, WorkloadTest, for_each, still_there, worker_ids

sys.dont_write_bytecode = True
sys.path.insert(0, str(WORKLOADS))
import splitmix
import table
import tally
import teams

PROGRAMS = workload.programs("scenario2")
PYTHON = dict(PROGRAMS).get("python")
WORKERS, ITERATIONS, WARMUP, DURATION_MS, SPACE, SEED = 3, 2, 1, 60, 5000, 42
FIGURES = {"attempts", "inserts", "dup_rate_pct", "ops_per_s", "inserts_per_s", "avg_lock_wait_ns"}
SHARES = [(*kind, share) for kind in KINDS for share in (("manager", "shm") if kind[0] == "processes" else (None,))]


def arguments(mode, mp_start=None, share=None, **changes) -> list[str]:
    given = dict(mode=mode, profile="overhead", iterations=ITERATIONS, warmup=WARMUP, workers=WORKERS, pids=1)
    given |= dict(mp_start=mp_start, share=share, duration_ms=DURATION_MS, id_space=SPACE, seed=SEED)
    return workload.words(**(given | changes))


def cases(*modes: str) -> list:
    """(program, (mode, start method, share)) of these modes, or of all."""
    return [
        (program, kind)
        for (name, program), kind in itertools.product(PROGRAMS, SHARES)
        if kind[0] in (modes or kind) and (name == "python" or kind[0] != "interpreters" and kind[2] != "shm")
    ]


class Scenario2(WorkloadTest):
    def summary(self, program, args) -> dict[str, str]:
        """What a run by hand prints."""
        status, out, err = self.run_it(program, args, None)
        self.assertEqual(status, 0, err)
        return dict(line.split(": ", 1) for line in out.splitlines())

    # --- the ids

    def test_splitmix64_gives_the_published_values(self):
        published = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
            4593380528125082431,
            16408922859458223821,
        ]
        self.assertEqual([splitmix.worker_seed(1234567, i) for i in range(5)], published)
        self.assertEqual(worker_ids(1234567, 0, 2**64, 3), worker_ids(1234567, 0, 2**64, 5)[:3])

    def test_the_ids_of_a_worker_are_those_of_the_oracle(self):
        for worker in range(3):
            state = splitmix.worker_seed(SEED, worker)
            ids = []
            for _ in range(50):
                state = (state + splitmix.GAMMA) & splitmix.MASK
                ids.append(splitmix.mix(state) % SPACE)
            self.assertEqual(ids, worker_ids(SEED, worker, SPACE, 50))

    # --- the table

    def test_the_table_is_a_set(self):
        for space in (1, 7, 1000, 20000):
            slots, fd = self.table(space)
            self.assertEqual(len(slots), 1 << table.table_bits(space))
            self.assertGreaterEqual(len(slots) * 3 / 4, space)
            insert = table.make_insert(slots, table.table_bits(space))
            known: set[int] = set()
            draw = random.Random(space)
            for id in [*(draw.randrange(space) for _ in range(3 * space)), *range(space)]:
                self.assertEqual(insert(id), id not in known)
                known.add(id)
            self.assertEqual({slot - 1 for slot in slots if slot}, known)
            self.assertEqual(table.distinct(slots, fd), space)
            os.close(fd)

    def test_an_id_in_two_slots_counts_once(self):
        slots, fd = self.table(10)
        slots[0] = slots[5] = 3
        self.assertEqual(table.distinct(slots, fd), 1)
        os.close(fd)

    def test_counting_takes_no_memory(self):
        slots, fd = self.table(10_000_000)
        slots[7] = slots[5_000_000] = 3
        slots[len(slots) - 1] = 4
        before = os.fstat(fd).st_blocks
        self.assertEqual(table.distinct(slots, fd), 2)
        self.assertEqual(os.fstat(fd).st_blocks, before)
        os.close(fd)

    def table(self, space: int):
        fd = os.memfd_create("table")
        os.ftruncate(fd, table.table_bytes(space))
        return memoryview(mmap.mmap(fd, table.table_bytes(space), trackfd=False)).cast("I"), fd

    # --- a run

    @for_each(cases())
    def test_every_kind_runs_to_its_end(self, program, kind):
        check = sum(worker_ids(SEED, worker, SPACE, 1)[0] for worker in range(WORKERS))
        ledger = RunnerLedger(ITERATIONS, WORKERS)
        status, out, err = self.run_it(program, arguments(*kind), ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.warmup_done), (DONE, WARMUP))
        self.assertEqual(ledger.iterations_done, ITERATIONS)
        self.assertEqual(ledger.check, check)
        self.assertEqual(ledger.worker_count, 0)
        self.assertEqual(ledger.worker_pids, (0,) * WORKERS)
        for start, end in zip(ledger.start_ns, ledger.end_ns, strict=True):
            self.assertGreaterEqual(end - start, DURATION_MS * 1_000_000)
        self.look_at(ledger.figures)
        self.assertEqual(still_there(10), [])

    def look_at(self, figures) -> None:
        self.assertEqual(set(figures), FIGURES)
        attempts, inserts = figures["attempts"], figures["inserts"]
        self.assertGreaterEqual(attempts, ITERATIONS * WORKERS)
        self.assertLessEqual(inserts, min(attempts, ITERATIONS * SPACE))
        self.assertAlmostEqual(figures["dup_rate_pct"], 100 * (1 - inserts / attempts))
        self.assertAlmostEqual(figures["inserts_per_s"] / figures["ops_per_s"], inserts / attempts)
        # The span of an iteration is its duration at least.
        self.assertLessEqual(figures["ops_per_s"], attempts / (ITERATIONS * DURATION_MS / 1000))
        self.assertGreater(figures["avg_lock_wait_ns"], 0)

    @for_each(cases())
    def test_inserts_are_the_distinct_ids_and_attempts_the_workers_sum(self, program, kind):
        printed = self.summary(program, arguments(*kind, iterations=1, warmup=0))
        counts = [int(count) for count in printed["worker_attempts"].split()]
        ids = [id for worker, n in enumerate(counts) for id in worker_ids(SEED, worker, SPACE, n)]
        self.assertEqual(int(printed["attempts"]), len(ids))
        self.assertEqual(int(printed["inserts"]), len(set(ids)))

    @for_each(cases("threads", "interpreters"))
    def test_a_small_space_fills_up(self, program, kind):
        printed = self.summary(program, arguments(*kind, iterations=1, warmup=0, id_space=3))
        self.assertEqual(int(printed["inserts"]), 3)

    # --- counts that do not add up

    def test_a_set_that_lost_an_id_fails_the_run(self):
        folder = WORKLOADS / "scenario2"
        program = (
            f"import sys; sys.path += ['{folder}', '{WORKLOADS}']; import driver, scenario2_main as s\n"
            "s.InThreads.distinct = lambda self: len(self.known) - 1\n"
            "sys.exit(driver.main(s.Scenario2, sys.argv[1:]))"
        )
        python = [sys.executable, "-I", "-B", "-c", program]
        ledger = RunnerLedger(ITERATIONS, WORKERS)
        reason = r"warm-up iteration 0: the counts do not add up: (\d+) inserts, \d+ distinct ids in the set"
        self.fail_it(python, arguments("threads"), ledger, reason)

    def test_attempts_that_are_neither_inserts_nor_duplicates_are_refused(self):
        good = (5, 2, 3, 1, 100, 200, 0, 0, 0)
        tally.Totals().take([good, good], 4, True)
        for bad, distinct in [((6, 2, 3, *good[3:]), 4), ((0, 0, 0, *good[3:]), 2), (good, 5)]:
            with self.assertRaisesRegex(teams.WorkerFailed, "do not add up"):
                tally.Totals().take([good, bad], distinct, True)

    def test_figures_are_of_the_measured_iterations_alone(self):
        totals = tally.Totals()
        totals.take([(10, 10, 0, 1, 0, 10**9, 50, 0, 0)], 10, False)
        totals.take([(4, 1, 3, 1, 0, 10**9, 40, 0, 0), (4, 2, 2, 1, 10**9, 2 * 10**9, 0, 0, 0)], 3, True)
        expected = dict(attempts=8, inserts=3, dup_rate_pct=62.5, ops_per_s=4.0, inserts_per_s=1.5)
        self.assertEqual(totals.figures("lock_wait_ns"), expected | dict(avg_lock_wait_ns=5.0))

    # --- workers that die; the first one does it with the lock

    def fault(self, program, kind, fault, reason, **changes):
        ledger = RunnerLedger(ITERATIONS, WORKERS)
        begin = time.monotonic()
        self.fail_it(program, arguments(*kind, fault=fault, duration_ms=1000, **changes), ledger, reason)
        self.assertEqual(still_there(10), [])
        return time.monotonic() - begin

    @for_each(cases("processes"))
    def test_a_worker_that_is_killed_with_the_lock_fails_the_run(self, program, kind):
        reason = r"iteration 0: worker 0 \(pid \d+\) was ended by signal 9 \(SIGKILL\)"
        self.assertLess(self.fault(program, kind, "worker-kill", reason), 30)  # of the grace nothing is waited for

    @for_each(cases())
    def test_a_worker_that_leaves_with_the_lock_fails_the_run(self, program, kind):
        self.fault(program, kind, "worker-exit", r"worker 0 \((a thread|pid \d+)\).*(SystemExit: |status )3")

    @for_each(cases())
    def test_a_worker_that_hangs_with_the_lock_is_given_up(self, program, kind):
        self.fault(program, kind, "hang", r"worker 0 had not ended after \d", grace_ms=300)

    # --- arguments

    def test_bad_arguments_are_in_the_ledger(self):
        for (name, program), (changes, reason) in itertools.product(
            PROGRAMS,
            [
                (dict(workers=257), "--workers '257': not a number from 1 to 256"),
                (dict(duration_ms=0), "--duration-ms '0': not a number from 1 to 3600000"),
                (dict(id_space=2**30 + 1), "--id-space '1073741825': not a number from 1 to 1073741824"),
                (dict(seed=None), "--seed is missing"),
                (dict(share="telepathy"), "--share 'telepathy': "),
            ],
        ):
            with self.subTest(program=name, changes=changes):
                self.fail_it(program, arguments("threads", **changes), RunnerLedger(ITERATIONS, 300), reason)


if __name__ == "__main__":
    unittest.main()

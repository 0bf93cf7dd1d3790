"""scenario1_main: the main process of scenario1.py: the jobs of its workers, fresh or in a pool."""

# Exactly this name: a worker process finds its function in the file that it has run again as __mp_main__.
from __main__ import (
    ROUND_STEPS,
    hash_loop,
    import_failure,
    memory_in_interpreter,
    memory_task,
    overhead_task,
    process_memory_task,
    worker_fault,
)

import sys

import driver
import main_imports
import teams


class Scenario1(driver.Scenario):
    NAME = "scenario1"
    KNOBS = {
        "--work-iters": (range(0, 1 << 32), driver.REQUIRED),
        "--hold-ms": (range(0, 1 << 32), driver.REQUIRED),
        "--lifecycle": (("fresh", "pool"), "fresh"),
        "--main-imports": (str, "original"),
        "--preload": (str, "none"),
        "--gc-freeze": (("no", "yes"), "no"),
        "--lazy-imports": (("no", "yes"), "no"),
    }

    def __init__(self, options):
        self.options = options
        self.take_imports()
        self.gated = options.profile == "memory"
        self.hold_ns = options.hold_ms * 1_000_000 if self.gated else 0
        if options.lifecycle == "pool":
            import teams_pool

            self.team = teams_pool.KINDS[options.mode](options, options.workers)
        else:
            self.team = teams.KINDS[options.mode](options, options.workers, self.gated)

    def take_imports(self):
        o = self.options
        if import_failure:
            raise driver.UsageError(main_imports.failure(sys.argv, import_failure)) from None
        if o.mode == "processes":
            try:
                main_imports.prepare_to_fork(o.mp_start, o.preload, o.gc_freeze == "yes")
            except ValueError as e:
                raise driver.UsageError(str(e)) from None

    def create(self):
        o = self.options
        self.team.create([self.job(o.fault if i == 0 else None) for i in range(o.workers)])

    def job(self, fault: str | None) -> list:
        o = self.options
        if o.mode == "interpreters":
            return self.calls_in_interpreter(fault)
        if not self.gated:
            return [(overhead_task, fault, o.work_iters)]
        hold_ns = o.hold_ms * 1_000_000
        if o.mode == "threads":
            return [(memory_task, *self.team.gate_arguments(), fault, hold_ns)]
        if o.lifecycle == "pool":
            import teams_pool

            return [(teams_pool.with_gate, process_memory_task, fault, hold_ns)]
        return [(process_memory_task, *self.team.gate_arguments(), fault, hold_ns)]

    def calls_in_interpreter(self, fault: str | None) -> list:
        o = self.options
        first = [(worker_fault, fault)] if fault else []
        if not self.gated:
            return [*first, (hash_loop, o.work_iters)]
        hold_ns = o.hold_ms * 1_000_000
        return [*first, (memory_in_interpreter, hash_loop, ROUND_STEPS, *self.team.gate_arguments(), hold_ns)]

    def underway(self):
        if self.gated:
            self.team.open_gate()

    def result(self):
        """Except in a pool, a process's result stays in the process, so the main process computes it here, after the
        measurement: forked workers would inherit a loop that the interpreter has already specialised."""
        if self.options.lifecycle == "pool":
            return self.team.result()
        if self.options.mode == "processes":
            return hash_loop(ROUND_STEPS if self.gated else self.options.work_iters)
        return self.team.results[-1]

    def close(self):
        if self.options.lifecycle == "pool":
            self.team.executor.shutdown()

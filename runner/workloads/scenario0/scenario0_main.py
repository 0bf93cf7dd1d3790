"""scenario0_main: the main process of scenario0.py."""

# Exactly this name: a worker process finds its function in the file that it has run again as __mp_main__.
from __main__ import memory_in_interpreter, memory_task, null_in_interpreter, null_task

import driver
import teams


class Scenario0(driver.Scenario):
    NAME = "scenario0"
    KNOBS = {"--hold-ms": (range(0, 1 << 32), driver.REQUIRED)}

    def __init__(self, options):
        self.options = options
        self.gated = options.profile == "memory"
        self.hold_ns = options.hold_ms * 1_000_000 if self.gated else 0
        self.team = teams.KINDS[options.mode](options, options.workers, self.gated)

    def create(self):
        o = self.options
        self.team.create([self.job(o.fault if i == 0 else None) for i in range(o.workers)])

    def job(self, fault: str | None) -> list:
        o = self.options
        if o.mode == "interpreters":
            from faults import worker_fault

            first = [(worker_fault, fault)] if fault else []
            if not self.gated:
                return [*first, (null_in_interpreter,)]
            return [*first, (memory_in_interpreter, *self.team.gate_arguments(), o.hold_ms / 1000)]
        if not self.gated:
            return [(null_task, fault)]
        return [(memory_task, o.mode, *self.team.gate_arguments(), fault, o.hold_ms / 1000)]

    def underway(self):
        if self.gated:
            self.team.open_gate()

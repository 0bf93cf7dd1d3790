"""scenario4_main: the main process of scenario4.py: the shared object, the jobs, and the check of the operations."""

import os

import driver
import scenario4_worker as worker
import teams


class Scenario4(driver.Scenario):
    NAME = "scenario4"
    KNOBS = {
        "--pattern": (tuple(worker.PATTERNS), driver.REQUIRED),
        "--sharing": (("shared", "private"), "shared"),
        "--operations": (range(1000, 1_000_000_001), driver.REQUIRED),
    }

    def __init__(self, options):
        self.options = options
        self.pattern = worker.PATTERNS[options.pattern]
        self.rounds = options.operations // self.pattern.cost // self.pattern.per_round
        self.operations = self.rounds * self.pattern.per_round  # per worker and iteration
        self.is_shared = options.mode == "threads" and options.sharing == "shared"
        self.shared: tuple = ()
        self.done = self.busy_ns = self.span_ns = 0  # over all measured iterations
        reporting = {"reporting": True} if options.mode == "processes" else {}
        self.team = teams.KINDS[options.mode](options, options.workers, gated=True, **reporting)
        here = os.path.dirname(os.path.abspath(__file__))
        self.folders = here, os.path.dirname(here)

    def create(self):
        """Each iteration has a new shared object, as it has new private ones."""
        o = self.options
        if self.is_shared:
            self.shared = (self.pattern.make(o.workers),)
        gate = self.team.gate_arguments()
        self.team.create([[self.job(gate, o.fault if i == 0 else None)] for i in range(o.workers)])

    def job(self, gate: tuple, fault: str | None) -> tuple:
        task = self.options.pattern, self.rounds, fault
        match self.options.mode:
            case "interpreters":
                return worker.in_interpreter, self.folders, *gate, task
            case "processes":
                return worker.in_process, *gate, task
        return worker.in_thread, *gate, task, self.shared

    def underway(self):
        self.team.open_gate()

    def settle(self, measured):
        self.end_shared()
        for i, (done, _, _) in enumerate(self.team.results):
            if done != self.operations:
                raise teams.WorkerFailed(
                    f"the counts do not add up: worker {i} was to do {self.operations} operations, and saw {done} done"
                )
        if measured:
            counts, starts, ends = zip(*self.team.results, strict=True)
            self.done += sum(counts)
            self.busy_ns += sum(ends) - sum(starts)
            self.span_ns += max(ends) - min(starts)

    def end_shared(self) -> None:
        for thing in self.shared:
            self.pattern.end(thing)
        self.shared = ()

    def result(self):
        """The check of an iteration, the same in every mode and in both twins."""
        return self.operations * self.options.workers

    def figures(self):
        return {"ops_per_s": self.done / self.span_ns * 1e9, "avg_op_ns": self.busy_ns / self.done}

"""scenario3_main: the main process of scenario3.py: the queues, the jobs, and the check of the counts."""

import os

import driver
import scenario3_worker as worker
import teams
from splitmix import worker_seed
from tally import Totals


def make_queue_maker(mode: str, team):
    match mode:
        case "threads":
            from queue import Queue

            return Queue
        case "processes":
            return team.context.Queue
        case "interpreters":
            from concurrent import interpreters

            return interpreters.create_queue


class Scenario3(driver.Scenario):
    NAME = "scenario3"
    KNOBS = {
        "--duration-ms": (range(1, 3_600_001), driver.REQUIRED),
        "--id-space": (range(1, (1 << 30) + 1), driver.REQUIRED),
        "--seed": (range(0, 1 << 63), driver.REQUIRED),
        "--writers": (range(1, 65), driver.REQUIRED),
        "--transport": (("pipe", "ring"), "pipe"),
    }
    WORKERS_MAX = 256

    def __init__(self, options):
        if options.workers > self.WORKERS_MAX:
            raise driver.UsageError(f"--workers '{options.workers}': not a number from 1 to {self.WORKERS_MAX}")
        self.options = options
        self.hold_ns = options.duration_ms * 1_000_000
        self.totals = Totals()
        reporting = {"reporting": True} if options.mode == "processes" else {}
        size = options.workers + options.writers  # the producers come first
        self.team = teams.KINDS[options.mode](options, size, gated=True, **reporting)
        self.make_queue = make_queue_maker(options.mode, self.team)
        here = os.path.dirname(os.path.abspath(__file__))
        self.folders = here, os.path.dirname(here)

    def create(self):
        """Makes new queues, so that nothing is left over for the next iteration."""
        o = self.options
        self.requests = [self.make_queue() for _ in range(o.writers)]
        self.acknowledgements = [self.make_queue() for _ in range(o.workers)]
        producers = [
            self.job(worker.produce, self.task(i), self.requests, self.acknowledgements[i]) for i in range(o.workers)
        ]
        writers = [self.job(worker.write, queue, self.acknowledgements) for queue in self.requests]
        self.team.create(producers + writers)

    def task(self, i: int) -> tuple:
        o = self.options
        fault = o.fault if i == 0 else None
        return i, worker_seed(o.seed, i), o.id_space, o.duration_ms * 1_000_000, fault

    def job(self, function, *arguments) -> list:
        gate = self.team.gate_arguments()
        if self.options.mode == "interpreters":
            arguments = [tuple(a) if isinstance(a, list) else a for a in arguments]  # a list would be pickled
            return [(worker.in_interpreter, self.folders, *gate, function.__name__, *arguments)]
        if self.options.mode == "threads":
            return [(worker.in_thread, *gate, function, *arguments)]
        return [(worker.in_process, *gate, function, *arguments)]

    def underway(self):
        """Ends the writers once all producers have ended."""
        o = self.options
        self.team.open_gate()
        self.team.watch(range(o.workers), (o.duration_ms + o.grace_ms) / 1000)
        for queue in self.requests:
            queue.put(None)
        self.team.watch(range(o.workers, self.team.size), o.grace_ms / 1000)

    def settle(self, measured):
        producers, writers = self.team.results[: self.options.workers], self.team.results[self.options.workers :]
        served, inserts, distinct = (sum(column) for column in zip(*writers, strict=True))
        if served != sum(tally[0] for tally in producers) or inserts != distinct:
            raise teams.WorkerFailed(
                f"the counts do not add up: {sum(tally[0] for tally in producers)} attempts, {served} of them served by"
                f" the writers, {inserts} inserts, {distinct} distinct ids in their sets"
            )
        self.totals.take(producers, distinct, measured)
        self.close_queues()

    def close_queues(self) -> None:
        if self.options.mode == "processes":
            for queue in self.requests + self.acknowledgements:
                queue.close()

    def result(self):
        return self.totals.check

    def figures(self):
        return self.totals.figures("put_ns", "ack_wait_ns")

    def summary(self):
        self.totals.summary()

    def abandon(self):
        """Items left in a queue to a dead worker must not keep this process from ending."""
        if self.options.mode == "processes":
            for queue in self.requests:
                queue.cancel_join_thread()

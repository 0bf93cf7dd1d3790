"""driver: the common part of every Python workload's main process: options, warm-up, iterations and their stamps,
phases, failure, and a summary if run by hand. A Scenario defines the iterations.

    NAME.py --mode threads|processes|interpreters --profile overhead|memory|growth --iterations N --warmup N --workers N
            --pids 0|1 [--mp-start fork|forkserver|spawn] [--fault F] [--grace-ms N] --KNOB VALUE...

It reports into the ledger (runner/launch/ledger.h) whose descriptor is $TARE_LEDGER_FD; without one it keeps a
stand-in of the same layout and prints a summary. It exits with 0, or with 70 and the reason in the ledger's error and
on stderr.

--fault is for the tests of the runner. In the first worker: worker-raise raises, worker-exit leaves with status 3,
worker-kill sends SIGKILL to its process (with threads and interpreters: to all of it), hang waits for ever. In the main
process, before the first measured iteration: main-raise raises, daemon leaves a process in its own session that sleeps
for 600 s, fork-bomb forks up to 4096 sleepers, eat-memory takes 1 GiB in steps of 1 MiB; after the last three the run
goes on if it can.

It does without argparse, which would add re and gettext to the memory figures of threads only: multiprocessing imports
re anyway.
"""

import os
import sys
from time import monotonic_ns  # CLOCK_MONOTONIC, the runner's clock

from tare_ledger import Ledger
from teams import EXIT_FAILED, Complaint, WorkerFailed, describe


class Scenario:
    """A workload's iterations. The constructor makes the team and what the whole run needs."""

    NAME: str
    KNOBS: dict = {}  # of the form of OPTIONS below
    team = None
    hold_ns = 0  # how long every worker runs after the start signal; 0: no signal
    measured_ns = 0  # the time of all measured iterations so far

    def create(self) -> None:
        """Gives the team its jobs; before each iteration, outside of its clock."""

    def underway(self) -> None:
        """Called inside the clock, when all workers have started."""

    def settle(self, measured: bool) -> None:
        """Called after each iteration, outside of its clock."""

    def result(self) -> int:
        """The ledger's check."""
        return 0

    def figures(self) -> dict[str, int | float]:
        return {}

    def summary(self) -> None:
        """Prints further results if run by hand."""

    def close(self) -> None:
        """Releases what the run held."""

    def abandon(self) -> None:
        """The same after a failure, while workers may still run."""


# --- the faults of the main process --------------------------------------------------------------------------------


def sleep_and_exit() -> None:
    import time

    try:
        time.sleep(600)
    finally:
        os._exit(0)


def fault_daemon() -> None:
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            sleep_and_exit()  # it keeps stdout and stderr open: the runner must not wait for their end
    finally:
        os._exit(0)


def fault_fork_bomb(forks: int = 4096) -> None:
    for n in range(forks):
        try:
            pid = os.fork()
        except OSError as e:
            raise OSError(e.errno, f"--fault fork-bomb: fork {n} of {forks}: {e.strerror}") from e
        if pid == 0:
            sleep_and_exit()


def fault_eat_memory(steps: int = 1024) -> list[bytearray]:
    return [bytearray(b"\1") * (1 << 20) for _ in range(steps)]  # not zeros: calloc() would leave the pages untouched


def main_fault(fault: str | None):
    """Returns an object that must live until the end of the run."""
    match fault:
        case "main-raise":
            raise RuntimeError("--fault main-raise asks for this")
        case "daemon":
            fault_daemon()
        case "fork-bomb":
            fault_fork_bomb()
        case "eat-memory":
            return fault_eat_memory()


# --- the run -------------------------------------------------------------------------------------------------------


class Run:
    def __init__(self, options, ledger: Ledger, make_scenario):
        import gc

        self.options = options
        self.ledger = ledger
        self.collect = gc.collect
        self.growth = None  # takes the readings of profile growth
        self.scenario = make_scenario(options)
        self.team = self.scenario.team
        w = ledger.words
        if options.iterations > w[Ledger.ITERATION_CAPACITY] or (
            options.pids and self.team.size > w[Ledger.WORKER_CAPACITY]
        ):
            raise UsageError("the ledger has no room for so many iterations or workers")

    def iterate(self) -> tuple[int, int, int]:
        """Runs one iteration. Returns its start, when all workers were ready (0: unknown), and its end. The clock
        includes starting and joining; collecting garbage and creating the worker objects come before. Automatic
        collection stays on, as in real programs: right after a full collection eight workers do not reach its
        threshold, and only forked workers would inherit it switched off. Profile growth measures the interpreter's own
        collections, so there are no others."""
        if self.options.profile != "growth":
            self.collect()
        self.scenario.create()
        self.team.ready_ns = 0
        start_ns = monotonic_ns()
        self.start_and_join()
        end_ns = monotonic_ns()
        if not self.team.LASTING:
            self.ledger.words[Ledger.WORKER_COUNT] = 0
        self.ledger.look_at_gil()
        self.team.raise_failure()
        return start_ns, self.team.ready_ns, end_ns

    def abandon(self) -> None:
        """Ends the run after a failure, as far as that still works."""
        try:
            self.scenario.abandon()
        finally:
            self.team.abandon()

    def place(self) -> str:
        words = self.ledger.words
        if words[Ledger.PHASE] == Ledger.WARMUP:
            return f"warm-up iteration {words[Ledger.WARMUP_DONE]}"
        return f"iteration {words[Ledger.ITERATIONS_DONE]}"

    def start_and_join(self) -> None:
        team, words, pids_at = self.team, self.ledger.words, self.ledger.workers
        write_pids = self.options.pids and self.options.mode == "processes" and not team.LASTING
        i = 0
        try:
            for i in range(team.size):
                pid = team.start(i)
                if write_pids:  # other workers have no pids
                    words[pids_at + i] = pid
                    words[Ledger.WORKER_COUNT] = i + 1
        except (RuntimeError, OSError, EOFError, MemoryError) as e:
            # RuntimeError: no thread. BlockingIOError: no process. EOFError: the fork server ended.
            remedy = "is pids.max, memory.max, RLIMIT_NPROC or RLIMIT_AS too small for it?"
            raise WorkerFailed(f"worker {i} could not be started: {describe(e)} ({remedy})") from e
        self.scenario.underway()
        for i in range(team.size):
            team.join(i)
            if write_pids:
                words[pids_at + i] = 0  # else the runner would look for a process that has ended

    def write_lasting_pids(self) -> None:
        """Writes the pids of workers that outlive the iterations."""
        if not self.options.pids:
            return
        for i, pid in enumerate(self.team.pids()):
            self.ledger.words[self.ledger.workers + i] = pid
            self.ledger.words[Ledger.WORKER_COUNT] = i + 1

    def warm_up(self) -> None:
        self.ledger.words[Ledger.PHASE] = Ledger.WARMUP
        self.write_lasting_pids()
        for i in range(self.options.warmup):
            self.iterate()
            self.scenario.settle(False)
            self.ledger.words[Ledger.WARMUP_DONE] = i + 1

    def prepare_readings(self) -> None:
        if self.ledger.words[Ledger.READING_STRIDE]:  # 0: run by hand, or another profile
            import tare_growth

            self.growth = tare_growth.Growth(self.ledger)
            self.growth.begin()

    def measure(self) -> None:
        words = self.ledger.words
        words[Ledger.HOLD] = self.scenario.hold_ns
        words[Ledger.PHASE] = Ledger.MEASURING
        held = main_fault(self.options.fault)
        self.prepare_readings()
        words[Ledger.WALL_START] = monotonic_ns()
        for i in range(self.options.iterations):
            start_ns, ready_ns, end_ns = self.iterate()
            self.scenario.settle(True)
            self.ledger.ready(i, ready_ns)
            self.ledger.stamp(i, start_ns, end_ns)
            self.scenario.measured_ns += end_ns - start_ns
            if self.growth:
                self.growth.after(i + 1)
            if 0 < words[Ledger.ENOUGH] <= i + 1:
                break
        words[Ledger.WALL_END] = monotonic_ns()
        words[Ledger.CHECK] = self.scenario.result()
        for name, value in self.scenario.figures().items():
            self.ledger.figure(name, value)
        self.ledger.look_at_workers(self.team.gil_differed())
        self.scenario.close()
        words[Ledger.PHASE] = Ledger.DONE
        del held


def print_summary(ledger: Ledger, scenario: Scenario) -> None:
    import statistics

    w = ledger.words
    n = w[Ledger.ITERATIONS_DONE]
    seconds = [(w[ledger.ends + i] - w[ledger.starts + i]) / 1e9 for i in range(n)]
    p95 = statistics.quantiles(seconds, n=20)[-1] if n >= 20 else float("nan")
    print(f"total_wall_s: {(w[Ledger.WALL_END] - w[Ledger.WALL_START]) / 1e9:.6f}")
    print(f"avg_iter_s: {statistics.fmean(seconds):.9f}")
    print(f"p50_iter_s: {statistics.median(seconds):.9f}")
    print(f"p95_iter_s: {p95:.9f}")
    print(f"check: {w[Ledger.CHECK]}")
    for name, value in scenario.figures().items():
        print(f"{name}: {value}" if isinstance(value, int) else f"{name}: {value:.3f}")
    scenario.summary()


# --- main ----------------------------------------------------------------------------------------------------------


class UsageError(Complaint):
    """An invalid argument."""


FAULTS = ("worker-raise", "worker-exit", "worker-kill", "main-raise", "hang", "daemon", "fork-bomb", "eat-memory")
REQUIRED = object()

# What is allowed (a tuple: these words; a range: these numbers; str: any text), and the default.
OPTIONS = {
    "--mode": (("threads", "processes", "interpreters"), REQUIRED),
    "--profile": (("overhead", "memory", "growth"), REQUIRED),
    "--iterations": (range(1, 1 << 32), REQUIRED),
    "--warmup": (range(0, 1 << 32), REQUIRED),
    "--workers": (range(1, (1 << 16) + 1), REQUIRED),
    "--mp-start": (("fork", "forkserver", "spawn"), None),
    "--pids": (range(0, 2), REQUIRED),
    "--fault": (("none", *FAULTS), None),
    "--grace-ms": (range(0, 1 << 32), 30_000),  # time allowed to workers beyond their duration
}


class Options:
    """The checked arguments as attributes."""

    def __init__(self, argv: list[str], knobs: dict):
        allowed = OPTIONS | knobs
        given = {}
        words = iter(argv)
        for name in words:
            if name not in allowed:
                raise UsageError(f"'{name}': no such option")
            given[name] = self.value(name, allowed[name][0], next(words, None))
        for name, (_, fallback) in allowed.items():
            if name not in given and fallback is REQUIRED:
                raise UsageError(f"{name} is missing")
            setattr(self, name[2:].replace("-", "_"), given.get(name, fallback))
        if self.fault == "none":
            self.fault = None

    @staticmethod
    def value(name: str, allowed, text: str | None) -> str | int:
        if text is None:
            raise UsageError(f"{name} needs a value")
        if allowed is str:
            return text
        if isinstance(allowed, tuple):
            if text in allowed:
                return text
            raise UsageError(f"{name} '{text}': not one of {', '.join(allowed)}")
        if text.isascii() and text.isdigit() and int(text) in allowed:
            return int(text)
        raise UsageError(f"{name} '{text}': not a number from {allowed.start} to {allowed.stop - 1}")


def main(scenario, argv: list[str]) -> int:
    """The main of a workload. scenario: a class whose constructor takes the options."""
    ledger = run = None
    descriptor = os.environ.get("TARE_LEDGER_FD")
    try:
        if descriptor is not None:
            ledger = Ledger.attach(descriptor)
        options = Options(argv, scenario.KNOBS)
        run = Run(options, ledger or Ledger.stand_in(options.iterations, 1 << 16), scenario)
        run.warm_up()
        run.measure()
        if not ledger:
            print_summary(run.ledger, run.scenario)
        return 0
    except BaseException as e:
        reason = f"{run.place()}: {describe(e)}" if run else describe(e)
        if ledger:
            ledger.fail(reason)
        print(f"{scenario.NAME}: {reason}", file=sys.stderr)
        if e.__cause__ or not isinstance(e, Complaint):
            sys.excepthook(type(e), e, e.__traceback__)
        if run:
            run.abandon()
        return EXIT_FAILED

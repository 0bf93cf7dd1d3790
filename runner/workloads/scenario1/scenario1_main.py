"""scenario1_main: what the main process of scenario1.py does: options, iterations, stamps, faults.

The arguments are not read by argparse, which would bring re and gettext into the memory figures of threads alone:
multiprocessing has re anyway.
"""

import os
import sys
from time import monotonic_ns  # CLOCK_MONOTONIC, as the runner's own clock

from scenario1_teams import EXIT_FAILED, KINDS, Complaint, WorkerFailed, describe
from tare_ledger import Ledger

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
            sleep_and_exit()  # stdout and stderr stay open in it: the runner must not wait for their end
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
    return [bytearray(b"\1") * (1 << 20) for _ in range(steps)]  # not zeros: those would come untouched from calloc


def main_fault(fault: str | None):
    """Returns what is to be held until the end of the run."""
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
    def __init__(self, options, ledger: Ledger):
        import gc

        w = ledger.words
        if options.iterations > w[Ledger.ITERATION_CAPACITY] or (
            options.pids and options.workers > w[Ledger.WORKER_CAPACITY]
        ):
            raise UsageError("the ledger has no room for so many iterations or workers")
        self.options = options
        self.ledger = ledger
        self.collect = gc.collect
        self.team = KINDS[options.mode](options)

    def iterate(self) -> tuple[int, int]:
        """One iteration. Its clock holds starting and joining; collecting garbage and creating the worker objects come
        before it. Automatic collection stays on, as it is in the programs that this stands for: right after a full
        collection eight workers do not reach its threshold, and switching it off would be inherited by forked workers
        and by no others."""
        self.collect()
        self.team.create()
        start_ns = monotonic_ns()
        self.start_and_join()
        end_ns = monotonic_ns()
        self.ledger.words[Ledger.WORKER_COUNT] = 0
        self.team.raise_failure()
        return start_ns, end_ns

    def place(self) -> str:
        words = self.ledger.words
        if words[Ledger.PHASE] == Ledger.WARMUP:
            return f"warm-up iteration {words[Ledger.WARMUP_DONE]}"
        return f"iteration {words[Ledger.ITERATIONS_DONE]}"

    def start_and_join(self) -> None:
        team, words, pids_at = self.team, self.ledger.words, self.ledger.workers
        write_pids = self.options.pids and self.options.mode == "processes"  # the others have no pids of their own
        i = 0
        try:
            for i in range(self.options.workers):
                pid = team.start(i)
                if write_pids:
                    words[pids_at + i] = pid
                    words[Ledger.WORKER_COUNT] = i + 1
        except (RuntimeError, OSError, EOFError, MemoryError) as e:
            # No thread: RuntimeError. No process: BlockingIOError, or EOFError from a fork server that it has ended.
            remedy = "is pids.max, memory.max, RLIMIT_NPROC or RLIMIT_AS too small for it?"
            raise WorkerFailed(f"worker {i} could not be started: {describe(e)} ({remedy})") from e
        if self.options.profile == "memory":
            team.wait_ready()
            team.give_start()
        for i, worker in enumerate(team.workers):
            worker.join()
            if write_pids:
                words[pids_at + i] = 0  # or the runner would look for a process that has gone

    def warm_up(self) -> None:
        self.ledger.words[Ledger.PHASE] = Ledger.WARMUP
        for i in range(self.options.warmup):
            self.iterate()
            self.ledger.words[Ledger.WARMUP_DONE] = i + 1

    def measure(self) -> None:
        words = self.ledger.words
        words[Ledger.PHASE] = Ledger.MEASURING
        held = main_fault(self.options.fault)
        words[Ledger.WALL_START] = monotonic_ns()
        for i in range(self.options.iterations):
            self.ledger.stamp(i, *self.iterate())
        words[Ledger.WALL_END] = monotonic_ns()
        words[Ledger.CHECK] = self.team.result()
        words[Ledger.PHASE] = Ledger.DONE
        del held


def print_summary(ledger: Ledger) -> None:
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


# --- main ----------------------------------------------------------------------------------------------------------


class UsageError(Complaint):
    """An argument that cannot be."""


FAULTS = ("worker-raise", "worker-exit", "worker-kill", "main-raise", "hang", "daemon", "fork-bomb", "eat-memory")

# A tuple: the choices. A range: the numbers. The last element: whether it must be given.
OPTIONS = {
    "--mode": (tuple(KINDS), True),
    "--profile": (("overhead", "memory"), True),
    "--iterations": (range(1, 1 << 32), True),
    "--warmup": (range(0, 1 << 32), True),
    "--workers": (range(1, (1 << 16) + 1), True),
    "--work-iters": (range(0, 1 << 32), True),
    "--hold-ms": (range(0, 1 << 32), True),
    "--mp-start": (("fork", "forkserver", "spawn"), False),
    "--pids": (range(0, 2), True),
    "--fault": (("none", *FAULTS), False),
}


class Options:
    """The arguments, checked. What may be left out is None then."""

    def __init__(self, argv: list[str]):
        given = {}
        words = iter(argv)
        for name in words:
            if name not in OPTIONS:
                raise UsageError(f"'{name}': no such option")
            given[name] = self.value(name, next(words, None))
        for name, (_, required) in OPTIONS.items():
            if required and name not in given:
                raise UsageError(f"{name} is missing")
            setattr(self, name[2:].replace("-", "_"), given.get(name))
        self.hold_ns: int = self.hold_ms * 1_000_000
        if self.fault == "none":
            self.fault = None

    @staticmethod
    def value(name: str, text: str | None) -> str | int:
        allowed = OPTIONS[name][0]
        if text is None:
            raise UsageError(f"{name} needs a value")
        if isinstance(allowed, tuple):
            if text in allowed:
                return text
            raise UsageError(f"{name} '{text}': not one of {', '.join(allowed)}")
        if text.isascii() and text.isdigit() and int(text) in allowed:
            return int(text)
        raise UsageError(f"{name} '{text}': not a number from {allowed.start} to {allowed.stop - 1}")


def main(argv: list[str]) -> int:
    ledger = run = None
    descriptor = os.environ.get("TARE_LEDGER_FD")
    try:
        if descriptor is not None:
            ledger = Ledger.attach(descriptor)
        options = Options(argv)
        run = Run(options, ledger or Ledger.stand_in(options.iterations, options.workers))
        run.warm_up()
        run.measure()
        if not ledger:
            print_summary(run.ledger)
        return 0
    except BaseException as e:
        reason = f"{run.place()}: {describe(e)}" if run else describe(e)
        if ledger:
            ledger.fail(reason)
        print(f"scenario1: {reason}", file=sys.stderr)
        if e.__cause__ or not isinstance(e, Complaint):
            sys.excepthook(type(e), e, e.__traceback__)
        if run:
            run.team.abandon()
        return EXIT_FAILED

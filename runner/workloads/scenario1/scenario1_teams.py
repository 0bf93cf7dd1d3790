"""scenario1_teams: the kinds of workers that scenario1.py measures, and how each of them fails.

Imports are made where they are needed: what one kind imports must not be in the memory figures of another.
"""

import os
import sys

# By this name and no other: a worker process finds its function in the file that it has run again as __mp_main__.
from __main__ import (
    ROUND_STEPS,
    hash_loop,
    memory_in_interpreter,
    memory_task,
    overhead_task,
    process_memory_task,
    worker_fault,
)

EXIT_FAILED = 70  # EX_SOFTWARE of sysexits.h
LOOK_S = 0.1  # how often the wait for the ready signs looks for workers that have died instead


class Complaint(Exception):
    """Its text alone says what is wrong."""


class WorkerFailed(Complaint):
    """A worker did not do its work."""


class Team:
    """The workers of one iteration after the other. What a run makes once is made in __init__, outside the clock."""

    def __init__(self, options):
        self.options = options
        self.workers = []

    def create(self) -> None:
        """Makes the worker objects of the next iteration."""

    def start(self, i: int) -> int:
        """Starts worker i. Returns its pid, or 0 where it has none of its own."""

    def wait_ready(self) -> None:
        """Waits for the ready sign of every worker; raises where one has ended instead."""

    def give_start(self) -> None:
        """Gives the start signal to all."""

    def raise_failure(self) -> None:
        """Raises if a worker is known to have failed."""

    def result(self) -> int:
        """What the last worker's loop gave; the same in every worker and every round."""

    def abandon(self) -> None:
        """Ends what still runs after a failure."""


class Threads(Team):
    """threading's. Where a new thread runs out of memory before its first line, its start() waits for ever (gh-140746):
    no code of ours runs then, and only the runner's time limit ends the run.
    """

    def __init__(self, options):
        import threading

        super().__init__(options)
        self.make_thread = threading.Thread
        self.ready = threading.Semaphore(0)
        self.start_signal = threading.Semaphore(0)

    def create(self) -> None:
        n = self.options.workers
        self.results: list[int | None] = [None] * n
        self.failures: list[BaseException | None] = [None] * n
        self.workers = [self.make_thread(target=self.work, args=(i,)) for i in range(n)]

    def work(self, i: int) -> None:
        try:
            self.results[i] = self.task(self.options.fault if i == 0 else None)
        except BaseException as e:
            self.failures[i] = e  # allocates nothing: it may be a MemoryError

    def task(self, fault: str | None) -> int | None:
        if self.options.profile == "overhead":
            return overhead_task(fault, self.options.work_iters)
        return memory_task(fault, self.ready, self.start_signal, self.options.hold_ns)

    def start(self, i: int) -> int:
        self.workers[i].start()
        return 0

    def wait_ready(self) -> None:
        for _ in self.workers:
            while not self.ready.acquire(timeout=LOOK_S):
                self.raise_failure()

    def give_start(self) -> None:
        self.start_signal.release(len(self.workers))

    def raise_failure(self) -> None:
        for i, (thread, failure) in enumerate(zip(self.workers, self.failures, strict=True)):
            if failure is not None:
                raise WorkerFailed(f"worker {i} (a thread): {describe(failure)}") from failure
            if thread.ident is not None and not thread.is_alive() and self.results[i] is None:
                raise WorkerFailed(f"worker {i} (a thread) ended without a result")

    def result(self) -> int:
        return self.results[-1]

    def abandon(self) -> None:
        """Threads that wait or loop end with the process, and with nothing less."""
        sys.stderr.flush()
        os._exit(EXIT_FAILED)


class Interpreters(Threads):
    """Each worker is a thread that creates an interpreter, calls the work in it and closes it: creating and closing are
    in the clock, as they are for a process.

    The signals are pipes. The interpreters' own queue is no signal: its get() looks every 10 ms, which would show in
    the figures; a read from a pipe sleeps, and lets go of the GIL.
    """

    def __init__(self, options):
        from concurrent import interpreters

        super().__init__(options)
        self.interpreters = interpreters
        self.ready_r, self.ready_w = os.pipe()
        self.start_r, self.start_w = os.pipe()

    def task(self, fault: str | None) -> int:
        interpreter = self.interpreters.create()
        try:
            return self.call_in(interpreter, fault)
        except self.interpreters.ExecutionFailed as e:
            raise WorkerFailed(f"in its interpreter: {e.excinfo.formatted}") from e
        finally:
            interpreter.close()

    def call_in(self, interpreter, fault: str | None) -> int:
        if fault:
            interpreter.call(worker_fault, fault)
        if self.options.profile == "overhead":
            return interpreter.call(hash_loop, self.options.work_iters)
        return interpreter.call(
            memory_in_interpreter, hash_loop, ROUND_STEPS, self.ready_w, self.start_r, self.options.hold_ns
        )

    def wait_ready(self) -> None:
        import select

        ready = 0
        while ready < len(self.workers):
            if select.select([self.ready_r], [], [], LOOK_S)[0]:
                ready += len(os.read(self.ready_r, 64))
            else:
                self.raise_failure()

    def give_start(self) -> None:
        for _ in self.workers:
            os.write(self.start_w, b"s")


class Processes(Team):
    """Processes of multiprocessing. The fork server is the interpreter's own, with its default preload, which is
    scenario1.py; the first worker's start starts it, so it falls into the first warm-up iteration.

    The signals are semaphores and not an Event: a worker that dies while it waits for an Event makes set() hang.
    """

    def __init__(self, options):
        import multiprocessing

        super().__init__(options)
        self.context = multiprocessing.get_context(options.mp_start)
        if options.profile == "memory":
            self.ready = self.context.Semaphore(0)
            self.start_signal = self.context.Semaphore(0)

    def create(self) -> None:
        o = self.options
        if o.profile == "overhead":
            target, args = overhead_task, (o.work_iters,)
        else:
            target, args = process_memory_task, (self.ready, self.start_signal, o.hold_ns)
        self.workers = [
            self.context.Process(target=target, args=(o.fault if i == 0 else None, *args)) for i in range(o.workers)
        ]

    def start(self, i: int) -> int:
        self.workers[i].start()
        return self.workers[i].pid

    def wait_ready(self) -> None:
        for _ in self.workers:
            while not self.ready.acquire(timeout=LOOK_S):
                self.raise_failure()
                if any(worker.exitcode == 0 for worker in self.workers):
                    raise WorkerFailed("a worker ended before it was ready")

    def give_start(self) -> None:
        for _ in self.workers:
            self.start_signal.release()

    def raise_failure(self) -> None:
        for i, worker in enumerate(self.workers):
            if worker.pid is not None and worker.exitcode:
                raise WorkerFailed(f"worker {i} (pid {worker.pid}) {describe_exit(worker.exitcode)}")

    def result(self) -> int:
        """A process's result stays in the process. So the main process computes it, and after the measuring: forked
        workers would inherit a loop that the interpreter has specialised already."""
        return hash_loop(self.options.work_iters if self.options.profile == "overhead" else ROUND_STEPS)

    def abandon(self) -> None:
        import contextlib
        import signal

        for worker in self.workers:
            # 255: its fork server has died, and nobody knows whether it lives.
            if worker.pid is not None and worker.exitcode in (None, 255):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
        for worker in self.workers:
            if worker.pid is not None:
                worker.join(5)


KINDS = {"threads": Threads, "processes": Processes, "interpreters": Interpreters}

LIKELY_CAUSES = {
    "SIGKILL": " (likely the kernel's OOM killer: see oom_kill in memory.events)",
    "SIGSYS": " (a seccomp filter refused a system call)",
    "SIGXCPU": " (RLIMIT_CPU is used up)",
}


def describe_exit(code: int) -> str:
    if code < 0:
        import signal

        name = signal.Signals(-code).name if -code in signal.valid_signals() else "?"
        return f"was ended by signal {-code} ({name}){LIKELY_CAUSES.get(name, '')}"
    likely = {
        1: " (an exception, shown on stderr)",
        255: " (or its fork server has died: multiprocessing says 255 then)",
    }
    return f"ended with exit status {code}{likely.get(code, '')}"


def describe(e: BaseException) -> str:
    if isinstance(e, Complaint):
        return str(e)
    return f"{type(e).__name__}: {e}" if str(e) else type(e).__name__

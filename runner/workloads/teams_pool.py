"""teams_pool: workers that outlive the iteration: executors of concurrent.futures, made and filled before the clock starts.

An iteration submits one task per worker and waits for all. An executor starts workers only as tasks come; so that it
starts all of them, its first tasks wait for each other at the gate.
"""

import os
import sys

from failures import gil_is_on
from teams import Interpreters, Processes, Threads, WorkerFailed, describe, describe_exit

GATE: tuple = ()  # in a pool's process: semaphores cannot go through its task queue


def set_gate(*gate) -> None:
    global GATE
    GATE = gate


def with_gate(function, *arguments):
    return function(*GATE, *arguments)


def pass_semaphores(ready, start_signal) -> bool:
    """As pass_pipes(), whether this worker's GIL is on."""
    ready.release()
    start_signal.acquire()
    return gil_is_on()


def pass_pipes(ready_w: int, start_r: int) -> bool:  # stateless: another interpreter gets its code object
    import os
    import sys

    os.write(ready_w, b"r")
    os.read(start_r, 1)
    return sys._is_gil_enabled()  # interpreters came with 3.14, which has it


class Pool:
    """The common part of the three; a base class before the kind of team whose gate it uses."""

    LASTING = True

    def __init__(self, options, size, begin: tuple = ()):
        """begin: a call that each interpreter makes once before its first task."""
        super().__init__(options, size, gated=True)
        self.begin = begin
        self.executor = self.make_executor()
        self.ask_each(self.passing_the_gate())

    def ask_each(self, call: tuple) -> list:
        """What this call, which passes the gate, returns in each worker."""
        self.create([[call]] * self.size)
        for i in range(self.size):
            self.start(i)
        self.open_gate()
        for i in range(self.size):
            self.join(i)
        self.raise_failure()
        return [futures[0].result() for futures in self.futures]

    def create(self, jobs):
        self.workers = jobs
        self.futures = [[] for _ in jobs]

    def start(self, i):
        for call in self.workers[i]:
            self.futures[i].append(self.executor.submit(*call))
        return 0

    def join(self, i):
        for future in self.futures[i]:
            future.exception()

    def raise_failure(self):
        for i, futures in enumerate(self.futures):
            for future in futures:
                if future.done() and (e := future.exception()) is not None:
                    raise WorkerFailed(self.failure(i, e)) from e

    def failure(self, i: int, e: BaseException) -> str:
        return f"worker {i} (a task in a pool): {describe(e)}"

    def result(self):
        return self.futures[-1][-1].result()


class ThreadPool(Pool, Threads):
    def make_executor(self):
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(self.size)

    def passing_the_gate(self):
        return pass_semaphores, *self.gate_arguments()


class InterpreterPool(Pool, Interpreters):
    def make_executor(self):
        from concurrent.futures import InterpreterPoolExecutor

        first, *arguments = self.begin or (None,)
        return InterpreterPoolExecutor(self.size, initializer=first, initargs=tuple(arguments))

    def passing_the_gate(self):
        return pass_pipes, *self.gate_arguments()

    def gil_differed(self):
        return not self.gil and any(self.ask_each(self.passing_the_gate()))


class ProcessPool(Pool, Processes):
    def __init__(self, options, size, begin=()):
        self.children = []
        super().__init__(options, size, begin)
        import multiprocessing

        self.children = multiprocessing.active_children()

    def make_executor(self):
        from concurrent.futures import ProcessPoolExecutor

        return ProcessPoolExecutor(
            self.size, mp_context=self.context, initializer=set_gate, initargs=self.gate_arguments()
        )

    def passing_the_gate(self):
        return with_gate, pass_semaphores

    def gil_differed(self):
        return "t" in sys.abiflags and self.ask_each(self.passing_the_gate()) != [self.gil] * self.size

    def start(self, i):
        """A pool that lost a worker takes no more tasks: the worker failed, not the start."""
        from concurrent.futures import BrokenExecutor

        try:
            return super().start(i)
        except BrokenExecutor as e:
            raise WorkerFailed(self.failure(i, e)) from e

    def pids(self):
        return [child.pid for child in self.children]

    def wait_ready(self):
        for _ in self.workers:
            while not self.ready.acquire(timeout=0.1):
                self.raise_failure()

    def failure(self, i, e):
        """A pool that lost a worker ends all others with SIGTERM and does not say which one was lost."""
        import signal
        from concurrent.futures import BrokenExecutor

        if isinstance(e, BrokenExecutor):
            for child in self.children:
                child.join(1)
                if child.exitcode not in (None, 0, -signal.SIGTERM):
                    return f"a worker of the pool (pid {child.pid}){describe_exit(child.exitcode)}"
        return super().failure(i, e)

    def abandon(self):
        import contextlib
        import signal

        for child in self.children:
            if child.exitcode in (None, 255):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
        self.executor.shutdown(wait=False, cancel_futures=True)


KINDS = {"threads": ThreadPool, "processes": ProcessPool, "interpreters": InterpreterPool}

"""teams: the kinds of workers of a Python workload, and how each kind fails.

Each kind imports what it needs when it needs it, so that its imports are not in another kind's memory figures.
"""

import os
import sys
from time import monotonic_ns  # CLOCK_MONOTONIC, as the runner's own clock

from failures import GIL_SIGN, gil_is_on, leaving

EXIT_FAILED = 70  # EX_SOFTWARE of sysexits.h
LOOK_S = 0.1  # how often the wait for the ready signs looks for workers that have died instead


class Complaint(Exception):
    """Its text alone says what is wrong."""


class WorkerFailed(Complaint):
    """A worker did not do its work."""


class Team:
    """The workers of each iteration in turn. __init__ makes what the run needs once, outside the clock.

    A job is a sequence of calls, each (function, argument...); the last one's value is the worker's result. The calls
    themselves pass the gate, with the arguments of gate_arguments()."""

    LASTING = False  # whether workers outlive their iteration

    def __init__(self, options, size: int, gated: bool = False):
        self.options = options
        self.size = size
        self.workers = []
        self.results: list = [None] * size
        self.ready_ns = 0  # when all workers of the current iteration were ready; 0: no gate
        self.gil = gil_is_on()

    def create(self, jobs: list) -> None:
        """Makes the worker objects of the next iteration, one per job."""

    def start(self, i: int) -> int:
        """Starts worker i. Returns its pid, or 0 if it has none of its own."""

    def join(self, i: int) -> None:
        """Waits for the end of worker i, however it ends."""
        self.workers[i].join()

    def pids(self) -> list[int]:
        """The pids of lasting workers."""
        return []

    def gate_arguments(self) -> tuple:
        """A call's arguments for reporting that its worker is ready and waiting for the start signal."""

    def wait_ready(self) -> None:
        """Waits for the ready sign of every worker; raises if one ends instead."""

    def give_start(self) -> None:
        """Gives the start signal to all."""

    def open_gate(self) -> None:
        """Waits until all workers are ready, notes when, and gives the start signal."""
        self.wait_ready()
        self.ready_ns = monotonic_ns()
        self.give_start()

    def watch(self, workers: range, seconds: float) -> None:
        """Waits until these workers have ended, at most so long. Any worker that failed raises at once, because others
        may wait for it forever."""
        from time import monotonic

        deadline = monotonic() + seconds
        while running := self.running(workers):
            self.raise_failure()
            left = deadline - monotonic()
            if left <= 0:
                raise WorkerFailed(f"worker {running[0]} had not ended after {seconds:g} s")
            self.await_end(running, left)
        self.raise_failure()

    def running(self, workers: range) -> list[int]:
        """Those of these workers that have not ended."""

    def await_end(self, running: list[int], seconds: float) -> None:
        """Returns when a worker may have ended."""

    def raise_failure(self) -> None:
        """Raises if a worker is known to have failed."""

    def gil_differed(self) -> bool:
        """Whether a worker that has a GIL of its own ended with it in another state than the main process's was in at
        first. Call it once, after the last iteration."""
        return False

    def abandon(self) -> None:
        """Ends the workers that still run after a failure."""


class Threads(Team):
    """Threads of threading. If a new thread runs out of memory before its first line, start() waits forever (gh-140746):
    none of our code runs then, and only the runner's time limit ends the run.
    """

    def __init__(self, options, size, gated=False):
        import threading

        super().__init__(options, size, gated)
        self.make_thread = threading.Thread
        if gated:
            self.make_gate()

    def make_gate(self) -> None:
        import threading

        self.ready = threading.Semaphore(0)
        self.start_signal = threading.Semaphore(0)

    def gate_arguments(self):
        return self.ready, self.start_signal

    def create(self, jobs):
        self.results = [None] * self.size
        self.failures: list[BaseException | None] = [None] * self.size
        self.jobs = jobs
        self.workers = [self.make_thread(target=self.work, args=(i,)) for i in range(self.size)]

    def work(self, i: int) -> None:
        try:
            self.results[i] = self.do(self.jobs[i])
        except BaseException as e:
            self.failures[i] = e  # allocates nothing, for it may be a MemoryError

    def do(self, job):
        for function, *arguments in job:
            result = function(*arguments)
        return result

    def start(self, i):
        self.workers[i].start()
        return 0

    def wait_ready(self):
        for _ in self.workers:
            while not self.ready.acquire(timeout=LOOK_S):
                self.raise_failure()

    def give_start(self):
        self.start_signal.release(len(self.workers))

    def running(self, workers):
        return [i for i in workers if self.workers[i].is_alive()]

    def await_end(self, running, seconds):
        self.workers[running[0]].join(min(seconds, LOOK_S))  # returns now and then to look at the others

    def raise_failure(self):
        for i, (thread, failure) in enumerate(zip(self.workers, self.failures, strict=True)):
            if failure is not None:
                raise WorkerFailed(f"worker {i} (a thread): {describe(failure)}") from failure
            if thread.ident is not None and not thread.is_alive() and self.results[i] is None:
                raise WorkerFailed(f"worker {i} (a thread) ended without a result")

    def abandon(self):
        """Only the end of the process ends threads that wait or loop."""
        sys.stderr.flush()
        os._exit(EXIT_FAILED)


class Interpreters(Threads):
    """Each worker is a thread that creates an interpreter, makes its calls in it and closes it. Creating and closing are
    inside the clock, as for a process.

    The signals are pipes: a read from a pipe sleeps and releases the GIL. The interpreters' own queue polls every 10 ms,
    which would show in the figures.

    The look at an interpreter's GIL is a call within the clock, 3 % of an iteration of scenario1. So it is made in the
    first iteration alone, of the warm-up where there is one: each iteration's interpreters are new and do the same.
    """

    def __init__(self, options, size, gated=False):
        from concurrent import interpreters

        super().__init__(options, size, gated)
        self.interpreters = interpreters
        self.iterations, self.differed = 0, False

    def create(self, jobs):
        self.iterations += 1
        super().create(jobs)

    def make_gate(self):
        self.ready_r, self.ready_w = os.pipe()
        self.start_r, self.start_w = os.pipe()

    def gate_arguments(self):
        return self.ready_w, self.start_r

    def do(self, job):
        interpreter = self.interpreters.create()
        try:
            for function, *arguments in job:
                result = interpreter.call(function, *arguments)
            if self.iterations == 1 and not self.gil and interpreter.call(gil_is_on):
                self.differed = True
            return result
        except self.interpreters.ExecutionFailed as e:
            raise WorkerFailed(f"in its interpreter: {describe(e)}") from e
        finally:
            interpreter.close()

    def gil_differed(self):
        return self.differed

    def wait_ready(self):
        import select

        ready = 0
        while ready < self.size:
            if select.select([self.ready_r], [], [], LOOK_S)[0]:
                ready += len(os.read(self.ready_r, 64))
            else:
                self.raise_failure()

    def give_start(self):
        for _ in range(self.size):
            os.write(self.start_w, b"s")


class Processes(Team):
    """Processes of multiprocessing. The fork server is the interpreter's own, with its default preload, the started
    program. The first worker starts it, so its start is in the first warm-up iteration.

    The signals are semaphores, not an Event: a worker that dies while it waits for an Event makes set() hang.

    A job is one call. A result stays in its process, unless `reporting`: then each call gets the sending end of a pipe
    as its first argument and sends the worker's result, which is read before the worker is joined, because a result
    larger than the pipe blocks the worker.
    """

    def __init__(self, options, size, gated=False, reporting=False):
        import multiprocessing

        super().__init__(options, size, gated)
        self.context = multiprocessing.get_context(options.mp_start)
        self.left = f"{os.environ.get('TMPDIR') or '/tmp'}/tare-worker-{os.getpid()}-"
        self.reporting = reporting
        self.reports = []
        if gated:
            self.ready = self.context.Semaphore(0)
            self.start_signal = self.context.Semaphore(0)

    def gate_arguments(self):
        return self.ready, self.start_signal

    def create(self, jobs):
        self.results = [None] * self.size
        if self.reporting:
            self.reports = [self.context.Pipe(duplex=False) for _ in jobs]
            jobs = [[(job[0][0], send, *job[0][1:])] for job, (_, send) in zip(jobs, self.reports, strict=True)]
        calls = [(self.left + str(i), self.gil, *job[0]) for i, job in enumerate(jobs)]
        self.workers = [self.context.Process(target=leaving, args=call) for call in calls]

    def start(self, i):
        self.workers[i].start()
        if self.reporting:
            self.reports[i][1].close()
        return self.workers[i].pid

    def join(self, i):
        if self.reporting:
            self.take_report(i)
        self.workers[i].join()

    def take_report(self, i: int) -> None:
        """Waits for the sentinel, too: forked siblings hold the sending end, so a dead worker does not close it."""
        from multiprocessing.connection import wait

        receive, _ = self.reports[i]
        wait([receive, self.workers[i].sentinel])
        try:
            if receive.poll():
                self.results[i] = receive.recv()
        except EOFError:
            pass  # raise_failure() reports it
        receive.close()

    def wait_ready(self):
        for _ in self.workers:
            while not self.ready.acquire(timeout=LOOK_S):
                self.raise_failure()
                if any(worker.exitcode == 0 for worker in self.workers):
                    raise WorkerFailed("a worker ended before it was ready")

    def give_start(self):
        for _ in self.workers:
            self.start_signal.release()

    def running(self, workers):
        return [i for i in workers if self.workers[i].exitcode is None]

    def await_end(self, running, seconds):
        from multiprocessing.connection import wait

        # A worker of `running` may have ended meanwhile: its sentinel is ready. Any other live worker may fail.
        also = [i for i, worker in enumerate(self.workers) if i not in running and worker.exitcode is None]
        wait([self.workers[i].sentinel for i in running + also], seconds)

    def raise_failure(self):
        for i, worker in enumerate(self.workers):
            if worker.pid is not None and worker.exitcode:
                raise WorkerFailed(f"worker {i} (pid {worker.pid}){self.what_it_left(i) or describe_exit(worker.exitcode)}")
            if self.reporting and self.results[i] is None and self.reports[i][0].closed:
                raise WorkerFailed(f"worker {i} (pid {worker.pid}) ended without a result")

    def gil_differed(self):
        signs = [sign for i in range(self.size) if os.path.lexists(sign := self.left + str(i) + GIL_SIGN)]
        for sign in signs:
            os.unlink(sign)
        return bool(signs)

    def what_it_left(self, i: int) -> str:
        """The exception that ended worker i, as the worker wrote it down."""
        try:
            with open(self.left + str(i), errors="replace") as file:
                return ": " + file.read(4096)
        except OSError:
            return ""

    def abandon(self):
        import contextlib
        import signal

        for worker in self.workers:
            # 255: the fork server died, and nobody knows whether the worker lives.
            if worker.pid is not None and worker.exitcode in (None, 255):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
        for i, worker in enumerate(self.workers):
            if worker.pid is not None:
                worker.join(5)
            with contextlib.suppress(OSError):
                os.unlink(self.left + str(i))
        self.gil_differed()  # takes the signs away


KINDS = {"threads": Threads, "processes": Processes, "interpreters": Interpreters}

LIKELY_CAUSES = {
    "SIGKILL": " (the kernel's OOM killer, where events.oom_kill in the record says so)",
    "SIGSYS": " (a seccomp filter refused a system call)",
    "SIGXCPU": " (RLIMIT_CPU is used up)",
}


def describe_exit(code: int) -> str:
    if code < 0:
        import signal

        name = signal.Signals(-code).name if -code in signal.valid_signals() else "?"
        return f" was ended by signal {-code} ({name}){LIKELY_CAUSES.get(name, '')}"
    likely = {
        255: " (or its fork server has died: multiprocessing says 255 then)",
    }
    return f" ended with exit status {code}{likely.get(code, '')}"


GROUP_TOLD = 3  # exceptions of a group


def describe(e: BaseException) -> str:
    if isinstance(e, Complaint):
        return str(e)
    reason = said(e)
    if isinstance(e, BaseExceptionGroup):
        reason += f": {'; '.join(said(one) for one in e.exceptions[:GROUP_TOLD])}"
    if hasattr(e, "excinfo"):  # from another interpreter
        reason = e.excinfo.formatted
    reason = without_addresses(reason)
    if isinstance(e, SyntaxError):  # it names its own place
        return reason
    trace = trace_of_elsewhere(e)
    came = places_of_text(trace) if trace else places(e)
    return reason + (f" ({', from '.join(came)})" if came else "")


def said(e: BaseException) -> str:
    try:
        text = str(e)
    except Exception:  # the user's own __str__
        text = "<its str() failed>"
    return f"{type(e).__name__}: {text}" if text else type(e).__name__


def without_addresses(reason: str) -> str:
    """Those of objects are others in each run, and one reason would read as several."""
    import re

    return re.sub(r" at 0x[0-9a-f]+(?=>)", "", reason)


def trace_of_elsewhere(e: BaseException) -> str:
    """The cause from another interpreter (concurrent.interpreters) or a pool's process (concurrent.futures)."""
    for at in (e, e.__cause__):
        if hasattr(at, "excinfo"):
            return at.excinfo.errdisplay
        if isinstance(text := getattr(at, "tb", None), str):
            return text
    return ""


PLACES = 6


def told(came: list[tuple[str, str]]) -> list[str]:
    """Files and lines, outermost first -> the same in words, innermost first; of ours and the standard library's none
    where there are others. A place that comes again, as in a recursion, is told once."""
    own = os.path.dirname(os.path.abspath(__file__))
    known = [(file, line) for file, line in came if not file.startswith("<")]  # "<frozen importlib._bootstrap>"
    calls = [at for at in known if os.path.dirname(at[0]) != own and not is_standard(at[0])] or known[-1:]
    return [f"{os.path.basename(file)}, line {line}" for file, line in dict.fromkeys(reversed(calls))][:PLACES]


def is_standard(file: str) -> bool:
    return file.startswith(os.path.dirname(os.__file__) + "/") and "/site-packages/" not in file


def places_of_text(trace: str) -> list[str]:
    """The same for a traceback as text."""
    came = []
    for line in trace.splitlines():
        file, found, rest = line.strip().partition('", line ')
        number = rest.partition(",")[0]
        if found and file.startswith('File "') and number.isdigit():
            came.append((file[6:], number))
    return told(came)


def places(e: BaseException) -> list[str]:
    """The files and lines it passed through, innermost first, with a SyntaxError's own place."""
    came = []
    at = e.__traceback__
    while at:
        came.append((at.tb_frame.f_code.co_filename, str(at.tb_lineno)))
        at = at.tb_next
    return told(came)

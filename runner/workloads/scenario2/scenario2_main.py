"""scenario2_main: the main process of scenario2.py: the shared state, the jobs, and the check of the counts."""

import os

import driver
import scenario2_worker as worker
import teams
from splitmix import worker_seed
from tally import Totals


class InThreads:
    """The set that the workers of an iteration share."""

    TEAM: dict = {}

    def __init__(self, options, team):
        import threading

        self.lock = threading.Lock()
        self.known: set[int] = set()

    def renew(self):
        """Before each iteration."""
        self.known.clear()

    def job(self, gate: tuple, task: tuple) -> tuple:
        return worker.in_thread, *gate, task, self.lock, self.known

    def distinct(self) -> int:
        return len(self.known)

    def close(self):
        pass


class WithManager:
    """A manager's dict. The manager process starts once; each iteration has a new dict and a new lock."""

    TEAM = {"reporting": True}

    def __init__(self, options, team):
        self.context = team.context
        self.manager = team.context.Manager()

    def renew(self):
        self.lock = self.context.Lock()
        self.known = self.manager.dict()

    def job(self, gate, task):
        return worker.in_process_with_manager, *gate, task, self.lock, self.known

    def distinct(self):
        return len(self.known)

    def close(self):
        self.manager.shutdown()


class WithSharedMemory:
    """The table, in multiprocessing.shared_memory, new in each iteration."""

    TEAM = {"reporting": True}

    def __init__(self, options, team):
        from table import table_bytes

        self.context = team.context
        self.bytes = table_bytes(options.id_space)
        self.memory = None

    def renew(self):
        from multiprocessing.shared_memory import SharedMemory

        self.close()
        self.lock = self.context.Lock()
        self.memory = SharedMemory(create=True, size=self.bytes)

    def job(self, gate, task):
        return worker.in_process_with_memory, *gate, task, self.lock, self.memory.name

    def distinct(self):
        from table import distinct

        with self.memory.buf[: self.bytes] as octets, octets.cast("I") as slots:
            return distinct(slots, self.memory._fd)

    def close(self):
        if self.memory:
            self.memory.close()
            self.memory.unlink()
            self.memory = None


class InInterpreters:
    """The table in the process's memory, which every interpreter gets as a memoryview, without a copy."""

    TEAM: dict = {}
    SEMAPHORE = 1  # the kind of multiprocessing's Lock

    def __init__(self, options, team):
        from table import table_bytes

        self.bytes = table_bytes(options.id_space)
        here = os.path.dirname(os.path.abspath(__file__))
        self.folders = here, os.path.dirname(here)
        self.lock = None

    def renew(self):
        import mmap

        from _multiprocessing import SemLock

        self.close()
        self.fd = os.memfd_create("tare-table")
        os.ftruncate(self.fd, self.bytes)
        self.memory = memoryview(mmap.mmap(self.fd, self.bytes, trackfd=False))
        self.lock = SemLock(self.SEMAPHORE, 1, 1, f"/tare-{os.getpid()}", False)

    def job(self, gate, task):
        semaphore = self.lock.handle, self.lock.kind, self.lock.maxvalue, self.lock.name
        return worker.in_interpreter, self.folders, *gate, task, semaphore, self.memory

    def distinct(self):
        from table import distinct

        with self.memory.cast("I") as slots:
            return distinct(slots, self.fd)

    def close(self):
        if self.lock:
            from _multiprocessing import sem_unlink

            sem_unlink(self.lock.name)
            os.close(self.fd)
            self.lock = None


class Scenario2(driver.Scenario):
    NAME = "scenario2"
    KNOBS = {
        "--duration-ms": (range(1, 3_600_001), driver.REQUIRED),
        "--id-space": (range(1, (1 << 30) + 1), driver.REQUIRED),
        "--seed": (range(0, 1 << 63), driver.REQUIRED),
        "--share": (("manager", "shm"), "manager"),
    }
    WORKERS_MAX = 256

    def __init__(self, options):
        if options.workers > self.WORKERS_MAX:
            raise driver.UsageError(f"--workers '{options.workers}': not a number from 1 to {self.WORKERS_MAX}")
        self.options = options
        self.hold_ns = options.duration_ms * 1_000_000
        self.totals = Totals()
        shares = {"threads": InThreads, "interpreters": InInterpreters}
        by_process = {"manager": WithManager, "shm": WithSharedMemory}
        share = shares.get(options.mode) or by_process[options.share]
        self.team = teams.KINDS[options.mode](options, options.workers, gated=True, **share.TEAM)
        self.share = share(options, self.team)

    def create(self):
        o = self.options
        self.share.renew()
        gate = self.team.gate_arguments()
        self.team.create([[self.share.job(gate, self.task(i))] for i in range(o.workers)])

    def task(self, i: int) -> tuple:
        o = self.options
        fault = o.fault if i == 0 else None
        return worker_seed(o.seed, i), o.id_space, o.duration_ms * 1_000_000, fault

    def underway(self):
        o = self.options
        self.team.open_gate()
        self.team.watch(range(o.workers), (o.duration_ms + o.grace_ms) / 1000)

    def settle(self, measured):
        self.totals.take(self.team.results, self.share.distinct(), measured)

    def result(self):
        return self.totals.check

    def figures(self):
        return self.totals.figures("lock_wait_ns")

    def summary(self):
        self.totals.summary()

    def close(self):
        self.share.close()

"""scenario2_worker: a worker of scenario2 in a thread, a process or an interpreter."""

from time import monotonic_ns

from gates import pass_gate
from splitmix import GAMMA, MASK, mix


def work(task: tuple, lock, insert) -> tuple:
    """task: (seed, id space, duration in ns, fault or None). Returns a tally.

    Each attempt reads the clock twice, before it waits for the lock and when it has it; the figures include that."""
    state, space, duration_ns, fault = task
    first_id = mix(state + GAMMA & MASK) % space
    acquire, release = lock.acquire, lock.release
    attempts = inserts = duplicates = lock_wait_ns = 0
    start_ns = now_ns = monotonic_ns()
    deadline_ns = start_ns + duration_ns
    while now_ns < deadline_ns:
        state = state + GAMMA & MASK
        id = mix(state) % space
        before_ns = monotonic_ns()
        acquire()
        try:
            now_ns = monotonic_ns()
            if fault:
                fail_with_the_lock(fault)
            if insert(id):
                inserts += 1
            else:
                duplicates += 1
        finally:
            release()
        lock_wait_ns += now_ns - before_ns
        attempts += 1
    return attempts, inserts, duplicates, first_id, start_ns, now_ns, lock_wait_ns, 0, 0


def fail_with_the_lock(fault: str) -> None:
    from faults import worker_fault

    worker_fault(fault)


def inserting(known):
    """The insert() of a set."""

    def insert(id: int) -> bool:
        if id in known:
            return False
        known.add(id)
        return True

    return insert


def inserting_key(known):
    """The insert() of a dict, also a manager's: two round trips if the id is new."""

    def insert(id: int) -> bool:
        if id in known:
            return False
        known[id] = True
        return True

    return insert


def in_thread(ready, start, task: tuple, lock, known: set) -> tuple:
    pass_gate("threads", ready, start)
    return work(task, lock, inserting(known))


def in_process_with_manager(report, ready, start, task: tuple, lock, known) -> None:
    len(known)  # connects to the manager
    pass_gate("processes", ready, start)
    report.send(work(task, lock, inserting_key(known)))


def in_process_with_memory(report, ready, start, task: tuple, lock, name: str) -> None:
    from multiprocessing.shared_memory import SharedMemory

    from table import make_insert, table_bits, table_bytes

    space = task[1]
    memory = SharedMemory(name, track=False)  # the main process removes it
    with memory.buf[: table_bytes(space)] as octets, octets.cast("I") as slots:
        insert = make_insert(slots, table_bits(space))
        pass_gate("processes", ready, start)
        report.send(work(task, lock, insert))
        del insert
    memory.close()


def in_interpreter(folders: tuple, ready_w: int, start_r: int, task: tuple, semaphore: tuple, memory) -> tuple:
    """Stateless: its interpreter gets its code object and imports this module."""
    import sys

    sys.path += folders
    import tare_imports  # noqa: F401, I001: before what it is for
    import scenario2_worker

    return scenario2_worker.with_shared_view(ready_w, start_r, task, semaphore, memory)


def with_shared_view(ready_w: int, start_r: int, task: tuple, semaphore: tuple, memory: memoryview) -> tuple:
    from _multiprocessing import SemLock

    from table import make_insert, table_bits

    # The base of multiprocessing's locks. They go only to processes; this opens its semaphore by name anywhere.
    handle, kind, maximum, name = semaphore
    lock = SemLock._rebuild(handle, kind, maximum, name)
    with memory.cast("I") as slots:
        insert = make_insert(slots, table_bits(task[1]))
        pass_gate("interpreters", ready_w, start_r)
        return work(task, lock, insert)

"""scenario3_worker: a producer and a writer of scenario3 in a thread, a process or an interpreter.

All queues have put() and get(). A request is (producer, id), or None to end the writer; an acknowledgement is 1 if the
id was new, else 0."""

from time import monotonic_ns

from gates import pass_gate
from splitmix import GAMMA, MASK, mix


def produce(task: tuple, requests: list, acknowledgements) -> tuple:
    """task: (producer, seed, id space, duration in ns, fault or None). Returns a tally.

    Each attempt reads the clock three times; the figures include that."""
    me, state, space, duration_ns, fault = task
    first_id = mix(state + GAMMA & MASK) % space
    shards = len(requests)
    puts = [queue.put for queue in requests]
    get = acknowledgements.get
    attempts = inserts = duplicates = put_ns = ack_wait_ns = 0
    start_ns = now_ns = monotonic_ns()
    deadline_ns = start_ns + duration_ns
    while now_ns < deadline_ns:
        state = state + GAMMA & MASK
        id = mix(state) % space
        put = puts[id % shards]
        before_ns = monotonic_ns()
        put((me, id))
        sent_ns = monotonic_ns()
        if fault:
            fail_while_asking(fault)
        is_new = get()
        now_ns = monotonic_ns()
        if is_new:
            inserts += 1
        else:
            duplicates += 1
        put_ns += sent_ns - before_ns
        ack_wait_ns += now_ns - sent_ns
        attempts += 1
    return attempts, inserts, duplicates, first_id, start_ns, now_ns, 0, put_ns, ack_wait_ns


def fail_while_asking(fault: str) -> None:
    from faults import worker_fault

    worker_fault(fault)


def write(requests, acknowledgements: list) -> tuple[int, int, int]:
    """Returns the requests served, the inserts and the distinct ids."""
    known: set[int] = set()
    add, get = known.add, requests.get
    puts = [queue.put for queue in acknowledgements]
    served = inserts = 0
    while (request := get()) is not None:
        producer, id = request
        if id in known:
            is_new = 0
        else:
            add(id)
            is_new = 1
            inserts += 1
        served += 1
        puts[producer](is_new)
    return served, inserts, len(known)


def in_thread(ready, start, function, *arguments) -> tuple:
    pass_gate("threads", ready, start)
    return function(*arguments)


def in_process(report, ready, start, function, *arguments) -> None:
    pass_gate("processes", ready, start)
    report.send(function(*arguments))


def in_interpreter(folders: tuple, ready_w: int, start_r: int, name: str, *arguments) -> tuple:
    """Stateless: its interpreter gets its code object and imports this module."""
    import sys

    sys.path += folders
    import tare_imports  # noqa: F401, I001: before what it is for
    import scenario3_worker

    scenario3_worker.pass_gate("interpreters", ready_w, start_r)
    return getattr(scenario3_worker, name)(*arguments)

"""scenario4_worker: the patterns of scenario4, and a worker with one of them in a thread, a process or an interpreter.

A pattern's make() makes the shared or private object; its run() operates on it for a number of rounds and returns how
many operations gave the right result: the run fails unless all did. A round of a cheap pattern has four operations, so
that the loop itself counts less; any other has one. run() uses no other counted object: its other values are small
integers, None and constants of its code, whose references are not counted.

A pattern imports what it needs when it is made, so that its imports are not in the others' figures.
"""

from time import monotonic_ns
from typing import Callable, NamedTuple

from gates import pass_gate


def make_number() -> int:
    """A million whose references are counted, unlike a constant's."""
    return int("1000000")


class Thing:
    def __init__(self):
        self.value = 1

    def one(self) -> int:
        return 1


def make_thing(workers: int) -> Thing:
    return Thing()


def set_and_read_attribute(rounds: int, thing: Thing) -> int:
    done = 0
    for _ in range(rounds):
        thing.value = 1
        a = thing.value
        thing.value = 1
        b = thing.value
        thing.value = 1
        c = thing.value
        thing.value = 1
        done += a + b + c + thing.value
    return done


def set_and_read_item(rounds: int, items: dict) -> int:
    done = 0
    for i in range(rounds):
        key = i & 127
        items[key] = 1
        a = items[key]
        items[key] = 1
        b = items[key]
        items[key] = 1
        c = items[key]
        items[key] = 1
        done += a + b + c + items[key]
    return done


def append_and_pop(rounds: int, items: list) -> int:
    done = 0
    append, pop = items.append, items.pop
    for _ in range(rounds):
        append(1)
        a = pop()
        append(1)
        b = pop()
        append(1)
        c = pop()
        append(1)
        done += a + b + c + pop()
    return done


def make_pair(workers: int) -> tuple:
    return make_number(), make_number() + 1


def unpack(rounds: int, pair: tuple) -> int:
    done = 0
    for _ in range(rounds):
        low, high = pair
        low, high = pair
        low, high = pair
        low, high = pair
        done += 4 * (high - low)
    return done


def bind_and_call(rounds: int, thing: Thing) -> int:
    done = 0
    for _ in range(rounds):
        bound = thing.one
        a = bound()
        bound = thing.one
        b = bound()
        bound = thing.one
        c = bound()
        bound = thing.one
        done += a + b + c + bound()
    return done


def read_global(rounds: int) -> int:
    done = 0
    for _ in range(rounds):
        a = million  # noqa: F821: of the globals that make_reader() gives it
        b = million  # noqa: F821
        c = million  # noqa: F821
        d = million  # noqa: F821
        done += (a is b) + (b is c) + (c is d) + (d > 0)
    return done


def make_reader(workers: int) -> Callable:
    """read_global() with its own globals."""
    from types import FunctionType

    return FunctionType(read_global.__code__, {"million": make_number()})


def call_reader(rounds: int, reader: Callable) -> int:
    return reader(rounds)


def make_class(workers: int) -> type:
    class Made:
        def __init__(self):
            self.value = 1

    return Made


def instantiate(rounds: int, made: type) -> int:
    done = 0
    for _ in range(rounds):
        done += made().value + made().value + made().value + made().value
    return done


def make_closure(workers: int) -> Callable:
    million = make_number()

    def one() -> int:
        return million > 0

    return one


def call_closure(rounds: int, one: Callable) -> int:
    done = 0
    for _ in range(rounds):
        done += one() + one() + one() + one()
    return done


def hold_and_drop(rounds: int, thing: Thing) -> int:
    done = 0
    for _ in range(rounds):
        a = thing
        b = thing
        c = thing
        d = thing
        done += (a is b) + (b is c) + (c is d) + (d is thing)
        a = b = c = d = None
    return done


def make_lock(workers: int):
    from threading import Lock

    return Lock()


def lock_and_unlock(rounds: int, lock) -> int:
    done = 0
    for _ in range(rounds):
        with lock:
            done += 1
    return done


def make_queue(workers: int):
    from queue import Queue

    return Queue()


def make_interpreter_queue(workers: int):
    from concurrent.interpreters import create_queue  # since 3.14

    return create_queue()


def put_and_get(rounds: int, queue) -> int:
    """Every get finds an item: the worker has put one before, or another worker has."""
    done = 0
    put, get = queue.put, queue.get
    for _ in range(rounds):
        put(1)
        done += get()
    return done


class Loop:
    """An event loop: a worker's own in its thread, or one for all workers in a separate thread."""

    def __init__(self, workers: int):
        import asyncio

        self.loop = asyncio.new_event_loop()
        self.run = self.loop.run_until_complete
        self.thread = None
        self.create_task = asyncio.create_task
        if workers > 1:
            self.give_thread()

    def give_thread(self) -> None:
        from asyncio import run_coroutine_threadsafe
        from threading import Thread

        self.thread = Thread(target=self.loop.run_forever)
        self.thread.start()
        self.run = lambda coroutine: run_coroutine_threadsafe(coroutine, self.loop).result()

    async def one(self) -> int:
        return 1

    async def await_tasks(self, rounds: int) -> int:
        done = 0
        create_task, one = self.create_task, self.one
        for _ in range(rounds):
            done += await create_task(one())
        return done

    def close(self) -> None:
        if self.thread:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
        self.loop.close()


def await_tasks(rounds: int, loop: Loop) -> int:
    return loop.run(loop.await_tasks(rounds))


def make_pool(workers: int):
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(workers)


def one() -> int:
    return 1


def submit_and_wait(rounds: int, pool) -> int:
    done = 0
    task = one
    for _ in range(rounds):
        done += pool.submit(task).result()
    return done


def nothing(thing) -> None:
    """Has nothing to end."""


class Pattern(NamedTuple):
    make: Callable  # the number of workers that share it -> the object
    run: Callable  # rounds, the object -> the number of operations done
    cost: int = 1  # how much longer an operation takes than a cheap one; fewer are done in proportion
    per_round: int = 1  # operations per round
    end: Callable = nothing  # ends the object


PATTERNS = {
    "attribute": Pattern(make_thing, set_and_read_attribute, per_round=4),
    "dict": Pattern(lambda workers: {}, set_and_read_item, per_round=4),
    "list": Pattern(lambda workers: [], append_and_pop, per_round=4),
    "tuple": Pattern(make_pair, unpack, per_round=4),
    "bound-method": Pattern(make_thing, bind_and_call, per_round=4),
    "global": Pattern(make_reader, call_reader, per_round=4),
    "instance": Pattern(make_class, instantiate, per_round=4),
    "closure": Pattern(make_closure, call_closure, per_round=4),
    "refcount": Pattern(make_thing, hold_and_drop, per_round=4),
    "lock": Pattern(make_lock, lock_and_unlock, cost=4),
    "queue": Pattern(make_queue, put_and_get, cost=20),
    "interpreter-queue": Pattern(make_interpreter_queue, put_and_get, cost=50),
    "asyncio": Pattern(Loop, await_tasks, cost=100, end=Loop.close),
    "pools": Pattern(make_pool, submit_and_wait, cost=250, end=lambda pool: pool.shutdown()),
}

# --- the worker ----------------------------------------------------------------------------------------------------


def work(mode: str, ready, start, task: tuple, shared: tuple = ()) -> tuple:
    """task: (pattern, rounds, fault or None); shared: the object; (): the worker makes its own. Returns the number of
    operations done, and when it began and ended."""
    name, rounds, fault = task
    pattern = PATTERNS[name]
    thing = shared[0] if shared else pattern.make(1)
    pass_gate(mode, ready, start)
    if fault:
        from faults import worker_fault

        worker_fault(fault)
    start_ns = monotonic_ns()
    done = pattern.run(rounds, thing)
    end_ns = monotonic_ns()
    if not shared:
        pattern.end(thing)
    return done, start_ns, end_ns


def in_thread(ready, start, task: tuple, shared: tuple) -> tuple:
    return work("threads", ready, start, task, shared)


def in_process(report, ready, start, task: tuple) -> None:
    report.send(work("processes", ready, start, task))


def in_interpreter(folders: tuple, ready_w: int, start_r: int, task: tuple) -> tuple:
    """Stateless: its interpreter gets its code object and imports this module."""
    import sys

    sys.path += folders
    import tare_imports  # noqa: F401, I001: before what it is for
    import scenario4_worker

    return scenario4_worker.work("interpreters", ready_w, start_r, task)

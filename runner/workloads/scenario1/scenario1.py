"""scenario1: the cost of creating, starting and joining workers in CPython 3.14; standard library only.

    scenario1.py (the options of driver.py) --work-iters N --hold-ms N [--lifecycle fresh|pool]
                 [--main-imports original|none|MODULE,...] [--preload none|MODULE,...] [--gc-freeze no|yes]
                 [--lazy-imports no|yes]

This file holds a worker's code and a main module's imports, because a spawned worker compiles and runs it again as
__mp_main__ inside the measured time: 600 more lines would cost each worker 8 ms. The rest is in scenario1_main.py and
driver.py, which only the main process imports.
"""

import os
import sys

if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path += [here, os.path.dirname(here)]  # python -I leaves it out; other scenarios use the ledger, too
    sys.dont_write_bytecode = True  # no __pycache__ beside installed or checked out files
    import main_imports
import_failure = None
try:
    if __name__ == "__main__":
        main_imports.prepare(sys.argv)
    exec(os.environ.get("TARE_MAIN_IMPORTS", ""))  # --main-imports, also when this file runs again: see main_imports.py
except BaseException as e:
    if __name__ != "__main__":
        raise
    import_failure = e
from time import monotonic_ns  # CLOCK_MONOTONIC, the runner's clock

ROUND_STEPS = 1000  # memory profile: steps before the ready sign, and per round while it holds

# hash_loop, memory_in_interpreter and worker_fault use no globals, import what they need, and take other functions as
# arguments: such a "stateless" function reaches another interpreter as its code object. Any other function is pickled by
# its name, so that the interpreter first runs this whole file.


def hash_loop(steps: int) -> int:
    x = 0x12345678
    for _ in range(steps):
        x = (x * 1103515245 + 12345) & 0xFFFFFFFF
        x ^= x >> 16
    return x


def memory_in_interpreter(loop, round_steps: int, ready_w: int, start_r: int, hold_ns: int) -> int:
    import os
    from time import monotonic_ns

    loop(round_steps)
    os.write(ready_w, b"r")
    os.read(start_r, 1)
    deadline_ns = monotonic_ns() + hold_ns
    x = loop(round_steps)
    while monotonic_ns() < deadline_ns:
        x = loop(round_steps)
    return x


def worker_fault(fault: str) -> None:
    import os
    import signal
    import time

    match fault:
        case "worker-raise":
            raise RuntimeError("--fault worker-raise asks for this")
        case "worker-exit":
            raise SystemExit(3)
        case "worker-kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            while True:
                time.sleep(3600)


def overhead_task(fault: str | None, steps: int) -> int:
    if fault:
        worker_fault(fault)
    return hash_loop(steps)


def memory_task(ready, start, fault: str | None, hold_ns: int, abandoned=lambda: False) -> int | None:
    """For threads and processes: ready and start are semaphores of either kind."""
    if fault:
        worker_fault(fault)
    hash_loop(ROUND_STEPS)
    ready.release()
    while not start.acquire(timeout=5):
        if abandoned():
            return None
    deadline_ns = monotonic_ns() + hold_ns
    x = hash_loop(ROUND_STEPS)
    while monotonic_ns() < deadline_ns:
        x = hash_loop(ROUND_STEPS)
    return x


def process_memory_task(ready, start, fault: str | None, hold_ns: int) -> int | None:
    from multiprocessing import parent_process

    return memory_task(ready, start, fault, hold_ns, lambda: not parent_process().is_alive())


if __name__ == "__mp_main__":
    import failures  # noqa: F401

if __name__ == "__main__":
    import driver
    import scenario1_main

    sys.exit(driver.main(scenario1_main.Scenario1, sys.argv[1:]))

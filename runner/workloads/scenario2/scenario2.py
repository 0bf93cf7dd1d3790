"""scenario2: what shared state costs in CPython 3.14: one set, one lock, and all workers at it; standard library only.

    scenario2.py (the options of driver.py) --duration-ms N --id-space N --seed N [--share manager|shm]

For duration_ms each worker draws an id, takes the lock, looks the id up and inserts it where it is new, and lets go of
the lock. What they share:

    threads         a set and a threading.Lock
    processes       --share manager: a manager's dict and a multiprocessing.Lock, which people reach for
                    --share shm: a table (table.py) in multiprocessing.shared_memory, and the same lock
    interpreters    the same table in memory of the process, which each sees through a memoryview, and a semaphore:
                    there is no manager for them, and what their own queues cost is scenario3's

This file is short, for a spawned worker runs it again; what a worker does is in scenario2_worker.py.
"""

if __name__ == "__mp_main__":
    import failures  # noqa: F401

if __name__ == "__main__":
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path += [here, os.path.dirname(here)]  # python -I leaves it out; the ledger is the neighbours' too
    sys.dont_write_bytecode = True  # no __pycache__ beside an installed or checked out file
    import driver
    import scenario2_main

    sys.exit(driver.main(scenario2_main.Scenario2, sys.argv[1:]))

"""scenario2: the cost of shared state in CPython 3.14: one set and one lock for all workers; standard library only.

    scenario2.py (the options of driver.py) --duration-ms N --id-space N --seed N [--share manager|shm]

For duration_ms each worker draws an id, takes the lock, inserts the id if it is new, and releases the lock. The workers
share:

    threads         a set and a threading.Lock
    processes       --share manager: a manager's dict and a multiprocessing.Lock, the common choice
                    --share shm: a table (table.py) in multiprocessing.shared_memory, and the same lock
    interpreters    the same table in the process's memory, by memoryviews, and a semaphore: there is no manager for
                    them, and scenario3 measures their queues

This file is short, because a spawned worker runs it again; a worker's code is in scenario2_worker.py.
"""

if __name__ == "__mp_main__":
    import failures  # noqa: F401

if __name__ == "__main__":
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path += [here, os.path.dirname(here)]  # python -I leaves it out; other scenarios use the ledger, too
    sys.dont_write_bytecode = True  # no __pycache__ beside installed or checked out files
    import driver
    import scenario2_main

    sys.exit(driver.main(scenario2_main.Scenario2, sys.argv[1:]))

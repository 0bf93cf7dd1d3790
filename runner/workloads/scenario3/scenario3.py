"""scenario3: the cost of sharded writers in CPython 3.14: producers send each id to the writer of its shard and wait for
the answer; standard library only.

    scenario3.py (the options of driver.py) --duration-ms N --id-space N --seed N --writers N [--transport pipe|ring]

For duration_ms each of the --workers producers draws an id, puts it into the queue of the writer of its shard (id mod
writers), and waits at its own queue for the acknowledgement, which says whether the id was new. Each writer keeps its
shard's ids in its own set, without a lock. The queues are the common choices:

    threads         queue.Queue
    processes       multiprocessing.Queue
    interpreters    concurrent.interpreters.create_queue(), whose get() polls every 10 ms

Only the native program uses --transport. This file is short, because a spawned worker runs it again; a worker's code is
in scenario3_worker.py.
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
    import scenario3_main

    sys.exit(driver.main(scenario3_main.Scenario3, sys.argv[1:]))

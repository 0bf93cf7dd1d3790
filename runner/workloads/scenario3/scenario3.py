"""scenario3: what sharded writers cost in CPython 3.14: producers send each id to the writer of its shard and wait for
its answer; standard library only.

    scenario3.py (the options of driver.py) --duration-ms N --id-space N --seed N --writers N [--transport pipe|ring]

For duration_ms each of the --workers producers draws an id, puts it into the queue of the writer of its shard (id mod
writers), and waits at a queue of its own for the acknowledgement, which says whether the id was new. Each writer has
its shard's ids in a set of its own, without a lock. The queues are what people reach for:

    threads         queue.Queue
    processes       multiprocessing.Queue
    interpreters    concurrent.interpreters.create_queue(), whose get() looks every 10 ms

--transport is the native program's. This file is short, for a spawned worker runs it again; what a worker does is in
scenario3_worker.py.
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
    import scenario3_main

    sys.exit(driver.main(scenario3_main.Scenario3, sys.argv[1:]))

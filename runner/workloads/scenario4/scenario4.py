"""scenario4: the cost of contention in CPython: all workers repeat one small operation, on one shared object or each on its
own; standard library only.

    scenario4.py (the options of driver.py) --pattern NAME --sharing shared|private --operations N

Both twins do the same work, so they differ only by the sharing. Processes and interpreters share no Python object:
theirs are private. This file is short, because a spawned worker runs it again; a worker's code is in
scenario4_worker.py.
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
    import scenario4_main

    sys.exit(driver.main(scenario4_main.Scenario4, sys.argv[1:]))

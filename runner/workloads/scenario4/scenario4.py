"""scenario4: what contention costs in CPython: all workers do one small thing over and over, to one shared object or
each to an object of its own; standard library only.

    scenario4.py (the options of driver.py) --pattern NAME --sharing shared|private --operations N

The workers' work is the same in both twins, so what they differ by is the sharing. Processes and interpreters share no
Python object: theirs are private. This file is short, for a spawned worker runs it again; what a worker does is in
scenario4_worker.py.
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
    import scenario4_main

    sys.exit(driver.main(scenario4_main.Scenario4, sys.argv[1:]))

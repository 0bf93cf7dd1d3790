"""scenario0: scenario1's iterations with empty workers: the cost of the instrument itself.

    scenario0.py (the options of driver.py) --hold-ms N

This file is short for the same reason as scenario1.py: a spawned worker runs it again.
"""


def null_task(fault: str | None) -> int:
    if fault:
        from faults import worker_fault

        worker_fault(fault)
    return 0


def null_in_interpreter() -> int:  # stateless: an interpreter gets its code object
    return 0


def memory_task(mode: str, ready, start, fault: str | None, hold_s: float) -> int:
    from gates import pass_gate
    from time import sleep

    null_task(fault)
    pass_gate(mode, ready, start)
    sleep(hold_s)
    return 0


def memory_in_interpreter(ready_w: int, start_r: int, hold_s: float) -> int:
    import os
    from time import sleep

    os.write(ready_w, b"r")
    os.read(start_r, 1)
    sleep(hold_s)
    return 0


if __name__ == "__mp_main__":
    import failures  # noqa: F401

if __name__ == "__main__":
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path += [here, os.path.dirname(here)]  # python -I leaves it out; other scenarios use the ledger, too
    sys.dont_write_bytecode = True  # no __pycache__ beside installed or checked out files
    import driver
    import scenario0_main

    sys.exit(driver.main(scenario0_main.Scenario0, sys.argv[1:]))

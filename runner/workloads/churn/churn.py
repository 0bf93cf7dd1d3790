"""churn: memory growth on purpose: every iteration allocates and frees, and keeps a known number of bytes.

    churn.py (the options of driver.py) --pattern WHICH --keep-bytes N

    flat      frees all of it
    leak      keeps it in a list
    threads   threads are made and ended; each leaves its share in a table of threads
    lists     workers of a pool return big lists through a queue; the lists are kept
    cycles    keeps it in reference cycles that nothing collects
    blocks    threads take large blocks from the C allocator and free all but their share
    queue     a queue's backlog rises to a mark, the same from the end of the warm-up on, and is drained
    stacks    threads stay, with that much of their stacks in use
    forked    children stay, whose collector unshares that much of what they inherited

The last two keep it in forty and twenty steps over the run, as each of them takes a thread or a process; what that one
costs by itself is a part of what is kept.
"""

import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path += [here, os.path.dirname(here)]  # python -I leaves it out; other scenarios use the ledger, too
sys.dont_write_bytecode = True  # no __pycache__ beside installed or checked out files

import driver  # noqa: E402
import patterns  # noqa: E402
import teams  # noqa: E402


class Churn(driver.Scenario):
    NAME = "churn"
    KNOBS = {
        "--pattern": (tuple(patterns.PATTERNS), driver.REQUIRED),
        "--keep-bytes": (range(0, (16 << 20) + 1), driver.REQUIRED),
    }

    def __init__(self, options):
        self.team = teams.Team(options, 0)  # a pattern has its own workers
        self.pattern = patterns.PATTERNS[options.pattern](options)

    def underway(self):
        self.pattern.iterate()

    def close(self):
        self.pattern.close()

    def abandon(self):
        self.pattern.close()


if __name__ == "__main__":
    sys.exit(driver.main(Churn, sys.argv[1:]))

"""teams_pool.py: what a pool says that has lost a worker before it is given its next task.

    python3.14 -I tests/python/test_pool.py          (or python3.14t)
"""

import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

WORKLOADS = Path(__file__).parents[2] / "runner/workloads"

# In a process of its own: the fork server's preload is the program that was started.
LOSE_ONE = """
import sys, time
sys.path.insert(0, {workloads!r})
from types import SimpleNamespace
import teams, teams_pool
if __name__ == "__main__":
    pool = teams_pool.ProcessPool(SimpleNamespace(mp_start={start!r}), 2)
    print(pool.children[0].pid, flush=True)
    sys.stdin.readline()
    pool.create([[(len, "x")]] * 2)
    try:
        while True:  # until the pool has seen that one is gone
            pool.start(0)
            time.sleep(0.01)
    except teams.WorkerFailed as e:
        print(e)
    pool.abandon()
"""


class Lost(unittest.TestCase):
    def lose_one(self, start: str) -> None:
        code = LOSE_ONE.format(workloads=str(WORKLOADS), start=start)
        words = [sys.executable, "-I", "-B", "-c", code]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            pid = int(running.stdout.readline())
            os.kill(pid, signal.SIGKILL)
            said, _ = running.communicate("\n", timeout=60)
        self.assertIn(f"a worker of the pool (pid {pid}) was ended by signal 9 (SIGKILL)", said)

    def test_a_task_that_comes_after_it_names_the_worker(self):
        self.lose_one("fork")


if __name__ == "__main__":
    unittest.main()

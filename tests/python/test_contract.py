"""The program of runner/workloads/README.md, taken out of it and run as the runner runs it.

    python3.14 -I tests/python/test_contract.py
"""

import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, RunnerLedger, WorkloadTest

ITERATIONS, WORKERS = 3, 2


class Contract(WorkloadTest):
    def test_its_program_runs_and_reports_its_figure(self):
        text = (workload.WORKLOADS / "README.md").read_text()
        (block,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
        ledger = RunnerLedger(ITERATIONS, WORKERS)
        args = workload.words(mode="threads", profile="overhead", iterations=ITERATIONS, warmup=1, workers=WORKERS, pids=0, length=10)
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "sorting.py"
            program.write_text(block)
            command = [sys.executable, "-P", "-s", "-B", str(program), str(workload.WORKLOADS)]
            status, out, err = self.run_it(command, args, ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.warmup_done, ledger.iterations_done), (DONE, 1, ITERATIONS))
        self.assertGreater(ledger.figures["sorted_per_s"], 0)


if __name__ == "__main__":
    unittest.main()

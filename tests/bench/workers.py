"""What a worker costs, from one to a thousand threads and five hundred processes: scenario1 with a step of work each, native and in
Python: an iteration's time, which starts and joins them all, over their number.

usage: workers.py BUILD [ROUNDS]      asserts nothing. ROUNDS (6): in each, all numbers of a kind in random order.
"""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

build = Path(sys.argv[1]).resolve()
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 6
NATIVE = ["--runtime", "native"]
# How a kind is called, what it runs, its numbers of workers.
KINDS = {
    "native threads": (["--mode", "threads", *NATIVE], (1, 10, 100, 1000)),
    "native processes": (["--mode", "processes", *NATIVE], (1, 10, 100, 500)),
    "Python's threads": (["--mode", "threads"], (1, 10, 100, 1000)),
    "Python's processes, fork": (["--mode", "processes", "--mp-start", "fork"], (1, 10, 100, 500)),
}
WORKERS_MEASURED = 300  # so many starts a run at least, whatever their number in an iteration
MANY = 10


def cost(words: list[str], workers: int) -> float:
    """Microseconds a worker."""
    iterations = max(1, WORKERS_MEASURED // workers)
    cell = ["--workers", workers, "--work-iters", 1, "--iterations", iterations, "--warmup", 1, "--json", "-"]
    done = subprocess.run([build / "tare", "run", "scenario1", *words, *map(str, cell)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"workers: {' '.join(words)}, {workers} workers: exit {done.returncode}: {done.stderr.strip()}")
    stamps = json.loads(done.stdout)["iterations"]
    return statistics.median(end - start for start, end in zip(stamps["start_ns"], stamps["end_ns"], strict=True)) / workers / 1e3


print(f"what a worker costs: {rounds} rounds; load now {os.getloadavg()[0]:.1f}")
for name, (words, numbers) in KINDS.items():
    took = table.in_turn({n: lambda n=n: cost(words, n) for n in numbers}, rounds)
    print(f"  {name}: " + ", ".join(f"of {n}: {statistics.median(one[n] for one in took):.1f} us" for n in numbers))
    table.row(f"a worker's cost, {name}: of {numbers[-1]:,} / of {MANY}", table.ratio(took, numbers[-1], MANY))
    table.row(f"a worker's cost, {name}, {numbers[-1]:,} of them", [one[numbers[-1]] for one in took], unit=" us")

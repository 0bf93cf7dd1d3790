"""Whether CPUs of one's own are worth having: scenario1's run-to-run spread, threads, on one CPU, with and without company.

usage: spread.py BUILD [RUNS]      prints; asserts nothing. RUNS of each kind (10), one after another in random order:

    quiet       nobody else is started
    beside      two CPU burners that run where the kernel puts them
    exclusive   two CPU burners that are kept off the benchmark's CPU by affinity, as a slice's partition would

The benchmark is on the same CPU in all three, so that company is all that differs. Some three minutes for ten.
"""
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

build = sys.argv[1]
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 10
tare = os.path.join(build, "tare")
cpus = sorted(os.sched_getaffinity(0))
if len(cpus) < 2:
    sys.exit("spread: two CPUs are needed, one for the benchmark and one for its company; this process may use " + str(cpus))
if runs < 3:
    sys.exit("spread: a spread takes 3 runs of each kind at least")
ours, theirs = cpus[-1], set(cpus[:-1])
BURNERS = 2
KINDS = {"quiet": None, "beside": set(cpus), "exclusive": theirs}
ITERATIONS = 40


class Burners:
    """Ended by pid, whatever happens; and by the kernel should this program be killed."""

    def __init__(self, allowed: set[int] | None):
        self.allowed, self.running = allowed, []

    def __enter__(self):
        for _ in range(BURNERS if self.allowed else 0):
            words = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", "while :; do :; done"]
            self.running.append(subprocess.Popen(words))
            os.sched_setaffinity(self.running[-1].pid, self.allowed)
        return self

    def __exit__(self, *_):
        for burner in self.running:
            burner.kill()
            burner.wait()


def one_run(kind: str) -> float:
    words = [tare, "run", "scenario1", "--mode", "threads", "--iterations", str(ITERATIONS), "--warmup", "3",
             "--cpus", str(ours), "--timeout", "120", "--json", "-"]
    with Burners(KINDS[kind]):
        done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"spread: {' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
    record = json.loads(done.stdout)
    runtime.add(f"{record['runtime']['name']} {record['runtime']['version']}")
    return record["result"]["avg_iter_s"]


def spread(of: list[float]) -> float:
    """Relative: the coefficient of variation."""
    return statistics.stdev(of) / statistics.mean(of)


def interval(over: list[float], under: list[float]) -> tuple[float, float]:
    """Of the ratio of two spreads: percentile bootstrap, 95%."""
    rng = random.Random(1)
    ratios = []
    while len(ratios) < 2000:
        a, b = (rng.choices(of, k=len(of)) for of in (over, under))
        if len(set(b)) > 1:
            ratios.append(spread(a) / spread(b))
    ratios.sort()
    return ratios[49], ratios[1949]


runtime, took = set(), {kind: [] for kind in KINDS}
for _ in range(runs):
    for kind in random.sample(list(KINDS), len(KINDS)):
        took[kind].append(one_run(kind))

print(f"scenario1, threads, {', '.join(runtime)}: {runs} runs of {ITERATIONS} iterations each, interleaved, on CPU {ours}; "
      f"{BURNERS} burners on {sorted(cpus)} or {sorted(theirs)}; load now {os.getloadavg()[0]:.1f}")
for kind, of in took.items():
    low, high = interval(of, took["quiet"]) if kind != "quiet" else (1, 1)
    print(f"  {kind:10} mean {statistics.mean(of) * 1e3:7.2f} ms an iteration  {min(of) * 1e3:7.2f} to {max(of) * 1e3:7.2f}  "
          f"spread (stdev / mean) {spread(of) * 100:5.2f} %  range / median {(max(of) - min(of)) / statistics.median(of) * 100:6.2f} %  "
          f"spread / quiet's {spread(of) / spread(took['quiet']):5.2f} [{low:.2f}, {high:.2f}]  "
          f"mean / quiet's {statistics.mean(of) / statistics.mean(took['quiet']):.3f}")
table.row("spread beside burners, on its own CPU / quiet", spread(took["exclusive"]) / spread(took["quiet"]), 1.5)

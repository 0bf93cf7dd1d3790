"""Whether CPUs of one's own are worth having: scenario1's run-to-run spread, threads, on one CPU, with and without company.

usage: spread.py BUILD [RUNS]      asserts nothing. RUNS of each kind (30), one after another in random order:

    quiet       nobody else is started
    beside      a CPU burner on each CPU, the benchmark's too
    exclusive   as many that are kept off the benchmark's CPU by affinity, as a slice's partition would

The benchmark is on the same CPU in all three, so that company is all that differs.
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
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 30
tare = os.path.join(build, "tare")
cpus = sorted(os.sched_getaffinity(0))
if len(cpus) < 2:
    table.absent("spread, burners on other CPUs / quiet", f"two CPUs are needed, one for the benchmark and one for its company; there is {cpus}")
    sys.exit()
if runs < 3:
    sys.exit("spread: a spread takes 3 runs of each kind at least")
ours, theirs = cpus[-1], cpus[:-1]
# On which CPUs burners may be: one burner each.
KINDS = {"quiet": [], "beside": [{cpu} for cpu in cpus], "exclusive": [set(theirs)] * len(cpus)}
ITERATIONS = 8


class Burners:
    """Ended by pid, whatever happens; and by the kernel should this program be killed."""

    def __init__(self, places: list[set[int]]):
        self.places, self.running = places, []

    def __enter__(self):
        for place in self.places:
            words = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", "while :; do :; done"]
            self.running.append(subprocess.Popen(words))
            os.sched_setaffinity(self.running[-1].pid, place)
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
      f"burners on {cpus} or {theirs}; load now {os.getloadavg()[0]:.1f}")
for kind, of in took.items():
    print(f"  {kind:10} mean {statistics.mean(of) * 1e3:7.2f} ms an iteration, {min(of) * 1e3:7.2f} to {max(of) * 1e3:7.2f}, "
          f"spread {spread(of) * 100:5.2f} %, mean / quiet's {statistics.mean(of) / statistics.mean(took['quiet']):.3f}")
for kind, name, most in (("exclusive", "burners on other CPUs", 1.5), ("beside", "burners on every CPU", None)):
    of = spread(took[kind]) / spread(took["quiet"])
    table.row(f"spread, {name} / quiet", of, most, ends=interval(took[kind], took["quiet"]))

"""Whether timed runs know of a --why that comes after them, and how much slower the diagnostic run is.

usage: why.py BUILD [ROUNDS]      asserts nothing. ROUNDS (15): in each, one run with --why and one without, in random order. The ratio
is of the timed runs' median iterations, with over without, by the logarithms of the rounds' ratios with Student's 95% interval. Two
workloads: threads that drop each other's objects, and pure work. Takes root, as --why does.
"""
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

tare = Path(sys.argv[1]).resolve() / "tare"
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
WORKLOADS = {"drop": ["--pattern", "drop"], "pure work": ["--pattern", "pure"]}
# Student's two-sided 95% quantiles by degrees of freedom (Abramowitz and Stegun 1964, table 26.10), from 20 on nearly 2.
T95 = [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09]


def interval(ratios: list[float]) -> tuple[float, float, float]:
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.mean(logs)
    if len(logs) < 2:
        return math.exp(mean), math.nan, math.nan
    t = T95[len(logs) - 2] if len(logs) - 2 < len(T95) else T95[-1]
    half = t * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def run(words: list[str], folder: Path, explained: bool) -> float:
    """What an iteration of the timed run took, the median."""
    record = folder / "record.json"
    cell = ["--mode", "threads", "--workers", "2", "--iterations", "5", "--warmup", "1", "--quiet", "--json", str(record)]
    done = subprocess.run([tare, "run", "causes", *words, *cell, *(["--why"] if explained else [])], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"why: exit {done.returncode}: {done.stderr.strip()}")
    if explained:
        slowdowns.append(json.loads((folder / "record.why.json").read_text())["slowdown"])
    return json.loads(record.read_text())["result"]["p50_iter_s"]


with tempfile.TemporaryDirectory() as name:
    print(f"timed runs with a --why after them beside those without: {rounds} rounds; load now {os.getloadavg()[0]:.1f}")
    for workload, words in WORKLOADS.items():
        slowdowns: list[float] = []
        kinds = {word: lambda word=word: run(words, Path(name), word == "with") for word in ("with", "without")}
        took = table.in_turn(kinds, rounds)
        mean, low, high = interval(table.ratio(took, "with", "without"))
        print(f"  {workload}: with / without {mean:.3f} (95% interval {low:.3f} to {high:.3f}); the diagnostic run's iterations last "
              f"{statistics.median(slowdowns):.2f} times as long ({min(slowdowns):.2f} to {max(slowdowns):.2f})")
        table.row(f"timed with a --why after / without, {workload}", mean, None)
        table.row(f"diagnostic run / timed, {workload}", statistics.median(slowdowns), None)

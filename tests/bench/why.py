"""Whether timed runs know of a --why that comes after them, and how much slower the diagnostic run is.

usage: why.py BUILD [ROUNDS]      asserts nothing. ROUNDS (15): in each, one run with --why and two without, in random order; what these
two differ by is the host's noise. Ratios are of the timed runs' median iterations, and of their slices' CPU time, by the logarithms of
the rounds' ratios with Student's 95% interval. Two workloads: threads that drop each other's objects, and pure work. Takes root.
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


cpu_times: dict[str, list[float]] = {}


def run(words: list[str], folder: Path, kind: str) -> float:
    """What an iteration of the timed run took, the median."""
    explained = kind == "with"
    record = folder / "record.json"
    cell = ["--mode", "threads", "--workers", "2", "--iterations", "5", "--warmup", "1", "--quiet", "--json", str(record)]
    done = subprocess.run([tare, "run", "causes", *words, *cell, *(["--why"] if explained else [])], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"why: exit {done.returncode}: {done.stderr.strip()}")
    if explained:
        slowdowns.append(json.loads((folder / "record.why.json").read_text())["slowdown"])
    timed = json.loads(record.read_text())
    cpu_times.setdefault(kind, []).append(timed["cpu"]["usage_usec"])
    return timed["result"]["p50_iter_s"]


with tempfile.TemporaryDirectory() as name:
    print(f"timed runs with a --why after them beside those without: {rounds} rounds; load now {os.getloadavg()[0]:.1f}")
    for workload, words in WORKLOADS.items():
        slowdowns: list[float] = []
        kinds = {kind: lambda kind=kind: run(words, Path(name), kind) for kind in ("with", "without", "without again")}
        took = table.in_turn(kinds, rounds)
        for over in ("with", "without again"):
            of_cpu = [on / off for on, off in zip(cpu_times[over], cpu_times["without"], strict=True)]
            for what, ratios in (("an iteration", table.ratio(took, over, "without")), ("CPU time", of_cpu)):
                mean, low, high = interval(ratios)
                print(f"  {workload}: {what}, {over} / without {mean:.3f} (95% interval {low:.3f} to {high:.3f})")
                table.row(f"timed {over} a --why after / without, {workload}, {what}" if over == "with" else f"without twice, {workload}, {what}", mean, None)
        cpu_times.clear()
        print(f"  the diagnostic run's iterations last {statistics.median(slowdowns):.2f} times as long ({min(slowdowns):.2f} to "
              f"{max(slowdowns):.2f})")
        table.row(f"diagnostic run / timed, {workload}", statistics.median(slowdowns), None)

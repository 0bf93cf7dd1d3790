"""Whether scenario1's figures are those of a benchmark as people write one by hand: `tare run scenario1` in each mode and
start method beside tests/bench/plain/plain.py, which is timed by itself, without tare, on the same interpreter and CPU.

usage: fidelity.py BUILD [PAIRS]      prints; asserts nothing. PAIRS (10) of each kind, in random order within a pair, so that
the machine's drift falls on both alike. A pair's ratio is of the medians of its iterations, tare's over the script's; the
median of the pairs' ratios is given with the least and the greatest, and beside it that of --main-imports none, the floor.
Some five minutes.
"""
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

tare = os.path.join(os.path.abspath(sys.argv[1]), "tare")
pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 10
GIL = sys.executable
FREE = subprocess.run([Path(__file__).parents[2] / "scripts" / "build-python", "--print", "ft"], check=True,
                      capture_output=True, text=True).stdout.split()[1]  # fmt: skip
CPU = str(max(os.sched_getaffinity(0)))
WARMUP, WORKERS, STEPS = 2, 8, 20000
# How a line is called, its mode, its start method, its interpreter, its iterations.
KINDS = [
    ("threads, 3.14t", "threads", None, FREE, 30),
    ("threads, 3.14", "threads", None, GIL, 30),
    ("fork", "processes", "fork", GIL, 30),
    ("forkserver", "processes", "forkserver", GIL, 20),
    ("spawn", "processes", "spawn", GIL, 4),
]
TARGET = 0.97, 1.03


def by_tare(imports: str, mode: str, start: str | None, python: str, iterations: int) -> float:
    words = [tare, "run", "scenario1", "--mode", mode, "--runtime", python, "--iterations", iterations, "--warmup", WARMUP]
    words += ["--workers", WORKERS, "--work-iters", STEPS, "--cpus", CPU, "--main-imports", imports, "--json", "-"]
    words += ["--mp-start", start] if start else []
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"fidelity: {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
    stamps = json.loads(done.stdout)["iterations"]
    return statistics.median(end - at for at, end in zip(stamps["start_ns"], stamps["end_ns"], strict=True)) / 1e6


def by_itself(script: Path, mode: str, start: str | None, python: str, iterations: int) -> float:
    words = ["taskset", "-c", CPU, python, script, "--mode", start or mode, "--iterations", iterations, "--warmup", WARMUP]
    words += ["--workers", WORKERS, "--work-iters", STEPS]
    done = subprocess.run([str(w) for w in words], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return statistics.median(int(ns) for ns in done.stdout.split()) / 1e6


def compare(script: Path, *kind) -> None:
    """A line of the table."""
    name, *of = kind
    took: dict[str, list[float]] = {"original": [], "none": [], "plain": []}
    for _ in range(pairs):
        for one in random.sample(list(took), len(took)):
            took[one].append(by_itself(script, *of) if one == "plain" else by_tare(one, *of))
    ratios = {}
    for one in ("original", "none"):
        ratios[one] = [ours / plain for ours, plain in zip(took[one], took["plain"], strict=True)]
    ratio = statistics.median(ratios["original"])
    within = "yes" if TARGET[0] <= ratio <= TARGET[1] else "NO"
    print(f"{name:15} {statistics.median(took['original']):9.2f} {statistics.median(took['plain']):9.2f}"
          f" {ratio:7.3f}  [{min(ratios['original']):.3f}, {max(ratios['original']):.3f}]  {within:6}"
          f" {statistics.median(ratios['none']):7.3f}", flush=True)  # fmt: skip
    table.row(f"scenario1 by tare / a plain script, {name}: apart by", 100 * abs(ratio - 1), 2, " %")


with tempfile.TemporaryDirectory() as folder:
    shutil.copytree(Path(__file__).parent / "plain", folder, dirs_exist_ok=True)  # its bytecode is left there, as by hand
    print(f"scenario1 by tare beside a plain script, CPU {CPU}, {pairs} pairs; load now {os.getloadavg()[0]:.1f}")
    print("                  tare ms  plain ms   ratio  [least, greatest]  within   none")
    for kind in KINDS:
        compare(Path(folder) / "plain.py", *kind)

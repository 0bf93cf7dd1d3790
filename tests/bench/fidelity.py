"""Whether scenario1's figures are those of a benchmark as people write one by hand: `tare run scenario1` in each mode and
start method beside tests/bench/plain/plain.py, which is timed by itself, without tare, on the same interpreter and CPU.

usage: fidelity.py BUILD [PAIRS]      asserts nothing. PAIRS (15, of spawn two thirds as many) of each kind, in random order within a pair,
so that the machine's drift falls on both alike: a pair's ratio is of the medians of its iterations, tare's over the script's.
Beside spawn stands the same without what the main module imports, which each worker imports again: the floor.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

tare = os.path.join(os.path.abspath(sys.argv[1]), "tare")
pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 15
GIL = sys.executable
FREE = subprocess.run([Path(__file__).parents[2] / "scripts" / "build-python", "--print", "ft"], check=True,
                      capture_output=True, text=True).stdout.split()[1]  # fmt: skip
CPU = str(max(os.sched_getaffinity(0)))
WARMUP, WORKERS, STEPS = 1, 8, 20000
# How a line is called, its mode, its start method, its interpreter, its iterations.
KINDS = [
    ("threads, 3.14t", "threads", None, FREE, 10),
    ("threads, 3.14", "threads", None, GIL, 10),
    ("interpreters", "interpreters", None, GIL, 2),
    ("fork", "processes", "fork", GIL, 10),
    ("forkserver", "processes", "forkserver", GIL, 8),
    ("spawn", "processes", "spawn", GIL, 2),
]
BY_TARE, PLAIN, BARE = "tare", "plain", "--main-imports none"


def by_tare(mode: str, start: str | None, python: str, iterations: int, *more: str) -> float:
    words = [tare, "run", "scenario1", "--mode", mode, "--runtime", python, "--iterations", iterations, "--warmup", WARMUP]
    words += ["--workers", WORKERS, "--work-iters", STEPS, "--cpus", CPU, "--json", "-"]
    words += [*(["--mp-start", start] if start else []), *more]
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
    name, *of = kind
    times = {BY_TARE: lambda: by_tare(*of), PLAIN: lambda: by_itself(script, *of)}
    if name == "spawn":
        times[BARE] = lambda: by_tare(*of, "--main-imports", "none")
    took = table.in_turn(times, max(1, pairs * 2 // 3) if name == "spawn" else pairs)
    print(f"  {name}: " + ", ".join(f"{one} {statistics.median(t[one] for t in took):.2f} ms" for one in times))
    table.row(f"scenario1 by tare / a plain script, {name}", table.ratio(took, BY_TARE, PLAIN), 1.02, least=0.98)
    if BARE in times:
        table.row(f"{name}, --main-imports none / as the original", table.ratio(took, BARE, BY_TARE))


with tempfile.TemporaryDirectory() as folder:
    shutil.copytree(Path(__file__).parent / "plain", folder, dirs_exist_ok=True)  # its bytecode is left there, as by hand
    print(f"scenario1 by tare beside a plain script, CPU {CPU}; load now {os.getloadavg()[0]:.1f}")
    for kind in KINDS:
        compare(Path(folder) / "plain.py", *kind)

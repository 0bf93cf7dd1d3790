"""What a pool of processes takes by `tare run` of a function's scenario (tare bench --keep), beside plain scripts under
`tare exec`: iterations of two calls, whose results go to the caller. tare's pool is a ProcessPoolExecutor, and so is the
first plain script's, by whose ratio tare is judged; the second's is multiprocessing's Pool.map.

usage: function.py BUILD [ROUNDS]      prints; asserts nothing. ROUNDS (7): each times all three, one after the other in
random order, so that the machine's drift falls on all alike; a round's ratio is of the medians of its iterations, and the
median of the rounds' ratios is given.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

tare = os.path.join(os.path.abspath(sys.argv[1]), "tare")
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
WORKERS = 2
ITERATIONS = {1 << 10: 200, 1 << 20: 50, 64 << 20: 4}

PLAIN = """
import gc, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool
import work

def call(_):
    return work.give({size})

if __name__ == "__main__":
    took = []
    with {pool}({workers}) as pool:
        for i in range({iterations} + 1):
            gc.collect()  # as tare's workload does, outside of the clock
            start = time.monotonic_ns()
            results = list(pool.map(call, range({workers}), chunksize=1))
            took.append(time.monotonic_ns() - start)
            del results
    print(*took[1:])
"""


def plain(folder: Path, size: int, pool: str) -> list[int]:
    script = folder / "plain.py"
    script.write_text(PLAIN.format(size=size, pool=pool, workers=WORKERS, iterations=ITERATIONS[size]))
    words = [tare, "exec", "--quiet", "--rw", folder, "--", sys.executable, script]  # the same slice, the same confinement
    return [int(ns) for ns in subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()]


def by_executor(folder: Path, size: int) -> list[int]:
    return plain(folder, size, "ProcessPoolExecutor")


def by_pool(folder: Path, size: int) -> list[int]:
    return plain(folder, size, "Pool")


def by_tare(folder: Path, size: int) -> list[int]:
    record = folder / "record.json"
    words = ["run", folder / f"kept-{size}", "--mode", "processes", "--warmup", "1", "--iterations", ITERATIONS[size]]
    subprocess.run([tare, *map(str, words), "--workers", str(WORKERS), "--json", record, "--quiet"], check=True)
    stamps = json.loads(record.read_text())["iterations"]
    return [end - start for start, end in zip(stamps["start_ns"], stamps["end_ns"], strict=True)]


def keep(folder: Path, size: int) -> None:
    words = ["bench", "work.py:give", "--arg", f"size={size}", "--lifecycle", "pool", "--keep", f"kept-{size}"]
    quick = ["--modes", "processes", "--workers", str(WORKERS), "--invocations", "1", "--iterations", "1", "--quiet"]
    subprocess.run([tare, *words, *quick], cwd=folder, check=True)


os.environ["TARE_PYTHON_GIL"] = sys.executable
with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    folder.chmod(0o755)
    (folder / "work.py").write_text("def give(size: int):\n    return b'x' * size\n")
    print(f"two calls that return so much, by a pool of processes; medians of {rounds} rounds; load now {os.getloadavg()[0]:.1f}")
    for size in ITERATIONS:
        keep(folder, size)
        medians: dict = {by_tare: [], by_executor: [], by_pool: []}
        for _ in range(rounds):
            for one in random.sample(list(medians), len(medians)):
                medians[one].append(statistics.median(one(folder, size)) / 1e6)
        took = {one: statistics.median(values) for one, values in medians.items()}
        print(f"  {size >> 10:6} KiB  tare {took[by_tare]:9.3f} ms")
        for one, name in ((by_executor, "ProcessPoolExecutor.map"), (by_pool, "multiprocessing.Pool.map")):
            ratios = [b / a for a, b in zip(medians[one], medians[by_tare], strict=True)]
            ends = f"[{min(ratios):.2f}, {max(ratios):.2f}]"
            print(f"              {name:24} {took[one]:9.3f} ms  tare / it {statistics.median(ratios):5.2f} {ends}", flush=True)

"""What a pool of processes takes by `tare run` of a function's scenario (tare bench --keep), beside a plain script with
multiprocessing's Pool.map under `tare exec`: iterations of two calls, whose results go to the caller.

usage: function.py BUILD [ROUNDS]      prints; asserts nothing. ROUNDS (7): each times both, one after the other in random
order, so that the machine's drift falls on both alike; a round's ratio is of the medians of its iterations, and the median of
the rounds' ratios is given.
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
from multiprocessing import Pool
import work

def call(_):
    return work.give({size})

if __name__ == "__main__":
    took = []
    with Pool({workers}) as pool:
        for i in range({iterations} + 1):
            gc.collect()  # as tare's workload does, outside of the clock
            start = time.monotonic_ns()
            results = pool.map(call, range({workers}), chunksize=1)
            took.append(time.monotonic_ns() - start)
            del results
    print(*took[1:])
"""


def plain(folder: Path, size: int) -> list[int]:
    script = folder / "plain.py"
    script.write_text(PLAIN.format(size=size, workers=WORKERS, iterations=ITERATIONS[size]))
    words = [tare, "exec", "--quiet", "--rw", folder, "--", sys.executable, script]  # the same slice, the same confinement
    return [int(ns) for ns in subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()]


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
        medians: dict = {plain: [], by_tare: []}
        for _ in range(rounds):
            for one in random.sample([plain, by_tare], 2):
                medians[one].append(statistics.median(one(folder, size)) / 1e6)
        ratios = [b / a for a, b in zip(medians[plain], medians[by_tare], strict=True)]
        print(
            f"  {size >> 10:6} KiB  Pool.map {statistics.median(medians[plain]):9.3f} ms  tare"
            f" {statistics.median(medians[by_tare]):9.3f} ms  tare / Pool.map {statistics.median(ratios):5.2f}"
            f" [{min(ratios):.2f}, {max(ratios):.2f}]",
            flush=True,
        )

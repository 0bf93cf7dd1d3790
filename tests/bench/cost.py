"""What the runner itself costs: medians of its own stamps, and whole runs side by side with a bare start of the workload.

usage: cost.py BUILD [ROUNDS]      prints; asserts nothing: machines are noisy, and timings are no tests
"""
import json
import os
import statistics
import subprocess
import sys
import time

build = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 50
tare = os.path.join(build, "tare")
native = os.path.join(build, "workloads", "scenario1", "scenario1")
cell = ["--mode", "threads", "--workers", "1", "--iterations", "1", "--warmup", "0", "--work-iters", "1"]


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def instrument(confine: str) -> dict[str, int]:
    words = [tare, "run", "scenario1", "--runtime", "native", *cell, "--confine", confine, "--json", "-"]
    run = subprocess.run(words, check=True, capture_output=True)
    return json.loads(run.stdout)["instrument"]


# Interleaved, so that the machine's drift falls on both alike.
readings, free, bare, whole = [], [], [], []
for _ in range(rounds):
    readings.append(instrument("full"))
    free.append(instrument("off"))
    bare.append(seconds([native, "--profile", "overhead", "--hold-ms", "0", "--pids", "0", *cell]))
    whole.append(seconds([tare, "run", "scenario1", "--runtime", "native", *cell]))

peak = max(r["peak_rss_bytes"] for r in readings)
print(f"the runner: {rounds} rounds, native runtime, one iteration of one worker; load now {os.getloadavg()[0]:.1f}")
for confine, of in (("full", readings), ("off", free)):
    parts = {
        "slice to exec": [r["slice_to_exec_ns"] for r in of],
        "exit to removal": [r["exit_to_removed_ns"] for r in of],
        "both together": [r["slice_to_exec_ns"] + r["exit_to_removed_ns"] for r in of],
        "all before": [r["prepare_ns"] for r in of],
    }
    for part, ns in parts.items():
        print(f"  --confine {confine:5} {part:16} median {statistics.median(ns) / 1e6:7.3f} ms  "
              f"lowest {min(ns) / 1e6:7.3f}  highest {max(ns) / 1e6:7.3f}")
print(f"  its own peak memory: {peak / 2**20:.1f} MiB")
ratio = statistics.median(w / b for w, b in zip(whole, bare))
print(f"  whole run / bare workload: median ratio {ratio:.1f} "
      f"({statistics.median(whole) * 1e3:.1f} ms / {statistics.median(bare) * 1e3:.1f} ms)")

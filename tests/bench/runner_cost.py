"""What the runner itself costs: medians of its own stamps, and whole runs side by side with a bare start of the workload.

usage: runner_cost.py BUILD [ROUNDS]      prints; asserts nothing: machines are noisy, and timings are no tests
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
native = os.path.join(build, "workloads", "scenario1")
cell = ["--mode", "threads", "--workers", "1", "--iterations", "1", "--warmup", "0", "--work-iters", "1"]


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def instrument() -> dict[str, int]:
    run = subprocess.run([tare, "run", "scenario1", "--runtime", "native", *cell, "--json", "-"], check=True,
                         capture_output=True)
    return json.loads(run.stdout)["instrument"]


# Interleaved, so that the machine's drift falls on both alike.
readings, bare, whole = [], [], []
for _ in range(rounds):
    readings.append(instrument())
    bare.append(seconds([native, "--profile", "overhead", "--hold-ms", "0", "--pids", "0", *cell]))
    whole.append(seconds([tare, "run", "scenario1", "--runtime", "native", *cell]))

both_ns = [r["slice_to_exec_ns"] + r["exit_to_removed_ns"] for r in readings]
prepare_ns = [r["prepare_ns"] for r in readings]
peak = max(r["peak_rss_bytes"] for r in readings)
print(f"rounds: {rounds}, native runtime, one iteration of one worker")
print(f"slice to exec + exit to removal: median {statistics.median(both_ns) / 1e6:.3f} ms "
      f"(lowest {min(both_ns) / 1e6:.3f}, highest {max(both_ns) / 1e6:.3f})")
print(f"everything before the slice:     median {statistics.median(prepare_ns) / 1e6:.3f} ms")
print(f"the runner's own peak memory:    {peak / 2**20:.1f} MiB")
ratio = statistics.median(w / b for w, b in zip(whole, bare))
print(f"whole run / bare workload:       median ratio {ratio:.1f} "
      f"({statistics.median(whole) * 1e3:.1f} ms / {statistics.median(bare) * 1e3:.1f} ms)")

"""What the runner itself costs: medians of its own stamps, and whole runs side by side with a bare start of the workload.

usage: runner_cost.py BUILD [ROUNDS]      prints; asserts nothing: machines are noisy, and timings are no tests
"""
import json
import os
import random
import shutil
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

# A bare start of `true` is vfork, exec, wait (posix_spawn); a bare wrapper is a program that does just that.
wrapper = os.path.join(build, "bench-wrapper")
source = b"""#include <sys/wait.h>
#include <unistd.h>
int main(int c, char **v) { int s = 0; pid_t p = vfork(); if (p == 0) { execv(v[c > 1], v + 1); _exit(127); }
waitpid(p, &s, 0); return WEXITSTATUS(s); }"""
subprocess.run([os.environ.get("CC", "cc"), "-O2", "-x", "c", "-", "-o", wrapper], input=source, check=True)
true = shutil.which("true")
starts = {
    "true": [true],
    "a bare wrapper of true": [wrapper, true],
    "tare exec --confine off true": [tare, "exec", "--quiet", "--confine", "off", "--", true],
    "tare exec --confine light true": [tare, "exec", "--quiet", "--confine", "light", "--", true],
    "tare exec true": [tare, "exec", "--quiet", "--", true],
}
if bwrap := shutil.which("bwrap"):
    view = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    starts["bwrap --unshare-all true"] = [bwrap, "--unshare-all", *view, true]
took = {name: [] for name in starts}
for _ in range(rounds):
    for name in random.sample(list(starts), len(starts)):
        start = time.perf_counter()
        os.waitpid(os.posix_spawn(starts[name][0], starts[name], os.environ), 0)
        took[name].append(time.perf_counter() - start)
bare = took["a bare wrapper of true"]
for name, each in took.items():
    ratio = statistics.median(t / b for t, b in zip(each, bare))
    print(f"{name:32} median {statistics.median(each) * 1e3:6.2f} ms  lowest {min(each) * 1e3:6.2f} ms  "
          f"/ bare wrapper: median ratio {ratio:.2f}")

"""What it takes to start `true` and see it end: bare, by tare exec, by bubblewrap; measured by hyperfine.

usage: starts.py BUILD [ROUNDS]      prints; asserts nothing. ROUNDS (5) times hyperfine with all of them in random order,
so that the machine's drift falls on all alike; each ratio is of medians of one round, and their median is given.
"""
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

build = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
RUNS = 40
tare = os.path.join(os.path.abspath(build), "tare")
true = shutil.which("true")
for needed in ("hyperfine", "bwrap"):
    if not shutil.which(needed):
        sys.exit(f"starts: no {needed} here (scripts/setup bench installs it)")

# vfork, exec, wait, and nothing else: a program, so that each of them is one program that starts another.
wrapper = os.path.join(build, "bench-wrapper")
SOURCE = b"""#include <sys/wait.h>
#include <unistd.h>
int main(int c, char **v) { int s = 0; pid_t p = vfork(); if (p == 0) { execv(v[c > 1], v + 1); _exit(127); }
waitpid(p, &s, 0); return WEXITSTATUS(s); }"""
subprocess.run([os.environ.get("CC", "cc"), "-O2", "-x", "c", "-", "-o", wrapper], input=SOURCE, check=True)
VIEW = "--ro-bind / / --dev /dev --proc /proc --tmpfs /tmp"
BARE, BWRAP = "vfork + exec + wait", "bwrap --unshare-all"
COMMANDS = {
    "true alone": true,
    BARE: f"{wrapper} {true}",
    "tare exec --confine off": f"{tare} exec --quiet --confine off -- {true}",
    "tare exec --confine light": f"{tare} exec --quiet --confine light -- {true}",
    "tare exec": f"{tare} exec --quiet -- {true}",
    BWRAP: f"bwrap --unshare-all {VIEW} {true}",
}


def measure(names: list[str]) -> dict[str, float]:
    """Medians in seconds, of one hyperfine."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        words = ["hyperfine", "--shell=none", "--style=none", "--warmup=5", f"--runs={RUNS}", f"--export-json={out.name}"]
        for name in names:
            words += ["--command-name", name, COMMANDS[name]]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"starts: hyperfine: exit {done.returncode}: {done.stderr.strip()}")
        return {result["command"]: result["median"] for result in json.load(out)["results"]}


took = [measure(random.sample(list(COMMANDS), len(COMMANDS))) for _ in range(rounds)]
print(f"starting `true`, by hyperfine: medians of {rounds} rounds of {RUNS} runs each; load now {os.getloadavg()[0]:.1f}")
for name in COMMANDS:
    over = {base: [t[name] / t[base] for t in took] for base in (BARE, BWRAP)}
    ratios = "  ".join(f"/ {base}: {statistics.median(r):5.2f} [{min(r):.2f}, {max(r):.2f}]" for base, r in over.items())
    print(f"  {name:26} {statistics.median(t[name] for t in took) * 1e3:6.2f} ms  {ratios}")

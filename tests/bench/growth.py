"""Whether profile growth finds what is planted: each pattern of churn on both builds, with a known number of bytes kept an
iteration, beside the slope that is measured, the part that it is found in, and what all parts add up to.

usage: growth.py BUILD [ITERATIONS]   prints; asserts nothing. ITERATIONS (2560) of each. Some five minutes.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

tare = os.path.join(os.path.abspath(sys.argv[1]), "tare")
iterations = int(sys.argv[2]) if len(sys.argv) > 2 else 2560
GIL = sys.executable
FREE = subprocess.run([Path(__file__).parents[2] / "scripts" / "build-python", "--print", "ft"], check=True,
                      capture_output=True, text=True).stdout.split()[1]  # fmt: skip
KIB = 1024
# Bytes an iteration, and the part that they are in. A step of stacks has to be large beside a thread's own cost.
PLANTED = {
    "flat": (0, None),
    "queue": (0, None),
    "leak": (16 * KIB, "live"),
    "threads": (16 * KIB, "live"),
    "lists": (16 * KIB, "live"),
    "cycles": (16 * KIB, "cycles"),
    "blocks": (16 * KIB, "live"),
    "stacks": (128 * KIB, "stacks"),
    "forked": (128 * KIB, "children"),
}
PARTS = ("live", "cycles", "free", "stacks", "children", "files")
MOST = 5  # per cent, of a slope and of a sum


def measure(pattern: str, keep: int, python: str) -> dict:
    words = [tare, "run", "churn", "--pattern", pattern, "--keep-bytes", keep or 16 * KIB, "--runtime", python]
    words += ["--iterations", iterations, "--json", "-"]
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"growth: {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)["growth"]


def mib(value: float) -> str:
    return f"{value / (1 << 20):9.2f}"


def compare(name: str, python: str, pattern: str, keep: int, part: str | None) -> None:
    """A line of the table."""
    growth = measure(pattern, keep, python)
    slopes, interval = growth["slopes"], growth["intervals"]["pss_bytes"]
    pss, planted = slopes["pss_bytes"], keep * 1000
    parts = sum(slopes[f"{one}_bytes"] for one in PARTS)
    line = f"{pattern:8} {name:6} {mib(planted)} {mib(pss)}  [{mib(interval['low']).strip()}, {mib(interval['high']).strip()}]"
    if not keep:
        has_0 = interval["low"] <= 0 <= interval["high"]
        print(f"{line:62} contains 0: {'yes' if has_0 else 'NO'}", flush=True)
        table.row(f"growth of {pattern}, {name}: its interval contains 0", has_0, 1, least=True)
        return
    print(f"{line:62} x{pss / planted:6.3f}  {part} {100 * slopes[f'{part}_bytes'] / planted:4.0f} %  parts/whole {parts / pss:6.3f}", flush=True)
    table.row(f"growth of {pattern}, {name}: slope off by", 100 * abs(pss / planted - 1), MOST, " %")
    table.row(f"growth of {pattern}, {name}: parts and whole apart by", 100 * abs(parts / pss - 1), MOST, " %")


print(f"what churn keeps beside the slope of PSS, MiB per 1,000 iterations, {iterations} iterations")
print("                   planted  measured  [95%]")
for pattern, (keep, part) in PLANTED.items():
    for name, python in (("3.14", GIL), ("3.14t", FREE)):
        compare(name, python, pattern, keep, part)

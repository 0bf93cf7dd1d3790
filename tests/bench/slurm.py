"""A plan of many invocations as one job array on a Slurm cluster of this machine (scripts/slurm/cluster), beside a bare array of as many
jobs that run the same command.

usage: slurm.py BUILD [JOBS]      asserts nothing but that each job left its record. JOBS (200).
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import table

build = Path(sys.argv[1]).resolve()
jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 200
CLUSTER = HERE.parents[1] / "scripts" / "slurm" / "cluster"
PLAN = """schema: tare.plan/1
name: many
invocations: {blocks}
cells:
  - {{id: a, command: [{true}]}}
  - {{id: b, command: [{true}]}}
"""
ROW = f"Slurm, an array of {jobs}: tare matrix / bare jobs"
INSIDE = "TARE_BENCH_IN_CLUSTER"


def bare(folder: Path, count: int) -> float:
    """Seconds of an array until none of its jobs is left, looked at as often as tare looks."""
    script = folder / "bare.sh"
    script.write_text(f"#!/bin/sh\n#SBATCH --array=0-{count - 1} --output=/dev/null\nexec {shutil.which('true')}\n")
    begin = time.monotonic()
    job = subprocess.run(["sbatch", "--parsable", script], check=True, capture_output=True, text=True).stdout.strip()
    while subprocess.run(["squeue", "--noheader", "--jobs", job], capture_output=True, text=True).stdout.strip():
        time.sleep(1)
    return time.monotonic() - begin


def by_tare(folder: Path) -> float:
    plan, out = folder / "plan.yml", Path(tempfile.mkdtemp(dir=folder)) / "out"
    plan.write_text(PLAN.format(blocks=jobs // 2, true=shutil.which("true")))
    seconds = table.weigh([build / "tare", "matrix", plan, "--engine", "slurm", "--out", out])[0]
    ended = [json.loads(path.read_text())["termination"]["reason"] for path in out.glob("*.json")]
    if ended != ["ok"] * jobs:
        sys.exit(f"slurm: {ended.count('ok')} of {jobs} records say ok")
    return seconds


def in_cluster() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare(folder, 2)  # a cluster that has just been started is slow to give its first jobs
        kinds = {"bare": lambda: bare(folder, jobs), "tare": lambda: by_tare(folder)}
        (took,) = table.in_turn(kinds, 1)
    each = {kind: seconds / jobs * 1e3 for kind, seconds in took.items()}
    print(f"  a job: bare {each['bare']:.0f} ms, by tare {each['tare']:.0f} ms; load now {os.getloadavg()[0]:.1f}")
    table.row(ROW, took["tare"] / took["bare"])
    table.row(f"Slurm, an array of {jobs}, by tare matrix", took["tare"], unit=" s")


if INSIDE in os.environ:
    in_cluster()
    sys.exit()
print(f"an array of {jobs} jobs on a Slurm of two nodes of one CPU each")
done = subprocess.run([CLUSTER, "--", sys.executable, "-P", __file__, build, str(jobs)], env={**os.environ, INSIDE: "1"}, stderr=subprocess.PIPE, text=True)
if done.returncode == 3:
    table.absent(ROW, done.stderr.strip().splitlines()[-1])
elif done.returncode != 0:
    sys.exit(f"slurm: exit {done.returncode}: {done.stderr.strip()}")

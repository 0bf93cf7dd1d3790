"""What the sampler takes: the CPU time of one walk over 1, 9, 100 and 1,000 processes beside psutil and the bare kernel read of the
same pids, its lateness at ticks of 1, 10 and 50 ms, and its own memory.

usage: sampler.py BUILD [ROUNDS]      asserts nothing. ROUNDS (15): in each all three are measured, in random order; a ratio is
the median of the rounds'; lateness is of 6 runs at each tick. As root, who may make a cgroup; psutil is the system's (scripts/setup bench).
"""
import contextlib
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import table

TOP = HERE.parents[1]
build = Path(sys.argv[1]).resolve()
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
SIZES = (1, 9, 100, 1000)
# An interval is five ticks.
INTERVALS_MS = {1: 5, 10: 50, 50: 250}
LATE_ROUNDS, LATE_MS = 6, 1000  # runs for the lateness, and how long each is sampled


def compiled() -> Path:
    """tests/bench/walk.c with the objects that ship."""
    program = build / "bench-walk"
    words = [os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O2", "-iquote", TOP / "runner", "-iquote", TOP]
    archive = build / "bench-walk.a"
    archive.unlink(missing_ok=True)
    parts = [p for p in [*build.glob("runner/base/*.o"), *build.glob("cgroups/*.o"), *build.glob("runner/launch/*.o")]
             if p.name not in ("compile_filters.o", "scope_main.o")]
    subprocess.run(["ar", "rcs", archive, *parts], check=True)
    subprocess.run([*words, HERE / "walk.c", archive, "-lm", "-o", program], check=True)
    return program


class Peer:
    """A program that answers each line with what it took, in ns, and of how many processes."""

    def __init__(self, *words):
        self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, letter: str, processes: int) -> float:
        self.process.stdin.write(letter + "\n")
        self.process.stdin.flush()
        took, summed = map(int, self.process.stdout.readline().split())
        if summed != processes:
            sys.exit(f"sampler: {self.process.args[0]} summed {summed} of {processes} processes")
        return took

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


@contextlib.contextmanager
def sleepers(cgroup: str, count: int):
    """Processes that wait, in a cgroup of theirs; they end with this one."""
    os.mkdir(cgroup)
    script = 'echo $$ >"$0/cgroup.procs"; i=0; while [ $i -lt "$1" ]; do sleep 1000 & i=$((i+1)); done; echo 0 >"$0/../cgroup.procs"; echo; wait'
    shell = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "sh", "-c", script, cgroup, str(count)], stdout=subprocess.PIPE)
    try:
        shell.stdout.readline()
        while len(open(f"{cgroup}/cgroup.procs").readlines()) != count:
            pass
        yield
    finally:
        Path(cgroup, "cgroup.kill").write_text("1")
        shell.kill()
        shell.wait()
        while "populated 1" in Path(cgroup, "cgroup.events").read_text():
            pass
        os.rmdir(cgroup)


def walks(program: Path) -> None:
    for count in SIZES:
        cgroup = table.own_cgroup("sampler")
        if cgroup is None:
            sys.exit("sampler: no cgroup v2 directory can be made here (run as root)")
        with sleepers(cgroup, count):
            ours, theirs = Peer(program, cgroup), Peer("/usr/bin/python3", HERE / "psutil_walk.py", cgroup)
            kinds = {"tare": lambda: ours.ask("s", count), "kernel": lambda: ours.ask("k", count), "psutil": lambda: theirs.ask("p", count)}
            table.in_turn(kinds, 2)
            took = table.in_turn(kinds, rounds)
            ours.close()
            theirs.close()
        each = {name: statistics.median(one[name] for one in took) / count / 1e3 for name in kinds}
        print(f"  {count} processes, each: " + ", ".join(f"{name} {us:.1f} us" for name, us in each.items()))
        for peer, most in (("kernel", 1.15), ("psutil", 0.7)):
            table.row(f"sampler / {peer}, {count:,} processes", table.ratio(took, "tare", peer), most)


def record(*words) -> dict:
    done = subprocess.run([build / "tare", *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"sampler: {done.stderr.strip()}")
    return json.loads(done.stdout)


def late_ns(tick_ms: int, interval_ms: int) -> list[int]:
    """Of each tick of one run."""
    cell = ["--profile", "memory", "--mode", "threads", "--workers", 2, "--iterations", 5, "--hold-ms", LATE_MS // 5]
    memory = record("run", "scenario1", "--runtime", "native", *cell, "--mem-interval-ms", interval_ms, "--json", "-")["memory"]
    late = sorted(sample["late_ns"] for sample in memory["samples"])
    print(f"  a tick each {tick_ms} ms: late by {statistics.median(late) / 1e3:.0f} us (median), {late[int(len(late) * 0.99)] / 1e3:.0f} us "
          f"(99 %); missed {memory['missed_ticks']} of {len(late) + memory['missed_ticks']}")
    return late


def lateness() -> None:
    """A round is a run: ticks of one run are alike, so that more of them tell nothing of the next run."""
    kinds = {tick: lambda tick=tick, wide=wide: statistics.median(late_ns(tick, wide)) / 1e3 for tick, wide in INTERVALS_MS.items()}
    took = table.in_turn(kinds, LATE_ROUNDS)
    for tick in kinds:
        table.row(f"a tick each {tick} ms, late by", [one[tick] for one in took], unit=" us")


def own_memory() -> None:
    """Of a run whose command has a thousand processes for some seconds."""
    script = "trap : TERM; i=0; while [ $i -lt 1000 ]; do sleep 1000 & i=$((i+1)); done; sleep 4; kill -TERM 0; wait; exit 0"
    took = record("exec", "--confine", "off", "--mem-sample", "--timeout", 100, "--json", "-", "--", "sh", "-c", script)
    most = max(s.get("all_pids", {}).get("pids", 0) for s in took["memory"]["samples"])
    table.row(f"the runner's own memory, {most} processes at once", took["instrument"]["peak_rss_bytes"] / 2**20, 10, " MiB")


print(f"the sampler: {rounds} rounds, CPU time; load now {os.getloadavg()[0]:.1f}")
walks(compiled())
lateness()
own_memory()

"""What the benches have in common: rounds in which all are measured in turn, ratios with their interval, and rows of the table.

With $TARE_BENCH_ROWS, a file, each row is also appended there as a line of JSON, with the value of each round: scripts/bench makes
the table of them.
As a program, `table.py WHAT WHY`, it adds a row that could not be measured.
"""
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def own_cgroup(name: str) -> str | None:
    """A path below a cgroup v2 mount where one can be made; None: not as this user, on this host."""
    mounts = [line.split() for line in open("/proc/self/mountinfo")]
    for mount in (m[4] for m in mounts if m[m.index("-") + 1] == "cgroup2"):
        path = f"{mount}/tare-bench-{name}-{os.getpid()}"
        try:
            os.mkdir(path)
            os.rmdir(path)
            return path
        except OSError:
            continue
    return None


def in_turn(kinds: dict[str, Callable[[], float]], rounds: int) -> list[dict[str, float]]:
    """Each kind once a round, in random order, so that the machine's drift falls on all alike."""
    return [{name: kinds[name]() for name in random.sample(list(kinds), len(kinds))} for _ in range(rounds)]


def ratio(took: list[dict[str, float]], over: str, under: str) -> list[float]:
    """One a round, sorted."""
    return sorted(one[over] / one[under] for one in took)


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The median's, 95 %, by order statistics (Le Boudec, Performance Evaluation, 2010, theorem 2.1): no shape is assumed. None:
    fewer than 6 values have none."""
    n, ordered = len(values), sorted(values)
    below, outside = 0, 2**-n  # so many are left out at each end, and the chance that the median lies there, too
    while outside + math.comb(n, below + 1) / 2**n <= 0.025:
        below += 1
        outside += math.comb(n, below) / 2**n
    return (ordered[below], ordered[-1 - below]) if outside <= 0.025 else None


def tell(values: Sequence[float]) -> str:
    """The median and its interval; of fewer than 6 the least and the greatest."""
    low, high = interval(values) or (min(values), max(values))
    return f"{statistics.median(values):.2f} [{low:.2f}, {high:.2f}]"


def weigh(words: Sequence, env: dict[str, str] | None = None) -> tuple[float, float, float]:
    """Seconds by the clock and of CPU time, and the peak resident MiB, of this child alone; it has to end well."""
    with tempfile.TemporaryFile() as said:
        begin = time.monotonic()
        child = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, env=env)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            said.seek(0)
            sys.exit(f"{' '.join(map(str, words))}: exit {child.returncode}: {said.read().decode(errors='replace').strip()}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def make_records(folder: Path, *words: object) -> None:
    """By many_records.py; nothing of them is on its way to the disk any more while they are read."""
    maker = Path(__file__).with_name("many_records.py")
    subprocess.run([sys.executable, "-P", maker, folder, *map(str, words)], check=True)
    os.sync()


def keep(row: dict) -> None:
    if file := os.environ.get("TARE_BENCH_ROWS"):
        with open(file, "a") as out:
            out.write(json.dumps(row) + "\n")


def verdict(measured: float, ends: tuple[float, float] | None, least: float | None, most: float | None) -> str:
    """Of the figure itself; "unsure" where its interval holds a bound, so that another run may say otherwise."""
    bounds = [bound for bound in (least, most) if bound is not None]
    if not bounds:
        return ""
    met = (least is None or measured >= least) and (most is None or measured <= most)
    unsure = ends and any(ends[0] <= bound <= ends[1] for bound in bounds)
    return ("pass" if met else "FAIL") + (", unsure" if unsure else "")


def said(least: float | None, most: float | None, unit: str) -> str:
    """The target in words."""
    if least is not None and most is not None:
        return f"{least:g} to {most:g}{unit}"
    return f"<= {most:g}{unit}" if most is not None else f">= {least:g}{unit}" if least is not None else ""


def digits(value: float) -> str:
    """Two decimals; of what is small two digits."""
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def why_no_interval(rounds: Sequence[float] | None, is_most: bool) -> str:
    count = len(rounds) if rounds else 1
    return "once" if count == 1 else f"the most of {count}" if is_most else f"{count} rounds"


def shown(row: dict) -> dict[str, str]:
    """A kept row as the table has it."""
    if row["measured"] is None:
        return {"what": row["what"], "measured": "null", "interval": "", "target": "", "verdict": row["why"]}
    unit = f" {row['unit']}" if row["unit"] else ""
    has = row["low"] is not None
    return {
        "what": row["what"],
        "measured": f"{digits(row['measured'])}{unit}",
        "interval": f"{digits(row['low'])} to {digits(row['high'])}" if has else why_no_interval(row["rounds"], row["is_most"]),
        "target": said(row["least"], row["most"], unit),
        "verdict": verdict(row["measured"], (row["low"], row["high"]) if has else None, row["least"], row["most"]),
    }


def row(what: str, of: float | Sequence[float], most: float | None = None, unit: str = "", least: float | None = None,
        ends: tuple[float, float] | None = None, is_most: bool = False) -> None:
    """Prints a figure beside its target, and keeps it for the table. of: one value a round, of which the median and its interval are
    taken, or the greatest alone (is_most), or a figure, whose interval is `ends`. most, least: the target; without them there is
    none."""  # fmt: skip
    many = isinstance(of, Sequence)
    low, high = (None if is_most else interval(of) if many else ends) or (None, None)
    measured = max(of) if is_most else statistics.median(of) if many else of
    kept = {"what": what, "unit": unit.strip(), "measured": measured, "low": low, "high": high, "least": least, "most": most,
            "rounds": list(of) if many else None, "is_most": is_most}  # fmt: skip
    told = shown(kept)
    print(f"  {what:66} {digits(kept['measured']):>9}{unit:7} {told['interval']:18} {told['target']:15} {told['verdict']}", flush=True)
    keep(kept)


def absent(what: str, why: str) -> None:
    """A row that this host cannot give."""
    print(f"  {what:66}      null: {why}", flush=True)
    keep({"what": what, "measured": None, "why": why})


if __name__ == "__main__":
    absent(*sys.argv[1:])

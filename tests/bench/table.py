"""What the benches have in common: rounds in which all are measured in turn, ratios with their spread, and rows of the table.

With $TARE_BENCH_ROWS, a file, each row is also appended there as a line of JSON: scripts/bench makes the table of them.
"""
import json
import os
import random
import statistics
from collections.abc import Callable


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


def tell(ratios: list[float]) -> str:
    """The median, and the quartiles that it lies between."""
    low, high = (ratios[int(len(ratios) * share)] for share in (0.25, 0.75)) if len(ratios) > 1 else ratios * 2
    return f"{statistics.median(ratios):.2f} [{low:.2f}, {high:.2f}]"


def row(what: str, measured: float, most: float | None, unit: str = "", least: bool = False) -> None:
    """Prints a figure beside its target, and keeps it for the table. most: None where there is no target; least: the target is
    the least that it may be."""
    met = None if most is None else (measured >= most if least else measured <= most)
    word = {None: "", True: "pass", False: "FAIL"}[met]
    sign = ">=" if least else "<="
    target = "" if most is None else f"{sign} {most:g}{unit}"
    print(f"  {what:66} {measured:9.2f}{unit:6} {target:16} {word}", flush=True)
    if file := os.environ.get("TARE_BENCH_ROWS"):
        with open(file, "a") as out:
            out.write(json.dumps({"what": what, "measured": f"{measured:.2f}{unit}", "target": target, "met": met}) + "\n")

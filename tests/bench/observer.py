"""What sampling does to what is sampled: iteration times with it (rollups each 50 ms, the default) beside those without.

usage: observer.py BUILD [ROUNDS]      asserts nothing. ROUNDS (15): in each, runs with and without, in random order; a ratio is of
the medians of their iterations. Three workloads: threads that fault pages (32 MiB
each, anew in each iteration), scenario1 in threads, scenario2. The slice's files alone: their CPU time's share, of the record.
"""
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

tare = Path(sys.argv[1]).resolve() / "tare"
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
# Of scenario2 an iteration lasts as long as it is told: what counts there is the time that an insertion takes.
WORKLOADS = {
    "page faults": ["--iterations", "30"],
    "scenario1, threads": ["--iterations", "20"],
    "scenario2": ["--iterations", "3", "--duration-ms", "300"],
}
FAULTS = "def fault(mib: int):\n    memory = bytearray(mib << 20)\n    memory[::4096] = b'x' * len(range(0, len(memory), 4096))\n    return len(memory)\n"
SAMPLED, NOT = "--mem-sample", "--no-mem-sample"


def scenario_of(name: str, folder: Path) -> str:
    if name != "page faults":
        return name.partition(",")[0]
    (folder / "work.py").write_text(FAULTS)
    words = ["bench", "work.py:fault", "--arg", "mib=32", "--keep", "faults", "--modes", "threads", "--workers", "2"]
    quick = ["--invocations", "1", "--iterations", "1", "--quiet"]
    subprocess.run([tare, *words, *quick], cwd=folder, check=True)
    return str(folder / "faults")


costs: list[float] = []
cpu_times: dict[str, list[float]] = {}  # of the whole slice: what others do on the machine does not lengthen it


def run(scenario: str, words: list[str], sampling: str) -> float:
    """What an iteration took, the median, or an insertion."""
    cell = ["--mode", "threads", "--workers", "2", "--warmup", "1", "--timeout", "120", sampling, "--json", "-"]
    done = subprocess.run([tare, "run", scenario, *words, *cell], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"observer: {scenario}: exit {done.returncode}: {done.stderr.strip()}")
    record = json.loads(done.stdout)
    if sampling == SAMPLED:
        memory = record["memory"]
        costs.append(memory["tick_cost_ns"]["p50"] / memory["tick_ns"])
        periods.append((memory["rollup_achieved_ns"] or math.nan) / 1e6)  # of one walk alone there is none
    cpu_times.setdefault(sampling, []).append(record["cpu"]["usage_usec"])
    if "--duration-ms" in words:
        return 1e9 / record["result"]["figures"]["ops_per_s"]
    stamps = record["iterations"]
    return statistics.median(end - start for start, end in zip(stamps["start_ns"], stamps["end_ns"], strict=True))


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    folder.chmod(0o755)
    print(f"iterations while memory is sampled beside the same without: {rounds} rounds; load now {os.getloadavg()[0]:.1f}")
    for name, words in WORKLOADS.items():
        periods: list[float] = []
        scenario = scenario_of(name, folder)
        took = table.in_turn({kind: lambda kind=kind: run(scenario, words, kind) for kind in (SAMPLED, NOT)}, rounds)
        print(f"  {name}: a walk each {statistics.median(periods):.0f} ms")
        table.row(f"sampled / not, {name}", table.ratio(took, SAMPLED, NOT), 1.03)
        if "--duration-ms" not in words:
            of = [on / off for on, off in zip(cpu_times[SAMPLED], cpu_times[NOT], strict=True)]
            table.row(f"sampled / not, {name}, CPU time", of)
        cpu_times.clear()
    table.row("the slice's files: CPU time of their reads", [100 * cost for cost in costs], 1, " %")

"""What sampling does to what is sampled: iteration times with it (rollups each 50 ms, the default) beside those without.

usage: observer.py BUILD [ROUNDS]      asserts nothing. ROUNDS (15): in each, runs with and without, in random order; a ratio is of
the medians of their iterations, and the median of the rounds' ratios is given. Three workloads: threads that fault pages (64 MiB
each, anew in each iteration), scenario1 in threads, scenario2. The slice's files alone: their CPU time's share, of the record.
"""
import json
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
WORKLOADS = {
    "page faults": ["--mode", "threads", "--workers", "2", "--iterations", "12"],
    "scenario1, threads": ["--mode", "threads", "--workers", "2", "--iterations", "60"],
    "scenario2": ["--mode", "threads", "--workers", "2", "--iterations", "30"],
}
FAULTS = "def fault(mib: int):\n    memory = bytearray(mib << 20)\n    memory[::4096] = b'x' * len(range(0, len(memory), 4096))\n    return len(memory)\n"
SAMPLED, NOT = "--mem-sample", "--no-mem-sample"


def scenario_of(name: str, folder: Path) -> str:
    if name != "page faults":
        return name.partition(",")[0]
    (folder / "work.py").write_text(FAULTS)
    words = ["bench", "work.py:fault", "--arg", "mib=64", "--keep", "faults", "--modes", "threads", "--workers", "2"]
    quick = ["--invocations", "1", "--iterations", "1", "--quiet"]
    subprocess.run([tare, *words, *quick], cwd=folder, check=True)
    return str(folder / "faults")


costs: list[float] = []


def run(scenario: str, words: list[str], sampling: str) -> float:
    """The median iteration, in ns."""
    done = subprocess.run([tare, "run", scenario, *words, "--warmup", "2", sampling, "--json", "-"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"observer: {scenario}: exit {done.returncode}: {done.stderr.strip()}")
    record = json.loads(done.stdout)
    if sampling == SAMPLED:
        memory = record["memory"]
        costs.append(memory["tick_cost_ns"]["p50"] / memory["tick_ns"])
        periods.append((memory["rollup_achieved_ns"] or 0) / 1e6)
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
        ratios = table.ratio(took, SAMPLED, NOT)
        print(f"  {name}: {statistics.median(one[NOT] for one in took) / 1e6:.2f} ms an iteration, {table.tell(ratios)}; "
              f"a walk each {statistics.median(periods):.0f} ms")
        table.row(f"iteration sampled / not, {name}", statistics.median(ratios), 1.03)
    table.row("the slice's files: CPU time of their reads", 100 * statistics.median(costs), 1, " %")

"""Writes README.md beside it, the table of one run of `make bench`, and results.json, its data, from the rows that the benches left
(table.py).

usage: readme.py BUILD ROWS COMMAND SECONDS LOAD_BEFORE
"""
import datetime
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

build, rows, command, seconds, load = sys.argv[1:]
HEAD = """# Benches: what the runner itself costs, beside its peers

Made by `make bench`, which runs all of them in turn, writes this file, and decides nothing: timings are no tests. One alone, which
only prints: `make bench BENCH=sampler`, `BENCH=starts=10` for other than its own number of rounds; `scripts/bench --help` lists them.

All that is compared is measured in turn, in random order, round by round; a ratio is the median of the rounds' ratios, and its 95 %
interval is by order statistics; of a spread it is a bootstrap's. Where there is none, its column says what the figure is: measured once,
the median of fewer than six rounds, or the most of all rounds. A verdict is of the figure; "unsure" where the interval holds the target's
bound, so that another run may say otherwise. A limit in seconds, or of records a second, is for CPU time, which other programs on the
machine lengthen less than the time by the clock, which stands beside it. What this machine could not give is null, with the reason. Peers
are Debian's (`scripts/setup bench`). `results.json` beside this file has each figure as a number, with the value of every round. They are
no records of tare's: those are of what ran in a slice, and here tare itself is weighed, from outside, by clocks of its own and of its
peers.

"""


def cpu() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


kept = [json.loads(line) for line in Path(rows).read_text().splitlines()]
version = subprocess.run([f"{build}/tare", "--version"], check=True, capture_output=True, text=True).stdout.strip()
facts = {
    "date": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC",
    "of": version,
    "command": command,
    "took": f"{int(seconds) // 60} min {int(seconds) % 60} s",
    "machine": f"{cpu()}, {os.cpu_count()} CPUs, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 30} GiB, Linux {platform.release()}",
    "load": f"{load} before, {os.getloadavg()[0]:.1f} after",
}
lines = [f"- {key}: {f'`{value}`' if key == 'command' else value}" for key, value in facts.items()]
lines += ["", "| what | measured | 95 % interval | target | |", "|---|---|---|---|---|"]
lines += [f"| {' | '.join(cell.replace('|', '/') for cell in table.shown(one).values())} |" for one in kept]
Path(__file__).with_name("README.md").write_text(HEAD + "\n".join(lines) + "\n")
Path(__file__).with_name("results.json").write_text(json.dumps({"schema": "tare.bench/1", **facts, "rows": kept}, indent=1) + "\n")

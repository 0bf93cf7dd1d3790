"""Writes README.md beside it: the table of one run of `make bench`, from the rows that the benches left (table.py).

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

build, rows, command, seconds, load = sys.argv[1:]
HEAD = """# Benches: what the runner itself costs, beside its peers

Made by `make bench`, which runs all of them in turn, writes this file, and decides nothing: timings are no tests. One alone, which
only prints: `make bench BENCH=sampler`, `BENCH=starts=10` for other than its own number of rounds; `scripts/bench --help` lists them.

All that is compared is measured in turn, in random order, round by round; a ratio is the median of the rounds' ratios. Peers are
Debian's (`scripts/setup bench`). On a machine that does other work the ratios of elapsed times (starts, observer) are too large: look at
the load.

"""


def cpu() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


kept = [json.loads(line) for line in Path(rows).read_text().splitlines()]
version = subprocess.run([f"{build}/tare", "--version"], check=True, capture_output=True, text=True).stdout.strip()
facts = {
    "date": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC",
    "of": version,
    "command": f"`{command}`, {int(seconds) // 60} min {int(seconds) % 60} s",
    "machine": f"{cpu()}, {os.cpu_count()} CPUs, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 30} GiB, Linux {platform.release()}",
    "load": f"{load} before, {os.getloadavg()[0]:.1f} after",
}
lines = [f"- {key}: {value}" for key, value in facts.items()]
lines += ["", "| what | measured | target | |", "|---|---|---|---|"]
lines += [f"| {one['what']} | {one['measured']} | {one['target']} | {({None: '', True: 'pass', False: 'FAIL'})[one['met']]} |" for one in kept]
Path(__file__).with_name("README.md").write_text(HEAD + "\n".join(lines) + "\n")

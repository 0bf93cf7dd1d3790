"""What reading many records takes: seconds and memory of `tare report`, as text and as CSV, of `tare plan-size` and of `tare compare`.

usage: records.py BUILD [COUNT]      asserts nothing. 100, 1,000 and 10,000 records of 100 iterations each, and COUNT (10000), where
that is more. What takes long is measured once.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import table

build = Path(sys.argv[1]).resolve()
most = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
COUNTS = [count for count in (100, 1000, 10000) if count < most] + [most]
ROUNDS = 7
ONCE = 10000  # and more records are read once
# What has a target, in s and MiB, at so many records.
TARGETS = {("report --text", 100000): (30, 200)}
COMMANDS = {
    "report --text": lambda folder: ["report", "--text", folder],
    "report --format csv": lambda folder: ["report", "--format", "csv", folder],
    "plan-size": lambda folder: ["plan-size", folder],
    "compare, so twice": lambda folder: ["compare", "--noise-floor", "none", folder, folder],
}


def part_of(folder: Path, count: int, parent: str) -> Path:
    """So many of its records, in a folder of theirs."""
    part = Path(parent, str(count))
    part.mkdir(exist_ok=True)
    for path in sorted(folder.iterdir())[:count]:
        if part != folder:
            os.link(path, part / path.name)
    return part


def measure(name: str, folder: Path, count: int) -> None:
    took = [table.weigh([build / "tare", *COMMANDS[name](folder)]) for _ in range(1 if count >= ONCE else ROUNDS)]
    seconds, cpu_s, mib = ([one[i] for one in took] for i in range(3))
    seconds_most, mib_most = TARGETS.get((name, count), (None, None))
    single = len(took) == 1
    table.row(f"{name}, {count:,} records", seconds[0] if single else seconds, seconds_most, " s")
    if count == most:
        table.row(f"{name}, {count:,} records, CPU time", cpu_s[0] if single else cpu_s, unit=" s")
        table.row(f"{name}, {count:,} records, memory", max(mib), mib_most, " MiB")


with tempfile.TemporaryDirectory() as parent:
    whole = Path(parent, str(most))
    subprocess.run([sys.executable, "-P", HERE / "many_records.py", whole, "--count", str(most), "--iterations", "100"], check=True)
    mib = sum(path.stat().st_size for path in whole.iterdir()) / 2**20
    print(f"{most} records, {mib:.0f} MiB; load now {os.getloadavg()[0]:.1f}")
    for count in COUNTS:
        folder = part_of(whole, count, parent)
        for name in COMMANDS:
            if count < 100000 or (name, count) in TARGETS or name.startswith("compare"):
                measure(name, folder, count)

"""What reading many records takes: seconds and memory of `tare report`, as text and as CSV, of `tare plan-size` and of `tare compare`.

usage: records.py BUILD [COUNT]      asserts nothing. 100, 1,000 and 10,000 records of 100 iterations each, and COUNT (10000), where
that is more. What takes long is measured once.
"""
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

build = Path(sys.argv[1]).resolve()
most = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
COUNTS = [count for count in (100, 1000, 10000) if count < most] + [most]
ROUNDS = 7
ONCE = 10000  # and more records are read once
VERY_MANY = 100000  # take so long that not all is measured with them
# What has a target, in s and MiB, at so many records.
TARGETS = {("report --text", VERY_MANY): (30, 200)}
COMMANDS = {
    "report --text": lambda folder: ["report", "--text", folder],
    "report --format csv": lambda folder: ["report", "--format", "csv", folder],
    "plan-size": lambda folder: ["plan-size", folder],
    "compare of two halves": lambda folder: ["compare", "--noise-floor", "none", *halves_of(folder)],
}


def part_of(folder: Path, first: int, last: int, into: Path) -> Path:
    """Some of its records, in a folder of theirs."""
    into.mkdir()
    for path in sorted(folder.iterdir())[first:last]:
        os.link(path, into / path.name)
    return into


def halves_of(folder: Path) -> list[Path]:
    halves = [folder.with_name(f"{folder.name}-{half}") for half in "ab"]
    if not halves[0].exists():
        count = len(os.listdir(folder))
        part_of(folder, 0, count // 2, halves[0])
        part_of(folder, count // 2, count, halves[1])
    return halves


def measure(name: str, folder: Path, count: int) -> None:
    words = [build / "tare", *COMMANDS[name](folder)]
    took = [table.weigh(words) for _ in range(1 if count >= ONCE else ROUNDS)]
    seconds, cpu_s, mib = ([one[i] for one in took] for i in range(3))
    seconds_most, mib_most = TARGETS.get((name, count), (None, None))
    single = len(took) == 1
    table.row(f"{name}, {count:,} records", seconds[0] if single else seconds, unit=" s")
    if count == most:
        table.row(f"{name}, {count:,} records, CPU time", cpu_s[0] if single else cpu_s, seconds_most, " s")
        table.row(f"{name}, {count:,} records, memory", mib, mib_most, " MiB", is_most=True)


with tempfile.TemporaryDirectory() as parent:
    whole = Path(parent, str(most))
    table.make_records(whole, "--count", most, "--iterations", 100)
    mib = sum(path.stat().st_size for path in whole.iterdir()) / 2**20
    print(f"{most} records, {mib:.0f} MiB; load now {os.getloadavg()[0]:.1f}")
    for count in COUNTS:
        folder = whole if count == most else part_of(whole, 0, count, Path(parent, str(count)))
        for name in COMMANDS:
            if count < VERY_MANY or name in ("report --text", "compare of two halves"):
                measure(name, folder, count)

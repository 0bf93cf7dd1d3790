"""What reading many records takes: seconds and memory of `tare report`, as text and as CSV, and of `tare compare`.

    records.py BUILD [COUNT]      COUNT records (10000) of 100 iterations
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import table


def weigh(words):
    """Seconds by the clock and of CPU time, and the peak resident size, of this child alone."""
    begin = time.monotonic()
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - begin
    if status != 0:
        sys.exit(f"{' '.join(map(str, words))}: status {status}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    build = Path(sys.argv[1])
    count = sys.argv[2] if len(sys.argv) > 2 else "10000"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, HERE / "many_records.py", folder, "--count", count, "--iterations", "100"], check=True)
        mib = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20
        print(f"{count} records, {mib:.0f} MiB")
        for name, words in (
            ("tare report --text DIR", ["report", "--text", folder]),
            ("tare report --format csv DIR", ["report", "--format", "csv", folder]),
            ("tare compare DIR DIR, so twice", ["compare", "--noise-floor", "none", folder, folder]),
        ):
            seconds, cpu, peak = weigh([build / "tare", *words])
            print(f"{name:32} {seconds:6.2f} s ({cpu:.2f} s of CPU time), at most {peak:.0f} MiB")
            if "--text" in words:
                hundred = int(count) >= 100000
                table.row(f"{count} records to a table", seconds, 30 if hundred else None, " s")
                table.row(f"{count} records to a table, memory", peak, 200 if hundred else None, " MiB")


if __name__ == "__main__":
    main()

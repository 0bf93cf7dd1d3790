"""What reading many records takes: seconds and memory of `tare report --format csv` and of `tare compare`.

    records.py BUILD [COUNT]      COUNT records of 1000 iterations (10000)
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def weigh(words):
    """Wall seconds, and the greatest resident size so far of any child: the commands run from small to great."""
    begin = time.monotonic()
    done = subprocess.run(words, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}")
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main():
    build = Path(sys.argv[1])
    count = sys.argv[2] if len(sys.argv) > 2 else "10000"
    with tempfile.TemporaryDirectory() as folder:
        # In a process that has ended before the figures are taken: RUSAGE_CHILDREN is of those that were waited for.
        maker = subprocess.Popen([sys.executable, HERE / "many_records.py", folder, "--count", count])
        if maker.wait() != 0:
            sys.exit("many_records.py failed")
        of_maker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        mib = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20
        print(f"{count} records, {mib:.0f} MiB (making them took {of_maker:.0f} MiB of memory)")
        for name, words in (
            ("tare report --format csv DIR", ["report", "--format", "csv", folder]),
            ("tare compare DIR DIR", ["compare", "--noise-floor", "none", folder, folder]),
        ):
            seconds, peak = weigh([build / "tare", *words])
            print(f"{name:32} {seconds:6.2f} s, at most {peak:.0f} MiB")


if __name__ == "__main__":
    main()

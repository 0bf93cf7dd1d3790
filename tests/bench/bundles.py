"""How many records a second `tare pack` and `tare verify` go through.

usage: bundles.py BUILD [COUNT]      asserts nothing. COUNT (10000) records of 100 iterations, of a plan of four cells, and of a plan with
as many cells.
"""
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

tare = Path(sys.argv[1]).resolve() / "tare"
count = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
LEAST = 1000  # records a second
for cells in (4, count):
    with tempfile.TemporaryDirectory() as parent:
        folder, bundle = Path(parent, "many"), Path(parent, "many.tar")
        table.make_records(folder, "--plan", "--cells", cells, "--count", count, "--iterations", 100)
        print(f"a bundle of {count} records of {cells} cells; load now {os.getloadavg()[0]:.1f}")
        for name, words in (("pack", [folder, "-o", bundle]), ("verify", [bundle])):
            seconds, cpu_s, mib = table.weigh([tare, name, *words])
            print(f"  {name}: {seconds:.2f} s, {cpu_s:.2f} s of CPU time, at most {mib:.0f} MiB; {bundle.stat().st_size / 2**20:.0f} MiB")
            what = f"{name}, {count:,} records of {cells:,} cells"
            table.row(f"{what}, a second of CPU time", count / cpu_s, least=LEAST)
            table.row(f"{what}, a second", count / seconds)

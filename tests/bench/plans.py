"""What a plan of many cells takes before and after what it runs: its order planned (--dry-run), and gone on with
where one invocation is missing.

usage: plans.py BUILD [CELLS]      asserts nothing. CELLS (10000, the most that are allowed) of one invocation each.
"""
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

tare = Path(sys.argv[1]).resolve() / "tare"
cells = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
ROUNDS = 6
SECONDS, MIB = 5, 100  # at most, for the most cells that are allowed

with tempfile.TemporaryDirectory() as parent:
    folder = Path(parent, "records")
    table.make_records(folder, "--plan", "--cells", cells, "--count", cells, "--iterations", 20)
    print(f"a plan of {cells} cells; load now {os.getloadavg()[0]:.1f}")
    one = min(folder.glob("*.json"))

    def resume() -> tuple[float, float, float]:
        one.unlink()
        return table.weigh([tare, "matrix", folder])

    kinds = {
        "planned": lambda: table.weigh([tare, "matrix", folder / "plan.yml", "--dry-run", "--out", Path(parent, "none")]),
        "gone on with, one record missing, and its table": resume,
    }
    took = [{name: kind() for name, kind in kinds.items()} for _ in range(ROUNDS)]
    for name in kinds:
        table.row(f"a plan of {cells:,} cells, {name}", [one[name][0] for one in took], unit=" s")
        table.row(f"a plan of {cells:,} cells, {name}: CPU time", [one[name][1] for one in took], SECONDS, " s")
        table.row(f"a plan of {cells:,} cells, {name}: memory", [one[name][2] for one in took], MIB, " MiB", is_most=True)

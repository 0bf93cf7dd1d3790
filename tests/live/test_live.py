"""tare, live: in the slices that this machine gives it, with known loads and with every kind of bad end.

    python3.14 -P tests/live/test_live.py -v [MODULE.CLASS.TEST]...

As root, on a host as it is and in the VM (scripts/vm -- …), which has all of cgroup v2. A test that needs what the
place lacks is skipped and says so. $TARE_UNDER_TEST names another program than build/tare.
"""

import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import rig

MODULES = [
    "test_weights",
    "test_slices",
    "test_ends",
    "test_words",
    "test_tune",
    "test_selftest",
    "test_partitions",
    "test_systemd",
    "test_confine",
    "test_exec",
    "test_readme",
]

if __name__ == "__main__":
    names = [word for word in sys.argv[1:] if not word.startswith("-")]
    rig.prepare()
    try:
        unittest.main(module=None, argv=sys.argv + ([] if names else MODULES))
    finally:
        shutil.rmtree(rig.WORK, ignore_errors=True)

"""tare, live: in the slices that this machine gives it, with known loads and with every kind of bad end.

    python3.14 -P tests/live/test_live.py -v [--part=I/N | --without=MODULE | MODULE.CLASS.TEST...]

As root, on a host as it is and in the VM (scripts/vm -- …), which has all of cgroup v2. A test that needs what the
place lacks is skipped and says so. --part: the I-th of N shares of the modules. $TARE_UNDER_TEST names another program than build/tare.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import rig

MODULES = [
    "test_weights",
    "test_slices",
    "test_gil",
    "test_why",
    "test_growth",
    "test_runtimes",
    "test_ends",
    "test_words",
    "test_tune",
    "test_selftest",
    "test_partitions",
    "test_crun",
    "test_systemd",
    "test_confine",
    "test_escapes",
    "test_exec",
    "test_readme",
    "test_matrix",
    "test_bisect",
    "test_counters",
    "test_bench",
    "test_slurm",
    "test_compare",
    "test_outputs",
    "test_rig",
]

def wanted(words: list[str]) -> list[str]:
    """Names are as they are; without any it is all modules, or a part of them."""
    if any(not word.startswith("-") for word in words):
        return words
    share, of = next((map(int, word[7:].split("/")) for word in words if word.startswith("--part=")), (1, 1))
    without = [word.partition("=")[2] for word in words if word.startswith("--without=")]
    modules = [module for module in MODULES[share - 1 :: of] if module not in without]
    return [word for word in words if not word.startswith(("--part=", "--without="))] + modules


if __name__ == "__main__":
    rig.run_tests(lambda: unittest.main(module=None, argv=sys.argv[:1] + wanted(sys.argv[1:])))

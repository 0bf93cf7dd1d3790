"""Records of a plan of a few seconds, made once by the tare that was built, and what reports are made of them."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
TARE = Path(os.environ.get("TARE") or TOP / "build/tare")
LOGS = TOP / "build/test-logs"


def tare(*words, **environment):
    return subprocess.run([str(TARE), *map(str, words)], text=True, capture_output=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment}, check=False)


class Made:
    """A folder of its own with records in it; ended with close()."""

    def __init__(self):
        self.kept = tempfile.TemporaryDirectory()
        self.folder = Path(self.kept.name)
        self.records = self.folder / "records of a plan"
        done = tare("matrix", HERE / "plan.yml", "--seed", 7, "--out", self.records)
        if done.returncode != 0:
            self.kept.cleanup()
            raise RuntimeError(f"tare matrix: {done.stderr}")

    def close(self):
        self.kept.cleanup()

    def copy(self, name):
        return Path(shutil.copytree(self.records, self.folder / name))

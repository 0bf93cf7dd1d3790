"""Folders of the artefact's own, and what it has started, when it is ended or killed."""

import os
import pathlib
import signal
import subprocess
import time
import unittest

from bundles import TARE, BundleTest, tare

# It draws for ever, and writes where it was started meanwhile; what it starts itself does the same.
GNUPLOT = """\
#!/bin/sh
case $1 in --version) echo gnuplot 5.4 patchlevel 4; exit;; esac
i=0
( while :; do i=$((i + 1)); : >"inner$i"; done ) &
echo $$ $! >{said}
while :; do i=$((i + 1)); : >"outer$i"; done
"""


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_for(what):
    for _ in range(500):
        if what():
            return True
        time.sleep(0.02)
    return False


class Ending(BundleTest):
    def setUp(self):
        super().setUp()
        self.said, self.tmp = self.dir / "said", self.dir / "tmp"
        gnuplot = self.dir / "bin/gnuplot"
        gnuplot.parent.mkdir()
        self.tmp.mkdir()
        gnuplot.write_text(GNUPLOT.format(said=self.said))
        gnuplot.chmod(0o755)
        self.env = os.environ | {"PATH": f"{gnuplot.parent}:{os.environ['PATH']}", "TMPDIR": str(self.tmp)}

    def drawing(self, *words):
        """A process that is drawing, and the processes of its gnuplot."""
        self.said.unlink(missing_ok=True)
        child = subprocess.Popen([TARE, *words], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(wait_for(lambda: self.said.exists() and self.said.read_text().endswith("\n")))
        pids = [int(pid) for pid in self.said.read_text().split()]
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in pids if not is_gone(pid)])
        self.addCleanup(lambda: (child.poll() is None and child.kill(), child.wait()))
        return child, pids

    def test_a_signal_ends_what_was_started_and_removes_the_folders(self):
        out = self.dir / "out"
        out.mkdir()
        for number in 3 * (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for words in (("pack", self.folder, "-o", out / "x.tar"), ("verify", self.packed)):
                child, pids = self.drawing(*words)
                child.send_signal(number)
                self.assertEqual(child.wait(10), -number)
                self.assertTrue(wait_for(lambda: all(is_gone(pid) for pid in pids)))
                self.assertEqual([*self.tmp.iterdir(), *out.iterdir()], [])

    def test_what_a_killed_one_left_is_cleaned_and_what_is_in_use_is_not(self):
        killed, pids = self.drawing("verify", self.packed)
        left = set(self.tmp.iterdir())
        alive, _ = self.drawing("verify", self.packed)
        used = set(self.tmp.iterdir()) - left
        killed.kill()
        killed.wait()
        for pid in pids:
            if not is_gone(pid):
                os.kill(pid, signal.SIGKILL)
        self.assertTrue(wait_for(lambda: all(is_gone(pid) for pid in pids)))
        self.assertTrue(left and used)
        said = tare("clean", env={"TMPDIR": str(self.tmp)}).stdout
        self.assertEqual(set(self.tmp.iterdir()), used)
        for folder in left:
            self.assertIn(f"removed  {folder}\n", said)
        self.assertIsNone(alive.poll())


if __name__ == "__main__":
    unittest.main()

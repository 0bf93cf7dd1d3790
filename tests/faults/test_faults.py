#!/usr/bin/env python3
"""A sample of the tries of `make faults`, of every kind; and that the harness tells of what goes wrong with itself, which
must not look like tries that were survived."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from ground import cgroup2_mount, children_of  # noqa: E402

PATIENCE_S = 120



SAMPLE = 12  # each 12th try of every kind: about a minute's
KINDS = {"stage", "inject", "follow", "kill", "end", "full", "limit", "start", "cgroup", "at-once"}


@unittest.skipUnless(os.geteuid() == 0 and cgroup2_mount(), "needs root and a cgroup2 file system")
class Faults(unittest.TestCase):
    def test_a_sample_of_the_tries_of_every_kind_is_survived(self):
        command = [sys.executable, str(HERE / "faults.py"), "--sample", str(SAMPLE)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = [line.split() for line in done.stdout.splitlines()]
        survived = {row[0]: int(row[2]) for row in rows if len(row) == 5 and row[0] in KINDS}
        self.assertEqual({kind for kind, count in survived.items() if count > 0}, KINDS, done.stdout)
        self.assertGreater(sum(survived.values()), 400, done.stdout)

    def test_there_are_at_least_3000_tries_of_other_names(self):
        done = subprocess.run([sys.executable, str(HERE / "faults.py"), "--list"], capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(set(done.stdout.split())), 4000, "some of which do not come to their fault")


@unittest.skipUnless(os.geteuid() == 0 and cgroup2_mount(), "needs root and a cgroup2 file system")
class Harness(unittest.TestCase):
    def begin(self, *words: str) -> subprocess.Popen:
        command = [sys.executable, str(HERE / "faults.py"), *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def workers_in_a_try(self, process: subprocess.Popen, count: int) -> list[int]:
        """Once each of them has started something, which unshare(1) did not; first comes one that lists the tries."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            pids = children_of(process.pid)
            if len(pids) == count and all(children_of(pid) for pid in pids):
                return pids
            time.sleep(0.05)
        self.fail("the workers did not start")

    def own_places(self, process: subprocess.Popen) -> set[Path]:
        """Its folder is named on its workers' command lines; the cgroups have the folder's name."""
        words = Path(f"/proc/{children_of(process.pid)[0]}/cmdline").read_text().split("\0")
        folder = Path(words[words.index("--place") + 1])
        return {folder, *(cgroup2_mount() / f"faults-{folder.name}-{n}" for n in (0, 1))}

    def test_a_worker_that_ends_early_is_a_failure_and_leaves_nothing(self):
        process = self.begin("start/clean/*", "--workers", "2")
        victim, other = self.workers_in_a_try(process, 2)
        places = self.own_places(process)
        os.kill(victim, signal.SIGKILL)
        out, _ = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 1, out)
        self.assertRegex(out, r"worker [01] ended by SIGKILL after \d+ tries, in \S+")
        self.assertRegex(out, r"\b4[12] passed, 1 failed")  # the other one makes the rest
        self.assertEqual([str(path) for path in places if path.exists()], [])

    def test_a_harness_that_is_ended_takes_its_workers_along(self):
        process = self.begin("inject/exec", "--workers", "2")
        workers = self.workers_in_a_try(process, 2)
        places = self.own_places(process)
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 128 + signal.SIGINT, err)
        self.assertEqual([pid for pid in workers if Path(f"/proc/{pid}").exists()], [], err)
        self.assertEqual([str(path) for path in places if path.exists()], [], err)

    def test_a_harness_that_is_ended_while_its_workers_prepare_leaves_nothing(self):
        process = self.begin("inject/exec", "--workers", "2")
        places = self.own_places(process) if self.workers_in_a_try(process, 2) else set()
        folder = next(path for path in places if path.is_relative_to("/tmp"))
        end = time.monotonic() + PATIENCE_S
        while not all((folder / str(n) / "given/m/.lock").exists() for n in (0, 1)):  # the first run of the first scene
            self.assertLess(time.monotonic(), end)
            time.sleep(0.002)
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 128 + signal.SIGINT, err)
        self.assertEqual([str(path) for path in places if path.exists()], [], err)

    def test_a_try_that_breaks_within_the_harness_is_a_failed_try(self):
        words = "import faults, tables; tables.SCENES['clean']['first'] = 'verify'; tables.SCENES['verify']['words'] = ['no-such-command']"
        code = f"import sys; sys.path.insert(0, {str(HERE)!r}); {words}; sys.argv = ['faults.py', '--place', sys.argv[1], '--worker', '0']; faults.main()"
        with tempfile.TemporaryDirectory(prefix="tf.", dir="/tmp") as folder:
            done = subprocess.run([sys.executable, "-c", code, folder], input="start/clean/ignored:HUP\n", capture_output=True, text=True,
                                  timeout=PATIENCE_S)
        said = "the try itself broke: SystemExit: faults: without any fault, tare no-such-command: 2"
        self.assertIn(f"failed\tstart/clean/ignored:HUP\t{said}", done.stdout, done.stderr)

    def test_no_try_of_a_name_is_a_failure(self):
        process = self.begin("no-such-name")
        out, _ = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 1, out)
        self.assertIn("no try of that name", out)


if __name__ == "__main__":
    unittest.main()

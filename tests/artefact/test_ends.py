"""How commands on bundles start and end: with what their caller ignores, and by a signal that nobody can handle."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

import bundles
from bundles import TARE, tare

IGNORING = """import os, signal, sys
for name in sys.argv[1].split(): signal.signal(getattr(signal, name), signal.SIG_IGN)
os.execv(sys.argv[2], sys.argv[2:])"""

PLAN = """\
schema: tare.plan/1
name: held
invocations: 1
defaults: {scenario: scenario1, runtime: native, warmup: 0, iterations: 8, workers: 2}
cells:
  - {mode: processes, profile: memory, hold-ms: 1013}
"""


def pids_that_say(*words: str) -> list[int]:
    """Whose command line has all of these."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace") if entry.name.isdigit() else ""
        except OSError:
            continue  # it has ended
        if line and all(word in line for word in words):
            found.append(int(entry.name))
    return found


def wait_for(what, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (got := what()) and time.monotonic() < end:
        time.sleep(0.02)
    return got


class Full(bundles.BundleTest):
    """No room, or a limit on a file's size: one line, and nothing of the bundle is left."""

    def pack_where(self, script: str) -> subprocess.CompletedProcess:
        words = ["sh", "-ec", f'cd "$1"; {script}; shift; set +e; "$@"; status=$?; ls -A . >../left; exit $status', "sh"]
        place = self.dir / "place"
        place.mkdir()
        line = [*words, place, TARE, "pack", self.folder, "-o", "full.tar"]
        return subprocess.run(["unshare", "-m", *map(str, line)], capture_output=True, text=True)

    def assert_one_line(self, done: subprocess.CompletedProcess, why: str, *left: str) -> None:
        self.assertIn(done.returncode, (3, 5), done.stdout + done.stderr)
        self.assertRegex(done.stderr, rf"\Atare: pack: [^\n]*{why}\n\Z")
        self.assertEqual((self.dir / "left").read_text().split(), sorted(left))

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small file system takes root")
    def test_a_bundle_for_which_there_is_no_room_leaves_nothing(self):
        done = self.pack_where('mount -t tmpfs -o size=64k none "$1"; cd "$1"')
        self.assert_one_line(done, "No space left on device")

    def test_a_limit_on_file_sizes_is_said_and_leaves_nothing(self):
        done = self.pack_where("ulimit -f 200")  # blocks of 512 bytes: the tar is larger
        self.assert_one_line(done, "File too large")


class Ends(bundles.BundleTest):
    def ignoring(self, names: str, *words) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, "-c", IGNORING, names, TARE, *words], capture_output=True, text=True, timeout=120)

    def test_a_caller_that_ignores_sigchld_has_its_bundle_verified_with_its_drawings(self):
        done = self.ignoring("SIGCHLD", "verify", self.packed)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout, tare("verify", self.packed).stdout)

    @unittest.skipIf(not shutil.which("minisign"), "minisign is not installed")
    def test_a_caller_that_ignores_sigchld_has_its_bundle_signed(self):
        key = self.dir / "key"
        subprocess.run(["minisign", "-G", "-W", "-p", self.dir / "key.pub", "-s", key], check=True, capture_output=True)
        tar = shutil.copy(self.packed, self.dir / "signed.tar")
        done = self.ignoring("SIGCHLD", "sign", tar, "--key", key)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_a_reader_that_has_gone_ends_it_by_sigpipe_as_it_does_others(self):
        with subprocess.Popen([TARE, "verify", "--json", self.packed], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            running.stdout.close()
            said = running.stderr.read()
        self.assertEqual((running.returncode, said), (-signal.SIGPIPE, b""))

    def test_a_limit_on_a_files_size_is_one_line_and_leaves_no_bundle(self):
        script = 'ulimit -f 8; exec "$@"'
        done = subprocess.run(["bash", "-c", script, "bash", TARE, "pack", self.folder, "-o", self.dir / "new.tar"],
                              capture_output=True, text=True, env=os.environ | {"TMPDIR": str(self.dir)}, timeout=120)
        self.assertEqual(done.returncode, 5, done)
        self.assertRegex(done.stderr, r"\Atare: pack: [^\n]*File too large[^\n]*\n\Z")
        self.assertEqual(list(self.dir.iterdir()), [])

    def test_with_a_killed_reproduction_its_rerun_ends_and_leaves_no_process(self):
        plan, out = self.dir / "held.yml", self.dir / "records"
        plan.write_text(PLAN)
        done = tare("matrix", plan, "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = tare("pack", out, "-o", self.dir / "held.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        again = self.dir / "again"
        running = subprocess.Popen([TARE, "reproduce", self.dir / "held.tar", "--out", again],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=os.environ | {"TMPDIR": str(self.dir)})  # killed, it leaves its folder
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        self.assertTrue(wait_for(lambda: pids_that_say("matrix", str(again))))
        running.kill()
        running.wait()
        self.assertTrue(wait_for(lambda: not pids_that_say(str(again)) and not pids_that_say("--hold-ms", "1013")))
        ends = [json.loads(record.read_text())["termination"]["reason"] for record in again.glob("0*.json")]
        self.assertNotIn("ok", ends, "its rerun went on to its end")


if __name__ == "__main__":
    unittest.main()

"""The tests themselves: what they made is removed when a signal ends them, and by the next where that could not be caught."""

import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

import rig
from rig import NATIVE, LiveTest, for_each, setUpModule  # noqa: F401

INNER = "TARE_LIVE_INNER"


@unittest.skipUnless(INNER in os.environ, "what the others of this module start")
class Inner(LiveTest):
    def test_long(self):
        running = self.start(*NATIVE, "--profile", "memory", "--hold-ms", 600000)
        self.assertTrue(running.workload(1))
        print("TMP", rig.TMP, rig.TOP, flush=True)
        running.end()

    def test_short(self):
        pass


@unittest.skipIf(rig.ALONE, "there the whole hierarchy is looked at: see the host's run")
class Sessions(LiveTest):
    def start_session(self, test: str) -> subprocess.Popen:
        line = [sys.executable, "-P", rig.HERE / "test_live.py", f"test_rig.Inner.{test}"]
        session = subprocess.Popen(line, env=os.environ | {INNER: "1"}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(session.stdout.close)
        self.addCleanup(session.wait)
        self.addCleanup(session.kill)
        return session

    def start_long(self) -> tuple[subprocess.Popen, Path, Path]:
        session = self.start_session("test_long")
        words = session.stdout.readline().split()
        self.assertEqual(words[:1], ["TMP"])
        return session, Path(words[1]), Path(words[2])

    def assert_gone(self, tmp: Path, top: Path) -> None:
        self.assertEqual(rig.pids_with(f"TMPDIR={tmp}".encode()), [])
        self.assertEqual([path for path in (tmp.parent, top) if path.exists()], [])

    @for_each({"sigterm": (signal.SIGTERM,), "sighup": (signal.SIGHUP,), "sigint": (signal.SIGINT,)})
    def a_session_that_is_ended_leaves_nothing(self, number):
        session, tmp, top = self.start_long()
        session.send_signal(number)
        self.assertEqual(session.wait(rig.PATIENCE_S), -number)
        self.assert_gone(tmp, top)

    def test_what_a_killed_session_left_is_removed_by_the_next_and_a_living_one_is_let_be(self):
        (killed, *left), (living, *kept) = self.start_long(), self.start_long()
        killed.kill()
        killed.wait()
        self.assertTrue(left[1].exists())
        self.assertEqual(self.start_session("test_short").wait(rig.PATIENCE_S), 0)
        self.assert_gone(*left)
        self.assertEqual([path.exists() for path in kept], [True, True])
        self.assertIsNone(living.poll())
        living.terminate()
        living.wait(rig.PATIENCE_S)
        self.assert_gone(*kept)

"""--why: what a diagnostic run tells of the threads, and what it leaves alone."""

import json
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

import rig
from rig import LiveTest, setUpModule  # noqa: F401

# Each call of all threads waits for one lock, which sleeps while it is held: so much waiting is seen on a busy machine too.
SCENARIO = """schema: tare.scenario/1
name: convoy
summary: threads that wait for one lock
modes: [threads, processes]
mode: threads
profiles:
  overhead: {iterations: 2, warmup: 0, mem-sample: false}
commands: {python: ["{python}", -s, -B, "{lib}/tare_bench.py", "{dir}/convoy.py"]}
figures:
  - {name: calls_per_s, unit: 1/s, title: calls in a second, kind: rate, better: more, help: calls in a second}
"""
PROGRAM = """import threading, time
lock = threading.Lock()
def work():
    for _ in range(20):
        with lock:
            time.sleep(0.002)
"""
# Its diagnostic run lasts until it is ended; the environment tells which run it is.
HELD = """import os, time
def work():
    time.sleep(600 if "PYTHONPERFSUPPORT" in os.environ else 0.01)
"""


@unittest.skipUnless(rig.FREE_THREADED, "there is no free-threaded interpreter (scripts/build-python ft)")
@unittest.skipIf(rig.EMULATED, "user probes and samples need no cgroup v2; the host has looked at them")
class Why(LiveTest):
    def convoy(self):
        folder = self.dir / "convoy"
        folder.mkdir()
        (folder / "scenario.yml").write_text(SCENARIO)
        (folder / "convoy.py").write_text(PROGRAM)
        return folder

    def explain(self, *options: object, prefix=(), runtime: object = "3.14t") -> rig.Done:
        words = [*prefix, rig.TARE, "run", self.convoy(), "--json", self.json, "--runtime", runtime, "--workers", 4, "--why", *options]
        return rig.Running([str(word) for word in words], rig.environment(TARE_CACHE=str(rig.CACHE)), self.json).end()

    def test_names_the_lock_that_threads_wait_for_and_leaves_the_timed_run_alone(self):
        done = self.explain()
        if done.status == 3:
            self.assertRegex(done.err, r"^tare: run: --why: [^\n]+\([^\n]+\)\n$")
            self.skipTest(done.err)
        self.assertEqual(done.status, 0, done)
        self.assertIn("=== why ===", done.out)
        why = json.loads(self.json.with_name(self.json.stem + ".why.json").read_text())
        timed = json.loads(self.json.read_text())
        self.assertEqual((why["schema"], why["of"]), ("tare.why/1", timed["id"]))
        self.assertNotEqual(why["id"], timed["id"])
        self.assertNotIn("why", timed)
        self.assertNotIn("PYTHONPERFSUPPORT", json.dumps(timed))
        self.assertIn(why["verdict"], ("thread_lock",) if why["python_share"] > 0.5 else ("thread_lock", "interpreter_lock"), why)
        first = why["causes"][0]
        self.assertGreater(first["share"], 0.6, why)
        self.assertGreater(first["wait_p95_ns"], 1e6)
        times = why["times"]
        self.assertEqual(times["thread_ns"], times["own_ns"] + times["lost_ns"] + times["runnable_ns"])
        said = "in the same Python built with frame pointers" in " ".join(done.out.split())
        self.assertEqual((why["interpreter"], said), (rig.PROFILED, rig.PROFILED is not None))
        self.assertNotIn("/cpython-variants/", timed["runtime"]["path"])

    def test_an_interpreter_that_another_built_is_traced_itself(self):
        python = self.dir / "python3.14t"
        python.symlink_to(rig.FREE_THREADED)
        done = self.explain(runtime=python)
        if done.status == 3:
            self.skipTest(done.err)
        self.assertEqual(done.status, 0, done)
        why = json.loads(self.json.with_name(self.json.stem + ".why.json").read_text())
        self.assertEqual((why["interpreter"], why["interpreter_reason"]), (None, "it is that of the timed run"))
        self.assertNotIn("in the same Python", " ".join(done.out.split()))

    def test_a_signal_ends_the_diagnostic_run_and_the_timed_record_stays(self):
        folder = self.convoy()
        (folder / "convoy.py").write_text(HELD)
        words = [rig.TARE, "run", folder, "--json", self.json, "--runtime", "3.14t", "--workers", 2, "--why"]
        running = rig.Running([str(word) for word in words], rig.environment(TARE_CACHE=str(rig.CACHE)), self.json)
        self.addCleanup(running.abandon)
        traced = lambda: [p for p in rig.pids_with(b"PYTHONPERFSUPPORT=1") if rig.descends_from(p, running.pid)]  # noqa: E731
        rig.wait_for(lambda: traced() or running.process.poll() is not None)
        if running.process.poll() is None:
            running.process.terminate()
        done = running.end()
        if done.status == 3:
            self.skipTest(done.err)
        self.assertEqual((done.status, done.err), (128 + signal.SIGTERM, ""), done)
        self.assertEqual(done.record["termination"]["reason"], "ok")
        self.assertEqual([path.name for path in self.dir.glob("*.json")], [self.json.name])

    def test_refuses_what_has_no_threads_in_common(self):
        self.assertEqual((self.explain("--mode", "processes").status), 2)

    def test_refuses_standard_output_for_the_record(self):
        done = self.explain("--json", "-")
        self.assertEqual(done.status, 2)
        self.assertRegex(done.err, r"^tare: run: --why writes a record of its own [^\n]*--out DIR\)\n$")

    def test_a_caller_without_the_right_gets_the_timed_run_and_one_line(self):
        done = self.explain("--isolation", "off", "--confine", "off", prefix=["setpriv", "--bounding-set", "-sys_admin,-perfmon", "--inh-caps", "-all"])
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.err, r"tare: run: --why: [^\n]*CAP_PERFMON[^\n]*run as root[^\n]*\n$")
        self.assertIn("=== result ===", done.out)
        self.assertTrue(self.json.exists())
        self.assertFalse(self.json.with_name(self.json.stem + ".why.json").exists())


@unittest.skipUnless(rig.FREE_THREADED, "there is no free-threaded interpreter (scripts/build-python ft)")
@unittest.skipIf(rig.EMULATED, "user probes and samples need no cgroup v2; the host has looked at them")
class Selftest(LiveTest):
    """`tare selftest --why`: what is planted is named, and a wrong name is not passed."""

    def selftest(self, *words: object, tare: str | Path = rig.TARE) -> subprocess.CompletedProcess:
        command = [str(word) for word in (tare, "selftest", "--why", *words)]
        return subprocess.run(command, env=rig.environment(TARE_CACHE=str(rig.CACHE)), capture_output=True, text=True, timeout=rig.PATIENCE_S)

    def rows(self, patterns: str, tare: str | Path = rig.TARE) -> tuple[int, dict]:
        """A host whose CPUs others use has unavailable rows, which say so: they are asked for again, some times."""
        for _ in range(4):
            done = self.selftest("--only", patterns, "--json", tare=tare)
            if done.returncode == 3:
                self.assertRegex(done.stderr, r"^tare: selftest: --why: [^\n]+\([^\n]+\)\n$")
                self.skipTest(done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual(report["schema"], "tare.selftest-why/1")
            reasons = [row["reason"] for row in report["rows"] if row["verdict"] == "unavailable"]
            if not reasons:
                return done.returncode, {row["pattern"]: row for row in report["rows"]}
            self.assertTrue(all(reasons), report)
        self.skipTest(reasons[0])

    @unittest.skipUnless(rig.PROFILED, "without frame pointers causes are named by the innermost function (scripts/build-python --config diag ft)")
    def test_what_is_planted_is_named_and_nothing_where_nothing_is(self):
        status, rows = self.rows("lock,pure")
        self.assertEqual((status, rows["lock"]["verdict"], rows["pure"]["verdict"]), (0, "ok", "ok"), rows)
        self.assertEqual((rows["lock"]["named"], rows["pure"]["named"]), ("thread_lock", None))
        self.assertGreater(rows["lock"]["share"], 0.6)

    def test_a_pattern_that_is_not_what_it_is_said_to_be_is_misnamed(self):
        """By a tare beside which lies a scenario that lies: its innocent threads wait for one lock."""
        build = Path(rig.TARE).resolve().parent
        tare = self.dir / "tare"
        shutil.copy2(build / "tare", tare)
        shutil.copytree(build / "workloads", self.dir / "workloads")
        program = self.dir / "workloads/causes/causes.py"
        program.write_text(program.read_text().replace("def work(", PROGRAM.replace("def work():", "def convoy():") + "\n\nPATTERNS['pure'] = convoy\n\n\ndef work("))
        status, rows = self.rows("pure", tare)
        self.assertEqual((status, rows["pure"]["verdict"]), (1, "MISNAMED"), rows)
        self.assertIn(rows["pure"]["named"], ("thread_lock", "interpreter_lock"))

    def test_bad_input_is_refused_in_a_line(self):
        for words, said in (
            (("--only", "nope"), r"--only 'nope': what is allowed is a list of lock, list, dict, [^\n]+"),
            (("--only", "lock,"), r"--only '': what is allowed is [^\n]+"),
            (("--only", "lock", "--runtime", "3.14"), r"--runtime '3.14': what is allowed is a free-threaded interpreter [^\n]+"),
        ):
            done = self.selftest(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done)
            self.assertRegex(done.stderr, f"^tare: selftest: --why: {said}\n$")


if __name__ == "__main__":
    rig.run_tests(unittest.main)

"""--why: what a diagnostic run tells of the threads, and what it leaves alone."""

import json
import unittest

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


@unittest.skipUnless(rig.FREE_THREADED, "there is no free-threaded interpreter (scripts/build-python ft)")
@unittest.skipIf(rig.EMULATED, "user probes and samples need no cgroup v2; the host has looked at them")
class Why(LiveTest):
    # One with frame pointers, where it was built, tells the stacks whole; of the other only the innermost functions.
    interpreter = next((str(path) for path in sorted(rig.CACHE.glob("cpython-variants/*-ft-diag-*/bin/python3.14t"))), "3.14t")

    def convoy(self):
        folder = self.dir / "convoy"
        folder.mkdir()
        (folder / "scenario.yml").write_text(SCENARIO)
        (folder / "convoy.py").write_text(PROGRAM)
        return folder

    def explain(self, *options: object, prefix=()) -> rig.Done:
        words = [*prefix, rig.TARE, "run", self.convoy(), "--json", self.json, "--runtime", self.interpreter, "--workers", 4, "--why", *options]
        return rig.Running([str(word) for word in words], rig.environment(), self.json).end()

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


if __name__ == "__main__":
    rig.run_tests(unittest.main)

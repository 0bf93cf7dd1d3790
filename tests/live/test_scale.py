"""tare scale: every mode and number of workers, what threads lose and to what; and what is said where it cannot be."""

import json
import os
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path

import rig
from rig import LiveTest, for_each, once_is_enough, setUpModule  # noqa: F401

MODULE = """
def work(max_steps: int = 2000):
    return sum(i * i for i in range(max_steps))
"""

QUICK = ["--workers", "1,2", "--iterations", "2", "--invocations", "1", "--modes", "threads,processes"]

REFUSED = {
    "nothing": ([], r"nothing was named: tare scale SCENARIO \| FILE\.py:FUNCTION"),
    "no_scenario": (["nope"], r"'nope' is no scenario; what is allowed is "),
    "a_mode_that_is_none": (["scenario1", "--modes", "native,fibres"], r"'fibres' is no mode; .* native, threads"),
    "a_mode_twice": (["scenario1", "--modes", "native,threads,native"], r"'native,threads,native': native is there twice"),
    "native_alone": (["scenario1", "--modes", "native"], r"--modes 'native': one of them has to run Python"),
    "a_native_function": (["work.py:work", "--modes", "threads,native"], r"a function of Python has no native"),
    "a_knob_that_is_none": (["scenario1", "--workers", "1,2", "--foo", "3"], r"--foo"),
    "a_knobs_value": (["scenario1", "--workers", "1,2", "--work-iters", "x"], r"--work-iters 'x': what is allowed is a whole number"),
    "an_argument_of_a_scenario": (["scenario1", "--arg", "x=1"], r"--arg: 'scenario1' is a scenario; its knobs are options"),
    "a_scenario_that_is_kept": (["scenario1", "--keep", "kept"], r"--keep: 'scenario1' is a scenario already"),
    "no_knob_to_share": (["scenario1", "--strong", "lifecycle"], r"--strong 'lifecycle': what is allowed is a knob .* whole number"),
    "no_argument_to_share": (["work.py:work", "--strong", "max_steps"], r"--strong 'max_steps': .* whole number that --arg gives"),
    "a_share_that_is_uneven": (
        ["scenario1", "--strong", "work-iters", "--work-iters", "1001", "--workers", "1,2,3"],
        r"1001 cannot be shared evenly by every number of workers; a multiple of 6 can, as 1002",
    ),
    "a_cause_without_threads": (["scenario1", "--modes", "processes,native", "--why"], r"--why names what the threads .* 'processes,native' has none"),
    "one_number_of_workers": (["scenario1", "--workers", "2"], r"--workers '2': .*over the first of them"),
    "workers_that_do_nothing": (["work.py:work", "--workers", "1,2", "--calls", "0", "--keep", "kept"], r"--calls '0': .*do nothing"),
    "a_share_of_no_number": (["work.py:work", "--arg", "max_steps=a", "--strong", "max_steps"], r"'a' cannot be shared"),
}


class Scale(LiveTest):
    def setUp(self):
        super().setUp()
        self.dir.chmod(0o755)
        (self.dir / "work.py").write_text(MODULE)

    def scale(self, *options: object, prefix=()) -> rig.Done:
        words = [*prefix, rig.TARE, "scale", *options]
        running = rig.Running([str(word) for word in words], rig.environment(TARE_CACHE=str(rig.CACHE)), self.json, self.dir)
        self.addCleanup(running.abandon)
        return running.end()

    def assert_adds_up(self, loss: dict) -> None:
        """Of what was measured, to the last place."""
        parts = [loss[key]["at"] or 0 for key in ("got", "ceiling", "sharing", "start")]
        self.assertAlmostEqual(sum(parts), loss["workers"], 9)


class Functions(Scale):
    @once_is_enough
    def test_the_parts_of_what_threads_lose_add_up_and_the_report_draws_them(self):
        done = self.scale("work.py:work", *QUICK, "--out", "out", "--json", "found.json")
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.out, r"\Awork of work: a call takes .*\nweak scaling: each worker makes \d+ calls?; 3\.14t on")
        self.assertRegex(done.out, r"(?m)^At 2 threads you get [\d.]+ of 2: ", done)
        self.assertIn("since there are no intervals: fewer than 5 invocations of a cell.", " ".join(done.out.split()))
        self.assertTrue(all(len(line) <= 80 for line in done.out.splitlines()), done)
        found = json.loads((self.dir / "found.json").read_text())
        self.assertEqual(found["schema"], "tare.scale/1")
        split = found["sweeps"][0]["splits"][0]
        self.assert_adds_up(split["losses"][0])
        self.assertEqual(split["start_by"], "the same program")  # whose processes import what it does
        self.assertNotIn("scenario0", done.out)
        self.assertIn("2 numbers of workers, and it takes 4", split["fit"]["refused"])
        runtimes = {json.loads(p.read_text())["runtime"]["name"] for p in (self.dir / "out").glob("*.json")}
        self.assertEqual(runtimes, {"3.14t"})  # one interpreter: builds are not confounded with modes
        report = subprocess.run([rig.TARE, "report", "out"], cwd=self.dir, env=rig.environment(), capture_output=True, text=True)
        self.assertEqual(report.returncode, 0, report.stderr)
        page = (self.dir / "out/report.html").read_text()
        self.assertIn("Where the speed-up of threads is lost", page)
        self.assertIn("sharing tax", page)

    @once_is_enough
    def test_without_modes_only_those_are_taken_that_the_interpreter_has(self):
        listed = subprocess.run([rig.TARE, "run", "--runtime", "list"], env=rig.environment(), capture_output=True, text=True)
        older = re.search(r"(?m)^(3\.1[23]t?) ", listed.stdout)
        if not older:
            self.skipTest("no CPython 3.12 or 3.13 lies on this host, and newer ones have every mode")
        done = self.scale("work.py:work", *QUICK[:-2], "--python", older[1], "--json", "-")
        self.assertEqual(done.status, 0, done)
        self.assertNotIn("not run", done.err)
        self.assertEqual({c["mode"] for c in json.loads(done.out)["sweeps"][0]["curves"]}, {"threads", "processes"})

    @once_is_enough
    def test_what_failed_has_no_speed_up_not_even_of_one(self):
        (self.dir / "half.py").write_text("from multiprocessing import parent_process\n\ndef work():\n    assert not parent_process()\n")
        done = self.scale("half.py:work", "--workers", "1,2", "--iterations", "2", "--invocations", "1", "--modes", "threads,processes", "--json", "-")
        self.assertEqual(done.status, 4, done)
        points = {c["mode"]: [p["speed_up"] for p in c["points"]] for c in json.loads(done.out)["sweeps"][0]["curves"]}
        self.assertEqual([one["at"] for one in points["processes"]], [None, None])
        self.assertEqual(points["processes"][0]["at_reason"], "no run of it ended well")
        self.assertEqual(points["threads"][0]["at"], 1)

    @once_is_enough
    def test_workers_share_what_an_argument_says(self):
        shared = ["--arg", "max_steps=6000", "--strong", "max_steps", "--out", "out", "--json", "-"]
        done = self.scale("work.py:work", *QUICK, *shared)
        self.assertEqual(done.status, 0, done)
        curves = json.loads(done.out)["sweeps"][0]["curves"]
        self.assertEqual({c["shared_knob"] for c in curves}, {"max_steps"})
        scenarios = [json.loads(p.read_text())["scenario"] for p in (self.dir / "out").glob("*.json")]
        shares = {(s["workers"], s["max_steps"]) for s in scenarios if "max_steps" in s}
        self.assertEqual(shares, {(1, 6000), (2, 3000)})


# All calls wait for one lock, which sleeps while it is held: so much waiting is seen on a busy machine too.
CONVOY = """import threading, time
lock = threading.Lock()

def work():
    for _ in range(5):
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
class Causes(Scale):
    """--why: the losses and their cause, in one output."""

    quick = ["--workers", "1,3", "--iterations", "2", "--invocations", "1", "--modes", "threads,processes", "--why"]

    def explain(self, *options: object, prefix=()) -> rig.Done:
        (self.dir / "convoy.py").write_text(CONVOY)
        return self.scale("convoy.py:work", "--calls", 2, "--lifecycle", "pool", *self.quick, "--out", "out", *options, prefix=prefix)

    def tare(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([rig.TARE, *words], cwd=self.dir, env=rig.environment(), capture_output=True, text=True)

    def test_tells_what_is_lost_and_to_what_and_the_report_shows_both(self):
        done = self.explain("--json", "found.json")
        if done.status == 3:
            self.assertRegex(done.err, r"^tare: scale: --why: [^\n]+\([^\n]+\)\n$")
            self.skipTest(done.err)
        self.assertEqual(done.status, 0, done)
        self.assertLess(done.out.index("At 3 threads you get "), done.out.index("=== why ==="))
        self.assertRegex(done.out, r"diagnostic run: \d+ iterations of 3 workers,[^;]* [\d.]+\s+times\s+as\s+long\s+each")
        self.assertTrue(all(len(line) <= 80 or "://" in line for line in done.out.splitlines()), done)
        found = json.loads((self.dir / "found.json").read_text())
        why = found["why"]
        kept = list((self.dir / "out").glob("*.why.json"))
        self.assertEqual([json.loads(path.read_text()) for path in kept], [why])
        timed = json.loads(Path(str(kept[0]).replace(".why.json", ".json")).read_text())
        self.assertEqual((why["schema"], why["of"], why["workers"]), ("tare.why/1", timed["id"], 3))
        self.assertEqual((timed["scenario"]["mode"], timed["scenario"]["workers"]), ("threads", 3))
        first = why["causes"][0]
        self.assertGreater(first["share"], 0.6, why)
        if why["python_share"] > 0.5:
            self.assertEqual((first["id"], first["function"], first["line"]), ("thread_lock", "work", 4), why)
            self.assertEqual(first["file"], str(self.dir / "convoy.py"))
        self.assertGreater(why["flame"]["lost_ns"], 0)
        self.assertLessEqual(sum(call["ns"] for call in why["flame"]["calls"]), why["flame"]["ns"])
        again = self.tare("matrix", "out")  # what lies beside a record is none, and is left where it is
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("nothing was run", again.stderr)
        self.assertFalse((self.dir / "out/aside").exists())
        report = self.tare("report", "out")
        self.assertEqual((report.returncode, report.stderr), (0, ""))
        page = (self.dir / "out/report.html").read_text()
        self.assertIn('<svg class="flame"', page)
        self.assertIn("What threads lose their time to", page)

    @for_each({"ctrl_c": (signal.SIGINT,), "sigterm": (signal.SIGTERM,)})
    def a_signal_ends_the_diagnostic_run_and_the_losses_stay_told(self, number):
        (self.dir / "held.py").write_text(HELD)
        words = [rig.TARE, "scale", "held.py:work", "--calls", "1", "--workers", "1,2", "--iterations", "2", "--invocations", "1"]
        words += ["--modes", "threads", "--why", "--out", "out", "--json", "found.json"]
        running = rig.Running(words, rig.environment(TARE_CACHE=str(rig.CACHE)), self.json, self.dir)
        self.addCleanup(running.abandon)
        traced = lambda: [p for p in rig.pids_with(b"PYTHONPERFSUPPORT=1") if rig.descends_from(p, running.pid)]  # noqa: E731
        rig.wait_for(lambda: traced() or running.process.poll() is not None)
        if running.process.poll() is None:
            running.process.send_signal(number)
        done = running.end()
        if done.status == 3:
            self.skipTest(done.err)
        self.assertEqual((done.status, done.err), (128 + number, ""), done)
        self.assertRegex(done.out, r"(?m)^threads, 3\.14t +2 ")
        self.assertNotIn("=== why ===", done.out)
        found = json.loads((self.dir / "found.json").read_text())
        self.assertEqual((found["why"], found["why_reason"]), (None, "it was interrupted"))
        self.assertEqual(list((self.dir / "out").glob("*.why.json")), [])

    def test_whoever_may_not_trace_gets_the_losses_and_one_line(self):
        bare = ["setpriv", "--bounding-set", "-sys_admin,-perfmon", "--inh-caps", "-all"] if os.getuid() == 0 else []
        done = self.explain("--isolation", "off", "--confine", "off", "--json", "found.json", prefix=bare)
        self.assertEqual(done.status, 3, done)
        self.assertRegex(done.err, r"\Atare: scale: --why: [^\n]*CAP_PERFMON[^\n]*run as root[^\n]*\n\Z")
        self.assertRegex(done.out, r"(?m)^At 3 threads you get ")
        found = json.loads((self.dir / "found.json").read_text())
        self.assertIsNone(found["why"])
        self.assertIn("CAP_PERFMON", found["why_reason"])
        self.assertEqual(list((self.dir / "out").glob("*.why.json")), [])


class Scenarios(Scale):
    @once_is_enough
    def test_what_starting_takes_is_measured_beside_a_scenario_and_its_native_too(self):
        modes = ["--modes", "threads,processes,native"]
        done = self.scale("scenario1", *QUICK[:-2], *modes, "--json", "-")
        self.assertEqual(done.status, 0, done)
        sweep = json.loads(done.out)["sweeps"][0]
        self.assertEqual([c["runtime"] for c in sweep["curves"]], ["3.14t", "3.14t", "native"])
        split = sweep["splits"][0]
        if split["not_split"]:  # on a slow machine the work of 20,000 steps can be less than a start
            self.assertIn("give them more to do", split["not_split"])
        else:
            self.assertIsNotNone(split["losses"][0]["start"]["at"])
            self.assert_adds_up(split["losses"][0])

    @once_is_enough
    def test_what_is_nothing_but_starts_is_not_measured_twice(self):
        done = self.scale("scenario0", *QUICK, "--json", "-")
        self.assertEqual(done.status, 0, done)
        self.assertEqual(len(json.loads(done.out)["sweeps"]), 1)

    @once_is_enough
    def test_whoever_may_nothing_may_this(self):
        if os.getuid() != 0:
            self.skipTest("the other tests run as an unprivileged user already")
        nobody = ["env", "-u", "TARE_CGROUP_ROOT", "TMPDIR=/tmp", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        python = ["--python", rig.BESIDE / Path(sys.executable).relative_to(sys.prefix)]  # everybody may read this one
        done = self.scale("work.py:work", *QUICK, *python, prefix=nobody)
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.out, r"(?m)^At 2 threads you get ", done)


@once_is_enough
class BadInput(Scale):
    @for_each(REFUSED)
    def refuses(self, options, why):
        done = self.scale(*options)
        self.assertEqual((done.status, done.out), (2, ""), done)
        self.assertRegex(done.err, rf"\Atare: scale: .*{why}", done)
        self.assertEqual(len(done.err.splitlines()), 1, done)
        self.assertFalse((self.dir / "kept").exists())

"""tare bench: a function in every mode: what is said of it, and what is said where it cannot be weighed."""

import json
import signal
import subprocess

import rig
from rig import LiveTest, for_each, once_is_enough, setUpModule  # noqa: F401

MODULE = """
import os
from multiprocessing import parent_process

def work(steps: int = 1000):
    return sum(i * i for i in range(steps))

def large():
    return b"x" * (64 << 20)

def inner():
    raise ValueError("the data file is missing")

def failing():
    inner()

def failing_in_processes():
    if parent_process():
        inner()

def reading():
    with open(os.path.join(os.path.dirname(__file__), "table.txt")) as file:
        return file.read()

def generating():
    yield 1

def local():
    return lambda: 1

no_name = lambda: 1

class Kind:
    def method(self):
        return 1

class Untold(Exception):
    def __str__(self):
        raise ValueError

def untold():
    raise Untold

def group():
    raise ExceptionGroup("many", [ValueError("one"), TypeError("two")])

def writing():
    open("written", "w")

def asking():
    from urllib.request import urlopen
    urlopen("http://example.com")

def odd_name():
    return open("Daten für 1.csv").read()

def linked():
    return open("link.csv").read()

def lists():
    return os.listdir("data")

def two(a, /, b):
    return a + b

no_function = 3
"""

QUICK = ["--workers", "1,2", "--iterations", "2", "--invocations", "1"]

REFUSED = {
    "no_function": ([], r"no function was named"),
    "no_colon": (["work.py"], r"'work\.py': what is allowed is FILE\.py:FUNCTION or MODULE:FUNCTION"),
    "no_such_file": (["nope.py:work"], r"'nope\.py': No such file or directory"),
    "a_folder": (["folder.py:work"], r"'folder\.py' is no regular file"),
    "a_file_that_cannot_be_imported": (["my-work.py:work"], r"'my-work' is no name that Python can import"),
    "no_such_module": (["no_such_module:work"], r"there is no module 'no_such_module', neither in .* nor among"),
    "no_such_function": (["work.py:wrok"], r"the module 'work' has no 'wrok' \(did you mean 'work'\?\)"),
    "no_function_of_it": (["work.py:no_function"], r"'no_function' is no function: it is of the type int"),
    "a_generator": (["work.py:generating"], r"'generating' is a generator"),
    "a_name_of_ours": (["driver.py:work"], r"the module 'driver' has the name of one of tare's own"),
    "an_argument_without_a_value": (["work.py:work", "--arg", "steps"], r"--arg 'steps': what is allowed is NAME=VALUE"),
    "an_unknown_argument": (["work.py:work", "--arg", "step=1"], r"'work' has no parameter 'step'; it takes steps"),
    "an_argument_of_another_type": (["work.py:work", "--arg", "steps=x"], r"steps 'x': .*a value of the type int"),
    "an_argument_twice": (["work.py:work", "--arg", "steps=1", "--arg", "steps=2"], r"steps is given twice"),
    "an_argument_that_is_needed": (["work.py:two"], r"'two' needs a value for a, b \(--arg a=VALUE\)"),
    "a_result_that_cannot_leave": (["work.py:local"], r"what 'local' returns cannot leave a process: .*--discard-results"),
    "a_method": (["work.py:Kind.method"], r"'Kind\.method' is a method of an object: name a function that makes a Kind and calls it"),
    "a_file_with_an_odd_name": (["work.py:odd_name"], r"'Daten für 1\.csv' has a character other .*what a function reads .* by its whole path"),
    "a_link": (["work.py:linked"], r"'link\.csv' is a link \(what a function reads .* by its whole path"),
    "no_such_python": (["work.py:work", "--python", "./nope"], r"--python '\./nope': No such file"),
    "no_python": (["work.py:work", "--python", "/bin/ls"], r"'/bin/ls': it does not answer in confinement as a Python"),
    "an_unknown_python": (["work.py:work", "--python", "pypy"], r"'pypy': what is allowed"),
    "an_unknown_mode": (["work.py:work", "--modes", "threads,fibres"], r"--modes 'threads,fibres': 'fibres' is no mode"),
    "a_mode_twice": (["work.py:work", "--modes", "threads,threads"], r"threads is there twice"),
    "an_unknown_start": (["work.py:work", "--mp-start", "fork,vfork"], r"--mp-start 'fork,vfork': 'vfork' is no start method; .*fork, forkserver, spawn"),
    "a_start_twice": (["work.py:work", "--mp-start", "fork,fork"], r"--mp-start 'fork,fork': fork is there twice"),
    "a_start_without_processes": (["work.py:work", "--modes", "threads", "--mp-start", "fork"], r"--mp-start 'fork' goes with mode processes"),
    "no_workers": (["work.py:work", "--workers", "0"], r"--workers '0'"),
    "workers_that_do_not_grow": (["work.py:work", "--workers", "2,1"], r"--workers '2,1'.*each greater"),
    "a_place_below_a_file": (["work.py:work", "--keep", "work.py/kept"], r"--keep: 'work\.py/kept': Not a directory \(.*new folder"),
    "a_place_for_both": (["work.py:work", "--keep", "kept", "--out", "kept"], r"--keep 'kept': --out 'kept' is the same folder"),
    "a_place_that_is_taken": (["work.py:work", "--keep", "folder.py"], r"--keep: 'folder\.py': what is allowed is a new folder or an empty one"),
    "cpus_that_are_not_there": (["work.py:work", "--cpus", "999"], r"--cpus '999'"),
}


class Bench(LiveTest):
    def setUp(self):
        super().setUp()
        self.dir.chmod(0o755)
        (self.dir / "work.py").write_text(MODULE)

    def bench(self, *options: object) -> rig.Done:
        words = [rig.TARE, "bench", *options]
        running = rig.Running([str(word) for word in words], rig.environment(), self.json, self.dir)
        self.addCleanup(running.abandon)
        return running.end()

    def assert_rows(self, done: rig.Done, *modes: str) -> None:
        """A row a mode and number of workers, each with a throughput."""
        for mode in modes:
            for workers in 1, 2:
                self.assertRegex(done.out, rf"(?m)^{mode} +{workers} +[\d.]+ ", done)

    def records(self) -> list[dict]:
        return [json.loads(path.read_text()) for path in sorted((self.dir / "out").glob("*.json"))]


class Functions(Bench):
    @once_is_enough
    def test_a_pure_function_in_threads_and_processes_and_which_of_them_wins(self):
        done = self.bench("work.py:work", "--arg", "steps=20000", "--workers", "1,2", "--iterations", "3")
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.out, r"\Awork of work \(steps=20000\): a call takes [\d.]+ [mun]?s and returns \d+ B pickled\n1 call a worker")
        self.assert_rows(done, "threads", "processes")
        self.assertRegex(done.out, r"(?m)^With 2 workers, (threads win|processes win|no mode wins|it is open which mode wins) here", done)
        self.assertTrue(all(len(line) <= 80 for line in done.out.splitlines()), done)

    def test_each_mode_and_number_of_workers_has_its_records_and_they_go_on_as_a_plans(self):
        done = self.bench("work.py:work", *QUICK, "--modes", "threads,processes,interpreters", "--calls", "3", "--out", "out")
        self.assertEqual(done.status, 0, done)
        self.assert_rows(done, "threads", "processes", "interpreters")
        scenarios = [r["scenario"] for r in self.records()]
        self.assertTrue(all("-work-" in path.name for path in (self.dir / "out").glob("*-*.json")))
        got = sorted((s["profile"], s["mode"], s["workers"]) for s in scenarios)
        modes = ["interpreters", "processes", "threads"]
        want = [("memory", mode, 2) for mode in modes] + [("overhead", mode, n) for mode in modes for n in (1, 2)]
        self.assertEqual(got, want)
        for record in self.records():
            stamps = record["iterations"]
            busy_s = sum(end - start for start, end in zip(stamps["start_ns"], stamps["end_ns"], strict=True)) / 1e9
            calls = 2 * 3 * record["scenario"]["workers"]
            self.assert_near(record["result"]["figures"]["calls_per_s"], calls / busy_s, 1e-6 * calls / busy_s)
        again = subprocess.run([rig.TARE, "matrix", self.dir / "out"], env=rig.environment(), capture_output=True, text=True)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("all 9 invocations are in", again.stderr)

    @once_is_enough
    @for_each({"fresh": ["fresh"], "pool": ["pool"]})
    def results_of_64_mib_go_to_the_caller(self, lifecycle):
        done = self.bench("work.py:large", *QUICK, "--lifecycle", lifecycle)
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.out, r"\Alarge of work: a call takes [\d.]+ m?s and returns 64\.0 MiB pickled\n")
        self.assert_rows(done, "threads", "processes")

    @once_is_enough
    def test_what_fails_is_told_with_its_traceback_before_anything_is_weighed(self):
        done = self.bench("work.py:failing", *QUICK, "--out", "out")
        self.assertEqual((done.status, done.out), (4, ""), done)
        self.assertRegex(done.err, r'(?s)\ATraceback .*work\.py", line \d+, in failing\n.*work\.py", line \d+, in inner\n')
        self.assertRegex(
            done.err,
            r"\ntare: bench: 'failing' of 'work' failed before it was weighed: ValueError: the data file is missing "
            r"\(work\.py, line \d+, from work\.py, line \d+\)\n\Z",
        )
        self.assertFalse((self.dir / "out").exists())

    @once_is_enough
    def test_what_fails_in_one_mode_alone_is_told_and_the_other_is_weighed(self):
        done = self.bench("work.py:failing_in_processes", *QUICK)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.out, r"(?m)^threads +2 +[\d.]+ ", done)
        said = " ".join(done.out.split())
        self.assertRegex(said, r"ValueError: the data file is missing \(work\.py, line \d+, from work\.py, line \d+\)", done)
        self.assertIn("With 2 workers, only threads ended well: processes: failed: no run ended well", said)

    @once_is_enough
    def test_where_a_file_is_missing_it_is_told_which_files_are_there(self):
        (self.dir / "data").mkdir()
        done = self.bench("work.py:lists", *QUICK, "--modes", "threads")
        self.assertEqual(done.status, 4, done)
        said = " ".join(done.out.split())
        self.assertIn("FileNotFoundError: [Errno 2] No such file or directory: 'data'", said)
        self.assertIn(f"* the function ran in a folder that has what it opened below {self.dir} when it was looked at, and no more", said)

    @once_is_enough
    def test_arguments_go_by_place_where_they_can_and_a_setup_with_parameters_is_somebody_elses(self):
        by_place = "import functools\n\n@functools.singledispatch\ndef work(x):\n    return x\n\ndef setup(app):\n    raise ValueError\n"
        (self.dir / "by_place.py").write_text(by_place)
        done = self.bench("by_place.py:work", "--arg", "x=3", *QUICK, "--modes", "threads,interpreters")
        self.assertEqual(done.status, 0, done)

    @once_is_enough
    def test_a_reason_that_names_an_object_is_said_once(self):
        done = self.bench("work.py:no_name", "--workers", "2", "--iterations", "2", "--invocations", "2")
        said = " ".join(done.out.split())
        self.assertIn("PicklingError: Can't pickle <function <lambda>>: it's not found as work.<lambda>", said)
        self.assertEqual(said.count("PicklingError"), 1, done)

    @once_is_enough
    def test_packages_of_a_venv_are_there_with_its_interpreter_and_not_without(self):
        venv = self.dir / "venv"
        subprocess.run([rig.environment()["TARE_PYTHON_GIL"], "-m", "venv", "--without-pip", venv], check=True)
        packages = next(venv.glob("lib/python3*/site-packages"))
        (packages / "their_package").mkdir()
        (packages / "their_package/__init__.py").write_text("def double(n):\n    return 2 * n\n")
        (self.dir / "mine.py").write_text("import their_package\n\ndef work(n=4):\n    return their_package.double(n)\n")
        done = self.bench("mine.py:work", *QUICK, "--python", "venv/bin/python", "--out", "out")
        self.assertEqual(done.status, 0, done)
        self.assert_rows(done, "threads", "processes")
        self.assertEqual({r["runtime"]["path"] for r in self.records()}, {str(self.dir / "venv/bin/python")})
        done = self.bench("their_package:double", *QUICK, "--arg", "n=3", "--python", "venv/bin/python")
        self.assertEqual(done.status, 0, done)
        done = self.bench("mine.py:work", *QUICK)
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.err, r"No module named 'their_package' \(mine\.py, line 1\), among the packages of /.* \(--python VENV/bin/python ")

    def test_what_is_kept_is_a_scenario_with_all_that_the_function_reads(self):
        package = self.dir / "pkg/sub"
        package.mkdir(parents=True)
        (self.dir / "pkg/__init__.py").touch()
        (package / "__init__.py").touch()
        (package / "work.py").write_text("from .helper import data\n\ndef size():\n    return len(data())\n")
        (package / "helper.py").write_text("def data():\n    with open('pkg/table.txt') as file:\n        return file.read()\n")
        (self.dir / "pkg/table.txt").write_text("1 2 3\n")
        done = self.bench("pkg/sub/work.py:size", *QUICK, "--modes", "threads", "--keep", "kept")
        self.assertEqual(done.status, 0, done)
        self.assertNotIn("--keep", done.out)
        kept = sorted(str(p.relative_to(self.dir / "kept")) for p in (self.dir / "kept").rglob("*") if p.is_file())
        parts = ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/helper.py", "pkg/sub/work.py", "pkg/table.txt", "scenario.yml"]
        self.assertEqual(kept, parts)
        words = [rig.TARE, "run", self.dir / "kept", "--mode", "threads", "--iterations", "2", "--json", self.json]
        again = rig.Running([str(word) for word in words], rig.environment(), self.json).end()
        self.assertEqual(again.status, 0, again)
        self.assertGreater(again.record["result"]["figures"]["calls_per_s"], 0)

    @once_is_enough
    def test_how_the_memory_of_a_kept_function_grows_can_be_weighed(self):
        size = 8192
        (self.dir / "leak.py").write_text(f"import sys\n\nkept = []\nempty = sys.getsizeof(b'')\n\ndef serve():\n    kept.append(b'x' * ({size} - empty))\n")
        done = self.bench("leak.py:serve", *QUICK, "--modes", "threads", "--keep", "kept")
        self.assertEqual(done.status, 0, done)
        self.assertIn("tare run ./kept'; with --profile growth", " ".join(done.out.split()))
        words = [rig.TARE, "run", "./kept", "--profile", "growth", "--iterations", "300", "--json", self.json]
        grown = rig.Running([str(word) for word in words], rig.environment(), self.json, self.dir).end()
        self.assertEqual(grown.status, 0, grown)
        planted = 2 * size * 1000  # two workers, one call each
        slopes = grown.record["growth"]["slopes"]
        self.assert_near(slopes["live_bytes"], planted, 0.02 * planted)
        # A fresh thread may take new pages before the last one's are given back: free memory, which is read less often.
        self.assert_near(slopes["pss_bytes"] - slopes["free_bytes"], planted, 0.25 * planted)

    @once_is_enough
    def test_each_start_method_that_is_asked_for_has_its_rows(self):
        done = self.bench("work.py:work", *QUICK, "--modes", "processes,threads", "--mp-start", "fork,spawn", "--out", "out")
        self.assertEqual(done.status, 0, done)
        self.assert_rows(done, "threads", "processes fork", "processes spawn")
        starts = sorted((s["mode"], s["mp_start_method"] or "", s["profile"], s["workers"]) for s in (r["scenario"] for r in self.records()))
        sides = (("processes", "fork"), ("processes", "spawn"), ("threads", ""))
        self.assertEqual(starts, [(*side, *cell) for side in sides for cell in (("memory", 2), ("overhead", 1), ("overhead", 2))])


@once_is_enough
class BadInput(Bench):
    @for_each(REFUSED)
    def refuses(self, options, why):
        (self.dir / "folder.py").mkdir()
        (self.dir / "folder.py/file").touch()
        (self.dir / "driver.py").write_text(MODULE)
        (self.dir / "my-work.py").write_text(MODULE)
        (self.dir / "Daten für 1.csv").touch()
        (self.dir / "link.csv").symlink_to("Daten für 1.csv")
        before = sorted(self.dir.rglob("*"))
        done = self.bench(*options, *([] if "--workers" in options else ["--workers", "1"]))
        self.assert_refused(done, 2, why)
        self.assertEqual(sorted(self.dir.rglob("*")), before)

    def test_what_a_function_says_of_its_end_steers_no_terminal(self):
        (self.dir / "loud.py").write_text('def work():\n    raise ValueError("a\\x1b[2J\\x9b1m\\u202e")\n')
        done = self.bench("loud.py:work")
        self.assertEqual(done.status, 4, done)
        self.assertEqual([c for c in "\x1b\x9b\u202e" if c in done.err], [], done)
        self.assertIn(r"a\x1b[2J\xc2\x9b1m", done.err)

    @for_each({
        "leaves": ("os._exit(3)", r"exit status 3"),
        "is_killed": ("os.abort()", r"signal 6 ended it \(Aborted\)"),
    })
    def one_that_ends_its_interpreter_is_a_failed_workload(self, ends, how):
        (self.dir / "ends.py").write_text(f"import os\n\ndef work():\n    {ends}\n")
        done = self.bench("ends.py:work")
        self.assert_refused(done, 4, rf"'work' of 'ends' ended its interpreter: {how}")

    def test_one_whose_threads_do_not_end_is_told_before_anything_is_weighed(self):
        work = "import threading, time\n\ndef work():\n    threading.Thread(target=time.sleep, args=(600,), name='watcher').start()\n"
        (self.dir / "threads.py").write_text(work)
        done = self.bench("threads.py:work")
        self.assert_refused(done, 4, r"it returned, but 10 s later its interpreter had not ended, which waits for threads that it left \(watcher")

    @for_each({
        "an_exception_without_words": ("untold", r"Untold: <its str\(\) failed> \(work\.py, line \d+\)"),
        "a_group": ("group", r"ExceptionGroup: many \(2 sub-exceptions\): ValueError: one; TypeError: two \("),
        "no_network": ("asking", r"URLError: .* \(there is no network but the loopback; --network host gives the host's\)"),
        "a_place_that_is_read_only": ("writing", r"OSError: \[Errno 30\] Read-only file system: 'written' .*\(/tmp is writable; a folder .* --rw PATH\)"),
    })
    def what_fails_is_told_with_a_remedy(self, name, why):
        done = self.bench(f"work.py:{name}")
        self.assertEqual((done.status, done.out), (4, ""), done)
        self.assertRegex(done.err, rf"tare: bench: '{name}' of 'work' failed before it was weighed: {why}")

    def test_who_relies_on_pythonpath_is_told_that_it_is_not_passed_on(self):
        running = rig.Running([str(rig.TARE), "bench", "elsewhere:work"], rig.environment() | {"PYTHONPATH": "src"}, self.json, self.dir)
        self.addCleanup(running.abandon)
        self.assert_refused(running.end(), 2, r"there is no module 'elsewhere'.*\(PYTHONPATH is not passed on: --env PYTHONPATH=FOLDER")

    def test_the_folder_of_a_namespace_package_is_told(self):
        (self.dir / "space/inner").mkdir(parents=True)
        (self.dir / "space/other.py").write_text("z = 1\n")
        (self.dir / "space/inner/work.py").write_text("from space.other import z\n\ndef work():\n    return z\n")
        done = self.bench("space/inner/work.py:work")
        self.assertEqual((done.status, done.out), (4, ""), done)
        self.assertIn(f"('space' is a folder above it: 'tare bench space.inner.work:work' in {self.dir})", done.err)

    def test_one_that_does_not_return_is_given_up(self):
        (self.dir / "slow.py").write_text("import time\n\ndef work():\n    time.sleep(600)\n")
        done = self.bench("slow.py:work", "--timeout", "3")
        self.assert_refused(done, 4, r"'work' of 'slow' did not return within 3 s \(--timeout SECONDS\)")


class Look(Bench):
    """The function is called once before it is weighed."""

    def looking(self, running: rig.Running) -> int:
        """The interpreter that calls it."""
        pids = rig.wait_for(lambda: [pid for pid in rig.pids_saying("--look") if rig.descends_from(pid, running.pid) and pid != running.pid])
        self.assertTrue(pids, "the function is not looked at")
        return pids[0]

    @once_is_enough
    def test_a_signal_ends_the_look_at_once_and_leaves_nothing(self):
        (self.dir / "slow.py").write_text("import time\n\ndef work():\n    time.sleep(600)\n")
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                running = rig.Running([str(rig.TARE), "bench", "slow.py:work"], rig.environment(), self.json, self.dir)
                self.addCleanup(running.abandon)
                self.looking(running)
                running.process.send_signal(number)
                done = running.end()
                self.assertEqual((done.status, done.out), (128 + number, ""), done)

    @once_is_enough
    def test_the_look_is_in_a_slice_of_its_own(self):
        (self.dir / "slow.py").write_text("import time\n\ndef work():\n    time.sleep(600)\n")
        running = rig.Running([str(rig.TARE), "bench", "slow.py:work"], rig.environment(), self.json, self.dir)
        self.addCleanup(running.abandon)
        self.assertRegex(rig.cgroup_of(self.looking(running)), r"/tare-[^/]+/look$")

    @rig.needs_controllers
    def test_a_function_that_needs_more_than_memory_max_is_ended_before_it_is_weighed(self):
        (self.dir / "much.py").write_text("def work():\n    return len(b'x' * (256 << 20))\n")
        done = self.bench("much.py:work", "--memory-max", "96M", "--workers", "1")
        self.assert_refused(done, 4, r"'work' of 'much' was ended before it was weighed: it needs more memory than --memory-max 96\.0 MiB")

"""Whether a free-threaded interpreter stayed so: an extension that does not declare Py_mod_gil turns the GIL on."""

import subprocess
import unittest
from pathlib import Path

import rig
from rig import LiveTest, for_each, needs_controllers, once_is_enough, setUpModule  # noqa: F401

EXTENSION = """#include <Python.h>
static PyModuleDef_Slot slots[] = {{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED}, {0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "undeclared", NULL, 0, NULL, slots};
PyMODINIT_FUNC PyInit_undeclared(void) { return PyModuleDef_Init(&module); }
"""
SCENARIO = """schema: tare.scenario/1
name: importer
summary: imports a module in the function that is weighed
modes: [threads, processes, interpreters]
mode: threads
profiles:
  overhead: {iterations: 3, warmup: 0, mem-sample: false}
commands: {python: ["{python}", -s, -B, "{lib}/tare_bench.py", "{dir}/work.py"WORDS]}
"""
SILENT = """def work():
    import warnings
    warnings.simplefilter("ignore")
    import undeclared
"""
AT_EXIT = """import atexit
def late():
    import undeclared
def work():
    atexit.register(late)
"""


@unittest.skipUnless(rig.FREE_THREADED, "there is no free-threaded interpreter (scripts/build-python ft)")
class Gil(LiveTest):
    def importer(self, work: str, words: str = "") -> Path:
        folder = self.dir / "importer"
        folder.mkdir()
        (folder / "scenario.yml").write_text(SCENARIO.replace("WORDS", words))
        (folder / "work.py").write_text(work if "\n" in work else f"def work():\n    import {work}\n")
        (folder / "undeclared.c").write_text(EXTENSION)
        ask = "import sysconfig; print(sysconfig.get_paths()['include'])"
        include = subprocess.run([rig.FREE_THREADED, "-I", "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
        subprocess.run(["cc", "-shared", "-fPIC", f"-I{include}", "undeclared.c", "-o", "undeclared.so"], cwd=folder, check=True)
        return folder

    def weigh(self, work: str, *options: object, words: str = ""):
        """work: the function's file, or a module that it imports."""
        words = [rig.TARE, "run", self.importer(work, words), "--json", self.json, "--runtime", "3.14t", "--workers", 2, "--confine", "light"]
        running = rig.Running([str(word) for word in [*words, *options]], rig.environment(), self.json)
        self.addCleanup(running.abandon)
        done = running.end()
        return done, next((c for c in done.record["isolation"]["checks"] if c["name"] == "GIL stayed off"), None)

    @once_is_enough
    def test_of_an_interpreter_whose_gil_stays_off_the_check_is_ok(self):
        done, check = self.weigh("json")
        self.assert_ok(done)
        self.assertTrue(check["ok"], check)
        runtime = done.record["runtime"]
        self.assertIs(runtime["gil_enabled_at_end"], False)
        self.assertIsNone(runtime["gil_turned_on_by"])

    @for_each({
        "threads": ("threads", "on after iteration 1", True),
        "fork": ("processes", "off in the main process, on in a worker", False),
    })
    @once_is_enough
    def the_module_that_turns_it_on_is_named(self, mode, got, at_end):
        done, check = self.weigh("undeclared", "--mode", mode)
        self.assert_ok(done)
        self.assertFalse(check["ok"], check)
        self.assertEqual(check["achieved"], got)
        self.assertIn("module 'undeclared' turned it on", check["reason"])
        runtime = done.record["runtime"]
        self.assertEqual((runtime["gil_enabled"], runtime["gil_enabled_at_end"]), (False, at_end))
        self.assertEqual(runtime["gil_turned_on_by"], "undeclared")
        self.assertRegex(runtime["gil_warning"], r"^RuntimeWarning: The global interpreter lock .* to load module 'undeclared'")
        self.assertNotEqual(done.record["isolation"]["grade"], "full")

    @for_each({
        "fork": ("", ("processes", "--mp-start", "fork")),
        "spawn": ("", ("processes", "--mp-start", "spawn")),
        "interpreters": ("", ("interpreters",)),
        "fork_pool": (", --lifecycle, pool", ("processes", "--mp-start", "fork")),
        "interpreter_pool": (", --lifecycle, pool", ("interpreters",)),
    })
    @once_is_enough
    def a_worker_of_a_program_that_silences_the_warning_is_no_ok(self, words, mode):
        done, check = self.weigh(SILENT, "--mode", *mode, words=words)
        self.assert_ok(done)
        self.assertFalse(check["ok"], check)
        self.assertEqual(check["achieved"], "off in the main process, on in a worker")
        self.assertIn("no warning of the interpreter names the module", check["reason"])
        self.assertIs(done.record["runtime"]["gil_enabled_at_end"], False)

    @once_is_enough
    def test_an_import_at_exit_is_not_told_as_a_workers(self):
        done, check = self.weigh(AT_EXIT)
        self.assert_ok(done)
        self.assertFalse(check["ok"], check)
        self.assertEqual(check["achieved"], "off in the main process, on elsewhere or at its exit")

    @for_each({
        "off": ("off", "GIL stayed off", False),
        "on": ("on", "GIL stayed on", True),
    })
    @once_is_enough
    def asked_for_it_stays_whatever_a_module_declares(self, gil, name, state):
        done, _ = self.weigh("undeclared", "--gil", gil)
        self.assert_ok(done)
        check = next(c for c in done.record["isolation"]["checks"] if c["name"].startswith("GIL stayed"))
        self.assertEqual((check["name"], check["ok"], check["achieved"]), (name, True, gil))
        runtime = done.record["runtime"]
        self.assertEqual((runtime["gil_enabled"], runtime["gil_enabled_at_end"]), (state, state))
        self.assertEqual(done.record["scenario"]["gil"], gil)

    @once_is_enough
    def test_bench_tells_it_with_the_figures_and_keeps_the_extension_of_every_build(self):
        folder = self.importer("undeclared")
        other = folder / "undeclared.cpython-314-other.so"  # of another interpreter, which other modes may run on
        other.write_bytes((folder / "undeclared.so").read_bytes())
        words = ["--modes", "threads", "--workers", "2", "--iterations", "2", "--invocations", "1", "--keep", "kept"]
        running = rig.Running([str(rig.TARE), "bench", "importer/work.py:work", *words], rig.environment(), self.json, self.dir)
        self.addCleanup(running.abandon)
        done = running.end()
        self.assertEqual(done.status, 0, done)
        self.assertIn("* the GIL of 3.14t was on, so that one of its threads runs Python code at a time: turned on by undeclared (", " ".join(done.out.split()))
        self.assertTrue((self.dir / "kept" / other.name).exists())

    @needs_controllers
    def test_strict_refuses_it(self):
        done, _ = self.weigh("undeclared", "--isolation", "strict")
        self.assertEqual(done.status, 3, done)
        self.assertIn("GIL stayed off", done.err)

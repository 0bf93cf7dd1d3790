"""main_imports: what scenario1's main module imports is imported again by those processes alone that run it again; what
the fork server has, its workers have; and what cannot be imported fails the run in a line.

    python3.14 -P -s tests/python/test_main_imports.py
"""

import ast
import os
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workload
from workload import DONE, KINDS, ROOT, WORKLOADS, RunnerLedger, WorkloadTest, for_each, still_there

sys.dont_write_bytecode = True
sys.path.insert(0, str(WORKLOADS))
import main_imports

SCRIPT = WORKLOADS / "scenario1" / "scenario1.py"
PROGRAM = [sys.executable, "-P", "-s", "-B", str(SCRIPT)]  # and not -I: the modules of these tests are on PYTHONPATH
WORKERS, ITERATIONS, WARMUP = 2, 2, 1
STARTED = WORKERS * (ITERATIONS + WARMUP)
TALLY = """
import os
with open(os.path.join(os.path.dirname(__file__), "imported"), "a") as file:
    file.write(f"{__name__} {os.getpid()}\\n")
"""


def imported_by(file: Path) -> set[str]:
    """The modules that a source imports as it is run itself; what a function imports is for whoever calls it."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return names


class MainImports(WorkloadTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("tally_a", "tally_b"):
            (self.folder / f"{name}.py").write_text(TALLY)
        (self.folder / "raises.py").write_text("raise OSError('not\\ntoday')\n")
        (self.folder / "leaves.py").write_text("raise SystemExit(0)\n")
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = str(self.folder)
        self.addCleanup(lambda: os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before))

    def arguments(self, mode, mp_start, **changes) -> list[str]:
        given = dict(mode=mode, profile="overhead", iterations=ITERATIONS, warmup=WARMUP, workers=WORKERS, pids=0)
        return workload.words(**(given | dict(mp_start=mp_start, work_iters=10, hold_ms=0) | changes))

    def run_kind(self, mode, mp_start, **changes) -> Counter:
        """How many processes imported which module."""
        (self.folder / "imported").unlink(missing_ok=True)
        ledger = RunnerLedger(ITERATIONS, WORKERS)
        status, out, err = self.run_it(PROGRAM, self.arguments(mode, mp_start, **changes), ledger)
        self.assertEqual((status, ledger.error, out), (0, "", ""), err)
        self.assertEqual((ledger.phase, ledger.iterations_done), (DONE, ITERATIONS))
        self.assertEqual(still_there(10), [])
        lines = (self.folder / "imported").read_text().split("\n")[:-1] if (self.folder / "imported").exists() else []
        self.assertEqual(len(lines), len(set(lines)))  # no process imports one twice
        return Counter(line.split()[0] for line in lines)

    def refuses(self, mode, mp_start, reason: str, **changes) -> None:
        ledger = self.fail_it(PROGRAM, self.arguments(mode, mp_start, **changes), RunnerLedger(ITERATIONS, WORKERS), reason)
        self.assertNotIn("\n", ledger.error)
        self.assertEqual(still_there(10), [])

    # --- the main module's

    def test_the_originals_are_those_of_the_plain_script_that_fidelity_is_measured_by(self):
        plain = ROOT / "tests" / "bench" / "plain"
        names = imported_by(plain / "plain.py") | imported_by(plain / "plain_engine.py")
        self.assertEqual(names - {"plain_engine"}, set(main_imports.ORIGINAL))

    @for_each(zip(KINDS, (1, 1, 2, 1 + STARTED, 1), strict=True))
    def test_what_runs_the_main_module_again_imports_it_again(self, kind, processes):
        """The main process; the fork server, once; each spawned worker. A forked one has it, an interpreter needs it not."""
        self.assertEqual(self.run_kind(*kind, main_imports="tally_a,json.decoder"), {"tally_a": processes})

    def test_none_imports_none(self):
        self.assertEqual(main_imports.modules("none"), ())
        self.assertEqual(self.run_kind("processes", "spawn", main_imports="none"), {})

    @for_each(
        [
            ("tally_a,nosuch", "ModuleNotFoundError: No module named 'nosuch'"),
            ("raises", "OSError: not today"),
            ("leaves", "SystemExit: 0"),
            ("os,import", "SyntaxError: "),
            ("os;import tally_a", "ValueError: 'os;import tally_a' is no module's name"),
            ("os\nimport tally_a", "ValueError: "),
            ("", "ValueError: '' is no module's name"),
        ]
    )
    def test_one_that_cannot_be_imported_fails_the_run_in_a_line(self, names, why):
        (self.folder / "imported").unlink(missing_ok=True)
        self.refuses("threads", None, f"--main-imports '.*{why}", main_imports=names)
        self.assertEqual((self.folder / "imported").exists(), names.startswith("tally_a"))

    # --- the fork server's

    def test_what_is_preloaded_is_imported_once_by_the_fork_server_alone(self):
        self.assertEqual(self.run_kind("processes", "forkserver", preload="tally_a,tally_b"), {"tally_a": 1, "tally_b": 1})
        both = self.run_kind("processes", "forkserver", preload="tally_b", main_imports="tally_a", lifecycle="pool")
        self.assertEqual(both, {"tally_a": 2, "tally_b": 1})

    @for_each([("nosuch", "ModuleNotFoundError: No module named 'nosuch'")])
    def test_one_that_the_fork_server_has_not_fails_the_run_though_the_server_says_nothing(self, name, why):
        self.refuses("processes", "forkserver", f"--preload '{name}': {why}", preload=f"json,{name}")

    def test_a_worker_tells_what_it_lacks(self):
        sent = []
        sender = type("Sender", (), {"send": staticmethod(sent.append)})
        main_imports.look(sender, ("sys", "nosuch"))
        self.assertEqual(sent[0][0], ("nosuch", "ModuleNotFoundError: No module named 'nosuch'"))
        self.assertNotIn("this", sys.modules)

    # --- frozen, lazy

    @for_each([("fork",), ("forkserver",)])
    def test_what_is_frozen_before_the_fork_is_frozen_in_a_worker(self, start):
        self.run_kind("processes", start, gc_freeze="yes")

    def test_a_worker_in_which_nothing_is_frozen_fails_the_run(self):
        program = (
            f"import sys; sys.path += ['{SCRIPT.parent}', '{WORKLOADS}']\n"
            "import types; sys.modules['freezing'] = types.ModuleType('freezing')\n"
            "import main_imports\n"
            "main_imports.prepare_to_fork('fork', 'none', True)\n"
        )
        status, _, err = self.run_it([sys.executable, "-I", "-B", "-c", program], [], None)
        self.assertNotEqual(status, 0)
        self.assertIn("ValueError: --gc-freeze 'yes': nothing is frozen in a worker", err)

    def test_what_does_not_go_with_the_start_method_is_refused(self):
        """By the runner too, where it knows the method: without --mp-start it is the interpreter's own."""
        self.refuses("processes", "fork", "--preload 'json' goes with --mp-start forkserver; it is fork", preload="json")
        self.refuses("processes", "spawn", "--gc-freeze 'yes' goes with --mp-start fork or forkserver", gc_freeze="yes")

    def test_lazy_imports_are_of_versions_that_have_them(self):
        if not hasattr(sys, "set_lazy_imports"):
            reason = r"--lazy-imports yes: Python 3\.\d+\.\S+ has no lazy imports \(3\.15 and newer have\)"
            self.refuses("threads", None, reason, lazy_imports="yes")
        else:
            self.assertEqual(self.run_kind("threads", None, lazy_imports="yes", main_imports="tally_a"), {})


if __name__ == "__main__":
    unittest.main()

"""The selftest: passes here, says what this place lacks, and does not pass where a load is not what it is said to be."""

import hashlib
import json
import re
import shutil
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import rig
from rig import LiveTest, needs_lack, setUpModule, vm_only  # noqa: F401

# A known-loads that is the real one but for some loads, in whose places it runs others, or nothing that there is.
LIES = {"anon": "shared", "sleeper": "burn", "burn": "nonsense"}
LIAR = """#!/bin/sh
case $1 in {lies}
*) name=$1 ;; esac
shift
exec {real} "$name" "$@"
"""


class Selftest(LiveTest):
    def setUp(self) -> None:
        super().setUp()
        self.state = self.dir / "state"
        self.env = rig.environment(TARE_STATE=str(self.state))

    def selftest(self, *words: object, tare: str | Path = rig.TARE) -> subprocess.CompletedProcess:
        command = [str(tare), "selftest", *map(str, words)]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=5 * rig.PATIENCE_S)

    def report(self, *words: object, tare: str | Path = rig.TARE) -> tuple[int, dict]:
        done = self.selftest("--json", *words, tare=tare)
        self.assertIn(done.returncode, (0, 1), done)
        self.json_text = done.stdout
        return done.returncode, json.loads(done.stdout)

    def assert_none_fails(self, status: int, report: dict) -> None:
        failed = [check for check in report["checks"] if check["verdict"] == "FAIL"]
        self.assertEqual((status, failed), (0, []))

    def verdicts(self, report: dict, verdict: str) -> list[tuple[str, str]]:
        return [(c["load"], c["figure"]) for c in report["checks"] if c["verdict"] == verdict]

    def assert_whole(self, report: dict, but: str = "") -> None:
        """But for what is said of a load that did not run."""
        self.assertEqual(report["schema"], "tare.selftest/1")
        self.assertEqual(sum(report["counts"].values()), len(report["checks"]))
        for check in (c for c in report["checks"] if c["load"] != but):
            if check["verdict"] == "unavailable":
                self.assertIsNone(check["measured"])
                self.assertTrue(check["reason"])
            else:
                low = check["expected"] - check["tolerance_below"]
                high = check["expected"] + check["tolerance_above"]
                self.assertEqual(low <= check["measured"] <= high, check["verdict"] == "pass", check)
            self.assertTrue(check["tolerance_why"])

    def assert_described(self, report: dict) -> None:
        """The schema has the report's members, and no others; test_schemas.py says that it is a schema."""
        schema = json.loads((rig.ROOT / "runner/selftest/tare-selftest.schema.json").read_text())
        self.assertEqual(set(report), set(schema["properties"]))
        for check in report["checks"]:
            self.assertEqual(set(check), set(schema["properties"]["checks"]["items"]["properties"]))
        for part in ("tool", "slice", "counts"):
            self.assertEqual(set(report[part]), set(schema["properties"][part]["properties"]))

    @needs_lack
    def test_what_this_host_lacks_is_unavailable_and_the_rest_passes(self):
        run = self.shared("selftest", self.between_two_records)
        self.assert_whole(run.report)
        self.assert_none_fails(run.status, run.report)
        lacking = self.verdicts(run.report, "unavailable")
        self.assertIn(("anon", "memory.stat anon"), lacking)
        self.assertIn(("anon", "smaps_rollup pss"), self.verdicts(run.report, "pass"))
        for load in ("burn", "reaped", "spinners"):
            self.assertIn((load, "cpu.stat usage"), self.verdicts(run.report, "pass"))

    def between_two_records(self) -> SimpleNamespace:
        """A selftest in the best slice to be had, and what records say of the last one before and after it."""
        if rig.EMULATED:
            self.set_kernel_file(Path("/proc/sys/vm/nr_hugepages"), "8")
            self.set_kernel_file(Path("/sys/kernel/mm/transparent_hugepage/enabled"), "madvise")
        before = self.instrument()
        status, report = self.report(*(["--isolation", "strict", "--cpus", rig.CPU] if rig.FULL else []))
        kept = (self.state / "selftest.json").read_text()
        return SimpleNamespace(status=status, report=report, text=self.json_text, kept=kept, before=before, after=self.instrument())

    def set_kernel_file(self, path: Path, value: str) -> None:
        if path.exists():
            before = path.read_text()
            chosen = re.search(r"\[(\w+)\]", before)  # "always [madvise] never"
            self.addCleanup(path.write_text, chosen[1] if chosen else before)
            path.write_text(value)

    @vm_only
    def test_a_full_slice_passes_every_check(self):
        run = self.shared("selftest", self.between_two_records)
        self.assert_whole(run.report)
        self.assert_none_fails(run.status, run.report)
        self.assertTrue(run.report["slice"]["exclusive"])
        # Transparent huge pages and reserved ones are the machine's to give: nothing else may be missing.
        missing = {load for load, _ in self.verdicts(run.report, "unavailable")}
        self.assertLessEqual(missing, {"thp", "hugetlb"})

    def test_without_a_slice_the_processes_figures_are_still_proved(self):
        status, report = self.report("--isolation", "off")
        self.assert_whole(report)
        self.assert_described(report)
        self.assert_none_fails(status, report)
        self.assertEqual(report["slice"]["provenance"], "none")
        self.assertIn(("burn", "cpu.stat usage"), self.verdicts(report, "unavailable"))
        self.assertIn(("daemon", "processes found"), self.verdicts(report, "pass"))
        self.assertIn(("family", "smaps_rollup pss"), self.verdicts(report, "pass"))

    def lied_to(self) -> tuple[int, dict]:
        """By a tare beside which lies a known-loads that lies."""
        build = Path(rig.TARE).resolve().parent
        (self.dir / "workloads").mkdir()
        tare = self.dir / "tare"
        shutil.copy2(build / "tare", tare)
        liar = self.dir / "workloads" / "known-loads"
        lies = "\n".join(f"{load}) name={instead} ;;" for load, instead in LIES.items())
        liar.write_text(LIAR.format(lies=lies, real=build / "workloads" / "known-loads"))
        liar.chmod(0o755)
        return self.report(tare=tare)

    @rig.for_each({"of_memory": ("anon", "smaps_rollup uss"), "of_time": ("sleeper", "cpu.stat usage")})
    def a_figure_that_is_not_the_loads_fails(self, load: str, figure: str):
        status, report = self.shared("lied to", self.lied_to)
        self.assert_whole(report, but="burn")
        self.assertEqual(status, 1)
        self.assertIn((load, figure), self.verdicts(report, "FAIL"))

    def test_a_load_that_does_not_run_fails_its_checks(self):
        status, report = self.shared("lied to", self.lied_to)
        self.assertEqual(status, 1)
        self.assertIn(("burn", "cpu.stat usage"), self.verdicts(report, "FAIL"))
        self.assertTrue(next(c["reason"] for c in report["checks"] if c["load"] == "burn"))

    def test_the_lies_about_some_loads_fail_no_other(self):
        _, report = self.shared("lied to", self.lied_to)
        self.assertEqual({load for load, _ in self.verdicts(report, "FAIL")}, set(LIES))

    def test_interrupted_it_leaves_nothing_and_keeps_nothing(self):
        running = subprocess.Popen([rig.TARE, "selftest"], env=self.env, stdout=subprocess.PIPE, text=True)
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.kill)
        self.assertTrue(rig.wait_for(lambda: self.loads_of(running.pid)))
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(rig.PATIENCE_S), 130)
        self.assertEqual(running.stdout.read(), "")
        self.assertFalse((self.state / "selftest.json").exists())

    def loads_of(self, pid: int) -> list[int]:
        try:
            children = rig.children_of(pid)
            return [child for child in children if b"known-loads" in Path(f"/proc/{child}/cmdline").read_bytes()]
        except OSError:
            return []  # one ended just then

    def test_the_last_selftest_is_in_every_record_of_this_boot(self):
        run = self.shared("selftest", self.between_two_records)
        self.assertIsNone(run.before["selftest"])
        self.assertIn("tare selftest", run.before["selftest_reason"])
        last = run.after["selftest"]
        self.assertEqual(last["digest"], hashlib.sha256(run.text.encode()).hexdigest())
        self.assertEqual(run.kept, run.text)
        self.assertEqual(last["at"], run.report["at"])
        for key in ("passed", "failed", "unavailable"):
            self.assertEqual(last[key], run.report["counts"][key])

    def instrument(self) -> dict:
        words = [rig.TARE, "run", "scenario1", *map(str, rig.NATIVE), "--json", "-"]
        done = subprocess.run(words, env=self.env, capture_output=True, text=True, timeout=rig.PATIENCE_S)
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)["instrument"]

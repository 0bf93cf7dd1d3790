#!/usr/bin/env python3
"""What other programs make of records: the pages for pandas and R are run and compared with what tare says itself, the
trackers' files are read as those read them, and scripts/ci-gate judges two small repositories.

Debian's python3-pandas, python3-jsonschema and r-base-core (scripts/setup test installs them)."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]
TARE = ROOT / "build/tare"
PLAN = """schema: tare.plan/1
name: formats
invocations: 6
defaults: {scenario: scenario1, runtime: native, iterations: 2000, workers: 2} # some seconds in all: see cells_are_of_one_run()
cells:
  - {id: threads, mode: threads}
  - {id: processes, mode: processes, mp-start: fork}
"""


def run(*words, status=0, **more) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL, **more)
    if done.returncode != status:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout if status == 0 else done.stdout + done.stderr


class Made(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.folder = Path(place.name)
        (cls.folder / "plan.yml").write_text(PLAN)
        cls.records = cls.folder / "records"
        run(TARE, "matrix", cls.folder / "plan.yml", "--out", cls.records, "--quiet")
        run(TARE, "report", "--format", "csv", "-o", cls.folder / "runs.csv", cls.records)
        said = json.loads(run(TARE, "report", "--format", "json", cls.records))
        cls.time = {row["id"].split("-")[0]: row for row in said["time"]}

    def report(self, form: str, *records, status=0) -> str:
        return run(TARE, "report", "--format", form, *(records or [self.records]), status=status)


class Pages(Made):
    """The code of runner/report/*.md, in the order in which it stands there."""

    def code(self, page: str, language: str) -> str:
        blocks = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "runner/report" / page).read_text(), re.M | re.S)
        self.assertGreater(len(blocks), 1)
        return "".join(blocks)

    def test_pandas(self):
        code = self.code("pandas.md", "python")
        table, left_out = run(sys.executable, "-W", "error", "-c", code, cwd=self.folder).splitlines()
        made = json.loads(table)
        for cell, row in self.time.items():
            self.assertAlmostEqual(made["mean_ms"][cell] / row["avg_iter_ms"], 1, places=9)
            self.assertAlmostEqual(made["ratio_to_threads"][cell] / row["ratio_to_threads"], 1, places=9)
        self.assertEqual(left_out, "every run ended well")

    def test_pandas_tells_of_runs_that_failed(self):
        failed = self.folder / "failed"
        subprocess.run([TARE, "exec", "--quiet", "--out", failed, "--", "false"], check=False)
        with tempfile.TemporaryDirectory() as folder:
            run(TARE, "report", "--format", "csv", "-o", Path(folder, "runs.csv"), self.records, failed)
            # A command is of no plan: the two have no cell in common.
            said = run(sys.executable, "-c", self.code("pandas.md", "python").replace('["plan_cell", "termination"]', '"termination"'), cwd=folder)
        self.assertRegex(said, r"workload-error +1")

    @unittest.skipUnless(shutil.which("Rscript"), "no Rscript here (apt-get install r-base-core)")
    def test_r(self):
        (self.folder / "page.R").write_text(self.code("r.md", "r"))
        ratio, mean = run("Rscript", "--vanilla", "page.R", cwd=self.folder).splitlines()
        row = self.time["processes"]
        wanted = [row["ratio_to_threads"], row["ratio_ci95_low"], row["ratio_ci95_high"]]
        # tare adds the rounding of the clock to the variance: a nanosecond in some 100 us, which R's test knows nothing of.
        for made, said in zip(map(float, ratio.split()), wanted, strict=True):
            self.assertAlmostEqual(made / said, 1, places=6)
        row = self.time["threads"]
        wanted = [row["avg_iter_ms"], row["avg_iter_ms_ci95_low"], row["avg_iter_ms_ci95_high"]]
        for made, said in zip(map(float, mean.split()), wanted, strict=True):
            self.assertAlmostEqual(made * 1e3 / said, 1, places=6)


class Trackers(Made):
    # As github-action-benchmark's src/extract.ts and Bencher's reference have them.
    GITHUB = {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name", "unit", "value"], "additionalProperties": False, "properties": {
        "name": {"type": "string"}, "unit": {"type": "string"}, "value": {"type": "number"}, "range": {"type": "string"}, "extra": {"type": "string"}}}}
    BENCHER = {"type": "object", "minProperties": 1, "propertyNames": {"minLength": 1, "maxLength": 1024}, "additionalProperties": {
        "type": "object", "minProperties": 1, "propertyNames": {"minLength": 1, "maxLength": 64}, "additionalProperties": {
            "type": "object", "required": ["value"], "additionalProperties": False,
            "properties": {"value": {"type": "number"}, "lower_value": {"type": "number"}, "upper_value": {"type": "number"}}}}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rates = cls.folder / "rates"
        run(TARE, "run", "scenario2", "--runtime", "native", "--iterations", "1", "--duration-ms", "50", "--quiet", "--out", cls.rates)

    def test_github(self):
        entries = json.loads(self.report("github-smaller"))
        jsonschema.Draft7Validator(self.GITHUB).validate(entries)
        by_name = {entry["name"]: entry for entry in entries}
        self.assertEqual(set(by_name), {"threads: avg_iter_s", "processes: avg_iter_s"})  # by the plan's ids
        for cell, row in self.time.items():
            entry = by_name[f"{cell}: avg_iter_s"]
            self.assertEqual(entry["unit"], "ms")
            self.assertAlmostEqual(entry["value"] / row["avg_iter_ms"], 1, places=9)
            low, high = map(float, re.fullmatch(r"95% \[([\d.]+), ([\d.]+)\]", entry["range"]).groups())
            self.assertTrue(low <= entry["value"] <= high, entry)
            self.assertIn("6 invocations", entry["extra"])

    def test_github_has_a_file_a_direction(self):
        bigger = json.loads(self.report("github-bigger", self.records, self.rates))
        jsonschema.Draft7Validator(self.GITHUB).validate(bigger)
        self.assertEqual([entry["name"].rpartition(": ")[2] for entry in bigger], ["ops_per_s"])
        self.assertNotIn("range", bigger[0])
        self.assertIn("no interval: fewer than 5 invocations", bigger[0]["extra"])
        smaller = json.loads(self.report("github-smaller", self.records, self.rates))
        self.assertEqual({entry["name"].rpartition(": ")[2] for entry in smaller}, {"avg_iter_s"})

    def test_bencher(self):
        made = json.loads(self.report("bencher", self.records, self.rates))
        jsonschema.Draft7Validator(self.BENCHER).validate(made)
        for cell, row in self.time.items():
            metric = made[cell]["avg_iter_s"]
            self.assertAlmostEqual(metric["value"] * 1e3 / row["avg_iter_ms"], 1, places=9)
            self.assertAlmostEqual(metric["lower_value"] * 1e3 / row["avg_iter_ms_ci95_low"], 1, places=9)
            self.assertAlmostEqual(metric["upper_value"] * 1e3 / row["avg_iter_ms_ci95_high"], 1, places=9)
        (rate,) = (measures for measures in made.values() if "ops_per_s" in measures)
        self.assertEqual(list(rate["ops_per_s"]), ["value"])

    def changed(self, change) -> Path:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        for file in self.records.glob("*.json"):
            record = json.loads(file.read_text())
            change(record)
            (folder / file.name).write_text(json.dumps(record))
        return folder

    def test_nothing_to_track_is_an_error(self):
        self.assertIn("of which more is better (--format github-smaller", self.report("github-bigger", status=2))
        emulated = self.changed(lambda record: record["timing"].update(emulated=True, by="QEMU"))
        self.assertIn("with a number", self.report("bencher", emulated, status=2))

    def test_cells_that_share_an_id_are_told_apart(self):
        same = self.changed(lambda record: record["plan"].update(cell="one"))
        names = list(json.loads(self.report("bencher", same)))
        self.assertEqual(len(set(names)), 2)
        self.assertNotIn("one", names)


class Gate(unittest.TestCase):
    """A repository with a request that changes how long ./work takes."""

    def setUp(self):
        # Not in /tmp, of which a workload has its own.
        (ROOT / "build").mkdir(exist_ok=True)
        place = tempfile.TemporaryDirectory(dir=ROOT / "build")
        self.addCleanup(place.cleanup)
        self.repository = Path(place.name) / "repository"
        self.repository.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("sleep 0.05")
        self.git("checkout", "--quiet", "-b", "request")

    def git(self, *words) -> str:
        identity = ("-c", "user.name=A Name", "-c", "user.email=name@example.org", "-c", "commit.gpgsign=false")
        return run("git", *identity, *words, cwd=self.repository)

    def commit(self, work: str):
        (self.repository / "work").write_text(f"#!/bin/sh\n{work}\n")
        (self.repository / "work").chmod(0o755)
        self.git("add", "work")
        self.git("commit", "--quiet", "--message", work)

    def gate(self, *words, status=0, **environment) -> str:
        unset = {name: value for name, value in os.environ.items() if name not in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "GITHUB_STEP_SUMMARY")}
        # With no noise floor but one that is beside the records.
        more = {"TARE": str(TARE), "TARE_STATE": str(self.repository.parent / "state"), **environment}
        said = run(ROOT / "scripts/ci-gate", *words, cwd=self.repository, env=unset | more, status=status)
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1, "its trees are gone")
        return said

    def test_a_request_that_is_slower_fails(self):
        self.commit("sleep 0.5")
        summary = self.repository.parent / "summary.md"
        said = self.gate("--base", "main", "--runs", "5", "--fail-if", "slower:50%", "--", "./work", status=1, GITHUB_STEP_SUMMARY=str(summary))
        self.assertRegex(said, r"--fail-if slower:50%: .* B/A is")
        self.assertIn("| ./work |", summary.read_text())
        records = self.repository / "out/ci-gate"
        self.assertEqual(sorted(path.name for path in records.iterdir()), ["base", "head"])
        self.assertEqual(len(list(records.glob("*/*.json"))), 10)

    def test_a_request_that_is_faster_passes_and_what_main_got_since_is_not_held_against_it(self):
        self.git("checkout", "--quiet", "main")
        self.commit("sleep 0.01")
        self.git("checkout", "--quiet", "request")
        self.commit("sleep 0.02")
        self.gate("--base", "main", "--build", "test -x work && touch built", "--runs", "5", "--fail-if", "slower:200%", "--", "./work")

    def test_what_cannot_be_judged_is_said(self):
        self.assertIn("--base: what this is to be merged into", self.gate("--", "./work", status=2))
        self.assertIn("no such commit", self.gate("--base", "nowhere", "--", "./work", status=2))
        self.assertIn("no command given", self.gate("--base", "main", status=2))
        self.assertIn("no option '--bogus'", self.gate("--bogus", status=2))
        self.assertIn("--runs '0'", self.gate("--runs", "0", "--", "./work", status=2))
        self.assertIn("the build of base failed", self.gate("--base", "main", "--build", "exit 3", "--", "./work", status=4))
        shutil.rmtree(self.repository / "out")
        self.commit("exit 7")
        self.assertIn("ended with 7 in the tree of head", self.gate("--base", "main", "--runs", "1", "--", "./work", status=4))
        self.assertIn("a new folder or an empty one", self.gate("--base", "main", "--", "./work", status=2))


if __name__ == "__main__":
    unittest.main()

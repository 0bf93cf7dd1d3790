"""compare, plan-size and report over records as runs leave them, whose figures are drawn with a known difference."""

import csv
import json
import shutil
import subprocess
import sys

import rig
from rig import LiveTest, for_each, setUpModule  # noqa: F401

MAKER = rig.ROOT / "tests" / "bench" / "many_records.py"

REFUSED = {
    "one_name_alone": (["{a}"], "it takes two"),
    "a_folder_that_is_not_there": (["{a}", "{a}/none"], "No such file or directory"),
    "a_margin_that_is_none": (["--margin", "much", "{a}", "{b}"], "--margin 'much'.*0.02 or 2%"),
    "a_figure_that_is_none": (["--figure", "speed", "{a}", "{b}"], "--figure 'speed'.*avg_iter_s"),
    "a_condition_that_is_none": (["--fail-if", "slow", "{a}", "{b}"], "--fail-if 'slow'.*slower:SHARE"),
    "a_format_that_is_none": (["--format", "xml", "{a}", "{b}"], "--format 'xml'.*text, json, md or csv"),
    "three_names": (["{a}", "{b}", "{a}"], "takes two names"),
    "a_record_cut_off": (["{a}", "{cut}"], "line [0-9]+: .*the file is cut off"),
    "a_newer_record": (["{a}", "{newer}"], r"its schema is \"tare.record/2\""),
    "a_record_with_nan": (["{a}", "{nan}"], "neither a number nor a word of JSON"),
}


class Records(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = rig.Path(rig.WORK) / "compare-records"
        if cls.made.exists():
            return
        template = cls.made / "template.json"
        cls.made.mkdir()
        subprocess.run([rig.TARE, "run", "scenario1", "--mode", "threads", "--runtime", "native", "--iterations", "20",
                        "--isolation", "off", "--json", template], check=True, stdout=subprocess.DEVNULL)
        for name, seed, shift in (("a", 1, 1.0), ("b", 2, 1.0), ("slow", 3, 1.05)):
            cls.make(name, template, seed, shift)
        one = next((cls.made / "a").iterdir()).read_text()
        (cls.made / "cut.json").write_text(one[: len(one) // 2])
        (cls.made / "newer.json").write_text(one.replace("tare.record/1", "tare.record/2"))
        (cls.made / "nan.json").write_text(one.replace('"avg_iter_s":', '"avg_iter_s":NaN,"was":'))

    @classmethod
    def make(cls, name, template, seed, shift):
        words = [sys.executable, "-P", MAKER, cls.made / name, "--template", template, "--count", "64", "--iterations", "60"]
        subprocess.run([*map(str, words), "--seed", str(seed), "--shift", str(shift)], check=True)

    def tare(self, *words, env=None):
        words = [rig.TARE, *map(str, words)]
        return rig.Running(words, rig.environment() | {"TARE_STATE": str(self.dir)} | (env or {}), self.json).end()

    def paths(self):
        names = {name: self.made / name for name in ("a", "b", "slow")}
        return names | {name: self.made / f"{name}.json" for name in ("cut", "newer", "nan")}


class Compared(Records):
    @for_each(REFUSED)
    def refuses(self, words, why):
        self.assert_refused(self.tare("compare", *(word.format(**self.paths()) for word in words)), 2, why)

    @rig.needs_time
    def test_the_same_is_called_the_same(self):
        done = self.tare("compare", "--format", "json", self.made / "a", self.made / "b")
        self.assertEqual(done.status, 0, done)
        result = json.loads(done.out)
        self.assertEqual(result["schema"], "tare.compare/2")
        self.assertEqual(len(result["rows"]), 4)
        self.assertEqual({row["verdict"] for row in result["rows"]}, {"same"})
        self.assertEqual(result["environments"]["differences"], [])
        self.assertFalse(result["forced"])

    @rig.needs_time
    def test_five_percent_are_seen_and_fail_a_gate(self):
        done = self.tare("compare", "--format", "json", "--fail-if", "slower:3%", self.made / "a", self.made / "slow")
        self.assertEqual(done.status, 1, done)
        result = json.loads(done.out)
        self.assertEqual({(row["verdict"], row["beyond_margin"]) for row in result["rows"]}, {("greater", True)})
        for row in result["rows"]:
            self.assert_near(row["ratio"]["at"], 1.05, 0.02)
        self.assertEqual(len(result["fail_if"]["held"]), 4)
        self.assertIn("--fail-if holds", done.err)
        self.assertEqual(self.tare("compare", "--fail-if", "slower:20%", self.made / "a", self.made / "slow").status, 0)

    @rig.needs_time
    def test_noise_is_written_found_again_and_in_every_interval(self):
        pair = (self.made / "a", self.made / "slow")
        done = self.tare("compare", "--noise", *pair)
        self.assertEqual(done.status, 0, done)
        noise = json.loads((self.dir / "noise-floor.json").read_text())
        self.assertEqual((noise["schema"], noise["within_run"], len(noise["rows"])), ("tare.noise/2", False, 4))
        done = self.tare("compare", "--format", "json", "--fail-if", "slower:3%", *pair)
        result = json.loads(done.out)
        self.assertEqual({(row["verdict"], row["unclear_by_noise"]) for row in result["rows"]}, {("unclear", True)})
        self.assertEqual((done.status, len(result["fail_if"]["unclear"])), (0, 4))
        self.assertRegex(done.err, "slower:3%: cannot tell: .*without this host's noise")
        self.assertEqual(self.tare("compare", "--fail-if", "slower:3%", "--fail-if", "unclear", *pair).status, 1)
        done = self.tare("compare", "--noise-floor", "none", "--format", "json", *pair)
        self.assertEqual({row["verdict"] for row in json.loads(done.out)["rows"]}, {"greater"})

    def test_a_noise_file_of_before_is_not_used_and_says_what_to_do(self):
        (self.dir / "noise-floor.json").write_text('{"schema": "tare.noise/1", "rows": []}\n')
        done = self.tare("compare", self.made / "a", self.made / "b")
        self.assertEqual(done.status, 0, done)
        self.assertIn("measure it again ('tare compare --noise'", done.out)
        done = self.tare("compare", "--noise-floor", self.dir / "noise-floor.json", self.made / "a", self.made / "b")
        self.assert_refused(done, 2, "tare.noise/1.*measure it again")

    def test_emulated_records_take_force_and_it_is_told(self):
        emulated = self.dir / "emulated"
        shutil.copytree(self.made / "b", emulated)
        for path in emulated.iterdir():
            record = json.loads(path.read_text())
            record["host"]["emulated"] = not record["host"]["emulated"]
            record.pop("timing", None)
            path.write_text(json.dumps(record))
        if rig.EMULATED:
            self.skipTest("every record made here is emulated")
        self.assert_refused(self.tare("compare", self.made / "a", emulated), 2, "not comparable.*--force")
        done = self.tare("compare", "--force", "--format", "json", self.made / "a", emulated)
        self.assertTrue(json.loads(done.out)["forced"])

    def test_records_that_are_on_both_sides_pass_no_gate_and_tell_no_noise(self):
        twice = (self.made / "a", self.made / "a")
        for words in ["--fail-if", "slower:3%"], ["--noise"]:
            self.assert_refused(self.tare("compare", *words, *twice), 2, "64 of the 64 records of B are A's too: nothing can be told")
        done = self.tare("compare", *twice)
        self.assertEqual(done.status, 0, done)
        self.assertIn("64 of the 64 records of B are A's too, which cannot differ", done.err)

    def test_steady_state_is_told_where_it_is_asked_for(self):
        done = self.tare("compare", "--steady", "--format", "json", self.made / "a", self.made / "b")
        self.assertEqual({row["a"]["steady_state"] for row in json.loads(done.out)["rows"]}, {"flat"})


class Sized(Records):
    def test_a_plan_is_sized_and_finer_takes_more(self):
        sizes = []
        for precision in ("2%", "0.1%"):
            done = self.tare("plan-size", "--format", "json", "--precision", precision, self.made / "a")
            self.assertEqual(done.status, 0, done)
            sizes.append([cell["invocations"] for cell in json.loads(done.out)["cells"]])
        for coarse, fine in zip(*sizes):
            self.assertGreater(fine, coarse)


class Reported(Records):
    def test_every_record_is_a_row_with_its_figures(self):
        done = self.tare("report", "--format", "csv", self.made / "a")
        self.assertEqual(done.status, 0, done)
        rows = {row["id"]: row for row in csv.DictReader(done.out.splitlines())}
        self.assertEqual(len(rows), 64)
        for path in (self.made / "a").iterdir():
            record = json.loads(path.read_text())
            for figure in ("avg_iter_s", "p50_iter_s", "p95_iter_s"):
                self.assertEqual(float(rows[record["id"]][figure]), record["result"][figure])
            self.assertEqual(rows[record["id"]]["pss_bytes"], "")
            self.assertIn("not sampled", rows[record["id"]]["absent_reason"])

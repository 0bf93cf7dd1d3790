"""A figure that a scenario declares is shown, compared, gated and claimed by what it was declared to be."""

import csv
import io
import json
import pathlib
import re
import unittest

import specimen
from bundles import BundleTest, tare

ATTEMPTS = {"title": "ids drawn", "unit": "draws", "kind": "count", "better": "more"}
WAIT = {"title": "time credited", "unit": "ns", "kind": "time", "better": "more"}
HEAP = {"title": "heap of the interpreter", "unit": "KiB", "kind": "memory", "better": "less"}
DECLARED = {"attempts": ATTEMPTS, "credit": WAIT, "heap": HEAP}
CLAIMS = f"""\
schema: tare.claims/1
claims:
  - id: D1
    text: fork takes little heap
    bound: {{of: {specimen.FORK}, figure: heap}}
    expect: {{max: 3000}}
  - id: D2
    text: fork draws more ids
    ratio: {{of: {specimen.FORK}, to: {specimen.THREADS}, figure: attempts}}
    expect: {{min: 1.1}}
"""
SPREAD = (0.99, 1.0, 1.01, 0.995, 1.005)


def declare(times, emulated=False):
    """An edit of the specimen's records: threads draw 1000 ids, fork `times` as many."""
    def edit(records):
        for one in records.values():
            by = SPREAD[one["plan"]["block"] - 1] * (times if one["plan"]["cell"] == specimen.FORK else 1)
            figures = {"attempts": round(1000 * by), "credit": 5000 * by, "heap": 2000 * by}
            one["result"] |= {"figures": figures, "figures_declared": DECLARED}
            if emulated:
                one["timing"] = {"emulated": True, "by": "tcg"}
    return edit


class Declared(BundleTest):
    def made(self, name, **how):
        specimen.make(self.dir / name, claims=CLAIMS, edit=declare(**how))
        return self.dir / name

    def halves(self, times=1.25, seed=7):
        """The same cell twice, of which the second has so many times the figures; of another seed, other times too."""
        sides = []
        for name, by, of in (("before", 1, 7), ("after", times, seed)):
            folder = self.dir / name
            specimen.make(folder, claims=None, edit=declare(by), seed=of)
            for path in folder.iterdir():
                if specimen.FORK not in path.name:
                    path.unlink()
                    continue
                one = json.loads(path.read_text())
                path.write_text(specimen.text_of(one | {"id": f"{one['id']}{name[0]}"}))
            sides.append(folder)
        return sides

    def compare(self, *words, sides=None):
        return tare("compare", "--noise-floor", "none", *words, *(sides or self.halves()))

    def test_the_report_shows_title_unit_and_words_of_its_direction(self):
        folder = self.made("all", times=1.25)
        text = re.sub(r" +", " ", tare("report", "--text", folder).stdout)
        self.assertIn("What the scenarios report", text)
        self.assertIn("ids drawn", text)
        self.assertIn("draws", text)
        page = tare("report", "-o", "-", folder).stdout
        for words in ("ids drawn", "draws", "time credited", "heap of the interpreter", "KiB"):
            self.assertIn(f">{words}<", page)
        paper = self.dir / "paper"
        self.assertEqual(tare("report", "--paper", paper, folder).returncode, 0)
        with open(paper / "tables/own.csv", encoding="utf-8", newline="") as f:
            rows = {r["figure"]: r for r in csv.DictReader(f) if r["id"].startswith("processes-fork")}
        self.assertEqual((rows["attempts"]["title"], rows["attempts"]["unit"], rows["attempts"]["better"]),
                         ("ids drawn", "draws", "more"))
        self.assertRegex(rows["attempts"]["verdict"], r"^25(\.0+)? % more \(")
        self.assertRegex(rows["credit"]["verdict"], r"^25(\.0+)? % more \(")  # not "slower": more of it is better
        self.assertEqual((rows["credit"]["unit"], round(float(rows["credit"]["mean"]), 3)), ("us", 6.25))
        self.assertEqual((rows["heap"]["unit"], round(float(rows["heap"]["mean"]))), ("KiB", 2500))
        self.assertIn("ids drawn", (paper / "tables/own.tex").read_text())
        with open(paper / "tables/figures.csv", encoding="utf-8", newline="") as f:
            units = {r["figure"]: r["unit"] for r in csv.DictReader(f)}
        self.assertEqual((units["attempts"], units["credit"], units["heap"]), ("draws", "us", "KiB"))
        self.assertRegex((paper / "numbers.tex").read_text(), r"ForkOverheadCreditUs\}\{6\.2\d*\}")

    def test_records_without_figures_of_their_own_get_no_such_table(self):
        self.assertNotIn("What the scenarios report", tare("report", "--text", self.folder).stdout)
        self.assertNotIn("What the scenarios report", tare("report", "-o", "-", self.folder).stdout)

    def test_compare_shows_it_as_declared(self):
        done = self.compare("--figure", "attempts", "--figure", "credit", "--figure", "heap")
        said = re.sub(r"\s+", " ", done.stdout)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("* attempts: ids drawn, in draws; more is better", said)
        self.assertRegex(said, r" 1000 draws .*1250 draws")
        self.assertRegex(said, r" 2000 KiB .*2500 KiB")  # kind memory, and no number of bytes
        self.assertRegex(said, r" 5 us .*6\.25 us")
        self.assertNotIn("slower", said)
        self.assertIn("cell figure A B", said)  # rows of several figures are told apart, however narrow
        self.assertRegex(said, r" 25(\.0+)? % more \(2\d\.\d to 2\d\.\d")
        rows = json.loads(self.again("json", "attempts"))["rows"]
        self.assertEqual([rows[0][k] for k in ("title", "unit", "kind", "better")], ["ids drawn", "draws", "count", "more"])
        (row,) = csv.DictReader(io.StringIO(self.again("csv", "attempts")))
        self.assertEqual((row["unit"], row["better"]), ("draws", "more"))

    def again(self, form, figure):
        sides = (self.dir / "before", self.dir / "after")
        return self.compare("--format", form, "--figure", figure, sides=sides).stdout

    def test_a_gate_goes_by_kind_and_direction(self):
        sides = self.halves()
        for figure, gate, status, words in (
                ("credit", "slower:5%", 0, None), ("credit", "faster:5%", 1, "--fail-if faster:5%:"),
                ("attempts", "slower:5%", 2, "--fail-if 'slower:5%': of what is compared nothing is a time or a rate"),
                ("heap", "memory:5%", 1, "--fail-if memory:5%:"), ("heap", "memory:50%", 0, None)):
            done = self.compare("--figure", figure, "--fail-if", gate, sides=sides)
            said = re.sub(r"\s+", " ", done.stdout + done.stderr)
            self.assertEqual(done.returncode, status, (figure, gate, said, done.stderr))
            if words:
                self.assertIn(words, said)
        # beside a time that is the same, more of a count is not slower
        done = self.compare("--figure", "avg_iter_s", "--figure", "attempts", "--fail-if", "slower:5%", sides=sides)
        self.assertEqual((done.returncode, "--fail-if" in done.stdout), (0, False), done.stdout)

    def test_a_figure_that_the_sides_declare_as_something_else_each_is_refused(self):
        before, after = self.halves()
        for path in pathlib.Path(after).glob("*.json"):
            path.write_text(re.sub(r'"unit": *"draws"', '"unit": "boxes"', path.read_text()))
        done = self.compare("--figure", "attempts", sides=(before, after))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"^tare: .*'attempts' is a count in 'draws', more is better in '.*', and a count in "
                                      r"'boxes', more is better in '.*': these are two figures, and no ratio is made of them")
        self.assertEqual(self.compare("--figure", "avg_iter_s", sides=(before, after)).returncode, 0)
        done = tare("report", "--text", before, after)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("these are two figures (keep their records apart)", done.stderr)

    def test_a_declared_memory_figure_is_the_one_that_a_gate_of_memory_looks_at(self):
        rows = json.loads(self.compare("--figure", "heap", "--fail-if", "memory:50%", "--format", "json").stdout)["rows"]
        self.assertEqual([row["figure"] for row in rows], ["heap"])

    def test_memory_of_an_emulated_machine_is_compared_as_declared(self):
        folder = self.made("emulated", times=1.25, emulated=True)
        rows = {r["figure"]: r for r in json.loads(tare("report", "--format", "json", folder).stdout)["own"]
                if r["id"].startswith("processes-fork")}
        self.assertAlmostEqual(rows["heap"]["ratio_to_threads"], 1.25, 3)
        self.assertIsNone(rows["attempts"]["ratio_to_threads"])

    def test_claims_are_told_in_the_declared_unit(self):
        folder, bundle = self.made("claimed", times=1.25), self.dir / "claimed.tar"
        done = tare("pack", folder, "-o", bundle)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = tare("verify", bundle)
        said = re.sub(r"\s+", " ", done.stdout)
        self.assertEqual(done.returncode, 0, said + done.stderr)
        self.assertIn("at most 3000 KiB", said)
        self.assertRegex(said, r"2500 KiB \[24\d\d KiB, 25\d\d KiB\]")
        self.assertRegex(said, r"D1 fork takes little heap: SUPPORTED; ")
        self.assertRegex(said, r"D2 fork draws more ids: SUPPORTED; ")

    def test_a_noise_that_was_measured_within_one_run_says_so(self):
        sides = self.halves(times=1, seed=8)
        both = self.dir / "aa"
        both.mkdir()
        for label, side in (("A", sides[0]), ("A'", sides[1])):
            for path in side.glob("*.json"):
                one = json.loads(path.read_text())
                one["plan"]["label"] = label
                one["id"] += "a" if label == "A" else "b"
                (both / f"{label[-1].replace(chr(39), 'B')}-{path.name}").write_text(specimen.text_of(one))
        within, between = self.dir / "within.json", self.dir / "between.json"
        for words in (("--noise-floor", within, both), ("--noise-floor", between, *sides)):
            done = tare("compare", "--noise", *words)
            self.assertEqual(done.returncode, 0, done.stderr)
        for floor, is_within in ((within, True), (between, False)):
            said = re.sub(r"\s+", " ", tare("compare", "--noise-floor", floor, *sides).stdout)
            self.assertEqual("measured within one run (A and A' took turns): what differs between runs is not in it" in said,
                             is_within, said)
            data = json.loads(tare("compare", "--noise-floor", floor, "--format", "json", *sides).stdout)
            self.assertIs(data["noise_within_run"], is_within)


if __name__ == "__main__":
    unittest.main()

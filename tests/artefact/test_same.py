"""One folder of records: wherever a ratio, its interval and its verdict are printed, they are the same."""

import csv
import io
import json
import pathlib
import random
import re
import shutil
import statistics
import tempfile
import unittest

import specimen
from bundles import tare

# cell -> mode, start method, build, profile, workers, mean in ns; memory's PSS is a hundredth of it, in bytes
CELLS = {
    "threads-2": ("threads", None, "3.14t", "overhead", 2, 2e6),
    "fork-2": ("processes", "fork", "3.14", "overhead", 2, 2.012e6),
    "threads-8": ("threads", None, "3.14t", "overhead", 8, 3e6),
    "fork-8": ("processes", "fork", "3.14", "overhead", 8, 60e6),
    "threads-m": ("threads", None, "3.14t", "memory", 8, 4e9),
    "fork-m": ("processes", "fork", "3.14", "memory", 8, 3.4e9),
}
# the ids of these cells in a report, and the label of the row that compares them
ROWS = {
    "processes-fork-workers-2-overhead": ("avg_iter_s", "workers=2"),
    "processes-fork-workers-8-overhead": ("avg_iter_s", "workers=8"),
    "processes-fork-memory": ("pss_bytes", "memory"),
}
MACRO = {
    "processes-fork-workers-2-overhead": "ProcessesForkWorkersTwoOverheadAvgIterMs",
    "processes-fork-workers-8-overhead": "ProcessesForkWorkersEightOverheadAvgIterMs",
    "processes-fork-memory": "ProcessesForkMemoryPssMiB",
}
ACROSS = ("--across", "mode,mp_start_method,runtime")


def one_record(cell, block, rng, plan_sha256):
    mode, start, build, profile, workers, mean = CELLS[cell]
    one = specimen.record(specimen.THREADS, 1, rng, plan_sha256)
    starts, ends = specimen.stamps(rng, 2e6 if profile == "memory" else mean * rng.gauss(1, 0.012), 20)
    hour = f"{block // 60:02d}{block % 60:02d}"
    one["id"] = f"20261124T00{hour}Z-{rng.getrandbits(32):08x}"
    one["plan"] |= {"cell": cell, "block": block}
    if plan_sha256 is None:
        one["plan"] = None
    one["scenario"] |= {"mode": mode, "mp_start_method": start, "profile": profile, "workers": workers}
    one["runtime"] = dict(one["runtime"], name=build, free_threaded=build.endswith("t"))
    one["iterations"] = {"start_ns": starts, "end_ns": ends}
    one["result"] = specimen.result_of(starts, ends)
    if profile == "memory":
        one["memory"] = specimen.memory_of(rng, starts, ends)
        pss = {"min": 1, "max": 10**9, "avg": int(mean / 100 * rng.gauss(1, 0.012))}
        one["memory"]["parent_and_workers"]["pss"] = pss
    return one


def squeeze(text):
    """A wrapped text on one line."""
    return re.sub(r"\s+", " ", text)


class Same(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def made(self, runs, plan_sha256):
        """The folder of all, and the same records in one of threads and one of processes."""
        rng = random.Random(runs)
        all_of, threads, fork = (self.dir / f"{name}-{runs}-{bool(plan_sha256)}" for name in ("all", "threads", "fork"))
        for folder in (all_of, threads, fork):
            folder.mkdir()
        for block in range(1, runs + 1):
            for cell in CELLS:
                path = all_of / f"{block:04d}-{cell}.json"
                path.write_text(specimen.text_of(one_record(cell, block, rng, plan_sha256)))
                shutil.copy(path, threads if cell.startswith("threads") else fork)
        return all_of, threads, fork

    def said(self, *words):
        done = tare(*words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def of_compare(self, threads, fork):
        """cell -> figure, ratio, low, high and words of `compare --format json`."""
        rows = json.loads(self.said("compare", *ACROSS, "--noise-floor", "none", "--format", "json", threads, fork))["rows"]
        found = {}
        for cell, (figure, mark) in ROWS.items():
            (row,) = [r for r in rows if mark in r["label"] and r["figure"] == figure]
            found[cell] = row["ratio"]["at"], row["ratio"]["low"], row["ratio"]["high"], row["words"]
        self.assertEqual(len(rows), len(ROWS))
        return found

    def check_width(self, text):
        """80 columns where there is no terminal."""
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)

    def check_compare(self, threads, fork, rows):
        words = ("compare", *ACROSS, "--noise-floor", "none")
        text = self.said(*words, threads, fork)
        markdown = self.said(*words, "--format", "md", threads, fork).replace("\\", "")
        for one in csv.DictReader(io.StringIO(self.said(*words, "--format", "csv", threads, fork))):
            (cell,) = [c for c, (figure, mark) in ROWS.items() if mark in one["cell"] and figure == one["figure"]]
            self.assertEqual((*(float(one[k]) for k in ("ratio", "ratio_low", "ratio_high")), one["words"]), rows[cell])
        self.check_width(text)
        gates = json.loads(tare(*words, "--fail-if", "different", "--format", "json", threads, fork).stdout)["fail_if"]
        gates = " ".join(gates["held"] + gates["unclear"])
        for cell in rows:
            at, low, high, says = self.printed[cell]
            if not says.startswith("same"):
                self.assertIn(f"B/A is {at} [{low}, {high}]", gates)
            self.assertIn(f"| {at} | [{low}, {high}] | {says} |", markdown)
            self.assertRegex(text, rf"(?m) {re.escape(at)} .*{re.escape(says[:20])}")

    def check_report(self, folder, rows):
        data = json.loads(self.said("report", "--format", "json", folder))
        tables = {t: {r["id"]: r for r in data[t]} for t in ("time", "memory")}
        text, answer = self.said("report", "--text", folder), " ".join(data["answer"])
        self.check_width(text)
        markdown = self.said("report", "--format", "md", folder).replace("\\", "")
        page = self.said("report", "-o", "-", folder)
        latex = self.said("report", "--format", "tex", folder)
        for cell, (figure, _) in ROWS.items():
            at, low, high, says = self.printed[cell]
            row = tables["memory" if figure == "pss_bytes" else "time"][cell]
            self.assertEqual((row["ratio_to_threads"], row["ratio_ci95_low"], row["ratio_ci95_high"], row["verdict"]), rows[cell])
            self.assertIn(f"| {at} | [{low}, {high}] | {says} |", markdown)
            self.assertIn(f"{at} & [{low}, {high}] & {says.replace('%', chr(92) + '%')} ".replace("±", r"$\pm$"), latex)
            self.assertIn(f">{at}</td>", page)
            self.assertIn(f"[{low}, {high}]", page)
            self.assertIn(f">{says}<", page)
            self.assertRegex(page, rf"<figcaption>.*: {re.escape(at)} \({re.escape(low)} to {re.escape(high)}\)\.")
            self.assertIn(f": {says}", answer)
            self.assertIn(f": {says}", squeeze(text))
            self.assertRegex(text, rf" {re.escape(at)} ")

    def check_paper(self, folder, rows):
        paper = self.dir / f"paper-{folder.name}"
        self.said("report", "--paper", paper, folder)
        numbers = (paper / "numbers.tex").read_text()
        for cell, (figure, _) in ROWS.items():
            at, low, high, says = self.printed[cell]
            for end, value in (("", at), ("Low", low), ("High", high)):
                self.assertIn(f"\\newcommand{{\\tare{MACRO[cell]}Ratio{end}}}{{{value}}}\n", numbers)
            name = "memory" if figure == "pss_bytes" else "time"
            with open(paper / f"tables/{name}.csv", encoding="utf-8", newline="") as f:
                (row,) = [r for r in csv.DictReader(f) if r["id"] == cell]
            self.assertEqual((*(float(row[k]) for k in ("ratio_to_threads", "ratio_ci95_low", "ratio_ci95_high")),
                              row["verdict"]), rows[cell])
            with open(paper / "tables/figures.csv", encoding="utf-8", newline="") as f:
                (row,) = [r for r in csv.DictReader(f) if r["id"] == cell and r["figure"] == figure]
            self.assertEqual((*(float(row[k]) for k in ("ratio_to_threads", "ratio_ci95_low", "ratio_ci95_high")),
                              row["verdict"]), rows[cell])
            self.assertIn(f"{at} & [{low}, {high}]", (paper / f"tables/{name}.tex").read_text())

    def check(self, runs, plan_sha256):
        folder, threads, fork = self.made(runs, plan_sha256)
        rows = self.of_compare(threads, fork)
        self.printed = {}
        for line in self.said("compare", *ACROSS, "--noise-floor", "none", "--format", "md", threads, fork).splitlines():
            found = re.search(r"\| ([\d.]+) \| \\\[([\d.]+), ([\d.]+)\\\] \| (.*) \|$", line)
            if found:
                (cell,) = [c for c, (figure, mark) in ROWS.items() if mark in line and figure in line.replace("\\", "")]
                self.printed[cell] = found.groups()
        self.assertEqual(self.printed.keys(), ROWS.keys())
        for cell, printed in self.printed.items():
            for value, shown in zip(rows[cell], printed[:3]):
                decimals = len(shown.partition(".")[2])
                self.assertAlmostEqual(value, float(shown), delta=0.5000001 * 10**-decimals)
        self.check_compare(threads, fork, rows)
        self.check_report(folder, rows)
        self.check_paper(folder, rows)
        return rows

    def test_five_runs_say_the_same_everywhere(self):
        rows = self.check(5, "a" * 64)
        self.assertRegex(rows["processes-fork-workers-2-overhead"][3],
                         r"^cannot tell: ±[\d.]+ % at 5 runs; about \d+ runs would do$")

    def test_records_of_no_plan_say_the_same_everywhere(self):
        self.check(5, None)

    def test_twenty_runs_say_the_same_everywhere(self):
        self.check(20, "a" * 64)

    def test_twenty_one_runs_say_the_same_everywhere(self):
        self.check(21, "a" * 64)

    def test_thirty_runs_say_the_same_everywhere(self):
        rows = self.check(30, "a" * 64)
        self.assertEqual(rows["processes-fork-workers-2-overhead"][3], "same within 2 %")
        self.assertRegex(rows["processes-fork-workers-8-overhead"][3], r"^\d+\.\d+ times as long \(.* to .*\)$")
        self.assertRegex(rows["processes-fork-memory"][3], r"^1\d\.\d+ % less \(.* to .* %\)$")

    def test_the_ratio_is_that_of_the_geometric_means_that_are_shown(self):
        for runs in (20, 21):
            folder, threads, fork = self.made(runs, None)
            rows = self.of_compare(threads, fork)
            for cell, id_of in (("fork-8", "processes-fork-workers-8-overhead"),):
                values = [[json.loads(p.read_text())["result"]["avg_iter_s"] for p in sorted(folder.glob(f"*-{name}.json"))]
                          for name in (cell, "threads-8")]
                self.assertAlmostEqual(rows[id_of][0], statistics.geometric_mean(values[0]) / statistics.geometric_mean(values[1]), 9)

    def test_slopes_say_the_same_difference_everywhere(self):
        """Of slopes, which may be 0 and below, every place has the difference, its interval and verdict, and no ratio."""
        folder, sides = self.dir / "growth", {name: self.dir / name for name in ("threads", "fork")}
        rng = random.Random(5)
        values = {"threads": [], "fork": []}
        for path in (folder, *sides.values()):
            path.mkdir()
        for block in range(1, 13):
            for name, cell in (("threads", "threads-8"), ("fork", "fork-8")):
                one = one_record(cell, block, rng, "a" * 64)
                values[name].append(rng.gauss(4096 if name == "threads" else 200_000, 30_000))
                one["scenario"]["profile"] = "growth"
                one["growth"] = {"slopes": {"pss_bytes": values[name][-1]}}
                for where in (folder, sides[name]):
                    (where / f"{block:04d}-{cell}.json").write_text(specimen.text_of(one))
        words = ("compare", *ACROSS, "--noise-floor", "none")
        (row,) = json.loads(self.said(*words, "--format", "json", sides["threads"], sides["fork"]))["rows"]
        found, says = row["difference"], row["words"]
        self.assertIsNone(row["ratio"]["at"])
        self.assertAlmostEqual(found["at"], statistics.fmean(values["fork"]) - statistics.fmean(values["threads"]), 5)
        at, low, high = re.fullmatch(r"([\d.]+) KiB more \(([\d.]+) to ([\d.]+)\)", says).groups()
        text = self.said(*words, sides["threads"], sides["fork"])
        self.assertIn(f" +{at} KiB ", text)
        data = json.loads(self.said("report", "--format", "json", folder))
        for table in ("own", "figures"):
            (shown,) = [r for r in data[table] if r["figure"] == "growth_pss_bytes" and r["id"].startswith("processes")]
            self.assertEqual((shown["ratio_to_threads"], shown["verdict"]), (None, says))
            for key, end in (("difference_to_threads", "at"), ("difference_ci95_low", "low"), ("difference_ci95_high", "high")):
                self.assertAlmostEqual(shown[key] * 2**20, found[end], 4)
        mib = [float(f"{found[end] / 2**20:.3f}") for end in ("at", "low", "high")]
        paper = self.dir / "paper-growth"
        self.said("report", "--paper", paper, folder)
        numbers = dict(re.findall(r"\\newcommand\{\\tare(\w*GrowthPssMiB\w*)\}\{([^}]*)\}", (paper / "numbers.tex").read_text()))
        name = "ProcessesForkGrowthGrowthPssMiB"
        self.assertNotIn(f"{name}Ratio", numbers)
        for end, value in zip(("Difference", "DifferenceLow", "DifferenceHigh"), mib):
            self.assertAlmostEqual(float(numbers[name + end]), value, 2)
        with open(paper / "tables/own.csv", encoding="utf-8", newline="") as f:
            (shown,) = [r for r in csv.DictReader(f) if r["id"].startswith("processes")]
        self.assertEqual((shown["ratio_to_threads"], shown["verdict"]), ("", says))
        self.assertAlmostEqual(float(shown["difference_to_threads"]) * 2**20, found["at"], 4)
        drawn = f"+{numbers[name + 'Difference']}"
        self.assertIn(drawn, self.said("report", "--text", folder))
        self.assertIn(f"| {drawn} | [{numbers[name + 'DifferenceLow']}, {numbers[name + 'DifferenceHigh']}] | {says} |",
                      self.said("report", "--format", "md", folder).replace("\\", ""))
        self.assertIn(f">{says}<", self.said("report", "-o", "-", folder))
        self.assertIn(f"{drawn} & [", self.said("report", "--format", "tex", folder))


if __name__ == "__main__":
    unittest.main()

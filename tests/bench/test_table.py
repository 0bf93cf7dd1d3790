"""What the benches make of what they measure: intervals, verdicts, rows."""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import table

# Le Boudec, Performance Evaluation of Computer and Communication Systems, 2010, table A.1: ranks of the median's 95 % interval.
RANKS = {6: (1, 6), 8: (1, 8), 9: (2, 8), 10: (2, 9), 15: (4, 12), 20: (6, 15), 30: (10, 21)}


HERE = Path(__file__).resolve().parent
# What the top README quotes of the table, by its row.
QUOTED = {"tare exec --confine off / vfork + exec + wait": r"`exec --confine off` ([\d.]+) times vfork",
          "tare exec / bwrap --unshare-all": r"`exec` ([\d.]+) of bwrap",
          "sampler / psutil, 100 processes": r"tick ([\d.]+) of psutil's",
          "scenario1 by tare / a plain script, threads, 3.14t": r"threads ([\d.]+) of a plain script's",
          "sampled / not, scenario2": r"scenario2 sampled ([\d.]+) of unsampled"}


class Quoted(unittest.TestCase):
    def test_the_readme_quotes_the_table_as_it_is(self):
        said = " ".join((HERE.parents[1] / "README.md").read_text().split())
        rows = {row["what"]: row for row in json.loads((HERE / "results.json").read_text())["rows"]}
        for what, words in QUOTED.items():
            with self.subTest(what):
                self.assertEqual(re.findall(words, said), [f"{rows[what]['measured']:.2f}"])
                self.assertIn(f"| {what} | {rows[what]['measured']:.2f} |", (HERE / "README.md").read_text())


class Table(unittest.TestCase):
    def rows(self, measure) -> list[dict]:
        with tempfile.NamedTemporaryFile() as file:
            os.environ["TARE_BENCH_ROWS"] = file.name
            self.addCleanup(os.environ.pop, "TARE_BENCH_ROWS", None)
            with contextlib.redirect_stdout(io.StringIO()):
                measure()
            return [json.loads(line) for line in file]

    def row(self, *words, **options) -> dict:
        (one,) = self.rows(lambda: table.row("what", *words, **options))
        return table.shown(one)

    def test_the_interval_has_the_ranks_of_the_literature(self):
        for n, ranks in RANKS.items():
            self.assertEqual(table.interval(range(n, 0, -1)), ranks)

    def test_fewer_than_six_have_no_interval(self):
        for n in range(1, 6):
            self.assertIsNone(table.interval(range(n)))

    def test_a_verdict_is_unsure_where_the_interval_holds_the_bound(self):
        self.assertEqual(self.row([1.0] * 6, 1.5)["verdict"], "pass")
        self.assertEqual(self.row([2.0] * 6, 1.5)["verdict"], "FAIL")
        self.assertEqual(self.row([1.0, 1.1, 1.2, 1.3, 1.4, 1.6], 1.5)["verdict"], "pass, unsure")
        self.assertEqual(self.row([1.0, 1.6, 1.7, 1.7, 1.8, 1.9], 1.5)["verdict"], "FAIL, unsure")
        self.assertEqual(self.row(2.0, 1.5, ends=(1.4, 2.5))["verdict"], "FAIL, unsure")

    def test_a_target_has_one_bound_or_two_or_none(self):
        self.assertEqual(self.row(3.0, least=2, unit=" / s"), {"what": "what", "measured": "3.00 / s", "interval": "once", "target": ">= 2 / s", "verdict": "pass"})
        self.assertEqual(self.row(0.9, 1.02, least=0.98)["verdict"], "FAIL")
        self.assertEqual(self.row(1.0, 1.02, least=0.98)["target"], "0.98 to 1.02")
        self.assertEqual(self.row(1.0)["verdict"], "")

    def test_without_an_interval_it_says_of_how_much_the_figure_is(self):
        for of, is_most, interval, measured in ((1.0, False, "once", "1.00"), ([1.0], True, "once", "1.00"), ([1.0, 2.0, 9.0], False, "3 rounds", "2.00"),
                                                ([1.0] * 5 + [7.0] * 2, True, "the most of 7", "7.00"), ([1.0, 2.0] * 3, False, "1.00 to 2.00", "1.50")):
            shown = self.row(of, is_most=is_most)
            self.assertEqual((shown["interval"], shown["measured"]), (interval, measured))

    def test_what_cannot_be_measured_is_null_with_its_reason(self):
        (one,) = self.rows(lambda: table.absent("what", "no engine"))
        self.assertEqual(one, {"what": "what", "measured": None, "why": "no engine"})
        shown = table.shown(one)
        self.assertEqual((shown["measured"], shown["verdict"]), ("null", "no engine"))

    def test_a_kept_row_has_the_value_of_each_round(self):
        (one,) = self.rows(lambda: table.row("what", [3.0, 1.0, 2.0], 5, " s"))
        self.assertEqual((one["rounds"], one["measured"], one["low"], one["most"]), ([3.0, 1.0, 2.0], 2.0, None, 5))

    def test_a_child_that_fails_ends_the_bench_with_what_it_said(self):
        with self.assertRaisesRegex(SystemExit, "exit 3: it is broken"):
            table.weigh(["sh", "-c", "echo it is broken >&2; exit 3"])


if __name__ == "__main__":
    unittest.main()

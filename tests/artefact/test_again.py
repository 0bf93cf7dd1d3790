"""The commands under "How to run it again" in a report's page, run as they stand there."""

import html
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from bundles import TARE, tare

PLAN = """\
schema: tare.plan/1
name: by-path
invocations: 2
defaults: {scenario: scenario1, runtime: native, iterations: 3, workers: 2, work-iters: 100}
cells:
  - {mode: threads, profile: overhead}
"""


class Again(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.first = self.dir / "it's the first"

    def done(self, *words):
        done = tare(*words, cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def commands(self):
        """What the page of self.first says."""
        page = self.done("report", "-o", "-", self.first).stdout
        (block,) = re.findall(r'id="h-again".*?<code>(.*?)</code>', page, re.S)
        return html.unescape(block)

    def run_again(self):
        """Runs that, with its folder for DIR; returns the commands and what they printed."""
        commands = self.commands()
        place = f"'{str(self.first)}'".replace("it's", "it'\\''s")
        script = commands.replace("DIR/plan.yml", f"{place}/plan.yml").replace("compare DIR", f"compare {place}")
        again = self.dir / "again"
        again.mkdir()
        done = subprocess.run(["bash", "-eu", "-c", script], cwd=again, capture_output=True, text=True, timeout=120,
                              env=os.environ | {"PATH": f"{TARE.parent}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, 0, done.stderr)
        made = len(list((again / "out/again").glob("*.json")))
        self.assertEqual(made, len(list(self.first.glob("*.json"))))
        return commands, done.stdout

    def test_a_plan_given_by_path(self):
        (self.dir / "by-path.yml").write_text(PLAN)
        self.done("matrix", "by-path.yml", "--out", self.first)
        commands, said = self.run_again()
        self.assertIn("tare matrix DIR/plan.yml --seed ", commands)
        self.assertIn("(2 records)", said)

    def test_a_plan_that_was_run_as_two_halves(self):
        (self.dir / "by-path.yml").write_text(PLAN)
        self.done("matrix", "by-path.yml", "--aa", "--out", self.first)
        self.run_again()

    def test_two_plans_and_a_single_run_have_a_folder_each(self):
        for name in ("one", "two"):
            (self.dir / f"{name}.yml").write_text(PLAN.replace("name: ", f"name: {name}-"))
            self.done("matrix", f"{name}.yml", "--seed", "7", "--out", self.first / "records" / name)
        self.done("run", "scenario1", "--mode", "threads", "--runtime", "native", "--iterations", "3", "--workers", "3",
                  "--out", self.first / "records" / "single")
        said = self.commands()
        for number in (1, 2):
            self.assertRegex(said, rf"tare matrix DIR/plan.yml --seed 7 --out out/again-{number} # the plan (one|two)-")
        self.assertRegex(said, r"tare run scenario1 .* --out out/again-3\n")
        self.assertEqual(re.findall(r"tare compare DIR (\S+)", said), [f"out/again-{n}" for n in (1, 2, 3)])

    def test_single_runs_of_a_scenario(self):
        for _ in range(3):
            self.done("run", "scenario1", "--mode", "threads", "--runtime", "native", "--iterations", "3", "--out", self.first)
        _, said = self.run_again()
        self.assertIn("(3 records)", said)

    def test_a_command_with_blanks_and_quotes(self):
        self.done("exec", "--repeat", "3", "--quiet", "--out", self.first, "--", "sh", "-c", "echo \"it's\" $0", "a b", "")
        _, said = self.run_again()
        self.assertEqual(said.count("it's a b\n"), 3)
        self.assertIn("(3 records)", said)


if __name__ == "__main__":
    unittest.main()

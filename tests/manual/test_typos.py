#!/usr/bin/env python3
"""What a mistyped command, option, key, name or value is answered: one line, exit 2, and what was meant."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

TARE = Path(__file__).resolve().parents[2] / "build/tare"

# What was typed; how the line goes on behind "tare: ", or what is in it.
TYPOS = [
    ("exce -- true", "'exce' is no command ('tare --help' lists them); did you mean 'exec'?"),
    ("help mtrix", "'mtrix' is no command ('tare --help' lists them); did you mean 'matrix'?"),
    ("--hlep", "'--hlep' is no command ('tare --help' lists them); did you mean '--help'?"),
    ("run scenari1", "'scenari1' is no scenario; what is allowed is causes, churn, scenario0, "),
    ("run scenari1", "; did you mean 'scenario1'?"),
    ("run mine", "'mine' is no scenario of tare's; the folder of that name is './mine'"),
    ("run work.py:encode", "'work.py:encode' is no scenario; what 'tare bench' and 'tare scale' take is a function, as work.py:encode"),
    ("run --mode threads", "no scenario was named ('tare run' alone lists them)"),
    ("matrix --out x", "no plan was named ('tare matrix' alone lists them)"),
    ("help run matrix", "help: 'matrix': 'tare help' takes one command, and 'run' is it"),
    ("exec --shell bash -- true", "--shell 'bash' goes with --command"),
    ("run scenario1 --iteration 5", "'--iteration' is no option of 'scenario1' ('tare run scenario1 --help' lists them); did you mean '--iterations'?"),
    ("run scenario1 --hold-m 5", "'--hold-m' is no option of 'scenario1' ('tare run scenario1 --help' lists them); did you mean '--hold-ms'?"),
    ("run scenario1 --mode thread", "--mode 'thread': what is allowed is threads, processes or interpreters; did you mean 'threads'?"),
    ("run scenario1 --workers eight", "--workers 'eight': what is allowed is a whole number from 1 to 4096"),
    ("run scenario1 --memory-max 512mo", "--memory-max '512mo': what is allowed is a size such as 512M from 1.0 MiB"),
    ("run scenario1 --json", "--json: it takes a value ('tare run --help' lists the options)"),
    ("run scenario1 --mp-start forkserve --mode processes", "--mp-start 'forkserve': what is allowed is fork, forkserver or spawn; did you mean 'forkserver'?"),
    ("exec --repeats 3 -- true", "'--repeats' is no option of 'tare exec' ('tare exec --help' lists them); did you mean '--repeat'?"),
    ("exec --cpu-max half -- true", "--cpu-max 'half': what is allowed is a share of one CPU such as 50%, a number of CPUs such as 1.5, or "),
    ("exec --parameter n=1..8 -- echo n", "--parameter 'n': no command has {n} in it"),
    ("exec --export t.xls -- true", "--export 't.xls': what is allowed is a name that ends in .md, .csv or .json"),
    ("exec -- git log -- no-such-file", "'no-such-file': no such command on PATH ('--' parts commands; --command takes one with a '--' of its own)"),
    ("matrix quik", "; did you mean 'quick'?"),
    ("matrix quick.yml", "'quick.yml': No such file or directory ('quick' is one that came with tare)"),
    ("matrix quick --enigne slurm", "('tare matrix --help' lists them); did you mean '--engine'?"),
    ("matrix typo.yml", "typo.yml:3:10: 'comand' is not a key here; did you mean 'command'? What is allowed is scenario, command, "),
    ("matrix string.yml", "string.yml:3:19: what is allowed here is a list, as [a, b] (a command is a list of its words: [./a, -x])"),
    ("doctor --jason", "'--jason' is no option of 'tare doctor' ('tare doctor --help' lists them); did you mean '--json'?"),
    ("compare --fail-if slowr:5% a b", "--fail-if 'slowr:5%': what is allowed is slower:SHARE, "),
    ("compare --figure avg_itr_s records records", "; did you mean 'avg_iter_s'?"),
    ("compare --fail-if slowr:5% a b", ", not-same or unclear; did you mean 'slower'?"),
    ("compare --fail-if slower:x a b", ", not-same or unclear\n"),
    ("tune --only swapiness", "; did you mean 'swappiness'?"),
    ("bench work.py:work --modes threds", "; did you mean 'threads'?"),
    ("bench work.py:work --mp-start forkservr", "; did you mean 'forkserver'?"),
    ("run scenario1 --python x", "; did you mean '--runtime'?"),
    ("bench work.py:work --runtime x", "; did you mean '--python'?"),
    ("matrix quick --repeat 3", "; did you mean '--invocations'?"),
    ("exec --runs 3 -- true", "; did you mean '--repeat'?"),
    ("exec --parameter-list n 1,2 -- true", "; did you mean '--parameter'?"),
    ("exec --export-csv t -- true", "; did you mean '--export'?"),
    ("report no-such-folder", "'no-such-folder': No such file or directory"),
]


class Typos(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        head = "schema: tare.plan/1\nname: p\n"
        (self.dir / "work.py").write_text("def work():\n    return 1\n")
        (self.dir / "mine").mkdir()
        (self.dir / "mine/scenario.yml").write_text("schema: tare.scenario/1\n")
        (self.dir / "typo.yml").write_text(head + "cells: [{comand: [a]}]\n")
        (self.dir / "string.yml").write_text(head + "cells: [{command: ./a -x}]\n")

    def run_tare(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([TARE, *words], cwd=self.dir, capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})

    def test_each_is_answered_in_one_line_that_helps(self):
        done = self.run_tare("exec", "--quiet", "--out", "records", "--", "true")
        self.assertEqual(done.returncode, 0, done.stderr)
        for typed, answer in TYPOS:
            with self.subTest(typed):
                done = self.run_tare(*typed.split())
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertTrue(done.stderr.startswith("tare: "), done.stderr)
                self.assertIn(answer, done.stderr)

    def test_nothing_was_made(self):
        before = sorted(self.dir.iterdir())
        for typed, _ in TYPOS:
            if "records" not in typed:
                self.run_tare(*typed.split())
        self.assertEqual(sorted(self.dir.iterdir()), before)


if __name__ == "__main__":
    unittest.main()

"""Bisections: the first bad one of a list is found, an innocent is not named, what was interrupted goes on."""

import os
import signal
import subprocess

import rig
from rig import LiveTest, setUpModule  # noqa: F401

PLAN = """schema: tare.plan/1
name: tiny
defaults: {scenario: scenario1, iterations: 3, warmup: 0, workers: 2, work-iters: 100}
cells:
  - {mode: threads}
"""
# Far from the claim on either side, so that five invocations of a busy machine decide.
CLAIM = ["--claim", "slower:40%", "--invocations", 5, "--max-invocations", 20]
QUICK, SLOW = "sleep 0.1", "sleep 0.3"
SLOWER = """import threading, time
start = threading.Thread.start
threading.Thread.start = lambda self: (time.sleep(0.2), start(self))
"""


class Bisect(LiveTest):
    def setUp(self):
        super().setUp()
        self.dir.chmod(0o755)  # a wrapper's interpreter lies beside it
        self.out = self.dir / "out"

    def begin(self, *words: object) -> subprocess.Popen:
        line = [str(word) for word in (rig.TARE, "bisect", *CLAIM, "--out", self.out, *words)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(line, env=rig.environment(), text=True, **pipes)

    def bisect(self, *words: object) -> tuple[int, str, str]:
        running = self.begin(*words)
        out, err = running.communicate(timeout=rig.PATIENCE_S)
        return running.returncode, out, err

    def commands(self, *commands: str) -> list[str]:
        return [f"--command={command}" for command in commands]

    def interpreter(self, name: str, slow: bool) -> str:
        folder = self.dir / name
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(SLOWER if slow else "")
        path = folder / "python3"
        path.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {rig.WRAPPER} "$@"\n')
        path.chmod(0o755)
        return str(path)


@rig.needs_time
class Lists(Bisect):
    def test_the_first_slow_command_is_named_and_a_killed_one_goes_on(self):
        words = self.commands(QUICK, QUICK, SLOW)
        running = self.begin(*words)
        self.assertTrue(rig.wait_for(lambda: list(self.out.glob("*/*.json")) or running.poll() is not None))
        running.send_signal(signal.SIGKILL)
        self.assertEqual(running.wait(rig.PATIENCE_S), -signal.SIGKILL)
        running.stdout.close(), running.stderr.close()
        rig.wait_for(lambda: not rig.workload_pids(), rig.SOON_S)
        there = {path: path.read_bytes() for path in self.out.glob("*/*.json")}
        code, out, err = self.bisect(*words)
        self.assertEqual(code, 0, out + err)
        self.assertIn(f"The first bad one is 3 of 3: {SLOW}", out)
        for path, bytes_ in there.items():  # what was measured stays
            self.assertEqual(path.read_bytes(), bytes_)
        runs = len(list(self.out.glob("*/*.json")))
        self.assertIn(f"{runs} runs", out)
        self.assertEqual(self.bisect(*words)[:2], (0, out), "it decides by what is there")
        self.assertEqual(len(list(self.out.glob("*/*.json"))), runs)
        code, out, err = self.bisect(*self.commands(QUICK, SLOW, SLOW))
        self.assertEqual(code, 2)
        self.assertIn("holds another bisection: 'of = sleep 0.1' where this one has 'of = sleep 0.3'", err)
        subprocess.run([rig.TARE, "clean"], env=rig.environment(), capture_output=True, check=True)

    def test_of_the_same_none_is_named(self):
        code, out, err = self.bisect(*self.commands(QUICK, QUICK))
        self.assertEqual(code, 1, out + err)
        self.assertIn("None is bad: slower:40% does not hold of the last", out)

    def test_a_claim_of_what_no_cell_is_run_for_is_refused_before_anything_is_run(self):
        for claim in ("memory:5%", "growth:64K"):
            code, out, err = self.bisect("--claim", claim, *self.commands(QUICK, QUICK))
            self.assertEqual(code, 2, out + err)
            self.assertIn(f"--claim '{claim}': none of the plan's cells is run for a figure of which it could be said", err)
            self.assertFalse(self.out.exists())

    def test_what_cannot_be_told_is_not_decided(self):
        """Twice the very same, and a claim of any difference at all."""
        code, out, err = self.bisect("--claim", "slower:0", "--max-invocations", 5, *self.commands(QUICK, QUICK))
        if code != 3:  # one in 20 by its own error rate, and then with these words
            self.assertIn(code, (0, 1))
            return
        self.assertIn("cannot tell of 2 of 2", err)
        self.assertIn("nothing is known of the list", out)

    def test_interpreters_are_a_list_and_wrappers_are_asked_what_they_are(self):
        plan = self.dir / "plan.yml"
        plan.write_text(PLAN)
        code, out, err = self.bisect(self.interpreter("first", False), self.interpreter("second", True), "--", plan)
        self.assertEqual(code, 0, out + err)
        self.assertIn(f"The first bad one is 2 of 2: {self.dir}/second/python3", out)
        self.assertIn("avg_iter_s of scenario1-threads is", " ".join(out.split()))
        no_python = self.dir / "no-python"
        no_python.write_text("#!/bin/sh\n")
        no_python.chmod(0o755)
        code, out, err = self.bisect(self.dir / "first/python3", no_python, "--", plan)
        self.assertEqual(code, 2)
        self.assertIn("does not answer in confinement as a Python interpreter does", err)

    def test_commits_are_built_where_a_step_needs_them(self):
        git = ["git", "-C", str(self.dir / "repository"), "-c", "user.name=t", "-c", "user.email=t@localhost"]
        subprocess.run(["git", "init", "-q", str(self.dir / "repository")], check=True)
        for i, slow in enumerate((False, True)):
            source = self.interpreter(f"source{i}", slow)
            os.rename(source, self.dir / "repository/python.in")
            subprocess.run([*git, "add", "."], check=True)
            subprocess.run([*git, "commit", "-q", "-m", str(i)], check=True)
        plan = self.dir / "plan.yml"
        plan.write_text(PLAN)
        (self.dir / "repository/sub").mkdir()
        words = ["--git", self.dir / "repository/sub", "--built", "bin/python3", "HEAD~1", "HEAD", "--", plan]
        code, out, err = self.bisect("--build", "false", *words)
        self.assertEqual(code, 4, out + err)
        self.assertIn("failed: ", err)
        self.out = self.dir / "other"
        code, out, err = self.bisect("--build", "mkdir bin && cp python.in bin/python3", *words)
        self.assertEqual(code, 0, out + err)
        self.assertIn("The first bad one is 2 of 2", out)


    def test_what_failed_is_run_again_where_it_is_asked_for(self):
        words = self.commands("true", "false")
        for again in ([], ["--retry"]):
            code, out, err = self.bisect(*again, *words)
            self.assertEqual(code, 4, out + err)
            self.assertIn(f"'tare report {self.out}/0002' says why (--retry runs them again)", err)
            self.assertEqual(len(list(self.out.glob("0002/aside/*"))), 5 if again else 0)
            self.assertEqual(len(list(self.out.glob("0002/*.json"))), 10)

    def test_a_plan_that_is_until_precise_gives_up_where_the_looks_do(self):
        plan = self.dir / "plan.yml"
        plan.write_text(PLAN.replace("cells:", "invocations: 1\nmax-invocations: 2\nuntil-precise: 50%\ncells:"))
        code, out, err = self.bisect(self.interpreter("first", False), self.interpreter("second", True), "--", plan)
        self.assertEqual(code, 0, out + err)


@rig.once_is_enough
class Refused(Bisect):
    def test_a_good_one_that_is_not_on_the_line_of_the_bad_one(self):
        git = ["git", "-C", str(self.dir), "-c", "user.name=t", "-c", "user.email=t@localhost"]
        commit = [*git, "commit", "-q", "--allow-empty", "-m"]
        for line in (
            ["git", "init", "-q", "-b", "main", str(self.dir)],
            [*commit, "first"],
            [*git, "checkout", "-q", "-b", "side"],
            [*commit, "beside"],
            [*git, "checkout", "-q", "main"],
            [*commit, "second"],
            [*git, "merge", "-q", "--no-ff", "-m", "merged", "side"],
        ):
            subprocess.run(line, check=True)
        code, out, err = self.bisect("--git", self.dir, "--build", "true", "side", "main", "--", "seed")
        self.assertEqual((code, out), (2, ""), err)
        self.assertIn("side is not on the first-parent line of main", err)

    def test_a_figure_that_nobody_has_is_said_before_anything_is_measured(self):
        code, out, err = self.bisect("--figure", "nonsense", *self.commands(QUICK, QUICK))
        self.assertEqual(code, 2, out + err)
        self.assertIn("--figure 'nonsense': none of the plan's cells has a figure of this name", err)
        self.assertFalse(self.out.exists())

    def test_a_step_of_which_a_cell_cannot_be_run_is_not_measured(self):
        plan = self.dir / "plan.yml"
        plan.write_text(PLAN + '  - {id: newer, mode: threads, lazy-imports: "yes"}\n')
        code, out, err = self.bisect("3.14", self.interpreter("another", False), "--", plan)
        self.assertEqual(code, 3, out + err)
        self.assertRegex(err, r"cell '\S+': --lazy-imports 'yes': .*; nothing was run")
        self.assertFalse(self.out.exists())

    def test_each_in_one_line(self):
        for words, said in (
            (["a", "b"], "it takes a list and a plan"),
            (["--claim", "worse:1%", "a", "b", "--", "seed"], "--claim 'worse:1%': what is allowed is"),
            (["--error", "2", "a", "b", "--", "seed"], "--error '2'"),
            (["--build", "make", "a", "b", "--", "seed"], "--build: there is nothing to build without --git"),
            (["--git", "/nowhere", "--build", "make", "a", "b", "--", "seed"], "--git '/nowhere': git rev-parse"),
            (["--command", "true"], "a list has two at least"),
            (["native", "native", "--", "seed"], "'native' is no interpreter"),
            (["3.14", "3.14", "--", "seed"], "'3.14' is the same interpreter as '3.14'"),
            (["a", "b", "--", "nowhere"], "'nowhere' is no plan"),
        ):
            code, out, err = self.bisect(*words)
            self.assertEqual(code, 2, err)
            self.assertIn(said, err)
            self.assertEqual(err.count("\n"), 1)
            self.assertFalse(self.out.exists())


"""What the scripts take from whoever calls them and what they refuse, and scripts/docker-run with an engine that is a script.

  python3 tests/images/test_scripts.py -v [CLASS.TEST]...

Builds nothing and needs no engine, no network and no cache.
"""

import os
import subprocess
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FOR_USERS = ["bench", "build-image", "build-python", "build-vm-image", "check", "clean-root", "compare-images", "current-lock", "docker-run",
             "fetch-debs", "run", "setup", "slurm/cluster", "test", "update-lock", "vm"]


def script(name, *words, **environment):
    return subprocess.run([TOP / "scripts" / name, *map(str, words)], env=os.environ | environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


class ScriptTest(unittest.TestCase):
    def refused(self, done, words, status=2):
        """In one line with these words."""
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(words, done.stderr)


class Options(ScriptTest):
    def test_help_is_the_comment_at_the_head_and_no_more(self):
        for name in FOR_USERS:
            with self.subTest(script=name):
                done = script(name, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                text = (TOP / "scripts" / name).read_text()
                head = [line[1:].removeprefix(" ") for line in text.split("\nset -")[0].splitlines()[1:]]
                self.assertEqual(done.stdout.splitlines(), [line for line in head if not line.startswith("shellcheck ")])

    def test_help_works_from_any_folder(self):
        for name in ("test", "check"):
            done = subprocess.run([f"./{name}", "--help"], cwd=TOP / "scripts", capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_an_unknown_option_is_named_with_those_there_are_whether_or_not_a_word_follows(self):
        for name, first in (("build-image", "--variant"), ("update-lock", "--out"), ("docker-run", "--out"), ("compare-images", "--out"),
                            ("build-vm-image", "--lock"), ("vm", "--image"), ("clean-root", "--suite"), ("slurm/cluster", "--nodes"),
                            ("check", "--help")):
            for words in (["--bogus"], ["--bogus", "x"]):
                with self.subTest(script=name, words=words):
                    self.refused(script(name, *words), f"no option '--bogus'; allowed: {first}")

    def test_a_word_where_none_is_taken_is_no_option_without_its_value(self):
        for name in ("build-image", "update-lock", "build-vm-image", "check"):
            with self.subTest(script=name):
                self.refused(script(name, "stray"), "no option 'stray'; allowed: ")

    def test_an_option_without_its_value_is_still_told_so(self):
        for name, option in (("build-image", "--tag"), ("update-lock", "--suite"), ("docker-run", "--memory"), ("compare-images", "--cells")):
            with self.subTest(script=name):
                self.refused(script(name, option), f"{option}: needs a value")


if __name__ == "__main__":
    unittest.main()

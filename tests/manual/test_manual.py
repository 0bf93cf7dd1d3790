#!/usr/bin/env python3
"""The man pages and the shells' completion, judged by the programs that read them."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = ROOT / "build/man"
TARE = ROOT / "build/tare"


def commands() -> list[str]:
    told = subprocess.run([TARE, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  tare ([a-z-]+)", told, re.M)


def options_of(command: str) -> list[str]:
    told = subprocess.run([TARE, "help", command], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  (--[a-z-]+)", told, re.M)


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL, **more)


def needs(program: str, package: str):
    return unittest.skipUnless(shutil.which(program), f"no {program} here (apt-get install {package})")


class Made(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = run("make", "-C", ROOT, "--no-print-directory", "man")
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)


class Pages(Made):
    def test_help_and_lists_fit_80_columns(self):
        for words in ([], ["--help"], ["run"], ["matrix"], *([command, "--help"] for command in commands())):
            done = run(TARE, *words)
            for line in (done.stdout + done.stderr).splitlines():
                self.assertLessEqual(len(line), 80, f"tare {' '.join(words)}: {line}")

    def test_each_document_that_is_printed_is_described_member_by_member(self):
        page = (MADE / "tare-json.5").read_text().replace("\\-", "-")
        described = 0
        for file in ROOT.glob("runner/*/tare-*.schema.json"):
            if file.with_name(file.name.removesuffix(".schema.json") + ".5").exists():
                continue
            schema = json.loads(file.read_text())
            section = page.partition(f".SH {schema['title']}\n")[2].partition("\n.SH ")[0]
            members = schema["properties"]
            for key in (key for key in members if not (key.endswith("_reason") and key.removesuffix("_reason") in members)):
                self.assertRegex(section, rf"(?m)^\.B {re.escape(key)}$", file.name)
            described += 1
        self.assertGreater(described, 8)

    def test_the_grades_of_isolation_are_explained(self):
        page = (MADE / "tare.1").read_text().partition(".SH ISOLATION")[2].partition(".SH")[0]
        self.assertEqual(re.findall(r"(?m)^\.B (\w+)$", page), ["full", "partial", "borrowed", "none"])

    def test_each_command_has_a_page_with_each_of_its_options(self):
        self.assertGreater(len(commands()), 15)
        for command in commands():
            page = (MADE / f"tare-{command}.1").read_text().replace("\\-", "-")
            for option in options_of(command):
                self.assertIn(f"\\fB{option}\\fR", page, f"tare-{command}(1)")

    @needs("mandoc", "mandoc")
    def test_mandoc_has_no_warning(self):
        for page in sorted(MADE.glob("*.[15]")):
            done = run("mandoc", "-T", "lint", "-W", "warning", page)
            self.assertEqual((done.returncode, done.stdout), (0, ""), page)

    @needs("man", "man-db")
    def test_man_has_no_warning(self):
        for page in sorted(MADE.glob("*.[15]")):
            done = run("man", "--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l", page, env={**os.environ, "LC_ALL": "C.UTF-8"})
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)

    def test_the_examples_are_options_that_there_are(self):
        for command in commands():
            page = (MADE / f"tare-{command}.1").read_text().replace("\\-", "-")
            examples = page.partition(".SH EXAMPLES")[2].partition(".SH")[0]
            self.assertTrue(examples, command)
            for option in re.findall(r"(?<= )--[a-z-]+", examples):
                self.assertIn(option, options_of(command), f"tare-{command}(1)")


class Hyperfine(Made):
    """tare-exec(1) says what answers each option of hyperfine."""

    def pairs(self) -> dict[str, str]:
        page = (MADE / "tare-exec.1").read_text().replace("\\-", "-")
        section = page.partition(".SH BESIDE HYPERFINE")[2].partition(".SH")[0]
        return dict(re.findall(r"^\.TP\n\.B (.*)\n((?:.*\n)*?)(?=\.TP|\Z)", section, re.M))

    def test_what_answers_is_there(self):
        self.assertGreater(len(self.pairs()), 15)
        for asked, answer in self.pairs().items():
            for option in re.findall(r"--[a-z-]+", answer.replace("matrix --until-precise", "")):
                self.assertIn(option, options_of("exec"), f"{asked}: {answer}")

    @needs("hyperfine", "hyperfine")
    def test_each_option_has_an_answer(self):
        told = run("hyperfine", "--help").stdout
        wanted = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", told, re.M)) | set(re.findall(r"^ +(-\w)$", told, re.M))
        wanted -= {"--help", "--version", "--norc"}
        self.assertGreater(len(wanted), 20, told)
        answered = set(re.findall(r"(?<![\w-])--?[a-zA-Z-]+", " ".join(self.pairs())))
        self.assertEqual(wanted - answered, set())


class Formats(Made):
    """The pages on files name each key that the reader takes: it says so itself when it is given another."""

    def allowed(self, *words) -> list[str]:
        said = run(TARE, *words)
        self.assertEqual(said.returncode, 2, said.stderr)
        keys = said.stderr.strip().partition("what is allowed is ")[2].split(", ")
        self.assertGreater(len(keys), 5, said.stderr)
        return keys

    def assert_names(self, page: str, keys: list[str]):
        text = (MADE / page).read_text().replace("\\-", "-")
        for key in keys:
            self.assertRegex(text, rf"(?<![\w-]){re.escape(key)}(?![\w-])", page)

    def test_of_a_plan(self):
        with tempfile.TemporaryDirectory() as folder:
            plan = Path(folder) / "p.yml"
            for text in ("no-key: 1\n", "name: a\ncells:\n  - {no-key: 1}\n"):
                plan.write_text("schema: tare.plan/1\n" + text)
                self.assert_names("tare-plan.5", self.allowed("matrix", plan))

    def test_of_a_scenario(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "scenario.yml").write_text("schema: tare.scenario/1\nno-key: 1\n")
            self.assert_names("tare-scenario.5", self.allowed("run", folder))

    def test_of_a_record(self):
        done = run(TARE, "exec", "--quiet", "--json", "-", "--", "true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_names("tare-record.5", list(json.loads(done.stdout)))


class Bash(Made):
    def completed(self, *words: str) -> list[str]:
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _tare; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        path = f"{TARE.parent}:{os.environ['PATH']}"
        done = run("bash", "-c", script, "bash", MADE / "tare.bash", *words, env={**os.environ, "PATH": path})
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands(self):
        self.assertEqual(self.completed("tare", "re"), ["report", "reproduce", "restore"])

    def test_options_of_the_command_and_no_others(self):
        self.assertEqual(sorted(self.completed("tare", "compare", "--")), sorted(options_of("compare")))
        self.assertEqual(self.completed("tare", "sign", "--k"), ["--key"])

    def test_choices(self):
        self.assertEqual(self.completed("tare", "run", "scenario1", "--mode", "p"), ["processes"])

    def test_scenarios_and_plans(self):
        self.assertEqual(self.completed("tare", "run", "scenario"), [f"scenario{i}" for i in range(5)])
        self.assertIn("quick", self.completed("tare", "matrix", "qui"))


class Others(Made):
    @needs("fish", "fish")
    def test_fish(self):
        with tempfile.TemporaryDirectory() as home:
            def completed(line):
                done = run("fish", "--no-config", "-c", f"source {MADE}/tare.fish; complete -C '{line}'", env={**os.environ, "HOME": home})
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                return [word.split("\t")[0] for word in done.stdout.splitlines()]
            self.assertEqual(sorted(completed("tare re")), ["report", "reproduce", "restore"])
            self.assertEqual(completed("tare sign --ke"), ["--key"])
            self.assertEqual(completed("tare run scenario1 --mode pro"), ["processes"])

    @needs("zsh", "zsh")
    def test_zsh(self):
        """A shell of its own on a pseudo-terminal: what it makes of a line and a tab."""
        script = r"""
            zmodload zsh/zpty
            zpty shell zsh -f -i
            say() { zpty -w shell "$1"; }
            say "PS1=; unsetopt zle_bracketed_paste; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; bindkey '^I' complete-word"
            say "echo r''eady"
            zpty -r -m shell line '*ready*'
            zpty -n -w shell "tare comp"$'\t'"; tare sign --ke"$'\t'"; tare run x --mode pro"$'\t'"; echo d''one"$'\n'
            sleep 3
            while zpty -r -t shell line; do print -r -- "$line"; done
            zpty -d shell
        """
        with tempfile.TemporaryDirectory() as home:
            done = run("zsh", "-f", "-c", script, "zsh", MADE, env={**os.environ, "HOME": home, "TERM": "dumb"})
        for word in ("tare compare", "--key", "processes"):
            self.assertIn(word, done.stdout, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()

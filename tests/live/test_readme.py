"""The README's own example, taken out of it and run as it is written there."""

import json
import re
import subprocess

import rig
from rig import LiveTest, once_is_enough, setUpModule  # noqa: F401

README = rig.Path(__file__).resolve().parents[2] / "README.md"


def example() -> str:
    """The indented block that makes the scenario `primes`, a shell's."""
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", README.read_text(), re.M)
    found = [b for b in blocks if "primes/scenario.yml" in b]
    assert len(found) == 1, f"{len(found)} examples in the README"
    return re.sub(r"^    ", "", found[0].strip("\n"), flags=re.M) + "\n"


@once_is_enough
class Example(LiveTest):
    def run_it(self, script: str):
        (self.dir / "build").symlink_to(rig.Path(rig.TARE).resolve().parent)
        return subprocess.run(
            ["bash", "-e"], input=script, text=True, cwd=self.dir, env=rig.environment(), capture_output=True, timeout=600
        )

    def test_it_is_20_lines(self):
        self.assertLessEqual(len(example().splitlines()), 20)

    def test_it_runs_as_it_is_written_in_every_mode(self):
        done = self.run_it(example())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(re.findall(r"^Mode: (.*)$", done.stdout, re.M), ["threads", "processes", "interpreters"])
        self.assertEqual(done.stdout.count("workers: 4  iterations: 20  warmup: 2  below: 2000\n"), 3)
        for seconds in re.findall(r"^avg_iter_s: (.*)$", done.stdout, re.M):
            self.assertGreater(float(seconds), 0)

    def test_its_function_gets_the_knob_and_fails_the_run_when_it_raises(self):
        made = example().split("for mode")[0].replace("return [n", "assert below != 77; return [n")
        for mode in ("threads", "processes", "interpreters"):
            with self.subTest(mode):
                run = f"build/tare run ./primes --mode {mode} --below 77 --iterations 1 --json out.json"
                done = self.run_it(made + run) if mode == "threads" else subprocess.run(
                    run.split(), cwd=self.dir, env=rig.environment(), text=True, capture_output=True, timeout=600
                )
                self.assertEqual(done.returncode, 4, done.stderr)
                record = json.loads((self.dir / "out.json").read_text())
                self.assertEqual(record["scenario"]["below"], 77)
                self.assertEqual(record["scenario"]["file"], str((self.dir / "primes/scenario.yml").resolve()))
                self.assertEqual(record["termination"]["reason"], "workload-error")
                self.assertRegex(record["termination"]["detail"], "AssertionError|exit(ed|code|s| status)? .*1")

"""What is said: input that cannot be is refused in a line; what is printed is what was measured."""

import fcntl
import json
import os
import re
import shutil
import statistics
import struct
import subprocess
import termios
import time

import rig
from rig import MIB, LiveTest, for_each, once_is_enough, setUpModule  # noqa: F401

REFUSED = {
    "iterations_0": (["--iterations", "0"], r"--iterations '0'"),
    "iterations_negative": (["--iterations", "-1"], r"--iterations '-1'"),
    "iterations_no_number": (["--iterations", "x"], r"--iterations 'x'"),
    "iterations_too_many": (["--iterations", "99999999999"], r"--iterations '99999999999'"),
    "workers_0": (["--workers", "0"], r"--workers '0'"),
    "an_unknown_mode": (["--mode", "nope"], r"--mode 'nope'.*threads, processes or interpreters"),
    "a_start_method_of_threads": (["--mp-start", "fork"], r"--mp-start 'fork'.*--mode processes"),
    "a_cpu_that_is_not_there": (["--cpus", "999"], r"--cpus '999'"),
    "half_a_range_of_cpus": (["--cpus", "1-"], r"--cpus '1-'"),
    "no_cpus": (["--cpus", ""], r"--cpus ''"),
    "a_program_that_is_no_python": (["--runtime", "/bin/ls"], r"the interpreter '/bin/ls': it does not answer in confinement as a Python interpreter does"),
    "a_runtime_that_is_not_there": (["--runtime", "/nonexistent"], r"the interpreter '/nonexistent'.*No such file"),
    "an_unknown_runtime": (["--runtime", "nope"], r"--runtime 'nope'"),
    "a_folder_under_a_file": (["--out", "{dir}/file/below"], r"--out: '.*/file/below'.*Not a directory"),
    "a_record_in_a_missing_folder": (["--json", "{dir}/missing/x.json"], r"--json.*No such file or directory"),
    "a_record_over_a_device": (["--json", "/dev/null"], r"--json.*'/dev/null' is not a regular file"),
    "a_root_that_is_no_cgroup": (["--cgroup-root", "/tmp"], r"--cgroup-root '/tmp'.*cgroup2"),
    "a_root_that_is_not_there": (["--cgroup-root", "/nonexistent"], r"--cgroup-root '/nonexistent'.*No such file"),
    "too_little_memory": (["--memory-max", "1"], r"--memory-max '1'"),
    "an_unknown_option": (["--no-such-option"], r"'--no-such-option'"),
    "an_option_without_its_value": (["--workers"], r"--workers: it takes a value"),
    "two_scenarios": (["scenario2"], r"'scenario2'"),
}


def at_a_terminal(words, columns: int, **more) -> tuple[int, str]:
    """The exit status, and what a terminal of so many columns is given; all three standard streams are the terminal."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**rig.environment(), "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, **more) as running:
        os.close(theirs)
        shown = b""
        try:
            while some := os.read(ours, 65536):
                shown += some
        except OSError:  # EIO: nobody has it open any more
            pass
        os.close(ours)
    return running.returncode, shown.decode().replace("\r\n", "\n")


@once_is_enough
class Terminal(LiveTest):
    """What is typed first, typed at a terminal of 80 columns: it is taken, and no line is longer."""

    @for_each({
        "a_command": ["exec", "--", "true"],
        "what_it_missed": ["exec", "--", "cat", "{dir}/file"],
        "commands": ["exec", "--repeat", "5", "--", "true", "--", "echo", "-n", ""],
        "where_it_stopped": ["exec", "--repeat", "5", "--", "sh", "-c", "# a comment that is long enough to need another line\nexit 1"],
        "a_run": ["run", "scenario1", *rig.NATIVE, "--iterations", "20"],
        "the_doctor": ("doctor",),
        "what_tune_would_set": ["tune", "--dry-run"],
        "scenarios": ("run",), "plans": ("matrix",),
        "runtimes": ["run", "--runtime", "list"],
        "a_plan": ["matrix", "seed", "--dry-run"],
    })
    def fits(self, *words):
        (self.dir / "file").touch()
        typed = [str(word).replace("{dir}", str(self.dir)) for word in words]
        status, shown = at_a_terminal([rig.TARE, *typed], 80, cwd=self.dir)
        self.assertIn(status, (0, 1, 3), shown)  # 1: of the command; 3: the doctor's word on this host
        self.assertTrue(shown)
        for line in re.split(r"[\r\n]", shown.replace("\x1b[K", "")):
            self.assertLessEqual(len(line), 80, line)


    def test_progress_is_not_cut_within_a_word(self):
        words = [rig.TARE, "matrix", "seed", "--out", self.dir / "out", "--runtime", "native", "--iterations", "2", "--hold-ms", "1"]
        for columns in 60, 80:
            status, shown = at_a_terminal([str(word) for word in words], columns)
            self.assertEqual(status, 0, shown)
            lines = [line for line in re.split(r"[\r\n]", shown.replace("\x1b[K", "")) if " done, left: " in line]
            self.assertGreater(len(lines), 19)
            for line in lines:
                self.assertLess(len(line), columns, line)
                self.assertRegex(line, r"\A\d+ of 20 done, left: [^;]+; (scenario1[^;:]*: )?\d of 2 iterations(, last [^;]+ \w+)?(; block \d of 5)?\Z")
            shutil.rmtree(self.dir / "out")


@once_is_enough
class BadInput(LiveTest):
    @for_each(REFUSED)
    def refuses(self, options, why):
        (self.dir / "file").touch()
        before = sorted(self.dir.rglob("*"))
        given = [word.format(dir=self.dir) for word in options]
        if "--out" not in given:
            given = ["--out", self.dir / "new/deep", *given]
        done = self.run_native(*given)
        self.assert_refused(done, 2, why)
        self.assertEqual(sorted(self.dir.rglob("*")), before)

    def test_refuses_an_unknown_scenario(self):
        words = [rig.TARE, "run", "scenario9"]
        done = rig.Running(words, rig.environment(), self.json).end()
        self.assert_refused(done, 2, "'scenario9' is no scenario")

    def test_the_root_of_the_environment_is_named_as_what_it_is(self):
        self.more_env = {"TARE_CGROUP_ROOT": "/tmp"}
        self.assert_refused(self.run_native(), 2, r"\$TARE_CGROUP_ROOT '/tmp': not a directory on a cgroup2 file system")

    def test_a_terminal_gets_the_line_broken_between_words_and_a_file_gets_it_whole(self):
        words = [rig.TARE, "run", "scenario1", "--partition", "none-of-these"]
        whole = subprocess.run(words, env=rig.environment(), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        status, shown = at_a_terminal(words, 50)
        self.assertEqual((status, whole.returncode), (2, 2))
        self.assertEqual(whole.stderr.count("\n"), 1)
        self.assertEqual(shown.split(), whole.stderr.split())
        lines = shown.splitlines()
        self.assertGreater(len(lines), 1)
        self.assertTrue(all(len(line) <= 50 for line in lines), lines)
        self.assertTrue(all(line.startswith("  ") for line in lines[1:]), lines)

    def test_leaves_a_device_that_it_was_named_for_its_record_alone(self):
        self.run_native("--json", "/dev/null")
        self.assertTrue(rig.Path("/dev/null").is_char_device())


class Printed(LiveTest):
    def test_the_quantiles_are_those_of_the_stamps(self):
        done = self.run_native("--iterations", 50)
        self.assert_ok(done)
        stamps = done.record["iterations"]
        self.assertEqual((len(stamps["start_ns"]), len(stamps["end_ns"])), (50, 50))
        seconds = [(end - start) / 1e9 for start, end in zip(stamps["start_ns"], stamps["end_ns"])]
        wanted = {
            "avg_iter_s": statistics.fmean(seconds),
            "p50_iter_s": statistics.median(seconds),
            "p95_iter_s": statistics.quantiles(seconds, n=20)[18],
        }
        for key, value in wanted.items():
            # To the printed digits: half a unit of the last one, and the last bit of the sum.
            self.assert_near(float(done.printed(key)), value, 0.5e-9 + 1e-15, key)
            self.assert_near(done.record["result"][key], value, 1e-12, key)
        self.assertEqual(done.printed("total_wall_s"), f"{done.record['result']['total_wall_s']:.6f}")
        self.assertGreaterEqual(done.record["result"]["total_wall_s"], sum(seconds))

    def test_json_to_standard_output_is_json_alone(self):
        done = self.run_native("--json", "-")
        self.assertEqual(done.status, 0, done)
        self.assertEqual(json.loads(done.out)["schema"], "tare.record/1")
        self.assertEqual(done.err, "")

    def test_out_gets_the_record_under_its_own_id_and_no_other_file(self):
        out = self.dir / "a" / "b"
        done = self.run_native("--out", out)
        self.assert_ok(done)
        self.assertEqual([p.name for p in out.iterdir()], [f"{done.record['id']}.json"])
        self.assertEqual(json.loads(next(out.iterdir()).read_text()), done.record)


class Cost(LiveTest):
    def test_the_runner_is_light(self):
        runs = 10 if rig.EMULATED else 50
        instruments, references_ns = [], []
        for _ in range(runs):
            done = self.run_native("--iterations", 1)
            self.assert_ok(done)
            instruments.append(done.record["instrument"])
            begin = time.monotonic_ns()
            subprocess.run(["true"])
            references_ns.append(time.monotonic_ns() - begin)
        self.assertLess(max(i["peak_rss_bytes"] for i in instruments), 10 * MIB)
        cost_ns = statistics.median(i["slice_to_exec_ns"] + i["exit_to_removed_ns"] for i in instruments)
        reference_ns = statistics.median(references_ns)
        print(f"slice to exec and exit to removed: {cost_ns / 1e6:.2f} ms, starting true beside it {reference_ns / 1e6:.2f} ms",
              file=rig.sys.stderr, end=" ... ")
        self.assertLess(cost_ns, 20 * reference_ns)  # about 1.5 on an idle host; a busy one slows both

"""`tare exec`: any command in a slice; its streams and its exit status are its own, what it took is in the record."""

import csv
import json
import os
import re
import signal
import statistics
import subprocess
import tempfile
from pathlib import Path

import rig
from rig import MIB, LiveTest, for_each, needs_controllers, needs_lack, needs_time, once_is_enough, setUpModule, vm_only  # noqa: F401

LEVELS = {"full": ("full",), "light": ("light",), "off": ("off",)}


@once_is_enough
class Status(LiveTest):
    @for_each(LEVELS)
    def the_exit_status_is_the_commands(self, level):
        done = self.exec("sh", "-c", "exit 7", options=["--confine", level])
        self.assertEqual((done.status, done.out), (7, ""), done)
        self.assertEqual(done.record["termination"]["exit_status"], 7)
        self.assertEqual(done.record["termination"]["reason"], "workload-error")
        self.assertEqual(self.exec("true", options=["--confine", level]).status, 0)

    @for_each({f"{name}_{level}": (getattr(signal, f"SIG{name.upper()}"), level)
               for name in ("kill", "term", "segv", "pipe") for level in ("full", "off")})
    def a_signal_is_128_and_its_number(self, number, level):
        done = self.exec("sh", "-c", f"ulimit -c 0; kill -{int(number)} $$", options=["--confine", level])
        self.assertEqual(done.status, 128 + number, done)
        end = done.record["termination"]
        self.assertEqual((end["reason"], end["signal"], end["exit_status"]), ("signal", number, None))

    @for_each({"no_such_command": (["there-is-no-such"], r"no such command"),
               "no_such_file": (["./there-is-no-such"], r"No such file"), "nothing": ([], r"no command given"),
               "an_empty_name": ([""], r"'': the command's name is empty"), "a_folder": (["/etc"], r"'/etc': it is a folder"),
               "no_executable": (["/etc/passwd"], r"'/etc/passwd': it is not executable"),
               "what_is_below_a_file": (["/etc/passwd/x"], r"'/etc/passwd/x': Not a directory")})
    def refuses(self, words, why):
        done = self.exec(*words)
        self.assertEqual((done.status, done.out), (2, ""), done)
        self.assertRegex(done.err, rf"\Atare: exec: [^\n]*{why}[^\n]*\n\Z")

    @for_each({f"{name}_{level}": (content, why, level) for level in LEVELS for name, content, why in (
        ("garbage", b"\x7fnothing", r"Exec format error \(not a program for this machine; a script must begin with #!\)"),
        ("a_script_without_its_interpreter", b"#!/there/is/none\n",
         r"No such file or directory \(the program, or the interpreter that it names, does not exist\)"),
        ("a_script_whose_interpreter_is_none", b"#!/etc/passwd\n", r"Permission denied"))})
    def what_cannot_be_executed_is_the_callers_mistake(self, content, why, level):
        (path := self.dir / "file").write_bytes(content)
        path.chmod(0o755)
        done = self.exec(path, options=["--confine", level])
        self.assert_refused(done, 2, rf"exec: '{path}': cannot execute it: {why}")

    def test_a_folder_on_path_is_passed_over(self):
        (self.dir / "true").mkdir()
        done = self.exec("true", env=rig.environment(PATH=f"{self.dir}:{os.environ['PATH']}"))
        self.assertEqual(done.status, 0, done)


@once_is_enough
class Streams(LiveTest):
    @for_each(LEVELS)
    def the_streams_are_its_own(self, level):
        words = [rig.TARE, "exec", "--quiet", "--confine", level, "--", "sh", "-c", "cat; echo err >&2"]
        done = subprocess.run(words, input="in\n", capture_output=True, text=True, env=rig.environment(), timeout=rig.PATIENCE_S)
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("in\n", "err\n", 0))

    def test_a_reader_sees_the_end_as_soon_as_the_command_closes(self):
        words = [rig.TARE, "exec", "--quiet", "--", "sh", "-c", "echo x"]
        done = subprocess.run(["sh", "-c", '"$@" | cat', "sh", *words], capture_output=True, text=True, timeout=rig.PATIENCE_S,
                              env=rig.environment())
        self.assertEqual((done.stdout, done.stderr), ("x\n", ""))

    def test_the_summary_is_one_line_on_standard_error(self):
        done = self.exec("echo", "hello")
        self.assertEqual(done.out, "hello\n")
        self.assertRegex(done.err, r"\Atare: wall \d+\.\d{6} s  cpu \d+\.\d{6} s  peak memory [^\n]+\n\Z")

    def test_options_after_the_command_are_the_commands(self):
        self.assertEqual(self.exec("echo", "--repeat", "3", "-x").out, "--repeat 3 -x\n")

    def test_it_starts_in_the_callers_folder(self):
        self.assertEqual(self.exec("pwd", cwd="/usr/lib").out, "/usr/lib\n")

    def test_no_descriptor_of_the_callers_is_passed_on(self):
        done = self.exec("ls", "-l", "/proc/self/fd")
        self.assertEqual(len(done.out.splitlines()), 5, done)  # total, 0, 1, 2 and the folder itself


class Record(LiveTest):
    def test_an_invocation_is_its_own_iteration(self):
        begin = rig.time.monotonic()
        done = self.exec("sh", "-c", "sleep 0.2")
        elapsed_s = rig.time.monotonic() - begin
        self.assert_record(done)
        record = done.record
        self.assertEqual(record["scenario"]["name"], "exec")
        self.assertEqual(record["scenario"]["argv"], ["sh", "-c", "sleep 0.2"])
        self.assertEqual(record["runtime"]["path"], rig.shutil.which("sh"))
        self.assertRegex(record["runtime"]["sha256"], r"\A[0-9a-f]{64}\Z")
        (start,), (end,) = record["iterations"]["start_ns"], record["iterations"]["end_ns"]
        self.assertEqual(record["result"]["total_wall_s"], (end - start) / 1e9)
        self.assertGreater(record["result"]["total_wall_s"], 0.2)
        self.assertLess(record["result"]["total_wall_s"], elapsed_s)
        self.assertGreater(record["cpu"]["usage_usec"], 0)
        self.assertIn("kernel_release", record["host"])

    def test_words_that_are_no_utf_8_are_kept_apart_and_can_be_told_from_the_record(self):
        words = [b"\xff", "\u00ff".encode(), b"\\xff", b"a\\n", b"\xe2\x82"]
        (out := self.dir / "out").mkdir()
        for word in words:
            line = [os.fsencode(rig.TARE), b"exec", b"--quiet", b"--confine", b"off", b"--env", b"V=" + word, b"--out",
                    os.fsencode(out), b"--", b"printf", b"%s", word]
            done = subprocess.run(line, capture_output=True, env=rig.environment(), timeout=rig.PATIENCE_S)
            self.assertEqual((done.returncode, done.stdout), (0, word), done)
        records = [json.loads(path.read_text()) for path in out.iterdir()]
        bytes_of = lambda text: re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())  # noqa: E731
        self.assertCountEqual([bytes_of(r["scenario"]["argv"][2]) for r in records], words)
        self.assertCountEqual([bytes_of(v) for r in records for v in r["confinement"]["environment"] if v.startswith("V=")],
                              [b"V=" + word for word in words])
        shown = subprocess.run([rig.TARE, "report", "--format", "csv", out], capture_output=True, timeout=rig.PATIENCE_S)
        self.assertEqual(shown.returncode, 0, shown)
        self.assertEqual(len(set(r["scenario"]["argv"][2] for r in records)), len(words))

    def test_it_is_in_the_slice(self):
        done = self.exec("cat", "/proc/self/cgroup", options=["--confine", "off"])
        path = done.record["slice"]["path"].removeprefix(str(rig.MOUNT))
        self.assertIn(f"0::{path}\n", done.out)
        checks = {c["name"]: c["ok"] for c in done.record["isolation"]["checks"]}
        self.assertTrue(checks["born in the slice"] and checks["CPU affinity"], checks)

    @for_each({"confined": ([],), "unconfined": (["--confine", "off"],), "without_a_slice": (["--isolation", "off"],)})
    def memory_is_sampled_where_asked(self, options):
        code = "import time; x = bytearray(50 << 20); time.sleep(1)"
        more = ["--mem-sample", "--mem-interval-ms", 50]
        done = self.exec(rig.sys.executable, "-c", code, options=[*options, *more])
        self.assertEqual(done.status, 0, done)
        rss = done.record["memory"]["parent_and_workers"]["rss"]
        self.assertGreater(rss["max"], 50 * MIB)
        self.assertLess(rss["max"], 100 * MIB)

    def test_to_standard_output_is_json_after_what_the_command_printed(self):
        done = subprocess.run([rig.TARE, "exec", "--json", "-", "--quiet", "true"], capture_output=True, text=True,
                              env=rig.environment(), timeout=rig.PATIENCE_S)
        self.assertEqual(json.loads(done.stdout)["schema"], "tare.record/1")


class Lacks(LiveTest):
    """Limits that were asked for and that the host could not give."""

    LIMITS = ["--memory-max", "32M", "--pids-max", 50, "--cpus", rig.CPU]

    def said(self, *options: object) -> list[str]:
        """Behind the summary."""
        done = self.exec("true", options=options)
        self.assertEqual(done.status, 0, done)
        summary, *more = done.err.splitlines()
        self.assertRegex(summary, r"\Atare: wall ")
        return more

    @needs_lack
    def test_each_is_said_once(self):
        (out := self.dir / "out").mkdir()
        line = [rig.TARE, "exec", "--out", out, "--repeat", 3, *self.LIMITS, "--partition", "isolated", "true"]
        done = subprocess.run([str(word) for word in line], capture_output=True, text=True, env=rig.environment(), timeout=rig.PATIENCE_S)
        limits = json.loads(next(out.iterdir()).read_text())["slice"]["limits"]
        reason = {file: limit["reason"] for file, limit in limits.items() if not limit["ok"]}
        wanted = [f"tare: --{option} {value} did not take effect: {reason[file]}" for option, value, file in (
            ("memory-max", "32.0 MiB", "memory.max"), ("pids-max", 50, "pids.max"),
            ("partition", "isolated", "cpuset.cpus.partition")) if file in reason]
        affinity = [f"tare: --cpus {rig.CPU} took effect by affinity alone: {r}" for f, r in reason.items() if f == "cpuset.cpus"]
        said = [line for line in done.stderr.splitlines() if line.startswith("tare: --")]
        self.assertEqual(sorted(said), sorted(wanted + affinity))
        self.assertTrue(wanted)

    @needs_controllers
    def test_what_took_effect_is_not_said(self):
        self.assertEqual(self.said(*self.LIMITS), [])

    def test_what_was_not_asked_for_is_not_said(self):
        self.assertEqual(self.said("--cpus", "auto", "--partition", "auto"), [])
        self.assertEqual(self.exec("true", options=["--quiet", *self.LIMITS]).err, "")

    def test_without_a_slice_there_is_none(self):
        why = "did not take effect: not asked for: --isolation off"
        self.assertEqual(self.said("--isolation", "off", *self.LIMITS, "--partition", "root"),
                         [f"tare: --memory-max 32.0 MiB {why}", f"tare: --pids-max 50 {why}",
                          "tare: --partition root did not take effect: no slice was asked for (--isolation off)"])


class HeldBack(LiveTest):
    """--cpu-max and --memory-high: read back from the slice, and what they did is told."""

    BURN = ["sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done"]

    @needs_controllers
    def test_a_quota_is_set_and_its_throttling_told(self):
        done = self.exec(*self.BURN, options=["--cpu-max", "20%"])
        self.assertEqual(done.status, 0, done)
        limit = done.record["slice"]["limits"]["cpu.max"]
        self.assertEqual((limit["requested"], limit["achieved"], limit["ok"]), ("20000 100000", "20000 100000", True))
        self.assertEqual(done.record["scenario"]["cpu_quota_usec"], 20000)
        cpu = done.record["cpu"]
        self.assertGreater(cpu["nr_throttled"], 0)
        self.assertGreater(cpu["throttled_usec"], 0)
        self.assertGreaterEqual(cpu["nr_periods"], cpu["nr_throttled"])
        self.assertRegex(done.err, rf"  throttled in {cpu['nr_throttled']} of {cpu['nr_periods']} periods, \d+\.\d{{3}} s")
        # A fifth of one CPU: the wall time is about five times the CPU time, and no less than four times.
        self.assertGreater(done.record["result"]["total_wall_s"], 4 * cpu["usage_usec"] / 1e6 - 0.1)
        self.assertNotIn("no throttling", [check["name"] for check in done.record["isolation"]["checks"]])

    @needs_controllers
    def test_a_quota_that_limits_nothing_is_said(self):
        done = self.exec("true", options=["--cpu-max", "4000"])
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.err, r"(?m)^tare: --cpu-max '4000' limits nothing: it is 4000 CPUs, and the benchmark has \d+$")

    @needs_controllers
    def test_memory_high_slows_down_and_ends_nothing(self):
        code = "x = bytearray(48 << 20)"
        done = self.exec(rig.sys.executable, "-c", code, options=["--memory-high", "32M"])
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.record["slice"]["limits"]["memory.high"]["achieved"], str(32 * MIB))
        self.assertGreater(done.record["events"]["high"], 0)
        self.assertEqual(done.record["events"]["oom_kill"], 0)
        self.assertRegex(done.err, r"  memory\.high reached \d+ times")

    @needs_controllers
    def test_a_run_says_what_held_it_back(self):
        done = self.run_native("--cpu-max", "0.2", "--memory-high", "512M", "--iterations", 20)
        self.assertEqual(done.status, 0, done)
        self.assertIn("\ncpu_max: 20000 100000 (0.2 CPUs)\n", done.out)
        for key in "nr_periods", "nr_throttled", "throttled_usec", "memory_high_events":
            self.assertRegex(done.printed(key) or "", r"\A\d+\Z", key)

    @needs_lack
    @for_each({"cpu_max": (["--cpu-max", "50%"],), "memory_high": (["--memory-high", "64M"],)})
    def where_the_controller_is_not_there_it_is_refused(self, options):
        done = self.exec("true", options=options)
        self.assert_refused(done, 3, rf"exec: {options[0]}: no (cpu|memory) controller: ")
        plan = self.dir / "plan.yml"
        plan.write_text("schema: tare.plan/1\nname: p\ndefaults: {scenario: scenario1, runtime: native, "
                        f"{options[0][2:]}: {options[1]}}}\ncells: [{{}}]\n")
        done = subprocess.run([rig.TARE, "matrix", plan, "--out", self.dir / "out"], capture_output=True, text=True,
                              env=rig.environment(), timeout=rig.PATIENCE_S)
        self.assertEqual(done.returncode, 3, done)
        self.assertRegex(done.stderr, rf"\Atare: matrix: cell '[^']+': {options[0]}: no (cpu|memory) controller: [^\n]*\n\Z")
        self.assertFalse((self.dir / "out").exists())

    @for_each({"none": ("0", []), "words": ("much", []), "without_a_slice": ("1", ["--isolation", "off"])})
    def refuses(self, quota, options):
        done = self.exec("true", options=["--cpu-max", quota, *options])
        self.assert_refused(done, 2, r"exec: --cpu-max ('[^']*': what is allowed is a share of one CPU|is the slice's)")


class Series(LiveTest):
    def start_series(self, *words: object, options=()) -> rig.Running:
        """Without --json, which takes one record alone."""
        line = [rig.TARE, "exec", *options, "--", *words]
        running = rig.Running([str(word) for word in line], rig.environment(), self.json)
        self.addCleanup(running.abandon)
        return running


class Repeated(Series):
    def test_each_invocation_has_a_slice_and_a_record_of_its_own(self):
        log, out = self.dir / "log", self.dir / "out"
        log.touch()
        options = ["--repeat", 3, "--warmup", 1, "--out", out, "--rw", log]
        options += ["--prepare", f"echo before >>{log}", "--cleanup", f"echo after >>{log}"]
        done = self.start_series("sh", "-c", f"echo run >>{log}", options=options).end()
        self.assertEqual(done.status, 0, done)
        self.assertEqual(log.read_text().split(), ["before", "run", "after"] * 4)
        records = [json.loads(path.read_text()) for path in out.iterdir()]
        self.assertEqual(len({r["id"] for r in records}), 3)
        self.assertEqual(len({r["slice"]["path"] for r in records}), 3)
        self.assertRegex(done.err, r"\Atare: 3 invocations\ncommand +geometric +± sd +median +min … ")

    def test_a_record_tells_which_invocation_it_is_of(self):
        out = self.dir / "out"
        options = ["--repeat", 2, "--warmup", 1, "--out", out, "--prepare", "true"]
        self.assertEqual(self.start_series("true", options=options).end().status, 0)
        told = sorted((json.loads(path.read_text())["scenario"] for path in out.iterdir()), key=lambda s: s["invocation"])
        keys = ("invocation", "repeat", "warmup_invocations", "prepare", "cleanup", "cleanup_reason")
        wanted = [(n, 2, 1, "true", None, "none was given") for n in (1, 2)]
        self.assertEqual([tuple(s[key] for key in keys) for s in told], wanted)
        shown = subprocess.run([rig.TARE, "report", "--text", out], capture_output=True, text=True, timeout=rig.PATIENCE_S).stdout
        self.assertRegex(shown, r"(?m)^true +2 ")

    def test_limits_may_come_from_a_profile(self):
        profile = self.dir / "limits.conf"
        profile.write_text('group it {\n    pids {\n        pids.max = "77";\n    }\n}\n')
        done = self.exec("true", options=["--profile-file", profile])
        self.assertEqual(done.record["slice"]["limits"]["pids.max"]["requested"], "77", done)
        self.assertNotIn("gives way", done.err)
        done = self.exec("true", options=["--profile-file", profile, "--pids-max", 88])
        self.assertEqual(done.record["slice"]["limits"]["pids.max"]["requested"], "88", done)
        self.assertIn("pids.max = 77 of the profile gives way to --pids-max", done.err)

    def test_a_profile_is_a_file_and_nothing_else_is_waited_for(self):
        os.mkfifo(fifo := self.dir / "fifo")
        for path in (fifo, self.dir, "/dev/zero"):
            done = self.exec("true", options=["--profile-file", path])
            self.assert_refused(done, 2, rf"--profile-file '{path}': what is allowed is a file of at most 1 MiB")

    def test_the_first_that_fails_is_the_last(self):
        log = self.dir / "log"
        log.touch()
        done = self.start_series("sh", "-c", f"echo x >>{log}; exit 3", options=["--repeat", 5, "--rw", log]).end()
        self.assertEqual((done.status, log.read_text()), (3, "x\n"), done)
        self.assertRegex(done.err, r"\Atare: stopped after 1 of 5: 'sh -c [^\n]*': exit 3 \(--ignore-failure goes on\)\n\Z")

    @for_each({"warming": (["--warmup", 2, "--", "false"], "in the warm-up, with 0 of 3: 'false': exit 1"),
               "by_a_signal": (["--", "sh", "-c", "kill -9 $$"], r"after 1 of 3: '[^\n]*': signal 9"),
               "by_its_limit": (["--timeout", 0.2, "--", "sleep", 9], "after 1 of 3: 'sleep 9': timeout")})
    def where_it_stopped_is_said(self, words, why):
        at = words.index("--")
        done = self.start_series(*words[at + 1:], options=["--repeat", 3, *words[:at]]).end()
        self.assertRegex(done.err, rf"\Atare: stopped {why}")
        self.assertNotEqual(done.status, 0)

    def test_how_many_are_in_the_table_of_a_series_that_stopped_is_said(self):
        done = self.start_series("true", "--", "sh", "-c", "sleep 0.3; exit 3", options=["--repeat", 3, "--random-seed", 1]).end()
        self.assertRegex(done.err, r"\Atare: stopped after 2 of 6: .*\ntare: 2 commands, figures of 1 of 6 invocations in shuffled blocks")

    def test_who_asks_for_what_records_alone_have_and_for_no_record_is_told(self):
        for option in "--counters", "--mem-sample":
            done = self.start_series("true", options=["--repeat", 2, option]).end()
            self.assertEqual(done.status, 0, done)
            self.assertRegex(done.err, rf"\Atare: {option}: what it measures is in records alone, and none was asked for \(--out DIR\)\n")

    def test_one_that_cannot_even_start_in_its_time_is_a_failed_workload(self):
        done = self.start_series("sleep", 9, options=["--timeout", 0.001]).end()
        self.assertEqual(done.status, 4, done)
        self.assertIn("(--timeout)", done.err)

    def test_a_failure_that_is_ignored_is_counted_and_said(self):
        out = self.dir / "out"
        done = self.start_series("sh", "-c", "exit 3", options=["--repeat", 3, "--ignore-failure", "--out", out]).end()
        self.assertEqual(done.status, 0, done)
        self.assertIn("3 of 3 exited with another status than 0, the last with 3", done.err)
        ends = [json.loads(path.read_text())["termination"] for path in out.iterdir()]
        self.assertEqual([(end["reason"], end["exit_status"]) for end in ends], [("ok", 3)] * 3)
        done = self.start_series("sh", "-c", "kill -9 $$", options=["--repeat", 3, "--ignore-failure"]).end()
        self.assertEqual(done.status, 137, done)

    def test_one_file_for_the_records_of_all_is_refused(self):
        hook = ["--prepare", f"touch {self.dir}/begun"]
        done = self.exec("true", options=["--repeat", 2, *hook])
        self.assert_refused(done, 2, rf"exec: --json '{self.json}' holds one record and 2 are made \(--out DIR\)")
        self.assertEqual(list(self.dir.iterdir()), [])
        self.assertEqual(self.exec("true", options=["--repeat", 1, "--warmup", 2]).status, 0)
        done = self.start_series("true", options=["--repeat", 2, "--json", "-"]).end()
        self.assertEqual((done.status, done.out.count('"schema"')), (0, 2))

    def test_what_prepare_mounts_is_there(self):
        (place := self.dir / "place").mkdir()
        mount = f"mount -t tmpfs none {place} && echo mounted >{place}/word"
        words = ["unshare", "--mount", rig.TARE, "exec", "--quiet", "--prepare", mount, "--rw", place, "--", "cat", place / "word"]
        done = subprocess.run(words, capture_output=True, text=True, env=rig.environment(), timeout=rig.PATIENCE_S)
        self.assertEqual((done.returncode, done.stdout), (0, "mounted\n"), done)

    def test_a_signal_that_comes_with_the_end_of_a_command_ends_the_series(self):
        log = self.dir / "log"
        running = self.start_command("sh", "-c", f"echo x >>{log}; kill -STOP $PPID; until grep -q '^State:.T' /proc/$PPID/status; do :; done", options=["--confine", "off"])
        self.assertTrue(rig.wait_for(log.exists))
        command = rig.wait_for(lambda: next(iter(c for c in rig.children_of(running.pid) if is_zombie(c)), None))
        self.assertTrue(command, "it has ended and the runner does not know yet")
        os.kill(running.pid, signal.SIGINT)
        os.kill(running.pid, signal.SIGCONT)
        done = running.end()
        self.assertEqual((done.status, log.read_text()), (130, "x\n"), done)
        self.assertEqual(done.record["termination"]["reason"], "interrupted")


class Several(Series):
    """Commands beside each other."""

    def run_several(self, *words: object, seed: int = 7) -> rig.Done:
        line = [rig.TARE, "exec", "--random-seed", seed, *words]
        running = rig.Running([str(word) for word in line], rig.environment(), self.json)
        self.addCleanup(running.abandon)
        return running.end()

    def test_they_take_turns_in_blocks_of_a_shuffled_order_that_the_seed_gives(self):
        log = self.dir / "log"
        orders = []
        for seed in (1, 1, 2):
            log.write_text("")
            words = ["sh", "-c", f"echo $0 >>{log}"]
            done = self.run_several("--rw", log, "--repeat", 6, "--", *words, "a", "--", *words, "b", "--", *words, "c", seed=seed)
            self.assertEqual(done.status, 0, done)
            self.assertRegex(done.err, rf"\Atare: 3 commands, 6 invocations of each in shuffled blocks \(--random-seed {seed}\)\n")
            orders.append(log.read_text().split())
            for block in range(6):
                self.assertEqual(sorted(orders[-1][3 * block:3 * block + 3]), ["a", "b", "c"])
        self.assertEqual(orders[0], orders[1])
        self.assertNotEqual(orders[0], orders[2])

    @needs_time
    def test_they_are_compared_with_the_first(self):
        done = self.run_several("--repeat", 6, "--name", "long", "--name", "short", "--", "sleep", 0.4, "--", "sleep", 0.05)
        self.assertEqual((done.status, done.out), (0, ""), done)
        self.assertRegex(done.err, r"(?m)^long +[\d.]+ .* - +-$")
        self.assertRegex(done.err, r"(?m)^short +[\d.]+ .* 0\.\d+ +\[0\.\d+, 0\.\d+\]$")
        self.assertRegex(done.err, r"(?m)^short is \d+(\.\d+)? times faster than long \(\d+(\.\d+)? to \d+(\.\d+)?\)$")
        self.assertLessEqual(max(map(len, done.err.splitlines()[:5])), 80)

    def test_below_five_blocks_there_is_no_interval(self):
        done = self.run_several("--repeat", 4, "--", "true", "--", "false", "--ignore-failure")
        self.assertEqual(done.status, 1, done)  # the option is false's own
        done = self.run_several("--repeat", 4, "--ignore-failure", "--", "true", "--", "false")
        self.assertRegex(done.err, r"(?m)^false and true: no interval: fewer than 5 blocks")

    def test_a_parameter_makes_a_command_of_each_value(self):
        table = self.dir / "table.csv"
        done = self.run_several("--repeat", 1, "--parameter", "n=1..3,x", "--prepare", "test {n} != 9", "--export", table, "--", "echo", "{n}")
        self.assertEqual(done.status, 0, done)
        with table.open() as f:
            rows = list(csv.DictReader(f))
        self.assertEqual([(row["command"], row["parameter_n"]) for row in rows], [(f"echo {n}", n) for n in ("1", "2", "3", "x")])

    def test_what_is_exported_is_what_was_measured(self):
        names = [self.dir / f"t.{end}" for end in ("md", "csv", "json")]
        out = self.dir / "out"
        done = self.run_several("--repeat", 5, "--out", out, *(word for name in names for word in ("--export", name)), "--", "true", "--", "sleep", 0.05)
        self.assertEqual(done.status, 0, done)
        told = json.loads(names[2].read_text())
        self.assertEqual((told["schema"], told["random_seed"]), ("tare.exec/1", 7))
        records = [json.loads(path.read_text()) for path in out.iterdir()]
        for row in told["commands"]:
            own = [r for r in records if r["scenario"]["argv"] == row["command"].split()]
            own.sort(key=lambda r: r["scenario"]["block"])
            self.assertEqual([r["scenario"]["block"] for r in own], row["blocks"])
            for got, want in zip(row["wall_s"], own, strict=True):
                self.assertAlmostEqual(got, want["result"]["total_wall_s"])
            self.assertAlmostEqual(row["median_s"], statistics.median(row["wall_s"]))
            self.assertAlmostEqual(row["sd_s"], statistics.stdev(row["wall_s"]))
            self.assertAlmostEqual(row["mean_s"], statistics.geometric_mean(row["wall_s"]))
        words = ("compare", "--noise-floor", "none", "--figure", "total_wall_s", "--format", "json")
        if not rig.EMULATED:  # the records of one run are compared as the run compared them: block by block
            compared = subprocess.run([rig.TARE, *words, "--between", "argv=true,sleep 0.05", out], capture_output=True, check=True)
            (row,) = json.loads(compared.stdout)["rows"]
            self.assertEqual((row["method"], row["pairs"]), ("t on logarithms of pairs (blocks)", 5))
            for key, end in (("ratio_to_first", "at"), ("ratio_ci95_low", "low"), ("ratio_ci95_high", "high")):
                self.assertAlmostEqual(row["ratio"][end] / told["commands"][1][key], 1, 9)
        self.assertEqual(len(names[0].read_text().splitlines()), 4)
        with names[1].open() as f:
            self.assertEqual([row["command"] for row in csv.DictReader(f)], ["true", "sleep 0.05"])

    def test_what_they_print_goes_where_it_is_said(self):
        (file := self.dir / "said").write_text("of before\n")
        words = ["--repeat", 2, "--command", "echo a; echo b >&2", "--command", "echo a; echo b >&2"]
        for where, on_terminal, in_file in (None, "", "of before\n"), ("null", "", "of before\n"), ("inherit", "a\n" * 4, "of before\n"), \
                (file, "", "a\nb\n" * 4):
            done = self.run_several(*(["--output", where] if where else []), *words)
            self.assertEqual((done.status, done.out, file.read_text()), (0, on_terminal, in_file), done)
            self.assertEqual(len(re.findall("(?m)^b$", done.err)), 4 if where == "inherit" else 0)

    @for_each({"a_second_program_that_is_none": (["--", "git", "log", "--", "no-such-file"], r"'no-such-file': no such command on PATH \('--' parts commands"),
               "nothing_behind_two_dashes": (["--", "true", "--"], r"'--' parts commands, and there is none on one side"),
               "both_ways": (["--command", "a", "--", "b"], r"not by both"),
               "an_export_of_no_format": (["--export", "t.xls", "--", "true"], r"--export 't.xls': what is allowed is a name that ends in .md, .csv or .json"),
               "an_export_into_nowhere": (["--export", "/no/such/t.md", "--", "true"], r"--export: '/no/such/t.md': No such file"),
               "an_output_that_is_none": (["--output", "/dev/zero", "--", "true"], r"--output: '/dev/zero' is not a regular file"),
               "a_parameter_of_no_command": (["--parameter", "n=1", "--", "true"], r"no command has \{n\} in it")})
    def refuses(self, words, why):
        self.assert_refused(self.run_several(*words), 2, rf"exec: [^\n]*{why}")

    def test_a_file_that_it_does_not_see_is_said_with_the_remedy(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            (path := Path(folder) / "data").write_text("it")
            for words in ["cat", path], ["sh", "-c", f"cat <'{path}'"]:
                done = self.exec(*words, cwd="/")
                self.assertIn(f"tare: the command does not see '{path}': its /tmp, /dev/shm and /run are its own (--rw PATH)\n", done.err)
            for options, cwd in ((["--rw", path], "/"), (["--confine", "off"], "/"), ([], folder)):
                done = self.exec("cat", path, cwd=cwd, options=options)
                self.assertEqual((done.status, done.out), (0, "it"), done)
            done = self.exec("sh", "-c", f"cat {path}; exit 1", cwd=folder)
            self.assertNotIn("does not see", done.err)


def is_zombie(pid: int) -> bool:
    return "\nState:\tZ" in rig.read(f"/proc/{pid}/status")


@once_is_enough
class Hooks(Series):
    """--prepare and --cleanup."""

    def setUp(self):
        super().setUp()
        self.log = self.dir / "log"
        self.log.touch()

    def start_hooked(self, *options: object, command=("true",)) -> rig.Running:
        return self.start_series(*command, options=["--quiet", "--rw", self.log, *options])

    def hooks(self, words: bytes) -> list[int]:
        return commands(words, b"TMPDIR=%b\0" % str(rig.TMP).encode())

    def said(self) -> list[str]:
        return self.log.read_text().split()

    @for_each({"exits": ("exit 1", "it exited with status 1"), "is_killed": ("kill -9 $$", r"it was ended by signal 9 \(Killed\)")})
    def one_that_fails_ends_it(self, script, why):
        for name, reached in ("prepare", False), ("cleanup", True):
            self.log.write_text("")
            done = self.start_hooked(f"--{name}", script, "--repeat", 2, command=["sh", "-c", f"echo run >>{self.log}"]).end()
            self.assert_refused(done, 2, rf"exec: --{name} '{rig.re.escape(script)}' failed: {why}")
            self.assertEqual(self.said(), ["run"] * reached)

    @for_each({n.name.lower(): (n,) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)})
    def a_signal_ends_prepare_and_what_it_started(self, number):
        # timeout(1) takes a process group of its own, and the one in the background has lost its parent.
        script = f"(sleep 1001 & :); timeout 1002 sleep 1003; echo late >>{self.log}"
        running = self.start_hooked("--prepare", script, "--cleanup", f"echo after >>{self.log}", "--repeat", 3)
        seen = (b"sleep\0001001", b"timeout\0001002", b"sleep\0001003")
        # Between its fork and its exec timeout's child has timeout's words, too.
        self.assertTrue(rig.wait_for(lambda: all(len(self.hooks(words)) == 1 for words in seen)), list(map(self.hooks, seen)))
        os.kill(running.pid, number)
        done = running.end()
        self.assertEqual((done.status, done.err, self.said()), (128 + number, "", []), done)
        self.assertTrue(rig.wait_for(lambda: not any(self.hooks(words) for words in seen), rig.SOON_S))

    def test_a_signal_ends_cleanup(self):
        running = self.start_hooked("--cleanup", f"echo begun >>{self.log}; sleep 1004; echo late >>{self.log}", "--repeat", 3)
        self.assertTrue(rig.wait_for(lambda: self.hooks(b"sleep\0001004")))
        os.kill(running.pid, signal.SIGTERM)
        self.assertEqual((running.end().status, self.said()), (143, ["begun"]))

    def test_a_signal_between_prepare_and_the_command_spares_the_command_and_not_cleanup(self):
        script = "read -r _ _ _ runner _ </proc/$PPID/stat; kill -STOP $runner"  # its parent is the hook's guard
        running = self.start_hooked("--prepare", script, "--cleanup", f"echo after >>{self.log}", "--repeat", 3,
                                    command=["sh", "-c", f"echo run >>{self.log}"])
        self.assertTrue(rig.wait_for(lambda: any(map(is_zombie, rig.children_of(running.pid)))))
        os.kill(running.pid, signal.SIGINT)
        os.kill(running.pid, signal.SIGCONT)
        self.assertEqual((running.end().status, self.said()), (130, ["after"]))

    def test_a_signal_during_the_command_lets_cleanup_run(self):
        running = self.start_hooked("--cleanup", f"sleep 0.2; echo after >>{self.log}", "--repeat", 3,
                                    command=["sh", "-c", f"echo run >>{self.log}; sleep 1005"])
        self.assertTrue(rig.wait_for(self.said))
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual((running.end().status, self.said()), (130, ["run", "after"]))

    def test_cleanup_runs_where_the_command_could_not_be_started(self):
        (garbage := self.dir / "garbage").write_bytes(b"\x7fno program")
        garbage.chmod(0o755)
        done = self.start_hooked("--prepare", f"echo before >>{self.log}", "--cleanup", f"echo after >>{self.log}",
                                 command=[garbage]).end()
        self.assert_refused(done, 2, r"exec: '[^']*/garbage': cannot execute it: Exec format error")
        self.assertEqual(self.said(), ["before", "after"])

    def test_what_they_print_goes_to_standard_error_at_once(self):
        running = self.start_hooked("--prepare", "echo out; echo err >&2; sleep 1006")
        self.assertEqual([running.process.stderr.readline() for _ in "12"], ["out\n", "err\n"])
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual((done := running.end()).out, "", done)

    def test_they_may_print_much(self):
        done = self.start_hooked("--prepare", f"head -c {3 * MIB} /dev/zero | tr '\\0' x").end()
        self.assertEqual((done.status, len(done.err)), (0, 3 * MIB))

    @for_each({"auto": ("auto",), "off": ("off",)})
    def one_in_the_background_is_not_waited_for_and_is_none_of_its(self, isolation):
        at = rig.time.monotonic()
        running = self.start_hooked("--isolation", isolation, "--prepare", f"exec >&- 2>&-; sleep 1007 & echo $! >{self.log}",
                                    "--cleanup", f"kill $(cat {self.log})")
        done = running.end()
        self.assertEqual((done.status, done.err), (0, ""), done)
        self.assertLess(rig.time.monotonic() - at, 500)

    def test_they_have_default_signal_handling(self):
        done = self.start_hooked("--prepare", r"sed -n 's/^Sig\(Blk\|Ign\):.//p' /proc/self/status").end()
        self.assertEqual(done.err, "0000000000000000\n" * 2)

    def test_a_killed_runner_takes_its_hook_along(self):
        running = self.start_hooked("--prepare", "exec sleep 1008")
        self.assertTrue(rig.wait_for(lambda: self.hooks(b"sleep\0001008")))
        running.process.kill()
        running.process.wait(rig.PATIENCE_S)
        self.assertTrue(rig.wait_for(lambda: not self.hooks(b"sleep\0001008"), rig.SOON_S))
        rig.remove_cgroups(rig.wait_for(rig.cgroups_left, rig.SOON_S))
        # What the killed one enabled, the next one to leave disables: look_for_leftovers() sees it.
        self.assertEqual(self.exec("true").status, 0)


def commands(words: bytes, variable: bytes = b"PATH=") -> list[int]:
    """Those whose command line begins so, and that have this in their environment."""
    return [pid for pid in rig.pids_with(variable) if command_of(pid).startswith(words)]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class Ends(LiveTest):
    @for_each(LEVELS)
    def a_timeout(self, level):
        done = self.exec("sleep", 100, options=["--timeout", 0.5, "--confine", level])
        self.assertEqual(done.status, 4, done)
        self.assertEqual(done.record["termination"]["reason"], "timeout")
        self.assertRegex(done.err, r"timeout: not finished after 0.5 s \(--timeout\)")

    @for_each({"full": ("full", []), "off": ("off", []), "without_a_slice": ("full", ["--isolation", "off"]),
               "with_neither": ("off", ["--isolation", "off"])})
    def a_daemon(self, level, options):
        seconds = 100000 + os.getpid()  # nobody else sleeps so long
        done = self.exec("sh", "-c", f"setsid sleep {seconds} >&- 2>&- & exit 0", options=["--confine", level, *options])
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.record["termination"]["detail"], r"left processes behind")
        self.assertEqual(commands(b"sleep\000%d" % seconds), [])

    @vm_only
    def test_a_fork_bomb(self):
        done = self.exec("sh", "-c", "b() { b | b & }; b; sleep 5; wait", options=["--pids-max", 64])
        self.assertEqual(done.status, 4, done)
        self.assertRegex(done.record["termination"]["detail"], r"pids\.max 64")
        self.assertGreater(done.record["events"]["pids_max"], 0)

    @vm_only
    def test_an_eater_of_memory(self):
        code = "x = bytearray(500 << 20)"
        done = self.exec(rig.sys.executable, "-c", code, options=["--memory-max", "64M"])
        self.assertEqual(done.status, 4, done)
        self.assertEqual(done.record["termination"]["reason"], "oom")
        self.assertLessEqual(done.record["memory"]["slice"]["peak"], 64 * MIB)

    @needs_controllers
    def test_strict_is_full_with_every_check_ok(self):
        done = self.exec("sleep", 0.1, options=["--isolation", "strict", "--memory-max", "64M", "--pids-max", 100])
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.record["isolation"]["grade"], "full")

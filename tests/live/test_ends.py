"""Bad ends: each gives its reason, its exit code and a whole record, and leaves nothing behind (rig.LiveTest looks)."""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import rig
from rig import LiveTest, for_each, setUpModule, vm_only  # noqa: F401

LONG = ["--profile", "memory", "--hold-ms", 600000]
SHORT = ["--iterations", 1, "--warmup", 0, "--workers", 2]
FAILED = 4

# runtime, mode, fault, further options, the detail.
FAULTS = {
    "raising_thread": ("python", "threads", "worker-raise", [], r"worker 0 \(a thread\): RuntimeError"),
    "raising_process": ("python", "processes", "worker-raise", [], r"worker 0 \(pid \d+\): RuntimeError: .*\(scenario1\.py, line \d+(, from scenario1\.py, line \d+)*\)"),
    "raising_process_of_a_pool": ("python", "processes", "worker-raise", ["--lifecycle", "pool"], r"a pool\): RuntimeError: .*\(scenario1\.py, line \d+(, from scenario1\.py, line \d+)*\)"),
    "interpreter_that_does_not_start": ("python", "processes", "", ["--env", "PYTHONHOME=/nonexistent"], r"Fatal Python error: .*encoding"),
    "raising_interpreter": ("python", "interpreters", "worker-raise", [], r"in its interpreter: RuntimeError"),
    "raising_main_process": ("python", "threads", "main-raise", [], r"iteration 0: RuntimeError"),
    "leaving_process": ("python", "processes", "worker-exit", ["--mp-start", "fork"], r"ended with exit status 3"),
    "raising_native_thread": ("native", "threads", "worker-raise", [], r"worker 0"),
    "leaving_native_process": ("native", "processes", "worker-exit", [], r"worker 0.*3"),
    "killed_native_process": ("native", "processes", "worker-kill", [], r"worker 0.*(SIGKILL|signal 9)"),
    "failing_native_main_process": ("native", "threads", "main-raise", [], r"main-raise"),
    "daemon": ("native", "threads", "daemon", [], r"left processes behind"),
    "python_daemon": ("python", "threads", "daemon", [], r"left processes behind"),
    "daemon_without_a_slice": ("native", "threads", "daemon", ["--isolation", "off"], r"left processes behind"),
}


class Ends(LiveTest):
    def start_cell(self, runtime: str, mode: str, *options, fault="") -> rig.Running:
        named = rig.WRAPPER if runtime == "python" else runtime
        return self.start("--runtime", named, "--mode", mode, *SHORT, *options, fault=fault)

    def assert_end(self, done: rig.Done, status: int, reason: str, detail: str) -> None:
        self.assertEqual(done.status, status, done)
        self.assert_record(done)
        end = done.record["termination"]
        self.assertEqual(end["reason"], reason, done)
        self.assertRegex(end["detail"], detail)
        self.assertIsNone(end["trouble"])
        self.assertIn(f"--- termination: {reason} ---\n{end['detail']}\n", done.out)
        if status == FAILED:
            self.assertIn(f"{reason}: {end['detail']}", done.err)

    @for_each(FAULTS)
    def after_a(self, runtime, mode, fault, options, detail):
        done = self.start_cell(runtime, mode, *options, fault=fault).end()
        self.assert_end(done, FAILED, "workload-error", detail)

    @for_each({"threads": ("threads", 1), "processes": ("processes", 3)})
    def after_a_kill_of_the_main_process_with(self, mode, processes):
        running = self.start_cell("native", mode, *LONG)
        pids = running.workload(processes)
        os.kill(pids[0], signal.SIGKILL)
        done = running.end()
        self.assert_end(done, FAILED, "signal", r"signal 9 \(Killed\)")
        self.assertEqual(done.record["termination"]["signal"], 9)
        self.assertIsNone(done.record["termination"]["exit_status"])

    @for_each({"python": ("python", ["--mp-start", "fork"]), "native": ("native", [])})
    def after_a_kill_of_a_worker_of(self, runtime, options):
        def kill_the_last(running) -> bool:
            pids = running.workload(3)
            for pid in pids[-1:]:
                os.kill(pid, signal.SIGKILL)
            return bool(pids)

        # The workers are joined one after the other: the end is told once those before it have held to their end.
        named = rig.WRAPPER if runtime == "python" else runtime
        words = ["--runtime", named, "--mode", "processes", *SHORT, *LONG, *options]
        _, done = self.look_while_held(kill_the_last, *words, hold_ms=6000 if rig.EMULATED else 3000)
        self.assert_end(done, FAILED, "workload-error", r"worker \d.*(SIGKILL|signal 9)")

    @for_each({"sigint": (signal.SIGINT,), "sigterm": (signal.SIGTERM,), "sighup": (signal.SIGHUP,), "sigquit": (signal.SIGQUIT,)})
    def after(self, number):
        running = self.start_cell("native", "processes", *LONG)
        self.assertTrue(running.workload(3))
        os.kill(running.pid, number)
        done = running.end()
        self.assert_end(done, 128 + number, "interrupted", rf"by signal {number.value} ")
        self.assertEqual(done.err, "")

    @for_each({"threads": ("threads", ""), "processes": ("processes", ""), "hanging_worker": ("threads", "hang")})
    def after_a_timeout_of(self, mode, fault):
        hold = [] if fault else LONG
        done = self.start_cell("native", mode, *hold, "--timeout", 1, fault=fault).end()
        self.assert_end(done, FAILED, "timeout", r"not finished after 1 s \(--timeout\)")
        self.assertIsNone(done.record["instrument"]["exit_to_removed_ns"])

    @for_each({"native": ("native", "threads"), "python": ("python", "processes")})
    def after_a_stall_of(self, runtime, mode):
        stalled = self.start_cell(runtime, mode, "--stall", 2, fault="hang").end()
        self.assert_end(stalled, FAILED, "stalled", r"no iteration, no message and next to no CPU time for [\d.]+ s, in (warm-up|measured) iteration 0 \(--stall\)")

    @for_each(
        {
            "in_a_slice": (["--stall", 3], 3000, None),
            "that_waits_for_its_knobs": (["--profile", "memory", "--hold-ms", 500, "--stall", 3], 3500, None),
            "not_wanted": (["--stall", 0], None, "none was set (--stall 0)"),
            "without_a_slice": (["--isolation", "off"], None, "it has no slice of its own, whose CPU time would distinguish work from a stall"),
        }
    )
    def the_record_says_whether_a_stall_was_looked_for(self, options, stall_ms, why):
        scenario = self.run_native(*options).record["scenario"]
        self.assertEqual((scenario["stall_ms"], scenario.get("stall_ms_reason")), (stall_ms, why))

    def test_of_a_command_no_stall_is_looked_for_and_its_record_says_so(self):
        scenario = self.exec("true").record["scenario"]
        self.assertEqual((scenario["stall_ms"], scenario["stall_ms_reason"]), (None, "a command has no ledger that shows progress"))

    def test_what_computes_or_is_told_to_wait_has_not_stalled(self):
        self.assert_ok(self.start_cell("native", "threads", "--stall", 2, "--work-iters", 1000000000).end())
        held = self.start("--runtime", "native", "--mode", "processes", "--profile", "memory", "--hold-ms", 3000, *SHORT, "--stall", 2)
        self.assert_ok(held.end())

    def test_an_interpreter_that_may_not_start_a_thread_has_stalled_or_says_so(self):
        """Out of address space in a new thread its starter waits for ever (gh-140746)."""
        limit = ["sh", "-c", 'ulimit -v 90000; exec "$@"', "sh"]
        done = self.start("--runtime", rig.WRAPPER, "--mode", "threads", "--iterations", 1, "--warmup", 0, "--workers", 16, "--stall", 3, prefix=limit).end()
        self.assertEqual(done.status, FAILED, done)
        self.assertIn(done.record["termination"]["reason"], ("stalled", "workload-error"), done)

    @vm_only
    def test_after_a_fork_bomb(self):
        done = self.start_cell("native", "threads", "--pids-max", 64, fault="fork-bomb").end()
        self.assert_end(done, FAILED, "workload-error", r"pids\.max 64|more processes")
        self.assertGreater(done.record["events"]["pids_max"], 0)

    @vm_only
    def test_after_eating_more_memory_than_there_is(self):
        done = self.start_cell("native", "threads", "--memory-max", "64M", fault="eat-memory").end()
        self.assert_end(done, FAILED, "oom", r"memory\.max .*--memory-max")
        self.assertGreater(done.record["events"]["oom_kill"], 0)
        self.assertLessEqual(done.record["memory"]["slice"]["peak"], 64 * rig.MIB)

    @for_each({"threads": ("native", "threads", 1), "processes": ("native", "processes", 3)})
    def no_process_outlives_a_killed_runner_with(self, runtime, mode, processes):
        running = self.start_cell(runtime, mode, *LONG)
        self.assertTrue(running.workload(processes))
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait(rig.PATIENCE_S)
        self.assertEqual(rig.wait_for(lambda: not rig.workload_pids(), rig.SOON_S) or rig.workload_pids(), True)
        left = rig.wait_for(rig.cgroups_left, rig.SOON_S)  # a cgroup is populated for a little longer than its last process
        names = {rig.Path(path).name.split("-")[0] for path in left}
        self.assertLessEqual(names, {"tare.slice", "tare"}, "what is left is empty cgroups of tare's")
        print(f"left, empty: {', '.join(left)}", file=rig.sys.stderr, end=" ... ")
        rig.remove_cgroups(left)
        for path in rig.TMP.iterdir():
            rig.shutil.rmtree(path)
        # What the killed one enabled, the next one to leave disables: look_for_leftovers() sees it.
        self.assert_ok(self.run_native())


class Starts(LiveTest):
    """What a caller leaves to those whom it starts."""

    def test_a_caller_that_ignores_sigchld_is_served_by_run(self):
        self.assert_ok(self.run_native(prefix=rig.ignoring("SIGCHLD")))
        done = self.start("--runtime", rig.WRAPPER, "--mode", "processes", "--mp-start", "fork", *SHORT, prefix=rig.ignoring("SIGCHLD")).end()
        self.assert_ok(done)

    @for_each({"confined": ([],), "alone": (["--confine", "off"],), "without_a_slice": (["--isolation", "off"],)})
    def a_caller_that_ignores_sigchld_is_served_by_exec(self, options):
        done = self.exec("sh", "-c", "true & wait; exit 7", options=["--prepare", "true", "--cleanup", "true", *options], prefix=rig.ignoring("SIGCHLD"))
        self.assertEqual(done.status, 7, done)

    @for_each({"run": ("run", "scenario1"), "exec": ("exec", "true"), "verify": ("verify", "/nonexistent")})
    def with_too_small_a_stack_there_is_one_line_of(self, command, word):
        done = subprocess.run(["sh", "-c", 'ulimit -s 128; exec "$@"', "sh", rig.TARE, command, word], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertRegex(done.stderr, r"\Atare: the stack limit is 128 KiB; at least 1024 KiB are needed \(ulimit -s 1024\)\n\Z")

    def test_a_workload_has_default_signal_handling_whatever_the_caller_ignores(self):
        done = self.exec("grep", "-E", "SigIgn|SigBlk", "/proc/self/status", prefix=rig.ignoring("SIGCHLD", "SIGHUP", "SIGPIPE", "SIGXFSZ"))
        self.assertEqual(done.out.split(), ["SigBlk:", "0" * 16, "SigIgn:", "0" * 16], done)

    @for_each({"sighup": (signal.SIGHUP,), "sigint": (signal.SIGINT,), "sigquit": (signal.SIGQUIT,), "sigterm": (signal.SIGTERM,)})
    def ignored_by_the_caller_nothing_ends_with(self, number):
        wait = "touch {0}.begun; while ! test -e {0}.go-on; do sleep 0.05; done"
        hook, command = self.dir / "hook", self.dir / "command"
        options = ["--confine", "off", "--prepare", wait.format(hook)]
        running = self.start_command("sh", "-c", wait.format(command) + "; echo whole", options=options, prefix=rig.ignoring(number.name))
        for where in (hook, command):
            self.assertTrue(rig.wait_for(where.with_suffix(".begun").exists))
            os.kill(running.pid, number)
            where.with_suffix(".go-on").touch()
        done = running.end()
        self.assertEqual((done.status, done.out), (0, "whole\n"), done)

    def test_a_killed_runner_takes_its_hook_and_what_that_runs_with_it(self):
        mark = f"7{os.getpid()}"
        running = self.start_command("true", options=["--isolation", "off", "--prepare", f"(sleep {mark}; true) & sleep {mark}; true"])
        self.assertEqual(len(rig.wait_for(lambda: len(p := rig.pids_saying(f"sleep\0{mark}\0")) == 2 and p)), 2)
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait(rig.PATIENCE_S)
        self.assertEqual(rig.wait_for(lambda: not rig.pids_saying(mark), 20) or rig.pids_saying(mark), True)


class Roots(LiveTest):
    """Cgroups that a run can be given and not use."""

    def refused(self, root, said: str) -> None:
        for words in (["run", "scenario1", *rig.NATIVE], ["exec", "true"]):
            done = subprocess.run([str(w) for w in (rig.TARE, words[0], "--cgroup-root", root, *words[1:])], capture_output=True, text=True, env=rig.environment(), timeout=rig.PATIENCE_S)
            self.assertEqual((done.returncode, done.stdout), (3, ""), done)
            self.assertRegex(done.stderr, rf"\Atare: \w+: --cgroup-root '{root}': {said}[^\n]*\n\Z")
            self.assertEqual([p for p in root.iterdir() if p.name.startswith("tare")], [])

    def test_a_frozen_one_is_refused_and_nobody_enters_it(self):
        cgroup = rig.Cgroup(self)
        (cgroup.path / "cgroup.freeze").write_text("1")
        self.addCleanup((cgroup.path / "cgroup.freeze").write_text, "0")
        self.assertTrue(rig.wait_for(lambda: "frozen 1" in rig.read(cgroup.path / "cgroup.events")))
        self.refused(cgroup.path, r"the cgroup is frozen \('frozen 1' in cgroup\.events\)")

    def test_one_of_a_threaded_tree_is_refused(self):
        cgroup = rig.Cgroup(self)
        threaded, domain = cgroup.path / "threaded", cgroup.path / "domain"
        threaded.mkdir()
        (threaded / "cgroup.type").write_text("threaded")
        domain.mkdir()
        self.refused(threaded, r"its cgroup\.type is 'threaded'")
        self.refused(domain, r"its cgroup\.type is 'domain invalid'")
        self.refused(cgroup.path, r"its cgroup\.type is 'domain threaded'")


SHARING = """import multiprocessing as mp, os, sys
from multiprocessing import shared_memory
def hold(here, locked, name):
    other = shared_memory.SharedMemory(name)
    locked.acquire()
    here.set()
    locked.acquire()
if __name__ == "__main__":
    start, processes, told = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    mp.set_start_method(start)
    memory, locked, here = shared_memory.SharedMemory(create=True, size=4096), mp.Semaphore(1), mp.Event()
    for process in range(processes):
        mp.Process(target=hold, args=(here, locked, memory.name)).start()
    if processes: here.wait()
    with open(told + ".part", "w") as f: f.write(f"{os.getpid()} {memory.name} sem.{(locked._semlock.name or '/none')[1:]}")
    os.rename(told + ".part", told)
    locked.acquire()
    locked.acquire()
"""

MAPPING = """import mmap, os, sys, time
go, earlier, later, other, copied = sys.argv[1:]
held = []
def mapped(path):
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.truncate(fd, 4096)
    held.append(mmap.mmap(fd, 4096))
mapped(earlier), mapped(other)
while not os.path.exists(go): time.sleep(0.01)
mapped(later)
file = open(copied, "w")
file.write("somebody's output")
file.flush()
os.unlink(go)
time.sleep(600)
"""


class SharedMemory(LiveTest):
    def start_sharing(self, start: str, processes: int, options) -> tuple[rig.Running, int, list[rig.Path]]:
        program, told = self.dir / "sharing.py", self.dir / "told"
        program.write_text(SHARING)
        running = self.start_command(rig.sys.executable, program, start, processes, told, options=["--confine", "off", *options])
        self.assertTrue(rig.wait_for(lambda: told.exists() or running.process.poll() is not None))
        self.assertTrue(told.exists(), "it ended before it shared")
        pid, *names = told.read_text().split()
        shared = [rig.Path("/dev/shm", name) for name in names]
        self.assertEqual([path.exists() for path in shared], [True, start != "fork"], "Python unlinks a semaphore at once where it forks")
        return running, int(pid), shared

    @for_each(
        {
            f"{start}_of_{processes}_{kind}": (start, processes, options)
            for start in ("fork", "spawn")
            for processes in (0, 2)
            for kind, options in (("in_a_slice", []), ("without_one", ["--isolation", "off"]))
        }
    )
    def what_is_shared_is_gone_where_the_run_is_ended_with(self, start, processes, options):
        running, _, shared = self.start_sharing(start, processes, options)
        os.kill(running.pid, signal.SIGTERM)
        done = running.end()
        self.assertEqual(done.status, 128 + signal.SIGTERM, done)
        self.assertEqual([path for path in shared if path.exists()], [], done)
        self.assertRegex(done.err, r"\Atare: removed \d+ objects? from /dev/shm [^\n]+\n")
        self.assertGreaterEqual(done.record["events"]["shm_removed"], 1 if start == "fork" else 2)

    @for_each({"fork": ("fork", 2), "spawn": ("spawn", 2), "nobody_beside_it": ("fork", 0)})
    def what_is_shared_is_gone_where_the_main_process_is_killed_with(self, start, processes):
        running, pid, shared = self.start_sharing(start, processes, [])
        os.kill(pid, signal.SIGKILL)
        done = running.end()
        self.assertEqual((done.status, done.record["termination"]["reason"]), (128 + signal.SIGKILL, "signal"), done)
        self.assertEqual([path for path in shared if path.exists()], [], done)

    def test_what_was_there_what_another_uses_and_what_is_no_shared_memory_stays(self):
        earlier, later, other, copied = (rig.Path(f"/dev/shm/live-{os.getpid()}-{n}") for n in ("earlier", "later", "other", "copied"))
        for path in (earlier, later, other, copied):
            self.addCleanup(path.unlink, missing_ok=True)
        earlier.write_bytes(bytes(4096))
        program, go = self.dir / "mapping.py", self.dir / "go"
        program.write_text(MAPPING)
        paths = [earlier, later, other, copied]
        running = self.start_command(rig.sys.executable, program, go, *paths, options=["--confine", "off"])
        self.assertTrue(rig.wait_for(lambda: other.exists() and other.stat().st_size))
        with other.open("rb"):
            go.touch()
            self.assertTrue(rig.wait_for(lambda: not go.exists()))
            os.kill(running.pid, signal.SIGTERM)
            done = running.end()
        self.assertEqual([path.exists() for path in paths], [True, False, True, True], done)
        self.assertEqual(done.record["events"]["shm_removed"], 1)

    def test_a_run_below_dev_shm_has_one_of_its_own_with_no_more_of_the_hosts_than_it_needs(self):
        ours = rig.Path(tempfile.mkdtemp(prefix="live-", dir="/dev/shm"))
        other = rig.Path(tempfile.mkdtemp(prefix="live-other-", dir="/dev/shm"))
        self.addCleanup(shutil.rmtree, ours)
        self.addCleanup(shutil.rmtree, other)
        ours.chmod(0o755)
        env = rig.environment() | {"TMPDIR": str(ours)}
        for cwd, seen in ((ours, [ours.name]), ("/dev/shm", [])):
            done = self.exec("ls", "/dev/shm", env=env, cwd=cwd)
            self.assertEqual((done.status, done.out.split()), (0, seen), done)
            checks = {check["name"]: check for check in done.record["isolation"]["checks"]}
            self.assertTrue(checks["private folders"]["ok"], checks["private folders"])
            self.json.unlink()
        words = [rig.TARE, "run", "scenario1", *rig.NATIVE, "--mode", "processes", "--verbose", "--json", self.json]
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=env, timeout=rig.PATIENCE_S)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("private folders: /dev/shm", done.stdout)
        self.assertNotRegex(done.stdout, "private folders: .* NO")
        self.assertEqual(list(ours.iterdir()), [])


class Input(LiveTest):
    """What several invocations read."""

    def read_thrice(self, stdin, *options) -> subprocess.CompletedProcess:
        words = [rig.TARE, "exec", "--quiet", "--repeat", "2", "--warmup", "1", *options, "--", "sort", "-rn"]
        return subprocess.run(words, stdin=stdin, capture_output=True, text=True, env=rig.environment(), timeout=rig.PATIENCE_S)

    @for_each({"confined": ([],), "alone": (["--confine", "off"],)})
    def each_invocation_reads_all_of(self, options):
        file = self.dir / "numbers"
        file.write_text("skipped\n1\n2\n3\n")
        with file.open() as stdin:
            os.lseek(stdin.fileno(), len("skipped\n"), os.SEEK_SET)
            done = self.read_thrice(stdin, *options)
        self.assertEqual((done.returncode, done.stdout), (0, "3\n2\n1\n" * 3), done)
        with subprocess.Popen(["tail", "-n", "3", file], stdout=subprocess.PIPE) as pipe:
            done = self.read_thrice(pipe.stdout, *options)
        self.assertEqual((done.returncode, done.stdout), (0, "3\n2\n1\n" * 3), done)
        self.assertEqual(self.read_thrice(subprocess.DEVNULL, *options).stdout, "")

    @for_each({"confined": ([],), "alone": (["--confine", "off"],)})
    def of_a_terminal_they_get_nothing(self, options):
        """As a first trial goes: what is shown of several commands is typed at a terminal."""
        master, terminal = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, terminal)
        os.write(master, b"1\n2\n")
        done = self.read_thrice(terminal, *options)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_what_cannot_be_read_again_is_refused(self):
        with subprocess.Popen(["head", "-c", "300M", "/dev/zero"], stdout=subprocess.PIPE) as large:
            done = self.read_thrice(large.stdout)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r"\Atare: exec: standard input[^\n]*more than 256 MiB[^\n]*\n\Z")
            large.stdout.close()


SCARCE = """import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
while True:
    try: held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError: break
for fd in held[int(sys.argv[1]):]: os.set_inheritable(fd, True)
for fd in held[:int(sys.argv[1])]: os.close(fd)
os.execv(sys.argv[2], sys.argv[2:])"""


class Scarce(LiveTest):
    """What a start needs and does not get: one line says so, soon, and nothing is left."""

    @for_each({"confined": ([],), "alone": (["--confine", "off"],)})
    def with_few_free_descriptors_a_command_runs_or_is_refused(self, options):
        """From so few that the program itself can just be loaded to enough."""
        ended = []
        for free in range(1, 24):
            done = self.exec("true", options=[*options, "--timeout", 30], prefix=[rig.sys.executable, "-c", SCARCE, free])
            if done.status != 0:
                self.assert_refused(done, 3, "Too many open files")
            self.json.unlink(missing_ok=True)
            ended.append(done.status)
        self.assertEqual((ended[0], ended[-1]), (3, 0), ended)

    @for_each({"few": (8,), "some": (12,)})
    def with_few_free_descriptors_a_scenario_is_refused(self, free):
        self.assert_refused(self.run_native(prefix=[rig.sys.executable, "-c", SCARCE, free]), 3, "Too many open files")

    @for_each(
        {
            f"{call}_fails_{name}": (f"{call}:error={error}", options)
            for call, error in (("close_range", "EPERM"), ("sendmsg", "ENOBUFS"), ("recvmsg", "ENOMEM"), ("sendto", "ENOBUFS"))
            for name, options in (("confined", []), ("alone", ["--confine", "off"]))
            if (call, name) == ("close_range", "alone") or name == "confined"  # alone it speaks through shared memory
        }
    )
    @unittest.skipUnless(shutil.which("strace"), "no strace: scripts/setup test")
    def what_it_is_where(self, inject, options):
        call = inject.partition(":")[0]
        traced = [shutil.which("strace"), "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={inject}"]
        done = self.exec("true", options=[*options, "--timeout", 20], prefix=traced)
        self.assert_refused(done, 5, "")


class DiskFull(LiveTest):
    @for_each({"out": ("--out", ""), "json_over_an_earlier_record": ("--json", "/earlier.json")})
    def a_full_disk_for(self, option, below):
        """A tmpfs of two pages in a mount namespace of the run's own: the earlier record fills one."""
        earlier, listing, disk = self.dir / "earlier.json", self.dir / "listing", self.dir / "disk"
        earlier.write_text('{"schema": "tare.record/1"}\n')
        disk.mkdir()
        script = (
            f"mount -t tmpfs -o size=8k none {disk}; cp {earlier} {disk}; "
            f'"$@" {option} {disk}{below} && s=0 || s=$?; '
            f"ls -A {disk} >{listing}; cmp {earlier} {disk}/earlier.json; exit $s"
        )
        done = self.run_native(prefix=["unshare", "-m", "sh", "-ec", script, "sh"])
        self.assertEqual(done.status, 5, done)
        self.assertRegex(done.err, r"\Atare: run: .*No space left on device\n\Z")
        self.assertEqual(done.out, "")
        self.assertEqual(listing.read_text().split(), ["earlier.json"])

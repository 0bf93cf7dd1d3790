"""CPUs of the slice's own: nobody else runs on them, and a loss of them is told. What is delegated, and what is left."""

import fcntl
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import rig
from rig import CPU, NATIVE, LiveTest, for_each, needs_controllers, setUpModule, vm_only  # noqa: F401

HOLD_MS = 6000 if rig.EMULATED else 4000
LONG = ["--profile", "memory", "--hold-ms", HOLD_MS, "--iterations", 1]
ENDLESS = [*LONG, "--hold-ms", 600000]  # of runs that are killed
STRICT = ["--isolation", "strict", "--cpus", CPU]


def checks(done) -> dict:
    return {check["name"]: check for check in done.record["isolation"]["checks"]}


def processor(task: str) -> int:
    """Field 39 of proc(5)'s stat: the CPU that it ran on last."""
    return int(rig.read(task).rpartition(")")[2].split()[36])


class Exclusive(LiveTest):
    @needs_controllers
    def test_strict_is_full_with_a_partition_and_the_claims_are_given_back(self):
        done = self.run_native(*STRICT)
        self.assert_ok(done)
        self.assertEqual(done.record["isolation"]["grade"], "full")
        self.assertEqual(done.record["slice"]["limits"]["cpuset.cpus.partition"]["achieved"], "root")
        self.assertTrue(checks(done)["exclusive of foreign tasks"]["ok"])
        self.assertEqual(rig.read(rig.MOUNT / "cpuset.cpus.effective").strip(), f"0-{os.cpu_count() - 1}")

    @needs_controllers
    @for_each({"isolated": ("isolated", "isolated"), "none": ("none", None)})
    def as_it_was_asked_for(self, asked, achieved):
        done = self.run_native("--partition", asked, *STRICT)
        self.assert_ok(done)
        limit = done.record["slice"]["limits"].get("cpuset.cpus.partition")
        self.assertEqual(limit and limit["achieved"], achieved)

    @needs_controllers
    def test_all_cpus_leave_none_to_take_from_others(self):
        every = f"0-{os.cpu_count() - 1}"
        auto = self.run_native("--cpus", every)
        self.assert_ok(auto)
        self.assertTrue(checks(auto)["cpuset.cpus.partition"]["ok"])
        demanded = self.run_native("--cpus", every, "--partition", "root")
        self.assertIn("every CPU", checks(demanded)["cpuset.cpus.partition"]["reason"])
        self.assertEqual(demanded.record["isolation"]["grade"], "partial")

    @vm_only
    def test_a_foreign_spinner_never_runs_on_the_benchmark_s_cpus(self):
        spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * os.cpu_count())]
        for spinner in spinners:
            os.setpriority(os.PRIO_PROCESS, spinner.pid, 19)  # they still take any CPU that is free
            self.addCleanup(spinner.wait)
            self.addCleanup(spinner.kill)
        before = set()
        rig.wait_for(lambda: before.update(processor(f"/proc/{s.pid}/stat") for s in spinners) or CPU in before)
        self.assertIn(CPU, before, "they would not have run there anyway")
        foreign, ours = set(), set()

        def look(running) -> bool:
            """Whether there were more than ten looks at who runs where, all while the CPU was the slice's own."""
            if not (pids := running.workload(1)):
                return False
            partition = Path(f"{rig.MOUNT}{rig.cgroup_of(pids[0])}") / "cpuset.cpus.partition"
            rig.wait_for(lambda: all(processor(f"/proc/{s.pid}/stat") != CPU for s in spinners), 1)
            samples = 0
            while running.process.poll() is None:
                try:
                    now = {processor(f"/proc/{s.pid}/stat") for s in spinners}
                    own = {processor(f"{task}/stat") for task in rig.threads_of(pids[0])}
                    if rig.read(partition).strip() != "root":
                        break
                except OSError:
                    break
                foreign.update(now)
                ours.update(own)
                samples += 1
            return samples > 10

        seen, done = self.look_while_held(look, *NATIVE, *LONG, *STRICT, "--iterations", 2, hold_ms=HOLD_MS)
        self.assert_ok(done)
        self.assertTrue(seen, "too few looks")
        self.assertEqual(ours, {CPU})
        self.assertNotIn(CPU, foreign)

    @vm_only
    def test_a_partition_that_is_lost_in_the_middle_is_in_the_record(self):
        online = Path(f"/sys/devices/system/cpu/cpu{CPU}/online")
        self.addCleanup(online.write_text, "1")

        def take_it(running) -> bool:
            return bool(running.workload(1)) and online.write_text("0") > 0

        _, done = self.look_while_held(take_it, *NATIVE, *LONG, "--cpus", CPU, hold_ms=HOLD_MS)
        self.assert_ok(done)
        lost = checks(done)["cpuset.cpus.partition"]
        self.assertFalse(lost["ok"], lost)
        self.assertRegex(lost["achieved"], r"root invalid|member")
        self.assertRegex(lost["reason"], r"it was lost \d+\.\d{3} s after the start")
        self.assertEqual(done.record["isolation"]["grade"], "partial")


class Delegated(LiveTest):
    @vm_only
    def test_a_container_with_a_writable_cgroupfs_is_delegated_and_found_as_it_was(self):
        cgroup = rig.Cgroup(self)
        view = f"umount {rig.MOUNT}; mount -t cgroup2 cgroup2 {rig.MOUNT}"
        enter = ["sh", "-ec", f'echo 0 >{cgroup.path}/cgroup.procs; exec "$@"', "sh"]
        # Two more processes in the way: the shell, and a sleeper that is there before and after.
        inside = f'{view}; sleep 1000 & "$@"; s=$?; cat {rig.MOUNT}/cgroup.procs >{self.dir}/after; kill $!; exit $s'
        done = self.run_cell(*NATIVE, *LONG, "--cpus", CPU, prefix=[*enter, "unshare", "-C", "-m", "sh", "-c", inside, "sh"])
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual(record["provenance"], "delegated")
        self.assertRegex(record["path"], rf"\A{rig.MOUNT}/tare-[^/]+/cell-0\Z")
        self.assertEqual(record["limits"]["memory.swap.max"]["achieved"], "0")
        self.assertGreaterEqual(len((self.dir / "after").read_text().split()), 2, "they were not moved back")
        self.assertEqual([p for p in cgroup.path.iterdir() if p.is_dir()], [])
        self.assertEqual(rig.read(cgroup.path / "cgroup.subtree_control").strip(), "")


class Left(LiveTest):
    def clean(self, *options) -> subprocess.CompletedProcess:
        words = [rig.TARE, "clean", *map(str, options)]
        return subprocess.run(words, env=rig.environment(), capture_output=True, text=True, timeout=rig.PATIENCE_S)

    @staticmethod
    def has_files(pid: int) -> bool:
        """A process that is no more than a zombie has closed all it had."""
        try:
            return "State:\tZ" not in rig.read(f"/proc/{pid}/status")
        except OSError:
            return False

    def kill(self, running) -> None:
        """The runner and the guard that would end the rest, at once: stopped, it sees nothing of the guard's end."""
        os.kill(running.pid, signal.SIGSTOP)
        self.assertTrue(rig.wait_for(lambda: "State:\tT" in rig.read(f"/proc/{running.pid}/status")))
        guards = [p for p in rig.children_of(running.pid) if rig.read(f"/proc/{p}/comm").strip() == "tare"]
        doomed = [running.pid]
        for pid in doomed:  # grows while it is walked: all that descends from the runner
            doomed += rig.children_of(pid)
        for pid in [*guards, running.pid]:
            os.kill(pid, signal.SIGKILL)
        running.process.wait(rig.PATIENCE_S)
        # A pid namespace takes a while to die, and what is in it keeps its locks until then.
        self.assertTrue(rig.wait_for(lambda: not any(map(self.has_files, doomed))))

    def test_clean_ends_what_a_killed_run_left_and_leaves_a_living_one_alone(self):
        living = self.start_gated(json_to=self.dir / "living.json")
        killed = self.start(*NATIVE, *ENDLESS, "--mode", "processes")
        self.assertTrue(rig.wait_for(lambda: any((run / "cell-0").exists() for run in rig.run_directories())))
        self.assertEqual(len(rig.run_directories()), 2)
        self.assertTrue(rig.wait_for(killed.main))
        self.kill(killed)
        done = self.clean()
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(len([line for line in done.stdout.splitlines() if line.startswith("in use")]), 1, done)
        self.assertRegex(done.stdout, rf"(?m)^removed  {rig.TOP}\S*/tare-\S+ \(\d+ process(es)? ended\)$")
        self.assertRegex(done.stdout, rf"(?m)^removed  {rig.TMP}/tare\.\w{{6}}$")
        self.assertIsNone(living.process.poll())
        self.let_go()
        ended = living.end()
        self.assertEqual(ended.status, 0, ended)
        self.assertEqual(self.clean().stdout, "nothing was left behind\n")

    def test_a_dry_run_says_what_would_be_removed_and_removes_nothing(self):
        killed = self.start(*NATIVE, *ENDLESS)
        self.assertTrue(killed.workload(1))
        self.kill(killed)
        before = [*rig.cgroups_left(), *map(str, rig.TMP.iterdir())]
        done = self.clean("--dry-run")
        self.assertEqual(done.returncode, 0, done)
        for path in (*rig.run_directories(), *rig.TMP.iterdir()):
            self.assertRegex(done.stdout, rf"(?m)^would remove  {path}( \(\d+ process(es)? ended\))?$")
        self.assertEqual([*rig.cgroups_left(), *map(str, rig.TMP.iterdir())], before)
        self.assertRegex(self.clean().stdout, r"(?m)^removed  ")

    def test_clean_keeps_to_the_root_of_its_caller_and_to_what_is_its_own(self):
        mine, others = rig.Cgroup(self), rig.Cgroup(self)
        runs = [cgroup.path / "tare-20260101T000000Z-00000001" for cgroup in (mine, others)]
        foreign = mine.path / "tare-20260101T000000Z-00000002"
        for path in (*runs, foreign):
            path.mkdir()
        os.chown(foreign, 12345, 12345)
        done = self.clean("--cgroup-root", mine.path)
        self.assertCountEqual(done.stdout.splitlines(), [f"left     {foreign} (uid 12345 made it)",
                                                         f"removed  {runs[0]} (0 processes ended)"], done)
        self.assertEqual([path.exists() for path in (*runs, foreign)], [False, True, True])

    def test_the_next_run_says_that_something_was_left(self):
        killed = self.start(*NATIVE, *ENDLESS)
        self.assertTrue(killed.workload(1))
        self.kill(killed)
        done = self.run_native()
        self.assert_ok(done)
        self.assertIn("1 run that was killed left a cgroup in", done.err)
        self.assertIn("tare clean", done.err)
        self.assertEqual(self.clean().returncode, 0)

    def test_clean_of_many_living_runs_holds_the_lock_of_their_root_for_less_than_a_run_waits_for_it(self):
        cgroup = rig.Cgroup(self)
        for number in range(8):
            (run := cgroup.path / f"tare-20260101T000000Z-{number:08x}").mkdir()
            fd = os.open(run, os.O_RDONLY)
            self.addCleanup(os.close, fd)
            fcntl.flock(fd, fcntl.LOCK_EX)
        start = time.monotonic()
        done = self.clean("--cgroup-root", cgroup.path)
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual([line.split()[:2] for line in done.stdout.splitlines()], [["in", "use"]] * 8)

    @unittest.skipUnless(rig.EMULATED or "TARE_NO_VM" in os.environ, "it waits for a minute: the guests' run does")
    def test_nobody_goes_on_without_the_lock_of_the_root(self):
        """A run that has made its directory and not locked it yet looks like a dead one to whoever does."""
        cgroup = rig.Cgroup(self)
        left = cgroup.path / "tare-20260101T000000Z-00000001"
        left.mkdir()
        held = os.open(cgroup.path, os.O_RDONLY)
        self.addCleanup(os.close, held)
        fcntl.flock(held, fcntl.LOCK_EX)
        clean = subprocess.Popen([rig.TARE, "clean", "--cgroup-root", str(cgroup.path)], env=rig.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        done = self.exec("true", options=["--cgroup-root", cgroup.path, "--isolation", "strict" if rig.FULL else "auto"])
        self.assert_refused(done, 3, rf"another process has held the lock of '{cgroup.path}' for 30 s \(lslocks shows which\)")
        said, _ = clean.communicate(timeout=rig.PATIENCE_S)
        self.assertEqual(said, f"left     {cgroup.path} (Device or resource busy)\n")
        self.assertNotEqual(clean.returncode, 0)
        self.assertEqual([p.name for p in cgroup.path.glob("tare-*")], [left.name])
        left.rmdir()

    def test_clean_finds_what_a_killed_writer_left_beside_its_output(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        left = [self.dir / f".tare-{ended.pid}-0.tmp", self.dir / ".tare-ABCdef"]
        kept = [self.dir / f".tare-{os.getpid()}-0.tmp", self.dir / f".tare-{ended.pid}-0.tmp.mine", self.dir / ".tare-x",
                self.dir / f".tare-{ended.pid}-1.tmp"]
        left[1].mkdir()
        for path in (left[0], *kept):
            path.touch()
        os.chown(kept[3], 12345, 12345)
        would = self.clean("--dry-run", self.dir).stdout.splitlines()
        self.assertCountEqual(would, [f"would remove  {path}" for path in left])
        self.assertCountEqual(self.clean(self.dir).stdout.splitlines(), [f"removed  {path}" for path in left])
        self.assertEqual(sorted(self.dir.iterdir()), sorted(kept))
        for path in kept:
            path.unlink()

    def test_clean_takes_a_folder_and_nothing_else(self):
        done = self.clean("everything")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "tare: clean: 'everything': what is allowed is a folder\n")

"""Where a workload runs: in its slice from birth, on its CPUs; how the slice was come by, and what it was refused."""

import subprocess
from pathlib import Path

import rig
from rig import CPU, NATIVE, LiveTest, for_each, needs_controllers, needs_lack, setUpModule, vm_only  # noqa: F401

# runtime, mode, start method; how many processes, how many threads of the main one at least, with two workers.
KINDS = {
    "native_threads": ("native", "threads", None, 1, 3),
    "native_fork": ("native", "processes", "fork", 3, 1),
    "native_forkserver": ("native", "processes", "forkserver", 4, 1),
    "native_spawn": ("native", "processes", "spawn", 3, 1),
    "python_threads": (rig.WRAPPER, "threads", None, 1, 3),
    "python_fork": (rig.WRAPPER, "processes", "fork", 3, 1),
    "python_forkserver": (rig.WRAPPER, "processes", "forkserver", 5, 1),  # the server, the resource tracker
    "python_spawn": (rig.WRAPPER, "processes", "spawn", 4, 1),
    "python_interpreters": (rig.WRAPPER, "interpreters", None, 1, 3),
    "free_threaded_threads": ("3.14t", "threads", None, 1, 3),
}
HOLD_MS = 4000 if rig.EMULATED else 700
HELD = ["--profile", "memory", "--iterations", 1, "--warmup", 0, "--workers", 2]


class Born(LiveTest):
    @for_each(KINDS)
    def every_process_is_in_the_slice_and_every_thread_on_its_cpus(self, runtime, mode, method, processes, threads):
        if runtime == "3.14t" and (rig.EMULATED or not rig.FREE_THREADED):
            self.skipTest("the free-threaded build is looked at on the host: here its probe takes half a minute")
        start = ["--mp-start", method] if method else []

        def look(running):
            pids = running.workload(processes)
            rig.wait_for(lambda: not pids or len(rig.threads_of(pids[0])) >= threads or running.process.poll() is not None)
            tasks = [task for pid in pids for task in rig.threads_of(pid)]
            if not pids or len(rig.threads_of(pids[0])) < threads:
                return None
            return {rig.cgroup_of(pid) for pid in pids}, {rig.cpus_allowed(task) for task in tasks}

        seen, done = self.look_while_held(look, "--runtime", runtime, "--mode", mode, *start, *HELD, "--cpus", CPU, hold_ms=HOLD_MS)
        self.assertTrue(seen, "not all of its processes came")
        places, allowed = seen
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual(places, {record["path"].removeprefix(str(rig.MOUNT))})
        self.assertEqual(allowed, {str(CPU)})
        self.assertEqual((record["cpus_requested"], record["cpus_effective"]), (str(CPU), str(CPU)))
        self.assertEqual(record["cpus_by"], "cpuset" if rig.FULL else "affinity")
        checks = {c["name"]: c["ok"] for c in done.record["isolation"]["checks"]}
        self.assertTrue(checks["born in the slice"] and checks["CPU affinity"], checks)


class Strict(LiveTest):
    @needs_lack
    def test_a_host_that_lacks_controllers_is_refused_before_anything_is_made(self):
        out = self.dir / "out"
        done = self.run_native("--isolation", "strict", "--out", out)
        self.assert_refused(done, 3, r"--isolation strict: no cpuset controller: .*boot with cgroup_no_v1=all")
        self.assertFalse(out.exists())

    @needs_lack
    def test_a_host_that_lacks_controllers_is_partial_and_says_so(self):
        done = self.run_native()
        self.assert_ok(done)
        self.assertEqual(done.record["isolation"]["grade"], "partial")
        self.assertIn("--- isolation: partial ---", done.out)
        memory = done.record["memory"]["slice"]
        self.assertIsNone(memory["current"])  # and never a zero
        self.assertIn("v1 holds it", memory["current_reason"])

    @needs_controllers
    def test_a_host_that_has_them_is_full_with_every_check_ok(self):
        done = self.run_native("--isolation", "strict", "--memory-max", "256M", "--cpus", CPU)
        self.assert_ok(done)
        self.assertEqual(done.record["isolation"]["grade"], "full")
        self.assertEqual([c for c in done.record["isolation"]["checks"] if not c["ok"] and c["level"] == "required"], [])
        self.assertIn("--- isolation: full ---", done.out)
        self.assertEqual(done.record["slice"]["limits"]["memory.max"]["achieved"], str(256 * rig.MIB))


class Provenance(LiveTest):
    more_env = {"TARE_CGROUP_ROOT": ""}

    def in_mounts_of_its_own(self, script: str) -> list[str]:
        """A prefix: the rest runs after this script, in a private mount namespace."""
        return ["unshare", "-m", "sh", "-ec", f'{script}\nexec "$@"', "sh"]

    def test_created(self):
        done = self.run_native()
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual(record["provenance"], "created")
        self.assertRegex(record["path"], rf"\A{rig.MOUNT}/tare\.slice/tare-[^/]+/cell-0\Z")

    def test_given(self):
        cgroup = rig.Cgroup(self)
        done = self.run_native("--cgroup-root", cgroup.path)
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual(record["provenance"], "given")
        self.assertTrue(record["path"].startswith(f"{cgroup.path}/tare-"), record["path"])
        self.assertEqual(done.record["isolation"]["grade"], "full" if rig.FULL else "partial")
        self.assertEqual([p for p in cgroup.path.iterdir() if p.is_dir()], [])
        self.assertEqual(rig.read(cgroup.path / "cgroup.subtree_control").strip(), "")

    @needs_controllers
    def test_given_where_a_process_is_in_the_way(self):
        cgroup = rig.Cgroup(self)
        sleeper = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(sleeper.wait)
        self.addCleanup(sleeper.kill)
        (cgroup.path / "cgroup.procs").write_text(str(sleeper.pid))
        done = self.run_native("--cgroup-root", cgroup.path)
        self.assert_refused(done, 3, rf"holds 1 other process \(pid {sleeper.pid} 'sleep'\) \(.*move them")
        self.assertEqual([p for p in cgroup.path.iterdir() if p.is_dir()], [])
        self.assertIsNone(sleeper.poll())

    @vm_only
    def test_borrowed_from_a_container(self):
        cgroup = rig.Cgroup(self)
        (cgroup.path / "memory.max").write_text("256M")
        (cgroup.path / "cpuset.cpus").write_text(str(CPU))
        view = f"umount {rig.MOUNT}; mount -t cgroup2 -o ro cgroup2 {rig.MOUNT}"
        inside = ["unshare", "-C", *self.in_mounts_of_its_own(view)]
        enter = ["sh", "-ec", f'echo 0 >{cgroup.path}/cgroup.procs; exec "$@"', "sh"]
        done = self.run_cell(*NATIVE, *HELD, "--hold-ms", HOLD_MS, "--memory-max", "512M", prefix=[*enter, *inside])
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual(record["provenance"], "borrowed")
        self.assertIn("--- isolation: borrowed ---", done.out)
        memory = done.record["memory"]["slice"]
        self.assertGreater(memory["baseline"], 0)
        self.assertEqual(done.printed("baseline"), str(memory["baseline"]))
        self.assertGreater(memory["current"]["min"], 0)
        limit = record["limits"]["memory.max"]
        self.assertEqual((limit["achieved"], limit["ok"]), (str(256 * rig.MIB), False))
        self.assertIn("docker run", limit["reason"])
        self.assertEqual(record["cpus_effective"], str(CPU))

    @vm_only
    def test_a_container_that_no_memory_controller_was_handed_to_has_no_figure_of_it_and_says_why(self):
        cgroup = rig.Cgroup(self)
        cgroup.control("-", {"memory"})
        self.addCleanup(cgroup.control, "+", {"memory"})
        view = f"umount {rig.MOUNT}; mount -t cgroup2 -o ro cgroup2 {rig.MOUNT}"
        inside = ["unshare", "-C", *self.in_mounts_of_its_own(view)]
        enter = ["sh", "-ec", f'echo 0 >{cgroup.path}/cgroup.procs; exec "$@"', "sh"]
        done = self.run_cell(*NATIVE, *HELD, "--hold-ms", HOLD_MS, "--memory-max", "512M", prefix=[*enter, *inside])
        self.assert_ok(done)
        self.assertEqual(done.record["slice"]["provenance"], "borrowed")
        memory = done.record["memory"]
        self.assertIsNone(memory["slice"]["current"])
        self.assertTrue(memory["parent_and_workers"]["pss"], memory)
        limit = done.record["slice"]["limits"]["memory.max"]
        self.assertFalse(limit["ok"])
        accounting = next(c for c in done.record["isolation"]["checks"] if c["name"] == "memory accounting")
        self.assertFalse(accounting["ok"])
        self.assertIn("+memory in every cgroup.subtree_control above it", accounting["reason"])

    @for_each(
        {
            "cgroup2_is_not_mounted": ("umount {}", "no cgroup2 file system is mounted"),
            "cgroup2_is_hidden": ("mount -t tmpfs none {}", "no cgroup2 file system is mounted"),
            "it_is_not_asked_for": ("", "not asked for: --isolation off"),
        }
    )
    def none_where(self, script, why):
        off = [] if script else ["--isolation", "off"]
        prefix = self.in_mounts_of_its_own(script.format(rig.MOUNT))
        done = self.run_cell(*NATIVE, *HELD, "--hold-ms", HOLD_MS, "--mode", "processes", "--cpus", CPU, *off, prefix=prefix)
        self.assert_ok(done)
        self.assertEqual(done.record["slice"]["provenance"], "none")
        self.assertEqual(done.record["isolation"]["grade"], "none")
        self.assertIn(why, done.record["slice"]["path_reason"])
        self.assertIn(f"unavailable ({why}", done.out)
        self.assertGreater(done.record["result"]["avg_iter_s"], 0)
        memory = done.record["memory"]
        self.assertTrue(memory["parent_and_workers"]["pss"], memory)
        self.assertIsNone(memory["all_pids"]["pss"])
        self.assertEqual(done.record["slice"]["cpus_effective"], str(CPU))
        self.assertIn(3, [s["parent_and_workers"]["pids"] for s in done.samples() if "parent_and_workers" in s])


class Together(LiveTest):
    def test_two_runs_do_not_disturb_one_another(self):
        long = self.start_gated("--mem-sample")
        (long_slice,) = rig.run_directories()
        first_to_end = self.start(*NATIVE, json_to=self.dir / "short.json").end()
        self.assertIsNone(long.process.poll())
        self.assertTrue(long_slice.exists())
        self.let_go()
        last_to_end = long.end()
        self.assert_ok(first_to_end)
        self.assertEqual(last_to_end.status, 0, last_to_end)
        for done in (first_to_end, last_to_end):
            unmet = [c for c in done.record["isolation"]["checks"] if c["level"] == "required" and not c["ok"]]
            self.assertEqual(done.record["isolation"]["grade"], "full" if rig.FULL else "partial", unmet)
        self.assertNotEqual(first_to_end.record["slice"]["path"], last_to_end.record["slice"]["path"])
        self.assertEqual(last_to_end.record["memory"]["failed_reads"], 0)
        if rig.FULL:
            self.assertTrue(all("current" in s and "anon" in s for s in last_to_end.samples()))

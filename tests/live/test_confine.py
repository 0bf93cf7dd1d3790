"""What a workload is kept from: looked at from inside, from outside, and by what it tries and is refused."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

import rig
from rig import LiveTest, for_each, setUpModule  # noqa: F401

# What a confined command says of itself; it stands in a folder that nobody else hides.
LOOK = """
import json, os, socket
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(json.dumps({
    "status": {k: v.strip() for k, v in status.items()}, "hostname": socket.gethostname(), "environment": dict(os.environ),
    "tmp": os.listdir("/tmp"), "shm": os.listdir("/dev/shm"), "dev": sorted(os.listdir("/dev")), "cwd": os.getcwd(),
    "networks": [name for _, name in socket.if_nameindex()], "pids": [p for p in os.listdir("/proc") if p.isdigit()],
    "groups": os.getgroups(), "session": os.getsid(0) == os.getpid()}))
"""
# Tries one thing after another, and says of each the errno's name, or "done".
TRY = """
import ctypes, errno, json, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), "")
came = {}
for name, what in json.loads(sys.argv[1]).items():
    try:
        exec(what)
        came[name] = "done"
    except OSError as e:
        came[name] = errno.errorcode[e.errno]
print(json.dumps(came))
"""
NR = {"settimeofday": 164, "adjtimex": 159, "init_module": 175, "finit_module": 313, "kexec_load": 246, "bpf": 321}
NR |= {"perf_event_open": 298, "ptrace": 101, "keyctl": 250, "swapon": 167, "reboot": 169, "setns": 308, "chroot": 161}
NR |= {"mount": 165, "umount2": 166, "move_mount": 429, "fsopen": 430, "clock_settime": 227, "unshare": 272, "clone": 56}
NR |= {"sched_setattr": 314, "userfaultfd": 323, "kcmp": 312, "name_to_handle_at": 303, "open_by_handle_at": 304}
NR |= {"io_uring_setup": 425, "pidfd_getfd": 438, "process_madvise": 440, "statmount": 457, "listmount": 458}
NR |= {"open_tree_attr": 467, "clone3": 435}
NR |= {"sched_setscheduler": 144, "setpriority": 141, "sched_setaffinity": 203, "socket": 41}
# the call, its arguments; counted under its name.
REFUSED = {name: (name, "0, 0, 0") for name in ("settimeofday", "adjtimex", "init_module", "finit_module", "kexec_load")}
REFUSED |= {name: (name, "0, 0, 0") for name in ("bpf", "perf_event_open", "keyctl", "swapon", "reboot", "setns")}
REFUSED |= {name: (name, "0, 0, 0, 0, 0") for name in ("mount", "umount2", "move_mount", "fsopen", "clock_settime", "chroot")}
REFUSED |= {name: (name, "0, 0, 0, 0, 0") for name in ("sched_setattr", "userfaultfd", "kcmp", "name_to_handle_at", "open_by_handle_at")}
REFUSED |= {name: (name, "0, 0, 0, 0, 0") for name in ("io_uring_setup", "pidfd_getfd", "process_madvise", "statmount", "listmount")}
REFUSED |= {
    "open_tree_attr": ("open_tree_attr", "0, 0, 0, 0, 0"),
    "ptrace_attach": ("ptrace", "16, 1, 0, 0"),
    "ptrace_seize": ("ptrace", "0x4206, 1, 0, 0"),
    "unshare_user": ("unshare", "0x10000000"),
    "unshare_net_and_files": ("unshare", "0x40000400"),
    "clone_newpid": ("clone", "0x20000011, 0, 0, 0, 0"),
    "renice_upward": ("setpriority", "0, 0, -5"),
    "realtime": ("sched_setscheduler", "0, 1, 0"),
    "socket_of_no_namespace": ("socket", f"{socket.AF_VSOCK}, {socket.SOCK_STREAM}, 0"),
    "realtime_and_reset_on_fork": ("sched_setscheduler", "0, 0x40000002, 0"),
}
LET_THROUGH = {
    "unshare_files": "os.unshare(os.CLONE_FILES)",
    "renice_downward": "os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + 1)",
    "batch": "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
    "own_affinity": "os.sched_setaffinity(0, os.sched_getaffinity(0))",
    "one_of_its_cpus": "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
    "loopback": "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())",
    "a_write_to_tmp": "open('/tmp/x', 'w').close()",
    "a_write_to_dev_null": "open('/dev/null', 'w').write('x')",
    "a_pseudo_terminal": "os.openpty()",
}


class Confined(LiveTest):
    def open_to_all(self, folder):
        self.addCleanup(folder.chmod, folder.stat().st_mode & 0o777)
        folder.chmod(0o755)

    def python(self, code: str, *options, **more) -> rig.Done:
        return self.exec(sys.executable, "-P", "-c", textwrap.dedent(code), options=options, **more)

    def look(self, *options, **more) -> tuple[dict, rig.Done]:
        done = self.python(LOOK, *options, **more)
        self.assertEqual(done.status, 0, done)
        return json.loads(done.out), done

    def look_at_default(self) -> tuple[dict, rig.Done]:
        return self.shared("look", lambda: self.look(cwd="/"))

    def try_all(self, what: dict[str, str], *options) -> tuple[dict[str, str], dict]:
        """What came of each, and the events that were counted."""
        done = self.exec(sys.executable, "-P", "-c", TRY, json.dumps(what), options=options)
        self.assertEqual(done.status, 0, done)
        return json.loads(done.out), done.record["events"]

    def tries(self, what: str, *options) -> tuple[str, dict]:
        came, events = self.try_all({"it": what}, *options)
        return came["it"], events

    def checks(self, done: rig.Done) -> dict[str, dict]:
        return {check["name"]: check for check in done.record["isolation"]["checks"]}


LAYERS = ["own namespaces", "network off", "private folders", "capabilities", "user", "no new privileges"]


class Inside(Confined):
    def test_it_has_no_capability_and_gets_none(self):
        seen, done = self.look_at_default()
        for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(seen["status"][which], "0" * 16, which)
        self.assertEqual(seen["status"]["NoNewPrivs"], "1")
        self.assertEqual(seen["status"]["Seccomp"], "2")
        self.assertEqual(seen["groups"], [])
        self.assertEqual([n for n in LAYERS if not self.checks(done)[n]["ok"]], [])
        self.assertTrue(self.checks(done)["read-only root"]["ok"] and self.checks(done)["seccomp filter"]["ok"])

    def test_light_has_no_filter_and_a_writable_root(self):
        seen, done = self.look("--confine", "light")
        self.assertEqual((seen["status"]["Seccomp"], seen["status"]["NoNewPrivs"]), ("0", "1"))
        self.assertEqual(seen["status"]["CapEff"], "0" * 16)
        self.assertEqual([n for n in LAYERS if not self.checks(done)[n]["ok"]], [])
        self.assertNotIn("seccomp filter", self.checks(done))
        self.assertIsNone(done.record["events"]["seccomp_refused"])

    def test_off_is_nothing_of_it(self):
        seen, done = self.look("--confine", "off", env=rig.environment(MARK="here"))
        self.assertEqual((seen["status"]["Seccomp"], seen["status"]["NoNewPrivs"]), ("0", "0"))
        self.assertNotEqual(seen["status"]["CapEff"], "0" * 16)
        self.assertEqual(seen["environment"]["MARK"], "here")
        self.assertEqual(seen["hostname"], socket.gethostname())
        self.assertEqual(set(LAYERS) & set(self.checks(done)), set())

    def test_it_sees_no_network_but_the_loopback(self):
        seen, done = self.look_at_default()
        self.assertEqual(seen["networks"], ["lo"])
        self.assertEqual(self.checks(done)["network off"]["achieved"], "lo")
        seen, _ = self.look("--network", "host")
        self.assertEqual(seen["networks"], [name for _, name in socket.if_nameindex()])

    def test_it_sees_its_own_processes_alone_and_is_not_the_first(self):
        seen, _ = self.look_at_default()
        self.assertEqual(seen["pids"], ["1", "2"])
        self.assertEqual(seen["status"]["Pid"], "2")
        self.assertEqual(seen["status"]["PPid"], "1")
        self.assertTrue(seen["session"])

    def test_its_host_name_is_fixed_and_the_hosts_stays(self):
        before = socket.gethostname()
        self.assertEqual(self.look_at_default()[0]["hostname"], "tare")
        self.assertEqual(socket.gethostname(), before)

    def test_its_environment_is_the_allowed_one_exactly(self):
        env = rig.environment(LD_LIBRARY_PATH="/x", PYTHONPATH="/x", LANG="de_DE", TERM="dumb")
        seen, _ = self.look("--env", "A=1", "--env", "B=x=y", env=env)
        wanted = {"PATH": env["PATH"], "HOME": env["HOME"], "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0"}
        self.assertEqual(seen["environment"], wanted | {"TERM": "dumb", "A": "1", "B": "x=y"})

    def test_its_tmp_is_its_own_and_gone_afterwards(self):
        mark = Path("/tmp") / f"tare-live-{os.getpid()}"
        seen, _ = self.look_at_default()
        self.assertEqual((seen["tmp"], seen["shm"]), ([], []))
        done = self.exec("sh", "-c", f"echo x >{mark} && cat {mark}; echo y >/dev/shm/{mark.name}", cwd="/")
        self.assertEqual((done.status, done.out), (0, "x\n"), done)
        self.assertFalse(mark.exists() or Path("/dev/shm", mark.name).exists())

    def test_of_the_devices_it_sees_the_harmless(self):
        seen, _ = self.look_at_default()
        wanted = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero".split()
        self.assertEqual([d for d in seen["dev"] if d not in wanted], [])

    def test_what_it_needs_below_tmp_is_shown_to_it(self):
        folder = self.dir / "deep"
        folder.mkdir()
        script = folder / "script"
        script.write_text("#!/bin/sh\npwd; ls; cat data; touch new\n")
        script.chmod(0o755)
        (folder / "data").write_text("data\n")
        done = self.exec("./script", cwd=folder)
        self.assertEqual(done.out, f"{folder}\ndata\nscript\ndata\n", done)
        self.assertIn("Read-only file system", done.err)
        self.assertEqual(self.exec("./script", cwd=folder, options=["--rw", folder]).status, 0)
        self.assertTrue((folder / "new").exists())

    def test_what_it_needs_in_a_closed_folder_is_shown_inside_of_another_that_is_shown(self):
        """/tmp/X is shown for the folder that it starts in; of /tmp/X/closed it sees its program and nothing beside it."""
        self.open_to_all(rig.WORK)
        self.dir.chmod(0o755)
        closed, here = self.dir / "closed", self.dir / "here"
        (program := closed / "bin" / "look").parent.mkdir(parents=True)
        closed.chmod(0o700)
        (closed / "secret").touch()
        here.mkdir()
        program.write_text(f"#!/bin/sh\nls {self.dir} {closed} && id -u\n")
        program.chmod(0o755)
        done = self.exec(program, cwd=here)
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.out.split()[-2:], ["bin", "65534"], done)
        self.assertIn("here", done.out.split())
        self.assertTrue(self.checks(done)["private folders"]["ok"])

    def test_what_is_hidden_stays_so_in_a_folder_that_is_shown(self):
        done = self.exec("ls", "/sys/fs/cgroup", options=["--rw", "/sys"])
        self.assertEqual((done.status, done.out), (0, ""), done)

    def test_a_socket_in_a_folder_that_is_shown_is_masked(self):
        self.open_to_all(rig.WORK)
        self.dir.chmod(0o755)
        (here := self.dir / "here").mkdir()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path := f"{here}/socket")
            server.listen()
            os.chmod(path, 0o777)
            for options in ([], ["--rw", here]):
                done = self.python(f"import socket; socket.socket(socket.AF_UNIX).connect('{path}')", *options, cwd=here)
                self.assertRegex(done.err, r"(ConnectionRefused|Permission)Error", done)

    @for_each({"numbers": ("12345:54321", "12345", "54321"), "one_number": ("12345", "12345", "12345")})
    def the_user_is_the_named_one(self, named, uid, gid):
        done = self.exec("cat", "/proc/self/status", options=["--user", named], cwd="/")
        self.assertIn(f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n", done.out)
        self.assertIn(f"Gid:\t{gid}\t{gid}\t{gid}\t{gid}\n", done.out)

    @unittest.skipIf(
        any(not folder.stat().st_mode & 0o001 for folder in rig.ROOT.parents),
        "the checkout is closed to other users: make it where all may enter",
    )
    def test_clean_removes_the_folder_that_an_unprivileged_workload_was_given(self):
        self.open_to_all(rig.WORK)
        running = self.start("--runtime", "native", "--iterations", 100000, "--user", "12345")
        self.assertTrue(rig.wait_for(lambda: [path.stat().st_uid for path in rig.TMP.iterdir()] == [12345], rig.SOON_S))
        running.process.kill()
        running.process.wait()

        def is_clean() -> bool:
            subprocess.run([rig.TARE, "clean"], env=rig.environment(), capture_output=True)
            return not list(rig.TMP.iterdir())

        self.assertTrue(rig.wait_for(is_clean, rig.SOON_S), [path.stat() for path in rig.TMP.iterdir()])

    def test_the_user_is_nobody_where_nothing_is_closed_to_it(self):
        done = self.exec("id", "-u", cwd="/")
        self.assertEqual(done.out, "65534\n", done)
        self.assertEqual(self.checks(done)["user"]["achieved"], "65534")

    def test_the_user_is_the_owner_of_what_is_closed_to_nobody_and_that_is_said(self):
        closed = self.dir / "closed"
        closed.mkdir(0o700)
        self.dir.chmod(0o755)
        self.open_to_all(rig.WORK)
        os.chown(closed, 12345, 54321)
        done = self.exec("id", "-u", cwd=closed)
        self.assertEqual(done.out, "12345\n", done)
        self.assertRegex(self.checks(done)["user"]["achieved"], rf"^12345 \('{closed}' is closed to 65534")
        done = self.exec("true", options=["--user", "777"], cwd=closed)
        self.assertEqual(done.status, 2)
        self.assertRegex(done.err, rf"--user '777': '{closed}' is closed to it")


    @for_each({f"of_{bits:03b}": (bits,) for bits in range(1, 8)})
    def closed_descriptors_are_null_and_nothing_of_the_runners(self, bits):
        """Bit n: descriptor n is closed where tare starts."""
        out = self.dir / "out"
        self.open_to_all(rig.WORK)
        self.dir.chmod(0o777)
        closing = " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in range(3) if bits & 1 << fd)
        look = f"for fd in 0 1 2; do readlink /proc/self/fd/$fd; done >{out}"
        words = [rig.TARE, "exec", "--quiet", "--confine", "full", "--rw", str(self.dir), "--", "sh", "-c", look]
        done = subprocess.run(["sh", "-c", f'"$@" {closing}', "sh", *words], env=rig.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, cwd="/", timeout=rig.PATIENCE_S)
        self.assertEqual(done.returncode, 0, done)
        said = out.read_text().split()
        self.assertEqual(len(said), 3)
        self.assertEqual([fd for fd in (0, 2) if bits & 1 << fd and said[fd] != "/dev/null"], [])
        self.assertNotIn("/sys", " ".join(said))


class Refused(Confined):
    @for_each({case: (case, name) for case, (name, _) in REFUSED.items()})
    def refuses_and_counts(self, case, name):
        """One run tries them all; each is refused, and counted under its name as often as it was tried."""
        tries = {case: f"call({NR[name]}, {arguments})" for case, (name, arguments) in REFUSED.items()}
        came, events = self.shared("refused", lambda: self.try_all(tries))
        self.assertEqual(came[case], "EPERM")
        self.assertEqual(events["seccomp_refused"][name], sum(name == other for other, _ in REFUSED.values()))
        self.assertEqual(events["seccomp_refused"]["total"], len(REFUSED))

    @for_each({name: (name,) for name in LET_THROUGH})
    def lets_through(self, name):
        came, events = self.shared("let through", lambda: self.try_all(LET_THROUGH))
        self.assertEqual(came[name], "done")
        self.assertEqual(events["seccomp_refused"], {"total": 0})

    def test_what_cannot_be_looked_into_or_is_newer_than_the_list_is_not_there_and_is_not_counted(self):
        tries = {"clone3": f"call({NR['clone3']}, 0, 0)", "newer": "call(4711, 0, 0)"}
        came, events = self.try_all(tries)
        self.assertEqual((came, events["seccomp_refused"]), (dict.fromkeys(tries, "ENOSYS"), {"total": 0}))

    def test_io_uring_takes_an_allowance(self):
        """Its bad argument is the kernel's to find."""
        came, events = self.tries(f"call({NR['io_uring_setup']}, 0, 0)", "--allow", "io_uring")
        self.assertIn(came, ("EINVAL", "EFAULT", "EPERM"))  # EPERM: kernel.io_uring_disabled
        self.assertEqual(events["seccomp_refused"], {"total": 0})
        done = self.exec("true", options=["--allow", "bpf"])
        self.assertEqual((done.status, done.err), (2, "tare: exec: --allow 'bpf': what is allowed is io_uring\n"))

    def test_refuses_an_affinity_beyond_the_set(self):
        wide = "os.sched_setaffinity(0, {0, 1}); "
        came, events = self.tries(wide, "--cpus", rig.CPU)
        self.assertEqual((came, events["seccomp_refused"]), ("EPERM", {"total": 1, "sched_setaffinity": 1}))

    @for_each({"a_mount_by_a_program": ("mount -t tmpfs none /mnt", "mount")})
    def refuses(self, command, name):
        done = self.exec("sh", "-c", command)
        self.assertNotEqual(done.status, 0)
        self.assertGreater(done.record["events"]["seccomp_refused"][name], 0)

    def test_refuses_the_network_and_counts(self):
        tries = {kind: f"socket.socket(socket.AF_INET, socket.{kind}).connect(('192.0.2.1', 9))"
                 for kind in ("SOCK_DGRAM", "SOCK_STREAM")}
        came, events = self.try_all(tries)
        self.assertEqual(came, dict.fromkeys(tries, "ENETUNREACH"))
        self.assertEqual(events["network_unreachable"], 2)

    def test_refuses_a_write_outside_of_what_was_named(self):
        paths = ("/root/tare-live", "/usr/tare-live", "/proc/sys/kernel/hostname", rig.MOUNT / "cgroup.procs")
        came, _ = self.try_all({str(path): f"open('{path}', 'w').write('x')" for path in paths})
        # The last is hidden: whatever is there is an empty folder of root's.
        self.assertEqual({path: why for path, why in came.items() if why not in ("EROFS", "EACCES", "ENOENT")}, {})
        self.assertEqual(len(came), len(paths))
        self.assertFalse(Path("/root/tare-live").exists() or Path("/usr/tare-live").exists())

    def test_hides_the_kernels_file_systems_wherever_they_are_mounted(self):
        # In the tests' own mount namespace, and where no private folder is.
        place = Path("/mnt/with a blank")
        subprocess.run(["mount", "-t", "tmpfs", "none", "/mnt"], check=True)
        self.addCleanup(subprocess.run, ["umount", "-R", "/mnt"], check=True)
        place.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "none", str(place)], check=True)
        self.assertTrue((place / "cgroup.procs").exists())
        done = self.exec("ls", "-A", place)
        self.assertEqual((done.status, done.out), (0, ""), done)

    def test_many_refusals_are_all_counted(self):
        code = f"for i in range(1000):\n    libc.syscall({NR['settimeofday']}, 0, 0)"
        _, events = self.tries(code)
        self.assertEqual(events["seccomp_refused"], {"total": 1000, "settimeofday": 1000})

    def test_a_refused_path_is_an_error_of_usage(self):
        done = self.exec("true", options=["--rw", "/nowhere"])
        self.assertEqual((done.status, done.out), (2, ""))
        self.assertRegex(done.err, r"\Atare: exec: --rw '/nowhere': No such file or directory\n\Z")


class Recorded(Confined):
    def test_the_filter_is_in_the_record_with_its_hash(self):
        _, done = self.look_at_default()
        seccomp = done.record["confinement"]["seccomp"]
        self.assertRegex(seccomp["sha256"], r"\A[0-9a-f]{64}\Z")
        self.assertRegex(seccomp["filter"], r"(?s)\Aallowed: access .*\nENOSYS: clone3, .*\nasked about; EPERM, and counted: all others")
        self.assertGreater(seccomp["instructions"], 100)
        again = self.exec("true")
        self.assertEqual(again.record["confinement"]["seccomp"], seccomp)

    def test_workers_are_told_from_the_others_by_their_own_pids(self):
        """The ledger names pids of the workload's namespace; the sampler sums those processes by the host's."""
        words = ["--mode", "processes", "--profile", "memory", "--workers", 3, "--iterations", 2, "--warmup", 0]
        hold_ms = 4000 if rig.EMULATED else 600  # a reading is dear there, and the readings become as rare
        for options in ([], ["--isolation", "off"]):
            done = self.run_cell(*words, "--runtime", "native", "--hold-ms", hold_ms, "--mp-start", "forkserver", *options)
            self.assert_ok(done)
            rollups = [s for s in done.samples(1) if "parent_and_workers" in s]
            self.assertIn(4, [s["parent_and_workers"]["pids"] for s in rollups])
            if not options:
                self.assertIn(5, [s["all_pids"]["pids"] for s in rollups])  # the forkserver too


class Unprivileged(Confined):
    def test_a_user_gets_namespaces_of_its_own_where_the_host_allows_them(self):
        """Without a slice: nothing of the hierarchy is delegated to it here."""
        user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        words = ["exec", "--json", "-", "--quiet", "--isolation", "off", "--", "sh", "-c", "exec >&2; id -u; hostname; ls /tmp | wc -l"]
        copy = rig.WORK / "tare"
        if not copy.exists():
            subprocess.run(["cp", rig.TARE, copy], check=True)
        self.open_to_all(rig.WORK)
        done = subprocess.run([*user, copy, *words], capture_output=True, text=True, cwd="/", env=rig.environment(HOME="/"),
                              timeout=rig.PATIENCE_S)
        self.assertEqual(done.returncode, 0, done)
        record = json.loads(done.stdout)
        checks = {c["name"]: c for c in record["isolation"]["checks"]}
        self.assertTrue(checks["no new privileges"]["ok"] and checks["capabilities"]["ok"], checks)
        self.assertTrue(checks["seccomp filter"]["ok"], checks)
        if not checks["own namespaces"]["ok"]:
            self.skipTest("this host gives users no namespaces: " + checks["own namespaces"]["reason"])
        self.assertEqual(done.stderr.split(), ["65534", "tare", "0"])
        self.assertEqual([c for c in checks.values() if not c["ok"] and c["name"] in LAYERS], [])


class Ends(LiveTest):
    def sleeping(self, *options) -> tuple[rig.Running, list[int]]:
        running = self.start_command("sh", "-c", "setsid sleep 1000 & sleep 1000; true", options=["--env", self.mark(), *options])
        pids = rig.wait_for(lambda: len(p := rig.pids_with(self.mark().encode())) >= 3 and p)
        self.assertTrue(pids)
        return running, pids

    def mark(self) -> str:
        return f"LIVE_MARK={self.dir}"

    def assert_gone(self) -> None:
        self.assertEqual(rig.wait_for(lambda: not rig.pids_with(self.mark().encode()), rig.SOON_S), True)

    @for_each({"full": ("full", []), "off": ("off", []), "without_a_slice": ("full", ["--isolation", "off"])})
    def nobody_outlives_a_killed_runner(self, level, options):
        running, _ = self.sleeping("--confine", level, *options)
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait(rig.PATIENCE_S)
        self.assert_gone()
        left = [] if options else rig.wait_for(rig.cgroups_left, rig.SOON_S)
        rig.remove_cgroups(left)
        self.assertEqual(self.exec("true").status, 0)  # what the killed one enabled, the next one to leave disables

    @for_each({"full": ("full", []), "without_a_slice": ("full", ["--isolation", "off"])})
    def nobody_outlives_a_killed_init(self, level, options):
        running, pids = self.sleeping("--confine", level, *options)
        children = rig.read(f"/proc/{running.pid}/task/{running.pid}/children").split()
        init = next(int(pid) for pid in children if re.search(r"^NSpid:\t\d+\t1$", rig.read(f"/proc/{pid}/status"), re.M))
        os.kill(init, signal.SIGKILL)
        done = running.end()
        self.assertEqual(done.status, 128 + 9, done)
        self.assert_gone()

    def test_ctrl_c_ends_all_of_it(self):
        running, _ = self.sleeping()
        os.kill(running.pid, signal.SIGINT)
        done = running.end()
        self.assertEqual(done.status, 130, done)
        self.assertEqual(done.record["termination"]["reason"], "interrupted")
        self.assert_gone()

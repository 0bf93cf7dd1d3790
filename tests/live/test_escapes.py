"""Ways out of a slice, each tried by a program under --isolation strict and full confinement, by root's runner and by a
user's: none gets out, and what can be counted is."""

import json
import os
import pty
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

import rig
from rig import Cgroup, LiveTest, for_each, setUpModule  # noqa: F401

ESCAPES = Path(rig.TARE).parent / "escapes"
HELD = 10
USER = 12345
OTHER_CPU = min(os.sched_getaffinity(0))

# The call that each of them is counted under; the others are held by what no filter sees.
COUNTED = {
    "notify_on_release": "mount", "affinity": "sched_setaffinity", "sched_setattr_realtime": "sched_setattr",
    "realtime": "sched_setscheduler", "nice_raised": "setpriority", "unshare_user": "unshare", "clone_flags": "clone",
    "setns_of_init": "setns", "mount_tmpfs": "mount", "remount_root": "mount", "umount_hidden": "umount2",
    "pivot": "pivot_root", "chroot_out": "chroot", "open_tree_attr": "open_tree_attr", "mount_api": "fsopen",
    "ptrace_init": "ptrace", "pidfd_getfd_of_init": "pidfd_getfd", "keyctl_join": "keyctl", "bpf_map": "bpf",
    "perf": "perf_event_open", "userfault": "userfaultfd", "io_uring": "io_uring_setup", "module": "init_module",
    "file_handle": "name_to_handle_at", "clock_is_set": "clock_settime", "vsock": "socket",
    "vsock_by_the_upper_half": "socket", "packet_socket": "socket", "memfd_exec": "mount",
}  # fmt: skip


def names() -> list[str]:
    return subprocess.run([ESCAPES, "--list"], capture_output=True, text=True, check=True).stdout.split() if ESCAPES.exists() else []


@rig.vm_only
class Escapes(LiveTest):
    """What lies outside is open to everybody: only the confinement is in the way."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(rig.WORK.chmod, rig.WORK.stat().st_mode & 0o777)
        rig.WORK.chmod(0o755)
        self.dir.chmod(0o777)
        self.outside = Path(tempfile.mkdtemp(prefix="live-", dir="/var/tmp"))  # no folder that is hidden
        self.outside.chmod(0o777)
        self.addCleanup(shutil.rmtree, self.outside)

    def file(self, path: Path, text: str = "kept\n", mode: int = 0o666) -> Path:
        path.write_text(text)
        path.chmod(mode)
        self.addCleanup(path.unlink, missing_ok=True)
        return path

    def listen(self, address: str) -> None:
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(address)
        server.listen()
        if not address.startswith("\0"):
            os.chmod(address, 0o777)

    # What an escape is told: where there is something to get at.

    def words_of_host_socket(self):
        self.listen(path := f"{self.outside}/socket")
        return [path]

    def words_of_abstract_socket(self):
        self.listen("\0" + (name := f"tare-live-{os.getpid()}"))
        return [name]

    def words_of_host_fifo(self):
        os.mkfifo(path := self.outside / "fifo")
        path.chmod(0o666)
        self.addCleanup(os.close, os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        return [path]

    def words_of_host_file(self):
        return [self.file(self.outside / "file")]

    def words_of_hidden_file(self):
        return [self.file(Path("/run") / f"live-{os.getpid()}")]

    def words_of_dev_shm(self):
        return [self.file(Path("/dev/shm") / f"live-{os.getpid()}")]

    def words_of_setuid_program(self):
        path = Path(shutil.copy(ESCAPES, self.outside / "suid"))
        path.chmod(0o4755)
        return [path]

    words_of_link_to_setuid = words_of_setuid_program

    def words_of_kill_runner(self):
        return [os.getpid()]

    words_of_others_are_seen = words_of_kill_runner

    def words_of_affinity(self):
        return [OTHER_CPU]

    def words_of_tmp_filled(self):
        return ["/dev/shm/x"]

    def as_user(self) -> list[str]:
        """In a cgroup that is the user's, with all controllers."""
        cgroup = Cgroup(self).path
        for path in (cgroup, *(cgroup / f"cgroup.{name}" for name in ("procs", "threads", "subtree_control"))):
            os.chown(path, USER, USER)
        enter = f'echo $$ >{cgroup}/cgroup.procs && exec setpriv --reuid {USER} --regid {USER} --clear-groups "$@"'
        return ["sh", "-c", enter, "sh"]

    def attempt(self, name: str, prefix=(), options=(), stdin=None) -> tuple[int, dict | None, str]:
        """Its status, the record, what it said. It is given files of the caller's as standard input, output and error,
        and one descriptor more; they are as they were afterwards, but for what was printed."""
        words = getattr(self, f"words_of_{name}", list)()
        fed = self.file(self.dir / "in")
        printed = [self.file(self.dir / n) for n in ("out", "err")]
        strict = ["--isolation", "strict", "--partition", "none", "--cpus", rig.CPU, "--tmp-size", "16M"]
        line = [*prefix, rig.TARE, "exec", "--quiet", *strict, *options, "--json", self.json, "--", ESCAPES, name, *words]
        spare = os.open("/", os.O_RDONLY)
        try:
            with open(fed) as given, open(printed[0], "a") as out, open(printed[1], "a") as err:
                done = subprocess.run([str(word) for word in line], stdin=given if stdin is None else stdin, stdout=out, stderr=err,
                                      pass_fds=[spare], cwd="/", env=rig.environment(HOME="/", TMPDIR="/tmp"), timeout=rig.PATIENCE_S)
        finally:
            os.close(spare)
        self.assertEqual(fed.read_text(), "kept\n")
        said = [path.read_text() for path in printed]
        self.assertEqual([text[:5] for text in said], ["kept\n", "kept\n"])
        record = json.loads(self.json.read_text()) if self.json.exists() else None
        return done.returncode, record, "".join(text[5:] for text in said)

    def assert_held(self, name: str, prefix=()) -> None:
        if name == "fork_bomb":
            status, record, said = self.attempt(name, prefix, ["--pids-max", 32])
            self.assertEqual(status, 4, said)
            self.assertIn("pids.max 32 allows", record["termination"]["detail"])
            return
        stdin = None
        if name == "tiocsti":
            ours, stdin = pty.openpty()
            self.addCleanup(os.close, ours)
            self.addCleanup(os.close, stdin)
        status, record, said = self.attempt(name, prefix, stdin=stdin)
        self.assertEqual(status, HELD, said)
        self.assertEqual(record["isolation"]["grade"], "full")
        refused = record["events"]["seccomp_refused"]
        call = COUNTED.get(name)
        self.assertEqual(set(refused) - {"total"}, {call} if call else set(), said)
        self.assertGreaterEqual(refused["total"], 1 if call else 0)

    @for_each({name: (name,) for name in names()})
    def started_by_root(self, name):
        self.assert_held(name)

    @for_each({name: (name,) for name in names()})
    def started_by_a_user(self, name):
        self.assert_held(name, self.as_user())

    def test_there_are_enough_of_them_and_each_that_is_told_of_is_there(self):
        self.assertGreaterEqual(len(names()), 25)
        self.assertEqual(set(COUNTED) - set(names()), set())

    @for_each({"socket": ("host_socket",), "fifo": ("host_fifo",), "file": ("host_file",), "hidden": ("hidden_file",),
               "output": ("stdout_cut",), "user_namespace": ("unshare_user",), "descriptor": ("stdin_reopened_to_write",)})  # fmt: skip
    def without_confinement_there_is_something_to_get_at(self, name):
        """Else nothing was held: the same program gets out."""
        words = getattr(self, f"words_of_{name}", list)()
        out = self.file(self.dir / "out")
        with open(self.file(self.dir / "in")) as fed, open(out, "a") as printed:
            done = subprocess.run([ESCAPES, name, *map(str, words)], stdin=fed, stdout=printed, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 11, done)
        self.assertIn("escaped: ", done.stderr)

    @for_each({fd: (n, fd) for n, fd in enumerate(("input", "output", "error"))})
    def a_folder_as_a_standard_stream_is_refused(self, number, name):
        done = subprocess.run(["sh", "-c", f'exec "$@" {number}</tmp', "sh", rig.TARE, "exec", "--json", self.json, "--", "true"],
                              capture_output=True, text=True, env=rig.environment())
        self.assertEqual(done.returncode, 2, done)
        if number != 2:
            self.assertIn(f"standard {name} is a folder", done.stderr)

    def test_one_that_stays_uid_0_is_refused_by_strict_and_a_no_otherwise(self):
        done = self.exec("true", options=["--isolation", "strict", "--user", "0"], cwd="/")
        self.assert_refused(done, 3, "the workload would stay uid 0")
        done = self.exec("true", options=["--user", "0"], cwd="/")
        check = next(c for c in done.record["isolation"]["checks"] if c["name"] == "user")
        self.assertEqual((done.status, done.record["isolation"]["grade"], check["ok"]), (0, "partial", False))

    def test_a_command_has_limits_that_nobody_asked_for(self):
        done = self.exec("df", "--block-size=1", "--output=size", "/tmp", "/dev/shm", cwd="/")
        self.assertEqual(done.out.split()[-2:], [str(1 << 30)] * 2, done)
        limit = next(c for c in done.record["isolation"]["checks"] if c["name"] == "pids.max")
        self.assertEqual((limit["requested"], limit["achieved"], limit["ok"]), ("4096", "4096", True))

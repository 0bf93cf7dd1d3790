"""rig: runs tare as a user does, observes it from outside, and checks what it leaves behind."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARE = os.environ.get("TARE_UNDER_TEST") or str(ROOT / "build" / "tare")
EMULATED = os.environ.get("TARE_VM") == "tcg"
PATIENCE_S = 300  # the longest wait: even a busy machine reaches it only if something hangs
SOON_S = 30  # for what disappears at once on an idle machine, and stays if it is a fault
MIB = 1 << 20
PAGE = os.sysconf("SC_PAGESIZE")
CPU = max(os.sched_getaffinity(0))
# How far memory.current and memory.stat may differ (batches of 64 pages per CPU; the kernel's test_kmem.c).
BATCH = PAGE * 64 * os.cpu_count()


def forget(path: str) -> None:
    """Drops the file's page cache: the next reader is charged for it."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read(path) -> str:
    return Path(path).read_text(errors="replace")


def mounts(kind: str) -> list[Path]:
    lines = (line.split(" - ") for line in read("/proc/self/mountinfo").splitlines())
    return [Path(left.split()[4]) for left, right in lines if right.split()[0] == kind]


MOUNT = next(iter(mounts("cgroup2")), None)
CONTROLLERS = set(read(MOUNT / "cgroup.controllers").split()) if MOUNT else set()
FULL = {"cpuset", "memory", "pids", "cpu"} <= CONTROLLERS

# In the VM nothing else runs: there runs find their root themselves, and the whole hierarchy is checked. On a host other
# tares may run: there a cgroup of this process is the root, and only it is checked.
ALONE = EMULATED
TOP = MOUNT

needs_controllers = unittest.skipUnless(FULL, "no memory, cpuset and pids controllers here: run in the VM")
needs_lack = unittest.skipIf(FULL, "all controllers are here: run on a hybrid host")
once_is_enough = unittest.skipIf(EMULATED and "TARE_LIVE_ON_HOST" in os.environ, "no cgroup matters to it: see the host's run")
needs_time = unittest.skipIf(EMULATED, "times are emulated here and no ratio is made of them: run on a host")
vm_only = unittest.skipUnless(EMULATED and FULL, "would harm the host if it went wrong: run in the VM")


def setUpModule() -> None:
    """Names for this test module."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("making slices takes root here: run as root, or in the VM")
    if not MOUNT:
        raise unittest.SkipTest("no cgroup2 file system is mounted here: run in the VM")


# --- the interpreters

KIND = "tl-"  # of our folder in /tmp, and of the cgroup of the same name


def make_work() -> tuple[Path, int]:
    """This process's folder, and the descriptor that locks it: a folder with a free lock was left by a killed process."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=KIND, dir="/tmp"))  # short: socket paths below it are limited
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue  # not locked yet, it was taken for a leftover
        fcntl.flock(fd, fcntl.LOCK_EX)
        if path.is_dir():
            return path, fd
        os.close(fd)


WORK, WORK_FD = make_work()
TMP = WORK / "t"  # tare's $TMPDIR; must be empty afterwards
STATE = WORK / "state"
WRAPPER = WORK / "wrapper"
# A copy of this interpreter that the workload's user can read: the original may be in a closed home. tare only sees
# the wrapper.
BESIDE = WORK / "python"
LARGE = WORK / "large"  # LARGE_FILE, likewise


CACHE = Path(os.environ.get("TARE_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tare")


def newest_free_threaded() -> str | None:
    found = sorted(CACHE.glob("cpython/3.14.*-ft-*/bin/python3.14t"), key=lambda p: p.stat().st_mtime)
    return os.environ.get("TARE_PYTHON_FT") or (str(found[-1]) if found else None)


FREE_THREADED = newest_free_threaded()


def profiled() -> str | None:
    """The build of scripts/build-python --config diag that is of the same version as that, for --why."""
    if not FREE_THREADED or not Path(FREE_THREADED).is_relative_to(CACHE / "cpython"):
        return None
    version = Path(FREE_THREADED).relative_to(CACHE / "cpython").parts[0].split("-")[0]
    found = CACHE.glob(f"cpython-variants/{version}-ft-diag-*/bin/python3.14t")
    return max((str(path) for path in found), key=os.path.getmtime, default=None)


PROFILED = profiled()
# A large file that no other measured program reads: the VM's kernel; "" before the first VM.
LARGE_FILE = next((str(path) for path in CACHE.glob("vm/*/root/boot/vmlinux")), "")


def prepare() -> None:
    """Writes the wrapper, which behaves as this interpreter, but runs load.py for a load."""
    if not ALONE:  # the VM sees the host's folders, but not their locks
        remove_left()
    WORK.chmod(0o755)
    TMP.mkdir()
    python = bring_the_interpreter()
    WRAPPER.write_text(
        f"""#!/bin/sh
case "$*" in *" --fault load-"*)
    shift 4
    LIVE_FILE='{LARGE_FILE and LARGE}' exec '{python}' -P -s -B '{HERE}/load.py' "$@" ;;
esac
exec '{python}' "$@"
"""
    )
    WRAPPER.chmod(0o755)
    if not ALONE and MOUNT and os.geteuid() == 0:
        take_a_root()


def bring_the_interpreter() -> Path:
    """Mounts it read-only in a namespace that ends with this process, so that removing WORK cannot touch it."""
    if os.geteuid() != 0:
        return Path(sys.executable)
    BESIDE.mkdir()
    LARGE.touch()
    os.unshare(os.CLONE_NEWNS)
    subprocess.run(["mount", "--make-rslave", "/"], check=True)
    for source, place in (sys.prefix, BESIDE), (LARGE_FILE, LARGE):
        if source:
            subprocess.run(["mount", "--bind", source, str(place)], check=True)
            subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
    return BESIDE / Path(sys.executable).relative_to(sys.prefix)


def take_a_root() -> None:
    global TOP
    TOP = MOUNT / WORK.name
    TOP.mkdir()
    offer(MOUNT)


def finish() -> None:
    """Undoes prepare(), even in the middle of a test. The controllers stay enabled at the mount point, because others may
    use them."""
    for pid in pids_with(b"TMPDIR=%b\0" % str(TMP).encode()):  # runners clean up after themselves
        send(pid, signal.SIGTERM)
    wait_for(lambda: not pids_with(b"TMPDIR=%b\0" % str(TMP).encode()), SOON_S)
    for place in BESIDE, LARGE:
        if f" {place} " in read("/proc/self/mountinfo"):
            subprocess.run(["umount", "-l", str(place)], check=True)
    remove_session(WORK)


def remove_left() -> None:
    """Removes what killed sessions of these tests left."""
    for path in Path("/tmp").glob(KIND + "*"):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # gone, or another user's, or no folder
        try:
            if os.fstat(fd).st_uid == os.geteuid():
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_session(path)
        except BlockingIOError:
            pass  # it is alive
        finally:
            os.close(fd)


def remove_session(work: Path) -> None:
    """Removes its processes, its cgroup, and last its folder, which names the others."""
    for pid in pids_with(b"TMPDIR=%b/t" % str(work).encode()):
        send(pid, signal.SIGKILL)
    if MOUNT and os.geteuid() == 0 and (top := MOUNT / work.name).is_dir():
        (top / "cgroup.kill").write_text("1")
        remove_cgroups([str(top)])
        if top.exists():
            return
    shutil.rmtree(work, ignore_errors=True)


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Ended(KeyboardInterrupt):
    """Ended by a signal. unittest treats other exceptions as a test's failure and goes on."""


def end_by(number: int, _frame) -> None:
    for signum in ENDS:
        signal.signal(signum, signal.SIG_IGN)
    raise Ended(number)


def run_tests(run) -> None:
    """prepare(), run() and always finish()."""
    for number in ENDS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end_by)
    ended_by = 0
    try:
        prepare()
        run()
    except Ended as ended:
        ended_by = ended.args[0]
    finally:
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)
        finish()
    if ended_by:
        signal.signal(ended_by, signal.SIG_DFL)
        os.kill(os.getpid(), ended_by)


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    interpreters = {"TARE_PYTHON_GIL": sys.executable, "TARE_PYTHON_FT": FREE_THREADED or ""}
    own = {"TMPDIR": str(TMP), "TARE_CACHE": str(WORK / "cache"), "TARE_STATE": str(STATE)}
    root = {} if TOP == MOUNT else {"TARE_CGROUP_ROOT": str(TOP)}
    return kept | interpreters | own | root | more


# --- looking from outside


def wait_for(what, patience_s: float = PATIENCE_S):
    """Waits until what() is true and returns it; after the time limit, its last result."""
    end = time.monotonic() + patience_s
    while not (got := what()) and time.monotonic() < end:
        time.sleep(0.05 if EMULATED else 0.01)  # polling is expensive under emulation
    return got


def pids_with(words: bytes) -> list[int]:
    """The pids with these bytes in their environment; zombies have none."""
    pids = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and words in Path(f"/proc/{entry}/environ").read_bytes():
                pids.append(int(entry))
        except OSError:
            pass  # it has ended
    return pids


def workload_pids() -> list[int]:
    return pids_with(b"TMPDIR=%b/tare." % str(TMP).encode())


def pids_saying(words: str) -> list[int]:
    """The pids with these bytes in their command line, whose arguments end in NUL."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and int(entry) != os.getpid() and words.encode() in Path(f"/proc/{entry}/cmdline").read_bytes():
                found.append(int(entry))
        except OSError:
            pass  # it has ended
    return found


def threads_of(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def cgroup_of(pid: int) -> str:
    return next((line[3:] for line in read(f"/proc/{pid}/cgroup").splitlines() if line.startswith("0::")), "")


def cpus_allowed(task: Path) -> str:
    return re.search(r"^Cpus_allowed_list:\s*(\S*)", read(task / "status"), re.M)[1]


def parent_of(pid: int) -> int:
    return int(re.search(r"^PPid:\s*(\d+)", read(f"/proc/{pid}/status"), re.M)[1])


def descends_from(pid: int, ancestor: int) -> bool:
    try:
        while pid not in (0, ancestor):
            pid = parent_of(pid)
    except OSError:
        pass  # it has ended
    return pid == ancestor


def children_of(pid: int) -> list[int]:
    return [int(child) for child in read(f"/proc/{pid}/task/{pid}/children").split()]


ELSEWHERE: set[str] = set()  # names of runs with another root than TOP


def cgroups_left() -> list[str]:
    """tare's cgroups of this process's runs: below TOP, and anywhere by the names of its runs."""
    left = []
    for top in mounts("cgroup2") + mounts("cgroup"):  # tare must not use v1
        for path, _, _ in os.walk(top):
            name = Path(path).name
            if name in ELSEWHERE or (name.startswith("tare") and (TOP == MOUNT or Path(path).is_relative_to(TOP))):
                left.append(path)
    return left


def run_directories() -> list[Path]:
    """The cgroups of runs in the root that runs use here."""
    return [*TOP.glob("tare-2*"), *(TOP / "tare.slice").glob("tare-2*")]


def subtree_control() -> str:
    return read(TOP / "cgroup.subtree_control")


def offer(top: Path) -> None:
    """Enables all available controllers for its children."""
    if FULL:
        (top / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in ("cpuset", "memory", "pids", "cpu")))


def remove_cgroups(paths: list[str]) -> None:
    for path in sorted(paths, key=len, reverse=True):
        for below, _, _ in os.walk(path, topdown=False):
            wait_for(lambda: not Path(below).exists() or remove_cgroup(below), SOON_S)


def remove_cgroup(path: str) -> bool:
    try:
        os.rmdir(path)
    except OSError:
        return False
    return True


# --- runs


class Done:
    """A run of tare that has ended."""

    def __init__(self, status: int, out: str, err: str, record: Path):
        self.status, self.out, self.err = status, out, err
        self.record = json.loads(record.read_text()) if record.exists() else None
        if path := self.record and self.record["slice"]["path"]:
            ELSEWHERE.update(part for part in Path(path).parts if re.fullmatch(r"tare-\d{8}T\d{6}Z-[0-9a-f]{8}", part))

    def __str__(self) -> str:
        return f"exit {self.status}\n{self.out}\n{self.err}"

    def samples(self, iteration: int | None = None) -> list[dict]:
        """All samples, or those inside one iteration."""
        samples = self.record["memory"]["samples"]
        if iteration is None:
            return samples
        stamps = self.record["iterations"]
        start, end = stamps["start_ns"][iteration], stamps["end_ns"][iteration]
        return [s for s in samples if start <= s["at_ns"] and s["at_ns"] + s["cost_ns"] <= end]

    def printed(self, key: str) -> str | None:
        found = re.search(rf"^{key}: (\S+)", self.out, re.M)
        return found and found[1]


class Running:
    def __init__(self, words: list[str], env: dict[str, str], record: Path, cwd: Path | None = None):
        self.record = record
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(words, env=env, cwd=cwd, text=True, **pipes)
        self.pid = self.process.pid

    def workload_pids(self) -> list[int]:
        """Of this run only: others may run too."""
        return [pid for pid in workload_pids() if descends_from(pid, self.pid)]

    def main(self) -> int | None:
        """The workload's main process, once it has executed."""
        try:
            pids = self.workload_pids()
            return next((pid for pid in pids if parent_of(pid) not in pids), None)
        except OSError:
            return None  # one of them has just ended

    def workload(self, processes: int = 1) -> list[int]:
        """Its processes, the main one first, once there are so many; None if the run ended first."""

        def enough():
            try:
                pids = self.workload_pids()
                return len(pids) >= processes and sorted(pids, key=lambda pid: (parent_of(pid) in pids, pid))
            except OSError:
                return []  # one of them has just ended

        return wait_for(lambda: enough() or self.process.poll() is not None) and enough() or []

    def end(self) -> Done:
        try:
            out, err = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.abandon()
            raise
        return Done(self.process.returncode, out, err, self.record)

    def abandon(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
        self.process.stdout.close(), self.process.stderr.close()


class LiveTest(unittest.TestCase):
    maxDiff = None
    more_env: dict[str, str] = {}  # for run_cell() and its callers

    def __init_subclass__(cls) -> None:
        """A method with `cases` becomes a test for each of them."""
        super().__init_subclass__()
        for name, method in list(vars(cls).items()):
            for case, given in getattr(method, "cases", {}).items():
                setattr(cls, f"test_{name}_{case}", cls.one_case(method, given))

    @staticmethod
    def one_case(method, given):
        test = lambda self: method(self, *given)  # noqa: E731
        for mark in ("__unittest_skip__", "__unittest_skip_why__"):
            if hasattr(method, mark):
                setattr(test, mark, getattr(method, mark))
        return test

    def setUp(self) -> None:
        self.dir = Path(tempfile.mkdtemp(dir=WORK))
        self.json = self.dir / "record.json"
        self.subtree_control = subtree_control()
        self.addCleanup(self.look_for_leftovers)

    def start(self, *options: object, fault: str = "", prefix=(), json_to: Path | None = None) -> Running:
        record = json_to or self.json
        words = [*prefix, TARE, "run", "scenario1", "--json", record, *options]
        env = environment(**self.more_env, **({"TARE_FAULT": fault} if fault else {}))
        running = Running([str(word) for word in words], env, record)
        self.addCleanup(running.abandon)
        return running

    def run_cell(self, *options: object, fault: str = "", prefix=()) -> Done:
        return self.start(*options, fault=fault, prefix=prefix).end()

    def run_native(self, *options: object, fault: str = "", prefix=()) -> Done:
        return self.run_cell(*NATIVE, *options, fault=fault, prefix=prefix)

    def run_load(self, name: str, iterations: int, *options: object, hold_ms: int = 1600) -> Done:
        """A known load, sampled every 10 ms, its processes every 50."""
        if LARGE_FILE:
            forget(LARGE_FILE)
        sampled = ["--profile", "memory", "--hold-ms", hold_ms, "--mem-interval-ms", 50] if hold_ms else []
        words = ["--runtime", WRAPPER, "--iterations", iterations, "--workers", 8, "--warmup", 0]
        done = self.run_cell(*words, *sampled, *options, fault=f"load-{name}")
        self.assert_ok(done)
        return done

    def start_command(self, *words: object, options=(), env: dict[str, str] | None = None, cwd=None, prefix=()) -> Running:
        """`tare exec`, its record in self.json."""
        line = [*prefix, TARE, "exec", "--json", self.json, *options, "--", *words]
        running = Running([str(word) for word in line], environment() if env is None else env, self.json, cwd)
        self.addCleanup(running.abandon)
        return running

    def exec(self, *words: object, options=(), env: dict[str, str] | None = None, cwd=None, prefix=()) -> Done:
        return self.start_command(*words, options=options, env=env, cwd=cwd, prefix=prefix).end()

    def look_while_held(self, look, *options: object, hold_ms: int, prefix=()) -> tuple[object, Done]:
        """Runs a cell that holds, and returns what `look` saw meanwhile. On a busy machine look may come too late and see
        nothing, or a file is gone: then tries again with a longer hold."""
        for times in (1, 4, 16, 64):
            running = self.start(*options, "--hold-ms", hold_ms * times, prefix=prefix)
            try:
                seen = look(running)
            except OSError:
                seen = None
            done = running.end()
            if seen or done.status != 0:
                break
        return seen, done

    def start_gated(self, *options: object, json_to: Path | None = None) -> Running:
        """A command in its slice that waits for let_go()."""
        (place := self.dir / "gated").mkdir()  # not the record's folder, where the command may not write
        os.mkfifo(place / "gate")
        place.chmod(0o777)  # the command runs as nobody
        (place / "gate").chmod(0o666)
        record = json_to or self.json
        line = [TARE, "exec", "--json", record, "--rw", place, *options, "--", "sh", "-c", f"echo >{place}/there; read x <{place}/gate"]
        running = Running([str(word) for word in line], environment(), record)
        self.addCleanup(running.abandon)
        wait_for(lambda: (place / "there").exists() or running.process.poll() is not None)
        self.assertIsNone(running.process.poll(), "it ended before it was let go")
        return running

    def let_go(self) -> None:
        gate = os.open(self.dir / "gated/gate", os.O_RDWR)  # O_RDWR: does not wait for a reader
        self.addCleanup(os.close, gate)
        os.write(gate, b"\n")

    _shared: dict = {}

    def shared(self, name: str, run):
        """The result of one run that several tests share: the first that asks runs it."""
        if name not in self._shared:
            self._shared[name] = run()
        return self._shared[name]

    # --- what is asserted everywhere

    def assert_ok(self, done: Done) -> None:
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.record["termination"]["reason"], "ok", done)
        self.assertIsNone(done.record["termination"]["trouble"])
        self.assert_record(done)

    def assert_record(self, done: Done) -> None:
        """The record is complete however the run ended: every section and every promised stamp exists."""
        sections = "id started_at tool scenario runtime host slice isolation iterations result memory cpu events disturbance"
        self.assertEqual(done.record["schema"], "tare.record/1")
        for key in (sections + " termination instrument").split():
            self.assertIn(key, done.record)
        stamps = done.record["iterations"]
        self.assertEqual(len(stamps["start_ns"]), len(stamps["end_ns"]))

    def assert_refused(self, done: Done, status: int, why: str) -> None:
        """One line with the reason, only on stderr, and no record."""
        self.assertEqual(done.status, status, done)
        self.assertEqual(done.out, "")
        self.assertRegex(done.err, rf"\Atare: [^\n]*{why}[^\n]*\n\Z")
        self.assertEqual(done.err.count("\n"), 1, done.err)
        self.assertIsNone(done.record)

    def assert_near(self, got: float, want: float, tolerance: float, what: str = "") -> None:
        self.assertLessEqual(abs(got - want), tolerance, f"{what}: {got} where {want} ± {tolerance} is wanted")

    def look_for_leftovers(self) -> None:
        """Nothing of the run is left, and the hierarchy is as before. Waits, because a killed process is visible until it is
        reaped, and a cgroup until it is empty."""
        self.addCleanup(self.clean_up)
        self.assertEqual(wait_for(lambda: not workload_pids(), SOON_S) or workload_pids(), True, "processes are left")
        self.assertEqual(wait_for(lambda: not cgroups_left(), SOON_S) or cgroups_left(), True, "cgroups are left")
        self.assertEqual(wait_for(lambda: subtree_control() == self.subtree_control, SOON_S), True, subtree_control())
        self.assertEqual(list(TMP.iterdir()), [])
        self.assertEqual([p for p in self.dir.rglob("*") if ".tmp" in p.name], [])

    def clean_up(self) -> None:
        """Cleans up, so that a failure does not spread to the next test."""
        for pid in workload_pids():
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not workload_pids(), SOON_S)
        remove_cgroups(cgroups_left())
        for path in TMP.iterdir():
            shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(self.dir, ignore_errors=True)


IGNORING = """import os, signal, sys
for name in sys.argv[1].split(): signal.signal(getattr(signal, name), signal.SIG_IGN)
os.execv(sys.argv[2], sys.argv[2:])"""


def ignoring(*names: str) -> list[str]:
    """A command's prefix that ignores these signals, as nohup does SIGHUP."""
    return [sys.executable, "-c", IGNORING, " ".join(names)]


NATIVE = ["--runtime", "native", "--iterations", 2, "--warmup", 0, "--workers", 2]


def for_each(cases: dict[str, tuple]):
    """A decorator: makes a test of each case, with the case's values as arguments."""

    def mark(method):
        method.cases = cases
        return method

    return mark


class Cgroup:
    """The test's own cgroup below TOP, with all available controllers enabled."""

    def __init__(self, test: LiveTest):
        self.path = Path(tempfile.mkdtemp(prefix="live-", dir=TOP))
        self.before = subtree_control().split()
        test.addCleanup(self.remove)
        offer(TOP)

    def control(self, sign: str, controllers) -> None:
        (TOP / "cgroup.subtree_control").write_text(" ".join(sign + c for c in controllers))

    def remove(self) -> None:
        remove_cgroups([str(self.path)])
        if gone := set(subtree_control().split()) - set(self.before):
            self.control("-", gone)

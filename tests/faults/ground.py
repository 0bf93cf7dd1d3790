"""ground: a place of its own in which tare is run and harmed, and what has to be true of it after each try."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "faults"
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PATIENCE_S = float(os.environ.get("FAULTS_PATIENCE_S", "30"))  # a try that takes longer hangs
# What ends in a line is told of; these are a program that broke.
BROKEN = ("runtime error:", "Sanitizer", "stack smashing", "buffer overflow", "double free", "corrupted", "Assertion",
          "terminate called", "munmap_chunk", "free():", "malloc():")
OWN_CODES = (0, 1, 2, 3, 4, 5)


def cgroup2_mount() -> Path | None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ")
        if right.split()[0] == "cgroup2":
            return Path(left.split()[4])
    return None


def die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def tidy_cgroup(cgroup: Path) -> None:
    """Ends whoever is in it and removes it; one that is not there is no fault."""
    for name, word in (("cgroup.freeze", "0"), ("cgroup.kill", "1")):
        try:
            (cgroup / name).write_text(word)
        except OSError:
            pass
    for _ in range(100):
        for path in [*sorted(cgroup.rglob("*/"), reverse=True), cgroup]:
            try:
                path.rmdir()
            except OSError:
                pass
        if not cgroup.exists():
            return
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except OSError:
            pass
    return found


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "gone"


def tree_of(folder: Path) -> dict[str, bytes | str]:
    """Each file below it with its bytes; of a link its target, of anything else its kind."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.read_bytes()
        elif path.is_dir():
            found[name + "/"] = ""
        else:
            found[name] = "neither a file nor a folder"
    return found


@dataclass
class Outcome:
    code: int | None  # None: it hung; below 0: a signal ended it
    out: str
    err: str
    faults: list[str] = field(default_factory=list)  # what is not as it has to be

    @property
    def lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.strip()]


class Ground:
    """One worker's: a folder, a cgroup, and itself as the parent of whoever loses theirs."""

    def __init__(self, folder: Path, cgroup: Path):
        self.folder, self.cgroup = folder, cgroup
        self.tmp, self.out, self.state, self.given = (folder / part for part in ("tmp", "out", "state", "given"))
        for path in (self.tmp, self.out, self.state, self.given, folder / "cache"):
            path.mkdir(parents=True)
        self.cgroup.mkdir()
        self.earlier = b""
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", "TMPDIR": str(self.tmp),
                    "TARE_STATE": str(self.state), "TARE_CACHE": str(folder / "cache"),
                    "UBSAN_OPTIONS": "print_stacktrace=1", "MALLOC_PERTURB_": "165"}
        self.mounts = self.mountinfo()

    def mountinfo(self) -> str:
        return Path("/proc/self/mountinfo").read_text()

    def words(self, words: list[str]) -> list[str]:
        """Of a scene, with this ground's places."""
        places = {"{cgroup}": self.cgroup, "{out}": self.out, "{given}": self.given, "{tmp}": self.tmp}
        for name, place in places.items():
            words = [word.replace(name, str(place)) for word in words]
        return words

    # --- running

    def run(self, words: list[str], more: dict[str, str] | None = None, during=None, stdio=None, preexec=None) -> Outcome:
        """Runs to the end, or for as long as patience lasts. `during` is given the process meanwhile."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | (stdio or {})
        process = subprocess.Popen(words, env=self.env | (more or {}), cwd=self.folder, start_new_session=True,
                                   preexec_fn=preexec, text=True, errors="replace", **streams)
        try:
            if during:
                during(process)
            out, err = process.communicate(timeout=PATIENCE_S)
            return Outcome(process.returncode, out or "", err or "")
        except subprocess.TimeoutExpired:
            where = self.where(process.pid)
            self.end_all()
            out, err = process.communicate()
            return Outcome(None, out or "", err or "", [f"hang: no end after {PATIENCE_S:.0f} s: {where}"])

    def where(self, pid: int) -> str:
        """What it and its children wait in."""
        pids, said = [pid], []
        for one in pids:
            pids += children_of(one)
            try:
                name = Path(f"/proc/{one}/comm").read_text().strip()
                said.append(f"{name} in {Path(f'/proc/{one}/wchan').read_text().strip() or '?'}")
            except OSError:
                pass
        return ", ".join(said)

    def end_all(self) -> None:
        """Whoever descends from us; the cgroup's first."""
        try:
            (self.cgroup / "cgroup.freeze").write_text("0")
            (self.cgroup / "cgroup.kill").write_text("1")
        except OSError:
            pass
        pids = children_of(os.getpid())
        for pid in pids:
            pids += children_of(pid)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def reap(self) -> None:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    # --- looking

    def processes_left(self) -> list[str]:
        """Those that came to us because their parent died, after a moment in which the killed may end."""
        end = time.monotonic() + 5
        while True:
            self.reap()
            left = children_of(os.getpid())
            if not left or time.monotonic() > end:
                return [f"{pid} ({state_of(pid)})" for pid in left]
            time.sleep(0.005)

    def cgroups_left(self) -> list[str]:
        return [str(path.relative_to(self.cgroup)) for path in self.cgroup.rglob("*") if path.is_dir()]

    def look(self, outcome: Outcome, new: set[str]) -> None:
        """Adds to the outcome's faults what was left behind or harmed. `new`: what may be there below out."""
        faults = outcome.faults
        if left := self.processes_left():
            faults.append(f"process left: {', '.join(left)}")
            self.end_all()
            self.processes_left()
        if left := self.cgroups_left():
            faults.append(f"cgroup left: {', '.join(left)}")
        if (self.cgroup / "cgroup.subtree_control").read_text().strip():
            faults.append("setting changed: cgroup.subtree_control")
        if left := sorted(os.listdir(self.tmp)):
            faults.append(f"file left: $TMPDIR has {', '.join(left)}")
        if self.mountinfo() != self.mounts:
            faults.append("mount left")
        self.look_at_files(faults, new)

    def look_at_files(self, faults: list[str], new: set[str]) -> None:
        names = set(os.listdir(self.out))
        if self.earlier:
            try:
                if (self.out / "earlier.json").read_bytes() != self.earlier:
                    faults.append("record harmed: earlier.json has other bytes")
            except OSError as error:
                faults.append(f"record harmed: earlier.json: {error.strerror}")
        if left := sorted(names - new - {"earlier.json"}):
            faults.append(f"file left: out has {', '.join(left)}")
        for path in sorted(self.out.rglob("*.json")):
            try:
                json.loads(path.read_text())
            except (OSError, ValueError) as error:
                faults.append(f"record harmed: {path.relative_to(self.out)}: {error}")
        extra = set(os.listdir(self.state)) - {"tune.journal", "selftest.json"}
        if extra:
            faults.append(f"file left: $TARE_STATE has {', '.join(sorted(extra))}")

    def tidy(self) -> None:
        """For the next try, whatever this one left."""
        self.end_all()
        self.processes_left()
        for _ in range(100):
            left = sorted(self.cgroup.rglob("*/"), reverse=True)
            for path in left:
                try:
                    path.rmdir()
                except OSError:
                    pass
            if not left:
                break
            time.sleep(0.01)
        while self.mountinfo() != self.mounts and self.unmount_one():
            pass
        for folder in (self.tmp, self.out, self.state):
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name != "earlier.json" or path.read_bytes() != self.earlier:
                    path.unlink()
        if self.earlier:
            (self.out / "earlier.json").write_bytes(self.earlier)

    def unmount_one(self) -> bool:
        below = [line.split()[4] for line in self.mountinfo().splitlines() if line.split()[4].startswith(str(self.folder))]
        return bool(below) and LIBC.umount2(below[-1].encode(), 2) == 0

    def close(self) -> None:
        self.tidy()
        tidy_cgroup(self.cgroup)
        shutil.rmtree(self.folder)


def judge(outcome: Outcome, codes: set[int], lines: bool = True, most: int = 1) -> None:
    """Adds what is wrong with the exit code and with what was said. `most`: lines that a failure may have."""
    if outcome.code is None:
        return
    if broken := next((word for word in BROKEN if word in outcome.err), None):
        outcome.faults.append(f"broken: {broken} {outcome.err.strip()[:300]}")
    if outcome.code not in codes:
        outcome.faults.append(f"exit code {outcome.code}, allowed: {sorted(codes)}: {outcome.err.strip()[-200:]}")
    elif lines and 1 < outcome.code < 128 and len(outcome.lines) == 0:  # what a verdict says is on standard output
        outcome.faults.append(f"exit code {outcome.code} without a line")
    if len(outcome.lines) > most:
        outcome.faults.append(f"{len(outcome.lines)} lines, at most {most}: {' | '.join(outcome.lines)[:400]}")

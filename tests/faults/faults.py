#!/usr/bin/env python3
"""Harms tare in every way that a host can, and looks each time at what became of it.

    faults.py [PATTERN]...      the tries whose name holds one of these words, or matches as a file name would
    faults.py --list [PATTERN]...
    faults.py --sample N        each N-th of every kind

A try's name tells all of it: kind/scene/what. It is survived where no process, cgroup, file, mount or changed setting is
left, earlier records are whole, the exit code is a documented one, a failure is one line, and there is no hang.
"""

import argparse
import collections
import fnmatch
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import tables
from ground import BUILD, OWN_CODES, ROOT, Ground, Outcome, cgroup2_mount, die_with_parent, judge, tidy_cgroup, tree_of

TARE = str(BUILD / "tare")
PLAN = """schema: tare.plan/1
name: faults
invocations: 2
seed: 7
defaults: {scenario: scenario1, runtime: native, iterations: 2, warmup: 0, workers: 2}
cells:
  - {id: one, mode: threads}
  - {id: two, mode: processes}
"""
MACHINE = {"proc/sys/vm/swappiness": "60\n", "sys/kernel/mm/ksm/run": "1\n",
           "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n", "proc/sys/kernel/random/boot_id": "x-1\n",
           "sys/devices/system/cpu/online": "0-1\n"}
RECORDED = re.compile(r"^(?:\d+ +)?(\w+)\((.*)")


class Stage:
    """A ground with what every scene needs, made once by tare itself."""

    def __init__(self, folder: Path, cgroup: Path):
        self.ground = g = Ground(folder, cgroup)
        g.given.joinpath("plan.yml").write_text(PLAN)
        try:
            self.must(["matrix", "{given}/plan.yml", "--cgroup-root", "{cgroup}", "--out", "{given}/m"])
            self.must(["pack", "{given}/m", "-o", "{given}/b.tar", "--author", "A, B"])
            self.must(tables.EXEC + ["--json", "{out}/earlier.json", "--", "/bin/true"])
        except BaseException:  # ended while it is made too: nobody else knows what it started
            g.close()
            raise
        g.earlier = (g.out / "earlier.json").read_bytes()
        g.tidy()
        self.given = tree_of(g.given)
        self.traces: dict[tuple[str, bool], dict[str, int]] = {}

    def must(self, words: list[str]) -> None:
        outcome = self.ground.run(self.ground.words([TARE, *words]))
        if outcome.code != 0:
            sys.exit(f"faults: without any fault, tare {' '.join(words)}: {outcome.code}: {outcome.err}{outcome.out}")

    def words(self, scene: str) -> list[str]:
        return self.ground.words([TARE, *tables.SCENES[scene]["words"]])

    def set_up(self, scene: str) -> None:
        if tables.SCENES[scene].get("machine"):
            for name, content in MACHINE.items():
                path = self.ground.tmp / "machine" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        if first := tables.SCENES[scene].get("first"):
            self.must(tables.SCENES[first]["words"])

    def take_down(self, scene: str, outcome: Outcome) -> None:
        """What tune changed is put back, and the tree then is what it was."""
        if not tables.SCENES[scene].get("machine"):
            return
        machine = self.ground.tmp / "machine"
        before = {name: content.encode() for name, content in MACHINE.items()}
        again = self.ground.run([TARE, "restore", "--sysroot", str(machine)])
        after = {name: content for name, content in tree_of(machine).items() if isinstance(content, bytes)}
        if again.code != 0 or after != before:
            outcome.faults.append(f"setting changed: restore: {again.code} {again.err.strip()} {sorted(set(after.items()) - set(before.items()))}")
        shutil.rmtree(machine)

    # --- what a scene calls when nothing harms it

    def trace(self, words: list[str], follow: bool) -> collections.Counter:
        path = self.ground.folder / "trace"
        self.ground.run(["strace", *(["-f"] if follow else []), "-qq", "-o", str(path), *words])
        counts: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        for line in path.read_text(errors="replace").splitlines():
            pid = line.split()[0] if follow else ""
            if found := RECORDED.match(line):
                counts[pid][found[1]] += 1
        path.unlink()
        most: collections.Counter = collections.Counter()
        for of_one in counts.values():
            most |= of_one  # the largest count of any process
        return most

    def turns(self, scene: str, follow: bool = False) -> dict[str, tuple[int, int]]:
        """Of each call the first turn that is tare's own, not its loader's, and the last."""
        key = (scene, follow)
        if key not in self.traces:
            self.set_up(scene)
            handed = tables.SCENES[scene].get("handed")
            loader = self.trace([TARE, "verify" if handed else "--version"], False)
            loader.subtract({"write": 1, "exit_group": 1} if handed else {"write": 1, "exit_group": 1, "newfstatat": 1})
            whole = self.trace(self.words(scene), follow)
            self.ground.tidy()
            self.traces[key] = {call: (loader[call] + 1, last) for call, last in whole.items() if last > loader[call]}
        return self.traces[key]


# --- the tries: each kind yields names, and runs one of them


def spread(first: int, last: int, most: int) -> list[int]:
    count = last - first + 1
    if count <= most:
        return list(range(first, last + 1))
    return sorted({first + i * (count - 1) // (most - 1) for i in range(most)}) if most > 1 else [first]


def under_strace(stage: Stage, scene: str, inject: str, follow: bool = False) -> tuple[Outcome, str]:
    path = stage.ground.folder / "trace"
    call = inject.split(":")[0]
    words = ["strace", *(["-f"] if follow else []), "-qq", "-o", str(path), "-e", f"trace={call}", "-e", f"inject={inject}"]
    outcome = stage.ground.run(words + stage.words(scene))
    text = path.read_text(errors="replace") if path.exists() else ""
    path.unlink(missing_ok=True)
    return outcome, text


def finish(stage: Stage, scene: str, outcome: Outcome) -> Outcome:
    stage.take_down(scene, outcome)
    stage.ground.look(outcome, tables.SCENES[scene].get("new", set()))
    if outcome.faults:
        stage.ground.tidy()
    else:
        forget(stage)
    return outcome


def forget(stage: Stage) -> None:
    """What a try may have made, so that the next begins as this one did."""
    for folder in (stage.ground.out, stage.ground.state):
        for path in folder.iterdir():
            if path.name == "earlier.json":
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def most_lines(scene: str) -> int:
    return tables.SCENES[scene].get("most", 1)


def inject_names(stage: Stage, quota: dict[str, int], follow: bool):
    for scene, most in quota.items():
        for call, (first, last) in sorted(stage.turns(scene, follow).items()):
            for error in tables.ERRORS.get(call, []):
                for turn in spread(first, last, most):
                    yield f"{scene}/{call}:{error}:{turn}"


def inject_run(stage: Stage, name: str, follow: bool = False) -> Outcome | None:
    scene, what = name.split("/")
    call, error, turn = what.split(":")
    stage.set_up(scene)
    outcome, trace = under_strace(stage, scene, f"{call}:{'retval' + error if error[0] == '=' else 'error=' + error}:when={turn}", follow)
    if "(INJECTED)" not in trace and outcome.code is not None:
        finish(stage, scene, outcome)
        stage.ground.tidy()
        return None  # it did not come to this
    mute = call in ("write", "writev", "brk", "mmap")
    # With a followed workload it can be /bin/true's own loader that fails.
    codes = set(OWN_CODES) | codes_of_loader(outcome) | ({126, 127, 128 + signal.SIGSEGV, 128 + signal.SIGABRT} if follow else set())
    codes -= set() if scene in ("verify", "compare") else {1} - ({1} if follow else set())
    judge(outcome, codes, lines=not mute, most=most_lines(scene) + follow)
    if call in tables.UNDOING and outcome.code not in (0, None) and outcome.lines:
        told_of(stage, outcome)
    return finish(stage, scene, outcome)


def told_of(stage: Stage, outcome: Outcome) -> None:
    """What could not be undone and was said is `tare clean`'s, which has to find it."""
    done = stage.ground.run(stage.ground.words([TARE, "clean", "--cgroup-root", "{cgroup}", "{out}"]))
    if done.code != 0:
        outcome.faults.append(f"tare clean afterwards: {done.code}: {done.err.strip()} {done.out.strip()}")


def sends_to_clean(outcome: Outcome) -> bool:
    return "tare clean" in outcome.err


def codes_of_loader(outcome: Outcome) -> set[int]:
    """127 is the loader's word: tare, or tare-artefact which it hands over to, was not started."""
    return {127} if "error while loading shared libraries" in outcome.err else set()


def follow_names(stage: Stage):
    own = {scene: stage.turns(scene, False) for scene in tables.FOLLOWED}
    for name in inject_names(stage, tables.FOLLOWED, True):
        scene, call = name.split("/")[0], name.split("/")[1].split(":")[0]
        if call not in own[scene] or call in ("close", "prctl", "openat", "sendmsg", "recvmsg", "clone3", "clone"):
            yield name


def kill_names(stage: Stage):
    for scene, most in tables.KILLED.items():
        for call, (first, last) in sorted(stage.turns(scene).items()):
            for turn in spread(first, last, most):
                yield f"{scene}/{call}:{turn}"


def clean_up(stage: Stage, scene: str, outcome: Outcome) -> None:
    """After a kill -9: one `tare clean`; then the same command again is as good as ever."""
    told_of(stage, outcome)
    if scene not in ("tune", "restore"):
        again = stage.ground.run(stage.words(scene))
        if again.code != 0:
            outcome.faults.append(f"the same again: {again.code}: {again.err.strip()}")


def kill_run(stage: Stage, name: str) -> Outcome | None:
    scene, what = name.split("/")
    call, turn = what.split(":")
    stage.set_up(scene)
    outcome, _ = under_strace(stage, scene, f"{call}:signal=KILL:when={turn}")
    if outcome.code == 0:
        finish(stage, scene, outcome)
        return None
    judge(outcome, {-signal.SIGKILL}, most=most_lines(scene))
    clean_up(stage, scene, outcome)
    return finish(stage, scene, outcome)


def stages_in_the_source() -> list[str]:
    found = set()
    for path in [*(ROOT / "runner").rglob("*.c"), *(ROOT / "cgroups").glob("*.c")]:
        found |= set(re.findall(r'\bfail_point\("([^"]+)"\)', path.read_text()))
    return sorted(found)


def stage_names(stage: Stage):
    for point in stages_in_the_source():
        yield point.replace(" ", "-")


def stage_run(stage: Stage, name: str) -> Outcome:
    """In each scene that comes to it; in none is a fault."""
    last = None
    for scene in tables.SCENES:
        stage.set_up(scene)
        outcome = stage.ground.run(stage.words(scene), more={"TARE_FAIL_POINT": name.replace("-", " ")})
        if outcome.code == -signal.SIGKILL:
            judge(outcome, {-signal.SIGKILL}, most=most_lines(scene))
            clean_up(stage, scene, outcome)
            last = finish(stage, scene, outcome)
            if last.faults:
                last.faults[0] = f"in {scene}: {last.faults[0]}"
                return last
        else:
            finish(stage, scene, outcome)
            stage.ground.tidy()
    return last or Outcome(0, "", "", ["no scene comes to this stage"])


def end_names(stage: Stage):
    for scene, most in tables.ENDED.items():
        for call, (first, last) in sorted(stage.turns(scene).items()):
            for turn in spread(first, last, most):
                yield f"{scene}/{call}:{turn}"


def end_run(stage: Stage, name: str) -> Outcome | None:
    scene, what = name.split("/")
    call, turn = what.split(":")
    stage.set_up(scene)
    outcome, _ = under_strace(stage, scene, f"{call}:signal=TERM:when={turn}")
    # Before it takes signals, and in commands that change nothing, it ends by the signal itself.
    judge(outcome, {0, 128 + signal.SIGTERM, -signal.SIGTERM}, most=most_lines(scene))
    return finish(stage, scene, outcome)


def full_names(stage: Stage):
    f = tables.FULL
    for scene in f["scenes"]:
        for where in f["where"]:
            for kib in f["kib"]:
                yield f"{scene}/{where}:size={kib}k"
            for inodes in f["inodes"]:
                yield f"{scene}/{where}:nr_inodes={inodes}"


def full_run(stage: Stage, name: str) -> Outcome:
    scene, what = name.split("/")
    where, option = what.split(":")
    g = stage.ground
    folder = getattr(g, where)
    if where == "out":
        g.earlier, kept = b"", g.earlier
    subprocess.run(["mount", "-t", "tmpfs", "-o", option, "faults", folder], check=True)
    mounts, g.mounts = g.mounts, g.mountinfo()
    stage.set_up(scene)
    outcome = g.run(stage.words(scene))
    judge(outcome, set(OWN_CODES) - {1, 4}, most=most_lines(scene))
    g.look(outcome, tables.SCENES[scene].get("new", set()) if where == "out" else tables.SCENES[scene].get("new", set()))
    if outcome.code not in (0, None) and where == "out" and (left := sorted(os.listdir(g.out))) and scene not in ("matrix", "exec-off"):
        outcome.faults.append(f"file left: out has {', '.join(left)}")
    g.mounts = mounts
    if outcome.faults:
        g.end_all()
        g.processes_left()
    subprocess.run(["umount", folder], check=True)
    if where == "out":
        g.earlier = kept
    g.tidy()
    return outcome


def limit_names(stage: Stage):
    for limit, row in tables.LIMITS.items():
        for scene in row["scenes"]:
            for value in row["values"]:
                yield f"{scene}/{limit}:{value}"


def limit_run(stage: Stage, name: str) -> Outcome:
    scene, what = name.split("/")
    limit, value = what.split(":")
    number = getattr(resource, f"RLIMIT_{limit.upper()}")
    stage.set_up(scene)
    outcome = stage.ground.run(stage.words(scene), preexec=lambda: resource.setrlimit(number, (int(value), int(value))))
    codes = set(OWN_CODES) - {1} | codes_of_loader(outcome)
    if limit in ("as", "stack") and outcome.code in (-signal.SIGKILL, -signal.SIGSEGV) and not outcome.err and not started(stage, limit, value):
        codes |= {outcome.code}
    judge(outcome, codes, most=most_lines(scene))
    if outcome.code == 5 and sends_to_clean(outcome):
        told_of(stage, outcome)
    return finish(stage, scene, outcome)


def started(stage: Stage, limit: str, value: str) -> bool:
    """Whether with this limit any program of this size comes to its main()."""
    number = getattr(resource, f"RLIMIT_{limit.upper()}")
    return stage.ground.run([TARE, "--version"], preexec=lambda: resource.setrlimit(number, (int(value), int(value)))).code == 0


def start_names(stage: Stage):
    for scene in tables.STARTS:
        for name in tables.IGNORED:
            yield f"{scene}/ignored:{name}"
            yield f"{scene}/blocked:{name}"
        for which in tables.CLOSED:
            yield f"{scene}/closed:{''.join(map(str, which))}"
            yield f"{scene}/full:{''.join(map(str, which))}"


def start_run(stage: Stage, name: str) -> Outcome:
    scene, what = name.split("/")
    kind, which = what.split(":")
    stage.set_up(scene)
    said = True
    if kind in ("ignored", "blocked"):
        number = getattr(signal, f"SIG{which}")
        if kind == "ignored":
            outcome = stage.ground.run(stage.words(scene), preexec=lambda: signal.signal(number, signal.SIG_IGN))
        else:
            outcome = stage.ground.run(stage.words(scene), preexec=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [number]))
        codes = {0}
    else:
        fds = [int(digit) for digit in which]
        said = 2 not in fds

        def harm():
            for fd in fds:
                os.close(fd)
            if kind == "full":
                for fd in fds:
                    got = os.open("/dev/full", os.O_RDWR)
                    assert got == fd

        outcome = stage.ground.run(stage.words(scene), preexec=harm)
        # A result that nobody can read is a failure; where nothing is printed all is well.
        codes = {0, 5} if 1 in fds else {0}
        if kind == "full" and 0 in fds:
            codes |= {3}
    judge(outcome, codes, lines=said, most=most_lines(scene))
    return finish(stage, scene, outcome)


# What somebody does to the cgroups while a command runs in them.
SLOW = tables.EXEC + ["--json", "{out}/new.json", "--timeout", "3", "--", "/bin/sleep", "1"]
# Two invocations have a cgroup each below the run's; one alone is in the run's own.
SEVERAL = tables.EXEC + ["--repeat", "2", "--timeout", "3", "--", "/bin/sleep", "0.5"]


def cells(stage: Stage) -> list[Path]:
    return [path for path in stage.ground.cgroup.rglob("*") if path.is_dir()]


def write_all(name: str, content: str, which=lambda path: True):
    def harm(stage: Stage) -> None:
        for path in cells(stage):
            if which(path):
                try:
                    (path / name).write_text(content)
                except OSError:
                    pass

    return harm


def remove_empty(stage: Stage) -> None:
    for path in reversed(cells(stage)):
        try:
            path.rmdir()
        except OSError:
            pass


def move_out(stage: Stage) -> None:
    for path in cells(stage):
        for pid in (path / "cgroup.procs").read_text().split():
            try:
                (stage.ground.cgroup / "cgroup.procs").write_text(pid)
            except OSError:
                pass


def add_below(stage: Stage) -> None:
    for path in cells(stage):
        (path / "somebody").mkdir()


CGROUP_HARMS = {
    "killed": write_all("cgroup.kill", "1"),
    "cell-killed": write_all("cgroup.kill", "1", lambda path: path.name.startswith("cell-")),
    "cell-frozen": write_all("cgroup.freeze", "1", lambda path: path.name.startswith("cell-")),
    "removed-as-far-as-empty": remove_empty,
    "moved-out": move_out,
    "somebody-below": add_below,
    "depth-0": write_all("cgroup.max.depth", "0"),
}
ROOT_HARMS = ["frozen", "removed", "no-descendants", "threaded"]


def cgroup_names(stage: Stage):
    for harm in CGROUP_HARMS:
        for delay in range(0, 500, 50):
            yield f"{'exec-bare' if harm.startswith('cell-') else 'exec'}/{harm}:{delay}"
    for harm in ROOT_HARMS:
        for scene in ("exec", "exec-bare", "exec-off", "threads", "matrix", "clean"):
            yield f"{scene}/root-{harm}:0"


def cgroup_run(stage: Stage, name: str) -> Outcome:
    scene, what = name.split("/")
    harm, delay = what.split(":")
    g = stage.ground
    if harm.startswith("root-"):
        return root_harm_run(stage, scene, harm.removeprefix("root-"))

    def during(_):
        time.sleep(int(delay) / 1000)
        CGROUP_HARMS[harm](stage)

    outcome = g.run(g.words([TARE, *(SEVERAL if scene == "exec-bare" else SLOW)]), during=during)
    judge(outcome, {0, 2, 3, 4, 5, 128 + signal.SIGKILL, -signal.SIGKILL}, most=1)
    if outcome.code == -signal.SIGKILL or sends_to_clean(outcome):
        told_of(stage, outcome)
    return finish(stage, scene, outcome)


def root_harm_run(stage: Stage, scene: str, harm: str) -> Outcome:
    g = stage.ground
    undo = {"frozen": ("cgroup.freeze", "0"), "no-descendants": ("cgroup.max.descendants", "max")}.get(harm)
    if harm == "frozen":
        (g.cgroup / "cgroup.freeze").write_text("1")
    elif harm == "no-descendants":
        (g.cgroup / "cgroup.max.descendants").write_text("0")
    elif harm == "removed":
        g.cgroup.rmdir()
    else:
        below = g.cgroup / "t"
        below.mkdir()
        (below / "cgroup.type").write_text("threaded")  # then the root is a domain of threads, where no cell can be
    outcome = g.run(stage.words(scene))
    judge(outcome, {0, 2, 3} if scene == "clean" else {2, 3, 5}, most=most_lines(scene))
    if undo and g.cgroup.exists():
        (g.cgroup / undo[0]).write_text(undo[1])
    if harm == "removed" and not g.cgroup.exists():
        g.cgroup.mkdir()
    if harm == "threaded":
        below.rmdir()
        g.cgroup.rmdir()  # its type stays else
        g.cgroup.mkdir()
    return finish(stage, scene, outcome)


def at_once_names(stage: Stage):
    for i in range(tables.AT_ONCE):
        yield f"exec-bare/{i}"


def at_once(stage: Stage, names: list[str]) -> dict[str, Outcome]:
    """All start together; so many as the memory allows, of which each takes 8 MiB here and there."""
    g = stage.ground
    available = int(re.search(r"MemAvailable: +(\d+)", Path("/proc/meminfo").read_text())[1]) // 1024
    names = names[: max(1, available // 16)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = {name: subprocess.Popen(stage.words("exec-bare"), env=g.env, cwd=g.folder, **pipes) for name in names}
    end, outcomes = time.monotonic() + 120, {}
    for name, process in processes.items():
        try:
            out, err = process.communicate(timeout=max(1, end - time.monotonic()))
            outcomes[name] = Outcome(process.returncode, out, err)
        except subprocess.TimeoutExpired:
            outcomes[name] = Outcome(None, "", "", ["hang"])
        judge(outcomes[name], {0})
    g.look(outcomes[names[-1]], set())
    g.tidy()
    return outcomes


KINDS = {
    "stage": (stage_names, stage_run),
    "inject": (lambda stage: inject_names(stage, tables.INJECTED, False), inject_run),
    "follow": (follow_names, lambda stage, name: inject_run(stage, name, True)),
    "kill": (kill_names, kill_run),
    "end": (end_names, end_run),
    "full": (full_names, full_run),
    "limit": (limit_names, limit_run),
    "start": (start_names, start_run),
    "cgroup": (cgroup_names, cgroup_run),
}


# --- the whole


def wanted(name: str, patterns: list[str]) -> bool:
    return not patterns or any(pattern in name or fnmatch.fnmatch(name, pattern) for pattern in patterns)


def names_of(stage: Stage, patterns: list[str], sample: int) -> list[str]:
    chosen = []
    for kind, (names, _) in KINDS.items():
        if patterns and not any(kind in p or "/" not in p or fnmatch.fnmatch(kind, p.split("/")[0]) for p in patterns):
            continue
        mine = [f"{kind}/{name}" for name in names(stage)]
        chosen += [name for name in mine if wanted(name, patterns)][::sample]
    return chosen


def try_one(stage: Stage, name: str) -> Outcome | None:
    """None: the command did not come to its fault. What ends the try from within, ground.must() say, is the try's fault."""
    kind, rest = name.split("/", 1)
    try:
        outcome = KINDS[kind][1](stage, rest)
    except (Exception, SystemExit) as error:
        stage.ground.tidy()
        outcome = Outcome(None, "", "", [f"the try itself broke: {type(error).__name__}: {error}"])
    if not stage.ground.cgroup.exists():
        stage.ground.cgroup.mkdir()
        outcome = outcome or Outcome(0, "", "")
        outcome.faults.append(f"{stage.ground.cgroup} was removed meanwhile, by tare or by somebody else on this machine")
    if outcome and tree_of(stage.ground.given) != stage.given:
        outcome.faults.append("record harmed: what was given has changed")
    return outcome


def tell(what: str, name: str, outcome: Outcome | None = None) -> None:
    """A line for gather()."""
    said = "; ".join(outcome.faults) if outcome else ""
    print(f"{what}\t{name}\t{' '.join(said.split())}", flush=True)


def verdict_of(outcome: Outcome | None) -> str:
    if outcome is None:
        return "unreached"
    return "failed" if outcome.faults else "survived"


class Place:
    """Where the workers have their folders and cgroups, which a worker that is ended early leaves."""

    def __init__(self, mount: Path, folder: str | None):
        self.mount, self.folder = mount, Path(folder or tempfile.mkdtemp(prefix="tf.", dir="/tmp"))

    def of(self, number: int) -> tuple[Path, Path]:
        return self.folder / str(number), self.mount / f"faults-{self.folder.name}-{number}"

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_) -> None:
        for path in self.folder.iterdir():
            tidy_cgroup(self.of(int(path.name))[1])
        shutil.rmtree(self.folder)


def be_ended(*_) -> None:
    raise KeyboardInterrupt  # past what takes a try's own exceptions


def worker(place: Place, number: int) -> None:
    """Makes the tries whose names it reads, one a line, and tells of each when it is through with it."""
    signal.signal(signal.SIGTERM, be_ended)
    die_with_parent()
    stage = Stage(*place.of(number))
    try:
        tell("ready", "-")
        for line in sys.stdin:
            name = line.rstrip("\n")
            if name.startswith("at-once/"):
                for one, outcome in at_once(stage, name.split("/")[1:]).items():
                    tell(verdict_of(outcome), f"at-once/{one}", outcome)
            else:
                outcome = try_one(stage, name)
                tell(verdict_of(outcome), name, outcome)
            tell("ready", "-")
    finally:
        stage.ground.close()


def list_names(place: Place, patterns: list[str], sample: int) -> None:
    """As the workers read them; those that are at once are one try."""
    stage = Stage(*place.of(0))
    try:
        print("\n".join(names_of(stage, patterns, sample)))
        if together := [name for name in at_once_names(stage) if wanted(f"at-once/{name}", patterns)][::sample]:
            print("/".join(["at-once", *together]))
    finally:
        stage.ground.close()


def in_a_mount_namespace(place: Place, *words: str) -> list[str]:
    return ["unshare", "--mount", "--propagation", "private", sys.executable, __file__, "--place", str(place.folder), *words]


class Worker:
    """One that makes tries, as seen from outside."""

    def __init__(self, place: Place, number: int):
        self.number, self.tries, self.name = number, 0, "its start"
        command = in_a_mount_namespace(place, "--worker", str(number))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def give(self, names: collections.deque[str]) -> None:
        """Its next try; without one it ends."""
        try:
            self.name = names.popleft()
            self.process.stdin.write(f"{self.name}\n")
        except IndexError:
            self.name = "its end"
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # end() has to say of it

    def end(self) -> str | None:
        """Waits for it. What is wrong with how it ended; None: nothing."""
        code = self.process.wait()
        if code == 0 and self.name == "its end":
            return None
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return f"worker {self.number} ended {how} after {self.tries} tries, in {self.name}"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


class Tally:
    def __init__(self):
        self.kinds: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        self.failures: list[tuple[str, str]] = []

    def sum(self, what: str) -> int:
        return sum(row[what] for row in self.kinds.values())

    def take(self, what: str, name: str, said: str) -> None:
        self.kinds[name.split("/")[0]][what] += 1
        if what == "failed":
            self.failures.append((name, said))
            print(f"failed  {name}\n        {said[:600]}", flush=True)


def gather(place: Place, count: int, names: collections.deque[str]) -> tuple[Tally, list[str]]:
    """Has workers make the tries, each the next when it is through with one. What they told, and what was not tried."""
    tally = Tally()
    workers = [Worker(place, number) for number in range(count)]

    def listen(worker: Worker) -> None:
        for line in worker.process.stdout:
            what, name, said = line.rstrip("\n").split("\t", 2)
            if what == "ready":
                worker.give(names)
            else:
                worker.tries += 1
                tally.take(what, name, said)

    listeners = [threading.Thread(target=listen, args=(worker,)) for worker in workers]
    try:
        for listener in listeners:
            listener.start()
        for listener in listeners:
            listener.join()
        ended_early = [said for worker in workers if (said := worker.end())]
    finally:
        for worker in workers:
            worker.stop()
    return tally, ended_early + ([f"{len(names)} were not tried"] if names else [])


def summary(tally: Tally, not_tried: list[str], seconds: float) -> bool:
    """Prints it; whether all is well."""
    passed, failed = tally.sum("survived"), tally.sum("failed")
    print(f"\n{'kind':10} {'tries':>6} {'survived':>9} {'failed':>7} {'unreached':>10}")
    for kind, row in tally.kinds.items():
        print(f"{kind:10} {row['survived'] + row['failed']:6} {row['survived']:9} {row['failed']:7} {row['unreached']:10}")
    print(f"{passed + failed} tries in {seconds:.0f} s; {tally.sum('unreached')} more did not come to their fault")
    by_kind = collections.defaultdict(list)
    for name, said in tally.failures:
        by_kind[re.sub(r"[0-9]+", "N", said.split(":")[0] if said else "?")].append(name)
    for said, names in sorted(by_kind.items(), key=lambda item: -len(item[1])):
        print(f"  {len(names):4}  {said}: FAULTS='{names[0]}' make faults")
    for said in not_tried:
        print(said)
    if passed + failed == 0:
        print("no try of that name")
    print(f"{passed} passed, {failed + len(not_tried)} failed")
    return failed == 0 and not not_tried and passed > 0


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--place", help=argparse.SUPPRESS)
    given = parser.parse_args()
    mount = cgroup2_mount()
    if os.geteuid() != 0 or not mount:
        print("faults: needs root and a cgroup2 file system", file=sys.stderr)
        return 3
    if not Path(TARE).exists():
        print(f"faults: no {TARE}: make faults", file=sys.stderr)
        return 3
    if given.place:
        place = Place(mount, given.place)
        worker(place, int(given.worker)) if given.worker else list_names(place, given.patterns, given.sample)
        return 0
    signal.signal(signal.SIGTERM, be_ended)
    began = time.monotonic()
    with Place(mount, None) as place:
        lister = in_a_mount_namespace(place, "--sample", str(given.sample), *given.patterns)
        listed = subprocess.run(lister, stdout=subprocess.PIPE, text=True)
        if given.list or listed.returncode != 0:  # why not, it has said
            print(listed.stdout, end="")
            return listed.returncode
        tally, not_tried = gather(place, given.workers, collections.deque(listed.stdout.split()))
    return 0 if summary(tally, not_tried, time.monotonic() - began) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # all is put away on its way here
        sys.exit(128 + signal.SIGINT)

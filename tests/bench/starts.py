"""What it takes to start `true` and see it end: bare, in a cgroup, by tare exec, by bubblewrap, by crun, by `docker run`, by a hyperfine;
measured by hyperfine.

usage: starts.py BUILD [ROUNDS]      asserts nothing. ROUNDS (15) times hyperfine with all of them in random order, so that the
machine's drift falls on all alike; a ratio is of the medians of one round.
"""
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import engine_starts
import table

build = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
RUNS = 15
CONTAINERS = 2  # runs of what takes a hundred times as long, a round
MANY = 40
tare = os.path.join(os.path.abspath(build), "tare")
true = shutil.which("true")
for needed in ("hyperfine", "bwrap"):
    if not shutil.which(needed):
        sys.exit(f"starts: no {needed} here (scripts/setup bench installs it)")

# vfork, exec, wait, and nothing else: a program, so that each of them is one program that starts another. With
# -c PATH it also makes that cgroup, starts the child in there, reads what it used, and removes it: no runner that gives
# each command a cgroup can be faster.
wrapper = os.path.join(build, "bench-wrapper")
SOURCE = b"""#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static int in_cgroup(const char *path, char **v)
{
    char buf[4096], *file;
    int s = 0, dir = mkdir(path, 0755) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    struct clone_args a = {.flags = CLONE_INTO_CGROUP | CLONE_VFORK, .exit_signal = SIGCHLD, .cgroup = (unsigned)dir};
    pid_t p = dir < 0 ? -1 : (pid_t)syscall(SYS_clone3, &a, sizeof(a));
    if (p == 0) { execv(v[0], v); _exit(127); }
    if (p < 0 || waitpid(p, &s, 0) != p || asprintf(&file, "%s/cpu.stat", path) < 0) { perror(path); return 126; }
    int f = open(file, O_RDONLY);
    if (read(f, buf, sizeof(buf)) <= 0 || rmdir(path) != 0) { perror(path); return 126; }
    return WEXITSTATUS(s);
}
int main(int c, char **v)
{
    int s = 0;
    if (c > 3 && strcmp(v[1], "-c") == 0) return in_cgroup(v[2], v + 3);
    pid_t p = vfork();
    if (p == 0) { execv(v[c > 1], v + 1); _exit(127); }
    waitpid(p, &s, 0);
    return WEXITSTATUS(s);
}"""
subprocess.run([os.environ.get("CC", "cc"), "-O2", "-x", "c", "-", "-o", wrapper], input=SOURCE, check=True)
VIEW = "--ro-bind / / --dev /dev --proc /proc --tmpfs /tmp"
CPU = ", CPU time"
BARE, BWRAP, CRUN, HYPERFINE = "vfork + exec + wait", "bwrap --unshare-all", "crun run", "hyperfine --runs=1"
OFF, LIGHT, FULL = "tare exec --confine off", "tare exec --confine light", "tare exec"
IN_CGROUP, PROGRAM = BARE + ", in a cgroup", "tare --version"


def crun_command(folder: str) -> tuple[str, str]:
    """The command that runs `true` in a container of crun's on this root, with all namespaces; or "", and why there is none."""
    if not shutil.which("crun"):
        return "", "no crun here (scripts/setup bench installs it)"
    spaces = [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")]
    mounts = [{"destination": "/proc", "type": "proc", "source": "proc"}]
    process = {"cwd": "/", "args": [true], "env": ["PATH=/usr/bin:/bin"], "user": {"uid": 0, "gid": 0}}
    config = {"ociVersion": "1.0.0", "process": process, "root": {"path": "/", "readonly": True}, "mounts": mounts,
              "linux": {"namespaces": spaces}}
    Path(folder, "config.json").write_text(json.dumps(config))
    command = f"crun --root={folder}/state run --bundle={folder} tare-bench-{os.getpid()}"
    done = subprocess.run(command.split(), capture_output=True, text=True)
    return (command, "") if done.returncode == 0 else ("", f"it does not run here: {done.stderr.strip()}")


cgroup = table.own_cgroup("starts")
bundle = tempfile.TemporaryDirectory()
crun, no_crun = crun_command(bundle.name)
COMMANDS = {
    "true alone": true,
    BARE: f"{wrapper} {true}",
    **({IN_CGROUP: f"{wrapper} -c {cgroup} {true}"} if cgroup else {}),
    PROGRAM: f"{tare} --version",
    OFF: f"{tare} exec --quiet --confine off -- {true}",
    LIGHT: f"{tare} exec --quiet --confine light -- {true}",
    FULL: f"{tare} exec --quiet -- {true}",
    BWRAP: f"bwrap --unshare-all {VIEW} {true}",
    **({CRUN: crun} if crun else {}),
    HYPERFINE: f"hyperfine --shell=none --style=none --runs=1 {true}",
}


def measure(commands: dict[str, str], runs: int, warmup: int) -> dict[str, float]:
    """Medians in seconds, of one hyperfine; beside each its mean CPU time, by its name and CPU."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        words = ["hyperfine", "--shell=none", "--style=none", f"--warmup={warmup}", f"--runs={runs}", f"--export-json={out.name}"]
        for name in random.sample(list(commands), len(commands)):
            words += ["--command-name", name, commands[name]]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"starts: hyperfine: exit {done.returncode}: {done.stderr.strip()}")
        results = json.load(out)["results"]
    cpu_time = {result["command"] + CPU: result["user"] + result["system"] for result in results}
    return {result["command"]: result["median"] for result in results} | cpu_time


# What runs a command so often.
OFTEN = {
    f"{OFF} --repeat {MANY}": [tare, "exec", "--quiet", "--confine", "off", "--repeat", MANY, "--", true],
    f"hyperfine --runs={MANY}": ["hyperfine", "--shell=none", "--style=none", f"--runs={MANY}", true],
}


def tell(took: list[dict[str, float]], names: dict[str, str], bases: tuple[str, ...]) -> None:
    for name in names:
        over = "  ".join(f"/ {base}: {table.tell(table.ratio(took, name, base))}" for base in bases)
        print(f"  {name:36} {statistics.median(t[name] for t in took) * 1e3:7.2f} ms  {over}")


print(f"starting `true`, by hyperfine: {rounds} rounds of {RUNS} runs each; load now {os.getloadavg()[0]:.1f}")
took = [measure(COMMANDS, RUNS, 3) for _ in range(rounds)]
tell(took, COMMANDS, (BARE, BWRAP))
table.row(f"{OFF} / {BARE}", table.ratio(took, OFF, BARE), 1.6)
table.row(f"{FULL} / {BWRAP}", table.ratio(took, FULL, BWRAP), 1)
if crun:
    table.row(f"{FULL} / {CRUN}", table.ratio(took, FULL, CRUN), 1)
else:
    table.absent(f"{FULL} / {CRUN}", no_crun)
for name in (IN_CGROUP, PROGRAM):
    if name in COMMANDS:
        table.row(f"{name} / {BARE}", table.ratio(took, name, BARE))
for name, base in ((LIGHT, BARE), (FULL, BARE), (OFF, HYPERFINE), (FULL, HYPERFINE)):
    table.row(f"{name} / {base}", table.ratio(took, name, base))
# What other programs on the machine do not lengthen. Not bubblewrap's: it does not wait for what it starts.
for name in (IN_CGROUP, OFF, FULL):
    if name in COMMANDS:
        table.row(f"{name} / {BARE}{CPU}", table.ratio(took, name + CPU, BARE + CPU))

took = table.in_turn({name: lambda words=words: table.weigh(words)[0] for name, words in OFTEN.items()}, rounds)
tell(took, OFTEN, tuple(OFTEN)[1:])
table.row(" / ".join(OFTEN), table.ratio(took, *OFTEN))

with engine_starts.container_starts(Path(build)) as (containers, why_not):
    if containers:
        took = [measure(containers | {FULL: COMMANDS[FULL]}, CONTAINERS, 1) for _ in range(rounds)]
        tell(took, containers, (FULL,))
        table.row(f"{FULL} / {engine_starts.DOCKER}", table.ratio(took, FULL, engine_starts.DOCKER), 1)
    if engine_starts.OURS in containers:
        table.row(f"{engine_starts.OURS} / {engine_starts.DOCKER}", table.ratio(took, engine_starts.OURS, engine_starts.DOCKER))
    for name, why in why_not.items():
        table.absent(f"{FULL} / {name}" if name == engine_starts.DOCKER else f"{name} / {engine_starts.DOCKER}", why)

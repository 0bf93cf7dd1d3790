"""What it takes to start `true` and see it end: bare, in a cgroup, by tare exec, by bubblewrap, by crun; measured by hyperfine.

usage: starts.py BUILD [ROUNDS]      prints; asserts nothing. ROUNDS (5) times hyperfine with all of them in random order,
so that the machine's drift falls on all alike; each ratio is of medians of one round, and their median is given.
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

import table

build = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
RUNS = 40
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
BARE, BWRAP, CRUN = "vfork + exec + wait", "bwrap --unshare-all", "crun run"


def crun_bundle(folder: str) -> str | None:
    """The command that runs `true` in a container of crun's on this root, with all namespaces; None: crun does not run one here."""
    if not shutil.which("crun"):
        return None
    spaces = [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")]
    mounts = [{"destination": "/proc", "type": "proc", "source": "proc"}]
    process = {"cwd": "/", "args": [true], "env": ["PATH=/usr/bin:/bin"], "user": {"uid": 0, "gid": 0}}
    config = {"ociVersion": "1.0.0", "process": process, "root": {"path": "/", "readonly": True}, "mounts": mounts,
              "linux": {"namespaces": spaces}}
    Path(folder, "config.json").write_text(json.dumps(config))
    command = f"crun --root={folder}/state run --bundle={folder} tare-bench-{os.getpid()}"
    done = subprocess.run(command.split(), capture_output=True, text=True)
    if done.returncode != 0:
        print(f"  crun does not run here: {done.stderr.strip()}")
    return command if done.returncode == 0 else None


cgroup = table.own_cgroup("starts")
bundle = tempfile.TemporaryDirectory()
crun = crun_bundle(bundle.name)
COMMANDS = {
    "true alone": true,
    BARE: f"{wrapper} {true}",
    **({"the same, in a cgroup": f"{wrapper} -c {cgroup} {true}"} if cgroup else {}),
    "tare exec --confine off": f"{tare} exec --quiet --confine off -- {true}",
    "tare exec --confine light": f"{tare} exec --quiet --confine light -- {true}",
    "tare exec": f"{tare} exec --quiet -- {true}",
    BWRAP: f"bwrap --unshare-all {VIEW} {true}",
    **({CRUN: crun} if crun else {}),
}


def measure(names: list[str]) -> dict[str, float]:
    """Medians in seconds, of one hyperfine; beside each its mean CPU time, by its name and CPU."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        words = ["hyperfine", "--shell=none", "--style=none", "--warmup=5", f"--runs={RUNS}", f"--export-json={out.name}"]
        for name in names:
            words += ["--command-name", name, COMMANDS[name]]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"starts: hyperfine: exit {done.returncode}: {done.stderr.strip()}")
        results = json.load(out)["results"]
    cpu_time = {result["command"] + CPU: result["user"] + result["system"] for result in results}
    return {result["command"]: result["median"] for result in results} | cpu_time


took = [measure(random.sample(list(COMMANDS), len(COMMANDS))) for _ in range(rounds)]
print(f"starting `true`, by hyperfine: medians of {rounds} rounds of {RUNS} runs each; load now {os.getloadavg()[0]:.1f}")
for name in COMMANDS:
    over = {base: [t[name] / t[base] for t in took] for base in (BARE, BWRAP)}
    ratios = "  ".join(f"/ {base}: {statistics.median(r):5.2f} [{min(r):.2f}, {max(r):.2f}]" for base, r in over.items())
    print(f"  {name:26} {statistics.median(t[name] for t in took) * 1e3:6.2f} ms  {ratios}")
for name, base, most in (("tare exec --confine off", BARE, 1.6), ("tare exec", BWRAP, 1), ("tare exec", CRUN, 1)):
    if base in COMMANDS:
        table.row(f"{name} / {base}", statistics.median(t[name] / t[base] for t in took), most)
# What other programs on the machine do not lengthen. Not bubblewrap's: it does not wait for what it starts.
for name in ("the same, in a cgroup", "tare exec --confine off", "tare exec"):
    if name in COMMANDS:
        table.row(f"{name} / {BARE}{CPU}", statistics.median(t[name + CPU] / t[BARE + CPU] for t in took), None)

"""workload: what the tests of all workloads have in common: the runner's side of the ledger, runs of a program, and
what it leaves behind.

The Python workload runs in the interpreter that runs the tests. With $TARE_NATIVE set to the folder of the C programs
(build/workloads) they are tested beside it, and with $TARE_SANITIZED they alone, which a
sanitizer then has been built into: it takes all of the address space.
"""

import ctypes
import functools
import itertools
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKLOADS = ROOT / "runner" / "workloads"
NATIVE_FOLDER = os.environ.get("TARE_NATIVE")
SANITIZED = bool(os.environ.get("TARE_SANITIZED"))
TIMEOUT_S = 120  # of one run; it takes some seconds where the machine is emulated

MAGIC = 0x0034524547444C54
HEAD = struct.Struct("@8Q 8Q 2048s Q 1536s Q Q Q Q 4Q 960s")
READY_AT = 128 + 2048 + 8 + 1536
READINGS_MAX = 256
MEMORIES = ("pss", "live", "cycles", "free", "stacks", "children", "files", "page_tables")
READING = struct.Struct(f"@2q {len(MEMORIES)}q")
UNKNOWN = -(1 << 63)
FIGURE = struct.Struct("@32s Q 8s")
STARTING, WARMING_UP, MEASURING, DONE, FAILED = range(5)

KINDS = [
    ("threads", None),
    ("processes", "fork"),
    ("processes", "forkserver"),
    ("processes", "spawn"),
    ("interpreters", None),
]


def python_program(name: str) -> list[str]:
    return [sys.executable, "-I", "-B", str(WORKLOADS / name / f"{name}.py")]


def programs(name: str) -> list[tuple[str, list[str]]]:
    """Those of this scenario that there are."""
    native = [("native", [f"{NATIVE_FOLDER}/{name}/{name}"])] if NATIVE_FOLDER else []
    return native if SANITIZED else [("python", python_program(name)), *native]


def words(**given) -> list[str]:
    """Command line options; those that are None are left out."""
    return [word for k, v in given.items() if v is not None for word in ("--" + k.replace("_", "-"), str(v))]


def worker_ids(seed: int, worker: int, space: int, count: int) -> list[int]:
    """The ids that a worker draws. SplitMix64 as its paper has it (Steele, Lea, Flood 2014), not the workloads."""

    def values(state: int):
        while True:
            state = (state + 0x9E3779B97F4A7C15) % 2**64
            z = state
            z = ((z ^ (z // 2**30)) * 0xBF58476D1CE4E5B9) % 2**64
            z = ((z ^ (z // 2**27)) * 0x94D049BB133111EB) % 2**64
            yield z ^ (z // 2**31)

    own_seed = next(itertools.islice(values(seed), worker, None))
    return [value % space for value in itertools.islice(values(own_seed), count)]


class RunnerLedger:
    """The runner's side of runner/launch/ledger.h, from its byte offsets."""

    def __init__(self, iterations: int, workers: int, stride: int = 0):
        self.iterations, self.workers = iterations, workers
        self.ends = HEAD.size + 8 * iterations
        self.pids = self.ends + 8 * iterations
        self.ready = self.pids + 8 * workers
        self.readings_at = self.ready + 8 * iterations
        size = self.readings_at + (READINGS_MAX * READING.size if stride else 0)
        self.fd = os.memfd_create("ledger")
        os.ftruncate(self.fd, size)
        os.pwrite(self.fd, struct.pack("@7Q", MAGIC, size, iterations, workers, HEAD.size, self.ends, self.pids), 0)
        os.pwrite(self.fd, struct.pack("@Q", self.ready), READY_AT)
        os.pwrite(self.fd, struct.pack("@2Q", self.readings_at if stride else 0, stride), READY_AT + 32)

    def end_after(self, iterations: int) -> None:
        os.pwrite(self.fd, struct.pack("@Q", iterations), READY_AT + 56)

    def read(self) -> None:
        page = os.pread(self.fd, os.fstat(self.fd).st_size, 0)
        fields = HEAD.unpack_from(page)
        self.phase, self.gil, self.warmup_done, self.iterations_done = fields[7:11]
        self.wall_start, self.wall_end, self.main_pid, self.worker_count, self.check = fields[11:16]
        self.error = fields[16].partition(b"\0")[0].decode()
        self.hold_ns, self.gil_last, self.gil_turned = fields[20:23]
        taken = fields[25] if fields[24] else 0
        rows = READING.iter_unpack(page[self.readings_at : self.readings_at + taken * READING.size])
        self.readings = [
            {"iteration": row[0]} | {k: v for k, v in zip(MEMORIES, row[2:], strict=True) if v != UNKNOWN} for row in rows
        ]
        self.why = [fields[27][i : i + 120].partition(b"\0")[0].decode() for i in range(0, 960, 120)]
        self.figures = {}
        for name, kind, value in itertools.islice(FIGURE.iter_unpack(fields[18]), fields[17]):
            self.figures[name.partition(b"\0")[0].decode()] = struct.unpack({1: "@q", 2: "@d"}[kind], value)[0]
        self.start_ns = struct.unpack_from(f"@{self.iterations}Q", page, HEAD.size)
        self.end_ns = struct.unpack_from(f"@{self.iterations}Q", page, self.ends)
        self.ready_ns = struct.unpack_from(f"@{self.iterations}Q", page, self.ready)
        self.worker_pids = struct.unpack_from(f"@{self.workers}Q", page, self.pids)


def children() -> list[int]:
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(pid) for pid in text.split()]


def still_there(seconds: float) -> list[int]:
    """Children that are left after this time; every one that ends before is reaped."""
    end = time.monotonic() + seconds
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return []
        if time.monotonic() > end:
            return children()
        time.sleep(0.02)


def end_all() -> None:
    while left := children():
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        still_there(0.2)


def for_each(cases):
    """Runs a test once for each case, a sequence of its arguments."""

    def decorate(test):
        @functools.wraps(test)
        def run(self):
            for case in cases:
                with self.subTest(case=case):
                    test(self, *case)

        return run

    return decorate


class WorkloadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Whatever a run leaves behind becomes this process's child, whoever its parent was.
        PR_SET_CHILD_SUBREAPER = 36
        assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0

    def tearDown(self):
        end_all()

    def run_it(self, program: list[str], args: list[str], ledger: RunnerLedger | None, wrapper=()):
        """Returns the exit status, stdout and stderr."""
        environment = dict(os.environ)
        environment.pop("TARE_LEDGER_FD", None)
        if ledger:
            environment["TARE_LEDGER_FD"] = str(ledger.fd)
        # Files and not pipes: a process that is left behind keeps a pipe open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                [*wrapper, *program, *args],
                stdout=out,
                stderr=err,
                env=environment,
                pass_fds=[ledger.fd] if ledger else [],
                timeout=TIMEOUT_S,
            )
            if ledger:
                ledger.read()
            out.seek(0), err.seek(0)
            return done.returncode, out.read(), err.read()

    def fail_it(self, program, args: list[str], ledger: RunnerLedger, reason: str, wrapper=()) -> RunnerLedger:
        """Runs what must fail with this reason, in the ledger and on stderr."""
        status, _, err = self.run_it(program, args, ledger, wrapper)
        self.assertEqual(status, 70, err)
        self.assertEqual(ledger.phase, FAILED)
        self.assertRegex(ledger.error, reason)
        self.assertIn(ledger.error, err)
        return ledger

    def pids_seen(self, program, args, ledger, then=lambda pids: False) -> set[int]:
        """The workers' pids that were in the ledger while it ran. then is called with them until it returns True."""
        environment = os.environ | {"TARE_LEDGER_FD": str(ledger.fd)}
        seen: set[int] = set()
        quiet = dict(pass_fds=[ledger.fd], env=environment, stderr=subprocess.DEVNULL)
        with subprocess.Popen([*program, *args], **quiet) as running:
            called = False
            while running.poll() is None:
                ledger.read()
                seen.update(pid for pid in ledger.worker_pids[: ledger.worker_count] if pid)
                called = called or then(ledger)
                time.sleep(0.02)
        ledger.read()
        return seen

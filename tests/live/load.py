"""load: workloads of a known weight, in the place of scenario1.py: they speak the same ledger and take its arguments.

The wrapper of rig.py runs this when tare passes `--fault load-NAME`. Every iteration is a hold, between whose stamps
nothing changes, so that the samples within one belong to one known state.

    load-idle     one state: the interpreter and nothing else
    load-steps    four: nothing; ANON bytes; SHARED bytes more, of shared memory; FILE bytes more, of page cache
    load-family   two: the parent and CHILDREN forked ones, all of whom write to one page; the same, where the parent
                  has touched PARENT bytes before it forks and every child writes to the first CHILD bytes of them
    load-liar     one state; the ledger claims that the runner is a worker
    load-burn     two seconds of CPU, of one thread
    load-reaped   two children that burn half a second each and that nobody waits for: the kernel reaps them

The CPU time that a load knows of, in µs, goes out as the ledger's check, which the record shows as hash_check.
"""

import mmap
import os
import signal
import sys
import time
from pathlib import Path

MIB = 1 << 20
ANON, SHARED, FILE = 50 * MIB, 20 * MIB, 20 * MIB
CHILDREN, PARENT, CHILD = 4, 40 * MIB, 5 * MIB
BURN_S, REAPED, REAPED_S = 2.0, 2, 0.5


def write_pages(memory: mmap.mmap, size: int) -> None:
    for at in range(0, size, mmap.PAGESIZE):
        memory[at] = memory[at] + 1 & 0xFF


def touched(size: int, flags: int = mmap.MAP_PRIVATE) -> mmap.mmap:
    memory = mmap.mmap(-1, size, flags=flags | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)  # page by page, whatever the host's setting: a write copies one page
    write_pages(memory, size)
    return memory


def burn(seconds: float) -> None:
    while time.process_time() < seconds:
        pass


class Load:
    def __init__(self, options: dict[str, str]):
        from tare_ledger import Ledger

        self.ledger = Ledger.attach(os.environ["TARE_LEDGER_FD"])
        self.hold_s = int(options["--hold-ms"]) / 1000
        self.done = 0
        self.ledger.words[Ledger.PHASE] = Ledger.MEASURING
        self.ledger.words[Ledger.WALL_START] = time.monotonic_ns()

    def hold(self) -> None:
        start_ns = time.monotonic_ns()
        time.sleep(self.hold_s)
        self.stamp(start_ns)

    def stamp(self, start_ns: int) -> None:
        self.ledger.stamp(self.done, start_ns, time.monotonic_ns())
        self.done += 1

    def finish(self, cpu_s: float = 0.0) -> None:
        """Without the interpreter's end, whose cost is not known."""
        words = self.ledger.words
        words[self.ledger.WALL_END] = time.monotonic_ns()
        words[self.ledger.CHECK] = int(cpu_s * 1e6) or 1
        words[self.ledger.PHASE] = self.ledger.DONE
        os._exit(0)

    def claim(self, pids: list[int]) -> None:
        for i, pid in enumerate(pids):
            self.ledger.words[self.ledger.workers + i] = pid
        self.ledger.words[self.ledger.WORKER_COUNT] = len(pids)

    def idle(self) -> None:
        self.hold()
        self.finish()

    def steps(self) -> None:
        buffer = touched(64 << 10)
        self.hold()
        anon = touched(ANON)
        self.hold()
        shared = touched(SHARED, mmap.MAP_SHARED)
        self.hold()
        if path := os.environ["LIVE_FILE"]:
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)  # no reading ahead: what is asked for and no more
            for _ in range(0, FILE, len(buffer)):
                os.readv(file, [buffer])
        self.hold()
        del anon, shared
        self.finish()

    def fork_children(self, memory: mmap.mmap, size: int) -> list[int]:
        ready_r, ready_w = os.pipe()
        pids = []
        for _ in range(CHILDREN):
            pid = os.fork()
            if pid == 0:
                write_pages(memory, size)
                os.write(ready_w, b"r")
                signal.pause()
            pids.append(pid)
        ready = 0
        while ready < CHILDREN:
            ready += len(os.read(ready_r, CHILDREN))
        os.close(ready_r), os.close(ready_w)
        return pids

    def family(self) -> None:
        # The first state goes the same ways through the interpreter as the second: what code needs is mapped in both.
        for parent, child in ((mmap.PAGESIZE, mmap.PAGESIZE), (PARENT, CHILD)):
            memory = touched(parent)
            pids = self.fork_children(memory, child)
            self.claim(pids)
            self.hold()
            self.claim([])
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        self.finish()

    def liar(self) -> None:
        self.claim([os.getppid()])
        self.hold()
        self.finish()

    def burn(self) -> None:
        start_ns = time.monotonic_ns()
        burn(BURN_S)
        self.stamp(start_ns)
        self.finish(time.process_time())

    def reaped(self) -> None:
        start_ns = time.monotonic_ns()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        ended_r, ended_w = os.pipe()
        for _ in range(REAPED):
            if os.fork() == 0:
                burn(REAPED_S)
                os._exit(0)
        os.close(ended_w)
        os.read(ended_r, 1)  # the end of the file: the last child has ended
        self.stamp(start_ns)
        self.finish(time.process_time() + REAPED * REAPED_S)


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2] / "runner" / "workloads"))
    given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    getattr(Load(given), given["--fault"].removeprefix("load-"))()

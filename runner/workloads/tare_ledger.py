"""tare_ledger: a Python workload's side of runner/launch/ledger.h. Only the main process of a workload writes."""

import os
import sys

from failures import gil_is_on


def map_shared(fd: int, size: int):
    """Only the mapping stays; workers inherit no descriptor. Before 3.13 Python keeps one, which is not inherited."""
    import mmap

    return mmap.mmap(fd, size, trackfd=False) if sys.version_info >= (3, 13) else mmap.mmap(fd, size)


class Ledger:
    """The page as 64-bit words: each assignment is one aligned store of 8 bytes.

    A machine with weak memory order may reorder the stores; the runner takes its final values after this process has
    ended."""

    MAGIC = 0x0034524547444C54
    STARTING, WARMUP, MEASURING, DONE, FAILED = range(5)
    GIL_OFF, GIL_ON, GIL_DIFFERS = 1, 2, 4
    # Indices of the head's words, from the byte offsets in launch/ledger.h.
    SIZE, ITERATION_CAPACITY, WORKER_CAPACITY, STARTS, ENDS, WORKERS = (o // 8 for o in (8, 16, 24, 32, 40, 48))
    PHASE, GIL, WARMUP_DONE, ITERATIONS_DONE, WALL_START, WALL_END = (o // 8 for o in (56, 64, 72, 80, 88, 96))
    MAIN_PID, WORKER_COUNT, CHECK = (o // 8 for o in (104, 112, 120))
    ERROR_OFFSET, ERROR_MAX = 128, 2048
    FIGURE_COUNT = (ERROR_OFFSET + ERROR_MAX) // 8
    FIGURES_OFFSET, FIGURE_BYTES, FIGURES_MAX = ERROR_OFFSET + ERROR_MAX + 8, 48, 32
    FIGURE_NAME_MAX = 31
    FIGURE_INTEGER, FIGURE_REAL = 1, 2
    READY = (FIGURES_OFFSET + FIGURE_BYTES * FIGURES_MAX) // 8
    HOLD, GIL_LAST, GIL_TURNED = READY + 1, READY + 2, READY + 3
    READINGS, READING_STRIDE, READINGS_DONE, ENOUGH = READY + 4, READY + 5, READY + 6, READY + 7
    MEMORIES = ("pss", "live", "cycles", "free", "stacks", "children", "files", "page_tables")
    WHY_OFFSET, WHY_MAX = (ENOUGH + 1) * 8, 120
    READING_WORDS = 2 + len(MEMORIES)
    UNKNOWN = 1 << 63  # INT64_MIN as a word
    HEAD_BYTES = WHY_OFFSET + len(MEMORIES) * WHY_MAX

    def __init__(self, page):
        self.bytes = memoryview(page)
        self.words = self.bytes.cast("Q")
        w = self.words
        if w[0] != self.MAGIC or w[self.SIZE] > len(self.bytes):
            raise ValueError("the ledger's head is not one of this version")
        self.starts, self.ends, self.workers = w[self.STARTS] // 8, w[self.ENDS] // 8, w[self.WORKERS] // 8
        self.readies = w[self.READY] // 8
        w[self.MAIN_PID] = os.getpid()
        w[self.GIL] = w[self.GIL_LAST] = self.gil_now()

    @classmethod
    def attach(cls, descriptor: str) -> "Ledger":
        fd = int(descriptor)
        size = os.fstat(fd).st_size
        page = map_shared(fd, size)
        os.close(fd)  # the mapping stays; workers need not inherit the descriptor
        return cls(page)

    @classmethod
    def stand_in(cls, iterations: int, workers: int) -> "Ledger":
        ends = cls.HEAD_BYTES + 8 * iterations
        ready = ends + 8 * iterations + 8 * workers
        size = ready + 8 * iterations
        page = bytearray(size)
        words = memoryview(page).cast("Q")
        words[: cls.WORKERS + 1] = memoryview(
            b"".join(
                n.to_bytes(8, sys.byteorder)
                for n in (cls.MAGIC, size, iterations, workers, cls.HEAD_BYTES, ends, ends + 8 * iterations)
            )
        ).cast("Q")
        words[cls.READY] = ready
        return cls(page)

    def gil_now(self) -> int:
        return self.GIL_ON if gil_is_on() else self.GIL_OFF

    def look_at_gil(self) -> None:
        """Call it after each iteration, also of the warm-up: importing an extension may turn the GIL on."""
        w = self.words
        now = self.gil_now()
        if now != w[self.GIL_LAST]:
            w[self.GIL_LAST] = now
            w[self.GIL_TURNED] = w[self.GIL_TURNED] or w[self.WARMUP_DONE] + w[self.ITERATIONS_DONE] + 1

    def look_at_workers(self, differed: bool) -> None:
        """differed: whether a worker with a GIL of its own ended with it otherwise than the main process's was at first."""
        w = self.words
        if differed and w[self.GIL_LAST] == w[self.GIL]:
            w[self.GIL_LAST] = self.GIL_DIFFERS

    def ready(self, i: int, ready_ns: int) -> None:
        """Notes when all workers of iteration i were ready, just before their start signal. Call it before its stamp()."""
        self.words[self.readies + i] = ready_ns

    def stamp(self, i: int, start_ns: int, end_ns: int) -> None:
        self.words[self.starts + i] = start_ns
        self.words[self.ends + i] = end_ns
        self.words[self.ITERATIONS_DONE] = i + 1

    def reading(self, iteration: int, at_ns: int, values: dict[str, int]) -> None:
        """Adds a reading of profile growth: bytes by the names of MEMORIES; missing ones are unknown."""
        w = self.words
        i = w[self.READINGS_DONE]
        at = w[self.READINGS] // 8 + i * self.READING_WORDS
        w[at], w[at + 1] = iteration, at_ns
        for n, name in enumerate(self.MEMORIES):
            w[at + 2 + n] = values[name] & (1 << 64) - 1 if name in values else self.UNKNOWN
        w[self.READINGS_DONE] = i + 1

    def reading_why(self, name: str, reason: str) -> None:
        """Says why readings lack this memory."""
        at = self.WHY_OFFSET + self.MEMORIES.index(name) * self.WHY_MAX
        text = reason.encode()[: self.WHY_MAX - 1].decode(errors="ignore").encode()
        self.bytes[at : at + len(text) + 1] = text + b"\0"

    def figure(self, name: str, value: int | float) -> None:
        """Sets a figure of the whole run: an int as 64 bits, anything else as a double."""
        import math

        letters = set("abcdefghijklmnopqrstuvwxyz0123456789_")
        if not (0 < len(name) <= self.FIGURE_NAME_MAX and letters.issuperset(name)):
            raise ValueError(f"figure '{name}': a name is 1 to {self.FIGURE_NAME_MAX} of a-z, 0-9 and _")
        if isinstance(value, int):
            kind, as_kind, value = self.FIGURE_INTEGER, "q", int(value)
            if not -(1 << 63) <= value < 1 << 63:
                raise ValueError(f"figure '{name}': {value} needs more than 64 bits")
        else:
            kind, as_kind, value = self.FIGURE_REAL, "d", float(value)
            if not math.isfinite(value):
                raise ValueError(f"figure '{name}': {value} is not a finite number")
        at = self._figure_at(name.encode())
        self.bytes.cast(as_kind)[at // 8 + 5] = value
        self.words[at // 8 + 4] = kind

    def _figure_at(self, name: bytes) -> int:
        """The offset of the figure of this name; makes it if it is new."""
        count = self.words[self.FIGURE_COUNT]
        name = name.ljust(self.FIGURE_NAME_MAX + 1, b"\0")
        for i in range(count + 1):
            at = self.FIGURES_OFFSET + i * self.FIGURE_BYTES
            if i < count and self.bytes[at : at + len(name)] == name:
                return at
        if count == self.FIGURES_MAX:
            raise ValueError(f"there is room for {self.FIGURES_MAX} figures")
        self.bytes[at : at + len(name)] = name
        self.words[self.FIGURE_COUNT] = count + 1
        return at

    def fail(self, reason: str) -> None:
        text = reason.encode(errors="replace")[: self.ERROR_MAX - 1].decode(errors="ignore").encode()
        self.bytes[self.ERROR_OFFSET : self.ERROR_OFFSET + len(text) + 1] = text + b"\0"
        self.words[self.PHASE] = self.FAILED

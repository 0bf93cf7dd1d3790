"""causes: functions that each have one known reason why threads do not scale, or none; scenario4 has the reasons of one
shared object. In processes and interpreters the same functions share nothing.

A call takes some 10 ms. It shares globals of this module, of which each process and interpreter has its own.
"""

from collections import deque

SHELF: deque = deque([[object()] for _ in range(64)])  # lists that one thread fills and another empties
BUFFERS: list = []  # pairs not in use by a call; they outlive the threads
LIMIT = 7
BUFFER_BYTES = 32 << 20
MAP_BYTES = 64 << 10
PAGE_BYTES = 4096


class Node:
    def __init__(self):
        self.itself = self


def drop() -> int:
    """Releases objects that another thread made: that thread merges their reference counts.

    Numbers, which are small and made fast: of larger objects a slow CPU would rather give pages back than merge counts.
    """
    for _ in range(400):
        SHELF.append(list(range(1_000, 1_500)))
        SHELF.popleft().clear()
    return len(SHELF)


def garbage() -> int:
    """Makes cycles that the collector alone can free, while every thread stands still."""
    for i in range(20_000):
        Node()
    return i


def read_global() -> int:
    """Reads a global while another one comes and goes, which invalidates the interpreter's caches of where they are."""
    here = globals()
    total = 0
    for i in range(4_000):
        for _ in range(4):
            total += LIMIT
        here["PASSING"] = i
        here.pop("PASSING", None)  # if no other thread did
    return total


def faults() -> int:
    """Maps memory, touches each page, and unmaps it: all threads share the memory map."""
    from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

    pages = range(0, MAP_BYTES, PAGE_BYTES)
    for _ in range(400):
        with mmap(-1, MAP_BYTES, MAP_PRIVATE | MAP_ANONYMOUS) as memory:
            for at in pages:
                memory[at] = 1
    return len(pages)


def bandwidth() -> int:
    """Copies more than caches hold: processes have no more memory bandwidth than threads."""
    try:
        source, target = BUFFERS.pop()
    except IndexError:
        source, target = bytearray(b"\1") * BUFFER_BYTES, bytearray(b"\2") * BUFFER_BYTES
    for _ in range(2):
        memoryview(target)[:] = memoryview(source)
    BUFFERS.append((source, target))
    return target[-1]


def pure() -> int:
    """Computes with private data."""
    x = 0x12345678
    for _ in range(60_000):
        x = (x * 1103515245 + 12345) & 0xFFFFFFFF
        x ^= x >> 16
    return x


PATTERNS = {"drop": drop, "garbage": garbage, "global": read_global, "faults": faults, "bandwidth": bandwidth, "pure": pure}


def work(pattern: str) -> int:
    return PATTERNS[pattern]()

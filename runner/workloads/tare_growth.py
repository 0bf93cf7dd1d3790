"""tare_growth: a Python workload reads its own memory, and the parts of it, between two iterations of profile growth: see
LEDGER_PSS and the following in runner/launch/ledger.h.

A reading comes from files of /proc and is cheap. Every PROBE_EVERY-th one also splits the memory into its parts. A forked
child does that, because it takes a collection to find garbage, and the weighed process must not collect. The child is a
copy of this process, reads while nothing else runs, and ends before the next iteration. It runs the finalisers of what it
collects (__del__, weakref callbacks): their effects outside of the process, on a file or an inherited connection, happen
in the child, and again when the program itself collects.

A reading never fails the run: a missing part is left out, and the ledger has the reason.

    in use    GIL build: pymalloc's bytes in allocated blocks (sys._debugmallocstats) and the C allocator's (mallinfo2).
              Free-threaded build: mimalloc tells nobody its totals (_debugmallocstats looks at one empty heap), so the
              sizes of the objects that the collector knows, and of those that they refer to; and mallinfo2.
    held      the resident pages of an allocator's mappings: the heap, the C allocator's arenas and large blocks, which
              their headers show, and every mapping with a Python object in it.
    files     all file pages of this process; of a child those that it alone maps. The kernel's PSS divides a page among
              all programs that map it, so it changes when an unrelated one ends; this figure does not.
    cycles    the bytes in use before a full collection minus those after it.
    stacks    anonymous mappings right above a guard page. First a test with a thread shows whether this finds its stack.
"""

import os
import sys
from time import monotonic_ns

PROBE_EVERY = 4  # readings
PROBE_S = 60  # a probe that takes longer is given up
GUARD_MAX = 1 << 16
AWAIT_S = 2  # time for a probe's shared pages to become ours again
HEAP_BYTES = 64 << 20  # size and alignment of glibc's thread arenas (malloc/arena.c, HEAP_MAX_SIZE)
PAGE = os.sysconf("SC_PAGE_SIZE")


def read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        pieces = []
        while piece := file.read(1 << 20):
            pieces.append(piece)
        return b"".join(pieces)


def kib_by_key(text: bytes) -> dict[bytes, int]:
    """The bytes of each "Key:   12 kB"; repeated keys add up."""
    sums: dict[bytes, int] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[2] == b"kB":
            sums[words[0]] = sums.get(words[0], 0) + int(words[1]) * 1024
    return sums


def descendants() -> list[int]:
    """The pids of all processes below this one."""
    found, todo = [], [os.getpid()]
    while todo:
        below = children_of(todo.pop())
        found += below
        todo += below
    return found


def children_of(pid: int) -> list[int]:
    """No children if the process or thread has ended meanwhile. FileNotFoundError: this thread's own file is missing, so
    the kernel lacks CONFIG_PROC_CHILDREN."""
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return found
    for task in map(int, tasks):
        try:
            found += map(int, read(f"/proc/{pid}/task/{task}/children").split())
        except (FileNotFoundError, ProcessLookupError):
            if task == os.getpid():
                raise
    return found


def reason_of(e: OSError | KeyError) -> str:
    if isinstance(e, KeyError):
        return f"the kernel's /proc has no {e.args[0].decode()}"
    return f"{e.filename or '/proc'}: {e.strerror}"


class Mapping:
    """A mapping of /proc/self/smaps."""

    __slots__ = ("start", "end", "is_guard", "is_anonymous", "name", "resident")

    def __init__(self, words: list[bytes]):
        start, end = words[0].split(b"-")
        self.start, self.end = int(start, 16), int(end, 16)
        self.name = words[5] if len(words) > 5 else b""
        self.is_guard = words[1] == b"---p"
        self.is_anonymous = words[1] == b"rw-p" and words[4] == b"0"
        self.resident = 0  # anonymous pages, in bytes


def mappings(smaps: bytes) -> list[Mapping]:
    found: list[Mapping] = []
    for line in smaps.splitlines():
        words = line.split()
        if not words[0].endswith(b":"):
            found.append(Mapping(words))
        elif words[0] == b"Anonymous:":
            found[-1].resident = int(words[1]) * 1024
    return found


def stacks_of(maps: list[Mapping]) -> set[int]:
    """The start addresses of stacks."""
    starts = {m.start for m in maps if m.name == b"[stack]"}
    for below, m in zip(maps, maps[1:], strict=False):
        is_above_guard = below.is_guard and below.end == m.start and below.end - below.start <= GUARD_MAX
        if is_above_guard and m.is_anonymous and not m.name:
            starts.add(m.start)
    return starts


class Malloc:
    """The C allocator's figures over all its arenas: mallinfo2(3), since glibc 2.33."""

    def __init__(self):
        import ctypes

        fields = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
        kind = type("Mallinfo2", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_size_t) for name in fields]})
        self.ask = ctypes.CDLL(None).mallinfo2
        self.ask.restype = kind
        self.string_at = ctypes.string_at

    def used(self) -> int:
        info = self.ask()
        return info.uordblks + info.hblkhd

    def owns(self, m: Mapping, after: Mapping | None) -> bool:
        if m.name == b"[heap]":
            return True
        if m.name or not m.is_anonymous:
            return False
        rest = after.end - after.start if after and after.is_guard and after.start == m.end else 0
        if m.start % HEAP_BYTES == 0 and m.end - m.start + rest == HEAP_BYTES:
            return True
        # A large block has its own mapping; the header has its size in whole pages and the bit IS_MMAPPED.
        size = int.from_bytes(self.string_at(m.start + 8, 8), sys.byteorder)
        return size & 7 == 2 and 0 < size & ~7 <= m.end - m.start and (size & ~7) % PAGE == 0


class PymallocTotals:
    """The bytes in allocated blocks, from what sys._debugmallocstats() prints on the C library's stderr."""

    LINE = b"# bytes in allocated blocks"

    def __init__(self):
        self.file = os.memfd_create("allocator", os.MFD_CLOEXEC)

    def used(self) -> int | None:
        sys.stderr.flush()
        kept = os.dup(2)
        try:
            os.dup2(self.file, 2)
            sys._debugmallocstats()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        text = os.pread(self.file, 1 << 20, 0)
        os.ftruncate(self.file, 0)
        os.lseek(self.file, 0, os.SEEK_SET)
        for line in text.splitlines():
            if line.startswith(self.LINE):
                return int(line.rpartition(b"=")[2].replace(b",", b""))
        return None


def walk() -> tuple[set[int], int]:
    """The addresses and total size of the objects that the collector knows and of those that they refer to."""
    import gc

    fresh = gc.get_objects()
    seen, size = set(), 0
    while fresh:
        seen.update(map(id, fresh))
        size += sum(map(size_of, fresh))
        # the dict keeps one of each object, however often it is referred to
        fresh = [o for a, o in {id(o): o for o in gc.get_referents(*fresh)}.items() if a not in seen]
    return seen, size


def size_of(o) -> int:
    try:
        return sys.getsizeof(o)
    except Exception:  # a user-defined __sizeof__
        return object.__sizeof__(o)


class Growth:
    """Writes the readings of a run into its ledger."""

    FAMILY = ("pss", "children", "files", "page_tables")
    SPLIT = ("live", "cycles", "free")

    def __init__(self, ledger):
        import gc

        self.ledger = ledger
        self.stride = ledger.words[ledger.READING_STRIDE]
        self.collect = gc.collect
        self.taken = 0
        why_no_stacks = self.why_no_stacks()
        self.has_stacks = why_no_stacks is None
        if why_no_stacks:
            ledger.reading_why("stacks", why_no_stacks)
        self.in_use = self.find_allocators()

    def tell(self, names, reason: str) -> None:
        for name in names:
            self.ledger.reading_why(name, reason)

    def find_allocators(self):
        """A function that computes the bytes in use from the objects' size; None: there is none."""
        try:
            self.malloc = Malloc()
        except (ImportError, AttributeError) as e:
            self.tell(self.SPLIT, f"the C allocator's figures cannot be had: {e}")
            return None
        if self.is_free_threaded():
            return lambda walked: walked + self.malloc.used()
        totals = PymallocTotals()
        if totals.used() is None:
            return lambda walked: self.malloc.used()  # PYTHONMALLOC=malloc: the C allocator has all
        return lambda walked: totals.used() + self.malloc.used()

    @staticmethod
    def is_free_threaded() -> bool:
        import sysconfig

        return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

    @staticmethod
    def why_no_stacks() -> str | None:
        """None: stacks() finds a running thread's stack, in which its ident (pthread_self) lies; else why not."""
        import threading

        asked, answered = threading.Event(), threading.Event()

        def wait():
            answered.set()
            asked.wait()

        thread = threading.Thread(target=wait)
        try:
            thread.start()
        except RuntimeError as e:
            return f"a thread, to see how its stack is found: {e}"
        answered.wait()
        maps = mappings(read("/proc/self/smaps"))
        starts = stacks_of(maps)
        asked.set()
        ident = thread.ident
        thread.join()
        if any(m.start <= ident < m.end and m.start in starts for m in maps):
            return None
        return "this C library's thread stacks have no guard that tells them from other memory"

    def begin(self) -> None:
        """Call it before the first measured iteration: it collects earlier garbage, and touches the ledger's pages now, so
        that they do not come one by one."""
        for at in range(0, len(self.ledger.bytes), PAGE):
            self.ledger.bytes[at]
        self.take(with_split=True)  # loads the imports of the readings before the first
        self.collect()

    def after(self, iteration: int) -> None:
        """Call it with the number of measured iterations done."""
        if iteration % self.stride == 0:
            self.taken += 1
            self.ledger.reading(iteration, monotonic_ns(), self.take(self.taken % PROBE_EVERY == 0))

    def take(self, with_split: bool) -> dict[str, int]:
        try:
            values = self.family()
        except (OSError, KeyError) as e:
            self.tell(self.FAMILY, reason_of(e))
            values = {}
        if with_split:
            values |= self.split()
        return values

    def family(self) -> dict[str, int]:
        """The sums over this process and all below it. OSError: one cannot be read, such as one that is not dumpable.
        KeyError: the kernel lacks such a line."""
        values = dict.fromkeys(self.FAMILY, 0)
        for pid in ("self", *descendants()):
            try:
                rollup = kib_by_key(read(f"/proc/{pid}/smaps_rollup"))
                status = kib_by_key(read(f"/proc/{pid}/status"))
                anonymous, tables = rollup[b"Pss_Anon:"], status[b"VmPTE:"]
                own = 0 if pid == "self" else rollup[b"Private_Dirty:"]
                files = rollup[b"Rss:"] - rollup[b"Anonymous:"] if pid == "self" else rollup[b"Private_Clean:"]
            except (FileNotFoundError, ProcessLookupError, KeyError):
                if pid == "self":
                    raise
                continue  # it has ended: its status lacks these lines
            values["pss"] += anonymous + files
            values["children"] += own
            values["files"] += files
            values["page_tables"] += tables
        return values

    @staticmethod
    def sharing() -> float:
        """The share of its anonymous pages that this process has alone; 1: all of them."""
        rollup = kib_by_key(read("/proc/self/smaps_rollup"))
        return rollup[b"Pss_Anon:"] / max(1, rollup[b"Anonymous:"])

    def await_pages(self, before: float) -> None:
        """Waits until no probe shares our pages: a reader of its smaps delays the release of its memory."""
        from time import sleep

        until_ns = monotonic_ns() + AWAIT_S * 1_000_000_000
        while self.sharing() <= before - 0.005 and monotonic_ns() < until_ns:
            sleep(0.001)

    def split(self) -> dict[str, int]:
        try:
            maps = mappings(read("/proc/self/smaps"))
            starts = stacks_of(maps)
            values = {"stacks": sum(m.resident for m in maps if m.start in starts)} if self.has_stacks else {}
            if self.in_use:
                before = self.sharing()
                values |= self.probe([m for m in maps if m.start not in starts])
                self.await_pages(before)
        except (OSError, KeyError) as e:
            self.tell(("stacks", *self.SPLIT), reason_of(e))
            return {}
        return values

    def probe(self, maps: list[Mapping]) -> dict[str, int]:
        """Asks a forked child. Without an answer it returns nothing and reports why. After one that takes too long there
        are no more, because each would delay the run as long."""
        import warnings

        try:
            r, w = os.pipe()
        except OSError as e:
            self.tell(self.SPLIT, f"a pipe to a forked copy: {e.strerror}")
            return {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # other threads wait, and the child calls nothing of theirs
                pid = os.fork()
        except OSError as e:
            os.close(r)
            os.close(w)
            self.tell(self.SPLIT, f"a forked copy: {e.strerror}")
            return {}
        if pid == 0:
            try:
                os.close(r)
                os.write(w, self.answer_or_reason(maps))
            finally:
                os._exit(0)
        os.close(w)
        answer = self.await_answer(pid, r)
        if answer is None:
            self.in_use = None
            self.tell(self.SPLIT, f"a forked copy had not told after {PROBE_S} s, and no other was asked")
            return {}
        numbers = answer.split()
        try:
            return dict(zip(self.SPLIT, map(int, numbers), strict=True))
        except ValueError:
            said = answer.decode(errors="replace") or "it ended without a word"
            self.tell(self.SPLIT, f"a forked copy failed: {said}")
            return {}

    def answer_or_reason(self, maps: list[Mapping]) -> bytes:
        try:
            return b" ".join(b"%d" % n for n in self.answer(maps))
        except BaseException as e:
            return f"{type(e).__name__}: {e}".encode(errors="replace")[:400]

    @staticmethod
    def await_answer(pid: int, r: int) -> bytes | None:
        """The answer; None: none in time. The kernel may reap the child itself, if the program ignores SIGCHLD."""
        import contextlib
        import select
        import signal

        poll = select.poll()  # select() takes only descriptors below 1024
        poll.register(r, select.POLLIN)
        ready = poll.poll(PROBE_S * 1000)
        answer = os.read(r, 4096) if ready else None
        os.close(r)
        with contextlib.suppress(ChildProcessError, ProcessLookupError):
            if not ready:
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return answer

    def answer(self, maps: list[Mapping]) -> tuple[int, int, int]:
        """In the child: the bytes of live objects, in cycles, and free."""
        from bisect import bisect_right

        ours = {m.start for m, after in zip(maps, [*maps[1:], None], strict=True) if self.malloc.owns(m, after)}
        addresses, walked = walk()
        starts = [m.start for m in maps]
        lie_in = {bisect_right(starts, address) - 1 for address in addresses}
        ours |= {maps[i].start for i in lie_in if maps[i].is_anonymous}
        held = sum(m.resident for m in maps if m.start in ours)
        del addresses, lie_in
        before = after = self.in_use(walked)
        if self.collect():
            after = self.in_use(walk()[1])
        return after, before - after, held - before

"""patterns: what an iteration of churn does, and how it keeps memory."""

import os
import sys
import threading

from faults import worker_fault
from teams import Complaint

BLOCK = 64 << 10  # bytes that are taken and let go


def kept(size: int) -> bytearray:
    """A touched buffer of this size. One byte more is allocated (PyByteArray_FromStringAndSize)."""
    return bytearray(b"\1") * (size - 1) if size > 1 else bytearray(size)


class Pattern:
    def __init__(self, options):
        self.options = options
        self.share = options.keep_bytes // options.workers
        self.keep: list = []

    def iterate(self) -> None:
        """One iteration."""

    def close(self) -> None:
        """Releases what the pattern holds."""

    def in_threads(self, work) -> None:
        """Calls work(i) in new threads, one per worker, and joins them."""
        failures: list[BaseException] = []

        def guarded(i: int) -> None:
            try:
                if self.options.fault and i == 0:
                    worker_fault(self.options.fault)
                work(i)
            except BaseException as e:
                failures.append(e)

        threads = [threading.Thread(target=guarded, args=(i,)) for i in range(self.options.workers)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if failures:
            raise failures[0]


class Flat(Pattern):
    def iterate(self):
        kept(BLOCK)


class Leak(Pattern):
    def iterate(self):
        kept(BLOCK)
        self.keep.append(kept(self.options.keep_bytes))


class Threads(Pattern):
    def iterate(self):
        self.in_threads(lambda i: self.keep.append(kept(self.share)))


class Lists(Pattern):
    ITEM = 1024  # bytes

    def __init__(self, options):
        from queue import SimpleQueue

        super().__init__(options)
        self.tasks, self.results = SimpleQueue(), SimpleQueue()
        self.workers = [threading.Thread(target=self.serve) for _ in range(options.workers)]
        for w in self.workers:
            w.start()

    def serve(self):
        item = self.ITEM - sys.getsizeof(b"")
        while (size := self.tasks.get()) is not None:
            self.results.put([bytes([i & 255]) * item for i in range(size // self.ITEM)])

    def iterate(self):
        for _ in self.workers:
            self.tasks.put(self.share)
        self.keep += [self.results.get() for _ in self.workers]

    def close(self):
        for _ in self.workers:
            self.tasks.put(None)
        for w in self.workers:
            w.join()


class Cycles(Pattern):
    def __init__(self, options):
        import gc

        super().__init__(options)
        gc.disable()

    def iterate(self):
        cycle: list = [kept(self.options.keep_bytes)]
        cycle.append(cycle)


class Blocks(Pattern):
    """Uses ctypes, which releases the GIL for each call."""

    def __init__(self, options):
        import ctypes

        super().__init__(options)
        c = ctypes.CDLL(None)
        self.malloc, self.free, self.memset = c.malloc, c.free, ctypes.memset
        self.malloc.restype = ctypes.c_void_p
        self.malloc.argtypes = [ctypes.c_size_t]
        self.free.argtypes = [ctypes.c_void_p]

    def take(self, size: int) -> int:
        block = self.malloc(size)
        if not block:
            raise MemoryError(f"malloc({size})")
        self.memset(block, 1, size)
        return block

    def work(self, i: int) -> None:
        freed = [self.take(BLOCK) for _ in range(4)]
        if self.share:
            self.take(self.share)
        for block in freed:
            self.free(block)

    def iterate(self):
        self.in_threads(self.work)


class Queue(Pattern):
    ITEM = 1000

    def __init__(self, options):
        from queue import SimpleQueue

        super().__init__(options)
        self.queue = SimpleQueue()
        self.mark = 4096  # items
        self.step = max(1, self.mark // max(1, options.warmup))
        self.backlog = 0

    def iterate(self):
        self.backlog = min(self.mark, self.backlog + self.step)
        for _ in range(self.backlog):
            self.queue.put(bytes(self.ITEM))
        for _ in range(self.backlog):
            self.queue.get()


class Stepped(Pattern):
    """Keeps what some iterations together would, at the last of them. What its thread or process costs besides is a part
    of that: how much it is, is measured of some that keep nothing, and so much less is planted."""

    STEPS = 40

    def __init__(self, options):
        super().__init__(options)
        self.every = max(1, options.iterations // self.STEPS)
        self.done = 0

    def iterate(self):
        kept(BLOCK)
        self.done += 1
        if self.done > self.options.warmup and (self.done - self.options.warmup) % self.every == 0:
            self.step(self.options.keep_bytes * self.every)

    def step(self, size: int) -> None:
        """Keeps this many bytes."""

    def rest_of(self, size: int, own: int) -> int:
        """What is to be planted beside what it costs by itself."""
        if size <= own:
            least = own // self.every + 1
            raise Complaint(
                f"--keep-bytes {self.options.keep_bytes}: a step of {self.every} iterations keeps {size} bytes, and costs "
                f"{own} by itself; at least {least} are needed, or more iterations"
            )
        return size - own


def private_dirty(pid: int | str) -> int:
    """Bytes that this process alone has, and has written to."""
    with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        for line in file:
            if line.startswith(b"Private_Dirty:"):
                return int(line.split()[1]) * 1024
    raise Complaint(f"/proc/{pid}/smaps_rollup has no Private_Dirty")


class Stacks(Stepped):
    OWN = 32 << 10  # of its stack, what the thread itself may use
    SPARE = 256 << 10
    BARE = 4  # threads that keep nothing

    def __init__(self, options):
        super().__init__(options)
        self.leave = threading.Event()
        self.own: int | None = None

    def step(self, size):
        if self.own is None:
            self.own = self.cost_of_one(size)
        self.start(size, self.rest_of(size, self.own))

    def cost_of_one(self, size: int) -> int:
        """The first brings what comes once."""
        self.start(size, 0)
        before = private_dirty("self")
        for _ in range(self.BARE):
            self.start(size, 0)
        return (private_dirty("self") - before) // self.BARE

    def start(self, room: int, planted: int) -> None:
        import ctypes

        touched = threading.Event()

        def use_stack() -> None:
            top = threading.get_ident()  # pthread_self: it lies at the upper end of the stack
            ctypes.memset(top - self.OWN - planted, 1, planted)
            touched.set()
            self.leave.wait()

        before = threading.stack_size(room + self.SPARE)
        thread = threading.Thread(target=use_stack)
        thread.start()
        threading.stack_size(before)
        touched.wait()
        self.keep.append(thread)

    def close(self):
        self.leave.set()
        for thread in self.keep:
            thread.join()


class Wide:
    """512 bytes in one piece, with the collector's header: a page has eight, and all are touched."""

    __slots__ = tuple(f"slot_{i}" for i in range(60))


class Forked(Stepped):
    """What was there before is frozen, so that a child's collection touches what is planted and little else. The first
    child inherits nothing that is planted: after a step it has what any of them costs by itself, the pages among them
    that the main process has written to anew meanwhile, whose old ones are the child's alone. A collection of the main
    process would write to all of its pages at once, whenever it came: it has none."""

    STEPS = 20

    def __init__(self, options):
        import gc

        super().__init__(options)
        gc.disable()
        self.pipe = os.pipe()
        self.inherited: list = []

    def step(self, size):
        if not self.keep:
            self.freeze()
        elif not self.inherited:
            self.plant(self.rest_of(size, private_dirty(self.keep[0])))
        self.fork()

    @staticmethod
    def freeze() -> None:
        import gc

        gc.collect()
        gc.freeze()

    def plant(self, size: int) -> None:
        self.freeze()
        self.inherited = [Wide() for _ in range(max(1, size // sys.getsizeof(Wide())))]

    def fork(self) -> None:
        import gc

        done_r, done_w = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(self.pipe[1])
                gc.collect()
                os.write(done_w, b"d")
                os.read(self.pipe[0], 1)  # until the parent's end is closed
            finally:
                os._exit(0)
        os.close(done_w)
        os.read(done_r, 1)
        os.close(done_r)
        self.keep.append(pid)

    def close(self):
        os.close(self.pipe[1])
        for pid in self.keep:
            os.waitpid(pid, 0)


PATTERNS = {
    "flat": Flat,
    "leak": Leak,
    "threads": Threads,
    "lists": Lists,
    "cycles": Cycles,
    "blocks": Blocks,
    "queue": Queue,
    "stacks": Stacks,
    "forked": Forked,
}

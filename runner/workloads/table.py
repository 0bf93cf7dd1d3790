"""table: a set of ids as an open-addressing table with linear probing in memory that several share: a slot of 32 bits
is 0, or an id plus 1. Whoever uses it holds the caller's lock. table.h is the same table in C."""


def table_bits(space: int) -> int:
    """2^bits slots for ids below space, space at most 2^31: at most three quarters of them are ever in use."""
    bits = 3
    while (3 << bits) // 4 < space:
        bits += 1
    return bits


def table_bytes(space: int) -> int:
    return 4 << table_bits(space)


def make_insert(slots: memoryview, bits: int):
    """A function that inserts an id, and says whether it was not there before. slots has the format I."""
    shift, mask = 32 - bits, (1 << bits) - 1

    def insert(id: int) -> bool:
        entry = id + 1
        at = (id * 0x9E3779B1 & 0xFFFFFFFF) >> shift
        while found := slots[at]:
            if found == entry:
                return False
            at = at + 1 & mask
        slots[at] = entry
        return True

    return insert


def written(fd: int, size: int):
    """The parts of a file of so many bytes that somebody has written to: (begin, end) in bytes, by pages."""
    import os

    end = 0
    while end < size:
        try:
            begin = os.lseek(fd, end, os.SEEK_DATA)
        except OSError:  # ENXIO: no more
            return
        end = os.lseek(fd, begin, os.SEEK_HOLE)
        yield begin, min(end, size)


def distinct(slots: memoryview, fd: int) -> int:
    """How many distinct ids it holds; an id in two slots counts once. fd: the file that it lies in. What nobody has
    written to is not looked at: reading it would take memory, which the slice would be charged for."""
    ids: set[int] = set()
    for begin, end in written(fd, slots.nbytes):
        ids.update(slots[begin // 4 : end // 4])
    ids.discard(0)
    return len(ids)

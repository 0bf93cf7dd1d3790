"""table: a set of ids as an open-addressing table with linear probing in shared memory: a 32-bit slot is 0, or an id
plus 1. Users hold the caller's lock. table.h is the same table in C."""


def table_bits(space: int) -> int:
    """The bits for ids below space (at most 2^31): 2^bits slots, of which at most three quarters are ever used."""
    bits = 3
    while (3 << bits) // 4 < space:
        bits += 1
    return bits


def table_bytes(space: int) -> int:
    return 4 << table_bits(space)


def make_insert(slots: memoryview, bits: int):
    """Returns a function that inserts an id and returns whether it is new. slots has the format I."""
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
    """The parts of a file of this size that were written to, in whole pages: (begin, end) in bytes."""
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
    """The number of distinct ids; an id in two slots counts once. fd: the table's file. Pages that nobody wrote to are
    skipped: reading them would allocate memory that is charged to the slice."""
    ids: set[int] = set()
    for begin, end in written(fd, slots.nbytes):
        ids.update(slots[begin // 4 : end // 4])
    ids.discard(0)
    return len(ids)

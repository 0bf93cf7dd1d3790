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


def distinct(slots: memoryview) -> int:
    """How many distinct ids it holds; an id in two slots counts once."""
    step = 1 << 20  # of it at a time, for the sake of memory
    ids: set[int] = set()
    for at in range(0, len(slots), step):
        ids.update(slots[at : at + step])
    ids.discard(0)
    return len(ids)

/* table: a set of ids as an open-addressing table with linear probing: a slot is 0, or an id plus 1. The memory is the
 * caller's and may be shared; users hold the caller's lock. workloads/table.py is the same in Python. */
#ifndef TARE_WORKLOADS_TABLE_H
#define TARE_WORKLOADS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table {
    uint32_t *slot;
    unsigned bits; /* 2^bits slots */
};

/* Bits for a table of ids below space (at most 2^31), so that at most three quarters of it are used. */
static inline unsigned table_bits(uint64_t space)
{
    unsigned bits = 3;
    while ((UINT64_C(3) << bits) / 4 < space)
        bits++;
    return bits;
}

static inline size_t table_bytes(uint64_t space)
{
    return sizeof(uint32_t) << table_bits(space);
}

/* The first slot to search: Fibonacci hashing (Knuth, TAOCP 3, 6.4). */
static inline uint32_t table_home(const struct table *t, uint32_t id)
{
    return (uint32_t)(id * UINT32_C(0x9E3779B1)) >> (32 - t->bits);
}

/* The slot of the id, or the empty slot for it. */
static inline uint32_t *table_find(const struct table *t, uint32_t id)
{
    const uint32_t mask = (uint32_t)((UINT64_C(1) << t->bits) - 1);
    uint32_t at = table_home(t, id);
    while (t->slot[at] != 0 && t->slot[at] != id + 1)
        at = (at + 1) & mask;
    return &t->slot[at];
}

/* Inserts the id; returns whether it is new. */
static inline bool table_insert(const struct table *t, uint32_t id)
{
    uint32_t *slot = table_find(t, id);
    if (*slot != 0)
        return false;
    *slot = id + 1;
    return true;
}

/* How many distinct ids the slots from … to - 1 hold: a duplicate, which no search finds, is not counted. */
static inline uint64_t table_distinct(const struct table *t, uint64_t from, uint64_t to)
{
    uint64_t distinct = 0;
    for (uint64_t at = from; at < to; at++)
        if (t->slot[at] != 0 && table_find(t, t->slot[at] - 1) == &t->slot[at])
            distinct++;
    return distinct;
}

/* The same for a whole table in the file fd at this offset. Skips holes, which were never written: reading them would
 * allocate memory that is charged to the slice. */
uint64_t table_count(const struct table *t, int fd, uint64_t offset);

#endif

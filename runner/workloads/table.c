#include "workloads/table.h"

#include <unistd.h>

uint64_t table_count(const struct table *t, int fd, uint64_t offset)
{
    const uint64_t slots = UINT64_C(1) << t->bits;
    const off_t end = (off_t)(offset + slots * sizeof(*t->slot));
    uint64_t distinct = 0;
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA); /* -1: no more data */
    while (data >= 0 && data < end) {
        off_t hole = lseek(fd, data, SEEK_HOLE);
        uint64_t from = ((uint64_t)data - offset) / sizeof(*t->slot);
        distinct += table_distinct(t, from, hole < end ? ((uint64_t)hole - offset) / sizeof(*t->slot) : slots);
        data = lseek(fd, hole, SEEK_DATA);
    }
    return distinct;
}

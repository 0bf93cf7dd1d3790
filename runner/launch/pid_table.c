#include "launch/pid_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define CAP_MIN 64

/* Its place, or the free one where it would be. Pids come in rows: the multiplier (Knuth, The Art of Computer
 * Programming, vol. 3, 6.4) spreads them. */
static struct pid_entry *place_of(const struct pid_table *t, int pid)
{
    size_t at = (uint32_t)pid * 2654435769U >> 7 & (t->cap - 1);
    while (t->entry[at].pid != 0 && t->entry[at].pid != pid)
        at = (at + 1) & (t->cap - 1);
    return &t->entry[at];
}

static void grow(struct pid_table *t, size_t cap)
{
    struct pid_table grown = {.entry = xcalloc(cap, sizeof(*grown.entry)), .cap = cap, .count = t->count};
    for (size_t i = 0; i < t->cap; i++)
        if (t->entry[i].pid != 0)
            *place_of(&grown, t->entry[i].pid) = t->entry[i];
    free(t->entry);
    *t = grown;
}

static size_t cap_for(size_t pids)
{
    size_t cap = CAP_MIN;
    while (cap < pids * 2)
        cap *= 2;
    return cap;
}

void pid_table_begin(struct pid_table *table, size_t pids)
{
    const size_t cap = cap_for(pids);
    if (table->count > 0)
        memset(table->entry, 0, table->cap * sizeof(*table->entry));
    table->count = 0;
    if (cap > table->cap)
        grow(table, cap);
}

void pid_table_put(struct pid_table *table, int pid, uint32_t value)
{
    if ((table->count + 1) * 2 > table->cap)
        grow(table, cap_for(table->count + 1));
    struct pid_entry *place = place_of(table, pid);
    table->count += place->pid == 0;
    *place = (struct pid_entry){pid, value};
}

uint32_t pid_table_get(const struct pid_table *table, int pid)
{
    const struct pid_entry *place = table->cap > 0 && pid > 0 ? place_of(table, pid) : NULL;
    return place && place->pid == pid ? place->value : PID_TABLE_NONE;
}

void pid_table_free(struct pid_table *table)
{
    free(table->entry);
    *table = (struct pid_table){0};
}

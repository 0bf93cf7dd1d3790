/* pid_table: finds what belongs to a pid in one step, however many there are. */
#ifndef TARE_PID_TABLE_H
#define TARE_PID_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define PID_TABLE_NONE UINT32_MAX

/* A hash table with open addressing, at most half full. All zero is an empty one. */
struct pid_table {
    struct pid_entry {
        int pid; /* 0: free */
        uint32_t value;
    } * entry;
    size_t cap, count; /* cap: a power of two, or 0 */
};

/* Empties the table and makes room for this many pids. */
void pid_table_begin(struct pid_table *table, size_t pids);

/* pid > 0. Replaces an earlier value. */
void pid_table_put(struct pid_table *table, int pid, uint32_t value);

/* PID_TABLE_NONE: it has none of this pid. */
uint32_t pid_table_get(const struct pid_table *table, int pid);

void pid_table_free(struct pid_table *table);

#endif

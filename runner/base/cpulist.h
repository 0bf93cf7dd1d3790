/* cpulist: a set of CPU or memory node numbers, and the kernel's list format "0-3,8,10-11". A value; nothing to free.
 */
#ifndef TARE_CPULIST_H
#define TARE_CPULIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPULIST_MAX 8192 /* the largest CONFIG_NR_CPUS on x86 */

struct cpulist {
    uint64_t word[CPULIST_MAX / 64];
};

/* Parses the list format (Documentation/admin-guide/cgroup-v2.rst, cpuset.cpus); blanks and an empty text are allowed.
 * -EINVAL: not a list, a reversed range, or a number ≥ CPULIST_MAX; *ret is then untouched. */
int cpulist_parse(const char *text, struct cpulist *ret);

/* Writes the list format into buf, always ended by NUL. Returns its length or -ENOSPC. The empty set gives "". */
int cpulist_format(const struct cpulist *set, char *buf, size_t cap);

static inline void cpulist_add(struct cpulist *set, unsigned n)
{
    if (n < CPULIST_MAX)
        set->word[n / 64] |= (uint64_t)1 << (n % 64);
}

static inline bool cpulist_has(const struct cpulist *set, unsigned n)
{
    return n < CPULIST_MAX && (set->word[n / 64] >> (n % 64) & 1);
}

unsigned cpulist_count(const struct cpulist *set);

/* The lowest member at or after `from`, or -1: for (int c = cpulist_next(s, 0); c >= 0; c = cpulist_next(s, c + 1)). */
int cpulist_next(const struct cpulist *set, int from);

bool cpulist_equal(const struct cpulist *a, const struct cpulist *b);
bool cpulist_subset(const struct cpulist *inner, const struct cpulist *outer);
struct cpulist cpulist_and(const struct cpulist *a, const struct cpulist *b);
struct cpulist cpulist_minus(const struct cpulist *a, const struct cpulist *b);

/* The affinity of a task (0: the caller). Returns 0 or a negative errno. */
int cpulist_of_task(int tid, struct cpulist *ret);

#endif

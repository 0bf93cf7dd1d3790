/* cpuset: reads and writes the cpuset files of a cgroup and of its ancestors. For partition.c and slice.c. */
#ifndef TARE_CPUSET_H
#define TARE_CPUSET_H

#include <limits.h>
#include <stddef.h>

#include "base/cpulist.h"

#define CPUSET_LEVELS_MAX 32 /* one bit per level in a uint32_t */

/* An iterator over the directories from the mount point (exclusive) down to path (inclusive). */
struct cpuset_way {
    char path[PATH_MAX];
    size_t end;     /* where the next name starts in path */
    unsigned level; /* of the directory that cpuset_next() returned last; the first is 1 */
};

struct cpuset_way cpuset_way(const char *mount, const char *path);

/* Opens the next directory; the caller closes it. Or a negative errno; -ENOENT: there is no next. */
int cpuset_next(struct cpuset_way *w);

/* Reads or writes a file that holds a CPU list. 0 or a negative errno. */
int cpuset_read(int dirfd, const char *file, struct cpulist *ret);
int cpuset_write(int dirfd, const char *file, const struct cpulist *set);

/* The CPUs outside of all partitions: cpuset.cpus.effective at the mount point. */
int cpuset_common(const char *mount, struct cpulist *ret);

/* The union of both. */
struct cpulist cpuset_either(const struct cpulist *a, const struct cpulist *b);

#endif

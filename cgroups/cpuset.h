/* cpuset: the cpuset files of the directories between the mount point and a cgroup. */
#ifndef TARE_CPUSET_H
#define TARE_CPUSET_H

#include <limits.h>
#include <stddef.h>

#include "base/cpulist.h"

#define CPUSET_LEVELS_MAX 32 /* so that a bit each fits into a word */

/* The directories on the way from the mount point down to path, path itself the last. */
struct cpuset_way {
    char path[PATH_MAX];
    size_t end;     /* of the name that is next */
    unsigned level; /* of the directory that came last, from 1 */
};

struct cpuset_way cpuset_way(const char *mount, const char *path);

/* The next directory's descriptor, or a negative errno, -ENOENT at the end. The caller closes it. */
int cpuset_next(struct cpuset_way *w);

/* A file that is a list of CPUs. Return 0 or a negative errno. */
int cpuset_read(int dirfd, const char *file, struct cpulist *ret);
int cpuset_write(int dirfd, const char *file, const struct cpulist *set);

struct cpulist cpuset_either(const struct cpulist *a, const struct cpulist *b);

#endif

/* partition: gives CPUs to one cgroup exclusively (cgroup-v2.rst, "cpuset.cpus.partition"). For slice.c; leftovers.c
 * undoes what killed runs claimed. */
#ifndef TARE_PARTITION_H
#define TARE_PARTITION_H

#include "base/cpulist.h"
#include "cgroups/setting.h"

struct slice_tree;

/* What partition_release() has to give back. Starts as {0}. */
struct partition_claims {
    struct cpulist cpus;
    uint32_t claimed; /* one bit per level: its cpuset.cpus.exclusive got the CPUs */
    uint32_t chained; /* one bit per level: it became a partition for this one */
};

/* Makes the directory at path (dirfd, its cpuset.cpus already written) a partition of the kind in s->requested, and
 * claims the CPUs in its ancestors where the kernel needs that (remote partition, Linux 6.7). The result is in
 * s->achieved, ok and reason; on failure nothing is changed. SLICE_PARTITION_AUTO: a slice with every CPU of the host
 * gets no partition, and that is ok. */
void partition_make(const struct slice_tree *t, const char *path, int dirfd, const struct slice_limits *limits,
                    struct slice_setting *s, struct partition_claims *ret);

/* Takes the claims back. The directory must no longer be a partition. */
void partition_release(const struct slice_tree *t, const char *path, struct partition_claims *p);

/* Takes back what killed runs claimed in one directory. Only while no run lives. */
void partition_forget(int dirfd);

#endif

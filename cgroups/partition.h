/* partition: CPUs that the kernel gives to one cgroup and takes from all others (cgroup-v2.rst,
 * "cpuset.cpus.partition"). */
#ifndef TARE_PARTITION_H
#define TARE_PARTITION_H

#include "base/cpulist.h"
#include "cgroups/setting.h"

struct slice_tree;

/* What has to be given back. Starts as {0}. */
struct partition {
    struct cpulist cpus;
    uint32_t claimed; /* a bit for each ancestor in whose cpuset.cpus.exclusive they were added, from the top */
    uint32_t chained; /* a bit for each ancestor that became a partition for it */
};

/* Makes the directory at path (its descriptor is dirfd, its cpuset.cpus is written) a partition of the kind that
 * s->requested names, and claims the CPUs in its ancestors as far as the kernel needs that (a remote partition, Linux
 * 6.7). s->achieved, ok and reason say what came of it; where nothing did, all is as it was.
 * SLICE_PARTITION_AUTO: that the CPUs are all there are, so that none is left for others, is no failure. */
void partition_make(const struct slice_tree *t, const char *path, int dirfd, const struct slice_limits *limits,
                    struct slice_setting *s, struct partition *ret);

/* Takes the claims back, once the directory is no partition any more. */
void partition_release(const struct slice_tree *t, const char *path, struct partition *p);

/* Takes back what runs that were killed claimed in one directory. Only where no run is alive. */
void partition_forget(int dirfd);

#endif

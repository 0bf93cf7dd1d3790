/* inherited: the limits on CPU time, memory and tasks that the cgroups above a slice set, in v2 and in v1 hierarchies
 * (both bind), as far up as the mounts show. Limits and throttle counters only: no figure of a workload comes from v1.
 */
#ifndef TARE_INHERITED_H
#define TARE_INHERITED_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct slice_root;

/* The tightest limit of a kind. */
struct inherited_limit {
    bool known;          /* the controller's hierarchy is visible */
    bool limited;        /* at least one cgroup sets a limit */
    double value;        /* CPUs, bytes or tasks */
    char file[PATH_MAX]; /* the file that sets it; "" if none does */
};

struct inherited {
    struct inherited_limit cpus;   /* cpu.max; v1: cpu.cfs_quota_us by cpu.cfs_period_us */
    struct inherited_limit memory; /* memory.max; v1: memory.limit_in_bytes */
    struct inherited_limit pids;   /* pids.max */
    bool counted;                  /* a cpu.stat with nr_throttled is visible */
    uint64_t nr_throttled;         /* the sum over the visible cgroups, since their creation */
    char throttled_file[PATH_MAX]; /* the nearest cpu.stat of them */
};

/* Reads every v2 cgroup from the root's directory (the caller's own cgroup if root has none) up to the mount point, and
 * the caller's v1 cgroups likewise. sysroot: prefix of /proc and /sys for tests; NULL or "" for the real ones. A file
 * that cannot be read sets no limit. Documentation/admin-guide/cgroup-v2.rst; cgroup-v1/memory.rst;
 * scheduler/sched-bwc.rst. */
void inherited_read(const char *sysroot, const struct slice_root *root, struct inherited *ret);

#endif
